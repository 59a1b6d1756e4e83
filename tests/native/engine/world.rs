//! A small world around the engine: a clock that jumps to the next timeout, the model store, a local storage that
//! survives "reloads", and faults that tests put in the way.

use crate::model::hashing::pieces;
use crate::model::store::ok;
use crate::store::{Store, describe, sign};
use partwise::core::backend::direct::LocalSigner;
use partwise::core::backend::{
    Backend, ObjectUrl, PageCall, PageReply, PartAsk, Session, Step, StepReply, Target,
};
use partwise::core::config::{Config, Identity, RawOptions, Verify};
use partwise::core::engine::{Engine, UploadId, Work};
use partwise::core::fingerprint::FileInfo;
use partwise::core::hash::{Md5Digest, Reading};
use partwise::core::http::{Body, HttpReply, HttpRequest, NoReply};
use partwise::core::plan::PartSize;
use partwise::core::retry::Fault;
use partwise::core::schedule::Parallel;
use partwise::core::sign::Credentials;
use partwise::core::store::{Completed, Kind, Limits, StoreRequest};
use partwise::core::units::{Millis, Now, UnixMillis};
use partwise::core::upload::{Action, Event, Input, Message, OpId, State};
use std::collections::{BTreeMap, VecDeque};

pub const PART: u64 = 1000;

/// What happens to the next request whose name starts with a prefix.
#[derive(Clone)]
pub enum Trouble {
    Reply(u16, &'static str),
    /// A success with this body, whatever was asked.
    Body(&'static str),
    Network,
    /// The store acts, and the reply is lost.
    ReplyLost,
    Silence,
    Corrupt,
    NoEtag,
    /// Of so many bytes.
    LongEtag(usize),
    /// A function of the page throws this.
    Throws(&'static str),
}

struct Pending {
    id: UploadId,
    op: OpId,
    work: PendingWork,
}

enum PendingWork {
    Store(HttpRequest),
    /// And how many pieces were told of.
    Hash(Reading, usize),
    Sign(StoreRequest),
    /// For several uploads.
    Several(u64, HttpRequest),
    Page(PageCall),
    Check,
    Lock,
    LockBusy,
    Heard(Message),
    Load(&'static str),
    Credentials,
    Silent,
}

pub struct World {
    pub engine: Engine,
    pub now: Now,
    pub store: Store,
    pub storage: BTreeMap<String, String>,
    pub files: BTreeMap<u64, Vec<u8>>,
    pub events: Vec<(UploadId, Event)>,
    pub troubles: Vec<(String, usize, Trouble)>,
    pub network: bool,
    pub file_exception: Option<String>,
    pub signed_with: Vec<String>,
    /// Signing is a call of the page to its own server, rather than something done at once.
    pub remote_signing: bool,
    pending: VecDeque<Pending>,
    locks: Vec<(UploadId, String)>,
    pub most_in_flight: usize,
    /// Bytes hashed.
    pub read: u64,
    /// Pieces whose own MD5 was computed.
    pub digests: usize,
    /// Hashing is so slow that it ends after everything else.
    pub slow_hashes: bool,
    /// Other files are hashed first, for ever.
    pub no_turn_ahead: bool,
    /// Content that the page's backend has already, and where.
    pub existing: Option<(Md5Digest, String)>,
}

pub fn config() -> Config {
    let limits =
        Limits { min_part: 1, max_part: 1 << 30, max_parts: 10_000, max_object: 1 << 40, auto_part: PART };
    let mut config = Config::new(&RawOptions::default(), "test".into(), limits).unwrap();
    config.part_size = PartSize::Bytes(PART);
    config.parallel = Parallel::Fixed(3);
    config
}

impl World {
    pub fn new() -> Self {
        Self::with(config(), Backend::Direct(Kind::S3), None)
    }

    pub fn with(config: Config, backend: Backend, signer: Option<LocalSigner>) -> Self {
        Self {
            engine: Engine::new(config, backend, signer, true, 42),
            now: Now { mono: Default::default(), wall: UnixMillis(1_767_323_045_000) },
            store: Store::new(),
            storage: BTreeMap::new(),
            files: BTreeMap::new(),
            events: Vec::new(),
            troubles: Vec::new(),
            network: true,
            file_exception: None,
            signed_with: Vec::new(),
            remote_signing: false,
            pending: VecDeque::new(),
            locks: Vec::new(),
            most_in_flight: 0,
            read: 0,
            digests: 0,
            slow_hashes: false,
            no_turn_ahead: false,
            existing: None,
        }
    }

    pub fn md5_identity() -> Config {
        let mut config = config();
        config.identity = Identity::Md5;
        config
    }

    pub fn unverified() -> Config {
        let mut config = config();
        config.verify = Verify::Off;
        config
    }

    /// The page is gone, and a new one with the same storage and store opens.
    pub fn reload(self, config: Config) -> Self {
        self.reopen(config, Backend::Direct(Kind::S3))
    }

    /// The same, with another backend.
    pub fn reopen(self, config: Config, backend: Backend) -> Self {
        let mut next = Self::with(config, backend, None);
        next.now = self.now;
        next.store = self.store;
        next.store.requests.clear();
        next.storage = self.storage;
        next.troubles = self.troubles;
        next.network = self.network;
        next.file_exception = self.file_exception;
        next.remote_signing = self.remote_signing;
        next
    }

    /// Locks held or waited for.
    pub fn locks(&self) -> usize {
        self.locks.len()
    }

    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> UploadId {
        self.add_target(name, name, false, bytes)
    }

    /// With a key of the page's own choice.
    pub fn add_as(&mut self, name: &str, key: &str, bytes: Vec<u8>) -> UploadId {
        self.add_target(name, key, true, bytes)
    }

    /// With a key that was made for it.
    pub fn add_under(&mut self, name: &str, key: &str, bytes: Vec<u8>) -> UploadId {
        self.add_target(name, key, false, bytes)
    }

    fn add_target(&mut self, name: &str, key: &str, key_is_explicit: bool, bytes: Vec<u8>) -> UploadId {
        let size = bytes.len() as u64;
        let file = FileInfo { name: name.into(), size, last_modified: 1, mime: "a/b".into() };
        let target = Target { file, key: key.into(), key_is_explicit, metadata: Vec::new(), path: None };
        let id = self.engine.add(target, self.now).unwrap();
        self.files.insert(id.0, bytes);
        id
    }

    pub fn tell(&mut self, id: UploadId, input: Input) {
        self.engine.handle(id, input, self.now);
        self.collect();
    }

    /// So many bytes of each request with file content have left.
    pub fn progress(&mut self, id: UploadId, bytes: u64) {
        let is_send = |p: &&Pending| p.id == id && !matches!(p.work, PendingWork::Hash(..));
        for op in self.pending.iter().filter(is_send).map(|p| p.op).collect::<Vec<_>>() {
            self.tell(id, Input::Progress(op, bytes));
        }
    }

    /// So many bytes of each hash job are read.
    pub fn hash_progress(&mut self, id: UploadId, bytes: u64) {
        let is_hash = |p: &&Pending| p.id == id && matches!(p.work, PendingWork::Hash(..));
        for op in self.pending.iter().filter(is_hash).map(|p| p.op).collect::<Vec<_>>() {
            self.tell(id, Input::HashProgress(op, bytes));
        }
    }

    pub fn online(&mut self, online: bool) {
        self.engine.tell_online(online, self.now);
        self.collect();
    }

    pub fn trouble(&mut self, prefix: &str, times: usize, trouble: Trouble) {
        self.troubles.push((prefix.into(), times, trouble));
    }

    pub fn state(&self, id: UploadId) -> State {
        self.engine.state(id)
    }

    /// Runs until nothing is left to do at all.
    pub fn run(&mut self) {
        self.run_until(|_| false);
    }

    /// Runs until a condition holds.
    pub fn run_until(&mut self, done: impl Fn(&Self) -> bool) {
        for _ in 0..200_000 {
            self.collect();
            if done(self) || !self.step() {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Runs for a stretch of time.
    pub fn run_for(&mut self, wait: Millis) {
        let end = self.now.mono + wait;
        self.run_until(|world| world.now.mono >= end);
    }

    /// One reply, or a jump to the next timeout.
    pub fn step(&mut self) -> bool {
        if let Some(pending) = self.next_pending().and_then(|at| self.pending.remove(at)) {
            self.pass(1);
            self.reply(pending);
            return true;
        }
        match self.engine.poll_timeout(self.now) {
            Some(due) => {
                self.pass(due.since(self.now.mono).0.max(1));
                self.engine.tick(self.now);
                true
            }
            None => false,
        }
    }

    fn next_pending(&self) -> Option<usize> {
        let is_hash = |p: &Pending| matches!(p.work, PendingWork::Hash(..));
        let silent = |p: &Pending| {
            let has_no_turn = |reading: &Reading| self.no_turn_ahead && reading.ahead;
            matches!(p.work, PendingWork::Silent)
                || matches!(&p.work, PendingWork::Hash(reading, _) if has_no_turn(reading))
        };
        let put_off = self.slow_hashes && !self.pending.iter().all(|p| silent(p) || is_hash(p));
        self.pending.iter().position(|p| !(silent(p) || put_off && is_hash(p)))
    }

    pub fn pass(&mut self, millis: u64) {
        self.now.mono = self.now.mono + Millis(millis);
        self.now.wall.0 += millis;
    }

    pub fn collect(&mut self) {
        loop {
            while let Some(event) = self.engine.poll_event() {
                self.events.push(event);
            }
            let Some(work) = self.engine.poll_action() else { return };
            self.take(work);
        }
    }

    fn take(&mut self, work: Work) {
        let (id, action) = match work {
            Work::FetchCredentials => {
                self.signed_with.push("fetch".into());
                return self.later(UploadId(0), OpId(0), PendingWork::Credentials);
            }
            Work::AskObjects(number, request) => {
                return self.later(UploadId(0), OpId(0), PendingWork::Several(number, request));
            }
            Work::Upload(id, action) => (id, action),
        };
        match action {
            Action::Perform(op, Step::Sign(request)) if self.remote_signing => {
                self.later(id, op, PendingWork::Sign(request));
            }
            Action::Perform(op, Step::Sign(request)) => {
                let reply = Ok(StepReply::Signed(sign(&request)));
                self.engine.handle(id, Input::Replied(op, reply), self.now);
            }
            Action::Perform(op, Step::Store(request) | Step::Backend(request) | Step::Object(request))
            | Action::Send(op, request, _) => {
                self.later(id, op, PendingWork::Store(request));
                let in_flight = self
                    .pending
                    .iter()
                    .filter(|p| matches!(&p.work, PendingWork::Store(r) if matches!(r.body, Body::File(_))))
                    .count();
                self.most_in_flight = self.most_in_flight.max(in_flight);
            }
            Action::Perform(op, Step::Page(call)) => self.later(id, op, PendingWork::Page(call)),
            Action::Drop(op) => self.pending.retain(|p| (p.id, p.op) != (id, op)),
            Action::Hash(op, reading) => {
                let has_its_turn = reading.ahead && !self.no_turn_ahead;
                self.later(id, op, PendingWork::Hash(reading, 0));
                if has_its_turn {
                    self.engine.handle(id, Input::HashProgress(op, 1), self.now);
                }
            }
            Action::Check(op) => self.later(id, op, PendingWork::Check),
            Action::TryLock(name) => {
                self.unlock(id);
                if self.locks.iter().any(|(_, held)| *held == name) {
                    self.later(id, OpId(0), PendingWork::LockBusy);
                } else {
                    self.locks.push((id, name));
                    self.later(id, OpId(0), PendingWork::Lock);
                }
            }
            Action::Tell(message) => {
                let name = self.locks.iter().find(|(of, _)| *of == id).map(|(_, name)| name.clone());
                let others = self.locks.iter().filter(|(of, n)| *of != id && Some(n) == name.as_ref());
                for other in others.map(|(of, _)| *of).collect::<Vec<_>>() {
                    self.later(other, OpId(0), PendingWork::Heard(message.clone()));
                }
            }
            Action::Lock(name) => {
                self.unlock(id);
                let free = self.locks.iter().all(|(_, held)| *held != name);
                self.locks.push((id, name));
                if free {
                    self.later(id, OpId(0), PendingWork::Lock);
                }
            }
            Action::Unlock => self.unlock(id),
            Action::Load(prefix) => self.later(id, OpId(0), PendingWork::Load(prefix)),
            Action::Save(record) => {
                self.storage.insert(record.key, record.value);
            }
            Action::Remove(key) => {
                self.storage.remove(&key);
            }
            Action::Forget(prefix) => self.storage.retain(|key, _| !key.starts_with(&prefix)),
            Action::SetClock(_) | Action::DropCredentials(_) => {}
        }
    }

    fn later(&mut self, id: UploadId, op: OpId, work: PendingWork) {
        self.pending.push_back(Pending { id, op, work });
    }

    /// Whoever has waited longest for the lock gets it.
    fn unlock(&mut self, id: UploadId) {
        self.pending.retain(|p| {
            p.id != id || !matches!(p.work, PendingWork::Lock | PendingWork::LockBusy | PendingWork::Heard(_))
        });
        let Some(at) = self.locks.iter().position(|(of, _)| *of == id) else { return };
        let (_, name) = self.locks.remove(at);
        let was_held = !self.locks[..at].iter().any(|(_, other)| *other == name);
        let next = self.locks.iter().find(|(_, other)| *other == name).map(|(of, _)| *of);
        if let (true, Some(next)) = (was_held, next) {
            self.later(next, OpId(0), PendingWork::Lock);
        }
    }

    fn reply(&mut self, pending: Pending) {
        let Pending { id, op, work } = pending;
        match work {
            PendingWork::Silent => {}
            PendingWork::Check => {
                let readable = self.file_exception.clone().map_or(Ok(()), Err);
                self.engine.handle(id, Input::Checked(op, readable), self.now);
            }
            PendingWork::Load(prefix) => {
                let records = self.storage.iter().filter(|(key, _)| key.starts_with(prefix));
                let records = records.map(|(key, value)| (key.clone(), value.clone())).collect();
                self.engine.handle(id, Input::Loaded(records), self.now);
            }
            PendingWork::Lock => self.engine.handle(id, Input::Locked, self.now),
            PendingWork::LockBusy => self.engine.handle(id, Input::LockBusy, self.now),
            PendingWork::Heard(message) => self.engine.handle(id, Input::Heard(message), self.now),
            PendingWork::Sign(request) => {
                let outcome = self.page_trouble(id, op, "sign").map(|()| StepReply::Signed(sign(&request)));
                self.page_replied(id, op, outcome);
            }
            PendingWork::Page(call) => {
                let outcome = self.page_trouble(id, op, page_name(&call)).map(|()| self.perform(id, &call));
                self.page_replied(id, op, outcome);
            }
            PendingWork::Credentials => {
                let keys = Credentials {
                    access_key_id: "AK".into(),
                    secret_access_key: "SK".into(),
                    session_token: None,
                };
                let end = UnixMillis(self.now.wall.0 + 3_600_000);
                match self.page_trouble(id, op, "credentials").map(|()| (keys, Some(end))) {
                    Err(None) => {}
                    Err(Some(fault)) => self.engine.credentials(Err(fault), self.now),
                    Ok(keys) => self.engine.credentials(Ok(keys), self.now),
                }
            }
            PendingWork::Hash(..) if self.file_exception.is_some() => {
                let exception = self.file_exception.clone().unwrap_or_default();
                self.engine.handle(id, Input::Hashed(op, Err(exception)), self.now);
            }
            PendingWork::Hash(reading, at) => {
                let piece = pieces(&reading, &self.files[&id.0]).swap_remove(at);
                let every = if reading.every == 0 { reading.bytes() } else { reading.every };
                self.read += every.min(reading.bytes() - every * at as u64);
                self.digests += usize::from(piece.digests.md5.is_some());
                if at + 1 < reading.pieces() {
                    // Faster than anything else.
                    self.pending.push_front(Pending { id, op, work: PendingWork::Hash(reading, at + 1) });
                }
                self.engine.handle(id, Input::Hashed(op, Ok(piece)), self.now);
            }
            PendingWork::Store(request) => self.answer(id, op, request),
            PendingWork::Several(number, request) => {
                let name = describe(&request);
                let reply = match self.trouble_with(&name) {
                    None if self.network => Ok(self.serve(id, &request, &name, false)),
                    Some(Trouble::Silence) => return,
                    Some(Trouble::Reply(status, _)) => Ok(HttpReply { status, ..HttpReply::default() }),
                    Some(Trouble::Body(body)) => Ok(ok(body.into())),
                    _ => Err(Fault::NoReply(NoReply::Network)),
                };
                self.engine.objects(number, &reply, self.now);
            }
        }
    }

    fn trouble_with(&mut self, name: &str) -> Option<Trouble> {
        let applies = |(prefix, times, _): &&mut (String, usize, Trouble)| {
            name.starts_with(prefix.as_str()) && *times > 0
        };
        self.troubles.iter_mut().find(applies).map(|(_, times, trouble)| {
            *times -= 1;
            trouble.clone()
        })
    }

    /// How a function of the page fails; `Err(None)`: it never settles.
    fn page_trouble(&mut self, id: UploadId, op: OpId, name: &str) -> Result<(), Option<Fault>> {
        let thrown =
            |status, message: &str| Err(Some(Fault::Page { status, message: message.into(), cause: None }));
        match self.trouble_with(name) {
            _ if !self.network => thrown(None, "Failed to fetch"),
            None => Ok(()),
            Some(Trouble::Silence) => {
                self.later(id, op, PendingWork::Silent);
                Err(None)
            }
            Some(Trouble::Reply(status, message)) => thrown(Some(status), message),
            Some(Trouble::Throws(message)) => thrown(None, message),
            Some(_) => thrown(None, "it failed"),
        }
    }

    fn page_replied(&mut self, id: UploadId, op: OpId, outcome: Result<StepReply, Option<Fault>>) {
        let result = match outcome {
            // A page throws what its server answered.
            Ok(StepReply::Http(reply)) => Err(Fault::Page {
                status: Some(reply.status),
                message: "the server refused".into(),
                cause: None,
            }),
            Ok(reply) => Ok(reply),
            Err(None) => return,
            Err(Some(fault)) => Err(fault),
        };
        self.engine.handle(id, Input::Replied(op, result), self.now);
    }

    /// What a page's backend functions do: ask the store.
    fn perform(&mut self, id: UploadId, call: &PageCall) -> StepReply {
        let part = |session: &Session, ask: &PartAsk| {
            sign(&Kind::S3.put_part(&session.key, &session.upload_id, ask.number, ask.range, None))
        };
        let request = match call {
            PageCall::Identify | PageCall::Check { .. } | PageCall::Merge { .. } => {
                unreachable!("only chunk endpoints have these")
            }
            PageCall::Find { md5, .. } => {
                self.store.requests.push("find".into());
                let key =
                    self.existing.as_ref().filter(|(known, _)| known == md5).map(|(_, key)| key.clone());
                let found = key.map(|key| Completed { key: Some(key), ..Completed::default() });
                return StepReply::Page(PageReply::Found(found));
            }
            PageCall::SignParts { session, asks } => {
                self.store.requests.push(format!("sign {}", asks.len()));
                let urls = asks.iter().map(|ask| Some(part(session, ask))).collect();
                return StepReply::Page(PageReply::SignedParts(urls));
            }
            PageCall::Create { key } => Kind::S3.create(key, None, &[]),
            PageCall::Object { key, .. } => {
                let url = sign(&Kind::S3.head(key));
                let object = ObjectUrl { signed: url, fields: None, key: Some(key.clone()) };
                return StepReply::Page(PageReply::Object(object));
            }
            PageCall::SignPart { session, ask } => return StepReply::Signed(part(session, ask)),
            PageCall::ListParts { session } => Kind::S3.list_parts(&session.key, &session.upload_id, None),
            PageCall::Complete { session, parts } => {
                Kind::S3.complete(&session.key, &session.upload_id, parts)
            }
            PageCall::Abort { session } => Kind::S3.abort(&session.key, &session.upload_id),
        };
        let signed = sign(&request);
        let body = request.body.clone();
        let request = HttpRequest { method: request.method, url: signed.url, headers: Vec::new(), body };
        let name = describe(&request);
        let reply = self.serve(id, &request, &name, false);
        if !reply.is_success() {
            return StepReply::Http(reply);
        }
        StepReply::Page(match call {
            PageCall::Create { .. } => PageReply::Created(Kind::S3.created(&reply).unwrap()),
            PageCall::ListParts { .. } => PageReply::Listed(Kind::S3.listed(&reply).unwrap().parts),
            PageCall::Complete { .. } => PageReply::Completed(Kind::S3.completed(&reply).unwrap()),
            _ => PageReply::Aborted,
        })
    }

    fn answer(&mut self, id: UploadId, op: OpId, request: HttpRequest) {
        let name = describe(&request);
        let trouble = self.trouble_with(&name);
        let no_reply = |no: NoReply| Err(Fault::NoReply(no));
        let result = match (&self.file_exception, &request.body) {
            (Some(exception), Body::File(_)) => no_reply(NoReply::File(exception.clone())),
            _ if !self.network => no_reply(NoReply::Network),
            _ => match trouble {
                Some(Trouble::Network) => no_reply(NoReply::Network),
                Some(Trouble::Silence) => {
                    self.store.requests.push(format!("{name} (silence)"));
                    self.pending.push_back(Pending { id, op, work: PendingWork::Silent });
                    return;
                }
                Some(Trouble::Reply(status, code)) => {
                    self.store.requests.push(format!("{name} ({status})"));
                    let body = format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
                    Ok(StepReply::Http(HttpReply { status, headers: Vec::new(), body }))
                }
                Some(Trouble::Body(body)) => {
                    self.store.requests.push(name);
                    Ok(StepReply::Http(ok(body.into())))
                }
                Some(Trouble::ReplyLost) => {
                    self.serve(id, &request, &name, false);
                    no_reply(NoReply::Network)
                }
                Some(Trouble::Corrupt) => Ok(StepReply::Http(self.serve(id, &request, &name, true))),
                Some(Trouble::LongEtag(length)) => {
                    let mut reply = self.serve(id, &request, &name, false);
                    reply.headers = vec![("etag".into(), "e".repeat(length))];
                    Ok(StepReply::Http(reply))
                }
                Some(Trouble::NoEtag) => {
                    let mut reply = self.serve(id, &request, &name, false);
                    reply.headers.clear();
                    Ok(StepReply::Http(reply))
                }
                None | Some(Trouble::Throws(_)) => {
                    Ok(StepReply::Http(self.serve(id, &request, &name, false)))
                }
            },
        };
        if let (Body::File(range), Ok(_)) = (&request.body, &result) {
            self.engine.handle(id, Input::Progress(op, range.len()), self.now);
        }
        self.engine.handle(id, Input::Replied(op, result), self.now);
    }

    fn serve(&mut self, id: UploadId, request: &HttpRequest, name: &str, corrupt: bool) -> HttpReply {
        self.store.requests.push(name.into());
        let body = match &request.body {
            Body::File(range) | Body::Form { range, .. } => {
                let mut bytes = self.files[&id.0][range.start as usize..range.end as usize].to_vec();
                if let (true, Some(first)) = (corrupt, bytes.first_mut()) {
                    *first ^= 1;
                }
                bytes
            }
            Body::Text { text, .. } => text.clone().into_bytes(),
            _ => Vec::new(),
        };
        self.store.serve(request, &body, self.now.wall.0)
    }
}

/// Names as for the requests; `sign` for the rest.
fn page_name(call: &PageCall) -> &'static str {
    match call {
        PageCall::Create { .. } => "create",
        PageCall::SignPart { .. } | PageCall::SignParts { .. } | PageCall::Object { .. } => "sign",
        PageCall::ListParts { .. } => "list",
        PageCall::Complete { .. } => "complete",
        PageCall::Abort { .. } => "abort",
        PageCall::Find { .. } => "find",
        PageCall::Identify | PageCall::Check { .. } | PageCall::Merge { .. } => "chunks",
    }
}
