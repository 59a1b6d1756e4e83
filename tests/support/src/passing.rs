//! The two halves of an exchange: a request on its way to the store, a reply on its way back.

use crate::{
    faults::RateLimit,
    framing::Framing,
    head,
    journal::Entry,
    socket::{read_some, write_all},
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    join,
    net::TcpStream,
    select,
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

/// Pieces on a slow line at the same time; what is read at once is a piece.
const MOST_ON_THE_LINE: usize = 256;

/// Why passing a body or a reply on ended before its end.
pub enum Stop {
    /// The place of a [`Point`](crate::faults::Point) was reached.
    Point,
    /// The client is gone.
    Client,
    /// The store is gone.
    Store,
}

/// A request on its way.
pub struct Upload<'a> {
    /// Where it comes from.
    pub client: &'a TcpStream,
    /// Read from the client, not yet passed on: the body begins here.
    pub inbox: &'a mut Vec<u8>,
    /// Passed on as it is, before the body.
    pub head: Vec<u8>,
    /// Where the body ends.
    pub framing: Framing,
    /// The body passes through all of these.
    pub rates: &'a [Arc<RateLimit>],
    /// How long each byte travels.
    pub latency: Duration,
    /// The byte of the body that is changed.
    pub corrupt: Option<u64>,
    /// Bytes of the body passed on before [`Stop::Point`].
    pub stop_after: Option<u64>,
    /// Counts the bytes.
    pub entry: &'a Entry,
}

impl Upload<'_> {
    /// Reads it to its end and passes it on for as long as there is a store that takes it.
    pub async fn pass(self, store: Option<&TcpStream>) -> Result<(), Stop> {
        let (line, arrivals) = line(self.latency);
        let mut delivered = pin!(arrivals.deliver(store));
        let mut read = pin!(self.read(line));
        let end = select! {
            biased;
            end = &mut read => end,
            _ = &mut delivered => return read.await,
        };
        // Whatever a client that went away has sent need not arrive.
        if !matches!(end, Err(Stop::Client)) {
            let _ = delivered.await;
        }
        end
    }

    async fn read(mut self, line: Line) -> Result<(), Stop> {
        line.send(std::mem::take(&mut self.head)).await;
        let mut left = self.stop_after;
        let mut read = 0;
        loop {
            let taken = self.framing.advance(self.inbox);
            let mut piece: Vec<u8> = self.inbox.drain(..taken.raw).collect();
            self.entry.received(taken.content);
            if let Some(at) = self.corrupt.and_then(|at| at.checked_sub(read))
                && let Some(byte) = piece.get_mut(at as usize)
            {
                *byte ^= 1;
            }
            read += piece.len() as u64;
            for rate in self.rates {
                rate.pass(piece.len()).await;
            }
            let stops = left.is_some_and(|left| piece.len() as u64 >= left);
            if let (true, Some(left)) = (stops, left) {
                piece.truncate(left as usize);
            }
            left = left.map(|left| left.saturating_sub(piece.len() as u64));
            line.send(piece).await;
            if stops {
                return Err(Stop::Point);
            }
            if self.framing.is_done() {
                return Ok(());
            }
            match read_some(self.client, self.inbox).await {
                Ok(0) | Err(_) => return Err(Stop::Client),
                Ok(_) => {}
            }
        }
    }
}

/// A reply on its way back.
pub struct Reply<'a> {
    /// Where it comes from.
    pub store: &'a TcpStream,
    /// Read from the store, not yet passed back.
    pub inbox: &'a mut Vec<u8>,
    /// Where it goes.
    pub client: &'a TcpStream,
    /// Of the request.
    pub method: &'a str,
    /// Left out.
    pub hidden_headers: &'a [String],
    /// How long it is kept before it is passed back.
    pub hold: Duration,
    /// How long each byte travels.
    pub latency: Duration,
    /// Ends with [`Stop::Point`] in place of passing anything back.
    pub stops: bool,
    /// Notes the status.
    pub entry: &'a Entry,
}

impl Reply<'_> {
    /// Passes it back; its status, and whether the connection ends with it.
    pub async fn pass(self) -> Result<(u16, bool), Stop> {
        let (line, arrivals) = line(self.latency);
        let client = self.client;
        let delivered = async { arrivals.deliver(Some(client)).await.map_err(|()| Stop::Client) };
        let (read, delivered) = join!(self.read(line), delivered);
        delivered?;
        read
    }

    async fn read(self, line: Line) -> Result<(u16, bool), Stop> {
        let head = loop {
            match head::reply(self.inbox, self.method).map_err(|_| Stop::Store)? {
                Some(head) if head.status >= 200 => break head,
                Some(interim) => line.send(self.inbox.drain(..interim.len).collect()).await,
                None => read_on(self.store, self.inbox).await?,
            }
        };
        self.entry.replied(head.status);
        if self.stops {
            return Err(Stop::Point);
        }
        sleep(self.hold).await;
        let bytes: Vec<u8> = self.inbox.drain(..head.len).collect();
        line.send(head::without_headers(&bytes, self.hidden_headers)).await;
        let mut framing = head.framing;
        loop {
            let taken = framing.advance(self.inbox);
            line.send(self.inbox.drain(..taken.raw).collect()).await;
            if framing.is_done() {
                return Ok((head.status, head.close));
            }
            if let Err(stop) = read_on(self.store, self.inbox).await {
                return if framing == Framing::UntilClose { Ok((head.status, true)) } else { Err(stop) };
            }
        }
    }
}

async fn read_on(store: &TcpStream, inbox: &mut Vec<u8>) -> Result<(), Stop> {
    match read_some(store, inbox).await {
        Ok(0) | Err(_) => Err(Stop::Store),
        Ok(_) => Ok(()),
    }
}

/// Where bytes enter a line on which they travel for some time, in order, as many at a time as come.
struct Line {
    latency: Duration,
    pieces: mpsc::Sender<(Instant, Vec<u8>)>,
}

/// Where they come out.
struct Arrivals {
    pieces: mpsc::Receiver<(Instant, Vec<u8>)>,
}

fn line(latency: Duration) -> (Line, Arrivals) {
    // Without latency nothing is read ahead of a peer that takes its time.
    let (sender, receiver) = mpsc::channel(if latency.is_zero() { 1 } else { MOST_ON_THE_LINE });
    (Line { latency, pieces: sender }, Arrivals { pieces: receiver })
}

impl Line {
    /// An end that is gone has said so to whoever waits for it.
    async fn send(&self, piece: Vec<u8>) {
        let _ = self.pieces.send((Instant::now() + self.latency, piece)).await;
    }
}

impl Arrivals {
    /// Writes what arrives until the line ends. What cannot be written is lost; an error in the end if any was.
    async fn deliver(mut self, mut to: Option<&TcpStream>) -> Result<(), ()> {
        let mut done = Ok(());
        while let Some((due, piece)) = self.pieces.recv().await {
            if due > Instant::now() {
                sleep_until(due).await;
            }
            if let Some(stream) = to
                && write_all(stream, &piece).await.is_err()
            {
                to = None;
                done = Err(());
            }
        }
        done
    }
}
