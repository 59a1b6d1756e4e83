//! Baidu BOS, which speaks JSON. Source: Baidu Object Storage, API Reference, and Baidu's SDKs for JavaScript and Go.

use super::kind::Dialect;
use super::reply::{invalid, store_error};
use super::{
    Completed, Created, Limits, ListedPart, ListedUpload, PartPage, StoreError, UploadMarker, UploadPage,
};
use crate::core::hash::Crc64;
use crate::core::http::{Body, HttpReply, without_query};
use crate::core::text::json::{self, Json};
use crate::core::time::parse_iso;
use crate::core::units::PartNumber;

pub const DIALECT: Dialect = Dialect {
    limits: Limits::with_min_part(100 * 1024),
    prefix: "x-bce-",
    parts_page: ["maxParts", "partNumberMarker"],
    uploads_page: ["maxUploads", "keyMarker", "uploadIdMarker"],
    // Not documented; Baidu's SDK for Go reads it.
    crc64: ("x-bce-content-crc64ecma", Crc64::Xz),
};

pub fn complete_body(parts: &[(PartNumber, String)]) -> Body {
    let mut text = String::from("{\"parts\":[");
    for (i, (part, etag)) in parts.iter().enumerate() {
        text.push_str(if i == 0 { "{\"partNumber\":" } else { ",{\"partNumber\":" });
        text.push_str(&part.get().to_string());
        text.push_str(",\"eTag\":");
        text.push_str(&json::quote(etag.trim_matches('"')));
        text.push('}');
    }
    text.push_str("]}");
    Body::Text { content_type: "application/json", text }
}

pub fn created(reply: &HttpReply) -> Result<Created, StoreError> {
    let body = success(reply)?;
    let field = |name| text(&body, name).ok_or_else(|| invalid(reply));
    Ok(Created { key: field("key")?, upload_id: field("uploadId")? })
}

pub fn listed(reply: &HttpReply) -> Result<PartPage, StoreError> {
    let body = success(reply)?;
    let parts = body.get("parts").and_then(Json::as_array).ok_or_else(|| invalid(reply))?;
    let parts: Vec<ListedPart> = parts.iter().filter_map(listed_part).collect();
    let mut next = None;
    if is_truncated(&body) {
        let last = parts.iter().map(|part| part.number).max();
        let marker = part_number(&body, "nextPartNumberMarker").or(last);
        next = Some(marker.ok_or_else(|| invalid(reply))?);
    }
    Ok(PartPage { parts, next })
}

fn listed_part(part: &Json) -> Option<ListedPart> {
    Some(ListedPart {
        number: part_number(part, "partNumber")?,
        size: part.get("size")?.as_u64()?,
        etag: text(part, "eTag").unwrap_or_default(),
    })
}

pub fn uploads_listed(reply: &HttpReply) -> Result<UploadPage, StoreError> {
    let body = success(reply)?;
    let uploads = body.get("uploads").and_then(Json::as_array).ok_or_else(|| invalid(reply))?;
    let next = is_truncated(&body).then(|| UploadMarker {
        key: text(&body, "nextKeyMarker").unwrap_or_default(),
        upload_id: text(&body, "nextUploadIdMarker").unwrap_or_default(),
    });
    Ok(UploadPage { uploads: uploads.iter().filter_map(listed_upload).collect(), next })
}

fn listed_upload(upload: &Json) -> Option<ListedUpload> {
    Some(ListedUpload {
        key: text(upload, "key")?,
        upload_id: text(upload, "uploadId")?,
        initiated: text(upload, "initiated").and_then(|date| parse_iso(&date)),
    })
}

pub fn completed(reply: &HttpReply) -> Result<Completed, StoreError> {
    let body = success(reply)?;
    if text(&body, "key").is_none() && text(&body, "eTag").is_none() {
        return Err(invalid(reply));
    }
    Ok(Completed {
        location: text(&body, "location").map(|location| without_query(&location).to_owned()),
        key: text(&body, "key"),
        etag: text(&body, "eTag"),
        ..Completed::default()
    })
}

/// `{"code":…,"message":…,"requestId":…}`
pub fn error(body: &str) -> StoreError {
    let body = json::parse(body).unwrap_or(Json::Null);
    StoreError {
        code: text(&body, "code").unwrap_or_default(),
        message: text(&body, "message").unwrap_or_default(),
        request_id: text(&body, "requestId"),
        server_time: None,
    }
}

/// The body of a success, which is no error told with status 200.
fn success(reply: &HttpReply) -> Result<Json, StoreError> {
    if !reply.is_success() {
        return Err(store_error(reply));
    }
    match json::parse(&reply.body) {
        Ok(body) if text(&body, "code").is_some() => Err(store_error(reply)),
        Ok(body @ Json::Object(_)) => Ok(body),
        _ => Err(invalid(reply)),
    }
}

fn is_truncated(body: &Json) -> bool {
    matches!(body.get("isTruncated"), Some(Json::Bool(true)))
}

fn part_number(parent: &Json, name: &str) -> Option<PartNumber> {
    PartNumber::new(u32::try_from(parent.get(name)?.as_u64()?).ok()?)
}

/// A member's text, when there is any.
fn text(parent: &Json, name: &str) -> Option<String> {
    parent.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}
