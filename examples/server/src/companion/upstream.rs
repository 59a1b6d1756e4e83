//! The store behind: signs requests for browsers, and makes those that are ours to make.

use super::{
    problem::Problem,
    resolver::{self, Connector},
};
use crate::cli::Options;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use partwise::core::{
    http::{Body, HttpReply, MAX_REPLY_BYTES, Method},
    sign::{Credentials, Presign, presign},
    store::{Bucket, Kind, ListedPart, StoreError, StoreRequest},
    units::UnixMillis,
};
use rustls::{ClientConfig, RootCertStore};
use std::{
    io,
    time::{Duration, SystemTime},
};

/// Our own requests are made at once, so their URLs need not live long.
const OWN_EXPIRES_SECS: u32 = 300;

/// How long a store may take. Completing thousands of parts takes minutes at some.
const PATIENCE: Duration = Duration::from_secs(300);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A bucket of a store, and the credentials for it.
pub struct Upstream {
    client: Client<HttpsConnector<Connector>, Full<axum::body::Bytes>>,
    credentials: Credentials,
    /// As reached from here.
    inside: Bucket,
    /// As reached from browsers.
    outside: Bucket,
    /// Seconds URLs for browsers live.
    pub expires: u32,
}

impl Upstream {
    /// `store` is the store's address, where it is not the vendor's own.
    pub fn new(options: &Options, store: Option<&str>) -> io::Result<Self> {
        let is_secure = store.is_none_or(|store| store.starts_with("https://"));
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector(is_secure)?),
            credentials: Credentials {
                access_key_id: options.access_key.clone(),
                secret_access_key: options.secret_key.clone(),
                session_token: options.session_token.clone(),
            },
            inside: options.bucket_at(store),
            outside: options.bucket_at(options.store_public.as_deref().or(store)),
            expires: options.url_expires,
        })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.inside.name
    }

    /// Whose protocol it speaks.
    pub fn kind(&self) -> Kind {
        self.inside.kind
    }

    /// A URL with which a browser may make this request until it expires.
    pub fn url(&self, request: &StoreRequest) -> String {
        self.sign(request, &self.outside, self.expires)
    }

    /// The address of an object, not signed.
    pub fn location(&self, key: &str) -> String {
        let address = self.outside.address(key);
        address.origin + &address.path
    }

    fn sign(&self, request: &StoreRequest, bucket: &Bucket, expires_secs: u32) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = UnixMillis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        presign(request, bucket, &Presign::new(&self.credentials, now, expires_secs))
    }

    /// Makes a request and reads its reply with one of the dialect's readers.
    pub async fn ask<T>(
        &self,
        request: &StoreRequest,
        read: impl FnOnce(&HttpReply) -> Result<T, StoreError>,
    ) -> Result<T, Problem> {
        let reply = tokio::time::timeout(PATIENCE, self.send(request)).await;
        let reply = reply.unwrap_or_else(|_| Err("it took too long".into())).map_err(|error| {
            eprintln!("store: {}: {}", request.operation.as_str(), causes(&*error));
            Problem::new(StatusCode::BAD_GATEWAY, "StoreUnreachable", "The store does not answer.")
        })?;
        read(&reply).map_err(|error| refusal(&reply, error))
    }

    /// Reads an object, of which `head` asks only whether it is there.
    pub async fn read(&self, head: &StoreRequest, mut take: impl FnMut(&[u8])) -> Result<(), Failure> {
        let request = StoreRequest { method: Method::Get, ..head.clone() };
        let reply = tokio::time::timeout(PATIENCE, self.request(&request)).await??;
        if !reply.status().is_success() {
            return Err(format!("status {}", reply.status().as_u16()).into());
        }
        let mut body = reply.into_body();
        while let Some(frame) = tokio::time::timeout(PATIENCE, body.frame()).await? {
            if let Ok(bytes) = frame?.into_data() {
                take(&bytes);
            }
        }
        Ok(())
    }

    async fn request(&self, request: &StoreRequest) -> Result<Response<axum::body::Body>, Failure> {
        let mut builder = Request::builder().method(request.method.as_str()).uri(self.sign(
            request,
            &self.inside,
            OWN_EXPIRES_SECS,
        ));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let text = match &request.body {
            Body::Text { content_type, text } => {
                if !content_type.is_empty() {
                    builder = builder.header(header::CONTENT_TYPE, *content_type);
                }
                text.clone()
            }
            _ => String::new(),
        };
        Ok(self.client.request(builder.body(Full::from(text))?).await?.map(axum::body::Body::new))
    }

    async fn send(&self, request: &StoreRequest) -> Result<HttpReply, Failure> {
        let reply = self.request(request).await?;
        let (parts, body) = reply.into_parts();
        let body = Limited::new(body, MAX_REPLY_BYTES).collect().await?.to_bytes();
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(HttpReply {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// All parts of an upload, over all pages.
    pub async fn parts(&self, key: &str, upload_id: &str) -> Result<Vec<ListedPart>, Problem> {
        let mut parts = Vec::new();
        let (kind, mut after) = (self.kind(), None);
        loop {
            let page = self.ask(&kind.list_parts(key, upload_id, after), |reply| kind.listed(reply)).await?;
            parts.extend(page.parts);
            // A marker that does not advance would list the same page for ever.
            if page.next.is_none() || page.next <= after {
                return Ok(parts);
            }
            after = page.next;
        }
    }
}

fn connector(https: bool) -> io::Result<HttpsConnector<Connector>> {
    let builder = HttpsConnectorBuilder::new();
    let builder = if https {
        builder.with_native_roots()?
    } else {
        // A machine without certificates can still talk to a store over plain HTTP.
        let config = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
        builder.with_tls_config(config.with_no_client_auth())
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(resolver::connector()))
}

/// An error and what it came from: "client error (Connect)" alone helps nobody.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain: Vec<_> =
        std::iter::successors(Some(error), |error| error.source()).map(|e| e.to_string()).collect();
    chain.join(": ")
}

/// What a store's refusal means to whoever asked us.
fn refusal(reply: &HttpReply, error: StoreError) -> Problem {
    let code = match (error.code.as_str(), reply.status) {
        ("", 404) => "NoSuchKey".to_owned(),
        ("", status) => format!("Status{status}"),
        (code, _) => code.to_owned(),
    };
    let status = match (code.as_str(), reply.status) {
        ("NoSuchUpload", _) => StatusCode::NOT_FOUND,
        // Our credentials are at fault, not those of whoever asked.
        (_, 401 | 403) => StatusCode::BAD_GATEWAY,
        ("SlowDown" | "ServiceUnavailable", _) | (_, 429 | 503) => StatusCode::SERVICE_UNAVAILABLE,
        (_, status @ 400..500) => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        _ => StatusCode::BAD_GATEWAY,
    };
    let message = if error.message.is_empty() { format!("The store answers {code}.") } else { error.message };
    let retry_after = reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
    Problem { retry_after, request_id: error.request_id, ..Problem::new(status, code, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use partwise::core::store::store_error;

    fn refused(status: u16, body: &str) -> (u16, String) {
        let reply = HttpReply { status, headers: Vec::new(), body: body.to_owned() };
        let problem = refusal(&reply, store_error(&reply));
        (problem.status.as_u16(), problem.code.into_owned())
    }

    fn error(code: &str) -> String {
        format!("<Error><Code>{code}</Code><Message>m</Message></Error>")
    }

    #[test]
    fn a_stores_refusal_keeps_its_meaning() {
        assert_eq!(refused(404, &error("NoSuchUpload")), (404, "NoSuchUpload".to_owned()));
        assert_eq!(refused(400, &error("EntityTooSmall")), (400, "EntityTooSmall".to_owned()));
        assert_eq!(refused(503, &error("SlowDown")), (503, "SlowDown".to_owned()));
        assert_eq!(refused(200, &error("InternalError")), (502, "InternalError".to_owned()));
        assert_eq!(refused(404, ""), (404, "NoSuchKey".to_owned()));
    }

    #[test]
    fn our_own_credentials_are_not_the_users_fault() {
        assert_eq!(refused(403, &error("SignatureDoesNotMatch")).0, 502);
    }
}
