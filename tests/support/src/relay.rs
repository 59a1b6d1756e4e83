//! One client connection: requests pass to the store, replies pass back, and rules are applied on the way.

use crate::{
    faults::{self, Point},
    framing::Framing,
    head::{self, RequestHead},
    journal::{Entry, Journal, Outcome},
    locked,
    passing::{Reply, Stop, Upload},
    rules::{End, RuleBook, Verdict},
    socket::{closed_by_peer, read_some, reset_by_peer, write_all},
};
use std::{io, pin::pin, sync::Mutex, time::Duration};
use tokio::{
    net::TcpStream,
    select,
    time::{sleep, timeout},
};

/// How long a store may take to act on a request whose client is gone.
const STORE_PATIENCE: Duration = Duration::from_secs(10);

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// The store's `host:port`.
    pub upstream: String,
    /// The rules in force.
    pub rules: Mutex<RuleBook>,
    /// Every request.
    pub journal: Journal,
}

/// What becomes of the client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next request.
    KeepAlive,
    /// An orderly end.
    Close,
    /// A reset.
    Reset,
}

/// Carries requests until the connection ends, and says how it does.
pub async fn carry(client: &TcpStream, shared: &Shared) -> Next {
    let mut line = Line { client, shared, inbox: Vec::new(), upstream: None, fresh: true };
    loop {
        match line.next_request().await {
            Ok(Next::KeepAlive) => {}
            Ok(end) => return end,
            Err(_) => return Next::Reset,
        }
    }
}

struct Line<'a> {
    client: &'a TcpStream,
    shared: &'a Shared,
    /// Read from the client, not yet passed on.
    inbox: Vec<u8>,
    upstream: Option<Upstream>,
    /// No request has come yet.
    fresh: bool,
}

struct Upstream {
    stream: TcpStream,
    /// Read from the store, not yet passed back.
    inbox: Vec<u8>,
}

impl Line<'_> {
    async fn next_request(&mut self) -> io::Result<Next> {
        let Some(head) = self.head().await? else { return Ok(Next::Close) };
        let verdict = locked(&self.shared.rules).decide(&head);
        let entry = self.shared.journal.open(&head);
        if let Some((rule, _)) = &verdict.end {
            entry.decided_by(rule);
        }
        let delay = verdict.delay + self.handshake(verdict.latency);
        select! {
            () = sleep(delay) => {}
            () = closed_by_peer(self.client), if !delay.is_zero() => {
                entry.finish(Outcome::Aborted, None);
                return Ok(Next::Close);
            }
        }
        match &verdict.end {
            Some((_, End::Reply(reply))) => self.answer(&head, reply, &verdict, entry).await,
            Some((_, End::Swallow)) => self.swallow(&head, &verdict, entry).await,
            _ => self.forward(&head, &verdict, entry).await,
        }
    }

    /// Waits for a request; `None` when one of the two sides has closed meanwhile.
    async fn head(&mut self) -> io::Result<Option<RequestHead>> {
        loop {
            if let Some(head) = head::request(&self.inbox)? {
                return Ok(Some(head));
            }
            let store_closed = async {
                match &self.upstream {
                    Some(upstream) => closed_by_peer(&upstream.stream).await,
                    None => std::future::pending().await,
                }
            };
            select! {
                read = read_some(self.client, &mut self.inbox) => if read? == 0 { return Ok(None) },
                () = store_closed => return Ok(None),
            }
        }
    }

    /// What setting up a connection costs on a line of this latency: a round trip before its first request.
    fn handshake(&mut self, latency: Duration) -> Duration {
        if std::mem::take(&mut self.fresh) { 2 * latency } else { Duration::ZERO }
    }

    /// Replies in the store's place.
    async fn answer(
        &mut self,
        head: &RequestHead,
        reply: &faults::Reply,
        verdict: &Verdict,
        entry: Entry,
    ) -> io::Result<Next> {
        if !reply.early && self.take_in(head, verdict, &entry).await.is_err() {
            entry.finish(Outcome::Aborted, None);
            return Ok(Next::Close);
        }
        sleep(2 * verdict.latency).await;
        write_all(self.client, &reply.bytes(head.origin.as_deref())).await?;
        entry.finish(Outcome::Injected, Some(reply.status));
        Ok(if head.close || reply.early { Next::Close } else { Next::KeepAlive })
    }

    /// Takes the request and says nothing for ever.
    async fn swallow(&mut self, head: &RequestHead, verdict: &Verdict, entry: Entry) -> io::Result<Next> {
        entry.hangs();
        if self.take_in(head, verdict, &entry).await.is_ok() {
            closed_by_peer(self.client).await;
        }
        entry.finish(Outcome::Hung, None);
        Ok(Next::Close)
    }

    /// Reads a request to its end; no store sees it.
    async fn take_in(&mut self, head: &RequestHead, verdict: &Verdict, entry: &Entry) -> Result<(), Stop> {
        if head.expects_continue {
            write_all(self.client, b"HTTP/1.1 100 Continue\r\n\r\n").await.map_err(|_| Stop::Client)?;
        }
        self.inbox.drain(..head.len);
        let upload = Upload {
            client: self.client,
            inbox: &mut self.inbox,
            head: Vec::new(),
            framing: head.framing.clone(),
            rates: &verdict.rates,
            latency: Duration::ZERO,
            corrupt: None,
            stop_after: None,
            entry,
        };
        upload.pass(None).await
    }

    /// Lets the store reply, or cuts or hangs on the way.
    async fn forward(&mut self, head: &RequestHead, verdict: &Verdict, entry: Entry) -> io::Result<Next> {
        let (point, hangs) = match &verdict.end {
            Some((_, End::Cut(point))) => (Some(*point), false),
            Some((_, End::Hang(point))) => (Some(*point), true),
            _ => (None, false),
        };
        if hangs {
            entry.hangs();
        }
        let (outcome, next) = match self.exchange(head, verdict, point, &entry).await {
            Ok((status, next)) => {
                entry.finish(Outcome::Forwarded, Some(status));
                return Ok(next);
            }
            Err(Stop::Point) if hangs => {
                match point {
                    Some(Point::Reply) => closed_by_peer(self.client).await,
                    _ => reset_by_peer(self.client).await,
                }
                (Outcome::Hung, Next::Reset)
            }
            Err(Stop::Point) => (Outcome::Cut, Next::Reset),
            Err(Stop::Client) if hangs => (Outcome::Hung, Next::Close),
            Err(Stop::Client) => (Outcome::Aborted, Next::Close),
            Err(Stop::Store) => (Outcome::Lost, Next::Reset),
        };
        entry.finish(outcome, None);
        Ok(next)
    }

    /// Passes one request and its reply, up to the `point` if there is one; the status of the reply.
    async fn exchange(
        &mut self,
        head: &RequestHead,
        verdict: &Verdict,
        point: Option<Point>,
        entry: &Entry,
    ) -> Result<(u16, Next), Stop> {
        let head_bytes: Vec<u8> = self.inbox.drain(..head.len).collect();
        let upstream = connected(&mut self.upstream, &self.shared.upstream).await.map_err(|_| Stop::Store)?;
        let length = match head.framing {
            Framing::Length(length) => length,
            _ => 0,
        };
        let mut upload = pin!(
            Upload {
                client: self.client,
                inbox: &mut self.inbox,
                head: head_bytes,
                framing: head.framing.clone(),
                rates: &verdict.rates,
                latency: verdict.latency,
                corrupt: verdict.corrupt.and_then(|point| point.bytes(length)),
                stop_after: point.and_then(|point| point.bytes(length)),
                entry,
            }
            .pass(Some(&upstream.stream))
        );
        let mut reply = pin!(
            Reply {
                store: &upstream.stream,
                inbox: &mut upstream.inbox,
                client: self.client,
                method: &head.method,
                hidden_headers: &verdict.hidden_headers,
                hold: verdict.hold,
                latency: verdict.latency,
                stops: matches!(point, Some(Point::Reply)),
                entry,
            }
            .pass()
        );
        let mut uploaded = false;
        let (status, closes) = loop {
            select! {
                done = &mut reply => break done?,
                passed = &mut upload, if !uploaded => {
                    passed?;
                    uploaded = true;
                }
                () = closed_by_peer(self.client), if uploaded => {
                    entry.left();
                    // A store takes a request that it has as a whole, whether or not anyone waits for the reply.
                    let _ = timeout(STORE_PATIENCE, &mut reply).await;
                    return Err(Stop::Client);
                }
            }
        };
        // After an early reply the store may not read on, but the client has to be rid of the body first.
        let sent_all = uploaded || upload.await.is_ok();
        Ok((status, if sent_all && !closes && !head.close { Next::KeepAlive } else { Next::Close }))
    }
}

/// One connection to the store per connection of the client, as if there were no proxy.
async fn connected<'a>(slot: &'a mut Option<Upstream>, address: &str) -> io::Result<&'a mut Upstream> {
    if slot.is_none() {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        *slot = Some(Upstream { stream, inbox: Vec::new() });
    }
    slot.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
}
