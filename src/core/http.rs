//! Requests and replies as plain data: what `core` wants sent and what it is told came back.

use super::units::ByteRange;
use std::fmt;

/// The HTTP methods the supported protocols use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Head,
}

impl Method {
    /// The method as it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Text with its content type; an empty type sends no `Content-Type` header.
    Text {
        /// The value of `Content-Type`.
        content_type: &'static str,
        /// The text, sent as UTF-8.
        text: String,
    },
    /// A slice of the file, streamed from disk by the browser.
    File(ByteRange),
    /// A form post (`multipart/form-data`): fields first, then the slice.
    Form {
        /// Fields in order.
        fields: Vec<(String, String)>,
        /// The name of the field with the slice.
        file_field: String,
        /// The slice of the file.
        range: ByteRange,
    },
}

/// One request. Its `Debug` form hides the query, which holds signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Absolute or page-relative URL. May hold a signature: never log, store or show it.
    pub url: String,
    /// Headers beside `Content-Type` of a text body.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), without_query(&self.url))
    }
}

/// An address as it may be shown and stored: the query of one that is signed is a secret.
pub fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// A reply with a status. Bodies are cut at [`MAX_REPLY_BYTES`] by whoever reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpReply {
    /// Status, 100 to 599.
    pub status: u16,
    /// Header names in lower case with their values; only those CORS exposes.
    pub headers: Vec<(String, String)>,
    /// Body text; empty for replies without one.
    pub body: String,
}

/// Replies larger than this are cut off: no list page, error or JSON reply of the supported protocols comes near.
pub const MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

impl HttpReply {
    /// A header's value by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why a request brought no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// Status 0: refused, reset, DNS, or a reply that CORS hides.
    Network,
    /// We aborted it.
    Aborted,
    /// The file could not be read: the DOM exception's name, such as `NotReadableError`.
    File(String),
}
