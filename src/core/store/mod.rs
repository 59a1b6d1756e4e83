//! How each kind of object store wants its requests, and what its replies mean. [`Kind`] has the same set of builders
//! (`request`) and readers (`reply`) for all of them; the files named after a store say what is particular to it. No
//! signing, no retrying.
//!
//! Sources: the vendors' API references, and the code of their own SDKs where those are silent.

mod bos;
mod bucket;
mod cos;
mod kind;
mod oss;
mod reply;
mod request;
mod s3;
mod xml_reply;

pub use bucket::{Address, Bucket};
pub use kind::Kind;
pub use reply::{has_error, store_error, stored_etag};

use super::error::{Code, Operation, UploadError};
use super::http::{Body, Method};
use super::units::{PartNumber, UnixMillis};

/// One request to a store, before it is signed or handed to somebody who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRequest {
    /// What it does.
    pub operation: Operation,
    /// Method.
    pub method: Method,
    /// The object's key, not encoded; empty when the request is about the bucket.
    pub key: String,
    /// Query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers that are sent and signed.
    pub headers: Vec<(String, String)>,
    /// Body. The `Content-Type` of a text body is sent but not signed.
    pub body: Body,
}

/// What a store says went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreError {
    /// The store's own name for it, such as `NoSuchUpload`; empty when the reply names none (errors of HEAD have no
    /// body). `InvalidReply` is ours: a success that lacks what a success must hold.
    pub code: String,
    /// Its explanation, at most 500 characters.
    pub message: String,
    /// To quote to the store's support.
    pub request_id: Option<String>,
    /// The store's clock, from the body or the `Date` header.
    pub server_time: Option<UnixMillis>,
}

/// A part the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPart {
    /// Its number.
    pub number: PartNumber,
    /// Bytes.
    pub size: u64,
    /// As the store spells it, entities unescaped; empty when it lists none.
    pub etag: String,
}

/// One page of a part list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartPage {
    /// The parts, as listed.
    pub parts: Vec<ListedPart>,
    /// The next page starts after this part; `None` on the last page. Who asks for pages must stop when it does not
    /// grow, since a faulty store could go on for ever.
    pub next: Option<PartNumber>,
}

/// A multipart upload was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The object's key, as the store has it.
    pub key: String,
    /// Its name for the upload.
    pub upload_id: String,
}

/// A multipart upload became an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// The object's address as the store tells it, without query.
    pub location: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// Its ETag as the store spells it; `None` when the store leaves it out or empty.
    pub etag: Option<String>,
    /// The CRC-64 of the whole object, of the kind that [`Kind::crc64`] tells, where the store tells it.
    pub crc64: Option<u64>,
    /// The object is there, but the store could not tell the server that it was asked to tell (OSS and BOS, status 203).
    pub callback_failed: bool,
}

/// An object exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Bytes.
    pub size: u64,
    /// Its ETag as the store spells it.
    pub etag: Option<String>,
    /// The CRC-64 of the whole object, of the kind that [`Kind::crc64`] tells, where the store tells it.
    pub crc64: Option<u64>,
}

/// An unfinished multipart upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUpload {
    /// The key it is for.
    pub key: String,
    /// Its name.
    pub upload_id: String,
    /// When it was begun, where the store tells it.
    pub initiated: Option<UnixMillis>,
}

/// One page of a list of unfinished uploads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// The uploads, as listed.
    pub uploads: Vec<ListedUpload>,
    /// The next page starts after this upload; `None` on the last page.
    pub next: Option<UploadMarker>,
}

/// Where a page of uploads ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadMarker {
    /// The key of its last upload.
    pub key: String,
    /// Its last upload.
    pub upload_id: String,
}

/// What a store takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the smallest part that is not the last.
    pub min_part: u64,
    /// Bytes of the largest part, and of the largest object sent in one request.
    pub max_part: u64,
    /// Parts per upload.
    pub max_parts: u32,
    /// Bytes of the largest object.
    pub max_object: u64,
    /// Bytes of a part where nothing asks for more.
    pub auto_part: u64,
}

/// An ETag in the form in which two of them can be compared: trimmed, without `W/` and quotes (also `&quot;`), in
/// lower case, since some stores write their hexadecimal digits in upper case.
pub fn normalize_etag(raw: &str) -> String {
    let lower = raw.to_ascii_lowercase();
    let mut etag = lower.as_str();
    loop {
        let bare = etag.trim();
        let bare = bare.strip_prefix("w/").unwrap_or(bare).trim_matches('"');
        let bare = bare.strip_prefix("&quot;").unwrap_or(bare);
        let bare = bare.strip_suffix("&quot;").unwrap_or(bare);
        if bare.len() == etag.len() {
            return etag.to_owned();
        }
        etag = bare;
    }
}

/// Whether a normalized ETag can be the MD5 of the content: 32 hexadecimal digits. Those of multipart objects and of
/// objects encrypted with customer or managed keys are not.
pub fn is_md5_etag(normalized: &str) -> bool {
    normalized.len() == 32 && normalized.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Longest ETag taken, in bytes. Stores use up to 70; what is longer may be anything, a request quoted back for example,
/// and would fill the storage that every part's ETag is kept in.
pub const MAX_ETAG_BYTES: usize = 128;

/// Longest upload id taken, in bytes. The longest in use have some 200.
pub const MAX_UPLOAD_ID_BYTES: usize = 1024;

/// Longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1024;

/// Refuses keys that a browser or a store cannot address.
///
/// # Errors
/// [`Code::BadKey`]: empty, longer than [`MAX_KEY_BYTES`], with control characters, or with a `.` or `..` segment:
/// browsers fold those away, even percent-encoded (WHATWG URL, "double-dot URL path segment"), so the request would
/// reach another object.
pub fn check_key(key: &str) -> Result<(), UploadError> {
    let refuse = |message: &str, hint: &'static str| {
        Err(UploadError::new(Code::BadKey, Operation::Add, message).hint(hint))
    };
    if key.is_empty() {
        return refuse("The key is empty.", "Give the object a key of 1 to 1024 bytes.");
    }
    if key.len() > MAX_KEY_BYTES {
        return refuse("The key is longer than 1024 bytes of UTF-8.", "Shorten the key.");
    }
    if key.chars().any(char::is_control) {
        return refuse(
            "The key holds a control character.",
            "Remove line breaks, tabs and other control characters.",
        );
    }
    if key.split('/').any(|segment| segment == "." || segment == "..") {
        return refuse(
            "The key has a “.” or “..” segment, which browsers fold away.",
            "Resolve or rename such segments before adding the file.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_that_mean_the_same_are_equal_once_normalized() {
        for raw in [
            "ab12",
            "AB12",
            "\"ab12\"",
            " \"AB12\" ",
            "W/\"ab12\"",
            "&quot;ab12&quot;",
            "\"&quot;ab12&quot;\"",
        ] {
            assert_eq!(normalize_etag(raw), "ab12", "{raw}");
        }
        let hostile = "&quot;".repeat(1_000_000);
        for raw in [hostile.as_str(), "", " ", "\"\"", "\"", "W/", "&quot;&quot;"] {
            assert_eq!(normalize_etag(raw), "");
        }
    }

    #[test]
    fn only_32_hex_digits_can_be_an_md5() {
        assert!(is_md5_etag("d41d8cd98f00b204e9800998ecf8427e"));
        for etag in [
            "",
            "d41d8cd98f00b204e9800998ecf8427",
            "d41d8cd98f00b204e9800998ecf8427e-2",
            "z41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert!(!is_md5_etag(etag), "{etag}");
        }
    }

    #[test]
    fn keys_that_browsers_can_address_pass() {
        let longest = "中".repeat(341) + "a";
        for key in [
            "a",
            "a b+c%.bin",
            "目录/文件 😀.bin",
            "a//b",
            "/a/",
            "a/...",
            ".hidden",
            "a..b/c.",
            "%2e%2e/a",
            &longest,
        ] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
    }

    #[test]
    fn keys_that_browsers_cannot_address_are_refused() {
        let too_long = "中".repeat(342);
        for key in ["", ".", "..", "a/../b", "./a", "a/.", "a\0b", "a\nb", "a\u{85}b", &too_long] {
            assert_eq!(check_key(key).map_err(|error| error.code), Err(Code::BadKey), "{key:?}");
        }
    }
}
