//! Requests to the store, read back from what would go over the wire.

use partwise::core::http::{Body, HttpRequest, Method};
use partwise::core::text::percent_decode;
use partwise::core::time::parse_iso;

/// Where presigned URLs point.
pub const STORE: &str = "https://store/b/";

/// What the store is asked to do.
#[derive(Clone, Debug)]
pub enum Call {
    Create { key: String },
    PutPart { session: String, part: u32 },
    PutObject { key: String },
    List { session: String, after: u32 },
    Complete { session: String, parts: Vec<(u32, String)> },
    Abort { session: String },
    Head { key: String },
}

/// Whether the store may do it.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Milliseconds since 1970.
    pub date: u64,
    pub seconds: u64,
    pub token: Option<String>,
}

/// Query parameters, decoded.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(url: &str) -> Self {
        let (_, query) = url.split_once('?').expect("a presigned URL has a query");
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), percent_decode(value).unwrap())).collect())
    }

    fn find(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.find(name).map(|text| text.parse().unwrap())
    }
}

fn field(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(known, _)| known == name).unwrap().1.clone()
}

pub fn read(request: &HttpRequest) -> Call {
    if let Body::Form { fields, .. } = &request.body {
        return Call::PutObject { key: field(fields, "key") };
    }
    let (path, _) = request.url.split_once('?').expect("a presigned URL has a query");
    let key = percent_decode(path.strip_prefix(STORE).expect("the store's address")).unwrap();
    let query = Query::of(&request.url);
    match (request.method, query.find("uploadId")) {
        (Method::Put, None) => Call::PutObject { key },
        (Method::Put, Some(session)) => Call::PutPart { session, part: query.number("partNumber").unwrap() },
        (Method::Post, None) => Call::Create { key },
        (Method::Post, Some(session)) => Call::Complete { session, parts: read_parts(&request.body) },
        (Method::Get, Some(session)) => {
            Call::List { session, after: query.number("part-number-marker").unwrap_or(0) }
        }
        (Method::Delete, Some(session)) => Call::Abort { session },
        (Method::Head, _) => Call::Head { key },
        (method, session) => panic!("no such request: {method:?} {session:?}"),
    }
}

/// What a signature says, of a request that has one.
pub fn read_auth(request: &HttpRequest) -> Auth {
    if let Body::Form { fields, .. } = &request.body {
        return Auth { date: field(fields, "date").parse().unwrap(), seconds: 900, token: None };
    }
    let query = Query::of(&request.url);
    Auth {
        date: read_date(&query.find("X-Amz-Date").expect("a date")),
        seconds: query.number("X-Amz-Expires").expect("a life").into(),
        token: query.find("X-Amz-Security-Token"),
    }
}

/// `20260102T030405Z`.
fn read_date(compact: &str) -> u64 {
    let at = |range: std::ops::Range<usize>| &compact[range];
    let iso = format!("{}-{}-{}T{}:{}:{}Z", at(0..4), at(4..6), at(6..8), at(9..11), at(11..13), at(13..15));
    parse_iso(&iso).unwrap().0
}

fn read_parts(body: &Body) -> Vec<(u32, String)> {
    let Body::Text { text, .. } = body else { panic!("Complete without a body") };
    let parts = text.split("<Part>").skip(1);
    parts.map(|part| (between(part, "PartNumber").parse().unwrap(), between(part, "ETag"))).collect()
}

fn between(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
    let (value, _) = rest.split_once(&format!("</{name}>")).unwrap();
    value.replace("&quot;", "\"").replace("&amp;", "&")
}

impl Call {
    pub fn name(&self) -> String {
        match self {
            Self::Create { key } => format!("create {key}"),
            Self::PutPart { session, part } => format!("PUT {session}/{part}"),
            Self::PutObject { key } => format!("PUT {key}"),
            Self::List { session, after } => format!("list {session} after {after}"),
            Self::Complete { session, parts } => format!("complete {session} of {} parts", parts.len()),
            Self::Abort { session } => format!("abort {session}"),
            Self::Head { key } => format!("head {key}"),
        }
    }
}
