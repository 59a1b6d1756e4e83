//! AWS Signature Version 4 in the query string, for S3 and everything that speaks its protocol.
//!
//! Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters". The path is encoded once and
//! not normalised, as S3 alone among the AWS services wants it. The payload is not signed.

use super::Presign;
use super::canonical::{Scope, encoded, headers_and_host, joined, lines, names, parameters};
use crate::core::store::{Address, Bucket, StoreRequest};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

pub fn query(request: &StoreRequest, bucket: &Bucket, address: &Address, with: &Presign<'_>) -> String {
    let scope = Scope {
        salt: "AWS4",
        algorithm: ALGORITHM,
        region: bucket.signed_region(),
        service: "s3",
        end: "aws4_request",
    };
    let mut headers = headers_and_host(request, address);
    for (_, value) in &mut headers {
        // Values are signed with runs of spaces as one.
        *value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    }
    let signed = names(&headers, ";");
    let mut query = parameters(request, with);
    query.extend([
        ("X-Amz-Algorithm".into(), ALGORITHM.into()),
        ("X-Amz-Credential".into(), scope.credential(with)),
        ("X-Amz-Date".into(), Scope::date(with)),
        ("X-Amz-Expires".into(), with.lifetime().to_string()),
        ("X-Amz-SignedHeaders".into(), signed.clone()),
    ]);
    if let Some(token) = &with.credentials.session_token {
        query.push(("X-Amz-Security-Token".into(), token.clone()));
    }
    let query = joined(&encoded(&query));
    let canonical_request =
        [request.method.as_str(), &address.path, &query, &lines(&headers), &signed, "UNSIGNED-PAYLOAD"]
            .join("\n");
    [&query, "&X-Amz-Signature=", &scope.signature(&canonical_request, with)].concat()
}
