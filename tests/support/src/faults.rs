//! What can happen to a request.

use crate::locked;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write, sync::Mutex, time::Duration};
use tokio::time::{Instant, sleep_until};

/// What a rule does to a request. Delays, latencies, rates and hidden headers add up; of the others the first one counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// Holds the request back.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Makes the line long: each byte of requests and replies arrives so much later, and a new connection costs a round
    /// trip before its first request. Unlike a delay it does not make the line narrower.
    Latency {
        /// Milliseconds, one way.
        ms: u64,
    },
    /// Lets bodies of all requests of this rule together pass at this rate.
    Rate {
        /// Bytes per second, at least 1.
        bytes_per_second: u64,
    },
    /// Leaves headers out of the store's reply.
    HideHeaders {
        /// Any case.
        names: Vec<String>,
    },
    /// Holds the store's reply back, for longer than the client may wait: the store has taken the request.
    DelayReply {
        /// Milliseconds.
        ms: u64,
    },
    /// Changes one byte of the body; at [`Point::Reply`] none.
    Corrupt {
        /// Which.
        at: Point,
    },
    /// Answers in place of the store, which never sees the request. The body is read first, to its end.
    Reply(Reply),
    /// Takes the request, which the store never sees, and says nothing for ever.
    Swallow,
    /// Resets both connections.
    Cut {
        /// When.
        at: Point,
    },
    /// Goes silent: keeps the connection, neither reads on nor replies.
    Hang {
        /// When.
        at: Point,
    },
}

/// When something happens to a request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Point {
    /// After so many bytes of the body were passed on.
    Bytes(u64),
    /// After this share of the body, 0 to 1, was passed on.
    Share(f64),
    /// After the store took the request, when it begins to reply.
    Reply,
}

impl Point {
    /// The number of body bytes after which it is reached, of a body this long; `None` for [`Point::Reply`].
    pub fn bytes(self, length: u64) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Share(share) => Some((length as f64 * share.clamp(0.0, 1.0)) as u64),
            Self::Reply => None,
        }
    }
}

/// A reply made up by the proxy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Whether a page of another origin may see it, and its `ETag` and `Retry-After`.
    #[serde(default = "yes")]
    pub cors: bool,
    /// `Retry-After`, seconds.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// Sent without reading the body, and the connection is closed at once, as servers do that refuse a large request.
    /// What the browser has not sent by then makes this a reset, so that it may see no reply at all.
    #[serde(default)]
    pub early: bool,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, sent as XML unless `headers` has a `content-type`.
    #[serde(default)]
    pub body: String,
}

fn yes() -> bool {
    true
}

impl Reply {
    /// The bytes on the wire.
    pub fn bytes(&self, origin: Option<&str>) -> Vec<u8> {
        let mut lines = vec![format!("content-length: {}", self.body.len())];
        if !self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            lines.push("content-type: application/xml".to_owned());
        }
        if let (true, Some(origin)) = (self.cors, origin) {
            lines.push(format!("access-control-allow-origin: {origin}"));
            lines.push("access-control-expose-headers: ETag, Retry-After".to_owned());
        }
        lines.extend(self.retry_after.map(|seconds| format!("retry-after: {seconds}")));
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let mut text = format!("HTTP/1.1 {} Injected\r\n", self.status);
        for line in lines {
            // Writing to a String cannot fail.
            let _ = write!(text, "{line}\r\n");
        }
        text.push_str("\r\n");
        text.push_str(&self.body);
        text.into_bytes()
    }
}

/// A rate that several connections share.
#[derive(Debug)]
pub struct RateLimit {
    bytes_per_second: u64,
    free_at: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// A link that passes so many bytes per second.
    pub fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), free_at: Mutex::new(None) }
    }

    /// Waits until this many bytes may pass.
    pub async fn pass(&self, bytes: usize) {
        let until = {
            let mut free_at = locked(&self.free_at);
            let now = Instant::now();
            let start = free_at.map_or(now, |at| at.max(now));
            let until = start + Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
            *free_at = Some(until);
            until
        };
        sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_seen_by_the_page_only_with_cors() {
        let reply: Reply = serde_json::from_str(r#"{"status":503,"retryAfter":2}"#).unwrap();
        let text = String::from_utf8(reply.bytes(Some("http://page"))).unwrap();
        assert!(text.starts_with("HTTP/1.1 503 Injected\r\n"));
        assert!(text.contains("access-control-allow-origin: http://page\r\n"));
        assert!(text.contains("retry-after: 2\r\n"));
        let hidden = Reply { cors: false, ..reply };
        let text = String::from_utf8(hidden.bytes(Some("http://page"))).unwrap();
        assert!(!text.contains("access-control"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_shared_by_everyone_who_passes() {
        let start = Instant::now();
        let rate = RateLimit::new(1000);
        tokio::join!(rate.pass(500), rate.pass(500), rate.pass(1000));
        assert_eq!(start.elapsed().as_millis(), 2000);
    }
}
