//! Requests. `XMLHttpRequest` carries file content, because only it tells how much of a body has left; `fetch` carries
//! the small control calls.

use super::{
    blob,
    callback::{defer, name_of, text},
    form_data,
    listener::Listener,
};
use crate::core::http::{Body, HttpReply, HttpRequest, MAX_REPLY_BYTES, Method, NoReply};
use crate::core::units::ByteRange;
use js_sys::{Reflect, Uint8Array};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, Blob, Headers, ProgressEvent, ReadableStream, ReadableStreamDefaultReader, RequestCache,
    RequestCredentials, RequestInit, XmlHttpRequest, XmlHttpRequestResponseType,
};

/// A request on its way. Dropping it aborts; nothing is reported after that.
pub struct InFlight {
    end: End,
    transport: Transport,
}

enum Transport {
    Xhr {
        xhr: XmlHttpRequest,
        listeners: [Listener; 3],
    },
    Fetch(Option<AbortController>),
    /// It could not even be started.
    None,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        drop(self.end.take());
        match std::mem::replace(&mut self.transport, Transport::None) {
            Transport::Xhr { xhr, listeners } => {
                drop(listeners);
                let _ = xhr.abort();
            }
            Transport::Fetch(Some(controller)) => controller.abort(),
            Transport::Fetch(None) | Transport::None => {}
        }
    }
}

/// Where the bytes of a file come from.
pub enum Content {
    /// The browser reads them from the disk while it sends them.
    Disk(Blob),
    /// All of them are in memory. The file has its name.
    Memory(Uint8Array, Blob),
}

/// Sends a request whose body may be a slice of a file's `content`, by `XMLHttpRequest`.
///
/// `on_progress` gets the bytes of the body that have left, as the browser counts them: a form's frame included, and
/// sometimes falling or beyond the total, when the browser sends again by itself. `on_end` is called exactly once
/// unless the returned value is dropped before. A request that brought no reply is a [`NoReply::File`] if the slice can
/// no longer be read, since browsers report that as a network failure.
pub fn send(
    request: &HttpRequest,
    content: &Content,
    with_credentials: bool,
    on_progress: impl Fn(u64) + 'static,
    on_end: impl FnOnce(Result<HttpReply, NoReply>) + 'static,
) -> InFlight {
    let end = End::new(on_end);
    match start_xhr(request, content, with_credentials, Box::new(on_progress), &end) {
        Ok(transport) => InFlight { end, transport },
        Err(why) => {
            let unsent = end.clone();
            defer(move || unsent.report(Err(why)));
            InFlight { end, transport: Transport::None }
        }
    }
}

/// Makes a small control call without file content, by `fetch` and past the HTTP cache. `on_end` is called exactly once
/// unless the returned value is dropped before.
pub fn call(
    request: &HttpRequest,
    with_credentials: bool,
    on_end: impl FnOnce(Result<HttpReply, NoReply>) + 'static,
) -> InFlight {
    fetch(request, with_credentials, End::new(on_end))
}

fn fetch(request: &HttpRequest, with_credentials: bool, end: End) -> InFlight {
    let controller = AbortController::new().ok();
    let prepared = prepare_fetch(request, with_credentials, controller.as_ref());
    let (reporting, stopping) = (end.clone(), controller.clone());
    spawn_local(async move {
        let outcome = match prepared {
            Ok(request) => exchange(request, stopping).await,
            Err(why) => Err(why),
        };
        reporting.report(outcome);
    });
    InFlight { end, transport: Transport::Fetch(controller) }
}

type OnEnd = Box<dyn FnOnce(Result<HttpReply, NoReply>)>;

/// Whoever takes the callback out makes the one report; a dropped request takes it out and makes none.
#[derive(Clone)]
struct End(Rc<Cell<Option<OnEnd>>>);

impl End {
    fn new(on_end: impl FnOnce(Result<HttpReply, NoReply>) + 'static) -> Self {
        Self(Rc::new(Cell::new(Some(Box::new(on_end)))))
    }

    fn take(&self) -> Option<OnEnd> {
        self.0.take()
    }

    fn report(&self, outcome: Result<HttpReply, NoReply>) {
        if let Some(on_end) = self.take() {
            on_end(outcome);
        }
    }
}

#[wasm_bindgen]
extern "C" {
    // web-sys has one binding per type of body; this is all of them in one.
    #[wasm_bindgen(extends = XmlHttpRequest)]
    type AnyBody;
    #[wasm_bindgen(method, catch, js_name = send)]
    fn send_any(this: &AnyBody, body: &JsValue) -> Result<(), JsValue>;
}

fn start_xhr(
    request: &HttpRequest,
    content: &Content,
    with_credentials: bool,
    on_progress: Box<dyn Fn(u64)>,
    end: &End,
) -> Result<Transport, NoReply> {
    let unsendable = |_: JsValue| NoReply::Network;
    let (body, content_type) = payload(&request.body, Some(content))?;
    let xhr = XmlHttpRequest::new().map_err(unsendable)?;
    xhr.open(request.method.as_str(), &request.url).map_err(unsendable)?;
    xhr.set_with_credentials(with_credentials);
    xhr.set_response_type(XmlHttpRequestResponseType::Text);
    for (name, value) in headers_of(request) {
        xhr.set_request_header(name, value).map_err(unsendable)?;
    }
    if let Some(content_type) = content_type {
        xhr.set_request_header("content-type", &content_type).map_err(unsendable)?;
    }
    let upload = xhr.upload().map_err(unsendable)?;
    let listeners = [
        // The last `progress` may come short of the end; `load` tells that all has left.
        Listener::new(&upload, &["progress", "load"], move |event| {
            on_progress(event.unchecked_ref::<ProgressEvent>().loaded() as u64);
        }),
        Listener::new(&xhr, &["progress"], cut_when_too_long(&xhr, end)),
        Listener::new(&xhr, &["loadend"], report_end(&xhr, on_disk(&request.body, content), end)),
    ];
    xhr.unchecked_ref::<AnyBody>().send_any(&body).map_err(unsendable)?;
    Ok(Transport::Xhr { xhr, listeners })
}

/// A reply without end must not fill the memory.
fn cut_when_too_long(xhr: &XmlHttpRequest, end: &End) -> impl FnMut(web_sys::Event) + 'static {
    let (xhr, end) = (xhr.clone(), end.clone());
    move |event| {
        if event.unchecked_ref::<ProgressEvent>().loaded() > MAX_REPLY_BYTES as f64 {
            let reply = reply_of(&xhr);
            end.report(Ok(reply));
            let _ = xhr.abort();
        }
    }
}

/// `loadend` follows `load`, `error`, `timeout` and an `abort` that was not ours; all but the first leave status 0.
fn report_end(
    xhr: &XmlHttpRequest,
    read: Option<(Blob, ByteRange)>,
    end: &End,
) -> impl FnMut(web_sys::Event) + 'static {
    let (xhr, end) = (xhr.clone(), end.clone());
    move |_| {
        let reply = reply_of(&xhr);
        match &read {
            _ if reply.status != 0 => end.report(Ok(reply)),
            None => end.report(Err(NoReply::Network)),
            Some((file, range)) => {
                let end = end.clone();
                blob::check_readable(file, *range, move |readable| {
                    end.report(Err(readable.map_or_else(NoReply::File, |()| NoReply::Network)));
                });
            }
        }
    }
}

fn reply_of(xhr: &XmlHttpRequest) -> HttpReply {
    let status = xhr.status().unwrap_or(0);
    if status == 0 {
        return HttpReply::default();
    }
    // Asking for one header that CORS hides would log an error in the console; asking for all does not.
    let headers = xhr.get_all_response_headers().unwrap_or_default();
    let headers = headers.lines().filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let body = cut(xhr.response_text().ok().flatten().unwrap_or_default().as_bytes());
    HttpReply { status, headers, body }
}

fn prepare_fetch(
    request: &HttpRequest,
    with_credentials: bool,
    controller: Option<&AbortController>,
) -> Result<web_sys::Request, NoReply> {
    let unsendable = |_: JsValue| NoReply::Network;
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    if matches!(request.method, Method::Get | Method::Head) {
        init.set_cache(RequestCache::NoStore);
    }
    // For others it is of no use, and its `Cache-Control: no-cache` would be stored with an object that a POST creates.
    init.set_credentials(match with_credentials {
        true => RequestCredentials::Include,
        false => RequestCredentials::SameOrigin,
    });
    init.set_signal(controller.map(AbortController::signal).as_ref());
    let headers = Headers::new().map_err(unsendable)?;
    for (name, value) in headers_of(request) {
        headers.append(name, value).map_err(unsendable)?;
    }
    init.set_headers(&headers);
    let (body, _) = payload(&request.body, None)?;
    if !body.is_null() {
        init.set_body(&body);
    }
    web_sys::Request::new_with_str_and_init(&request.url, &init).map_err(unsendable)
}

async fn exchange(
    request: web_sys::Request,
    controller: Option<AbortController>,
) -> Result<HttpReply, NoReply> {
    let response = gloo_net::http::Request::from(request).send().await.map_err(|_| NoReply::Network)?;
    let body = match response.body() {
        Some(stream) => read_text(stream, controller).await.map_err(|_| NoReply::Network)?,
        None => String::new(),
    };
    Ok(HttpReply { status: response.status(), headers: response.headers().entries().collect(), body })
}

async fn read_text(stream: ReadableStream, controller: Option<AbortController>) -> Result<String, JsValue> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if Reflect::get(&chunk, &"done".into())?.is_truthy() {
            break;
        }
        bytes.extend(Uint8Array::new(&Reflect::get(&chunk, &"value".into())?).to_vec());
        if bytes.len() > MAX_REPLY_BYTES {
            // WebKit goes on with what is only aborted while it streams.
            let cancelled = JsFuture::from(reader.cancel());
            spawn_local(async move { drop(cancelled.await) });
            if let Some(controller) = controller {
                controller.abort();
            }
            break;
        }
    }
    // A reader of text would have dropped the byte order mark.
    Ok(cut(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)))
}

/// At most [`MAX_REPLY_BYTES`] as text; a character cut in two becomes U+FFFD.
fn cut(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MAX_REPLY_BYTES).unwrap_or(bytes)).into_owned()
}

/// All headers to set, `Content-Type` of a text included.
fn headers_of(request: &HttpRequest) -> impl Iterator<Item = (&str, &str)> {
    let content_type = match request.body {
        Body::Text { content_type, .. } if !content_type.is_empty() => Some(("content-type", content_type)),
        _ => None,
    };
    request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(content_type)
}

/// What the browser reads while it sends.
fn on_disk(body: &Body, content: &Content) -> Option<(Blob, ByteRange)> {
    match (body, content) {
        (Body::File(range) | Body::Form { range, .. }, Content::Disk(file)) => Some((file.clone(), *range)),
        _ => None,
    }
}

/// The body as JavaScript sends it, `null` for none, and the type that it needs then. Texts go as bytes: for a string the browser
/// would add a `Content-Type` or a charset of its own, which a signature may not cover. Slices have no type for the same reason.
fn payload(body: &Body, content: Option<&Content>) -> Result<(JsValue, Option<String>), NoReply> {
    let gone = || NoReply::File("NotFoundError".to_owned());
    let slice = |file: &Blob, range: ByteRange| blob::slice(file, range).map_err(NoReply::File);
    Ok(match (body, content) {
        (Body::Empty, _) => (JsValue::NULL, None),
        (Body::Text { text, .. }, _) => (Uint8Array::from(text.as_bytes()).into(), None),
        (Body::File(_) | Body::Form { .. }, None) => return Err(gone()),
        (Body::File(range), Some(Content::Disk(file))) => (slice(file, *range)?.into(), None),
        (Body::File(range), Some(Content::Memory(bytes, _))) => (part_of(bytes, *range).into(), None),
        (Body::Form { fields, file_field, range }, Some(Content::Disk(file))) => {
            let (slice, name) = (slice(file, *range)?, text(file, "name"));
            let form = form_data::form(fields, file_field, &slice, name);
            (form.map_err(|thrown| NoReply::File(name_of(&thrown)))?, None)
        }
        (Body::Form { fields, file_field, range }, Some(Content::Memory(bytes, file))) => {
            let (bytes, name) = (part_of(bytes, *range), text(file, "name"));
            let name = name.as_deref().unwrap_or("blob");
            let (form, content_type) = form_data::encoded(fields, file_field, &bytes, name);
            (form.into(), Some(content_type))
        }
    })
}

fn part_of(bytes: &Uint8Array, range: ByteRange) -> Uint8Array {
    // There are no more than four billion of them.
    bytes.subarray(range.start as u32, range.end as u32)
}
