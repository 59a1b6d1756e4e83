//! Who performs create, sign, list, complete, abort and head, and in which steps. Each backend turns an [`Op`] into
//! steps for the shell and reads the replies; none of them keeps state, waits or retries.

pub mod callbacks;
pub mod companion;
pub mod direct;
#[cfg(test)]
mod fixture;
pub mod form;

use super::checkpoint::KeptObject;
use super::config::Config;
use super::error::{Code, Operation};
use super::fingerprint::FileInfo;
use super::hash::Md5Digest;
use super::http::{HttpReply, HttpRequest, Method, without_query};
use super::plan::Plan;
use super::retry::{Asked, Fault, Verdict, decide};
use super::store::{
    Completed, Created, Kind, ListedPart, MAX_KEY_BYTES, MAX_UPLOAD_ID_BYTES, ObjectInfo, PartPage,
    StoreError, StoreRequest,
};
use super::time::parse_http_date;
use super::units::{ByteRange, Millis, PartNumber, UnixMillis};
use std::fmt;

/// What is uploaded, and under which name.
#[derive(Clone, Debug)]
pub struct Target {
    /// The file.
    pub file: FileInfo,
    /// The key asked for. A backend may make another.
    pub key: String,
    /// Asked for by the page, rather than taken from the file's name.
    pub key_is_explicit: bool,
    /// Stored with the object.
    pub metadata: Vec<(String, String)>,
    /// Its name with the folders it was chosen in, where it was.
    pub path: Option<String>,
}

/// A multipart upload at the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The object's key.
    pub key: String,
    /// The store's id of the multipart upload.
    pub upload_id: String,
}

/// A part to sign a URL for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartAsk {
    /// Which part.
    pub number: PartNumber,
    /// Its bytes.
    pub range: ByteRange,
    /// Base64 MD5, when it is to be sent as `Content-MD5`.
    pub content_md5: Option<String>,
}

/// One thing to have done for an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Start a multipart upload.
    Create,
    /// Get URLs for parts; more than one only where [`Backend::batch`] allows.
    SignParts(Vec<PartAsk>),
    /// Get a URL for the whole object in one request.
    SignObject {
        /// Base64 MD5, when it is to be sent as `Content-MD5`.
        content_md5: Option<String>,
    },
    /// List the parts the store has, after a marker.
    ListParts(Option<PartNumber>),
    /// Put the parts together.
    Complete(Vec<(PartNumber, String)>),
    /// Remove the multipart upload.
    Abort,
    /// Ask for the object itself.
    Head,
    /// Ask whether the content of this MD5 is there already; only where [`Backend::finds`].
    Find(Md5Digest),
    /// Ask whether an object is still as it was stored; only where [`Backend::keeps_keys`].
    Revisit(KeptObject),
}

impl Op {
    /// The operation's name in errors and events.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Create => Operation::Create,
            Self::SignParts(_) | Self::SignObject { .. } => Operation::Sign,
            Self::ListParts(_) => Operation::ListParts,
            Self::Complete(_) => Operation::Complete,
            Self::Abort => Operation::Abort,
            Self::Head => Operation::Head,
            Self::Find(_) | Self::Revisit(_) => Operation::Find,
        }
    }
}

/// A URL ready to be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The request, body included.
    pub request: HttpRequest,
    /// How long the URL lives from now, where known.
    pub good_for: Option<Millis>,
    /// The object's key, where the backend made it (single requests).
    pub key: Option<String>,
}

/// What the shell has to do next for an operation.
#[derive(Clone, Debug)]
pub enum Step {
    /// Call the page's server, with the page's headers.
    Backend(HttpRequest),
    /// The same, for the URL of a whole object, which may have been asked for before: [`Backend::several_objects`].
    Object(HttpRequest),
    /// Send a signed request to the store.
    Store(HttpRequest),
    /// Have a request signed, by the page or with its credentials.
    Sign(StoreRequest),
    /// Call one of the page's functions.
    Page(PageCall),
}

impl Step {
    /// Who is asked.
    pub fn asked(&self) -> Asked {
        if matches!(self, Self::Store(_)) { Asked::Store } else { Asked::Backend }
    }
}

/// A call of one of the page's functions (option `backend`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PageCall {
    Create { key: String },
    SignPart { session: Session, ask: PartAsk },
    SignParts { session: Session, asks: Vec<PartAsk> },
    Object { key: String, content_md5: Option<String> },
    ListParts { session: Session },
    Complete { session: Session, parts: Vec<(PartNumber, String)> },
    Abort { session: Session },
    Find { key: String, md5: Md5Digest },
    Identify,
    Check { response: String, chunks: usize },
    Merge { identifier: String, response: Option<String> },
}

/// What one of the page's functions gave back, read into types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PageReply {
    Created(Created),
    /// In the order asked for; `None` for a part that got none.
    SignedParts(Vec<Option<SignedUrl>>),
    Object(ObjectUrl),
    Listed(Vec<ListedPart>),
    Completed(Completed),
    Aborted,
    /// `None`: there is no such content.
    Found(Option<Completed>),
    Identified(String),
    /// The chunks the server has.
    Held(Vec<PartNumber>),
}

/// A presigned URL as a page or a server hands it out. Its `Debug` form hides the query, which holds the signature.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignedUrl {
    /// Absolute URL.
    pub url: String,
    /// Headers to send.
    pub headers: Vec<(String, String)>,
    /// Life in seconds, where told.
    pub expires: Option<u64>,
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(without_query(&self.url))
    }
}

impl SignedUrl {
    fn good_for(&self) -> Option<Millis> {
        self.expires.or_else(|| query_number(&self.url, "X-Amz-Expires=")).map(Millis::from_secs)
    }
}

/// Where a whole object goes: a URL to PUT to, or a form to POST. Its `Debug` form hides the fields, which hold the
/// policy and its signature.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ObjectUrl {
    /// The URL.
    pub signed: SignedUrl,
    /// The fields of a form; `None` for a PUT.
    pub fields: Option<Vec<(String, String)>>,
    /// The key, where told.
    pub key: Option<String>,
}

impl fmt::Debug for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signed.fmt(f)
    }
}

/// What came back for a [`Step`].
#[derive(Clone, Debug)]
pub enum StepReply {
    /// From a server or the store.
    Http(HttpReply),
    /// For [`Step::Sign`], and for the page's `signPart`.
    Signed(SignedUrl),
    /// From a function of the page.
    Page(PageReply),
}

/// What an operation has come to.
#[derive(Clone, Debug)]
pub enum Next {
    /// One more step.
    Step(Step),
    /// It is done.
    Done(Done),
}

/// The result of an operation.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Done {
    Created(Created),
    Signed(Vec<(PartNumber, Signed)>),
    Listed(PartPage),
    Completed(Completed),
    Aborted,
    /// `None`: there is no such object.
    Head(Option<ObjectInfo>),
    /// `None`: there is no such content.
    Found(Option<Completed>),
    /// The part need not be sent: it is there.
    Held(PartNumber),
    /// The backend has no such operation.
    Unsupported,
}

/// What an operation is about.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// File, key, metadata.
    pub target: &'a Target,
    /// Empty before it is created.
    pub session: Option<&'a Session>,
    /// Part geometry.
    pub plan: &'a Plan,
    /// What the page wants.
    pub config: &'a Config,
    /// Names the content, before there is a session: its MD5 or its fingerprint.
    pub identifier: &'a str,
    /// What the last part that was sent was answered with, where that is of interest.
    pub response: Option<&'a str>,
}

impl Context<'_> {
    fn session(&self) -> Session {
        self.session.cloned().unwrap_or_else(|| Session { key: String::new(), upload_id: String::new() })
    }

    fn whole(&self) -> ByteRange {
        ByteRange { start: 0, end: self.plan.size() }
    }

    fn content_type(&self) -> Option<&str> {
        Some(self.target.file.mime.as_str()).filter(|t| !t.is_empty())
    }
}

/// Parts signed in one call, where that can be done.
const BATCH: usize = 8;

/// The ways to have things done.
#[derive(Debug)]
pub enum Backend {
    /// A signing server that speaks Uppy Companion's routes.
    Companion(companion::Companion),
    /// Straight to a store of this kind, each request signed by the page or with its credentials.
    Direct(Kind),
    /// The page's own functions.
    Callbacks(callbacks::Callbacks),
    /// A chunk endpoint.
    Form(Box<form::Form>),
}

impl Backend {
    /// The first step of an operation.
    pub fn start(&self, op: &Op, context: &Context<'_>) -> Result<Next, Fault> {
        match self {
            Self::Companion(companion) => companion.start(op, context),
            Self::Direct(kind) => direct::start(*kind, op, context),
            Self::Callbacks(callbacks) => callbacks.start(op, context),
            Self::Form(form) => form.start(op, context),
        }
    }

    /// What follows from a step's reply.
    pub fn next(&self, op: &Op, context: &Context<'_>, reply: StepReply) -> Result<Next, Fault> {
        let next = match self {
            Self::Companion(companion) => companion.next(op, context, reply),
            Self::Direct(kind) => direct::next(*kind, op, context, reply),
            Self::Callbacks(callbacks) => callbacks.next(op, context, reply),
            Self::Form(form) => form.next(op, context, reply),
        }?;
        match &next {
            // Both are remembered in a storage that has little room.
            Next::Done(Done::Created(created))
                if created.key.len() > MAX_KEY_BYTES || created.upload_id.len() > MAX_UPLOAD_ID_BYTES =>
            {
                Err(bad("a key or an upload id that is too long"))
            }
            _ => Ok(next),
        }
    }

    /// Whose protocol the store speaks, where that is known here.
    pub fn store(&self) -> Option<Kind> {
        match self {
            Self::Direct(kind) => Some(*kind),
            Self::Companion(_) | Self::Callbacks(_) | Self::Form(_) => None,
        }
    }

    /// What to do about a failed request, by `core::retry`'s table. A chunk endpoint has no session that could be lost.
    pub fn decide(&self, operation: Operation, asked: Asked, fault: &Fault) -> Verdict {
        let verdict = decide(operation, asked, fault);
        let Some(form) = self.as_form() else { return verdict };
        match (fault, verdict) {
            (Fault::Page { status: Some(status), .. }, _) if form.permanent.contains(status) => {
                Verdict::Fail(Code::Backend)
            }
            (_, Verdict::SessionLost | Verdict::Relist) => Verdict::Fail(Code::Backend),
            _ => verdict,
        }
    }

    /// How many parts may be signed in one call.
    pub fn batch(&self) -> usize {
        match self {
            Self::Companion(_) => BATCH,
            Self::Callbacks(callbacks) if callbacks.has_batch => BATCH,
            Self::Direct(_) | Self::Callbacks(_) | Self::Form(_) => 1,
        }
    }

    /// The question for a whole object's URL, as one of several: only where the backend may take several at once.
    pub fn one_of_several(&self, context: &Context<'_>) -> Option<String> {
        match self {
            Self::Companion(_) => Some(companion::description(context)),
            Self::Direct(_) | Self::Callbacks(_) | Self::Form(_) => None,
        }
    }

    /// Asks for the URLs of several whole objects at once: all their questions, with commas between them.
    pub fn several_objects(&self, asks: &str) -> Option<HttpRequest> {
        match self {
            Self::Companion(companion) => Some(companion.several_objects(asks)),
            Self::Direct(_) | Self::Callbacks(_) | Self::Form(_) => None,
        }
    }

    /// The answers to so many of them, each as if it had come alone, and how long its URL lives, where that is told.
    pub fn several_answers(
        &self,
        reply: &HttpReply,
        count: usize,
    ) -> Option<Vec<(HttpReply, Option<Millis>)>> {
        match self {
            Self::Companion(_) => companion::several_answers(reply, count),
            Self::Direct(_) | Self::Callbacks(_) | Self::Form(_) => None,
        }
    }

    /// A chunk endpoint, which keeps its own account of what it has: no record of ours says more, and parts have no ETags.
    pub fn as_form(&self) -> Option<&form::Form> {
        match self {
            Self::Form(form) => Some(form),
            Self::Companion(_) | Self::Direct(_) | Self::Callbacks(_) => None,
        }
    }

    /// Who takes the parts.
    pub fn takes_parts(&self) -> Asked {
        if self.as_form().is_some() { Asked::Backend } else { Asked::Store }
    }

    /// Whether it can tell that it has some content already: a store by its key, which must be known.
    pub fn finds(&self) -> bool {
        match self {
            Self::Callbacks(callbacks) => callbacks.has_find,
            Self::Companion(_) | Self::Direct(_) => true,
            Self::Form(_) => false,
        }
    }

    /// Whether objects get exactly the key asked for.
    pub fn keeps_keys(&self) -> bool {
        matches!(self, Self::Direct(_))
    }

    /// Whether small files can go in one request.
    pub fn takes_objects(&self) -> bool {
        match self {
            Self::Callbacks(callbacks) => callbacks.has_object,
            Self::Companion(_) | Self::Direct(_) => true,
            Self::Form(_) => false,
        }
    }
}

/// The fault in a reply that is no success.
pub fn reply_fault(reply: &HttpReply, error: StoreError) -> Fault {
    Fault::Reply { status: reply.status, error, retry_after: retry_after(reply) }
}

/// `Retry-After` in seconds or as a date, which counts from the reply's own `Date` (RFC 9110, 10.2.3).
fn retry_after(reply: &HttpReply) -> Option<Millis> {
    let value = reply.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Millis::from_secs(seconds));
    }
    let until = parse_http_date(value)?;
    let date = server_time(reply)?;
    Some(Millis(until.0.saturating_sub(date.0)))
}

/// The reply's `Date`, where CORS exposes it.
pub fn server_time(reply: &HttpReply) -> Option<UnixMillis> {
    parse_http_date(reply.header("date")?)
}

fn bad(what: &str) -> Fault {
    Fault::BadReply(what.into())
}

fn query_number(url: &str, name: &str) -> Option<u64> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name))?.parse().ok()
}

/// Headers that were signed must be sent, whatever else a signer names.
fn add_missing(headers: &mut Vec<(String, String)>, signed: &[(String, String)]) {
    for (name, value) in signed {
        if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
            headers.push((name.clone(), value.clone()));
        }
    }
}

/// Stores check `Content-MD5` whether or not it was signed.
fn add_md5(headers: &mut Vec<(String, String)>, md5: Option<&String>) {
    if let Some(md5) = md5 {
        add_missing(headers, &[("Content-MD5".into(), md5.clone())]);
    }
}

/// The request for a part or an object at a presigned URL.
fn put(signed: &SignedUrl, range: ByteRange) -> HttpRequest {
    HttpRequest {
        method: Method::Put,
        url: signed.url.clone(),
        headers: signed.headers.clone(),
        body: super::http::Body::File(range),
    }
}

/// The request for a whole object, PUT or form.
fn object_request(object: &ObjectUrl, context: &Context<'_>) -> Signed {
    let good_for = object.signed.good_for();
    let request = match &object.fields {
        Some(fields) => HttpRequest {
            method: Method::Post,
            url: object.signed.url.clone(),
            headers: object.signed.headers.clone(),
            body: super::http::Body::Form {
                fields: fields.clone(),
                file_field: "file".into(),
                range: context.whole(),
            },
        },
        None => {
            let mut request = put(&object.signed, context.whole());
            let named = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if let (false, Some(mime)) = (named, context.content_type()) {
                request.headers.push(("Content-Type".into(), mime.into()));
            }
            request
        }
    };
    Signed { request, good_for, key: object.key.clone() }
}
