//! Amazon S3 and the stores that speak its protocol.
//!
//! Source: Amazon S3 API Reference. Where compatible stores differ (Ceph RGW, Garage), the readers take what they send.

use super::{
    Address, Completed, Created, Limits, ListedPart, ObjectInfo, PartPage, StoreError, StoreRequest,
};
use crate::core::error::Operation;
use crate::core::http::{Body, HttpReply, Method, without_query};
use crate::core::text::xml::{self, Element};
use crate::core::text::{percent_encode, percent_encode_path};
use crate::core::time::{parse_http_date, parse_iso};
use crate::core::units::{ByteRange, PartNumber};

const MIB: u64 = 1024 * 1024;

/// 5 MiB to 5 GiB per part, 10 000 parts, and as much as those hold: 48.8 TiB.
pub const LIMITS: Limits =
    Limits { min_part: 5 * MIB, max_part: 5120 * MIB, max_parts: 10_000, max_object: 10_000 * 5120 * MIB };

/// Parts per page, the most S3 gives.
const PAGE: &str = "1000";

/// A bucket and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The store's URL, such as `https://s3.example.com` or `http://127.0.0.1:9000`, with a path where it has one;
    /// `https` when it names no scheme. `None`: AWS.
    pub endpoint: Option<String>,
    /// The bucket's name.
    pub bucket: String,
    /// The region, also a part of every signature.
    pub region: String,
    /// `https://host/bucket/key` instead of `https://bucket.host/key`. A bucket with a dot in its name is addressed
    /// so in any case over `https`, because a wildcard certificate covers one label only.
    pub path_style: bool,
}

impl Bucket {
    /// Where an object is; the bucket itself for an empty key.
    pub fn address(&self, key: &str) -> Address {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| aws_endpoint(&self.region));
        let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", &endpoint));
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let path_style = self.path_style || (scheme == "https" && self.bucket.contains('.'));
        let mut path = String::from("/");
        for segment in [prefix.trim_end_matches('/'), if path_style { &self.bucket } else { "" }] {
            if !segment.is_empty() {
                path.push_str(segment);
                path.push('/');
            }
        }
        path.push_str(&percent_encode_path(key));
        let origin = if path_style {
            [scheme, "://", host].concat()
        } else {
            [scheme, "://", &self.bucket, ".", host].concat()
        };
        Address { origin, path }
    }
}

fn aws_endpoint(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    ["https://s3.", region, ".amazonaws.com", china].concat()
}

/// CreateMultipartUpload, with [`push_metadata`].
pub fn create(key: &str, content_type: Option<&str>, metadata: &[(String, String)]) -> StoreRequest {
    let mut request = request(Operation::Create, Method::Post, key, &[("uploads", "")]);
    push_header(&mut request, "Content-Type", content_type);
    push_metadata(&mut request, metadata);
    request
}

/// Stores `metadata` with an object, as `x-amz-meta-*`. Header names and values carry ASCII only, so what lies outside is
/// percent-encoded as UTF-8 (with `%` itself, in such a value).
pub fn push_metadata(request: &mut StoreRequest, metadata: &[(String, String)]) {
    for (name, value) in metadata {
        let name = String::from("x-amz-meta-") + &header_name(name);
        // Header names are the same in any case; of two that differ only in that, the later one counts.
        request.headers.retain(|(known, _)| *known != name);
        request.headers.push((name, header_value(value)));
    }
}

/// UploadPart. The same number again replaces the part, so it may be repeated. `content_md5` in base64 makes the store
/// refuse (`BadDigest`) what does not match.
pub fn put_part(
    key: &str,
    upload_id: &str,
    part: PartNumber,
    range: ByteRange,
    content_md5: Option<&str>,
) -> StoreRequest {
    let number = part.get().to_string();
    let query = [("partNumber", number.as_str()), ("uploadId", upload_id)];
    let mut request = request(Operation::PutPart, Method::Put, key, &query);
    push_header(&mut request, "Content-MD5", content_md5);
    request.body = Body::File(range);
    request
}

/// PutObject: the whole file in one request, up to 5 GiB.
pub fn put_object(
    key: &str,
    range: ByteRange,
    content_type: Option<&str>,
    content_md5: Option<&str>,
) -> StoreRequest {
    let mut request = request(Operation::PutObject, Method::Put, key, &[]);
    push_header(&mut request, "Content-Type", content_type);
    push_header(&mut request, "Content-MD5", content_md5);
    request.body = Body::File(range);
    request
}

/// ListParts: a page of up to 1000, from the first part or the one after `after`.
pub fn list_parts(key: &str, upload_id: &str, after: Option<PartNumber>) -> StoreRequest {
    let mut request =
        request(Operation::ListParts, Method::Get, key, &[("max-parts", PAGE), ("uploadId", upload_id)]);
    if let Some(part) = after {
        request.query.push(("part-number-marker".into(), part.get().to_string()));
    }
    request
}

/// CompleteMultipartUpload. `parts` in ascending order, each with its ETag as the store spelled it.
///
/// A success status is no success yet: S3 may send 200 first and an error in the body ([`completed`] knows).
pub fn complete(key: &str, upload_id: &str, parts: &[(PartNumber, String)]) -> StoreRequest {
    let mut text =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (part, etag) in parts {
        text.push_str("<Part><PartNumber>");
        text.push_str(&part.get().to_string());
        text.push_str("</PartNumber><ETag>");
        text.push_str(&xml::escape(etag));
        text.push_str("</ETag></Part>");
    }
    text.push_str("</CompleteMultipartUpload>");
    let mut request = request(Operation::Complete, Method::Post, key, &[("uploadId", upload_id)]);
    request.body = Body::Text { content_type: "application/xml", text };
    request
}

/// AbortMultipartUpload: the store forgets the upload and its parts.
pub fn abort(key: &str, upload_id: &str) -> StoreRequest {
    request(Operation::Abort, Method::Delete, key, &[("uploadId", upload_id)])
}

/// HeadObject: does it exist, how large is it?
pub fn head(key: &str) -> StoreRequest {
    request(Operation::Head, Method::Head, key, &[])
}

/// ListMultipartUploads: unfinished uploads of keys that start with `prefix`, at most 1000. It counts as a listing
/// like [`list_parts`] does, with an empty key, since it asks the bucket.
pub fn list_uploads(prefix: &str) -> StoreRequest {
    let query = [("uploads", ""), ("prefix", prefix), ("max-uploads", PAGE)];
    request(Operation::ListParts, Method::Get, "", &query)
}

fn request(operation: Operation, method: Method, key: &str, query: &[(&str, &str)]) -> StoreRequest {
    StoreRequest {
        operation,
        method,
        key: key.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        headers: Vec::new(),
        body: Body::Empty,
    }
}

fn push_header(request: &mut StoreRequest, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// A `token` of RFC 9110 §5.6.2, which `%` and all that percent-encoding leaves bare belong to.
fn header_name(name: &str) -> String {
    percent_encode(&name.to_ascii_lowercase())
}

fn header_value(value: &str) -> String {
    let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain { value.trim().to_owned() } else { percent_encode(value) }
}

/// Reads the reply to [`create`].
///
/// # Errors
/// What the store says, or `InvalidReply` for a success without upload id or key.
pub fn created(reply: &HttpReply) -> Result<Created, StoreError> {
    let root = success(reply, "InitiateMultipartUploadResult")?;
    let upload_id = filled(&root, "UploadId").ok_or_else(|| invalid(reply))?;
    let key = root.text_of("Key").filter(|key| !key.is_empty()).ok_or_else(|| invalid(reply))?;
    Ok(Created { key: key.to_owned(), upload_id })
}

/// Reads the reply to [`list_parts`]. Entries that cannot be a part (a number outside 1..=10 000, no size) are left out,
/// as if the store did not have them.
///
/// # Errors
/// What the store says, or `InvalidReply` for a body that is no list or announces a next page without saying where.
pub fn listed(reply: &HttpReply) -> Result<PartPage, StoreError> {
    let root = success(reply, "ListPartsResult")?;
    let parts: Vec<ListedPart> = root.children("Part").filter_map(listed_part).collect();
    let truncated = root.text_of("IsTruncated").is_some_and(|text| text.trim() == "true");
    let mut next = None;
    if truncated {
        let last = || parts.iter().map(|part| part.number).max();
        let marker = part_number(&root, "NextPartNumberMarker").or_else(last);
        next = Some(marker.ok_or_else(|| invalid(reply))?);
    }
    Ok(PartPage { parts, next })
}

fn listed_part(part: &Element) -> Option<ListedPart> {
    Some(ListedPart {
        number: part_number(part, "PartNumber")?,
        size: part.text_of("Size")?.trim().parse().ok()?,
        etag: filled(part, "ETag").unwrap_or_default(),
    })
}

fn part_number(parent: &Element, name: &str) -> Option<PartNumber> {
    parent.text_of(name)?.trim().parse().ok().and_then(PartNumber::new)
}

/// Reads the reply to [`complete`]. The ETag may be missing: Ceph RGW sends an empty one at first.
///
/// # Errors
/// What the store says, also in a reply of status 200, or `InvalidReply` for a 200 with anything else in it, such as
/// nothing, when the connection broke off.
pub fn completed(reply: &HttpReply) -> Result<Completed, StoreError> {
    let root = success(reply, "CompleteMultipartUploadResult")?;
    Ok(Completed {
        location: filled(&root, "Location").map(|location| without_query(&location).to_owned()),
        key: root.text_of("Key").filter(|key| !key.is_empty()).map(str::to_owned),
        etag: filled(&root, "ETag"),
    })
}

/// Reads the reply to [`head`].
///
/// # Errors
/// What the headers tell (the code stays empty: see the status), or `InvalidReply` for a success without
/// `Content-Length`.
pub fn object_info(reply: &HttpReply) -> Result<ObjectInfo, StoreError> {
    if !reply.is_success() {
        return Err(store_error(reply));
    }
    let length = reply.header("content-length").and_then(|length| length.trim().parse().ok());
    let etag = reply.header("etag").map(str::trim).filter(|etag| !etag.is_empty());
    Ok(ObjectInfo { size: length.ok_or_else(|| invalid(reply))?, etag: etag.map(str::to_owned) })
}

/// Reads any error reply: its XML body, or where there is none, its headers.
pub fn store_error(reply: &HttpReply) -> StoreError {
    let root = xml::parse(&reply.body).ok().filter(|root| root.name == "Error").unwrap_or_default();
    let header =
        |name| reply.header(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    StoreError {
        code: filled(&root, "Code").unwrap_or_default(),
        message: filled(&root, "Message").unwrap_or_default().chars().take(500).collect(),
        request_id: filled(&root, "RequestId").or_else(|| header("x-amz-request-id")),
        server_time: filled(&root, "ServerTime")
            .and_then(|date| parse_iso(&date))
            .or_else(|| reply.header("date").and_then(parse_http_date)),
    }
}

/// The root element of a success, which has the given name.
fn success(reply: &HttpReply, name: &str) -> Result<Element, StoreError> {
    if !reply.is_success() {
        return Err(store_error(reply));
    }
    match xml::parse(&reply.body) {
        Ok(root) if root.name == name => Ok(root),
        Ok(root) if root.name == "Error" => Err(store_error(reply)),
        _ => Err(invalid(reply)),
    }
}

fn invalid(reply: &HttpReply) -> StoreError {
    StoreError {
        code: "InvalidReply".into(),
        message: "The store reports success without the result.".into(),
        ..store_error(reply)
    }
}

/// A child's text, trimmed, when there is any.
fn filled(parent: &Element, name: &str) -> Option<String> {
    parent.text_of(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
