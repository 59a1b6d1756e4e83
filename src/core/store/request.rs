//! Requests to a store, by operation. Keys, upload ids and values are given and kept as they are; encoding them is the
//! business of whoever makes the URL.

use super::{Kind, StoreRequest, UploadMarker, bos};
use crate::core::error::Operation;
use crate::core::http::{Body, Method};
use crate::core::text::percent_encode;
use crate::core::text::xml;
use crate::core::units::{ByteRange, PartNumber};

/// Entries per page, the most any store gives.
const PAGE: &str = "1000";

impl Kind {
    /// Begins a multipart upload, with [`Kind::push_metadata`].
    pub fn create(
        self,
        key: &str,
        content_type: Option<&str>,
        metadata: &[(String, String)],
    ) -> StoreRequest {
        let mut request = request(Operation::Create, Method::Post, key, &[("uploads", "")]);
        push_header(&mut request, "Content-Type", content_type);
        self.push_metadata(&mut request, metadata);
        request
    }

    /// Stores `metadata` with an object, as `x-amz-meta-*` and its like. Header names and values carry ASCII only, so what
    /// lies outside is percent-encoded as UTF-8 (with `%` itself, in such a value).
    pub fn push_metadata(self, request: &mut StoreRequest, metadata: &[(String, String)]) {
        for (name, value) in metadata {
            let name = [self.dialect().prefix, "meta-", &header_name(name)].concat();
            // Header names are the same in any case; of two that differ only in that, the later one counts.
            request.headers.retain(|(known, _)| *known != name);
            request.headers.push((name, header_value(value)));
        }
    }

    /// Lets a request for a whole object, or one to complete an upload, fail where an object is at the key already: with 412
    /// (S3, BOS) or with 409 and a code that ends in `AlreadyExists`. OSS and COS do not do so in buckets that keep versions,
    /// and not every store that speaks S3's protocol does.
    pub fn forbid_overwrite(self, request: &mut StoreRequest) {
        match self {
            Self::S3 | Self::Bos => push_header(request, "If-None-Match", Some("*")),
            Self::Oss | Self::Cos => {
                let name = [self.dialect().prefix, "forbid-overwrite"].concat();
                push_header(request, &name, Some("true"));
            }
        }
    }

    /// Sends a part. The same number again replaces the part, so it may be repeated. `content_md5` in base64 makes the
    /// store refuse (`BadDigest`, on OSS `InvalidDigest`) what does not match.
    pub fn put_part(
        self,
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

    /// Sends the whole object in one request, up to 5 GiB.
    pub fn put_object(
        self,
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

    /// Lists parts: a page of up to 1000, from the first part or the one after `after`.
    pub fn list_parts(self, key: &str, upload_id: &str, after: Option<PartNumber>) -> StoreRequest {
        let [most, marker] = self.dialect().parts_page;
        let query = [(most, PAGE), ("uploadId", upload_id)];
        let mut request = request(Operation::ListParts, Method::Get, key, &query);
        if let Some(part) = after {
            request.query.push((marker.into(), part.get().to_string()));
        }
        request
    }

    /// Makes the object of its parts: `parts` in ascending order, each with its ETag as the store spelled it.
    ///
    /// A success status is no success yet: S3 and COS may send 200 first and an error in the body ([`Kind::completed`]
    /// knows).
    pub fn complete(self, key: &str, upload_id: &str, parts: &[(PartNumber, String)]) -> StoreRequest {
        let mut request = request(Operation::Complete, Method::Post, key, &[("uploadId", upload_id)]);
        request.body = match self {
            Self::S3 => {
                complete_body("application/xml", " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", parts)
            }
            Self::Oss => complete_body("", "", parts),
            Self::Cos => complete_body("application/xml", "", parts),
            Self::Bos => bos::complete_body(parts),
        };
        request
    }

    /// Lets a request to complete an upload fail where its parts do not make `bytes` in all: 400 `InvalidRequest`. Only
    /// Amazon S3 looks at it.
    pub fn expect_size(request: &mut StoreRequest, bytes: u64) {
        push_header(request, "x-amz-mp-object-size", Some(&bytes.to_string()));
    }

    /// Gives a multipart upload up: the store forgets it and its parts.
    pub fn abort(self, key: &str, upload_id: &str) -> StoreRequest {
        request(Operation::Abort, Method::Delete, key, &[("uploadId", upload_id)])
    }

    /// Asks for an object's size and ETag.
    pub fn head(self, key: &str) -> StoreRequest {
        request(Operation::Head, Method::Head, key, &[])
    }

    /// Lists unfinished uploads of keys that start with `prefix`: a page of up to 1000, from the first or the one after
    /// `after`. It counts as a listing like [`Kind::list_parts`] does, with an empty key, since it asks the bucket.
    pub fn list_uploads(self, prefix: &str, after: Option<&UploadMarker>) -> StoreRequest {
        let [most, key_marker, id_marker] = self.dialect().uploads_page;
        let query = [("uploads", ""), ("prefix", prefix), (most, PAGE)];
        let mut request = request(Operation::ListParts, Method::Get, "", &query);
        if let Some(marker) = after {
            request.query.push((key_marker.into(), marker.key.clone()));
            request.query.push((id_marker.into(), marker.upload_id.clone()));
        }
        request
    }
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

fn complete_body(content_type: &'static str, namespace: &str, parts: &[(PartNumber, String)]) -> Body {
    let mut text = ["<CompleteMultipartUpload", namespace, ">"].concat();
    for (part, etag) in parts {
        text.push_str("<Part><PartNumber>");
        text.push_str(&part.get().to_string());
        text.push_str("</PartNumber><ETag>");
        text.push_str(&xml::escape(etag));
        text.push_str("</ETag></Part>");
    }
    text.push_str("</CompleteMultipartUpload>");
    Body::Text { content_type, text }
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

#[cfg(test)]
mod tests;
