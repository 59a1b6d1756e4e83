//! What to do about a failed request: one table, by operation and outcome, and the back-off between attempts.
//!
//! Sources: the stores' error documents (S3 "Error responses", and the retry tables of the vendors' own SDKs); the
//! full-jitter back-off is Marc Brooker's ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

use super::error::{Cause, Code, Operation, UploadError};
use super::http::NoReply;
use super::store::StoreError;
use super::text::redact::redact;
use super::units::{Instant, Millis};
use std::borrow::Cow;

/// Who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The object store, through a presigned URL.
    Store,
    /// The page's own server or callbacks.
    Backend,
}

/// How a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No reply at all.
    NoReply(NoReply),
    /// No byte moved for the stall timeout.
    Stalled,
    /// All bytes went out, or a control call was made, and no reply came in time.
    ReplyTimeout,
    /// A reply with an error status, or a success status with an error in its body.
    Reply {
        /// HTTP status.
        status: u16,
        /// What the body said.
        error: StoreError,
        /// `Retry-After`.
        retry_after: Option<Millis>,
    },
    /// A chunk endpoint did not take a chunk.
    Chunk {
        /// HTTP status.
        status: u16,
        /// What the body said.
        error: StoreError,
        /// `Retry-After`.
        retry_after: Option<Millis>,
        /// It calls this final.
        permanent: bool,
    },
    /// A success that lacks what it must hold; says what.
    BadReply(String),
    /// The store took the part, and CORS hides its ETag.
    EtagHidden,
    /// The store's ETag is not the MD5 of what was read.
    Mismatch,
    /// The store's checksum of the whole object is not the file's.
    Damaged,
    /// A function of the page threw or rejected.
    Page {
        /// `status` of what was thrown, if it had one.
        status: Option<u16>,
        /// Its message.
        message: String,
        /// The thing itself.
        cause: Option<Cause>,
    },
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same again, later. `code` is what it fails with when the budget is spent.
    Retry {
        /// Code when given up.
        code: Code,
        /// The other side is overloaded: fewer requests at a time.
        congested: bool,
    },
    /// Again at once with a fresh signature; given up after a few, since a fresh signature should work.
    Resign {
        /// Code when given up.
        code: Code,
    },
    /// Again with fresh credentials; given up after a few.
    RefreshCredentials,
    /// The multipart upload is gone: look whether the object exists, else start a new one.
    SessionLost,
    /// The store does not know a part we count on: list again.
    Relist,
    /// Trying again does not help.
    Fail(Code),
}

/// Fresh signatures (or credentials, or bodies after a checksum error) tried in a row before giving up.
pub const MAX_RESIGNS: u32 = 3;
/// Attempts at something that has not worked once since the page was opened: likelier misconfigured than unlucky.
pub const MAX_FIRST_ATTEMPTS: u32 = 5;
/// Answers 500 of a backend to a listing or a completion after which the upload id itself is suspected: Companion answers so
/// for a stale one.
pub const MAX_LISTINGS: u32 = 3;

/// The table.
pub fn decide(operation: Operation, asked: Asked, fault: &Fault) -> Verdict {
    let ours = if asked == Asked::Backend { Code::Backend } else { Code::Store };
    match fault {
        Fault::NoReply(NoReply::File(name)) => Verdict::Fail(file_code(name)),
        Fault::NoReply(_) => Verdict::Retry { code: Code::Network, congested: false },
        Fault::Stalled | Fault::ReplyTimeout => Verdict::Retry { code: Code::Stalled, congested: true },
        Fault::EtagHidden => Verdict::Fail(Code::EtagHidden),
        Fault::Mismatch => Verdict::Resign { code: Code::ChecksumMismatch },
        Fault::Damaged => Verdict::Fail(Code::ChecksumMismatch),
        Fault::Chunk { status, permanent: true, .. } => Verdict::Fail(match status {
            401 | 403 => Code::Denied,
            413 => Code::TooLarge,
            _ => Code::Backend,
        }),
        Fault::Chunk { status, .. } => Verdict::Retry {
            code: match status {
                401 | 403 => Code::Denied,
                429 | 503 => Code::Throttled,
                _ => Code::Backend,
            },
            congested: matches!(status, 408 | 429 | 503),
        },
        Fault::BadReply(_) => Verdict::Retry { code: ours, congested: false },
        // A function that throws without a status has most likely found no connection, or a server that fails.
        Fault::Page { status, message, .. } => {
            by_status(operation, asked, status.unwrap_or(500), code_in(message), "")
        }
        Fault::Reply { status, error, .. } => {
            by_status(operation, asked, *status, &error.code, &error.message)
        }
    }
}

/// A file that may not be read any more, by the DOM exception's name. Browsers say `NotReadableError` when the file's
/// date or size is no longer what it was when it was chosen.
pub fn file_code(exception: &str) -> Code {
    if exception == "NotReadableError" { Code::FileChanged } else { Code::FileUnreadable }
}

/// What pages quote of a store's refusal when the session needs mending.
fn code_in(message: &str) -> &'static str {
    ["NoSuchUpload", "InvalidPart"].into_iter().find(|code| message.contains(code)).unwrap_or_default()
}

fn by_status(operation: Operation, asked: Asked, status: u16, code: &str, message: &str) -> Verdict {
    let ours = if asked == Asked::Backend { Code::Backend } else { Code::Store };
    match code {
        "NoSuchUpload" => return Verdict::SessionLost,
        _ if is_expiry(code) => return Verdict::RefreshCredentials,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => {
            return Verdict::Resign { code: Code::UrlExpired };
        }
        "SignatureDoesNotMatch" => return Verdict::Resign { code: Code::Denied },
        "BadDigest" | "InvalidDigest" => return Verdict::Resign { code: Code::ChecksumMismatch },
        "InvalidPart" if operation == Operation::Complete => return Verdict::Relist,
        "SlowDown" | "Throttling" | "ThrottlingException" | "TooManyRequests" => {
            return Verdict::Retry { code: Code::Throttled, congested: true };
        }
        "RequestTimeout" | "InternalError" | "OperationAborted" => {
            return Verdict::Retry { code: ours, congested: false };
        }
        "EntityTooLarge" => return Verdict::Fail(Code::TooLarge),
        "KeyTooLongError" | "BadKey" => return Verdict::Fail(Code::BadKey),
        _ => {}
    }
    match status {
        400 | 403 if asked == Asked::Store && tells_of_age(message) => {
            Verdict::Resign { code: Code::UrlExpired }
        }
        // Some stores say no more than 403 about an expired or skewed signature.
        401 | 403 if asked == Asked::Store => Verdict::Resign { code: Code::Denied },
        // The page's headers are asked for again on each attempt, until a sign-in was renewed; that may take a user.
        401 => Verdict::Retry { code: Code::Denied, congested: false },
        403 => Verdict::Fail(Code::Denied),
        // Where a store says no more than 404, a signing server in between may take the key for what is missing.
        404 if needs_session(operation) && matches!(code, "" | "NoSuchKey") => Verdict::SessionLost,
        408 => Verdict::Retry { code: ours, congested: true },
        // The upload is then to be begun anew, says Amazon; unless it is there.
        409 if code == "ConditionalRequestConflict" && operation == Operation::Complete => Verdict::Relist,
        409 if code.ends_with("AlreadyExists") => Verdict::Fail(Code::Exists),
        409 => Verdict::Retry { code: ours, congested: false },
        412 => Verdict::Fail(Code::Exists),
        413 => Verdict::Fail(Code::TooLarge),
        429 | 503 => Verdict::Retry { code: Code::Throttled, congested: true },
        501 => Verdict::Fail(ours),
        200..=299 | 500..=599 => Verdict::Retry { code: ours, congested: false },
        _ => Verdict::Fail(ours),
    }
}

/// What stores say of credentials that have ended.
fn is_expiry(code: &str) -> bool {
    matches!(
        code,
        "ExpiredToken"
            | "SecurityTokenExpired"
            | "InvalidAccessKeyId"
            | "TokenRefreshRequired"
            | "InvalidToken"
    )
}

fn needs_session(operation: Operation) -> bool {
    use Operation::{Abort, Complete, ListParts, PutPart, Sign};
    matches!(operation, PutPart | ListParts | Complete | Sign | Abort)
}

/// How often one request has failed, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Failures in a row.
    pub attempts: u32,
    /// Of these, the ones a fresh signature should have mended.
    pub resigns: u32,
    /// When the first of them happened.
    pub since: Option<Instant>,
}

/// Who has answered with a success before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// The store.
    pub store: bool,
    /// The page's server or functions.
    pub backend: bool,
}

impl Worked {
    /// Whether this one has.
    pub fn has(self, asked: Asked) -> bool {
        if asked == Asked::Backend { self.backend } else { self.store }
    }

    /// It has now.
    pub fn note(&mut self, asked: Asked) {
        if asked == Asked::Backend {
            self.backend = true;
        } else {
            self.store = true;
        }
    }
}

/// What the retry budget is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How long to go on while nothing advances.
    pub retry_for: Millis,
    /// When bytes last advanced anywhere in this upload.
    pub advanced: Instant,
    /// Whoever was asked has answered with a success before, or taken most of a body.
    pub has_worked: bool,
}

impl Tries {
    /// Counts a failure. Returns whether to try again.
    pub fn count(&mut self, verdict: Verdict, budget: &Budget, now: Instant) -> bool {
        self.attempts = self.attempts.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        match verdict {
            Verdict::Retry { .. } => {
                (budget.has_worked || self.attempts < MAX_FIRST_ATTEMPTS)
                    && now.since(since.max(budget.advanced)) < budget.retry_for
            }
            Verdict::Resign { .. } | Verdict::RefreshCredentials => {
                self.resigns = self.resigns.saturating_add(1);
                self.resigns <= MAX_RESIGNS
            }
            Verdict::SessionLost | Verdict::Relist | Verdict::Fail(_) => false,
        }
    }
}

/// Random numbers for back-off, from a seed: the same seed, the same waits (xorshift64*, Vigna 2016).
#[derive(Clone, Debug)]
pub struct Jitter(u64);

const BASE: u64 = 500;
const CAP: u64 = 30_000;
/// After losing the network, shorter: coming back should be noticed soon.
const NETWORK_CAP: u64 = 10_000;
const MAX_RETRY_AFTER: Millis = Millis(300_000);

impl Jitter {
    /// Any seed will do.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// The wait before the next attempt: random between 0 and 500 ms · 2ⁿ, at most 30 s (10 s without a reply), never
    /// below what the other side asked for (of which at most 5 minutes are honoured).
    pub fn wait(&mut self, attempts: u32, fault: &Fault) -> Millis {
        let cap = if matches!(fault, Fault::NoReply(_)) { NETWORK_CAP } else { CAP };
        let ceiling = BASE.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(cap);
        let asked = match fault {
            Fault::Reply { retry_after: Some(wait), .. } | Fault::Chunk { retry_after: Some(wait), .. } => {
                (*wait).min(MAX_RETRY_AFTER)
            }
            _ => Millis(0),
        };
        Millis(self.next() % (ceiling + 1)).max(asked)
    }
}

/// The error a page sees when a fault is final.
pub fn describe(operation: Operation, asked: Asked, code: Code, fault: &Fault) -> UploadError {
    let who = if asked == Asked::Backend { "the upload backend" } else { "the store" };
    let mut message = String::from(operation.as_str());
    message.push_str(": ");
    let mut error = UploadError::new(code, operation, "");
    match fault {
        Fault::NoReply(NoReply::File(name)) => {
            message.push_str("the file can no longer be read (");
            message.push_str(name);
            message.push(')');
        }
        Fault::NoReply(_) => {
            message.push_str("no connection to ");
            message.push_str(who);
            message.push_str(", or its CORS rule refuses this page");
        }
        Fault::Stalled => message.push_str("no bytes moved"),
        Fault::ReplyTimeout => {
            message.push_str(who);
            message.push_str(" did not reply in time");
        }
        Fault::EtagHidden => message.push_str("the store's reply has no readable ETag header"),
        Fault::Mismatch => message.push_str("the store's checksum differs from that of the bytes read"),
        Fault::Damaged => message.push_str("the store's checksum of the object differs from the file's"),
        Fault::BadReply(what) => {
            message.push_str(who);
            message.push_str(" sent an unusable reply: ");
            message.push_str(what);
        }
        Fault::Page { status, message: text, cause } => {
            message.push_str(&redact(text));
            error.status = *status;
            error.cause = *cause;
        }
        Fault::Reply { status, error: reply, .. } | Fault::Chunk { status, error: reply, .. } => {
            message.push_str(who);
            message.push_str(" answered ");
            message.push_str(&status.to_string());
            for (before, text) in [(" ", &reply.code), (": ", &reply.message)] {
                if !text.is_empty() {
                    message.push_str(before);
                    message.push_str(&redact(text));
                }
            }
            error.status = Some(*status);
            error.request_id = reply.request_id.clone().filter(|id| is_request_id(id));
        }
    }
    error.message = message;
    error.hint = Cow::Borrowed(match fault {
        Fault::Page { .. } => {
            "A function of this page failed: headers, signRequest, store.credentials or one of backend."
        }
        Fault::Reply { error, .. } if is_expiry(&error.code) => {
            "The store calls the credentials expired or unknown though they were asked for anew: does a server or a proxy keep \
             old ones?"
        }
        _ => hint(code, asked),
    });
    error
}

/// Anything else in its place may be a whole request, quoted.
fn is_request_id(id: &str) -> bool {
    id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
}

/// What stores say to a URL that has expired: Garage 2.5 answers 400 `InvalidRequest` with the second.
fn tells_of_age(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("expired") || message.contains("date is too old")
}

/// For [`Code::Exists`].
pub const EXISTS_HINT: &str = "Choose another key, or none: then one is made that no other object has. To replace the object, set overwrite: true.";

fn hint(code: Code, asked: Asked) -> &'static str {
    match code {
        Code::EtagHidden => {
            "Add to the bucket's CORS rule: \"ExposeHeaders\": [\"ETag\"] (OSS, COS, BOS: Expose-Headers: ETag)."
        }
        Code::ChecksumMismatch => {
            "Something between the page and the store changes bytes, or the bucket encrypts with SSE-KMS or SSE-C, \
             whose ETags are no MD5s: then use verify: 'off'."
        }
        Code::FileChanged => {
            "The file was changed after it was chosen. Choose it again to upload what it holds now."
        }
        Code::FileUnreadable => "The file was moved, deleted or locked after it was chosen. Choose it again.",
        Code::Network if asked == Asked::Store => {
            "Check the connection, and that the bucket's CORS rule allows this page's origin with PUT, POST, GET, \
             DELETE and HEAD and all headers."
        }
        Code::Network => {
            "Check the connection, and that the backend runs and allows this page's origin. With endpoint: is that the base of \
             the signing routes?"
        }
        Code::Stalled => "Check the connection; a proxy may hold requests back.",
        Code::Denied if asked == Asked::Store => {
            "Check the signing credentials, their policy for this key, and the region and host that were signed."
        }
        Code::Denied => "Check the sign-in this page sends to the backend (option headers).",
        Code::UrlExpired => {
            "Check the clock of whoever signs (with store, this device), and sign for at least a minute."
        }
        Code::Throttled => "Lower the option parallel, or ask for a higher limit.",
        Code::Exists => EXISTS_HINT,
        Code::SessionLost => "Check whether a lifecycle rule or another program removes unfinished uploads.",
        Code::TooLarge => "Raise the limit of the backend or the store, or refuse such files in the page.",
        Code::Backend => {
            "Look at the server's own log for this request. With endpoint: is that the base of the signing routes?"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests;
