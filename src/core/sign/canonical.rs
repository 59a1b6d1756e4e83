//! What several schemes do in the same way.

use super::Presign;
use crate::core::store::{Address, StoreRequest};
use crate::core::text::{hex, percent_encode};
use crate::core::time::compact_date;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Names with their values.
pub type Pairs = Vec<(String, String)>;

/// The request's own parameters and those that a variant adds, not encoded.
pub fn parameters(request: &StoreRequest, with: &Presign<'_>) -> Pairs {
    let extra = with.variant.extra_query.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    request.query.iter().cloned().chain(extra).collect()
}

/// Both halves of each pair percent-encoded, in the order of the names.
pub fn encoded(pairs: &[(String, String)]) -> Pairs {
    let mut encoded: Pairs =
        pairs.iter().map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    encoded.sort();
    encoded
}

/// `a=b&c=d`
pub fn joined(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| [name, "=", value].concat()).collect();
    pairs.join("&")
}

/// The request's headers by lower-case name, in order, values trimmed. What a line break would make another header, where
/// they are signed as lines, stays part of its own, and so fits no request.
pub fn headers(request: &StoreRequest) -> Pairs {
    let one_line = |text: &str| text.trim().replace(['\r', '\n'], " ");
    let mut headers: Pairs = request
        .headers
        .iter()
        .map(|(name, value)| (one_line(name).to_ascii_lowercase(), one_line(value)))
        .collect();
    headers.sort();
    headers
}

/// The same and `host`.
pub fn headers_and_host(request: &StoreRequest, address: &Address) -> Pairs {
    let mut all = headers(request);
    all.retain(|(name, _)| name != "host");
    all.push(("host".into(), address.host().into()));
    all.sort();
    all
}

/// The names, with a separator in between.
pub fn names(pairs: &[(String, String)], separator: &str) -> String {
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.join(separator)
}

/// `a:b` and a line feed for each pair.
pub fn lines(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| [name, ":", value, "\n"].concat()).collect()
}

/// What the fourth versions of the signatures of AWS and OSS share: a date, what a key derived from it is good for, and
/// the signature of a canonical request with that key.
pub struct Scope<'a> {
    /// Before the secret, to begin the derivation of the key.
    pub salt: &'static str,
    /// Of the string to sign.
    pub algorithm: &'static str,
    pub region: &'a str,
    pub service: &'static str,
    pub end: &'static str,
}

impl Scope<'_> {
    /// `20260102T030405Z`
    pub fn date(with: &Presign<'_>) -> String {
        compact_date(with.now)
    }

    /// `AK/20260102/region/service/end`
    pub fn credential(&self, with: &Presign<'_>) -> String {
        [&with.credentials.access_key_id, "/", &self.text(&Self::date(with))].concat()
    }

    fn text(&self, date: &str) -> String {
        [day(date), self.region, self.service, self.end].join("/")
    }

    pub fn signature(&self, canonical_request: &str, with: &Presign<'_>) -> String {
        let date = Self::date(with);
        let digest = hex(&Sha256::digest(canonical_request.as_bytes()));
        let string_to_sign = [self.algorithm, &date, &self.text(&date), &digest].join("\n");
        let secret = [self.salt, &with.credentials.secret_access_key].concat();
        let key = [day(&date), self.region, self.service, self.end]
            .iter()
            .fold(secret.into_bytes(), |key, step| hmac_sha256(&key, step).to_vec());
        hex(&hmac_sha256(&key, &string_to_sign))
    }
}

fn day(date: &str) -> &str {
    date.get(..8).unwrap_or_default()
}

pub fn hmac_sha256(key: &[u8], message: &str) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104 §3), so the default is never what comes out.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message.as_bytes()).finalize().into_bytes().into())
        .unwrap_or_default()
}

pub fn hmac_sha1(key: &[u8], message: &str) -> [u8; 20] {
    Hmac::<Sha1>::new_from_slice(key)
        .map(|mac| mac.chain_update(message.as_bytes()).finalize().into_bytes().into())
        .unwrap_or_default()
}
