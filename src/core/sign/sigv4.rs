//! AWS Signature Version 4 in the query string, for S3 and everything that speaks its protocol.
//!
//! Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters". The path is encoded once and
//! not normalised, as S3 alone among the AWS services wants it. The payload is not signed.

use super::Credentials;
use crate::core::store::{Address, StoreRequest};
use crate::core::text::{hex, percent_encode};
use crate::core::time::compact_date;
use crate::core::units::UnixMillis;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The longest a signed URL can live: seven days, in seconds.
pub const MAX_EXPIRES_SECS: u32 = 604_800;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs, when, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Presign<'a> {
    /// Whose request it is. A session token becomes part of the URL.
    pub credentials: &'a Credentials,
    /// The store's region, such as `us-east-1`.
    pub region: &'a str,
    /// The date on the store's clock; stores refuse signatures 15 minutes off.
    pub now: UnixMillis,
    /// Seconds until the URL expires, 1 to [`MAX_EXPIRES_SECS`]; clamped to that.
    pub expires_secs: u32,
    /// Further query parameters to sign, not encoded. The AWS SDK for JavaScript adds `x-id` and
    /// `X-Amz-Content-Sha256`; no store needs them.
    pub extra_query: &'a [(&'a str, &'a str)],
}

/// The absolute URL of a request, signed. The request's own headers are signed too, so they must be sent as they are.
/// The URL is as good as a password until it expires: never log, store or show it.
pub fn presign(request: &StoreRequest, address: &Address, with: &Presign<'_>) -> String {
    let now = compact_date(with.now);
    let date = now.get(..8).unwrap_or_default();
    let scope = [date, with.region, "s3", "aws4_request"].join("/");
    let (header_lines, signed_headers) = canonical_headers(request, address);
    let query = canonical_query(request, with, &now, &scope, &signed_headers);

    let canonical_request =
        [request.method.as_str(), &address.path, &query, &header_lines, &signed_headers, "UNSIGNED-PAYLOAD"]
            .join("\n");
    let digest = hex(&Sha256::digest(canonical_request.as_bytes()));
    let string_to_sign = [ALGORITHM, &now, &scope, &digest].join("\n");

    let secret = String::from("AWS4") + &with.credentials.secret_access_key;
    let key = [date, with.region, "s3", "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, step| hmac(&key, step).to_vec());
    let signature = hex(&hmac(&key, &string_to_sign));

    [&address.origin, &address.path, "?", &query, "&X-Amz-Signature=", &signature].concat()
}

/// The lines of all signed headers, each with its line feed, and the list of their names.
fn canonical_headers(request: &StoreRequest, address: &Address) -> (String, String) {
    let mut headers = vec![(String::from("host"), address.host().to_owned())];
    for (name, value) in &request.headers {
        // Values are signed trimmed and with runs of spaces as one.
        let value: Vec<&str> = value.split_ascii_whitespace().collect();
        headers.push((name.to_ascii_lowercase(), value.join(" ")));
    }
    headers.sort();
    let lines = headers.iter().map(|(name, value)| [name, ":", value, "\n"].concat()).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    (lines, names.join(";"))
}

/// All parameters but the signature, encoded and sorted.
fn canonical_query(
    request: &StoreRequest,
    with: &Presign<'_>,
    now: &str,
    scope: &str,
    headers: &str,
) -> String {
    let expires = with.expires_secs.clamp(1, MAX_EXPIRES_SECS).to_string();
    let credential = [&with.credentials.access_key_id, "/", scope].concat();
    let mut parameters = vec![
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", now),
        ("X-Amz-Expires", &expires),
        ("X-Amz-SignedHeaders", headers),
    ];
    if let Some(token) = &with.credentials.session_token {
        parameters.push(("X-Amz-Security-Token", token));
    }
    parameters.extend(with.extra_query);
    parameters.extend(request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));

    let mut encoded: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    encoded.sort();
    let pairs: Vec<String> = encoded.iter().map(|(name, value)| [name, "=", value].concat()).collect();
    pairs.join("&")
}

fn hmac(key: &[u8], message: &str) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104 §3), so the default is never what comes out.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message.as_bytes()).finalize().into_bytes().into())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::s3;

    fn sign(request: &StoreRequest, origin: &str, token: Option<&str>, expires_secs: u32) -> String {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secretEXAMPLE".into(),
            session_token: token.map(str::to_owned),
        };
        let address = Address { origin: origin.into(), path: "/dir/sub/a%20b%2Bc.bin".into() };
        let now = UnixMillis(1_767_323_045_000);
        let with =
            Presign { credentials: &credentials, region: "us-east-1", now, expires_secs, extra_query: &[] };
        presign(request, &address, &with)
    }

    /// The signature botocore makes for the same request.
    #[test]
    fn a_session_token_is_signed() {
        let request = s3::create("dir/sub/a b+c.bin", None, &[]);
        let origin = "https://examplebucket.s3.us-east-1.amazonaws.com";
        let url = sign(&request, origin, Some("tok/EN+EXA=MPLE=="), 900);
        assert!(url.contains("&X-Amz-Security-Token=tok%2FEN%2BEXA%3DMPLE%3D%3D&"));
        assert!(url.ends_with("=bb5ed168c5ee119c41dc156949808fe5c789a11bbe12bff9043911ea03c82244"));
    }

    #[test]
    fn the_lifetime_stays_within_what_stores_take() {
        let request = s3::head("a");
        assert!(sign(&request, "https://h", None, 0).contains("X-Amz-Expires=1&"));
        assert!(sign(&request, "https://h", None, u32::MAX).contains("X-Amz-Expires=604800&"));
    }

    #[test]
    fn the_host_is_signed_as_a_browser_sends_it() {
        let request = s3::head("a");
        let signature = |origin: &str| sign(&request, origin, None, 900).split_off(origin.len());
        assert_eq!(signature("https://h:443"), signature("https://h"));
        assert_eq!(signature("http://h:80"), signature("http://h"));
        assert_ne!(signature("https://h:80"), signature("https://h"));
    }

    #[test]
    fn header_values_are_signed_with_single_spaces() {
        let signature = |value: &str| {
            let mut request = s3::head("a");
            request.headers.push(("X-Amz-Meta-A".into(), value.into()));
            sign(&request, "https://h", None, 900)
        };
        assert!(signature("a b").contains("X-Amz-SignedHeaders=host%3Bx-amz-meta-a"));
        assert_eq!(signature(" a   b "), signature("a b"));
        assert_ne!(signature("ab"), signature("a b"));
    }
}
