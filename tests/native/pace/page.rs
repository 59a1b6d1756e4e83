//! A page that uploads one file over a link, with a server that signs. Nothing is read and nothing is stored: the digest of a part
//! is its number.

use crate::link::{Heard, Link, Wire};
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::{Backend, ObjectUrl, PageCall, PageReply, SignedUrl, Step, StepReply, Target};
use partwise::core::config::{Config, RawOptions};
use partwise::core::engine::{Engine, UploadId, Work};
use partwise::core::fingerprint::FileInfo;
use partwise::core::hash::{Digests, Md5Digest, Piece};
use partwise::core::http::{Body, HttpReply, NoReply};
use partwise::core::retry::Fault;
use partwise::core::schedule::Parallel;
use partwise::core::store::{Completed, Created, Limits, ListedPart};
use partwise::core::units::{Instant, Now, PartNumber, UnixMillis};
use partwise::core::upload::{Action, Event, Input, OpId, State};
use std::collections::{BTreeMap, BTreeSet};

/// How an upload went.
#[derive(Debug)]
pub struct Told {
    pub state: State,
    pub millis: u64,
    /// Bytes that have left ÷ bytes of the file.
    pub sent: f64,
    /// The most bodies at a time.
    pub most: usize,
    /// Attempts after the first.
    pub retries: usize,
}

/// A reply that is on its way.
struct Later {
    at: u64,
    id: UploadId,
    input: Input,
}

pub struct Page {
    engine: Engine,
    now: u64,
    wire: Wire<(UploadId, OpId)>,
    parts: BTreeMap<(UploadId, OpId), PartNumber>,
    /// The browser remembers that they may be sent: their addresses do not change.
    preflighted: BTreeSet<String>,
    /// Of whatever was sent.
    addresses: BTreeMap<(UploadId, OpId), String>,
    signed: u64,
    later: Vec<Later>,
    size: u64,
    count: u64,
    storage: BTreeMap<String, String>,
    stored: BTreeMap<u32, u64>,
    loaded: u64,
    retries: usize,
    parallel: Parallel,
    seed: u64,
}

const DAWN: u64 = 1_767_323_045_000;

pub fn config() -> Config {
    Config::new(&RawOptions::default(), "pace".into(), Limits::S3).unwrap()
}

impl Page {
    pub fn new(link: Link, size: u64, count: u64, parallel: Parallel, seed: u64) -> Self {
        let mut page = Self {
            engine: Self::engine(parallel, seed),
            now: 0,
            wire: Wire::new(link),
            parts: BTreeMap::new(),
            preflighted: BTreeSet::new(),
            addresses: BTreeMap::new(),
            signed: 0,
            later: Vec::new(),
            size,
            count,
            storage: BTreeMap::new(),
            stored: BTreeMap::new(),
            loaded: 0,
            retries: 0,
            parallel,
            seed,
        };
        page.add();
        page
    }

    fn engine(parallel: Parallel, seed: u64) -> Engine {
        let config = Config { parallel, ..config() };
        let functions = Callbacks { has_object: true, has_batch: true, has_find: false };
        Engine::new(config, Backend::Callbacks(functions), None, true, seed)
    }

    fn clock(&self) -> Now {
        Now { mono: Instant(self.now), wall: UnixMillis(DAWN + self.now) }
    }

    fn add(&mut self) {
        for number in 0..self.count {
            let key = number.to_string();
            let file = FileInfo { name: key.clone(), size: self.size, last_modified: 1, mime: String::new() };
            let target = Target { file, key, key_is_explicit: false, metadata: Vec::new(), path: None };
            self.engine.add(target, self.clock()).unwrap();
        }
    }

    /// Whoever visits the page goes away, and comes back with the same file.
    fn reload(&mut self) {
        for name in std::mem::take(&mut self.parts).into_keys() {
            self.wire.abort(&name);
        }
        self.later.clear();
        self.seed += 1;
        self.engine = Self::engine(self.parallel, self.seed);
        self.add();
    }

    /// Runs to the end, leaving at these shares on the way.
    pub fn run(mut self, leaves_at: &[f64]) -> Told {
        let mut leaves = leaves_at.iter();
        let mut leave = leaves.next();
        let state = loop {
            self.collect();
            let Some(state) = self.engine.unfinished().next().map(|id| self.engine.state(id)) else {
                break self.engine.state(UploadId(1));
            };
            assert!(self.now < 3_600_000, "an hour, and still {state:?}");
            if leave.is_some_and(|share| self.loaded as f64 >= share * self.size as f64) {
                leave = leaves.next();
                self.reload();
                continue;
            }
            self.pass();
        };
        Told {
            state,
            millis: self.now,
            sent: self.wire.sent / (self.size * self.count) as f64,
            most: self.wire.most,
            retries: self.retries,
        }
    }

    fn pass(&mut self) {
        self.now += 1;
        for heard in self.wire.pass(self.now) {
            self.hear(heard);
            self.collect();
        }
        let now = self.now;
        for Later { id, input, .. } in self.later.extract_if(.., |later| later.at <= now).collect::<Vec<_>>()
        {
            self.engine.handle(id, input, self.clock());
            self.collect();
        }
        if self.engine.poll_timeout(self.clock()).is_some_and(|due| due.0 <= self.now) {
            self.engine.tick(self.clock());
        }
    }

    fn hear(&mut self, heard: Heard<(UploadId, OpId)>) {
        let now = self.clock();
        let reply = |status, headers, body: &str| {
            Ok(StepReply::Http(HttpReply { status, headers, body: body.into() }))
        };
        let (name, result) = match heard {
            Heard::Progress((id, op), loaded) => {
                self.preflighted.insert(self.addresses[&(id, op)].clone());
                return self.engine.handle(id, Input::Progress(op, loaded), now);
            }
            Heard::Stored(name) => {
                let number = self.parts[&name];
                self.stored.insert(number.get(), part_bytes(self.size, number));
                (name, reply(200, vec![("etag".into(), digest(number).to_hex())], ""))
            }
            Heard::Refused(name) => (name, reply(503, Vec::new(), "<Error><Code>SlowDown</Code></Error>")),
            Heard::Broken(name) => (name, Err(Fault::NoReply(NoReply::Network))),
        };
        self.parts.remove(&name);
        self.engine.handle(name.0, Input::Replied(name.1, result), now);
    }

    fn collect(&mut self) {
        loop {
            while let Some((_, event)) = self.engine.poll_event() {
                match event {
                    Event::Progress(snapshot) => self.loaded = snapshot.loaded,
                    Event::Retry(_) => self.retries += 1,
                    _ => {}
                }
            }
            match self.engine.poll_action() {
                Some(Work::Upload(id, action)) => self.act(id, action),
                Some(Work::FetchCredentials | Work::AskObjects(..)) => {
                    unreachable!("functions of the page sign")
                }
                None => return,
            }
        }
    }

    fn after(&mut self, wait: u64, id: UploadId, input: Input) {
        self.later.push(Later { at: self.now + wait, id, input });
    }

    fn act(&mut self, id: UploadId, action: Action) {
        match action {
            Action::Perform(op, Step::Page(call)) => {
                let gone = Fault::Page { status: None, message: "Failed to fetch".into(), cause: None };
                let is_down = self.wire.link.is_down(self.now);
                let result = if is_down { Err(gone) } else { Ok(StepReply::Page(self.serve(&call))) };
                let wait = if is_down { 1 } else { self.wire.link.round_trip + 1 };
                self.after(wait, id, Input::Replied(op, result));
            }
            Action::Send(op, request, _) => {
                let Body::File(range) = request.body else { unreachable!("a part is a slice of the file") };
                let number = request.url.split('/').nth(3).and_then(|number| number.parse().ok()).unwrap();
                let number = PartNumber::new(number).unwrap();
                self.parts.insert((id, op), number);
                let is_known = self.preflighted.contains(&request.url);
                self.addresses.insert((id, op), request.url);
                self.wire.put((id, op), range.len(), is_known, self.now);
            }
            Action::Drop(op) => {
                self.parts.remove(&(id, op));
                self.wire.abort(&(id, op));
                self.later.retain(
                    |later| !matches!(later.input, Input::Replied(of, _) if (later.id, of) == (id, op)),
                );
            }
            Action::Hash(op, reading) => {
                let start = reading.ranges.first().map_or(0, |range| range.start);
                let index = (start / part_size(self.size)) as usize;
                let md5 = Some(digest(PartNumber::from_index(index).unwrap()));
                let digests = Digests { md5, ..Digests::default() };
                self.after(1, id, Input::Hashed(op, Ok(Piece { index: 0, digests, whole: None })));
            }
            Action::Check(op) => self.after(1, id, Input::Checked(op, Ok(()))),
            Action::TryLock(_) | Action::Lock(_) => self.after(1, id, Input::Locked),
            Action::Load(prefix) => {
                let records = self.storage.iter().filter(|(key, _)| key.starts_with(prefix));
                let records = records.map(|(key, value)| (key.clone(), value.clone())).collect();
                self.after(1, id, Input::Loaded(records));
            }
            Action::Save(record) => {
                self.storage.insert(record.key, record.value);
            }
            Action::Remove(key) => {
                self.storage.remove(&key);
            }
            Action::Forget(prefix) => self.storage.retain(|key, _| !key.starts_with(&prefix)),
            Action::Perform(..) => unreachable!("the page has functions for everything"),
            Action::Tell(_) | Action::Unlock | Action::SetClock(_) | Action::DropCredentials(_) => {}
        }
    }

    fn serve(&mut self, call: &PageCall) -> PageReply {
        self.signed += 1;
        // No two signatures are alike.
        let signature = self.signed;
        let url = |number: PartNumber| SignedUrl {
            url: format!("https://store/{}/{signature}", number.get()),
            ..SignedUrl::default()
        };
        match call {
            PageCall::Create { key } => {
                self.stored.clear();
                PageReply::Created(Created { key: key.clone(), upload_id: "u".into() })
            }
            PageCall::SignParts { asks, .. } => {
                PageReply::SignedParts(asks.iter().map(|ask| Some(url(ask.number))).collect())
            }
            PageCall::ListParts { .. } => PageReply::Listed(
                self.stored
                    .iter()
                    .filter_map(|(number, size)| {
                        let number = PartNumber::new(*number)?;
                        Some(ListedPart { number, size: *size, etag: digest(number).to_hex() })
                    })
                    .collect(),
            ),
            PageCall::Complete { .. } => PageReply::Completed(Completed::default()),
            PageCall::Object { .. } => {
                PageReply::Object(ObjectUrl { signed: url(PartNumber::FIRST), ..ObjectUrl::default() })
            }
            call => unreachable!("{call:?}"),
        }
    }
}

fn part_size(size: u64) -> u64 {
    partwise::core::plan::Plan::new(size, config().part_size, &Limits::S3).unwrap().0.part_size()
}

fn part_bytes(size: u64, number: PartNumber) -> u64 {
    let part = part_size(size);
    part.min(size - part * number.index() as u64)
}

fn digest(number: PartNumber) -> Md5Digest {
    Md5Digest::from_hex(&format!("{:032x}", number.get())).unwrap()
}
