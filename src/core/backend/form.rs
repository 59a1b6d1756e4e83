//! A chunk endpoint as simple-uploader.js, flow.js and resumable.js have them: each chunk is a request of its own to one
//! address, with parameters that say which chunk of which file it is. There is no upload id: the file's identifier takes its
//! place, and the server itself knows what it has. Here, and only here, parts are called chunks.
//!
//! Sources: the READMEs and code of simple-uploader.js 0.6, flow.js 2.14 and resumable.js 1.1; for `skipUpload`, `uploaded` and
//! `needMerge`, what servers in wide use answer.

use super::{Context, Done, Next, Op, PageCall, PageReply, Signed, Step, StepReply, bad};
use crate::core::http::{Body, HttpReply, HttpRequest, Method, without_query};
use crate::core::retry::Fault;
use crate::core::store::{Completed, Created, ListedPart, PartPage, StoreError};
use crate::core::text::json::{self, Json};
use crate::core::text::percent_encode;
use crate::core::units::{ByteRange, PartNumber};

/// What takes the place of an ETag: the server has the chunk.
pub const HELD: &str = "-";

/// The type of bytes that have none.
pub const OCTETS: &str = "application/octet-stream";

/// How the parameters are called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Names {
    pub chunk_number: String,
    pub chunk_size: String,
    pub current_chunk_size: String,
    pub total_size: String,
    pub identifier: String,
    pub filename: String,
    pub relative_path: String,
    pub total_chunks: String,
    /// The file's content type; only resumable.js tells it.
    pub content_type: Option<String>,
}

impl Names {
    /// Those of simple-uploader.js.
    pub fn simple() -> Self {
        Self::prefixed("")
    }

    /// Those of flow.js.
    pub fn flow() -> Self {
        Self::prefixed("flow")
    }

    /// Those of resumable.js.
    pub fn resumable() -> Self {
        Self { content_type: Some("resumableType".into()), ..Self::prefixed("resumable") }
    }

    fn prefixed(prefix: &str) -> Self {
        let name = |name: &str| {
            let mut letters = name.chars();
            match (prefix, letters.next()) {
                ("", _) | (_, None) => name.to_owned(),
                (prefix, Some(first)) => {
                    [prefix, &first.to_ascii_uppercase().to_string(), letters.as_str()].concat()
                }
            }
        };
        Self {
            chunk_number: name("chunkNumber"),
            chunk_size: name("chunkSize"),
            current_chunk_size: name("currentChunkSize"),
            total_size: name("totalSize"),
            identifier: name("identifier"),
            filename: name("filename"),
            relative_path: name("relativePath"),
            total_chunks: name("totalChunks"),
            content_type: None,
        }
    }
}

/// How the server is asked what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Not at all.
    Off,
    /// Before each chunk, with a status of success for a chunk that is there.
    Each,
    /// Once for all, with a list.
    Once,
}

/// What puts the chunks together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The server, by itself.
    Off,
    /// A call of the server: a POST with JSON.
    Address(String),
    /// A function of the page.
    Page,
}

/// A chunk endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Form {
    pub target: String,
    pub names: Names,
    /// The name of the form field with the bytes.
    pub file_field: String,
    /// Sent with every request.
    pub query: Vec<(String, String)>,
    /// The bytes alone are the body, and the parameters in the address.
    pub octet: bool,
    pub method: Method,
    pub test_method: Method,
    /// The parameters are also in the address of a form.
    pub in_address_too: bool,
    pub test: Test,
    /// A function of the page reads the answer of [`Test::Once`].
    pub page_checks: bool,
    /// A function of the page makes the identifier.
    pub page_identifies: bool,
    pub merge: Merge,
    pub success: Vec<u16>,
    /// Statuses with which the file has failed; with all others, the request is made again.
    pub permanent: Vec<u16>,
    /// The same of tests; resumable.js knows none.
    pub permanent_in_tests: bool,
    /// What the bytes alone are called; `None`: the file's own type.
    pub octet_type: Option<&'static str>,
    /// The last chunk takes in what would be left over, so that it is one to two times as large.
    pub long_tail: bool,
}

impl Form {
    /// At an address, with the defaults of simple-uploader.js.
    pub fn new(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            names: Names::simple(),
            file_field: "file".into(),
            query: Vec::new(),
            octet: false,
            method: Method::Post,
            test_method: Method::Get,
            in_address_too: false,
            test: Test::Each,
            page_checks: false,
            page_identifies: false,
            merge: Merge::Off,
            success: vec![200, 201, 202],
            permanent: vec![404, 415, 500, 501],
            permanent_in_tests: true,
            octet_type: None,
            long_tail: true,
        }
    }

    pub(super) fn start(&self, op: &Op, context: &Context<'_>) -> Result<Next, Fault> {
        let step = match op {
            Op::Create if self.page_identifies => Step::Page(PageCall::Identify),
            Op::Create => return Ok(created(context, context.identifier.into())),
            Op::ListParts(_) if self.test == Test::Once => {
                Step::Backend(self.test_request(PartNumber::FIRST, context))
            }
            Op::ListParts(_) => return Ok(Next::Done(Done::Listed(PartPage::default()))),
            Op::SignParts(asks) => {
                let ask = asks.first().ok_or_else(|| bad("no chunk to send"))?;
                if self.test != Test::Each {
                    return Ok(self.sendable(ask.number, ask.range, context));
                }
                Step::Backend(self.test_request(ask.number, context))
            }
            Op::Complete(_) => match &self.merge {
                Merge::Off => return Ok(Next::Done(Done::Completed(Completed::default()))),
                Merge::Address(address) => Step::Backend(self.merge_request(address, context)),
                Merge::Page => Step::Page(PageCall::Merge {
                    identifier: context.session().upload_id,
                    response: context.response.map(str::to_owned),
                }),
            },
            // Nothing at the server has a name by which it could be removed.
            Op::Abort => return Ok(Next::Done(Done::Aborted)),
            Op::SignObject { .. } | Op::Head | Op::Find(_) | Op::Revisit(_) => {
                return Ok(Next::Done(Done::Unsupported));
            }
        };
        Ok(Next::Step(step))
    }

    pub(super) fn next(&self, op: &Op, context: &Context<'_>, reply: StepReply) -> Result<Next, Fault> {
        match (op, reply) {
            (Op::Create, StepReply::Page(PageReply::Identified(identifier))) => {
                Ok(created(context, identifier))
            }
            (Op::ListParts(_), StepReply::Http(reply)) => self.told(&reply, context),
            (Op::ListParts(_), StepReply::Page(PageReply::Held(numbers))) => {
                Ok(Next::Done(Done::Listed(page(numbers.into_iter()))))
            }
            (Op::SignParts(asks), StepReply::Http(reply)) => {
                let ask = asks.first().ok_or_else(|| bad("no chunk to send"))?;
                Ok(match self.is_there(&reply)? && tells_of(ask.number, &reply.body) {
                    true => Next::Done(Done::Held(ask.number)),
                    false => self.sendable(ask.number, ask.range, context),
                })
            }
            (Op::Complete(_), StepReply::Http(reply)) => {
                self.received(&reply).map_err(|fault| match fault {
                    // Chunks that arrived do not change; a sign-in, or a server that is busy with them, does.
                    Fault::Chunk { status: status @ 400..=499, error, retry_after, .. }
                        if !matches!(status, 401 | 403 | 407 | 408 | 409 | 423 | 425 | 429) =>
                    {
                        Fault::Chunk { status, error, retry_after, permanent: true }
                    }
                    fault => fault,
                })?;
                Ok(Next::Done(Done::Completed(object_in(&reply.body))))
            }
            (Op::Complete(_), StepReply::Page(PageReply::Completed(completed))) => {
                Ok(Next::Done(Done::Completed(completed)))
            }
            _ => Err(bad("a reply of another kind")),
        }
    }

    /// Whether a chunk, or the call to put them together, has been taken.
    ///
    /// # Errors
    /// What the server says, with a status that is no success, or in the JSON of one that is.
    pub fn received(&self, reply: &HttpReply) -> Result<(), Fault> {
        self.refused_for_good(reply)?;
        let complaint = complaint(&reply.body);
        if self.success.contains(&reply.status) && complaint.is_none() {
            // Where the sign-in has ended, a login page may come in place of the answer.
            return if is_page(&reply.body) { Err(bad("an HTML page")) } else { Ok(()) };
        }
        Err(self.fault(reply, complaint, false))
    }

    /// What a test tells: whatever is no success means that the chunk is not there, unless the server could not tell at all.
    fn is_there(&self, reply: &HttpReply) -> Result<bool, Fault> {
        if self.success.contains(&reply.status) {
            return self.received(reply).map(|()| true);
        }
        if self.permanent_in_tests {
            self.refused_for_good(reply)?;
        }
        match reply.status {
            401 | 403 | 407 | 408 | 429 | 500..=599 => Err(self.fault(reply, complaint(&reply.body), false)),
            _ => Ok(false),
        }
    }

    fn refused_for_good(&self, reply: &HttpReply) -> Result<(), Fault> {
        if self.permanent.contains(&reply.status) {
            return Err(self.fault(reply, complaint(&reply.body), true));
        }
        Ok(())
    }

    fn fault(&self, reply: &HttpReply, complaint: Option<String>, permanent: bool) -> Fault {
        let message = complaint.or_else(|| words(&reply.body)).unwrap_or_default();
        let error = StoreError { message, ..StoreError::default() };
        Fault::Chunk { status: reply.status, error, retry_after: super::retry_after(reply), permanent }
    }

    /// What the server has of the file, from its one answer for all chunks.
    fn told(&self, reply: &HttpReply, context: &Context<'_>) -> Result<Next, Fault> {
        if !self.is_there(reply)? {
            return Ok(Next::Done(Done::Listed(PartPage::default())));
        }
        let body = json::parse(&reply.body).unwrap_or(Json::Null);
        let told = unwrapped(&body);
        if matches!(told.get("skipUpload"), Some(Json::Bool(true))) {
            return Ok(Next::Done(Done::Found(Some(object_of(told)))));
        }
        if self.page_checks {
            return Ok(Next::Step(Step::Page(PageCall::Check {
                response: reply.body.clone(),
                chunks: context.plan.count(),
            })));
        }
        Ok(Next::Done(Done::Listed(page(uploaded(told).unwrap_or_default().into_iter()))))
    }

    fn sendable(&self, number: PartNumber, range: ByteRange, context: &Context<'_>) -> Next {
        let parameters = self.parameters(number, range, context);
        let mut headers = Vec::new();
        let (url, body) = if self.octet {
            let mime = self.octet_type.or(context.content_type()).unwrap_or(OCTETS);
            headers.push(("Content-Type".into(), mime.into()));
            (self.address(&parameters), Body::File(range))
        } else {
            let url = if self.in_address_too { self.address(&parameters) } else { self.target.clone() };
            (url, Body::Form { fields: parameters, file_field: self.file_field.clone(), range })
        };
        let request = HttpRequest { method: self.method, url, headers, body };
        Next::Done(Done::Signed(vec![(number, Signed { request, good_for: None, key: None })]))
    }

    fn test_request(&self, number: PartNumber, context: &Context<'_>) -> HttpRequest {
        let range = context.plan.part(number.index()).map_or(context.whole(), |(_, range)| range);
        let url = self.address(&self.parameters(number, range, context));
        HttpRequest { method: self.test_method, url, headers: Vec::new(), body: Body::Empty }
    }

    fn merge_request(&self, address: &str, context: &Context<'_>) -> HttpRequest {
        let file = &context.target.file;
        let mut text = String::from("{");
        for (name, value) in [
            (&self.names.identifier, json::quote(&context.session().upload_id)),
            (&self.names.filename, json::quote(&file.name)),
            (&self.names.relative_path, json::quote(path_of(context))),
            (&self.names.total_size, context.plan.size().to_string()),
            (&self.names.total_chunks, context.plan.count().to_string()),
            (&self.names.chunk_size, context.plan.part_size().to_string()),
        ] {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&json::quote(name));
            text.push(':');
            text.push_str(&value);
        }
        text.push('}');
        let body = Body::Text { content_type: "application/json", text };
        HttpRequest { method: Method::Post, url: address.into(), headers: Vec::new(), body }
    }

    fn parameters(
        &self,
        number: PartNumber,
        range: ByteRange,
        context: &Context<'_>,
    ) -> Vec<(String, String)> {
        let (names, file, plan) = (&self.names, &context.target.file, context.plan);
        let mut all = vec![
            (names.chunk_number.clone(), number.get().to_string()),
            (names.chunk_size.clone(), plan.part_size().to_string()),
            (names.current_chunk_size.clone(), range.len().to_string()),
            (names.total_size.clone(), plan.size().to_string()),
            (names.identifier.clone(), context.session().upload_id),
            (names.filename.clone(), file.name.clone()),
            (names.relative_path.clone(), path_of(context).into()),
            (names.total_chunks.clone(), plan.count().to_string()),
        ];
        if let Some(name) = &names.content_type {
            all.push((name.clone(), file.mime.clone()));
        }
        all.extend(self.query.iter().chain(&context.target.metadata).cloned());
        all
    }

    fn address(&self, parameters: &[(String, String)]) -> String {
        let mut url = self.target.clone();
        for (name, value) in parameters {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&percent_encode(name));
            url.push('=');
            url.push_str(&percent_encode(value));
        }
        url
    }
}

fn created(context: &Context<'_>, identifier: String) -> Next {
    Next::Done(Done::Created(Created { key: context.target.key.clone(), upload_id: identifier }))
}

/// With the folders it was chosen in.
fn path_of<'a>(context: &Context<'a>) -> &'a str {
    context.target.path.as_deref().unwrap_or(&context.target.file.name)
}

fn page(numbers: impl Iterator<Item = PartNumber>) -> PartPage {
    let part = |number| ListedPart { number, size: 0, etag: HELD.into() };
    PartPage { parts: numbers.map(part).collect(), next: None }
}

/// What a server says in JSON beside its status.
fn words(body: &str) -> Option<String> {
    let body = json::parse(body).ok()?;
    let names = ["message", "msg"];
    names
        .into_iter()
        .find_map(|name| body.get(name).and_then(Json::as_str))
        .map(|text| text.chars().take(500).collect())
}

fn is_page(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(9).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html")
}

/// The reason in JSON that tells of a failure, with whatever status: `{"result":false}`, `{"success":false}`, or an `error` or
/// `errors` that is something.
fn complaint(body: &str) -> Option<String> {
    let body = json::parse(body).ok()?;
    let says_no = |name| matches!(body.get(name), Some(Json::Bool(false)));
    let text =
        |name| body.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let message = || text("message").or_else(|| text("msg")).unwrap_or_default();
    let is_something = |json: &&Json| match json {
        Json::Null | Json::Bool(false) => false,
        Json::Number(number) => *number != 0.0,
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Bool(true) | Json::Object(_) => true,
    };
    match ["error", "errors"].into_iter().find_map(|name| body.get(name).filter(is_something)) {
        Some(Json::String(error)) => Some(error.clone()),
        Some(error) => Some(error.get("message").and_then(Json::as_str).map_or_else(message, str::to_owned)),
        None => (says_no("result") || says_no("success")).then(message),
    }
}

fn object_in(body: &str) -> Completed {
    object_of(unwrapped(&json::parse(body).unwrap_or(Json::Null)))
}

/// Many servers put what they have to say one level down.
fn unwrapped(body: &Json) -> &Json {
    body.get("data").filter(|data| matches!(data, Json::Object(_))).unwrap_or(body)
}

/// Whether an answer to the test for one chunk tells that this one is there. Most have no words for it; those of a server that
/// tells of all chunks at once are read, too.
fn tells_of(number: PartNumber, body: &str) -> bool {
    let body = json::parse(body).unwrap_or(Json::Null);
    let told = unwrapped(&body);
    match (told.get("skipUpload"), uploaded(told)) {
        (Some(Json::Bool(true)), _) => true,
        (_, Some(numbers)) => numbers.contains(&number),
        (Some(Json::Bool(false)), None) => false,
        (_, None) => true,
    }
}

/// The chunks that an answer lists.
fn uploaded(told: &Json) -> Option<Vec<PartNumber>> {
    let names = ["uploaded", "uploaded_chunks", "uploadedChunks"];
    let list = names.into_iter().find_map(|name| told.get(name).and_then(Json::as_array))?;
    let number = |json: &Json| {
        let number = json.as_u64().or_else(|| json.as_str()?.trim().parse().ok())?;
        PartNumber::new(u32::try_from(number).ok()?)
    };
    Some(list.iter().filter_map(number).collect())
}

/// What servers call the place of the whole file.
fn object_of(told: &Json) -> Completed {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| told.get(name).and_then(Json::as_str)).map(str::to_owned)
    };
    let location = text(&["location", "url"]).map(|address| without_query(&address).to_owned());
    Completed { location, key: text(&["key", "path"]), ..Completed::default() }
}

#[cfg(test)]
mod tests;
