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
//! | `tabs` | the same file in several tabs |
//! | `session` | control calls: create, list, complete, abort, head |
//! | `sending` | parts in flight: sign, send, verify |
//! | `parts` | which parts are to do, waiting, busy, done |
//! | `ending` | pause, resume, cancel, fail, finish |

mod ending;
mod identify;
mod messages;
mod parts;
mod sending;
mod session;
mod tabs;

pub use messages::{Action, Event, Input, OpId, RetryNotice, State, UploadResult};
pub use tabs::Message;

use super::backend::{Backend, Context, Session, StepReply, Target};
use super::checkpoint::{Confirmed, Header};
use super::config::Config;
use super::error::{Code, Operation, UploadError};
use super::fingerprint::Fingerprint;
use super::hash::Md5Digest;
use super::plan::{PartSize, Plan};
use super::progress::{Progress, Snapshot};
use super::retry::{Asked, Budget, Fault, Jitter, Worked};
use super::schedule::SlotEnd;
use super::store::{Completed, ListedPart};
use super::units::{Instant, Millis, Now, PartNumber};
use parts::PartTable;
use sending::{Flight, ReadyUrl, SignCall};
use session::{Control, is_connection};
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
    Creating,
    Listing,
    /// The session is lost; was it completed?
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

/// The whole file's MD5.
#[derive(Debug, PartialEq)]
enum Whole {
    Off,
    Running { id: OpId, loaded: u64 },
    Known(Md5Digest),
}

/// At most ten progress events a second.
const PROGRESS_EVERY: Millis = Millis(100);
/// Without progress the rate still decays this often.
const PROGRESS_IDLE: Millis = Millis(1000);
/// While the browser says offline, one request is tried this often: it may be wrong.
const PROBE_EVERY: Millis = Millis(5000);
/// Two tries: for so long a reply says that there is a network, whatever the browser says.
const CONTRADICTED_FOR: Millis = Millis(10_000);

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
    /// What a single request has brought.
    object: Option<Completed>,
    urls: Vec<ReadyUrl>,
    signs: Vec<SignCall>,
    recreated: u32,
    relisted: u32,
    progress: Progress,
    snapshot: Snapshot,
    progress_shown: Instant,
    hash_shown: Instant,
    progress_dirty: bool,
    /// Whether there is a network: what the browser said, until a reply showed that it was wrong.
    online: bool,
    told_online: bool,
    /// When a reply last came while the browser said that there is no network.
    contradicted: Option<Instant>,
    offline_since: Instant,
    /// Since when nothing has advanced for want of a network.
    away_since: Instant,
    probe_at: Instant,
    advanced: Instant,
    /// Shared by all uploads of a page.
    worked: Rc<Cell<Worked>>,
    storage_warned: bool,
    jitter: Jitter,
    /// When the last input came.
    settled: Instant,
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
        let mut upload = Self::with_plan(config, backend, target, plan, online, seed);
        upload.offline_since = now.mono;
        upload.away_since = now.mono;
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
        let target = Target { file, key: header.key.clone(), key_is_explicit: false, metadata: Vec::new() };
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
            session: None,
            header: None,
            control: None,
            parts: PartTable::new(plan.count()),
            confirmed: Confirmed::new(plan.count()),
            listed: Vec::new(),
            unproven: Vec::new(),
            flights: Vec::new(),
            object: None,
            urls: Vec::new(),
            signs: Vec::new(),
            recreated: 0,
            relisted: 0,
            progress: Progress::new(size),
            snapshot: Snapshot { loaded: 0, total: size, bytes_per_second: 0.0, seconds_left: None },
            progress_shown: Instant(0),
            hash_shown: Instant(0),
            progress_dirty: false,
            online,
            told_online: online,
            contradicted: None,
            offline_since: Instant(0),
            away_since: Instant(0),
            // The browser may be wrong about being offline from the start: try once at once.
            probe_at: Instant(0),
            advanced: Instant(0),
            worked: Rc::default(),
            storage_warned: false,
            jitter: Jitter::new(seed),
            settled: Instant(0),
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
            Phase::Completing | Phase::Digesting(_) | Phase::Claiming(_) | Phase::Aborting => {
                return self.busy_state();
            }
            _ if self.paused => return State::Paused,
            Phase::Queued | Phase::Locking | Phase::Loading | Phase::Hearing(_) => State::Queued,
            Phase::Sampling(_) | Phase::Matching => State::Hashing,
            Phase::Creating | Phase::Listing | Phase::Heading | Phase::Replacing => State::Starting,
            Phase::Sending => State::Uploading,
            Phase::Checking(_) => State::Completing,
        };
        if !self.online && matches!(state, State::Starting | State::Uploading) {
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

    /// The browser's opinion on being online. It costs no attempt to be offline, and coming back starts everything
    /// that waits at once.
    pub fn tell_online(&mut self, online: bool, now: Now) {
        self.told_online = online;
        self.contradicted = None;
        if online && !self.online {
            self.came_back(None, now);
        } else if !online && self.online {
            self.went_away(now);
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
        }
        if matches!(self.phase, Phase::Sending) && !self.paused {
            earlier(self.parts.next_due(self.settled));
            let wait = if self.progress_dirty { PROGRESS_EVERY } else { PROGRESS_IDLE };
            earlier(Some(self.progress_shown + wait));
        }
        if !self.online && !self.paused {
            earlier(Some(self.probe_at));
            earlier(self.config.offline_timeout.map(|wait| self.away_since + wait));
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
        if let (false, false, Some(wait)) = (self.online, self.paused, self.config.offline_timeout)
            && now.mono.since(self.away_since) >= wait
            && !matches!(self.phase, Phase::Claiming(_) | Phase::Aborting)
        {
            let error = UploadError::new(Code::OfflineTimeout, Operation::PutPart, "no network for too long");
            self.fail(error.hint("Call resume() when the network is back; nothing that arrived is lost."));
        }
    }

    /// Whether new requests may start now.
    fn may_start(&self, now: Now) -> bool {
        self.online
            || (now.mono >= self.probe_at
                && self.signs.is_empty()
                && !self.flights.iter().any(Flight::holds_slot))
    }

    /// A request started although the browser says offline: the next one is not before long.
    fn started(&mut self, now: Now) {
        if !self.online {
            self.probe_at = now.mono + PROBE_EVERY;
        }
    }

    /// A reply came: whatever the browser says, there is a network.
    fn heard(&mut self, id: OpId, reply: &StepReply, now: Now) {
        if !self.online && matches!(reply, StepReply::Http(_)) {
            self.contradicted = Some(now.mono);
            self.came_back(Some(id), now);
        }
    }

    /// Whether a request failed for want of a network, which costs no attempt. A reply that contradicted the browser may
    /// have been a straggler; where such replies keep coming, it is somebody else who cannot be reached, and that goes for
    /// as long as the retry budget lasts.
    fn is_explained_by_offline(&mut self, fault: &Fault, now: Now) -> bool {
        if !is_connection(fault) {
            return false;
        }
        if self.online && !self.told_online {
            let since = self.away_since;
            self.went_away(now);
            if self.advanced <= since {
                self.away_since = since;
            }
        }
        let is_wrong = self.contradicted.is_some_and(|at| now.mono.since(at) <= CONTRADICTED_FOR);
        let is_patient = now.mono.since(self.away_since) < self.config.retry_for;
        !self.online && (is_patient || !is_wrong)
    }

    fn went_away(&mut self, now: Now) {
        self.online = false;
        self.offline_since = now.mono;
        self.away_since = now.mono;
        self.probe_at = now.mono + PROBE_EVERY;
        self.progress.idle();
    }

    /// The network is back, as the reply to `answered` may have shown.
    fn came_back(&mut self, answered: Option<OpId>, now: Now) {
        self.online = true;
        self.restart_silent_flights(answered, now);
        self.parts.wake(now.mono);
        self.wake_control(now.mono);
        if self.told_online {
            self.forgive();
        }
    }

    /// What failed before a time without network, or without the wish to go on, is counted afresh after it.
    fn forgive(&mut self) {
        self.parts.forgive();
        self.forgive_flights();
        self.forgive_control();
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
        if std::mem::replace(&mut self.storage_warned, true) {
            return;
        }
        let (code, message) = if full {
            ("storage-full", "localStorage is full: a reload will not find all of this upload")
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
        Context { target: &self.target, session: self.session.as_ref(), plan: &self.plan }
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
