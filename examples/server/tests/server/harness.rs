//! Starts servers, signs requests, reads replies.

use partwise::core::store::store_error;
use partwise::core::{
    sign::{Credentials, Presign, presign},
    store::{Bucket, Kind, StoreRequest},
    units::{ByteRange, PartNumber, UnixMillis},
};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::SystemTime,
};

pub const MIB: usize = 1024 * 1024;

pub const ANY_RANGE: ByteRange = ByteRange { start: 0, end: 0 };

/// A running server with folders of its own, stopped when dropped.
pub struct Server {
    process: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// `http://127.0.0.1:PORT/BUCKET`
    pub store: String,
    pub folder: PathBuf,
    pub http: Client,
}

/// A folder nobody else uses.
pub fn new_folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("server-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Left behind by an earlier process that had the same id.
    let _ = std::fs::remove_dir_all(&folder);
    for part in ["page", "dist"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    folder
}

pub fn command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partwise-demo-server"));
    command.args(["--port", "0", "--store-port", "0"]);
    for option in ["page", "dist", "data"] {
        command.arg(format!("--{option}")).arg(folder.join(option));
    }
    command
}

impl Server {
    pub fn start(options: &[&str]) -> Self {
        Self::start_in(new_folder(), options)
    }

    pub fn start_in(folder: PathBuf, options: &[&str]) -> Self {
        let mut process = command(&folder).args(options).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = |prefix: &str| lines.next().unwrap().unwrap().strip_prefix(prefix).unwrap().to_owned();
        let store = line("store: ");
        let url = line("partwise demo: ").trim_end_matches('/').to_owned();
        Self { process, url, store, folder, http: Client::new() }
    }

    /// The folder, once the server has stopped.
    pub fn stop(mut self) -> PathBuf {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::take(&mut self.folder)
    }

    /// The store's address without the bucket.
    pub fn store_origin(&self) -> &str {
        self.store.rsplit_once('/').unwrap().0
    }

    /// Signs a request to the embedded store.
    pub fn sign(&self, request: &StoreRequest) -> String {
        self.sign_with(request, "demosecret", now(), 60)
    }

    pub fn sign_with(
        &self,
        request: &StoreRequest,
        secret: &str,
        now: UnixMillis,
        expires_secs: u32,
    ) -> String {
        let bucket = Bucket {
            endpoint: Some(self.store_origin().to_owned()),
            path_style: true,
            ..Bucket::new(Kind::S3, "demo", "us-east-1")
        };
        let credentials = Credentials {
            access_key_id: "demoaccess".to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        };
        presign(request, &bucket, &Presign::new(&credentials, now, expires_secs))
    }

    /// Makes a signed request to the embedded store.
    pub fn ask(&self, request: &StoreRequest) -> RequestBuilder {
        let method = Method::from_bytes(request.method.as_str().as_bytes()).unwrap();
        let mut builder = self.http.request(method, self.sign(request));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        match &request.body {
            partwise::core::http::Body::Text { text, .. } => builder.body(text.clone()),
            _ => builder,
        }
    }

    /// Makes a request to the signing routes as the demo user.
    pub async fn api(&self, method: Method, path: &str) -> RequestBuilder {
        let session = self.http.get(format!("{}/session", self.url)).send().await.unwrap();
        let token = json(session).await["token"].as_str().unwrap().to_owned();
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(token)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.api(Method::GET, path).await.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.api(Method::POST, path).await.body(body.to_string()).send().await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !self.folder.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Store operations that tests are not about.
impl Server {
    pub async fn begin(&self, key: &str) -> String {
        let reply = self.ask(&Kind::S3.create(key, None, &[])).send().await.unwrap();
        Kind::S3.created(&http_reply(reply).await).unwrap().upload_id
    }

    /// Sends a part and returns its ETag as spelled by the store.
    pub async fn put(&self, key: &str, id: &str, number: u32, content: Vec<u8>) -> String {
        let request = Kind::S3.put_part(key, id, part(number), ANY_RANGE, None);
        let reply = self.ask(&request).body(content).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        header(&reply, "etag")
    }

    pub async fn complete(&self, key: &str, id: &str, parts: &[(u32, &str)]) -> Response {
        let parts: Vec<_> = parts.iter().map(|(number, etag)| (part(*number), (*etag).to_owned())).collect();
        self.ask(&Kind::S3.complete(key, id, &parts)).send().await.unwrap()
    }

    pub async fn read(&self, key: &str) -> Vec<u8> {
        let mut request = Kind::S3.head(key);
        request.method = partwise::core::http::Method::Get;
        let reply = self.ask(&request).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        reply.bytes().await.unwrap().to_vec()
    }

    /// How many uploads are unfinished.
    pub async fn unfinished(&self) -> usize {
        let reply = self.ask(&Kind::S3.list_uploads("", None)).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        reply.text().await.unwrap().matches("<Upload>").count()
    }
}

pub fn now() -> UnixMillis {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UnixMillis(now.as_millis() as u64)
}

pub fn part(number: u32) -> PartNumber {
    PartNumber::new(number).unwrap()
}

/// Bytes that differ from place to place and by seed.
pub fn content(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

pub fn header(reply: &Response, name: &str) -> String {
    reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

pub async fn json(reply: Response) -> Value {
    assert_eq!(header(&reply, "content-type"), "application/json");
    serde_json::from_str(&reply.text().await.unwrap()).unwrap()
}

/// Status and `code` of a refusal of the signing routes, which always says something too.
pub async fn refusal(reply: Response) -> (u16, String) {
    let status = reply.status().as_u16();
    let body = json(reply).await;
    assert!(!body["error"].as_str().unwrap().is_empty());
    (status, body["code"].as_str().unwrap().to_owned())
}

/// Status and `<Code>` of a refusal of the store.
pub async fn store_refusal(reply: Response) -> (u16, String) {
    let reply = http_reply(reply).await;
    (reply.status, store_error(&reply).code)
}

pub async fn http_reply(reply: Response) -> partwise::core::http::HttpReply {
    partwise::core::http::HttpReply {
        status: reply.status().as_u16(),
        headers: reply
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: reply.text().await.unwrap(),
    }
}

pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A connection for what an HTTP client would not send.
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to the host of a URL and sends the head of a request for it.
    pub fn open(method: &str, url: &str, headers: &str) -> Self {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Everything up to the end of the reply's head, in lower case.
    pub fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap().to_lowercase()
    }
}
