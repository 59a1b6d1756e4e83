//! A signing server that speaks the S3 routes of Uppy Companion (`packages/@uppy/companion`, controllers/s3), with five
//! additions it may lack without harm: `size` on create and params, a PUT reply from `/params`, `POST /params`, which
//! answers for several files at once, `GET /object`, and `POST /lookup`, which tells whether a content is there already.

use super::{
    Context, Done, Next, ObjectUrl, Op, Signed, SignedUrl, Step, StepReply, add_md5, bad, object_request,
    put, reply_fault,
};
use crate::core::http::{Body, HttpReply, HttpRequest, Method, without_query};
use crate::core::retry::Fault;
use crate::core::store::{Completed, Created, ListedPart, ObjectInfo, PartPage, StoreError, normalize_etag};
use crate::core::text::json::{self, Json};
use crate::core::units::{Millis, PartNumber};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A signing server at a base such as `/s3`.
#[derive(Debug)]
pub struct Companion {
    endpoint: String,
}

impl Companion {
    /// `endpoint` may end in a slash.
    pub fn new(endpoint: &str) -> Self {
        Self { endpoint: endpoint.trim_end_matches('/').into() }
    }

    pub(super) fn start(&self, op: &Op, context: &Context<'_>) -> Result<Next, Fault> {
        let session = context.session();
        let target = context.target;
        let request = match op {
            Op::Create => self.post("/multipart", description(context)),
            Op::SignParts(asks) => {
                let mut path = multipart(&session.upload_id);
                match asks.as_slice() {
                    [one] => {
                        path.push('/');
                        path.push_str(&one.number.get().to_string());
                        query(&mut path, "key", &session.key);
                        if let Some(md5) = &one.content_md5 {
                            query(&mut path, "contentMd5", md5);
                        }
                    }
                    many => {
                        path.push_str("/batch");
                        query(&mut path, "key", &session.key);
                        let numbers: Vec<String> =
                            many.iter().map(|ask| ask.number.get().to_string()).collect();
                        query(&mut path, "partNumbers", &numbers.join(","));
                    }
                }
                self.bare(Method::Get, &path)
            }
            Op::SignObject { content_md5 } => {
                let mut path = String::from("/params");
                query(&mut path, "filename", &target.key);
                query(&mut path, "type", &target.file.mime);
                query(&mut path, "size", &context.plan.size().to_string());
                for (name, value) in &target.metadata {
                    let mut field = String::from("metadata[");
                    field.push_str(name);
                    field.push(']');
                    query(&mut path, &field, value);
                }
                if let Some(md5) = content_md5 {
                    query(&mut path, "contentMd5", md5);
                }
                return Ok(Next::Step(Step::Object(self.bare(Method::Get, &path))));
            }
            Op::ListParts(_) => self.session_call(Method::Get, &session.upload_id, &session.key),
            Op::Abort => self.session_call(Method::Delete, &session.upload_id, &session.key),
            Op::Complete(parts) => {
                let mut path = multipart(&session.upload_id);
                path.push_str("/complete");
                query(&mut path, "key", &session.key);
                let mut body = String::from("{\"parts\":[");
                for (i, (number, etag)) in parts.iter().enumerate() {
                    if i > 0 {
                        body.push(',');
                    }
                    body.push_str("{\"PartNumber\":");
                    body.push_str(&number.get().to_string());
                    body.push_str(",\"ETag\":");
                    body.push_str(&json::quote(etag));
                    body.push('}');
                }
                body.push_str("]}");
                self.post(&path, body)
            }
            Op::Find(md5) => {
                let mut body = String::from("{\"md5\":\"");
                body.push_str(&md5.to_hex());
                body.push_str("\",\"size\":");
                body.push_str(&context.plan.size().to_string());
                body.push_str(",\"filename\":");
                body.push_str(&json::quote(&target.key));
                body.push_str(",\"type\":");
                body.push_str(&json::quote(&target.file.mime));
                body.push('}');
                self.post("/lookup", body)
            }
            Op::Head => {
                let mut path = String::from("/object");
                query(&mut path, "key", &session.key);
                self.bare(Method::Get, &path)
            }
            Op::Revisit(_) => return Ok(Next::Done(Done::Unsupported)),
        };
        Ok(Next::Step(Step::Backend(request)))
    }

    pub(super) fn next(&self, op: &Op, context: &Context<'_>, reply: StepReply) -> Result<Next, Fault> {
        let StepReply::Http(reply) = reply else { return Err(bad("not an HTTP reply")) };
        if !reply.is_success() {
            return match op {
                Op::Head => head_error(&reply),
                Op::Abort if reply.status == 404 => Ok(Next::Done(Done::Aborted)),
                // There is no such content, or no such route.
                Op::Find(_) if matches!(reply.status, 404 | 405 | 501) => Ok(Next::Done(Done::Found(None))),
                _ => Err(reply_fault(&reply, error_of(&reply))),
            };
        }
        let body = match op {
            // Companion answers `{}`, others nothing.
            Op::Abort => Json::Null,
            _ => json::parse(&reply.body).map_err(|_| bad("no JSON; is the endpoint right?"))?,
        };
        Ok(Next::Done(match op {
            Op::Create => Done::Created(Created {
                key: filled(&body, "key").ok_or_else(|| bad("no key"))?,
                upload_id: filled(&body, "uploadId").ok_or_else(|| bad("no uploadId"))?,
            }),
            Op::SignParts(asks) => {
                let mut signed = Vec::with_capacity(asks.len());
                for ask in asks {
                    let url = match body.get("presignedUrls") {
                        Some(urls) => filled(urls, &ask.number.get().to_string()),
                        None if asks.len() == 1 => filled(&body, "url"),
                        None => None,
                    };
                    let mut url = signed_url(&body, url.ok_or_else(|| bad("no URL for a part"))?);
                    add_md5(&mut url.headers, ask.content_md5.as_ref());
                    let good_for = url.good_for();
                    signed.push((ask.number, Signed { request: put(&url, ask.range), good_for, key: None }));
                }
                Done::Signed(signed)
            }
            Op::SignObject { content_md5 } => {
                let url = filled(&body, "url").ok_or_else(|| bad("no url"))?;
                let mut signed = signed_url(&body, url);
                let fields = body.get("fields").map(pairs);
                let is_post =
                    body.get("method").and_then(Json::as_str).is_some_and(|m| m.eq_ignore_ascii_case("post"));
                if !is_post {
                    add_md5(&mut signed.headers, content_md5.as_ref());
                }
                let key = text(&body, "key").or_else(|| body.get("fields").and_then(|f| text(f, "key")));
                let object = ObjectUrl {
                    signed,
                    fields: if is_post { Some(fields.unwrap_or_default()) } else { None },
                    key,
                };
                Done::Signed(vec![(PartNumber::FIRST, object_request(&object, context))])
            }
            Op::ListParts(_) => Done::Listed(PartPage { parts: listed(&body)?, next: None }),
            Op::Complete(_) => Done::Completed(completed(&body)),
            Op::Abort => Done::Aborted,
            Op::Find(_) => Done::Found(filled(&body, "key").map(|_| completed(&body))),
            Op::Head => Done::Head(Some(ObjectInfo {
                size: body.get("size").and_then(Json::as_u64).ok_or_else(|| bad("no size"))?,
                etag: text(&body, "etag").map(|e| normalize_etag(&e)),
                crc64: None,
            })),
            Op::Revisit(_) => Done::Unsupported,
        }))
    }

    pub(super) fn several_objects(&self, asks: &str) -> HttpRequest {
        self.post("/params", ["{\"files\":[", asks, "]}"].concat())
    }

    fn bare(&self, method: Method, path: &str) -> HttpRequest {
        let mut url = self.endpoint.clone();
        url.push_str(path);
        HttpRequest {
            method,
            url,
            headers: vec![("Accept".into(), "application/json".into())],
            body: Body::Empty,
        }
    }

    fn post(&self, path: &str, text: String) -> HttpRequest {
        let mut request = self.bare(Method::Post, path);
        request.body = Body::Text { content_type: "application/json", text };
        request
    }

    fn session_call(&self, method: Method, upload_id: &str, key: &str) -> HttpRequest {
        let mut path = multipart(upload_id);
        query(&mut path, "key", key);
        self.bare(method, &path)
    }
}

/// What a server has to know of a file, as JSON.
pub(super) fn description(context: &Context<'_>) -> String {
    let target = context.target;
    let mut body = String::from("{\"filename\":");
    body.push_str(&json::quote(&target.key));
    body.push_str(",\"type\":");
    body.push_str(&json::quote(&target.file.mime));
    body.push_str(",\"size\":");
    body.push_str(&context.plan.size().to_string());
    body.push_str(",\"metadata\":{");
    for (i, (name, value)) in target.metadata.iter().enumerate() {
        if i > 0 {
            body.push(',');
        }
        body.push_str(&json::quote(name));
        body.push(':');
        body.push_str(&json::quote(value));
    }
    body.push_str("}}");
    body
}

/// The answers to [`Companion::several_objects`]; `None` for a refusal and for what are not so many.
pub(super) fn several_answers(reply: &HttpReply, count: usize) -> Option<Vec<(HttpReply, Option<Millis>)>> {
    let answers = json::elements(&reply.body).ok().filter(|_| reply.is_success())?;
    let as_if_alone = |text: &str| {
        let json = json::parse(text).unwrap_or(Json::Null);
        let status = json.get("status").and_then(Json::as_u64).and_then(|status| u16::try_from(status).ok());
        let body = text.to_owned();
        let reply = HttpReply { status: status.unwrap_or(200), headers: Vec::new(), body };
        (reply, filled(&json, "url").and_then(|url| signed_url(&json, url).good_for()))
    };
    (answers.len() == count).then(|| answers.into_iter().map(as_if_alone).collect())
}

fn multipart(upload_id: &str) -> String {
    let mut path = String::from("/multipart/");
    path.extend(utf8_percent_encode(upload_id, COMPONENT));
    path
}

fn query(path: &mut String, name: &str, value: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    path.extend(utf8_percent_encode(name, COMPONENT));
    path.push('=');
    path.extend(utf8_percent_encode(value, COMPONENT));
}

fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name).and_then(Json::as_str).map(Into::into)
}

fn filled(json: &Json, name: &str) -> Option<String> {
    text(json, name).filter(|text| !text.is_empty())
}

fn pairs(json: &Json) -> Vec<(String, String)> {
    match json {
        Json::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        _ => Vec::new(),
    }
}

fn signed_url(body: &Json, url: String) -> SignedUrl {
    SignedUrl {
        url,
        headers: body.get("headers").map(pairs).unwrap_or_default(),
        expires: body.get("expires").and_then(Json::as_u64),
    }
}

fn completed(body: &Json) -> Completed {
    Completed {
        location: text(body, "location").map(|location| without_query(&location).into()),
        key: text(body, "key"),
        etag: text(body, "etag").map(|e| normalize_etag(&e)),
        ..Completed::default()
    }
}

fn listed(body: &Json) -> Result<Vec<ListedPart>, Fault> {
    let parts = body.as_array().ok_or_else(|| bad("the part list is no array"))?;
    Ok(parts
        .iter()
        .filter_map(|part| {
            Some(ListedPart {
                number: PartNumber::new(u32::try_from(part.get("PartNumber")?.as_u64()?).ok()?)?,
                size: part.get("Size")?.as_u64()?,
                etag: text(part, "ETag")?,
            })
        })
        .collect())
}

/// Companion's own errors are `{error}` or `{message}`; ours add the store's `code`.
fn error_of(reply: &HttpReply) -> StoreError {
    let body = json::parse(&reply.body).unwrap_or(Json::Null);
    StoreError {
        code: text(&body, "code").unwrap_or_default(),
        message: text(&body, "error").or_else(|| text(&body, "message")).unwrap_or_default(),
        request_id: text(&body, "requestId"),
        server_time: None,
    }
}

/// Only a server that says so has looked: a plain 404 means that it has no such route.
fn head_error(reply: &HttpReply) -> Result<Next, Fault> {
    let error = error_of(reply);
    match reply.status {
        404 if error.code == "NoSuchKey" => Ok(Next::Done(Done::Head(None))),
        404 | 405 | 501 => Ok(Next::Done(Done::Unsupported)),
        _ => Err(reply_fault(reply, error)),
    }
}

#[cfg(test)]
mod tests;
