//! Replies in XML, as S3, OSS and COS send them.

use super::reply::{invalid, store_error};
use super::{Completed, Created, ListedPart, ListedUpload, PartPage, StoreError, UploadMarker, UploadPage};
use crate::core::http::{HttpReply, without_query};
use crate::core::text::base64_number;
use crate::core::text::xml::{self, Element};
use crate::core::time::parse_iso;
use crate::core::units::PartNumber;

pub fn created(reply: &HttpReply) -> Result<Created, StoreError> {
    let root = success(reply, "InitiateMultipartUploadResult")?;
    let upload_id = filled(&root, "UploadId").ok_or_else(|| invalid(reply))?;
    let key = root.text_of("Key").filter(|key| !key.is_empty()).ok_or_else(|| invalid(reply))?;
    Ok(Created { key: key.to_owned(), upload_id })
}

pub fn listed(reply: &HttpReply) -> Result<PartPage, StoreError> {
    let root = success(reply, "ListPartsResult")?;
    let parts: Vec<ListedPart> = root.children("Part").filter_map(listed_part).collect();
    let mut next = None;
    if is_truncated(&root) {
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

pub fn uploads_listed(reply: &HttpReply) -> Result<UploadPage, StoreError> {
    let root = success(reply, "ListMultipartUploadsResult")?;
    let next = is_truncated(&root).then(|| UploadMarker {
        key: root.text_of("NextKeyMarker").unwrap_or_default().to_owned(),
        upload_id: filled(&root, "NextUploadIdMarker").unwrap_or_default(),
    });
    Ok(UploadPage { uploads: root.children("Upload").filter_map(listed_upload).collect(), next })
}

fn listed_upload(upload: &Element) -> Option<ListedUpload> {
    Some(ListedUpload {
        key: upload.text_of("Key")?.to_owned(),
        upload_id: filled(upload, "UploadId")?,
        initiated: filled(upload, "Initiated").and_then(|date| parse_iso(&date)),
    })
}

pub fn completed(reply: &HttpReply) -> Result<Completed, StoreError> {
    let root = success(reply, "CompleteMultipartUploadResult")?;
    Ok(Completed {
        location: filled(&root, "Location").map(|location| without_query(&location).to_owned()),
        key: root.text_of("Key").filter(|key| !key.is_empty()).map(str::to_owned),
        etag: filled(&root, "ETag"),
        crc64: root.text_of("ChecksumCRC64NVME").and_then(base64_number),
        callback_failed: false,
    })
}

/// The ETag in the reply to an object that was sent as a form, of status 201.
pub fn posted_etag(reply: &HttpReply) -> Option<String> {
    let root =
        xml::parse(&reply.body).ok().filter(|root| reply.status == 201 && root.name == "PostResponse")?;
    filled(&root, "ETag")
}

/// `<Error>` with what is in it.
pub fn error(body: &str) -> StoreError {
    let root = xml::parse(body).ok().filter(|root| root.name == "Error").unwrap_or_default();
    StoreError {
        code: filled(&root, "Code").unwrap_or_default(),
        message: filled(&root, "Message").unwrap_or_default(),
        request_id: filled(&root, "RequestId"),
        server_time: filled(&root, "ServerTime").and_then(|date| parse_iso(&date)),
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

fn is_truncated(root: &Element) -> bool {
    root.text_of("IsTruncated").is_some_and(|text| text.trim() == "true")
}

/// A child's text, trimmed, when there is any.
fn filled(parent: &Element, name: &str) -> Option<String> {
    parent.text_of(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
