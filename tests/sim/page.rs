//! A page: an engine and the browser around it, doing what `src/browser/driver.rs` does.

use crate::clock::Ticket;
use crate::faults::Fault;
use crate::network::{Doing, What};
use crate::sabotage::Sabotage;
use crate::say;
use crate::storage::{LocalStorage, Records, StorageFault};
use crate::store::md5;
use crate::world::{Happening, WALL, World};
use partwise::core::backend::{Step, StepReply, Target};
use partwise::core::engine::{CredentialsReply, Engine, UploadId, Work};
use partwise::core::fingerprint::FileInfo;
use partwise::core::hash::{Md5Digest, Md5Hasher};
use partwise::core::http::{Body, HttpRequest};
use partwise::core::retry::Fault as Failure;
use partwise::core::units::{ByteRange, Instant, Now, UnixMillis};
use partwise::core::upload::{Action, Event, Input, Message, OpId};
use std::collections::BTreeMap;
use std::fmt;

/// One upload of one page. Pages are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who {
    pub page: usize,
    pub upload: UploadId,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page {} upload {}", self.page, self.upload.0)
    }
}

/// Something that runs for an action of the engine.
pub struct Running {
    pub doing: Doing,
    pub request: Option<u64>,
    /// On the page's clock.
    pub since: Instant,
}

pub struct Page {
    /// `None` once the page is gone.
    pub engine: Option<Engine>,
    pub records: Records,
    pub running: BTreeMap<(UploadId, OpId), Running>,
    /// The user's device sleeps, or the tab is frozen: what comes waits in the mailbox.
    pub frozen: bool,
    mailbox: Vec<Delivery>,
    timer: Option<(Instant, Ticket)>,
    timer_missed: bool,
    /// World time minus the page's monotonic clock.
    pub behind: u64,
    /// How far the wall clock is off, in milliseconds.
    pub skew: i64,
    /// What the browser told last.
    pub online: bool,
}

/// Something that comes back to a page.
pub struct Delivery {
    pub who: Who,
    pub op: OpId,
    pub what: Delivered,
}

pub enum Delivered {
    Replied(Result<StepReply, Failure>),
    Progress(u64),
    Hashed(Result<Md5Digest, String>),
    HashProgress(u64),
    Checked(Result<(), String>),
    Locked(String),
    LockBusy(String),
    Heard(String, Message),
    Loaded(&'static str),
    Credentials(CredentialsReply),
    Online(bool),
}

impl Page {
    pub fn open(engine: Engine, denied: bool, time: u64, skew: i64, online: bool) -> Self {
        Self {
            engine: Some(engine),
            records: Records::open(denied),
            running: BTreeMap::new(),
            frozen: false,
            mailbox: Vec::new(),
            timer: None,
            timer_missed: false,
            behind: time.saturating_sub(5_000),
            skew,
            online,
        }
    }

    pub fn now(&self, time: u64) -> Now {
        Now {
            mono: Instant(time - self.behind),
            wall: UnixMillis((WALL + time).saturating_add_signed(self.skew)),
        }
    }
}

impl World {
    pub fn page_now(&self, page: usize) -> Now {
        self.pages[page].now(self.agenda.now())
    }

    pub fn is_open(&self, page: usize) -> bool {
        self.pages[page].engine.is_some()
    }

    /// Changes the engine, then does all that follows, as the driver does.
    pub fn with(&mut self, page: usize, change: impl FnOnce(&mut Engine, Now)) {
        let now = self.page_now(page);
        if let Some(engine) = &mut self.pages[page].engine {
            change(engine, now);
            self.pump(page);
        }
    }

    pub fn tell(&mut self, who: Who, input: Input) {
        self.with(who.page, |engine, now| engine.handle(who.upload, input, now));
    }

    pub fn pump(&mut self, page: usize) {
        loop {
            let Some(engine) = &mut self.pages[page].engine else { return };
            if let Some(work) = engine.poll_action() {
                self.perform(page, work);
            } else if let Some((upload, event)) = engine.poll_event() {
                let repeated = event.clone();
                self.event(Who { page, upload }, event);
                if let (Some(Sabotage::ProgressFalls), Event::Progress(mut progress)) =
                    (self.sabotage, repeated)
                {
                    progress.loaded /= 2;
                    self.event(Who { page, upload }, Event::Progress(progress));
                }
            } else {
                break;
            }
        }
        self.check_page(page);
        self.set_timer(page);
    }

    pub fn add_file(&mut self, page: usize, file: usize) -> Option<Who> {
        let now = self.page_now(page);
        let entry = &self.files[file];
        let info = FileInfo {
            name: entry.name.clone(),
            size: entry.bytes.len() as u64,
            last_modified: entry.modified,
            mime: "a/b".into(),
        };
        let key = entry.key.clone();
        let target = Target { file: info, key, key_is_explicit: entry.key_is_explicit, metadata: Vec::new() };
        let upload = self.pages[page].engine.as_mut()?.add(target, now).expect("small enough");
        let who = Who { page, upload };
        say!(self, "{who}: {} is added, {} bytes", self.files[file].name, self.files[file].bytes.len());
        self.begin_instance(who, file);
        self.pump(page);
        Some(who)
    }

    /// The page ends, at whatever moment: nothing it would still have done happens.
    pub fn kill(&mut self, page: usize) {
        if self.pages[page].engine.take().is_none() {
            return;
        }
        say!(self, "page {page} is gone");
        self.learn_death(page);
        let running = std::mem::take(&mut self.pages[page].running);
        for running in running.into_values() {
            self.abandon(running.request);
        }
        self.pages[page].mailbox.clear();
        if let Some((_, ticket)) = self.pages[page].timer.take() {
            self.agenda.cancel(ticket);
        }
        for who in self.locks.of_page(page) {
            self.release(who);
        }
    }

    pub fn freeze(&mut self, page: usize) {
        self.pages[page].frozen = true;
    }

    pub fn thaw(&mut self, page: usize) {
        if !std::mem::replace(&mut self.pages[page].frozen, false) || !self.is_open(page) {
            return;
        }
        for delivery in std::mem::take(&mut self.pages[page].mailbox) {
            self.deliver(delivery);
        }
        if std::mem::take(&mut self.pages[page].timer_missed) {
            self.pages[page].timer = None;
            self.with(page, |engine, now| engine.tick(now));
        }
        self.set_timer(page);
    }

    fn set_timer(&mut self, page: usize) {
        let now = self.page_now(page);
        let Some(engine) = &self.pages[page].engine else { return };
        let due = engine.poll_timeout(now);
        let armed = self.pages[page].timer;
        if due == armed.map(|(at, _)| at) {
            return;
        }
        if let Some((_, ticket)) = armed {
            self.agenda.cancel(ticket);
        }
        self.pages[page].timer = due.map(|due| {
            let wait = due.since(now.mono).0 + 1 + self.rng.below(8);
            (due, self.agenda.after(wait, Happening::Timer(page)))
        });
    }

    /// The page's clock was changed: what it waits for is due at another time.
    pub fn rearm(&mut self, page: usize) {
        if let Some((_, ticket)) = self.pages[page].timer.take() {
            self.agenda.cancel(ticket);
        }
        self.set_timer(page);
    }

    pub fn timer(&mut self, page: usize) {
        if self.pages[page].frozen {
            self.pages[page].timer_missed = true;
            return;
        }
        self.pages[page].timer = None;
        self.with(page, |engine, now| engine.tick(now));
    }

    /// Something has come back; a frozen page learns of it later.
    pub fn deliver(&mut self, delivery: Delivery) {
        let Delivery { who, op, .. } = delivery;
        let page = who.page;
        if !self.is_open(page) {
            return;
        }
        if self.pages[page].frozen {
            return self.pages[page].mailbox.push(delivery);
        }
        let is_running = self.pages[page].running.contains_key(&(who.upload, op));
        match delivery.what {
            Delivered::Progress(sent) if is_running => self.tell(who, Input::Progress(op, sent)),
            Delivered::HashProgress(hashed) if is_running => self.tell(who, Input::HashProgress(op, hashed)),
            Delivered::Replied(result) if is_running => {
                let running = self.pages[page].running.remove(&(who.upload, op)).unwrap();
                self.learn(who, &running.doing, &result);
                self.tell(who, Input::Replied(op, result));
            }
            Delivered::Hashed(result) if is_running => {
                self.pages[page].running.remove(&(who.upload, op));
                self.learn_of_file(who, result.as_ref().err());
                self.tell(who, Input::Hashed(op, result));
            }
            Delivered::Checked(result) if is_running => {
                self.pages[page].running.remove(&(who.upload, op));
                self.learn_of_file(who, result.as_ref().err());
                self.tell(who, Input::Checked(op, result));
            }
            Delivered::Progress(_)
            | Delivered::HashProgress(_)
            | Delivered::Replied(_)
            | Delivered::Hashed(_)
            | Delivered::Checked(_) => {}
            Delivered::Locked(name) => {
                if self.locks.holds(who) == Some(&name) || self.sabotage == Some(Sabotage::LockShared) {
                    say!(self, "{who}: has the lock");
                    self.tell(who, Input::Locked);
                }
            }
            Delivered::LockBusy(name) => {
                if self.instance(who).trying.as_deref() == Some(&name) {
                    say!(self, "{who}: somebody else has the lock");
                    self.instance(who).trying = None;
                    self.tell(who, Input::LockBusy);
                }
            }
            Delivered::Heard(name, message) => {
                if self.locks.name_of(who) == Some(&name) {
                    say!(self, "{who}: hears {}", message.to_text());
                    self.tell(who, Input::Heard(message));
                }
            }
            Delivered::Loaded(prefix) => self.loaded(who, prefix),
            Delivered::Credentials(reply) => {
                self.learn_of_credentials(page, &reply);
                self.with(page, |engine, now| engine.credentials(reply, now));
            }
            Delivered::Online(online) => self.told_online(page, online),
        }
    }

    fn loaded(&mut self, who: Who, prefix: &'static str) {
        let page = &self.pages[who.page];
        let (fault, records) = (page.records.fault, page.records.load(&self.storage, prefix));
        say!(self, "{who}: loads {} records", records.len());
        self.learn_records(who, &records);
        self.with(who.page, |engine, now| {
            if let Some(fault) = fault {
                engine.handle(who.upload, Input::StorageFault { full: fault == StorageFault::Full }, now);
            }
            engine.handle(who.upload, Input::Loaded(records), now);
        });
    }

    fn told_online(&mut self, page: usize, online: bool) {
        if self.pages[page].online != online {
            say!(self, "page {page}: the browser says {}", if online { "online" } else { "offline" });
            self.pages[page].online = online;
            self.learn_online(page, online);
            self.with(page, |engine, now| engine.tell_online(online, now));
        }
    }

    fn later(&mut self, who: Who, op: OpId, wait: u64, what: Delivered) {
        self.agenda.after(wait, Happening::Deliver(Delivery { who, op, what }));
    }

    fn perform(&mut self, page: usize, work: Work) {
        let (upload, action) = match work {
            Work::FetchCredentials => {
                let who = Who { page, upload: UploadId(0) };
                say!(self, "page {page}: asks for credentials");
                return self.send(who, OpId(0), What::Credentials, Doing::Credentials, None);
            }
            Work::Upload(upload, action) => (upload, action),
        };
        let who = Who { page, upload };
        self.check_action(who, &action);
        match action {
            Action::Perform(op, step) => self.begin_step(who, op, step),
            Action::Send(op, request) => self.send_file(who, op, request),
            Action::Drop(op) => {
                if let Some(running) = self.pages[page].running.remove(&(upload, op)) {
                    say!(self, "{who}: drops {}", running.doing);
                    self.learn_drop(who, &running);
                    self.abandon(running.request);
                }
            }
            Action::Hash(op, ranges) => self.hash(who, op, &ranges),
            Action::Check(op) => {
                self.run(who, op, Doing::Check);
                let outcome = self.read(who).map(drop);
                let wait = self.rng.between(0, 5);
                self.later(who, op, wait, Delivered::Checked(outcome));
            }
            Action::TryLock(name) => {
                self.release(who);
                let wait = self.rng.between(0, 20);
                let what = if self.locks.try_take(who, &name) || self.sabotage == Some(Sabotage::LockShared) {
                    Delivered::Locked(name)
                } else {
                    self.instance(who).trying = Some(name.clone());
                    Delivered::LockBusy(name)
                };
                self.later(who, OpId(0), wait, what);
            }
            Action::Lock(name) => {
                self.release(who);
                if self.locks.take(who, &name) {
                    let wait = self.rng.between(0, 20);
                    self.later(who, OpId(0), wait, Delivered::Locked(name));
                }
            }
            Action::Tell(message) => self.tell_others(who, &message),
            Action::Unlock => self.release(who),
            Action::Load(prefix) => {
                let wait = self.rng.between(0, 50);
                self.later(who, OpId(0), wait, Delivered::Loaded(prefix));
            }
            Action::Save(mut record) => {
                say!(self, "{who}: stores {} = {}", record.key, record.value);
                if self.sabotage == Some(Sabotage::RecordTells) {
                    record.value = self.thrown_url();
                }
                self.check_record(&record);
                let forgotten = self.sabotage == Some(Sabotage::SaveForgotten);
                let kept = self.write(page, |records, storage| match forgotten {
                    true => Ok(()),
                    false => records.put(storage, &record.key, &record.value),
                });
                if let Some(kept) = kept {
                    self.learn_saved(who, &record.key, kept);
                }
                let now = self.page_now(page);
                if let (Some(Err(fault)), Some(engine)) = (kept, &mut self.pages[page].engine) {
                    let full = fault == StorageFault::Full;
                    engine.handle(upload, Input::StorageFault { full }, now);
                }
            }
            Action::Forget(prefix) => self.forget(who, &prefix),
            Action::Remove(key) => {
                say!(self, "{who}: removes {key}");
                self.write(page, |records, storage| records.remove(storage, &key));
            }
            Action::SetClock(_) | Action::DropCredentials => unreachable!("the engine keeps these to itself"),
        }
    }

    /// Removing many keys is as many writes, and a page may die between any two of them.
    fn forget(&mut self, who: Who, prefix: &str) {
        say!(self, "{who}: forgets {prefix}");
        let keys = self.pages[who.page].records.load(&self.storage, prefix);
        for (key, _) in keys {
            self.write(who.page, |records, storage| records.remove(storage, &key));
        }
    }

    /// One write to the storage; `None` if the page died right before it.
    fn write<T>(
        &mut self,
        page: usize,
        write: impl FnOnce(&mut Records, &mut LocalStorage) -> T,
    ) -> Option<T> {
        if !self.is_open(page) {
            return None;
        }
        self.writes += 1;
        if self.dies_at == Some((self.writes, false)) || self.strikes(Fault::KilledAtWrite) {
            self.kill_and_come_back(page);
            return None;
        }
        let written = write(&mut self.pages[page].records, &mut self.storage);
        if self.dies_at == Some((self.writes, true)) || self.strikes(Fault::KilledAtWrite) {
            self.kill_and_come_back(page);
        }
        Some(written)
    }

    fn run(&mut self, who: Who, op: OpId, doing: Doing) {
        let since = self.page_now(who.page).mono;
        self.pages[who.page].running.insert((who.upload, op), Running { doing, request: None, since });
    }

    fn begin_step(&mut self, who: Who, op: OpId, step: Step) {
        let (what, doing) = match step {
            Step::Store(request) => {
                let doing = Doing::of_store(&request);
                (What::Store(request), doing)
            }
            Step::Backend(request) => {
                let doing = Doing::of_companion(&request);
                (What::Companion(request), doing)
            }
            Step::Sign(request) => {
                let doing = Doing::Sign(request.operation);
                (What::Sign(request), doing)
            }
            Step::Page(call) => {
                let doing = Doing::of_call(&call);
                (What::Call(call), doing)
            }
        };
        self.run(who, op, doing.clone());
        self.send(who, op, what, doing, None);
    }

    fn send_file(&mut self, who: Who, op: OpId, request: HttpRequest) {
        let (Body::File(range) | Body::Form { range, .. }) = request.body else { panic!("no file to send") };
        let doing = Doing::of_store(&request);
        self.run(who, op, doing.clone());
        match self.read(who) {
            Ok(bytes) => {
                let body = bytes[range.start as usize..range.end as usize].into();
                self.send(who, op, What::Store(request), doing, Some(body));
            }
            Err(exception) => {
                say!(self, "{who}: {doing} fails, {exception}");
                let failure = Failure::NoReply(partwise::core::http::NoReply::File(exception));
                self.later(who, op, 1, Delivered::Replied(Err(failure)));
            }
        }
    }

    fn hash(&mut self, who: Who, op: OpId, ranges: &[ByteRange]) {
        self.run(who, op, Doing::Hash);
        let mut wait = self.rng.between(0, 60);
        let total: u64 = ranges.iter().map(|range| range.len()).sum();
        if self.strikes(Fault::WorkerDied) {
            // It is started again, and so is its job.
            self.later(who, op, wait / 2, Delivered::HashProgress(total / 2));
            self.later(who, op, wait, Delivered::HashProgress(0));
            wait = wait * 2 + self.rng.between(100, 5_000);
        } else if self.rng.once_in(20) {
            wait += self.rng.between(0, 20_000);
        }
        let outcome = self.read(who).map(|bytes| {
            let mut hasher = Md5Hasher::new();
            for range in ranges {
                hasher.update(&bytes[range.start as usize..range.end as usize]);
            }
            hasher.finish()
        });
        self.later(who, op, wait, Delivered::HashProgress(total));
        self.later(who, op, wait, Delivered::Hashed(outcome));
    }

    /// The file's bytes, or the exception that reading it throws.
    fn read(&self, who: Who) -> Result<std::rc::Rc<[u8]>, String> {
        let file = &self.files[self.instances[&who].file];
        match file.exception {
            Some(exception) => Err(exception.into()),
            None => Ok(file.bytes.clone()),
        }
    }

    pub fn release(&mut self, who: Who) {
        if let Some(instance) = self.instances.get_mut(&who) {
            instance.trying = None;
        }
        if let Some((next, name)) = self.locks.release(who) {
            let wait = self.rng.between(0, 30);
            self.later(next, OpId(0), wait, Delivered::Locked(name));
        }
    }

    /// Messages and locks take different ways: what was said before letting go may be heard after.
    fn tell_others(&mut self, who: Who, message: &Message) {
        let Some(name) = self.locks.name_of(who).map(str::to_owned) else { return };
        for other in self.locks.others(who) {
            if self.strikes(Fault::TellLost) {
                continue;
            }
            let wait = if self.rng.once_in(10) { self.rng.between(0, 900) } else { self.rng.between(0, 30) };
            self.later(other, OpId(0), wait, Delivered::Heard(name.clone(), message.clone()));
        }
    }

    pub fn md5_of(&self, file: usize) -> Md5Digest {
        md5(&self.files[file].bytes)
    }
}
