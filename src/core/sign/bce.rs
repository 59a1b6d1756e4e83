//! Baidu's `bce-auth-v1` in the query string, for BOS.
//!
//! Source: Baidu AI Cloud, "Generate an authentication string", and Baidu's SDKs. The host and the request's own headers
//! are signed.

use super::Presign;
use super::canonical::{encoded, headers_and_host, hmac_sha256, joined, names, parameters};
use crate::core::store::{Address, Bucket, StoreRequest};
use crate::core::text::{hex, percent_encode};
use crate::core::time::iso_date;

pub fn query(request: &StoreRequest, _: &Bucket, address: &Address, with: &Presign<'_>) -> String {
    let credentials = with.credentials;
    let prefix =
        ["bce-auth-v1", &credentials.access_key_id, &iso_date(with.now), &with.lifetime().to_string()]
            .join("/");
    let mut query = parameters(request, with);
    if let Some(token) = &credentials.session_token {
        query.push(("x-bce-security-token".into(), token.clone()));
    }
    let query = joined(&encoded(&query));
    let headers = encoded(&headers_and_host(request, address));
    let header_lines: Vec<String> = headers.iter().map(|(name, value)| [name, ":", value].concat()).collect();
    let canonical_request =
        [request.method.as_str(), &address.path, &query, &header_lines.join("\n")].join("\n");
    let key = hex(&hmac_sha256(credentials.secret_access_key.as_bytes(), &prefix));
    let signature = hex(&hmac_sha256(key.as_bytes(), &canonical_request));
    let authorization = [&prefix, &names(&headers, ";"), &signature].map(String::as_str).join("/");
    let authorization = ["authorization=", &percent_encode(&authorization)].concat();
    if query.is_empty() { authorization } else { [&query, "&", &authorization].concat() }
}
