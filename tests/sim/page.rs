//! A page: an engine and the browser around it, doing what `src/browser/driver.rs` does.

use crate::clock::Ticket;
use crate::model::store::md5;
use crate::network::Doing;
use crate::sabotage::Sabotage;
use crate::say;
use crate::storage::{Records, StorageFault};
use crate::world::{Happening, WALL, World};
use partwise::core::backend::{StepReply, Target};
use partwise::core::engine::{CredentialsReply, Engine, UploadId};
use partwise::core::fingerprint::FileInfo;
use partwise::core::hash::{Md5Digest, Piece};
use partwise::core::retry::Fault as Failure;
use partwise::core::units::{Instant, Now, UnixMillis};
use partwise::core::upload::{Input, Message, OpId};
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
    /// When bytes of it last moved, if they did.
    pub moved: Option<Instant>,
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
    /// World time at which it was last frozen, thawed, told of the network or given credentials.
    pub disturbed: u64,
    /// Whether the store and the backend have answered with a success.
    pub worked: [bool; 2],
    /// It has asked for credentials and not got them.
    pub awaits_credentials: bool,
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
    /// And whether it was the last one.
    Hashed(Result<Piece, String>, bool),
    HashProgress(u64),
    Checked(Result<(), String>),
    Locked(String),
    LockBusy(String),
    Heard(String, Message),
    Loaded(&'static str),
    Credentials(CredentialsReply),
    Several(Result<StepReply, Failure>),
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
            disturbed: time,
            worked: [false; 2],
            awaits_credentials: false,
        }
    }

    /// Its timer is due and has not come yet: timers are some milliseconds late.
    pub fn is_late(&self, time: u64) -> bool {
        self.timer.is_some_and(|(due, _)| due <= self.now(time).mono)
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
                let event = match self.sabotage {
                    Some(sabotage) => sabotage.spoils(event),
                    None => event,
                };
                let again = self.sabotage.and_then(|sabotage| sabotage.repeats(&event));
                for event in std::iter::once(event).chain(again) {
                    self.event(Who { page, upload }, event);
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
        let target = Target {
            file: info,
            key,
            key_is_explicit: entry.key_is_explicit,
            metadata: Vec::new(),
            path: None,
        };
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
        self.pages[page].disturbed = self.agenda.now();
    }

    pub fn thaw(&mut self, page: usize) {
        if !std::mem::replace(&mut self.pages[page].frozen, false) || !self.is_open(page) {
            return;
        }
        self.pages[page].disturbed = self.agenda.now();
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
        if self.healed && self.sabotage == Some(Sabotage::TimersForgotten) {
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
            Delivered::Progress(sent) if is_running => {
                let now = self.page_now(page).mono;
                if let Some(running) = self.pages[page].running.get_mut(&(who.upload, op)) {
                    running.moved = Some(now);
                }
                self.tell(who, Input::Progress(op, sent));
            }
            Delivered::HashProgress(hashed) if is_running => self.tell(who, Input::HashProgress(op, hashed)),
            Delivered::Replied(result) if is_running => {
                let running = self.pages[page].running.remove(&(who.upload, op)).unwrap();
                self.learn(who, &running.doing, &result);
                let result = match self.sabotage {
                    Some(sabotage) => sabotage.misreads(&running.doing, result),
                    None => result,
                };
                self.tell(who, Input::Replied(op, result));
            }
            Delivered::Hashed(result, is_last) if is_running => {
                if is_last {
                    self.pages[page].running.remove(&(who.upload, op));
                }
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
            | Delivered::Hashed(..)
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
                self.pages[page].awaits_credentials = false;
                self.pages[page].disturbed = self.agenda.now();
                self.learn_of_credentials(page, &reply);
                self.with(page, |engine, now| engine.credentials(reply, now));
            }
            Delivered::Several(result) => {
                let reply = result.map(|reply| match reply {
                    StepReply::Http(reply) => reply,
                    other => unreachable!("{other:?}"),
                });
                self.with(page, |engine, now| engine.objects(op.0, &reply, now));
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
            self.pages[page].disturbed = self.agenda.now();
            self.learn_online(page, online);
            if online {
                self.expect_back_online(page);
            }
            if online || self.sabotage != Some(Sabotage::OfflineKept) {
                self.with(page, |engine, now| engine.tell_online(online, now));
            }
        }
    }

    pub fn md5_of(&self, file: usize) -> Md5Digest {
        md5(&self.files[file].bytes)
    }
}
