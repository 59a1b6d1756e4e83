//! What passed, for the tests to count.

use crate::{head::RequestHead, locked};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

/// One request as `GET /log` shows it. Holds no signature: of the query only names and the part number.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Counts from 1, in the order of arrival.
    pub id: u64,
    /// As sent.
    pub method: String,
    /// As sent, percent-encoded, without the query.
    pub path: String,
    /// The names of the query parameters.
    pub query: Vec<String>,
    /// The `partNumber` parameter.
    pub part_number: Option<u32>,
    /// The same for the same `uploadId` parameter.
    pub upload_id_hash: Option<String>,
    /// Bytes of the body read from the client.
    pub body_bytes: u64,
    /// How it ended; `None` while it is open and not left hanging.
    pub outcome: Option<Outcome>,
    /// Of the reply, the store's or an injected one, whether or not it reached the client.
    pub status: Option<u16>,
    /// The name of the rule that ended it.
    pub rule: Option<String>,
    /// Milliseconds since 1970, with fractions.
    pub start: f64,
    /// Milliseconds since 1970, with fractions; `None` while it is open.
    pub end: Option<f64>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The store's reply was passed back.
    Forwarded,
    /// A rule replied.
    Injected,
    /// A rule, `POST /offline` or `POST /reset` cut the connection.
    Cut,
    /// It was left hanging, until the client gave up or the connection was cut.
    Hung,
    /// The client closed the connection.
    Aborted,
    /// The store closed the connection or could not be reached.
    Lost,
}

/// All requests since the last reset.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    requests: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    last_id: u64,
    entries: BTreeMap<u64, Request>,
}

impl Journal {
    /// Notes that a request has begun.
    pub fn open(&self, head: &RequestHead) -> Entry {
        let mut book = locked(&self.requests);
        book.last_id += 1;
        let id = book.last_id;
        book.entries.insert(
            id,
            Request {
                id,
                method: head.method.clone(),
                path: head.path.clone(),
                query: head.query.iter().map(|(name, _)| name.clone()).collect(),
                part_number: head.param("partNumber").and_then(|number| number.parse().ok()),
                upload_id_hash: head.param("uploadId").map(hash),
                body_bytes: 0,
                outcome: None,
                status: None,
                rule: None,
                start: now(),
                end: None,
            },
        );
        Entry { id, journal: self.clone(), outcome: None }
    }

    /// Notes that everything open is left hanging.
    pub fn all_hang(&self) {
        for request in locked(&self.requests).entries.values_mut().filter(|request| request.end.is_none()) {
            request.outcome = Some(Outcome::Hung);
        }
    }

    /// Everything noted, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.requests).entries.values().cloned().collect()
    }

    /// How many requests have begun and not ended.
    pub fn open_requests(&self) -> usize {
        locked(&self.requests).entries.values().filter(|request| request.end.is_none()).count()
    }

    /// Forgets everything; requests still open are no longer counted.
    pub fn clear(&self) {
        locked(&self.requests).entries.clear();
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Request)) {
        if let Some(request) = locked(&self.requests).entries.get_mut(&id) {
            change(request);
        }
    }
}

/// A request that is open until this is finished or dropped; dropping means that it was cut.
#[derive(Debug)]
pub struct Entry {
    id: u64,
    journal: Journal,
    outcome: Option<Outcome>,
}

impl Entry {
    /// Counts bytes of the body.
    pub fn received(&self, bytes: u64) {
        self.journal.change(self.id, |request| request.body_bytes += bytes);
    }

    /// Notes the rule that decides how it ends.
    pub fn decided_by(&self, rule: &str) {
        self.journal.change(self.id, |request| request.rule = Some(rule.to_owned()));
    }

    /// Notes that it is left hanging: that is its outcome even if it is dropped.
    pub fn hangs(&self) {
        self.journal.change(self.id, |request| request.outcome = Some(Outcome::Hung));
    }

    /// Notes what the store replied, whether or not the client gets to know it.
    pub fn replied(&self, status: u16) {
        self.journal.change(self.id, |request| request.status = Some(status));
    }

    /// Notes that the client is gone, though the store may still reply.
    pub fn left(&self) {
        self.journal.change(self.id, |request| request.end = Some(now()));
    }

    /// Ends it; `status` is that of an injected reply, of the store's it is known.
    pub fn finish(mut self, outcome: Outcome, status: Option<u16>) {
        self.outcome = Some(outcome);
        self.journal.change(self.id, |request| request.status = status.or(request.status));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let outcome = self.outcome;
        self.journal.change(self.id, |request| {
            request.outcome = outcome.or(request.outcome).or(Some(Outcome::Cut));
            request.end.get_or_insert_with(now);
        });
    }
}

fn hash(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> RequestHead {
        let line = "PUT /demo/k?partNumber=2&uploadId=secret&X-Amz-Signature=secret HTTP/1.1\r\n\r\n";
        crate::head::request(line.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_request_is_open_until_it_is_finished_or_dropped() {
        let journal = Journal::default();
        let (first, second) = (journal.open(&head()), journal.open(&head()));
        assert_eq!(journal.open_requests(), 2);
        first.received(7);
        first.finish(Outcome::Forwarded, Some(200));
        drop(second);
        assert_eq!(journal.open_requests(), 0);
        let outcomes: Vec<_> =
            journal.requests().iter().map(|r| (r.outcome, r.status, r.body_bytes)).collect();
        assert_eq!(outcomes, [(Some(Outcome::Forwarded), Some(200), 7), (Some(Outcome::Cut), None, 0)]);
    }

    #[test]
    fn the_log_holds_no_signature_and_no_upload_id() {
        let journal = Journal::default();
        drop(journal.open(&head()));
        let text = serde_json::to_string(&journal.requests()).unwrap();
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains(r#""partNumber":2"#), "{text}");
    }

    #[test]
    fn a_request_that_ends_after_a_reset_is_not_noted() {
        let journal = Journal::default();
        let entry = journal.open(&head());
        journal.clear();
        drop(entry);
        assert!(journal.requests().is_empty());
    }
}
