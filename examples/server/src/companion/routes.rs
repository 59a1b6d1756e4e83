//! The routes. Names, parameters and replies are those of Uppy Companion's `/s3`; what is added is in the README.

use super::{
    DEMO_USER, Signer,
    contents::{self, Object},
    policy::TokenDigest,
    problem::Problem,
    query::{self, Query},
};
use axum::{
    Json,
    body::Body,
    extract::{ConnectInfo, FromRequestParts, Path, RawQuery, Request, State},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use base64ct::{Base64, Encoding};
use partwise::core::{
    hash::Md5Digest,
    store::{Kind, ListedPart, StoreError, StoreRequest, normalize_etag, store_error},
    units::{ByteRange, PartNumber},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Instant};

type Reply = Result<Json<Value>, Problem>;
type App = State<Arc<Signer>>;

/// Most part numbers in one batch.
const MAX_BATCH: usize = 1000;

/// Most files whose URLs are asked for at once.
const MAX_FILES: usize = 100;

/// Longest upload id passed on; the longest in use have some 200 characters.
const MAX_UPLOAD_ID: usize = 1024;

/// Where content starts and how long it is matters to whoever sends it, not to a signature.
const ANY_RANGE: ByteRange = ByteRange { start: 0, end: 0 };

/// Whoever sent a valid token.
pub struct User {
    name: String,
    token: TokenDigest,
}

impl FromRequestParts<Arc<Signer>> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, signer: &Arc<Signer>) -> Result<Self, Problem> {
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (token, name) = signer.policy.user(authorization, Instant::now())?;
        Ok(Self { name: name.to_owned(), token })
    }
}

/// Before anything else is looked at.
pub async fn slow_down(
    State(signer): App,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    signer.policy.address(address.ip(), Instant::now())?;
    Ok(next.run(request).await)
}

/// `GET /session`: a token for the demo page.
pub async fn session(State(signer): App) -> Reply {
    let token = signer.session.as_deref();
    let token = token.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "NoSession", "Bring a token."))?;
    Ok(Json(json!({ "user": DEMO_USER, "token": token, "expires": null })))
}

/// Anything else under `/s3`.
pub async fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "NotFound", "There is no such route.")
}

/// `GET /s3/params?filename&type&size&contentMd5&metadata[…]`: one PUT for a whole file.
pub async fn params(State(signer): App, user: User, RawQuery(query): RawQuery) -> Reply {
    let query = Query::parse(query.as_deref());
    let file = NewFile {
        filename: query.need("filename")?,
        content_type: query.get("type").unwrap_or_default(),
        size: query.get("size").map(parse_size).transpose()?,
        content_md5: query.get("contentMd5"),
        metadata: query.map("metadata"),
    };
    sign_file(&signer, &user, &file).map(Json)
}

/// What `POST /s3/params` takes.
#[derive(Deserialize)]
pub struct NewFiles {
    files: Vec<NewUpload>,
}

/// `POST /s3/params`: the same for several files. One that is refused refuses no other.
pub async fn params_of_several(State(signer): App, user: User, body: Body) -> Reply {
    let NewFiles { files } = query::json(body).await?;
    if files.len() > MAX_FILES {
        return Err(Problem::bad("TooManyFiles", "At most 100 files are signed for at once."));
    }
    signer.policy.count(&user.token, files.len().saturating_sub(1), Instant::now())?;
    let sign = |new: NewUpload| {
        let file = NewFile {
            filename: &new.filename,
            content_type: new.content_type.as_deref().unwrap_or_default(),
            size: new.size,
            content_md5: new.content_md5.as_deref(),
            metadata: new.metadata.unwrap_or_default().into_iter().filter_map(spell).collect(),
        };
        sign_file(&signer, &user, &file).unwrap_or_else(|problem| {
            json!({ "status": problem.status.as_u16(), "error": problem.error, "code": problem.code })
        })
    };
    Ok(Json(files.into_iter().map(sign).collect()))
}

/// A file that goes in one request.
struct NewFile<'a> {
    filename: &'a str,
    content_type: &'a str,
    size: Option<u64>,
    content_md5: Option<&'a str>,
    metadata: Vec<(String, String)>,
}

fn sign_file(signer: &Signer, user: &User, file: &NewFile<'_>) -> Result<Value, Problem> {
    let size = file.size;
    signer.policy.single_size(size)?;
    let content_type = signer.policy.content_type(file.content_type)?;
    signer.policy.metadata(&file.metadata)?;
    let content_md5 = content_md5(file.content_md5)?;
    let key = signer.policy.new_key(&user.name, file.filename)?;

    if let Some(size) = size {
        signer.contents.remember(Object { user: user.name.clone(), key: key.clone(), size, read: None });
    }
    let kind = signer.store.kind();
    let mut request = kind.put_object(&key, ANY_RANGE, Some(&content_type), content_md5);
    kind.push_metadata(&mut request, &file.metadata);
    let headers = headers_to_send(&request);
    sign_size(&mut request, size);
    Ok(json!({
        "method": "PUT",
        "url": signer.store.url(&request),
        "headers": headers,
        "expires": signer.store.expires,
        "key": key,
    }))
}

/// Browsers set this header themselves, so it is signed but not among the headers to send.
fn sign_size(request: &mut StoreRequest, size: Option<u64>) {
    request.headers.extend(size.map(|size| ("Content-Length".to_owned(), size.to_string())));
}

/// What has to be sent along because it is signed.
fn headers_to_send(request: &StoreRequest) -> Map<String, Value> {
    request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

/// The digest of what will be sent, if the page knows it already: the URL then serves for nothing else.
fn content_md5(given: Option<&str>) -> Result<Option<&str>, Problem> {
    let Some(md5) = given else { return Ok(None) };
    match Base64::decode(md5, &mut [0; 16]) {
        Ok(bytes) if bytes.len() == 16 => Ok(Some(md5)),
        _ => Err(Problem::bad("InvalidDigest", "“contentMd5” is an MD5 in base64.")),
    }
}

fn parse_size(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::bad("BadRequest", "“size” is a number of bytes."))
}

/// What `POST /s3/multipart` takes, and of each file `POST /s3/params`.
#[derive(Deserialize)]
pub struct NewUpload {
    filename: String,
    #[serde(rename = "type")]
    content_type: Option<String>,
    size: Option<u64>,
    #[serde(rename = "contentMd5")]
    content_md5: Option<String>,
    metadata: Option<BTreeMap<String, Value>>,
}

/// `POST /s3/multipart`: begins an upload.
pub async fn create(State(signer): App, user: User, body: Body) -> Reply {
    let new: NewUpload = query::json(body).await?;
    signer.policy.size(new.size.unwrap_or(0))?;
    let content_type = signer.policy.content_type(new.content_type.as_deref().unwrap_or_default())?;
    let metadata: Vec<_> = new.metadata.unwrap_or_default().into_iter().filter_map(spell).collect();
    signer.policy.metadata(&metadata)?;
    let key = signer.policy.new_key(&user.name, &new.filename)?;
    let kind = signer.store.kind();
    let request = kind.create(&key, Some(&content_type), &metadata);
    let created = signer.store.ask(&request, |reply| kind.created(reply)).await?;
    signer.uploads.remember(&created.key, &created.upload_id);
    Ok(Json(json!({ "key": created.key, "uploadId": created.upload_id, "bucket": signer.store.bucket() })))
}

/// Uppy sends `null` for what a file lacks, and numbers as numbers.
fn spell((name, value): (String, Value)) -> Option<(String, String)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    }
}

/// An upload the user may work on: the key is theirs. Whether the id belongs to it only the store knows.
struct Mine {
    key: String,
    upload_id: String,
}

impl Mine {
    fn put(&self, kind: Kind, number: PartNumber, content_md5: Option<&str>) -> StoreRequest {
        kind.put_part(&self.key, &self.upload_id, number, ANY_RANGE, content_md5)
    }
}

fn mine(signer: &Signer, user: &User, query: &Query, upload_id: String) -> Result<Mine, Problem> {
    let key = query.need("key")?;
    signer.policy.own_key(&user.name, key)?;
    if upload_id.len() > MAX_UPLOAD_ID || upload_id.chars().any(char::is_control) {
        return Err(Problem::bad("BadRequest", "This is no upload id."));
    }
    Ok(Mine { key: key.to_owned(), upload_id })
}

/// Refuses to sign for an upload that the store does not have under this key: the id is forged, or of another upload.
async fn at_store(signer: &Signer, upload: &Mine) -> Result<(), Problem> {
    if !signer.uploads.knows(&upload.key, &upload.upload_id) {
        let kind = signer.store.kind();
        let request = kind.list_parts(&upload.key, &upload.upload_id, None);
        signer.store.ask(&request, |reply| kind.listed(reply)).await?;
        signer.uploads.remember(&upload.key, &upload.upload_id);
    }
    Ok(())
}

/// `GET /s3/multipart/:id?key`: all parts the store has.
pub async fn list_parts(
    State(signer): App,
    user: User,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    let upload = mine(&signer, &user, &Query::parse(query.as_deref()), id)?;
    let parts = signer.store.parts(&upload.key, &upload.upload_id).await;
    let parts = parts.inspect_err(|_| signer.uploads.forget(&upload.key, &upload.upload_id))?;
    signer.uploads.remember(&upload.key, &upload.upload_id);
    let spell =
        |part: ListedPart| json!({ "PartNumber": part.number.get(), "Size": part.size, "ETag": part.etag });
    Ok(Json(parts.into_iter().map(spell).collect()))
}

/// `GET /s3/multipart/:id/:number?key&size&contentMd5`: a URL for one part.
pub async fn sign_part(
    State(signer): App,
    user: User,
    Path((id, number)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Reply {
    let query = Query::parse(query.as_deref());
    let upload = mine(&signer, &user, &query, id)?;
    let size = query.get("size").map(parse_size).transpose()?;
    signer.policy.part_size(size)?;
    let mut request =
        upload.put(signer.store.kind(), part_number(&number)?, content_md5(query.get("contentMd5"))?);
    let headers = headers_to_send(&request);
    sign_size(&mut request, size);
    at_store(&signer, &upload).await?;
    Ok(Json(json!({
        "url": signer.store.url(&request),
        "headers": headers,
        "expires": signer.store.expires,
    })))
}

/// `GET /s3/multipart/:id/batch?key&partNumbers=1,2,7`: URLs for several parts.
pub async fn sign_batch(
    State(signer): App,
    user: User,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    let query = Query::parse(query.as_deref());
    let upload = mine(&signer, &user, &query, id)?;
    let numbers: Vec<&str> = query.need("partNumbers")?.split(',').collect();
    if numbers.len() > MAX_BATCH {
        return Err(Problem::bad("TooManyParts", "At most 1000 parts are signed at once."));
    }
    let numbers: Vec<PartNumber> = numbers.into_iter().map(part_number).collect::<Result<_, _>>()?;
    at_store(&signer, &upload).await?;
    let mut urls = Map::new();
    for number in numbers {
        let request = upload.put(signer.store.kind(), number, None);
        urls.insert(number.get().to_string(), signer.store.url(&request).into());
    }
    Ok(Json(json!({ "presignedUrls": urls, "expires": signer.store.expires })))
}

fn part_number(text: &str) -> Result<PartNumber, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits).and_then(PartNumber::new);
    number.ok_or_else(|| Problem::bad("BadPartNumber", "Part numbers are 1 to 10000."))
}

/// What `POST /s3/multipart/:id/complete` takes.
#[derive(Deserialize)]
pub struct Completion {
    parts: Vec<CompletedPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CompletedPart {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

/// `POST /s3/multipart/:id/complete?key`: makes the object, unless it turns out too large.
pub async fn complete(
    State(signer): App,
    user: User,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Reply {
    let upload = mine(&signer, &user, &Query::parse(query.as_deref()), id)?;
    let completion: Completion = query::json(body).await?;
    let mut parts = Vec::with_capacity(completion.parts.len());
    for part in completion.parts {
        parts.push((part_number(&part.part_number.to_string())?, part.etag));
    }
    if parts.is_empty() {
        return Err(Problem::bad("BadRequest", "An upload has at least one part."));
    }
    let kind = signer.store.kind();
    let listed = signer.store.parts(&upload.key, &upload.upload_id).await?;
    // What is put in place of a part after it was measured has another ETag, which the store then refuses.
    let measured: BTreeMap<_, _> =
        listed.iter().map(|part| (part.number, normalize_etag(&part.etag))).collect();
    if !parts.iter().all(|(number, etag)| measured.get(number) == Some(&normalize_etag(etag))) {
        return Err(Problem::bad("InvalidPart", "A part was not found, or its ETag is another one."));
    }
    let size = listed.iter().map(|part| part.size).sum();
    if let Err(too_large) = signer.policy.size(size) {
        // Nothing can be made of these parts any more, so they need not take up space.
        signer.uploads.forget(&upload.key, &upload.upload_id);
        signer.store.ask(&kind.abort(&upload.key, &upload.upload_id), done).await?;
        return Err(too_large);
    }
    let request = kind.complete(&upload.key, &upload.upload_id, &parts);
    signer.uploads.forget(&upload.key, &upload.upload_id);
    let completed = signer.store.ask(&request, |reply| kind.completed(reply)).await?;
    let location = completed.location.unwrap_or_else(|| signer.store.location(&upload.key));
    if let Some(etag) = &completed.etag {
        let object = Object { user: user.name, key: upload.key.clone(), size, read: None };
        contents::read_back(&signer, object, normalize_etag(etag));
    }
    Ok(Json(json!({
        "location": location,
        "key": upload.key,
        "bucket": signer.store.bucket(),
        "etag": completed.etag.map(|etag| normalize_etag(&etag)),
    })))
}

/// `DELETE /s3/multipart/:id?key`: forgets the upload and its parts.
pub async fn abort(
    State(signer): App,
    user: User,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    let upload = mine(&signer, &user, &Query::parse(query.as_deref()), id)?;
    signer.uploads.forget(&upload.key, &upload.upload_id);
    signer.store.ask(&signer.store.kind().abort(&upload.key, &upload.upload_id), done).await?;
    Ok(Json(json!({})))
}

/// `GET /s3/object?key`: does it exist? Tells a client whether a completion whose reply was lost succeeded.
pub async fn object(State(signer): App, user: User, RawQuery(query): RawQuery) -> Reply {
    let query = Query::parse(query.as_deref());
    let key = query.need("key")?;
    signer.policy.own_key(&user.name, key)?;
    let kind = signer.store.kind();
    let object = signer.store.ask(&kind.head(key), |reply| kind.object_info(reply)).await?;
    Ok(Json(json!({
        "key": key,
        "size": object.size,
        "etag": object.etag.map(|etag| normalize_etag(&etag)),
    })))
}

/// What `POST /s3/lookup` takes.
#[derive(Deserialize)]
pub struct Sought {
    md5: String,
    size: u64,
}

/// `POST /s3/lookup`: the user's object with this content, or 404. The page then need not send it.
pub async fn lookup(State(signer): App, user: User, body: Body) -> Reply {
    let Sought { md5, size } = query::json(body).await?;
    let md5 = Md5Digest::from_hex(&md5);
    let md5 = md5.ok_or_else(|| Problem::bad("InvalidDigest", "“md5” is an MD5 in hexadecimal digits."))?;
    let (object, etag) = contents::find(&signer, &user.name, md5, size).await?;
    Ok(Json(json!({
        "key": object.key,
        "location": signer.store.location(&object.key),
        "bucket": signer.store.bucket(),
        "etag": etag,
    })))
}

/// Reads a reply whose status says it all.
fn done(reply: &partwise::core::http::HttpReply) -> Result<(), StoreError> {
    if reply.is_success() { Ok(()) } else { Err(store_error(reply)) }
}
