//! OSS signature version 4 in the query string.
//!
//! Source: Aliyun OSS Developer Reference, "Include a V4 signature in the URL". Unlike with AWS, the bucket is always
//! part of the path that is signed, a parameter without value is signed without `=`, and headers other than `Content-Type`,
//! `Content-MD5` and `x-oss-*` are signed when they are named. Here all headers of the request are, the host's only when the
//! request has it.

use super::Presign;
use super::canonical::{Scope, encoded, headers, joined, lines, parameters};
use crate::core::store::{Address, Bucket, StoreRequest};
use crate::core::text::percent_encode_path;

const ALGORITHM: &str = "OSS4-HMAC-SHA256";

pub fn query(request: &StoreRequest, bucket: &Bucket, _: &Address, with: &Presign<'_>) -> String {
    let scope = Scope {
        salt: "aliyun_v4",
        algorithm: ALGORITHM,
        region: bucket.signed_region(),
        service: "oss",
        end: "aliyun_v4_request",
    };
    let headers = headers(request);
    let additional: Vec<&str> =
        headers.iter().map(|(name, _)| name.as_str()).filter(|name| !is_always_signed(name)).collect();
    let additional = additional.join(";");
    let mut query = parameters(request, with);
    query.extend([
        ("x-oss-signature-version".into(), ALGORITHM.into()),
        ("x-oss-credential".into(), scope.credential(with)),
        ("x-oss-date".into(), Scope::date(with)),
        ("x-oss-expires".into(), with.lifetime().to_string()),
    ]);
    if let Some(token) = &with.credentials.session_token {
        query.push(("x-oss-security-token".into(), token.clone()));
    }
    if !additional.is_empty() {
        query.push(("x-oss-additional-headers".into(), additional.clone()));
    }
    let query = encoded(&query);
    let canonical_request = [
        request.method.as_str(),
        &["/", &bucket.name, "/", &percent_encode_path(&request.key)].concat(),
        &bare(&query),
        &lines(&headers),
        &additional,
        "UNSIGNED-PAYLOAD",
    ]
    .join("\n");
    [&joined(&query), "&x-oss-signature=", &scope.signature(&canonical_request, with)].concat()
}

fn is_always_signed(header: &str) -> bool {
    matches!(header, "content-type" | "content-md5") || header.starts_with("x-oss-")
}

/// A parameter without value stands alone.
fn bare(query: &[(String, String)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| if value.is_empty() { name.clone() } else { [name, "=", value].concat() })
        .collect();
    pairs.join("&")
}
