//! One error type. `code` is stable and documented; `message` says what happened; `hint` what to do about it.

use super::units::PartNumber;
use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// What went wrong, by its stable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// An option is missing, unknown or out of range.
    BadOption,
    /// The key cannot be addressed from a browser (empty, too long, `.` or `..` segments).
    BadKey,
    /// The file is larger than the store or a limit allows.
    TooLarge,
    /// The file changed on disk after it was chosen.
    FileChanged,
    /// The file is gone or may no longer be read.
    FileUnreadable,
    /// No connection could be made for as long as the retry budget lasts.
    Network,
    /// Offline for longer than `offlineTimeout`.
    OfflineTimeout,
    /// Connections open, but no bytes move.
    Stalled,
    /// Presigned URLs are refused as expired even when fresh.
    UrlExpired,
    /// The store or the backend refuses: wrong credentials, policy, or sign-in.
    Denied,
    /// The store keeps asking to slow down.
    Throttled,
    /// The store answered with an error that trying again does not mend.
    Store,
    /// The store's CORS rule hides the `ETag` header.
    EtagHidden,
    /// What the store holds is not what was sent.
    ChecksumMismatch,
    /// An object is at the key already, and must not be replaced.
    Exists,
    /// The multipart upload vanished and could not be started again.
    SessionLost,
    /// What was to be discarded is being sent, by another tab or this page.
    Locked,
    /// The page's backend (server or callbacks) failed or answered nonsense.
    Backend,
    /// Cancelled by the page or the user.
    Cancelled,
}

impl Code {
    /// The name JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadOption => "bad-option",
            Self::BadKey => "bad-key",
            Self::TooLarge => "too-large",
            Self::FileChanged => "file-changed",
            Self::FileUnreadable => "file-unreadable",
            Self::Network => "network",
            Self::OfflineTimeout => "offline-timeout",
            Self::Stalled => "stalled",
            Self::UrlExpired => "url-expired",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Store => "store",
            Self::EtagHidden => "etag-hidden",
            Self::ChecksumMismatch => "checksum-mismatch",
            Self::Exists => "exists",
            Self::SessionLost => "session-lost",
            Self::Locked => "locked",
            Self::Backend => "backend",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What was being done when it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation {
    Configure,
    Add,
    Read,
    Hash,
    Create,
    Sign,
    PutPart,
    PutObject,
    ListParts,
    Complete,
    Abort,
    Head,
    Find,
}

impl Operation {
    /// The name JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Add => "add",
            Self::Read => "read",
            Self::Hash => "hash",
            Self::Create => "create",
            Self::Sign => "sign",
            Self::PutPart => "put-part",
            Self::PutObject => "put-object",
            Self::ListParts => "list-parts",
            Self::Complete => "complete",
            Self::Abort => "abort",
            Self::Head => "head",
            Self::Find => "find",
        }
    }
}

/// An error as the page gets it. One word, since it travels in many results: copying it whole in each `?` costs code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadError(Box<Details>);

/// What an [`UploadError`] tells. Holds no URL and no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Stable code.
    pub code: Code,
    /// What was being done.
    pub operation: Operation,
    /// What happened, in English.
    pub message: String,
    /// What the developer should do; empty when nothing can be said.
    pub hint: Cow<'static, str>,
    /// The part concerned.
    pub part: Option<PartNumber>,
    /// HTTP status, when there was a reply.
    pub status: Option<u16>,
    /// The store's request id, to quote to its support.
    pub request_id: Option<String>,
    /// What a function of the page threw.
    pub cause: Option<Cause>,
}

/// Names something a function of the page threw, which only the page can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause(pub u64);

impl UploadError {
    /// An error without part, status and request id.
    pub fn new(code: Code, operation: Operation, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            code,
            operation,
            message: message.into(),
            hint: Cow::Borrowed(""),
            part: None,
            status: None,
            request_id: None,
            cause: None,
        }))
    }

    /// Only what happened.
    pub fn into_message(self) -> String {
        self.0.message
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl Deref for UploadError {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for UploadError {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UploadError {}
