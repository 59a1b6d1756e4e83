//! The model store with a record of what it was asked, and in front of it a signing server at `/s3`.

use crate::chunks::{self, Chunks};
use crate::model::store::{Flavour, Store as Model, ok};
use crate::model::wire::{self, Call, STORE};
use partwise::core::backend::SignedUrl;
use partwise::core::hash::{Crc64, Crc64Hasher};
use partwise::core::http::{Body, HttpReply, HttpRequest, Method};
use partwise::core::store::StoreRequest;
use partwise::core::text::json::{self, Json};
use std::ops::{Deref, DerefMut};

pub struct Store {
    model: Model,
    /// By the names that [`describe`] gives.
    pub requests: Vec<String>,
    /// Seconds for which URLs that are signed many at a time are good.
    pub url_life: u64,
    /// For how many files at once the signing server answers; 0: it does not know the question.
    pub answers_several: usize,
    /// Bodies that arrived with their MD5 in a header, and match it.
    pub proven: usize,
    /// Tells the CRC-64 of what it stores, as OSS does.
    pub tells_crc64: bool,
    /// How often the checksum told in reply to a request, by name, is that of something else.
    pub wrong_crc64: Vec<(&'static str, usize)>,
    /// What answers at `/chunks`.
    pub chunks: Chunks,
}

impl Deref for Store {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.model
    }
}

impl DerefMut for Store {
    fn deref_mut(&mut self) -> &mut Model {
        &mut self.model
    }
}

impl Store {
    pub fn new() -> Self {
        Self {
            model: Model::new(Flavour::PLAIN),
            requests: Vec::new(),
            url_life: 900,
            answers_several: 100,
            proven: 0,
            tells_crc64: false,
            wrong_crc64: Vec::new(),
            chunks: Chunks::default(),
        }
    }

    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        self.objects.get(key).map(|object| object.bytes.to_vec())
    }

    /// Requests whose name starts like this.
    pub fn count(&self, prefix: &str) -> usize {
        self.requests.iter().filter(|request| request.starts_with(prefix)).count()
    }

    /// `now` in milliseconds since 1970.
    pub fn serve(&mut self, request: &HttpRequest, body: &[u8], now: u64) -> HttpReply {
        if request.url.starts_with(chunks::TARGET) {
            return self.chunks.serve(request, body);
        }
        if request.url.starts_with("/s3/object") {
            // Companion has no such route.
            return HttpReply { status: 404, ..Default::default() };
        }
        if let Some(path) = request.url.strip_prefix("/s3/params") {
            return self.sign_objects(path, body);
        }
        match request.url.strip_prefix("/s3/multipart") {
            Some(path) => self.sign_for(request.method, path, body, now),
            None => {
                let told = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-md5"));
                let told = told.map(|(_, value)| value.as_str());
                let call = wire::read(request);
                let kept = self.model.keeps(&call, request, now);
                let mut reply = kept.unwrap_or_else(|| self.model.serve(&call, body, told, now));
                if self.tells_crc64 && reply.is_success() {
                    let stored = match &call {
                        Call::PutPart { .. } | Call::PutObject { .. } => body.to_vec(),
                        _ => self.object(&key_of(request)).unwrap_or_default(),
                    };
                    let sum = self.spelled_crc64(&describe(request), &stored);
                    reply.headers.push(("x-oss-hash-crc64ecma".into(), sum));
                }
                self.proven += usize::from(told.is_some() && reply.is_success());
                reply
            }
        }
    }

    fn spelled_crc64(&mut self, name: &str, stored: &[u8]) -> String {
        let mut hasher = Crc64Hasher::new(Crc64::Xz);
        hasher.update(stored);
        let wrong = self.wrong_crc64.iter_mut().find(|(of, times)| *of == name && *times > 0);
        let sum = wrong.map_or(hasher.finish(), |(_, times)| {
            *times -= 1;
            !hasher.finish()
        });
        sum.to_string()
    }

    /// For one file, or for several where the request has a body.
    fn sign_objects(&self, path: &str, body: &[u8]) -> HttpReply {
        let sign = |key: &str| {
            let life = self.url_life;
            format!("{{\"method\":\"PUT\",\"url\":\"{STORE}{key}?\",\"key\":\"{key}\",\"expires\":{life}}}")
        };
        if let Some(name) = query(path, "filename") {
            let status = if name.starts_with("refused") { 413 } else { 200 };
            return HttpReply { status, ..ok(sign(&name)) };
        }
        if self.answers_several == 0 {
            return HttpReply { status: 404, ..HttpReply::default() };
        }
        let body = json::parse(&String::from_utf8_lossy(body)).unwrap();
        let files = body.get("files").and_then(Json::as_array).unwrap();
        if files.len() > self.answers_several {
            return HttpReply { status: 429, ..HttpReply::default() };
        }
        let files = files.iter();
        let files = files.map(|file| match file.get("filename").and_then(Json::as_str) {
            Some(name) if name.starts_with("refused") => "{\"status\":413,\"error\":\"too much\"}".into(),
            name => sign(name.unwrap()),
        });
        ok(format!("[{}]", files.collect::<Vec<_>>().join(",")))
    }

    fn sign_for(&mut self, method: Method, path: &str, body: &[u8], now: u64) -> HttpReply {
        let steps: Vec<&str> = path.split(['/', '?']).collect();
        let key = query(path, "key").unwrap_or_else(|| "a".into());
        let part = |number: &str, id: &str| format!("\"{STORE}{key}?partNumber={number}&uploadId={id}\"");
        match (method, steps.as_slice()) {
            (Method::Get, [_, id, "batch", _]) => {
                let numbers = query(path, "partNumbers").unwrap().replace("%2C", ",");
                let urls = numbers.split(',').map(|number| format!("\"{number}\":{}", part(number, id)));
                let urls = urls.collect::<Vec<_>>().join(",");
                ok(format!("{{\"presignedUrls\":{{{urls}}},\"expires\":{}}}", self.url_life))
            }
            (Method::Get, [_, id, number, _]) => {
                ok(format!("{{\"url\":{},\"expires\":900}}", part(number, id)))
            }
            (Method::Post, [_, id, "complete", _]) => {
                let body = json::parse(&String::from_utf8_lossy(body)).unwrap();
                let parts = body.get("parts").and_then(Json::as_array).unwrap().iter().map(|part| {
                    let number = part.get("PartNumber").and_then(Json::as_u64).unwrap() as u32;
                    (number, part.get("ETag").and_then(Json::as_str).unwrap().to_owned())
                });
                let call = Call::Complete { session: (*id).into(), parts: parts.collect() };
                let reply = self.model.serve(&call, &[], None, now);
                let body = format!("{{\"location\":\"{STORE}{key}\"}}");
                if reply.is_success() { ok(body) } else { reply }
            }
            (Method::Get, [_, id, _]) => {
                let parts = self.sessions.get(*id).into_iter().flat_map(|session| &session.parts);
                let parts = parts.map(|(number, part)| {
                    let (etag, size) = (&part.etag, part.bytes.len());
                    format!("{{\"PartNumber\":{number},\"Size\":{size},\"ETag\":\"{etag}\"}}")
                });
                ok(format!("[{}]", parts.collect::<Vec<_>>().join(",")))
            }
            (Method::Delete, [_, id, _]) => {
                self.model.serve(&Call::Abort { session: (*id).into() }, &[], None, now);
                ok("{}".into())
            }
            (Method::Post, _) => {
                let reply = self.model.serve(&Call::Create { key: key.clone() }, &[], None, now);
                let (_, rest) = reply.body.split_once("<UploadId>").unwrap();
                let id = rest.split('<').next().unwrap();
                ok(format!("{{\"key\":\"{key}\",\"uploadId\":\"{id}\"}}"))
            }
            (method, steps) => panic!("no such request: {method:?} {steps:?}"),
        }
    }
}

fn key_of(request: &HttpRequest) -> String {
    let path = request.url.split('?').next().unwrap();
    path.strip_prefix(STORE).unwrap_or_default().into()
}

pub fn sign(request: &StoreRequest) -> SignedUrl {
    let mut url = format!("{STORE}{}?", request.key);
    for (name, value) in &request.query {
        url.push_str(&format!("{name}={value}&"));
    }
    SignedUrl { url, headers: request.headers.clone(), expires: Some(900) }
}

/// `PUT 3`, `PUT object`, `create`, `list`, `complete`, `abort`, `head`, `sign /…`, `sign object`,
/// `several 16`.
pub fn describe(request: &HttpRequest) -> String {
    if request.url.starts_with(chunks::TARGET) {
        let fields = match &request.body {
            Body::Form { fields, .. } => fields.clone(),
            _ => chunks::query(&request.url),
        };
        let number = fields.iter().find(|(name, _)| name == "chunkNumber").map(|(_, number)| number.as_str());
        return [request.method.as_str(), " ", number.unwrap_or("merge")].concat();
    }
    if request.url.starts_with("/s3/object") {
        return "head".into();
    }
    if request.url.starts_with("/s3/lookup") {
        return "find".into();
    }
    if let Some(path) = request.url.strip_prefix("/s3/multipart") {
        return match request.method {
            Method::Get if path.matches('/').count() > 1 => format!("sign {}", path.trim_start_matches('/')),
            Method::Get => "list".into(),
            Method::Delete => "abort".into(),
            _ if path.contains("/complete") => "complete".into(),
            _ => "create".into(),
        };
    }
    if request.url.starts_with("/s3/params") {
        return match &request.body {
            Body::Text { text, .. } => format!("several {}", text.matches("filename").count()),
            _ => "sign object".into(),
        };
    }
    match wire::read(request) {
        Call::PutPart { part, .. } => format!("PUT {part}"),
        Call::PutObject { .. } => "PUT object".into(),
        Call::Create { .. } => "create".into(),
        Call::List { .. } => "list".into(),
        Call::Complete { .. } => "complete".into(),
        Call::Abort { .. } => "abort".into(),
        Call::Head { .. } => "head".into(),
    }
}

fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v.into())
}
