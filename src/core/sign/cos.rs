//! Tencent COS's signature in the query string.
//!
//! Source: Tencent Cloud COS API Documentation, "Request Signature", and Tencent's SDKs. The path is signed decoded. A
//! `Content-Type` is not signed, because browsers and proxies add to it (so do Tencent's SDKs for JavaScript); the session
//! token is.

use super::Presign;
use super::canonical::{Pairs, encoded, headers_and_host, hmac_sha1, joined, names, parameters};
use crate::core::store::{Address, Bucket, StoreRequest};
use crate::core::text::{hex, percent_decode, percent_encode};
use sha1::{Digest, Sha1};

/// The URL is good from so many seconds ago on: for stores whose clock is behind.
const LEAD_SECS: u64 = 60;

pub fn query(request: &StoreRequest, _: &Bucket, address: &Address, with: &Presign<'_>) -> String {
    let credentials = with.credentials;
    let (start, end) = with.variant.window.unwrap_or_else(|| {
        let now = with.now.secs();
        (now.saturating_sub(LEAD_SECS), now + u64::from(with.lifetime()))
    });
    let time = [start.to_string(), end.to_string()].join(";");

    let mut query = parameters(request, with);
    if let Some(token) = &credentials.session_token {
        query.push(("x-cos-security-token".into(), token.clone()));
    }
    let signed_query = lower_encoded(&query);
    let mut headers = headers_and_host(request, address);
    headers.retain(|(name, _)| name != "content-type");
    let headers = lower_encoded(&headers);

    let path = percent_decode(&address.path).unwrap_or_default();
    let method = request.method.as_str().to_ascii_lowercase();
    let http = [method, path, joined(&signed_query), joined(&headers), String::new()].join("\n");
    let string_to_sign = ["sha1", &time, &hex(&Sha1::digest(http.as_bytes())), ""].join("\n");
    let key = hex(&hmac_sha1(credentials.secret_access_key.as_bytes(), &time));
    let signature = hex(&hmac_sha1(key.as_bytes(), &string_to_sign));

    query.extend([
        ("q-sign-algorithm".into(), "sha1".into()),
        ("q-ak".into(), credentials.access_key_id.clone()),
        ("q-sign-time".into(), time.clone()),
        ("q-key-time".into(), time),
        ("q-header-list".into(), names(&headers, ";")),
        ("q-url-param-list".into(), names(&signed_query, ";")),
        ("q-signature".into(), signature),
    ]);
    joined(&encoded(&query))
}

/// Encoded, names in lower case, in the order of the names.
fn lower_encoded(pairs: &[(String, String)]) -> Pairs {
    let mut pairs: Pairs = pairs
        .iter()
        .map(|(name, value)| (percent_encode(name).to_ascii_lowercase(), percent_encode(value)))
        .collect();
    pairs.sort();
    pairs
}
