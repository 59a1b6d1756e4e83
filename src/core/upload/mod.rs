//! The state machine of one file: from being added to `done`, `failed` or `cancelled`.
//!
//! It performs nothing. The shell gives it [`Input`]s with the time, then drains [`Upload::poll_action`],
//! [`Upload::poll_event`] and [`Upload::poll_slot_end`], and comes back at [`Upload::poll_timeout`] with [`Input::Tick`].
//! All four must be asked again after every `handle`, `grant` or `tell_online`.
//!
//! | file | its part of the life |
//! |---|---|
//! | `messages` | inputs, actions, events, states |
//! | `identify` | which file is this, and is there an unfinished upload of it |
//! | `hashing` | reading the whole file, ahead of what is being sent |
//! | `tabs` | the same file in several tabs |
//! | `instant` | what the backend has already |
//! | `exists` | an object that must not be replaced |
//! | `session` | control calls: create, list, complete, abort, head |
//! | `sending` | parts in flight: send, verify |
//! | `sending/signing` | their URLs |
//! | `sending/transfer` | how their bytes move |
//! | `offline` | what a browser without network changes |
//! | `parts` | which parts are to do, waiting, busy, done |
//! | `ending` | pause, resume, cancel, fail, finish |

mod ending;
mod exists;
mod hashing;
mod identify;
mod instant;
mod messages;
mod offline;
mod parts;
mod sending;
mod session;
mod tabs;

pub use messages::{Action, Event, Input, OpId, RetryNotice, State, UploadResult};
pub use tabs::Message;

use super::backend::{Backend, Context, Session, Target};
use super::checkpoint::{Confirmed, Header};
use super::config::Config;
use super::error::UploadError;
use super::fingerprint::Fingerprint;
use super::plan::{PartSize, Plan};
use super::progress::{Progress, Snapshot};
use super::retry::{Asked, Budget, Jitter, Worked};
use super::schedule::{Movement, SlotEnd};
use super::store::{Completed, ListedPart};
use super::units::{Instant, Millis, Now, PartNumber, UnixMillis};
use hashing::{Ahead, Whole};
use offline::Network;
use parts::PartTable;
use sending::{Flight, ReadyUrl, SignCall};
use session::Control;
use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use tabs::Hold;

/// Where the machine really is; [`State`] is derived from it.
#[derive(Debug)]
enum Phase {
    Queued,
    Sampling(OpId),
    Locking,
    Loading,
    /// The lock came from another upload, which may be about to say that it is done.
    Hearing(Instant),
    /// Waiting for the whole file's MD5, since a stored upload might be this file under another name.
    Matching,
    /// Waiting for the whole file's MD5, to ask whether the backend has it.
    Summing,
    /// Does the backend have it?
    Finding,
    /// The content is there already, and the upload of it is removed.
    Superfluous(Box<Completed>),
    Creating,
    Listing,
    /// Is there an object that must not be replaced?
    Looking,
    /// The session is lost, or the object refused because there is one: is it ours?
    Heading,
    /// The session cannot be completed: remove it, then start a new one.
    Replacing,
    Sending,
    Checking(OpId),
    Completing,
    /// Everything is at the store; only the whole file's MD5 is missing.
    Digesting(Box<Completed>),
    /// To be removed at the store, unless another tab is sending it.
    Claiming(Instant),
    Aborting,
    Done,
    Failed,
    Cancelled,
}

/// At most ten progress events a second.
const PROGRESS_EVERY: Millis = Millis(100);
/// Without progress the rate still decays this often.
const PROGRESS_IDLE: Millis = Millis(1000);
/// One file on its way.
#[derive(Debug)]
pub struct Upload {
    config: Rc<Config>,
    backend: Rc<Backend>,
    target: Target,
    plan: Plan,
    phase: Phase,
    shown: State,
    paused: bool,
    /// Nothing is to be uploaded, only removed.
    only_discards: bool,
    fingerprint: Option<Fingerprint>,
    hold: Hold,
    /// The lock came from another upload.
    waited: bool,
    whole: Whole,
    ahead: Ahead,
    session: Option<Session>,
    header: Option<Header>,
    control: Option<Control>,
    parts: PartTable,
    /// The same parts as they are remembered across a reload.
    confirmed: Confirmed,
    listed: Vec<ListedPart>,
    /// Parts the store lists that were never confirmed, with their ETags; perhaps only the reply was lost.
    unproven: Vec<(PartNumber, String)>,
    flights: Vec<Flight>,
    /// See [`Upload::poll_movement`].
    movement: Option<Movement>,
    /// The store has what was sent in one request, and could not tell the server that it was asked to tell.
    callback_failed: bool,
    /// What a single request has brought.
    object: Option<Completed>,
    urls: Vec<ReadyUrl>,
    signs: Vec<SignCall>,
    /// The first URLs were asked for.
    is_ready: bool,
    recreated: u32,
    /// The store has put an object together wrongly before.
    was_damaged: bool,
    /// The store has been asked whether an object is at the key.
    looked: bool,
    /// What the store refused the object with, because one is there.
    refused: Option<UploadError>,
    /// The backend has been asked whether it has the file.
    asked: bool,
    /// The next records that come are read for where the content was stored before.
    recalls: bool,
    /// It had.
    was_there: bool,
    /// Names the content: its MD5 where that is the identity, else its fingerprint.
    identifier: String,
    /// What a chunk endpoint answered last.
    response: Option<String>,
    relisted: u32,
    /// The backend could not complete, and was asked for the parts because of that.
    doubted: bool,
    progress: Progress,
    snapshot: Snapshot,
    progress_shown: Instant,
    hash_shown: Instant,
    progress_dirty: bool,
    network: Network,
    advanced: Instant,
    /// Shared by all uploads of a page.
    worked: Rc<Cell<Worked>>,
    storage_warned: bool,
    jitter: Jitter,
    /// When the last input came.
    settled: Instant,
    wall: UnixMillis,
    next_op: u64,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    slot_ends: VecDeque<SlotEnd>,
}

impl Upload {
    /// A file to upload. `seed` feeds the back-off's random numbers.
    ///
    /// # Errors
    /// `too-large` for what the store cannot hold.
    pub fn new(
        config: Rc<Config>,
        backend: Rc<Backend>,
        target: Target,
        online: bool,
        seed: u64,
        now: Now,
    ) -> Result<Self, UploadError> {
        let (plan, raised) = Plan::new(target.file.size, config.part_size, &config.limits)?;
        // Without a single-request operation, small files are multipart uploads of one part.
        let plan = if plan.is_multipart() || backend.takes_objects() { plan } else { plan.as_multipart() };
        let long_tail = backend.as_form().is_some_and(|form| form.long_tail);
        let plan = if long_tail { plan.with_long_tail() } else { plan };
        let mut upload = Self::with_plan(config, backend, target, plan, online, seed);
        upload.network.begins(now.mono);
        if let Some(bytes) = raised {
            let mut message = String::from("partSize raised to ");
            message.push_str(&bytes.to_string());
            message.push_str(" bytes, so that 10 000 parts are enough");
            upload.warn("part-size-raised", message, "");
        }
        Ok(upload)
    }

    /// An unfinished upload of an earlier page that only has to be removed.
    pub fn discarding(config: Rc<Config>, backend: Rc<Backend>, header: &Header, seed: u64) -> Option<Self> {
        // Nothing is sent, so parts that the limits no longer allow do no harm.
        let plan = Plan::resume(header.size, header.part_size, &config.limits)
            .or_else(|| Plan::new(0, PartSize::Auto, &config.limits).ok().map(|(plan, _)| plan))?;
        let file = super::fingerprint::FileInfo {
            name: header.name.clone(),
            size: header.size,
            last_modified: header.last_modified,
            mime: String::new(),
        };
        let target = Target {
            file,
            key: header.key.clone(),
            key_is_explicit: false,
            metadata: Vec::new(),
            path: None,
        };
        let mut upload = Self::with_plan(config, backend, target, plan, true, seed);
        upload.only_discards = true;
        upload.fingerprint = Some(header.fingerprint.clone());
        upload.session = Some(Session { key: header.key.clone(), upload_id: header.upload_id.clone() });
        Some(upload)
    }

    /// The same, judging what has worked before together with the other uploads of the page.
    #[must_use]
    pub fn sharing(mut self, worked: Rc<Cell<Worked>>) -> Self {
        self.worked = worked;
        self
    }

    fn with_plan(
        config: Rc<Config>,
        backend: Rc<Backend>,
        target: Target,
        plan: Plan,
        online: bool,
        seed: u64,
    ) -> Self {
        let size = plan.size();
        Self {
            config,
            backend,
            target,
            phase: Phase::Queued,
            shown: State::Queued,
            paused: false,
            only_discards: false,
            fingerprint: None,
            hold: Hold::Free,
            waited: false,
            whole: Whole::Off,
            ahead: Ahead::default(),
            session: None,
            header: None,
            control: None,
            parts: PartTable::new(plan.count()),
            confirmed: Confirmed::new(plan.count()),
            listed: Vec::new(),
            unproven: Vec::new(),
            flights: Vec::new(),
            movement: None,
            callback_failed: false,
            object: None,
            urls: Vec::new(),
            signs: Vec::new(),
            is_ready: false,
            recreated: 0,
            was_damaged: false,
            looked: false,
            refused: None,
            asked: false,
            recalls: false,
            was_there: false,
            identifier: String::new(),
            response: None,
            relisted: 0,
            doubted: false,
            progress: Progress::new(size),
            snapshot: Snapshot { loaded: 0, total: size, bytes_per_second: 0.0, seconds_left: None },
            progress_shown: Instant(0),
            hash_shown: Instant(0),
            progress_dirty: false,
            network: Network::new(online),
            advanced: Instant(0),
            worked: Rc::default(),
            storage_warned: false,
            jitter: Jitter::new(seed),
            settled: Instant(0),
            wall: UnixMillis(0),
            next_op: 0,
            actions: VecDeque::new(),
            events: VecDeque::new(),
            slot_ends: VecDeque::new(),
            plan,
        }
    }

    /// Where it is.
    pub fn state(&self) -> State {
        let state = match self.phase {
            Phase::Done => return State::Done,
            Phase::Failed => return State::Failed,
            Phase::Cancelled => return State::Cancelled,
            Phase::Completing
            | Phase::Digesting(_)
            | Phase::Superfluous(_)
            | Phase::Claiming(_)
            | Phase::Aborting => {
                return self.busy_state();
            }
            _ if self.paused => return State::Paused,
            Phase::Queued | Phase::Locking | Phase::Loading | Phase::Hearing(_) => State::Queued,
            Phase::Sampling(_) | Phase::Matching | Phase::Summing => State::Hashing,
            Phase::Looking
            | Phase::Finding
            | Phase::Creating
            | Phase::Listing
            | Phase::Heading
            | Phase::Replacing => State::Starting,
            Phase::Sending => State::Uploading,
            Phase::Checking(_) => State::Completing,
        };
        if !self.network.online && matches!(state, State::Starting | State::Uploading) {
            State::Offline
        } else {
            state
        }
    }

    /// States that `pause` does not interrupt.
    fn busy_state(&self) -> State {
        if matches!(self.phase, Phase::Claiming(_) | Phase::Aborting) {
            self.shown
        } else {
            State::Completing
        }
    }

    /// The object's key, once known.
    pub fn key(&self) -> Option<&str> {
        self.session.as_ref().map(|s| s.key.as_str())
    }

    /// The store's id of the multipart upload, while there is one.
    pub fn upload_id(&self) -> Option<&str> {
        self.session.as_ref().map(|s| s.upload_id.as_str())
    }

    /// The name under which it is remembered, once that is known.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_ref().map(Fingerprint::as_str)
    }

    /// The latest progress.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot
    }

    /// What is uploaded.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Takes an input in; then poll.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.wall = now.wall;
        if !self.wants_network() {
            self.network.was_not_wanted(now.mono);
        }
        match input {
            Input::Admitted => self.admitted(now),
            Input::Locked => self.locked(),
            Input::LockBusy => self.lock_busy(),
            Input::Heard(message) => self.heard_from_tab(message),
            Input::Loaded(records) => self.loaded(&records, now),
            Input::HashProgress(id, loaded) => self.hash_progress(id, loaded, now),
            Input::Hashed(id, result) => self.hashed(id, result, now),
            Input::Replied(id, result) => self.replied(id, result, now),
            Input::Progress(id, loaded) => self.sent(id, loaded, now),
            Input::Checked(id, result) => self.checked(id, result),
            Input::StorageFault { full } => self.storage_fault(full),
            Input::Tick => {}
            Input::Pause => self.pause(now),
            Input::Resume => self.resume(now),
            Input::Cancel => self.cancel(now),
        }
        self.settle(now);
    }

    /// The next thing to do; ask until `None`.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next thing to tell the page; ask until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A slot that is no longer used, and how its request ended.
    pub fn poll_slot_end(&mut self) -> Option<SlotEnd> {
        self.slot_ends.pop_front()
    }

    /// When [`Input::Tick`] is due; changes with every input.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.has_ended() {
            return None;
        }
        let mut due = None;
        // What was due at the last input and is still here waits for something else than time.
        let mut earlier = |at: Option<Instant>| {
            if let Some(at) = at.filter(|at| *at > self.settled) {
                due = Some(due.map_or(at, |d: Instant| d.min(at)));
            }
        };
        earlier(self.control_timeout());
        earlier(self.tab_timeout());
        for call in &self.signs {
            earlier(Some(call.deadline));
        }
        for flight in &self.flights {
            earlier(flight.deadline(&self.config));
            let ends = flight.ends(self.settled);
            earlier(ends.map(|ends| ends.next_at(false)));
            earlier(ends.map(|ends| ends.next_at(true)));
        }
        if matches!(self.phase, Phase::Sending) && !self.paused {
            earlier(self.parts.next_due(self.settled));
            let wait = if self.progress_dirty { PROGRESS_EVERY } else { PROGRESS_IDLE };
            earlier(Some(self.progress_shown + wait));
        }
        if !self.paused && self.wants_network() {
            self.network.timeouts(&self.config).into_iter().for_each(earlier);
        }
        due
    }

    /// After every input: watchdogs, then whatever can go on, then what the page should know.
    fn settle(&mut self, now: Now) {
        self.settled = now.mono;
        if !self.has_ended() {
            self.watch(now);
            self.run_control(now);
            self.go_on();
            self.get_ready(now);
        }
        self.show(now);
    }

    fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Failed | Phase::Cancelled)
    }

    fn watch(&mut self, now: Now) {
        self.watch_control(now);
        self.watch_flights(now);
        self.watch_tabs(now);
        self.watch_network(now);
    }

    fn show_state(&mut self) -> State {
        let state = self.state();
        if state != self.shown {
            let previous = std::mem::replace(&mut self.shown, state);
            if previous == State::Uploading {
                self.show_standstill();
            }
            self.events.push_back(Event::State { state, previous });
        }
        state
    }

    fn show(&mut self, now: Now) {
        let state = self.show_state();
        let since = now.mono.since(self.progress_shown);
        if state == State::Uploading
            && since >= PROGRESS_EVERY
            && (self.progress_dirty || since >= PROGRESS_IDLE)
        {
            self.show_progress(now);
        }
    }

    fn show_progress(&mut self, now: Now) {
        self.progress_dirty = false;
        self.progress_shown = now.mono;
        let in_flight = self.flights.iter().map(Flight::counted).sum();
        self.snapshot = self.progress.observe(self.parts.done_bytes(), in_flight, now.mono);
        self.tell_progress();
    }

    fn warn(&mut self, code: &'static str, message: String, hint: &'static str) {
        self.events.push_back(Event::Warning { code, message, hint });
    }

    fn storage_fault(&mut self, full: bool) {
        if self.has_ended() || std::mem::replace(&mut self.storage_warned, true) {
            return;
        }
        let (code, message) = if full {
            ("storage-full", "localStorage is full: a reload may not find all of this upload")
        } else {
            ("storage-unavailable", "localStorage cannot be used: a reload will not find this upload")
        };
        self.warn(code, message.into(), "Allow site data for this page, or make room in localStorage.");
    }

    fn new_op(&mut self) -> OpId {
        self.next_op += 1;
        OpId(self.next_op)
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn context(&self) -> Context<'_> {
        Context {
            target: &self.target,
            session: self.session.as_ref(),
            plan: &self.plan,
            config: &self.config,
            identifier: &self.identifier,
            response: self.response.as_deref(),
        }
    }

    fn note_worked(&self, asked: Asked) {
        let mut worked = self.worked.get();
        worked.note(asked);
        self.worked.set(worked);
    }

    fn budget(&self, asked: Asked) -> Budget {
        let has_worked = self.worked.get().has(asked);
        Budget { retry_for: self.config.retry_for, advanced: self.advanced, has_worked }
    }
}
