//! A signing server for `signRequest`, without any framework: `cargo run --example sign-server`.
//!
//! It takes `POST {"method", "key", "query", "headers"}` with `Authorization: Bearer TOKEN` at any path, and answers
//! `{"url", "expires"}`. The environment says for which bucket and for whom: `KIND` (`s3`, `oss`, `cos` or `bos`), `BUCKET`,
//! `REGION`, `ACCESS_KEY`, `SECRET_KEY`, `USERS` (`ann=TOKEN,bob=TOKEN`), and where they are wanted `SESSION_TOKEN`, `ENDPOINT`
//! and `PORT` (8080). It listens on 127.0.0.1: a web server belongs before it.

mod http;
#[cfg(test)]
mod tests;

use partwise::core::error::Operation;
use partwise::core::http::{Body, Method};
use partwise::core::sign::{Credentials, Presign, presign};
use partwise::core::store::{Bucket, Kind, StoreRequest, check_key};
use partwise::core::units::UnixMillis;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::env;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

/// Seconds a URL lives.
const URL_SECS: u32 = 900;

/// What a page asks to have signed.
#[derive(Deserialize)]
struct Asked {
    method: String,
    key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

/// Whatever is signed can be done. So this signs only what an upload needs, and only below the user's own folder; `None` for
/// everything else.
fn sign(
    asked: Asked,
    user: &str,
    bucket: &Bucket,
    credentials: &Credentials,
    now: UnixMillis,
) -> Option<String> {
    let names: Vec<&str> = asked.query.keys().map(String::as_str).collect();
    let (operation, method) = match (asked.method.as_str(), names.as_slice()) {
        ("POST", ["uploads"]) => (Operation::Create, Method::Post),
        ("PUT", ["partNumber", "uploadId"]) => (Operation::PutPart, Method::Put),
        ("PUT", []) => (Operation::PutObject, Method::Put),
        ("GET", ["max-parts" | "maxParts", "uploadId"]) => (Operation::ListParts, Method::Get),
        ("GET", ["max-parts" | "maxParts", "part-number-marker" | "partNumberMarker", "uploadId"]) => {
            (Operation::ListParts, Method::Get)
        }
        ("POST", ["uploadId"]) => (Operation::Complete, Method::Post),
        ("DELETE", ["uploadId"]) => (Operation::Abort, Method::Delete),
        ("HEAD", []) => (Operation::Head, Method::Head),
        _ => return None,
    };
    // Without its upload id, `DELETE` would be about the object.
    let is_whole = asked.query.iter().all(|(name, value)| value.is_empty() == (name == "uploads"));
    let is_own = asked.key.strip_prefix(user).is_some_and(|rest| rest.starts_with('/'));
    if !is_whole || !is_own || check_key(&asked.key).is_err() {
        return None;
    }
    if !asked.headers.iter().all(|(name, value)| is_upload_header(name, value, bucket.kind)) {
        return None;
    }
    let request = StoreRequest {
        operation,
        method,
        key: asked.key,
        query: asked.query.into_iter().collect(),
        headers: asked.headers.into_iter().collect(),
        body: Body::Empty,
    };
    Some(presign(&request, bucket, &Presign::new(credentials, now, URL_SECS)))
}

/// The type, the checksum, the metadata, and not to replace an object; no access rights, no copying. A line break in a value
/// would make two headers of one where headers are signed line by line.
fn is_upload_header(name: &str, value: &str, kind: Kind) -> bool {
    let (meta, keep) = match kind {
        Kind::S3 => ("x-amz-meta-", "if-none-match"),
        Kind::Oss => ("x-oss-meta-", "x-oss-forbid-overwrite"),
        Kind::Cos => ("x-cos-meta-", "x-cos-forbid-overwrite"),
        Kind::Bos => ("x-bce-meta-", "if-none-match"),
    };
    let name = name.to_ascii_lowercase();
    let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte));
    let is_known = ["content-type", "content-md5", keep].contains(&name.as_str()) || name.starts_with(meta);
    is_known && is_token && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// For which bucket, with which credentials and for whom.
struct Server {
    bucket: Bucket,
    credentials: Credentials,
    /// Users by their tokens. A user is a folder: letters and digits.
    users: BTreeMap<String, String>,
}

impl Server {
    /// Reads the environment, or something like it.
    fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let need = |name: &str| {
            get(name).filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is not set"))
        };
        let kind = Kind::from_name(&need("KIND")?).ok_or("KIND must be s3, oss, cos or bos")?;
        let endpoint = get("ENDPOINT");
        let mut users = BTreeMap::new();
        for pair in need("USERS")?.split(',') {
            let (user, token) = pair.split_once('=').unwrap_or_default();
            if user.is_empty() || token.is_empty() || !user.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err("USERS must be like ann=TOKEN,bob=TOKEN".into());
            }
            users.insert(token.to_owned(), user.to_owned());
        }
        Ok(Self {
            bucket: Bucket {
                path_style: kind == Kind::S3 && endpoint.is_some(),
                endpoint,
                ..Bucket::new(kind, &need("BUCKET")?, &need("REGION")?)
            },
            credentials: Credentials {
                access_key_id: need("ACCESS_KEY")?,
                secret_access_key: need("SECRET_KEY")?,
                session_token: get("SESSION_TOKEN"),
            },
            users,
        })
    }

    /// Status and body of the reply.
    fn answer(&self, request: &http::Request, now: UnixMillis) -> (u16, serde_json::Value) {
        let Some(user) = self.users.get(request.token.as_deref().unwrap_or_default()) else {
            return (401, json!({ "error": "sign in first" }));
        };
        if request.method != "POST" {
            return (405, json!({ "error": "only POST" }));
        }
        let Ok(asked) = serde_json::from_slice(&request.body) else {
            return (400, json!({ "error": "no request to sign" }));
        };
        match sign(asked, user, &self.bucket, &self.credentials, now) {
            Some(url) => (200, json!({ "url": url, "expires": URL_SECS })),
            None => (403, json!({ "error": "refused" })),
        }
    }

    fn run(self, listener: &TcpListener) {
        let server = Arc::new(self);
        for stream in listener.incoming().flatten() {
            let server = Arc::clone(&server);
            thread::spawn(move || http::serve(stream, |request| server.answer(request, now())));
        }
    }
}

fn now() -> UnixMillis {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(since_1970.as_millis() as u64)
}

fn main() -> ExitCode {
    let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| error.to_string());
    let server = Server::from_variables(|name| env::var(name).ok());
    match server.and_then(|server| Ok((server, listener?))) {
        Ok((server, listener)) => {
            println!("signing for {} at http://127.0.0.1:{port}/", server.bucket.name);
            server.run(&listener);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
