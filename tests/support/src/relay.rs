//! One client connection: requests pass to the store, replies pass back, and rules are applied on the way.

use crate::{
    faults::{Point, RateLimit, Reply},
    framing::Framing,
    head::{self, RequestHead},
    journal::{Entry, Journal, Outcome},
    locked,
    rules::{End, RuleBook, Verdict},
    socket::{closed_by_peer, read_some, reset_by_peer, write_all},
};
use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpStream, select, time::sleep};

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
    let mut line = Line { client, shared, inbox: Vec::new(), upstream: None };
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
}

struct Upstream {
    stream: TcpStream,
    /// Read from the store, not yet passed back.
    inbox: Vec<u8>,
}

/// Why passing a body or a reply on ended before its end.
enum Stop {
    /// The place of a [`Point`] was reached.
    Point,
    /// The client is gone.
    Client,
    /// The store is gone.
    Store,
}

impl Line<'_> {
    async fn next_request(&mut self) -> io::Result<Next> {
        let Some(head) = self.head().await? else { return Ok(Next::Close) };
        let verdict = locked(&self.shared.rules).decide(&head);
        let entry = self.shared.journal.open(&head);
        if let Some((rule, _)) = &verdict.end {
            entry.decided_by(rule);
        }
        select! {
            () = sleep(verdict.delay) => {}
            () = closed_by_peer(self.client), if !verdict.delay.is_zero() => {
                entry.finish(Outcome::Aborted, None);
                return Ok(Next::Close);
            }
        }
        match &verdict.end {
            Some((_, End::Reply(reply))) => self.answer(&head, reply, &verdict.rates, entry).await,
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

    /// Replies in the store's place.
    async fn answer(
        &mut self,
        head: &RequestHead,
        reply: &Reply,
        rates: &[Arc<RateLimit>],
        entry: Entry,
    ) -> io::Result<Next> {
        if head.expects_continue {
            write_all(self.client, b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        self.inbox.drain(..head.len);
        let body =
            Body { client: self.client, inbox: &mut self.inbox, rates, entry: &entry, stop_after: None };
        if body.pass(head.framing.clone(), None).await.is_err() {
            entry.finish(Outcome::Aborted, None);
            return Ok(Next::Close);
        }
        write_all(self.client, &reply.bytes(head.origin.as_deref())).await?;
        entry.finish(Outcome::Injected, Some(reply.status));
        Ok(if head.close { Next::Close } else { Next::KeepAlive })
    }

    /// Lets the store reply, or cuts or hangs on the way.
    async fn forward(&mut self, head: &RequestHead, verdict: &Verdict, mut entry: Entry) -> io::Result<Next> {
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
        write_all(&upstream.stream, &head_bytes).await.map_err(|_| Stop::Store)?;
        let length = match head.framing {
            Framing::Length(length) => length,
            _ => 0,
        };
        let body = Body {
            client: self.client,
            inbox: &mut self.inbox,
            rates: &verdict.rates,
            entry,
            stop_after: point.and_then(|point| point.bytes(length)),
        };
        let mut upload = pin!(body.pass(head.framing.clone(), Some(&upstream.stream)));
        let mut reply = pin!(pass_reply(
            (&upstream.stream, &mut upstream.inbox),
            self.client,
            &head.method,
            &verdict.hidden_headers,
            matches!(point, Some(Point::Reply)),
        ));
        let mut uploaded = false;
        let (status, closes) = loop {
            select! {
                done = &mut reply => break done?,
                passed = &mut upload, if !uploaded => {
                    passed?;
                    uploaded = true;
                }
                () = closed_by_peer(self.client), if uploaded => return Err(Stop::Client),
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

/// A request's body on its way.
struct Body<'a> {
    client: &'a TcpStream,
    inbox: &'a mut Vec<u8>,
    rates: &'a [Arc<RateLimit>],
    entry: &'a Entry,
    /// Bytes passed on before [`Stop::Point`].
    stop_after: Option<u64>,
}

impl Body<'_> {
    /// Reads it to its end and passes it on for as long as there is a store that takes it.
    async fn pass(self, mut framing: Framing, mut store: Option<&TcpStream>) -> Result<(), Stop> {
        let mut left = self.stop_after;
        loop {
            let taken = framing.advance(self.inbox);
            let mut piece: Vec<u8> = self.inbox.drain(..taken.raw).collect();
            self.entry.received(taken.content);
            for rate in self.rates {
                rate.pass(piece.len()).await;
            }
            let stops = left.is_some_and(|left| piece.len() as u64 >= left);
            if let (true, Some(left)) = (stops, left) {
                piece.truncate(left as usize);
            }
            left = left.map(|left| left.saturating_sub(piece.len() as u64));
            if let Some(stream) = store
                && write_all(stream, &piece).await.is_err()
            {
                store = None;
            }
            if stops {
                return Err(Stop::Point);
            }
            if framing.is_done() {
                return Ok(());
            }
            match read_some(self.client, self.inbox).await {
                Ok(0) | Err(_) => return Err(Stop::Client),
                Ok(_) => {}
            }
        }
    }
}

/// Passes the store's reply back; its status, and whether the connection ends with it.
async fn pass_reply(
    (store, inbox): (&TcpStream, &mut Vec<u8>),
    client: &TcpStream,
    method: &str,
    hidden_headers: &[String],
    stops: bool,
) -> Result<(u16, bool), Stop> {
    let head = loop {
        match head::reply(inbox, method).map_err(|_| Stop::Store)? {
            Some(head) if head.status >= 200 => break head,
            Some(interim) => {
                let bytes: Vec<u8> = inbox.drain(..interim.len).collect();
                write_all(client, &bytes).await.map_err(|_| Stop::Client)?;
            }
            None => read_on(store, inbox).await?,
        }
    };
    if stops {
        return Err(Stop::Point);
    }
    let bytes: Vec<u8> = inbox.drain(..head.len).collect();
    let bytes = head::without_headers(&bytes, hidden_headers);
    write_all(client, &bytes).await.map_err(|_| Stop::Client)?;
    let mut framing = head.framing;
    loop {
        let taken = framing.advance(inbox);
        let piece: Vec<u8> = inbox.drain(..taken.raw).collect();
        write_all(client, &piece).await.map_err(|_| Stop::Client)?;
        if framing.is_done() {
            return Ok((head.status, head.close));
        }
        if let Err(stop) = read_on(store, inbox).await {
            return if framing == Framing::UntilClose { Ok((head.status, true)) } else { Err(stop) };
        }
    }
}

async fn read_on(store: &TcpStream, inbox: &mut Vec<u8>) -> Result<(), Stop> {
    match read_some(store, inbox).await {
        Ok(0) | Err(_) => Err(Stop::Store),
        Ok(_) => Ok(()),
    }
}
