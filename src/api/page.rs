//! The page's own functions: what they are given, and their replies read into types.

use super::credentials;
use super::error::keep_thrown;
use super::js::{Fields, function, get, number, pairs, record, text};
use super::options::Functions;
use super::uploader::Shared;
use crate::browser::blob::slice;
use crate::browser::driver::{Page, PageTask, Reply};
use crate::core::backend::{ObjectUrl, PageCall, PageReply, PartAsk, Session, SignedUrl, StepReply, Target};
use crate::core::engine::{CredentialsReply, UploadId};
use crate::core::retry::Fault;
use crate::core::store::{Completed, Created, ListedPart, StoreRequest, normalize_etag};
use crate::core::units::PartNumber;
use crate::core::upload::Event;
use js_sys::{Array, Function, Promise};
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, File};

/// Reads what a function of the page gave.
type Reader = Box<dyn FnOnce(&JsValue) -> Result<StepReply, Fault>>;

/// The page behind an uploader.
pub struct JsPage {
    pub functions: Functions,
    pub shared: Weak<Shared>,
}

impl Page for JsPage {
    fn sign(&self, request: &StoreRequest, reply: Reply<StepReply>) -> PageTask {
        let asked = |name: &str| request.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let part = asked("partNumber").and_then(|n| n.parse::<u32>().ok());
        let argument = Fields::new()
            .with("operation", request.operation.as_str())
            .with("method", request.method.as_str())
            .with("key", request.key.as_str())
            .with("query", record(&request.query))
            .with("headers", record(&request.headers))
            .with_some("uploadId", asked("uploadId"))
            .with_some("partNumber", part)
            .build();
        let sign = self.functions.sign_request.clone();
        let (task, reply) = Task::new(reply);
        let options = Fields::new().with("signal", task.signal()).build();
        let read = |value: &JsValue| Ok(StepReply::Signed(signed_url(value)?));
        ask("signRequest", sign, JsValue::UNDEFINED, &[argument, options], reply, read);
        Box::new(task)
    }

    fn call(
        &self,
        call: &PageCall,
        target: &Target,
        file: Option<&File>,
        reply: Reply<StepReply>,
    ) -> PageTask {
        let details = Fields::new()
            .with("name", target.file.name.as_str())
            .with("size", target.file.size as f64)
            .with("type", target.file.mime.as_str())
            .with("lastModified", target.file.last_modified as f64)
            .with("metadata", record(&target.metadata))
            .with_some("data", file.map(JsValue::from))
            .build();
        let of = |session: &Session| {
            Fields::new().with("uploadId", session.upload_id.as_str()).with("key", session.key.as_str())
        };
        let part = |fields: Fields, ask: &PartAsk| {
            let body = file.and_then(|file| slice(file, ask.range).ok());
            fields
                .with("partNumber", ask.number.get())
                .with("size", ask.range.len() as f64)
                .with_some("body", body)
                .with_some("contentMd5", ask.content_md5.as_deref())
        };
        let (name, argument, read): (_, Fields, Reader) = match call {
            PageCall::Create { key } => {
                ("createMultipartUpload", Fields::new().with("key", key.as_str()), Box::new(created))
            }
            PageCall::SignPart { session, ask } => (
                "signPart",
                part(of(session), ask),
                Box::new(|value| Ok(StepReply::Signed(signed_url(value)?))),
            ),
            PageCall::SignParts { session, asks } => {
                let list: Array = asks.iter().map(|ask| part(Fields::new(), ask).build()).collect();
                let numbers = asks.iter().map(|ask| ask.number).collect();
                ("signParts", of(session).with("parts", list), Box::new(|value| signed_parts(value, numbers)))
            }
            PageCall::Find { key, md5 } => (
                "findExisting",
                Fields::new().with("key", key.as_str()).with("md5", md5.to_hex()),
                Box::new(found),
            ),
            PageCall::Object { key, content_md5 } => (
                "getUploadParameters",
                Fields::new().with("key", key.as_str()).with_some("contentMd5", content_md5.as_deref()),
                Box::new(object_url),
            ),
            PageCall::ListParts { session } => ("listParts", of(session), Box::new(listed)),
            PageCall::Complete { session, parts } => {
                let list: Array = parts
                    .iter()
                    .map(|(number, etag)| {
                        Fields::new().with("PartNumber", number.get()).with("ETag", etag.as_str()).build()
                    })
                    .collect();
                ("completeMultipartUpload", of(session).with("parts", list), Box::new(completed))
            }
            PageCall::Identify => ("generateUniqueIdentifier", Fields::new(), Box::new(identified)),
            PageCall::Merge { identifier, response } => (
                "merge",
                Fields::new()
                    .with("identifier", identifier.as_str())
                    .with_some("response", response.as_deref()),
                Box::new(completed),
            ),
            PageCall::Check { response, chunks } => return self.check(response, *chunks, reply),
            PageCall::Abort { session } => {
                ("abortMultipartUpload", of(session), Box::new(|_| Ok(StepReply::Page(PageReply::Aborted))))
            }
        };
        let backend = self.functions.backend.clone().unwrap_or_default();
        let (task, reply) = Task::new(reply);
        let argument = argument.with("signal", task.signal()).build();
        ask(name, function(&backend, name), backend, &[details, argument], reply, read);
        Box::new(task)
    }

    fn credentials(&self, reply: Box<dyn FnOnce(CredentialsReply)>) {
        ask("credentials", self.functions.credentials.clone(), JsValue::UNDEFINED, &[], reply, |value| {
            credentials::read(value).map_err(|lacks| unusable("store.credentials", lacks))
        });
    }

    fn headers(&self, reply: Reply<Vec<(String, String)>>) {
        match self.functions.headers.as_ref() {
            None => spawn_local(async move { reply(Ok(Vec::new())) }),
            Some(source) => match source.dyn_ref::<Function>() {
                Some(function) => {
                    ask("headers", Some(function.clone()), JsValue::UNDEFINED, &[], reply, |value| {
                        let is_usable = value.is_object() || value.is_null() || value.is_undefined();
                        is_usable.then(|| pairs(value)).ok_or_else(|| unusable("headers", "object"))
                    });
                }
                None => {
                    let fixed = pairs(source);
                    spawn_local(async move { reply(Ok(fixed)) });
                }
            },
        }
    }

    fn with_credentials(&self) -> bool {
        self.functions.with_credentials
    }

    fn event(&self, id: UploadId, event: Event) {
        if let Some(shared) = self.shared.upgrade() {
            shared.event(id, &event);
        }
    }
}

impl JsPage {
    /// Asks a function of simple-uploader's kind about every chunk: it gets the chunk and the server's one answer.
    fn check(&self, response: &str, chunks: usize, reply: Reply<StepReply>) -> PageTask {
        let form = self.functions.backend.clone().unwrap_or_default();
        let response = JsValue::from(response);
        spawn_local(async move {
            let held = |number: PartNumber| {
                let chunk = Fields::new().with("offset", number.index()).with("chunkNumber", number.get());
                let check = function(&form, "checkChunkUploadedByResponse")?;
                Some(check.call2(&form, &chunk.build(), &response).map(|held| held.is_truthy()))
            };
            let mut numbers = Vec::new();
            for number in (0..chunks).filter_map(PartNumber::from_index) {
                match held(number) {
                    Some(Ok(true)) => numbers.push(number),
                    Some(Ok(false)) | None => {}
                    Some(Err(thrown)) => {
                        return reply(Err(thrown_fault("checkChunkUploadedByResponse", &thrown)));
                    }
                }
            }
            reply(Ok(StepReply::Page(PageReply::Held(numbers))));
        });
        Box::new(())
    }
}

/// A call that has an `AbortSignal`: it fires when the call is dropped before it has settled.
struct Task {
    /// Of a browser that has none the function is not told.
    controller: Option<AbortController>,
    settled: Rc<Cell<bool>>,
}

impl Task {
    fn new<T: 'static>(reply: Reply<T>) -> (Self, Reply<T>) {
        let settled = Rc::new(Cell::new(false));
        let task = Self { controller: AbortController::new().ok(), settled: settled.clone() };
        let reply = move |outcome| {
            settled.set(true);
            reply(outcome);
        };
        (task, Box::new(reply))
    }

    fn signal(&self) -> JsValue {
        self.controller.as_ref().map(|controller| controller.signal().into()).unwrap_or_default()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let (Some(controller), false) = (&self.controller, self.settled.get()) {
            // Its listeners are functions of the page: not while the engine is at work.
            let controller = controller.clone();
            spawn_local(async move { controller.abort() });
        }
    }
}

/// Calls a function of the page later, awaits what it gives, and replies with what `read` makes of that.
fn ask<T: 'static>(
    name: &'static str,
    function: Option<Function>,
    this: JsValue,
    arguments: &[JsValue],
    reply: Box<dyn FnOnce(Result<T, Fault>)>,
    read: impl FnOnce(&JsValue) -> Result<T, Fault> + 'static,
) {
    let arguments: Array = arguments.iter().collect();
    spawn_local(async move {
        let called = match function {
            Some(function) => function.apply(&this, &arguments),
            None => Err(JsValue::from_str("the function is gone")),
        };
        let settled = match called {
            Ok(value) => JsFuture::from(Promise::resolve(&value)).await,
            Err(thrown) => Err(thrown),
        };
        reply(settled.map_err(|thrown| thrown_fault(name, &thrown)).and_then(|value| read(&value)));
    });
}

/// What a function of the page threw, with its `status` if it has one.
fn thrown_fault(name: &str, thrown: &JsValue) -> Fault {
    let said = text(thrown, "message").or_else(|| thrown.as_string()).unwrap_or_default();
    let said = if said.is_empty() { "it failed without a message" } else { &said };
    Fault::Page {
        status: number(thrown, "status").and_then(|status| u16::try_from(status).ok()),
        message: [name, "(): ", said].concat(),
        cause: Some(keep_thrown(thrown)),
    }
}

fn unusable(function: &str, lacks: &str) -> Fault {
    let mut what = String::from(function);
    what.push_str(" gave no ");
    what.push_str(lacks);
    Fault::BadReply(what)
}

fn signed_url(value: &JsValue) -> Result<SignedUrl, Fault> {
    Ok(SignedUrl {
        url: text(value, "url").filter(|url| !url.is_empty()).ok_or_else(|| unusable("signing", "url"))?,
        headers: get(value, "headers").map(|headers| pairs(&headers)).unwrap_or_default(),
        expires: number(value, "expires"),
    })
}

/// By part number, or in the order asked for.
fn signed_parts(value: &JsValue, numbers: Vec<PartNumber>) -> Result<StepReply, Fault> {
    if !value.is_object() {
        return Err(unusable("signParts", "object"));
    }
    let list = value.dyn_ref::<Array>();
    let url = |(index, number): (usize, PartNumber)| {
        let value = match list {
            Some(list) => list.get(index as u32),
            None => get(value, &number.get().to_string()).unwrap_or_default(),
        };
        signed_url(&value).ok()
    };
    Ok(StepReply::Page(PageReply::SignedParts(numbers.into_iter().enumerate().map(url).collect())))
}

/// What is there already; nothing, or `false`: it is not.
fn found(value: &JsValue) -> Result<StepReply, Fault> {
    if !value.is_object() {
        return Ok(StepReply::Page(PageReply::Found(None)));
    }
    let found = read_completed(value);
    match found.key {
        Some(_) => Ok(StepReply::Page(PageReply::Found(Some(found)))),
        // The key asked for would be told, where there is no object.
        None => Err(unusable("findExisting", "key")),
    }
}

fn identified(value: &JsValue) -> Result<StepReply, Fault> {
    let identifier = value.as_string().filter(|identifier| !identifier.is_empty());
    let identifier = identifier.ok_or_else(|| unusable("generateUniqueIdentifier", "string"))?;
    Ok(StepReply::Page(PageReply::Identified(identifier)))
}

fn object_url(value: &JsValue) -> Result<StepReply, Fault> {
    let signed = signed_url(value)?;
    let is_post = text(value, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
    let fields = get(value, "fields").map(|fields| pairs(&fields)).unwrap_or_default();
    let key = text(value, "key")
        .or_else(|| fields.iter().find(|(name, _)| name == "key").map(|(_, value)| value.clone()));
    Ok(StepReply::Page(PageReply::Object(ObjectUrl { signed, fields: is_post.then_some(fields), key })))
}

fn created(value: &JsValue) -> Result<StepReply, Fault> {
    let needed = |name| text(value, name).filter(|v| !v.is_empty());
    Ok(StepReply::Page(PageReply::Created(Created {
        key: needed("key").ok_or_else(|| unusable("createMultipartUpload", "key"))?,
        upload_id: needed("uploadId").ok_or_else(|| unusable("createMultipartUpload", "uploadId"))?,
    })))
}

fn listed(value: &JsValue) -> Result<StepReply, Fault> {
    let parts = value.dyn_ref::<Array>().ok_or_else(|| unusable("listParts", "array"))?;
    let parts = parts.iter().filter_map(|part| {
        Some(ListedPart {
            number: PartNumber::new(u32::try_from(number(&part, "PartNumber")?).ok()?)?,
            // Some servers pass S3's text on as it is.
            size: number(&part, "Size").or_else(|| text(&part, "Size")?.parse().ok())?,
            etag: text(&part, "ETag")?,
        })
    });
    Ok(StepReply::Page(PageReply::Listed(parts.collect())))
}

fn completed(value: &JsValue) -> Result<StepReply, Fault> {
    Ok(StepReply::Page(PageReply::Completed(read_completed(value))))
}

fn read_completed(value: &JsValue) -> Completed {
    Completed {
        location: text(value, "location"),
        key: text(value, "key"),
        etag: text(value, "etag").map(|etag| normalize_etag(&etag)),
        ..Completed::default()
    }
}
