//! What a store's replies mean, by operation.

use super::{Completed, Created, Kind, ObjectInfo, PartPage, StoreError, UploadPage, bos, xml_reply};
use crate::core::hash::Crc64;
use crate::core::http::HttpReply;
use crate::core::text::base64_number;
use crate::core::time::parse_http_date;
use base64ct::{Base64, Encoding};

impl Kind {
    /// Reads the reply to [`Kind::create`].
    ///
    /// # Errors
    /// What the store says, or `InvalidReply` for a success without upload id or key.
    pub fn created(self, reply: &HttpReply) -> Result<Created, StoreError> {
        match self {
            Self::Bos => bos::created(reply),
            _ => xml_reply::created(reply),
        }
    }

    /// Reads the reply to [`Kind::list_parts`]. Entries that cannot be a part (a number outside 1..=10 000, no size) are
    /// left out, as if the store did not have them.
    ///
    /// # Errors
    /// What the store says, or `InvalidReply` for a body that is no list or announces a next page without saying where.
    pub fn listed(self, reply: &HttpReply) -> Result<PartPage, StoreError> {
        match self {
            Self::Bos => bos::listed(reply),
            _ => xml_reply::listed(reply),
        }
    }

    /// Reads the reply to [`Kind::list_uploads`]. Who asks for pages must stop when the marker stays what it was, since a
    /// faulty store could go on for ever.
    ///
    /// # Errors
    /// What the store says, or `InvalidReply` for a body that is no list.
    pub fn uploads_listed(self, reply: &HttpReply) -> Result<UploadPage, StoreError> {
        match self {
            Self::Bos => bos::uploads_listed(reply),
            _ => xml_reply::uploads_listed(reply),
        }
    }

    /// Reads the reply to [`Kind::complete`]. The ETag may be missing: Ceph RGW sends an empty one at first.
    ///
    /// # Errors
    /// What the store says, also in a reply of status 200, or `InvalidReply` for a 200 with anything else in it, such as
    /// nothing, when the connection broke off.
    pub fn completed(self, reply: &HttpReply) -> Result<Completed, StoreError> {
        if reply.status == 203 && matches!(self, Self::Oss | Self::Bos) {
            return Ok(Completed { callback_failed: true, ..Completed::default() });
        }
        let completed = match self {
            // A callback's server answers in place of OSS, in JSON.
            Self::Oss if reply.status == 200 && reply.body.trim_start().starts_with('{') => {
                Completed::default()
            }
            Self::Bos => bos::completed(reply)?,
            _ => xml_reply::completed(reply)?,
        };
        Ok(Completed { crc64: completed.crc64.or_else(|| self.crc64_header(reply)), ..completed })
    }

    /// Reads the reply to [`Kind::head`].
    ///
    /// # Errors
    /// What the headers tell (the code stays empty: see the status), or `InvalidReply` for a success without
    /// `Content-Length`.
    pub fn object_info(self, reply: &HttpReply) -> Result<ObjectInfo, StoreError> {
        if !reply.is_success() {
            return Err(store_error(reply));
        }
        let length = reply.header("content-length").and_then(|length| length.trim().parse().ok());
        let etag = reply.header("etag").map(str::trim).filter(|etag| !etag.is_empty());
        Ok(ObjectInfo {
            size: length.ok_or_else(|| invalid(reply))?,
            etag: etag.map(str::to_owned),
            crc64: self.crc64_header(reply),
        })
    }

    /// The checksum in a reply to [`Kind::put_part`], [`Kind::put_object`] or [`Kind::head`], of the kind that
    /// [`Kind::crc64`] tells; `None` where the store tells none.
    pub fn crc64_header(self, reply: &HttpReply) -> Option<u64> {
        let (name, crc64) = self.dialect().crc64;
        let value = reply.header(name)?.trim();
        match crc64 {
            Crc64::Xz => value.parse().ok(),
            Crc64::Nvme => base64_number(value),
        }
    }
}

/// The ETag of what was sent in this request. Of forms, Ceph RGW tells it in the body only.
pub fn stored_etag(reply: &HttpReply) -> Option<String> {
    let header = reply.header("etag").filter(|etag| !etag.is_empty()).map(str::to_owned);
    header.or_else(|| xml_reply::posted_etag(reply))
}

/// Whether a reply of a status that means success has an error in its body. What a server says that OSS or BOS was asked to call
/// is in its place, in JSON; and 203 says that this server could not be told, of an object that is stored.
pub fn has_error(kind: Option<Kind>, reply: &HttpReply) -> bool {
    let is_json = reply.body.trim_start().starts_with('{');
    let is_stored =
        reply.status == 203 || (is_json && (kind != Some(Kind::Bos) || reply.header("etag").is_some()));
    !is_stored && !store_error(reply).code.is_empty()
}

/// Reads any error reply, of whichever kind of store: its body, or where there is none, its headers.
pub fn store_error(reply: &HttpReply) -> StoreError {
    let header = |name: &str| reply.header(name).map(str::trim).filter(|value| !value.is_empty());
    let told = match (header("x-oss-err"), reply.body.trim_start().starts_with('{')) {
        (_, true) => bos::error(&reply.body),
        // OSS tells the error of a HEAD, which has no body, in a header, in base64.
        (Some(error), false) if reply.body.is_empty() => xml_reply::error(&base64_text(error)),
        _ => xml_reply::error(&reply.body),
    };
    let request_id = || {
        let names = Kind::ALL.map(|kind| [kind.dialect().prefix, "request-id"].concat());
        names.iter().find_map(|name| header(name)).map(str::to_owned)
    };
    StoreError {
        code: told.code,
        message: told.message.chars().take(500).collect(),
        request_id: told.request_id.or_else(request_id),
        server_time: told.server_time.or_else(|| reply.header("date").and_then(parse_http_date)),
    }
}

fn base64_text(text: &str) -> String {
    Base64::decode_vec(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

pub(super) fn invalid(reply: &HttpReply) -> StoreError {
    StoreError {
        code: "InvalidReply".into(),
        message: "The store reports success without the result.".into(),
        ..store_error(reply)
    }
}

#[cfg(test)]
mod tests;
