//! Owns the engine: performs its work with web APIs, feeds results back, and hands events out after every borrow ended.
//!
//! The one invariant: no borrow of the engine is held while anything of the page runs. Results come in by callbacks that
//! never fire inside the call that registers them; a re-entrant call only leaves work for the outer [`Driver::pump`].

use super::blob::check_readable;
use super::callback::{defer, settle};
use super::channel::Channel;
use super::clock::{Timer, now};
use super::http::{Content, InFlight, call, send};
use super::locks::{Lock, acquire, try_acquire};
use super::online::Watch;
use super::small::Small;
use super::storage::{Records, StorageFault};
use super::unload::Guard;
use super::worker::{HashEvent, HashJob, Hasher};
use crate::core::backend::{PageCall, Step, StepReply, Target};
use crate::core::checkpoint::Header;
use crate::core::engine::{CredentialsReply, Engine, UploadId, Work};
use crate::core::error::UploadError;
use crate::core::hash::Reading;
use crate::core::http::{Body, HttpReply, HttpRequest, NoReply};
use crate::core::retry::{Asked, Fault};
use crate::core::store::StoreRequest;
use crate::core::units::{ByteRange, Instant, Millis, Now};
use crate::core::upload::{Action, Event, Input, Message, OpId, State};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use web_sys::File;

/// The engine hears of a request's progress no more often than this, but always of its last byte.
const PROGRESS_EVERY: Millis = Millis(50);

/// A call of one of the page's functions; dropping it tells the function that nobody waits for it any more.
pub type PageTask = Box<dyn std::any::Any>;

/// Takes the outcome of one of the page's functions.
pub type Reply<T> = Box<dyn FnOnce(Result<T, Fault>)>;

/// What the driver needs of the page. Implementations must reply asynchronously, or not at all.
pub trait Page {
    /// Asks for a presigned URL.
    fn sign(&self, request: &StoreRequest, reply: Reply<StepReply>) -> PageTask;
    /// Calls one of the page's backend functions.
    fn call(
        &self,
        call: &PageCall,
        target: &Target,
        file: Option<&File>,
        reply: Reply<StepReply>,
    ) -> PageTask;
    /// Asks for temporary credentials.
    fn credentials(&self, reply: Box<dyn FnOnce(CredentialsReply)>);
    /// The headers for the next call of the page's server.
    fn headers(&self, reply: Reply<Vec<(String, String)>>);
    /// Whether cookies go to a server of another origin.
    fn with_credentials(&self) -> bool;
    /// Something happened to an upload. May call back into the driver.
    fn event(&self, id: UploadId, event: Event);
}

/// Whatever runs for an action; dropping it stops it.
#[allow(dead_code)]
enum Running {
    Http(InFlight),
    Hash(HashJob),
    /// A function of the page; should it not stop, its late reply is ignored.
    Page(PageTask),
    /// What cannot be stopped; a late reply is ignored.
    Other,
}

/// A file, by its upload.
#[derive(Clone)]
struct Chosen {
    id: UploadId,
    file: File,
    small: Option<Rc<Small>>,
}

/// Engine, web APIs and page, joined.
pub struct Driver {
    engine: RefCell<Engine>,
    page: Rc<dyn Page>,
    records: Records,
    hasher: RefCell<Option<Hasher>>,
    /// Oldest first.
    files: RefCell<Vec<Chosen>>,
    running: RefCell<Vec<(UploadId, OpId, Running)>>,
    /// The last call for several uploads.
    asking: RefCell<Option<InFlight>>,
    /// By name, held or waited for.
    locks: RefCell<Vec<(UploadId, String, Lock)>>,
    /// Opened with the first lock.
    channel: RefCell<Option<Channel>>,
    timer: RefCell<Option<(Instant, Timer)>>,
    watch: RefCell<Option<Watch>>,
    guard: RefCell<Option<Guard>>,
    guards_unload: bool,
    pumping: Cell<bool>,
    disposed: Cell<bool>,
}

impl Driver {
    /// Starts watching the network; nothing else happens until [`Driver::add`].
    pub fn new(
        engine: Engine,
        page: Rc<dyn Page>,
        records: Records,
        hasher: Hasher,
        guards_unload: bool,
    ) -> Rc<Self> {
        let driver = Rc::new(Self {
            engine: RefCell::new(engine),
            page,
            records,
            hasher: RefCell::new(Some(hasher)),
            files: RefCell::default(),
            running: RefCell::default(),
            asking: RefCell::default(),
            locks: RefCell::default(),
            channel: RefCell::default(),
            timer: RefCell::default(),
            watch: RefCell::default(),
            guard: RefCell::default(),
            guards_unload,
            pumping: Cell::new(false),
            disposed: Cell::new(false),
        });
        let weak = Rc::downgrade(&driver);
        let watch = Watch::new(move |online| {
            if let Some(driver) = weak.upgrade() {
                driver.with(|engine| engine.tell_online(online, now()));
            }
        });
        driver.watch.replace(Some(watch));
        driver
    }

    /// Takes a file on.
    ///
    /// # Errors
    /// What [`Engine::add`] refuses.
    pub fn add(&self, file: File, target: Target, now: Now) -> Result<UploadId, UploadError> {
        let small = Small::of(&file, target.file.size);
        let id = self.engine.borrow_mut().add(target, now)?;
        self.files.borrow_mut().push(Chosen { id, file, small });
        Ok(id)
    }

    /// Removes an unfinished upload of an earlier page at the store. `None` when there is nothing to wait for.
    pub fn discard(self: &Rc<Self>, header: &Header) -> Option<UploadId> {
        if self.disposed.get() {
            return None;
        }
        self.engine.borrow_mut().discard(header, now())
    }

    /// Where unfinished uploads are remembered.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Looks at the engine.
    pub fn look<T>(&self, at: impl FnOnce(&Engine) -> T) -> T {
        at(&self.engine.borrow())
    }

    /// Tells an upload something and does what follows.
    pub fn tell(self: &Rc<Self>, id: UploadId, input: Input) {
        self.with(|engine| engine.handle(id, input, now()));
    }

    /// Lets go of an upload that has ended.
    pub fn remove(&self, id: UploadId) {
        self.engine.borrow_mut().remove(id);
        let mut files = self.files.borrow_mut();
        if let Ok(at) = files.binary_search_by_key(&id, |chosen| chosen.id) {
            files.remove(at);
        }
    }

    /// Stops everything at once; what the store has stays resumable.
    pub fn dispose(&self) {
        self.disposed.set(true);
        let running = (self.running.take(), self.asking.take());
        let locks = self.locks.take();
        let held = (self.timer.take(), self.watch.take(), self.guard.take(), self.channel.take());
        drop((running, locks, held));
        self.hasher.take();
        self.files.take();
    }

    /// Whether [`Driver::dispose`] was called.
    pub fn is_disposed(&self) -> bool {
        self.disposed.get()
    }

    fn with(self: &Rc<Self>, change: impl FnOnce(&mut Engine)) {
        if !self.disposed.get() {
            change(&mut self.engine.borrow_mut());
            self.pump();
        }
    }

    /// Performs all work and delivers all events; the outermost call does it for those within.
    pub fn pump(self: &Rc<Self>) {
        if self.disposed.get() || self.pumping.replace(true) {
            return;
        }
        // A listener may dispose of the driver; then nothing more is begun or told.
        while !self.disposed.get() {
            let work = self.engine.borrow_mut().poll_action();
            if let Some(work) = work {
                self.perform(work);
                continue;
            }
            let event = self.engine.borrow_mut().poll_event();
            match event {
                Some((id, event)) => {
                    self.forget_content(id, &event);
                    self.page.event(id, event);
                }
                None => break,
            }
        }
        self.pumping.set(false);
        if !self.disposed.get() {
            self.set_timer();
            self.set_guard();
        }
    }

    /// Of files that wait for somebody, thousands may be in a list: they are read again when it goes on.
    fn forget_content(&self, id: UploadId, event: &Event) {
        if let Event::State { state: State::Paused | State::Failed, .. } = event
            && let Some(small) = self.chosen(id).and_then(|chosen| chosen.small)
        {
            small.forget();
        }
    }

    fn set_timer(self: &Rc<Self>) {
        let due = self.engine.borrow().poll_timeout(now());
        let armed = self.timer.borrow().as_ref().map(|(armed, _)| *armed);
        // One that fires too early does no harm; with each piece of news what is due moves a little.
        if due == armed || due.zip(armed).is_some_and(|(due, armed)| armed < due) {
            return;
        }
        let timer = due.map(|due| {
            let weak = Rc::downgrade(self);
            let wait = due.since(now().mono);
            // Timers may fire a little early by the engine's clock; a millisecond more saves a second round.
            let timer = Timer::after(Millis(wait.0 + 1), move || {
                if let Some(driver) = weak.upgrade() {
                    driver.timer.take();
                    driver.with(|engine| engine.tick(now()));
                }
            });
            (due, timer)
        });
        self.timer.replace(timer);
    }

    fn set_guard(&self) {
        if self.guards_unload {
            let unfinished = self.engine.borrow().unfinished().next().is_some();
            if unfinished != self.guard.borrow().is_some() {
                self.guard.replace(unfinished.then(Guard::new));
            }
        }
    }

    fn perform(self: &Rc<Self>, work: Work) {
        let (id, action) = match work {
            Work::FetchCredentials => return self.fetch_credentials(),
            Work::AskObjects(number, request) => return self.ask_objects(number, request),
            Work::Upload(id, action) => (id, action),
        };
        match action {
            Action::Perform(op, step) => self.step(id, op, step),
            Action::Send(op, request, Asked::Store) => self.send(id, op, request, false),
            Action::Send(op, request, Asked::Backend) => {
                let with_credentials = self.page.with_credentials();
                self.with_headers(id, op, request, move |driver, request| {
                    driver.send(id, op, request, with_credentials);
                });
            }
            Action::Drop(op) => {
                self.stop(id, op);
            }
            Action::Hash(op, reading) => self.hash(id, op, reading),
            Action::Check(op) => self.check(id, op),
            Action::TryLock(name) => self.try_lock(id, name),
            Action::Lock(name) => self.lock(id, name),
            Action::Unlock => self.unlock(id),
            Action::Tell(message) => self.tell_others(id, &message),
            Action::Load(prefix) => {
                let weak = Rc::downgrade(self);
                settle(self.records.recovered(), move |_| {
                    if let Some(driver) = weak.upgrade() {
                        driver.tell_storage_fault(id);
                        driver.tell(id, Input::Loaded(driver.records.load(prefix)));
                    }
                });
            }
            Action::Save(record) => {
                if self.records.put(&record.key, &record.value).is_err() {
                    self.tell_storage_fault(id);
                }
            }
            Action::Forget(prefix) => self.records.remove_prefix(&prefix),
            Action::Remove(key) => self.records.remove(&key),
            Action::SetClock(_) | Action::DropCredentials(_) => {}
        }
    }

    fn tell_storage_fault(&self, id: UploadId) {
        if let Some(fault) = self.records.fault() {
            let full = matches!(fault, StorageFault::Full);
            self.engine.borrow_mut().handle(id, Input::StorageFault { full }, now());
        }
    }

    /// A callback for an action's outcome, which forgets the action first.
    fn reply<T: 'static>(
        self: &Rc<Self>,
        id: UploadId,
        op: OpId,
        to_input: impl FnOnce(T) -> Input + 'static,
    ) -> impl FnOnce(T) + 'static {
        let weak = Rc::downgrade(self);
        move |outcome| {
            if let Some(driver) = weak.upgrade()
                && driver.stop(id, op)
            {
                driver.tell(id, to_input(outcome));
            }
        }
    }

    fn reply_http(
        self: &Rc<Self>,
        id: UploadId,
        op: OpId,
    ) -> impl FnOnce(Result<HttpReply, NoReply>) + 'static {
        self.reply(id, op, move |outcome: Result<HttpReply, NoReply>| {
            Input::Replied(op, outcome.map(StepReply::Http).map_err(Fault::NoReply))
        })
    }

    fn reply_page(self: &Rc<Self>, id: UploadId, op: OpId) -> Reply<StepReply> {
        Box::new(self.reply(id, op, move |outcome| Input::Replied(op, outcome)))
    }

    fn run(&self, id: UploadId, op: OpId, running: Running) {
        self.running.borrow_mut().push((id, op, running));
    }

    fn runs(&self, id: UploadId, op: OpId) -> bool {
        self.running.borrow().iter().any(|(i, o, _)| (*i, *o) == (id, op))
    }

    /// Forgets an action; `false` if it was forgotten before.
    fn stop(&self, id: UploadId, op: OpId) -> bool {
        let mut running = self.running.borrow_mut();
        let at = running.iter().position(|(i, o, _)| (*i, *o) == (id, op));
        let stopped = at.map(|at| running.swap_remove(at));
        drop(running);
        stopped.is_some()
    }

    fn chosen(&self, id: UploadId) -> Option<Chosen> {
        let files = self.files.borrow();
        files.binary_search_by_key(&id, |chosen| chosen.id).ok().and_then(|at| files.get(at)).cloned()
    }

    fn file(&self, id: UploadId) -> Option<File> {
        self.chosen(id).map(|chosen| chosen.file)
    }

    fn step(self: &Rc<Self>, id: UploadId, op: OpId, step: Step) {
        match step {
            Step::Store(request) => {
                let in_flight = call(&request, false, self.reply_http(id, op));
                self.run(id, op, Running::Http(in_flight));
            }
            Step::Backend(request) | Step::Object(request) => self.call_backend(id, op, request),
            Step::Sign(request) => {
                let task = self.page.sign(&request, self.reply_page(id, op));
                self.run(id, op, Running::Page(task));
            }
            Step::Page(page_call) => {
                let target = self.engine.borrow().upload(id).map(|upload| upload.target().clone());
                if let Some(target) = target {
                    // An upload that is only being discarded has no file.
                    let file = self.file(id);
                    let task = self.page.call(&page_call, &target, file.as_ref(), self.reply_page(id, op));
                    self.run(id, op, Running::Page(task));
                }
            }
        }
    }

    fn call_backend(self: &Rc<Self>, id: UploadId, op: OpId, request: HttpRequest) {
        self.with_headers(id, op, request, move |driver, request| {
            let in_flight = call(&request, driver.page.with_credentials(), driver.reply_http(id, op));
            driver.run(id, op, Running::Http(in_flight));
        });
    }

    fn ask_objects(self: &Rc<Self>, number: u64, mut request: HttpRequest) {
        let weak = Rc::downgrade(self);
        self.page.headers(Box::new(move |headers| {
            let Some(driver) = weak.upgrade().filter(|driver| !driver.disposed.get()) else { return };
            let answered = move |result| {
                if let Some(driver) = weak.upgrade() {
                    driver.with(|engine| engine.objects(number, &result, now()));
                }
            };
            match headers {
                Err(fault) => answered(Err(fault)),
                Ok(headers) => {
                    request.headers.extend(headers);
                    let in_flight = call(&request, driver.page.with_credentials(), move |outcome| {
                        answered(outcome.map_err(Fault::NoReply));
                    });
                    driver.asking.replace(Some(in_flight));
                }
            }
        }));
    }

    /// Goes on with the page's headers, which may take a promise to get.
    fn with_headers(
        self: &Rc<Self>,
        id: UploadId,
        op: OpId,
        mut request: HttpRequest,
        go_on: impl FnOnce(&Rc<Self>, HttpRequest) + 'static,
    ) {
        self.run(id, op, Running::Other);
        let weak = Rc::downgrade(self);
        self.page.headers(Box::new(move |headers| {
            let Some(driver) = weak.upgrade() else { return };
            if !driver.stop(id, op) {
                return;
            }
            match headers {
                Err(fault) => driver.tell(id, Input::Replied(op, Err(fault))),
                Ok(headers) => {
                    request.headers.extend(headers);
                    go_on(&driver, request);
                }
            }
        }));
    }

    fn send(self: &Rc<Self>, id: UploadId, op: OpId, request: HttpRequest, with_credentials: bool) {
        let Some(Chosen { file, small, .. }) = self.chosen(id) else { return };
        let Some(small) = small else {
            return self.send_content(id, op, &request, &Content::Disk(file.into()), with_credentials);
        };
        self.run(id, op, Running::Other);
        let weak = Rc::downgrade(self);
        small.read(move |read| {
            let Some(driver) = weak.upgrade() else { return };
            if !driver.stop(id, op) {
                return;
            }
            match read {
                Ok(bytes) => {
                    let content = Content::Memory(bytes, file.into());
                    driver.send_content(id, op, &request, &content, with_credentials);
                }
                Err(name) => driver.tell(id, Input::Replied(op, Err(Fault::NoReply(NoReply::File(name))))),
            }
        });
    }

    fn send_content(
        self: &Rc<Self>,
        id: UploadId,
        op: OpId,
        request: &HttpRequest,
        content: &Content,
        with_credentials: bool,
    ) {
        let weak = Rc::downgrade(self);
        let total = match &request.body {
            Body::File(range) | Body::Form { range, .. } => range.len(),
            Body::Empty | Body::Text { .. } => 0,
        };
        let told = Cell::new(Instant(0));
        let on_progress = move |loaded| {
            // Some browsers report every few kilobytes.
            let at = now().mono;
            if loaded < total && at.since(told.get()) < PROGRESS_EVERY {
                return;
            }
            told.set(at);
            if let Some(driver) = weak.upgrade() {
                driver.tell(id, Input::Progress(op, loaded));
            }
        };
        let in_flight = send(request, content, with_credentials, on_progress, self.reply_http(id, op));
        self.run(id, op, Running::Http(in_flight));
    }

    fn hash(self: &Rc<Self>, id: UploadId, op: OpId, reading: Reading) {
        let Some(Chosen { file, small, .. }) = self.chosen(id) else { return };
        let weak = Rc::downgrade(self);
        let pieces = reading.pieces();
        let on_event: Rc<dyn Fn(HashEvent)> = Rc::new(move |event| {
            let Some(driver) = weak.upgrade() else { return };
            let (told, is_end) = match event {
                HashEvent::Progress(loaded) => return driver.tell(id, Input::HashProgress(op, loaded)),
                HashEvent::Piece(piece) => {
                    let is_last = piece.index + 1 == pieces;
                    (Ok(piece), is_last)
                }
                HashEvent::Failed(name) => (Err(name), true),
            };
            if !is_end || driver.stop(id, op) {
                driver.tell(id, Input::Hashed(op, told));
            }
        });
        if let Some(small) = small {
            self.run(id, op, Running::Other);
            let weak = Rc::downgrade(self);
            return small.read(move |read| {
                if weak.upgrade().is_some_and(|driver| driver.runs(id, op)) {
                    let gone = || "NotReadableError".to_owned();
                    match read.and_then(|bytes| reading.pieces_of(&bytes.to_vec()).ok_or_else(gone)) {
                        Ok(pieces) => pieces.into_iter().for_each(|piece| on_event(HashEvent::Piece(piece))),
                        Err(name) => on_event(HashEvent::Failed(name)),
                    }
                }
            });
        }
        let hasher = self.hasher.borrow();
        let Some(hasher) = hasher.as_ref() else { return };
        let job = hasher.start(&file, reading, move |event| on_event(event));
        self.run(id, op, Running::Hash(job));
    }

    fn check(self: &Rc<Self>, id: UploadId, op: OpId) {
        let Some(Chosen { file, small, .. }) = self.chosen(id) else { return };
        self.run(id, op, Running::Other);
        let told = self.reply(id, op, move |outcome| Input::Checked(op, outcome));
        if small.is_some_and(|small| small.is_read()) {
            // What was sent is what was read.
            return defer(move || told(Ok(())));
        }
        let range = ByteRange { start: 0, end: file.size() as u64 };
        check_readable(&file, range, told);
    }

    fn try_lock(self: &Rc<Self>, id: UploadId, name: String) {
        self.unlock(id);
        self.listen_to_tabs();
        let weak = Rc::downgrade(self);
        let lock = try_acquire(&name, move |held| {
            if let Some(driver) = weak.upgrade() {
                driver.tell(id, if held { Input::Locked } else { Input::LockBusy });
            }
        });
        self.locks.borrow_mut().push((id, name, lock));
    }

    fn lock(self: &Rc<Self>, id: UploadId, name: String) {
        self.unlock(id);
        let weak = Rc::downgrade(self);
        let lock = acquire(&name, move || {
            if let Some(driver) = weak.upgrade() {
                driver.tell(id, Input::Locked);
            }
        });
        self.locks.borrow_mut().push((id, name, lock));
    }

    fn unlock(&self, id: UploadId) {
        let mut locks = self.locks.borrow_mut();
        let at = locks.iter().position(|(of, ..)| *of == id);
        let lock = at.map(|at| locks.swap_remove(at));
        drop(locks);
        drop(lock);
    }

    fn listen_to_tabs(self: &Rc<Self>) {
        if self.channel.borrow().is_none() {
            let weak = Rc::downgrade(self);
            let channel = Channel::open(move |name, text| {
                if let (Some(driver), Some(message)) = (weak.upgrade(), Message::parse(text)) {
                    for id in driver.interested(name) {
                        driver.tell(id, Input::Heard(message.clone()));
                    }
                }
            });
            self.channel.replace(channel);
        }
    }

    /// Tells the other uploads with this one's lock, in this page and all others.
    fn tell_others(&self, id: UploadId, message: &Message) {
        let name = self.locks.borrow().iter().find(|(of, ..)| *of == id).map(|(_, name, _)| name.clone());
        let Some(name) = name else { return };
        if let Some(channel) = &*self.channel.borrow() {
            channel.tell(&name, &message.to_text());
        }
        for other in self.interested(&name).into_iter().filter(|other| *other != id) {
            self.engine.borrow_mut().handle(other, Input::Heard(message.clone()), now());
        }
    }

    /// Who holds or waits for a lock.
    fn interested(&self, name: &str) -> Vec<UploadId> {
        let locks = self.locks.borrow();
        locks.iter().filter(|(_, of, _)| of == name).map(|(id, ..)| *id).collect()
    }

    fn fetch_credentials(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        self.page.credentials(Box::new(move |reply| {
            if let Some(driver) = weak.upgrade() {
                driver.with(|engine| engine.credentials(reply, now()));
            }
        }));
    }
}
