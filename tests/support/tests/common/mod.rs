//! A small HTTP server to stand behind the proxy, and a client that shows what a browser would get.

use partwise_test_support::{framing::Framing, head, proxy::Proxy, rules::Rule};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// Longest wait for anything.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// What the server behind the proxy took: head as text, bytes of the body, and the places of those that [`Client::put`]
/// has not sent so.
pub type Taken = (String, u64, Vec<u64>);

/// A proxy with these rules in front of a server that answers every request with 200.
pub async fn proxy(rules: &str) -> (Arc<Proxy>, mpsc::UnboundedReceiver<Taken>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(store(stream, sender.clone()));
        }
    });
    let proxy = Proxy::start(0, address).unwrap();
    proxy.set_rules(serde_json::from_str::<Vec<Rule>>(rules).unwrap());
    (proxy, receiver)
}

async fn store(mut stream: TcpStream, taken: mpsc::UnboundedSender<Taken>) -> io::Result<()> {
    let mut inbox = Vec::new();
    while let Some(request) = message(&mut stream, &mut inbox, |bytes| {
        Ok(head::request(bytes)?.map(|head| (head.len, head.framing)))
    })
    .await?
    {
        let _ = taken.send(request);
        let reply = b"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nAccess-Control-Expose-Headers: ETag\r\n\
            Content-Length: 2\r\n\r\nok";
        stream.write_all(reply).await?;
    }
    Ok(())
}

/// A connection to the proxy.
pub struct Client {
    pub stream: TcpStream,
    inbox: Vec<u8>,
}

impl Client {
    pub async fn connect(proxy: &Proxy) -> Self {
        Self::try_connect(proxy).await.unwrap()
    }

    pub async fn try_connect(proxy: &Proxy) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::connect(proxy.address()).await?, inbox: Vec::new() })
    }

    /// Sends a part of this many bytes.
    pub async fn put(&mut self, part: u32, length: usize) -> io::Result<()> {
        let head = format!(
            "PUT /demo/k?partNumber={part}&uploadId=u HTTP/1.1\r\nHost: signed.for:1\r\n\
             Origin: http://page\r\nContent-Length: {length}\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.write_all(&vec![b'x'; length]).await
    }

    /// Whether nothing comes back for this long.
    pub async fn hears_nothing(&mut self, during: Duration) -> bool {
        let next = message(&mut self.stream, &mut self.inbox, |bytes| {
            Ok(head::reply(bytes, "PUT")?.map(|head| (head.len, head.framing)))
        });
        timeout(during, next).await.is_err()
    }

    /// The head of the next reply; `None` when the connection ends without one.
    pub async fn reply(&mut self) -> io::Result<Option<String>> {
        let next = message(&mut self.stream, &mut self.inbox, |bytes| {
            Ok(head::reply(bytes, "PUT")?.map(|head| (head.len, head.framing)))
        });
        Ok(timeout(DEADLINE, next).await??.map(|(head, ..)| head))
    }
}

async fn message(
    stream: &mut TcpStream,
    inbox: &mut Vec<u8>,
    parse: impl Fn(&[u8]) -> io::Result<Option<(usize, Framing)>>,
) -> io::Result<Option<Taken>> {
    let (text, mut framing) = loop {
        if let Some((len, framing)) = parse(inbox)? {
            break (String::from_utf8(inbox.drain(..len).collect()).unwrap(), framing);
        }
        if stream.read_buf(inbox).await? == 0 {
            return Ok(None);
        }
    };
    let mut content = 0;
    let mut changed = Vec::new();
    loop {
        let taken = framing.advance(inbox);
        let piece: Vec<u8> = inbox.drain(..taken.raw).collect();
        if piece != vec![b'x'; piece.len()] {
            let others = (content..).zip(&piece).filter(|(_, byte)| **byte != b'x');
            changed.extend(others.map(|(at, _)| at));
        }
        content += taken.content;
        if framing.is_done() {
            return Ok(Some((text, content, changed)));
        }
        if stream.read_buf(inbox).await? == 0 {
            return Ok(None);
        }
    }
}

/// Polls until the condition holds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(DEADLINE, wait).await.is_ok(), "waited for: {what}");
}
