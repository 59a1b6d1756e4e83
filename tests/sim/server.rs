//! The page's own server: it signs, and speaks to the store on the page's behalf.

use crate::faults::Fault;
use crate::model::store::{self, md5};
use crate::model::wire::{Call, STORE};
use crate::replies::RETRY_AFTER;
use crate::say;
use crate::world::{Way, World};
use partwise::core::backend::{ObjectUrl, PageCall, PageReply, PartAsk, SignedUrl, StepReply};
use partwise::core::http::{HttpReply, HttpRequest, Method};
use partwise::core::retry::Fault as Failure;
use partwise::core::sign::Credentials;
use partwise::core::store::{Completed, Created, ListedPart, StoreRequest};
use partwise::core::text::json::{self, Json};
use partwise::core::text::percent_decode;
use partwise::core::time::compact_date;
use partwise::core::units::{PartNumber, UnixMillis};

/// What the store answered the server, in short.
type Answer<T> = Result<T, (u16, String)>;

impl World {
    /// A URL for a request, good for a while.
    fn signed_url(&mut self, key: &str, query: &[(String, String)]) -> SignedUrl {
        let mut date = self.wall();
        let seconds = self.settings.url_seconds;
        if self.strikes(Fault::SignExpired) {
            date -= 2 * seconds * 1000;
        }
        let mut url = format!("{STORE}{key}?");
        for (name, value) in query {
            url.push_str(&format!("{name}={value}&"));
        }
        let date = compact_date(UnixMillis(date));
        url.push_str(&format!("X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-Signature=SECRET-signature"));
        SignedUrl { url, headers: Vec::new(), expires: self.settings.tells_life.then_some(seconds) }
    }

    /// A URL that may be used and must not be kept.
    pub fn thrown_url(&mut self) -> String {
        self.signed_url("kept", &[]).url
    }

    fn part_url(&mut self, key: &str, session: &str, part: u32) -> SignedUrl {
        let query = [("partNumber".into(), part.to_string()), ("uploadId".into(), session.to_owned())];
        self.signed_url(key, &query)
    }

    /// A message as pages and servers write them; it may quote what it should not.
    pub fn thrown(&mut self, message: &str) -> String {
        if !self.strikes(Fault::MessageTells) {
            return message.into();
        }
        let url = self.signed_url("quoted", &[]).url;
        match self.rng.below(6) {
            0 => format!("{message}: {url}"),
            1 => format!("{message} ('{url}')"),
            2 => format!("{message}. Why?\n\tat {url}"),
            3 => format!("{{\"error\":\"{}\"}}", url.replace('/', "\\/")),
            4 => format!("{message}?to={}", url.replace('?', "%3F").replace('=', "%3D")),
            _ => format!("{message} \"{url}\","),
        }
    }

    /// What may go wrong with any request to a server of the page: a status, or HTML with 200.
    fn server_fault(&mut self) -> Option<(u16, &'static str)> {
        let faults = [
            (Fault::Server500, 500),
            (Fault::Many429, 429),
            (Fault::SlowDown503, 503),
            (Fault::TooSlow408, 408),
            (Fault::Gateway502, 502),
            (Fault::Backend401, 401),
            (Fault::BackendHtml, 200),
        ];
        let (_, status) = faults.into_iter().find(|(fault, _)| self.strikes(*fault))?;
        Some((status, if status == 200 { "<!doctype html>" } else { "it failed" }))
    }

    /// A server that is asked too often may say when to ask again.
    fn retry_after(&mut self, status: u16) -> Vec<(String, String)> {
        let says = match status {
            429 => self.strikes(Fault::Many429After),
            503 => self.strikes(Fault::SlowDown503After),
            _ => false,
        };
        if !says {
            return Vec::new();
        }
        vec![("retry-after".into(), self.rng.pick(RETRY_AFTER).to_string())]
    }

    /// The same as a function of the page throws it.
    fn page_fault(&mut self) -> Option<Failure> {
        if self.strikes(Fault::CallbackThrows) {
            return Some(Failure::Page {
                status: None,
                message: self.thrown("undefined is not a function"),
                cause: None,
            });
        }
        let (status, message) = self.server_fault()?;
        let message = self.thrown(message);
        Some(Failure::Page { status: Some(status).filter(|status| *status != 200), message, cause: None })
    }

    pub fn at_signer(&mut self, request: &StoreRequest) -> Result<StepReply, Failure> {
        match self.page_fault() {
            Some(failure) => Err(failure),
            None => Ok(StepReply::Signed(self.signed_url(&request.key, &request.query))),
        }
    }

    pub fn at_token_server(&mut self) -> Result<StepReply, Failure> {
        // What comes back is made when it is delivered.
        self.page_fault().map_or(Ok(StepReply::Http(HttpReply::default())), Err)
    }

    pub fn new_credentials(&mut self) -> (Credentials, Option<UnixMillis>) {
        self.requested += 1;
        let token = format!("SECRET-token-{}", self.requested);
        let end = self.wall() + self.rng.pick(&[90_000, 600_000, 3_600_000]);
        self.store.tokens.insert(token.clone(), end);
        let credentials = Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "SECRET-key".into(),
            session_token: Some(token),
        };
        (credentials, self.settings.tells_life.then_some(UnixMillis(end)))
    }

    /// Asks the store, whose own network is a good one.
    fn ask(&mut self, call: &Call) -> Answer<HttpReply> {
        let now = self.wall();
        let reply = self.store.serve(call, &[], None, now);
        say!(self, "store: {} answered the server with {}", call.name(), reply.status);
        if reply.is_success() {
            return Ok(reply);
        }
        let code = reply.body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        Err((reply.status, code.map_or("", |(code, _)| code).into()))
    }

    fn create(&mut self, key: &str) -> Answer<Created> {
        let reply = self.ask(&Call::Create { key: key.into() })?;
        let (_, rest) = reply.body.split_once("<UploadId>").unwrap();
        let upload_id = rest.split('<').next().unwrap().into();
        Ok(Created { key: key.into(), upload_id })
    }

    fn list(&mut self, session: &str) -> Answer<Vec<(u32, String, usize)>> {
        self.ask(&Call::List { session: session.into(), after: 0 })?;
        let parts = &self.store.sessions[session].parts;
        let mut parts =
            parts.iter().map(|(number, part)| (*number, part.etag.clone(), part.bytes.len())).collect();
        self.garble_list(session, &mut parts);
        Ok(parts)
    }

    fn complete(&mut self, session: &str, parts: Vec<(u32, String)>) -> Answer<Completed> {
        let reply = self.ask(&Call::Complete { session: session.into(), parts })?;
        if self.strikes(Fault::CompleteLies) {
            return Err((500, "InternalError".into()));
        }
        let find = |name: &str| {
            let (_, rest) = reply.body.split_once(&format!("<{name}>"))?;
            Some(rest.split('<').next()?.to_owned()).filter(|text| !text.is_empty())
        };
        Ok(Completed {
            location: find("Location"),
            key: find("Key"),
            etag: find("ETag"),
            ..Completed::default()
        })
    }

    pub fn at_page_server(&mut self, call: &PageCall) -> Result<StepReply, Failure> {
        if let Some(failure) = self.page_fault() {
            return Err(failure);
        }
        let reply = match call {
            PageCall::Create { key } => {
                self.create(key).map(|created| StepReply::Page(PageReply::Created(created)))
            }
            PageCall::SignPart { session, ask } => {
                Ok(StepReply::Signed(self.part_url(&session.key, &session.upload_id, ask.number.get())))
            }
            PageCall::SignParts { session, asks } => {
                let url =
                    |ask: &PartAsk| Some(self.part_url(&session.key, &session.upload_id, ask.number.get()));
                let urls = asks.iter().map(url).collect();
                Ok(StepReply::Page(PageReply::SignedParts(urls)))
            }
            PageCall::Find { .. } | PageCall::Identify | PageCall::Check { .. } | PageCall::Merge { .. } => {
                unreachable!("no page has these functions here")
            }
            PageCall::Object { key, .. } => {
                let object =
                    ObjectUrl { signed: self.signed_url(key, &[]), fields: None, key: Some(key.clone()) };
                Ok(StepReply::Page(PageReply::Object(object)))
            }
            PageCall::ListParts { session } => self.list(&session.upload_id).map(|parts| {
                let part = |(number, etag, size): (u32, String, usize)| ListedPart {
                    number: PartNumber::new(number).unwrap(),
                    size: size as u64,
                    etag,
                };
                StepReply::Page(PageReply::Listed(parts.into_iter().map(part).collect()))
            }),
            PageCall::Complete { session, parts } => {
                let parts = parts.iter().map(|(number, etag)| (number.get(), etag.clone())).collect();
                let completed = self.complete(&session.upload_id, parts);
                completed.map(|completed| StepReply::Page(PageReply::Completed(completed)))
            }
            PageCall::Abort { session } => self
                .ask(&Call::Abort { session: session.upload_id.clone() })
                .map(|_| StepReply::Page(PageReply::Aborted)),
        };
        reply.map_err(|(status, code)| Failure::Page {
            status: Some(status),
            message: self.thrown(&code),
            cause: None,
        })
    }

    /// Uppy Companion answers 500 whatever went wrong; our own server says what it was.
    pub fn at_companion(&mut self, request: &HttpRequest) -> Result<HttpReply, Failure> {
        if let Some((status, body)) = self.server_fault() {
            // What a server says to an abort is not read, so that it had better not be "200".
            let status = if status == 200 && request.method == Method::Delete { 405 } else { status };
            let body = if status == 200 { body.into() } else { self.companion_error(body, "") };
            let headers = self.retry_after(status);
            return self.through_cors(HttpReply { status, headers, body });
        }
        let plain = self.settings.way == Way::PlainCompanion;
        let reply = match self.companion(request, plain) {
            Ok(body) => store::ok(body),
            Err((status, code)) => {
                let known = if plain { "" } else { code.as_str() };
                let body = self.companion_error(&code, known);
                let status = if plain && status != 405 { 500 } else { status };
                HttpReply { status, headers: Vec::new(), body }
            }
        };
        self.through_cors(reply)
    }

    fn companion_error(&mut self, message: &str, code: &str) -> String {
        let message = json::quote(&self.thrown(message));
        format!("{{\"error\":{message},\"code\":{}}}", json::quote(code))
    }

    fn companion(&mut self, request: &HttpRequest, plain: bool) -> Answer<String> {
        let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
        let find = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(known, _)| *known == name).map(|(_, value)| percent_decode(value).unwrap()).next()
        };
        let key = find("key").unwrap_or_default();
        let path: Vec<&str> = path.strip_prefix("/s3/").unwrap().split('/').collect();
        match (request.method, path.as_slice()) {
            (Method::Post, ["multipart"]) => {
                let partwise::core::http::Body::Text { text, .. } = &request.body else { panic!("no body") };
                let body = json::parse(text).unwrap();
                let key = self.own_key(body.get("filename").and_then(Json::as_str).unwrap(), plain);
                let Created { key, upload_id } = self.create(&key)?;
                Ok(format!("{{\"key\":{},\"uploadId\":{}}}", json::quote(&key), json::quote(&upload_id)))
            }
            (Method::Get, ["params"]) => {
                let key = self.own_key(&find("filename").unwrap(), plain);
                Ok(self.params(&key, plain))
            }
            (Method::Post, ["params"]) if plain => Err((405, String::new())),
            (Method::Post, ["params"]) => {
                let partwise::core::http::Body::Text { text, .. } = &request.body else { panic!("no body") };
                let body = json::parse(text).unwrap();
                let files = body.get("files").and_then(Json::as_array).unwrap().iter().map(|file| {
                    let key = self.own_key(file.get("filename").and_then(Json::as_str).unwrap(), plain);
                    match self.server_fault() {
                        Some((status, message)) if status != 200 => {
                            format!("{{\"status\":{status},\"error\":\"{message}\"}}")
                        }
                        _ => self.params(&key, plain),
                    }
                });
                let mut files = files.collect::<Vec<_>>();
                if self.strikes(Fault::ListShort) {
                    files.pop();
                }
                Ok(format!("[{}]", files.join(",")))
            }
            (Method::Get, ["object"]) => match self.store.objects.get(&key) {
                _ if plain => Err((405, String::new())),
                Some(object) => {
                    Ok(format!("{{\"size\":{},\"etag\":\"{}\"}}", object.bytes.len(), object.etag))
                }
                None => Err((404, "NoSuchKey".into())),
            },
            (Method::Get, ["multipart", id]) => {
                let parts = self.list(id)?;
                let part = |(number, etag, size): (u32, String, usize)| {
                    format!("{{\"PartNumber\":{number},\"Size\":{size},\"ETag\":\"\\\"{etag}\\\"\"}}")
                };
                Ok(format!("[{}]", parts.into_iter().map(part).collect::<Vec<_>>().join(",")))
            }
            (Method::Get, ["multipart", id, "batch"]) => {
                let numbers = find("partNumbers").unwrap();
                let urls = numbers.split(',').map(|number| {
                    let url = self.part_url(&key, id, number.parse().unwrap()).url;
                    format!("\"{number}\":{}", json::quote(&url))
                });
                Ok(format!("{{\"presignedUrls\":{{{}}}}}", urls.collect::<Vec<_>>().join(",")))
            }
            (Method::Get, ["multipart", id, number]) => {
                let url = self.part_url(&key, id, number.parse().unwrap()).url;
                Ok(format!("{{\"url\":{},\"expires\":{}}}", json::quote(&url), self.settings.url_seconds))
            }
            (Method::Post, ["multipart", id, "complete"]) => {
                let partwise::core::http::Body::Text { text, .. } = &request.body else { panic!("no body") };
                let body = json::parse(text).unwrap();
                let parts = body.get("parts").and_then(Json::as_array).unwrap().iter().map(|part| {
                    let number = part.get("PartNumber").and_then(Json::as_u64).unwrap() as u32;
                    (number, part.get("ETag").and_then(Json::as_str).unwrap().to_owned())
                });
                let completed = self.complete(id, parts.collect())?;
                let location = json::quote(&completed.location.unwrap_or_default());
                Ok(format!("{{\"location\":{location},\"key\":{}}}", json::quote(&key)))
            }
            (Method::Delete, ["multipart", id]) => {
                self.ask(&Call::Abort { session: (*id).into() }).map(|_| "{}".into())
            }
            (method, path) => panic!("Companion has no {method:?} {path:?}"),
        }
    }

    /// Companion gives every upload a key of its own.
    fn own_key(&mut self, name: &str, plain: bool) -> String {
        self.requested += 1;
        if plain {
            format!("{}-{name}", &md5(&self.requested.to_le_bytes()).to_hex()[..8])
        } else {
            name.into()
        }
    }

    fn params(&mut self, key: &str, plain: bool) -> String {
        if !plain {
            let url = json::quote(&self.signed_url(key, &[]).url);
            return format!("{{\"method\":\"PUT\",\"url\":{url},\"key\":{}}}", json::quote(key));
        }
        let (bucket, date) = (json::quote(STORE), self.wall());
        format!(
            "{{\"method\":\"post\",\"url\":{bucket},\"fields\":{{\"key\":{},\"date\":\"{date}\",\"policy\":\"SECRET-policy\"}}}}",
            json::quote(key)
        )
    }
}
