//! OSS signature version 1 in the query string, for buckets that still take it.
//!
//! Source: Aliyun OSS Developer Reference, "Include a V1 signature in the URL". Signed are the key and the parameters that
//! name a part of the object (sub-resources), neither of them encoded; other parameters, such as those of paging, are not.

use super::Presign;
use super::canonical::{encoded, headers, hmac_sha1, joined, lines, parameters};
use crate::core::store::{Address, Bucket, StoreRequest};
use base64ct::{Base64, Encoding};

/// The parameters that are signed, beside all that begin with `x-oss-`.
const SUB_RESOURCES: [&str; 30] = [
    "acl",
    "append",
    "bucketInfo",
    "callback",
    "callback-var",
    "cloudboxes",
    "continuation-token",
    "delete",
    "location",
    "objectMeta",
    "partNumber",
    "position",
    "regionList",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "stat",
    "symlink",
    "tagging",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
];

pub fn query(request: &StoreRequest, bucket: &Bucket, _: &Address, with: &Presign<'_>) -> String {
    let expires = (with.now.secs() + u64::from(with.lifetime())).to_string();
    let mut query = parameters(request, with);
    if let Some(token) = &with.credentials.session_token {
        query.push(("security-token".into(), token.clone()));
    }
    let headers = headers(request);
    let header = |name: &str| {
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let own: Vec<_> = headers.iter().filter(|(name, _)| name.starts_with("x-oss-")).cloned().collect();
    let string_to_sign = [
        &[request.method.as_str(), header("content-md5"), header("content-type"), &expires, ""].join("\n"),
        &lines(&own),
        &resource(bucket, &request.key, &query),
    ]
    .map(String::as_str)
    .concat();
    let signature = hmac_sha1(with.credentials.secret_access_key.as_bytes(), &string_to_sign);
    query.extend([
        ("OSSAccessKeyId".into(), with.credentials.access_key_id.clone()),
        ("Expires".into(), expires),
        ("Signature".into(), Base64::encode_string(&signature)),
    ]);
    joined(&encoded(&query))
}

/// `/bucket/key?name=value&name`
fn resource(bucket: &Bucket, key: &str, query: &[(String, String)]) -> String {
    let mut signed: Vec<&(String, String)> = query
        .iter()
        .filter(|(name, _)| SUB_RESOURCES.contains(&name.as_str()) || name.starts_with("x-oss-"))
        .collect();
    signed.sort();
    let mut resource = ["/", &bucket.name, "/", key].concat();
    for (i, (name, value)) in signed.into_iter().enumerate() {
        resource.push(if i == 0 { '?' } else { '&' });
        resource.push_str(name);
        if !value.is_empty() {
            resource.push('=');
            resource.push_str(value);
        }
    }
    resource
}
