//! The tests' HTTP interface: one JSON request per connection.
//!
//! | request | does |
//! |---|---|
//! | `POST /rules` `[Rule…]` | replaces all rules |
//! | `POST /offline` `{"on":true}` | cuts all connections and refuses new ones until `{"on":false}` |
//! | `POST /cut` `{}` or `{"every":10000}` | cuts all connections once, or every so many milliseconds; 0 ends that |
//! | `POST /silence` `{"on":true}` | black hole: all connections go silent for ever, new ones until `{"on":false}` |
//! | `POST /reset` | no rules, no log, online, all connections cut |
//! | `GET /log` | every request since the reset |
//! | `GET /open` | `{"open":N}`: how many of them have not ended |

use crate::{
    head::{self, RequestHead},
    proxy::Proxy,
    socket::{read_some, write_all},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    spawn,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offline {
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cut {
    every: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Silence {
    on: bool,
}

/// Answers requests for as long as the process lives.
pub async fn serve(listener: TcpListener, proxy: Arc<Proxy>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let proxy = proxy.clone();
            spawn(async move {
                // A test that went away needs no answer.
                let _ = answer(&stream, &proxy).await;
            });
        }
    }
}

async fn answer(stream: &TcpStream, proxy: &Proxy) -> io::Result<()> {
    let mut inbox = Vec::new();
    let Some((head, body)) = request(stream, &mut inbox).await? else { return Ok(()) };
    let (status, reply) = match act(&head, &body, proxy) {
        Ok(Some(reply)) => ("200 OK", reply),
        Ok(None) => ("404 Not Found", json!({ "error": "no such command" })),
        Err(error) => ("400 Bad Request", json!({ "error": error.to_string() })),
    };
    let text = reply.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    write_all(stream, head.as_bytes()).await?;
    write_all(stream, text.as_bytes()).await
}

fn act(head: &RequestHead, body: &[u8], proxy: &Proxy) -> serde_json::Result<Option<Value>> {
    match (head.method.as_str(), head.path.as_str()) {
        ("POST", "/rules") => proxy.set_rules(read(body)?),
        ("POST", "/offline") => {
            let Offline { on } = read(body)?;
            proxy.set_online(!on);
        }
        ("POST", "/cut") => match read(body)? {
            Cut { every: None } => proxy.cut(),
            Cut { every: Some(ms) } => proxy.cut_every((ms > 0).then(|| Duration::from_millis(ms))),
        },
        ("POST", "/silence") => {
            let Silence { on } = read(body)?;
            proxy.set_silent(on);
        }
        ("POST", "/reset") => proxy.reset(),
        ("GET", "/log") => return serde_json::to_value(proxy.journal().requests()).map(Some),
        ("GET", "/open") => return Ok(Some(json!({ "open": proxy.journal().open_requests() }))),
        _ => return Ok(None),
    }
    Ok(Some(json!({})))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body)
}

async fn request(stream: &TcpStream, inbox: &mut Vec<u8>) -> io::Result<Option<(RequestHead, Vec<u8>)>> {
    let mut body = Vec::new();
    let mut head: Option<RequestHead> = None;
    loop {
        if head.is_none() {
            head = head::request(inbox)?;
            if let Some(head) = &head {
                inbox.drain(..head.len);
            }
        }
        if let Some(head) = &mut head {
            let taken = head.framing.advance(inbox);
            body.extend(inbox.drain(..taken.raw));
            if head.framing.is_done() {
                return Ok(Some((head.clone(), body)));
            }
        }
        if read_some(stream, inbox).await? == 0 {
            return Ok(None);
        }
    }
}
