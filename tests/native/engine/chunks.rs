//! A model of a chunk endpoint, as the sample servers of simple-uploader.js, flow.js and resumable.js do it: it checks what they
//! check, and answers as it is set to.

use partwise::core::http::{Body, HttpReply, HttpRequest, Method};
use partwise::core::text::json::{self, Json};
use partwise::core::text::percent_decode;
use std::collections::BTreeMap;

/// Where it answers.
pub const TARGET: &str = "/chunks";

#[derive(Default)]
pub struct Chunks {
    /// By identifier and number.
    pub held: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// Whole files by identifier.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Answers a test with a list of what it has, rather than with a status.
    pub tells_all: bool,
    /// Puts a file together when it is told to, rather than with the last chunk.
    pub waits_for_merge: bool,
}

fn reply(status: u16, body: &str) -> HttpReply {
    HttpReply { status, headers: Vec::new(), body: body.into() }
}

impl Chunks {
    pub fn serve(&mut self, request: &HttpRequest, bytes: &[u8]) -> HttpReply {
        if request.url.starts_with("/chunks/merge") {
            let body = json::parse(&String::from_utf8_lossy(bytes)).unwrap();
            let identifier = body.get("identifier").and_then(Json::as_str).unwrap().to_owned();
            self.put_together(&identifier);
            return reply(200, "{\"url\":\"/files/merged\"}");
        }
        let fields = match &request.body {
            Body::Form { fields, .. } => fields.clone(),
            _ => query(&request.url),
        };
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let number = |name: &str| field(name).parse::<u64>().unwrap();
        let identifier = field("identifier");
        let chunk = number("chunkNumber") as u32;
        if request.method == Method::Get {
            return self.test(&identifier, chunk);
        }
        let (size, total, count) = (number("chunkSize"), number("totalSize"), number("totalChunks"));
        // The rules of the sample servers.
        assert_eq!(count, (total / size).max(1));
        let expected = if u64::from(chunk) == count { total - (count - 1) * size } else { size };
        assert_eq!((number("currentChunkSize"), bytes.len() as u64), (expected, expected));
        let held = self.held.entry(identifier.clone()).or_default();
        held.insert(chunk, bytes.to_vec());
        let is_whole = held.len() as u64 == count;
        if is_whole && !self.waits_for_merge {
            self.put_together(&identifier);
        }
        reply(200, &format!("{{\"result\":true,\"needMerge\":{}}}", is_whole && self.waits_for_merge))
    }

    fn test(&self, identifier: &str, chunk: u32) -> HttpReply {
        let held = self.held.get(identifier);
        if !self.tells_all {
            return reply(if held.is_some_and(|held| held.contains_key(&chunk)) { 200 } else { 204 }, "");
        }
        if self.files.contains_key(identifier) {
            return reply(200, "{\"skipUpload\":true,\"url\":\"/files/there\"}");
        }
        let numbers: Vec<String> =
            held.into_iter().flat_map(|held| held.keys().map(u32::to_string)).collect();
        reply(200, &format!("{{\"uploaded\":[{}]}}", numbers.join(",")))
    }

    fn put_together(&mut self, identifier: &str) {
        let held = self.held.remove(identifier).unwrap();
        self.files.insert(identifier.into(), held.into_values().flatten().collect());
    }

    /// The only whole file.
    pub fn file(&self) -> Option<&Vec<u8>> {
        assert!(self.files.len() <= 1);
        self.files.values().next()
    }
}

/// The parameters of an address.
pub fn query(url: &str) -> Vec<(String, String)> {
    let (_, query) = url.split_once('?').unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), percent_decode(value).unwrap())).collect()
}
