//! Hashes slices of files away from the main thread, in a worker that runs this same module; on the main thread, in
//! slices that yield, where no worker can be had.

mod main_thread;
mod process;

use super::{
    callback::defer,
    clock::{Timer, now},
};
use crate::core::{
    hash::{Crc64, Digests},
    units::{ByteRange, Millis},
};
use main_thread::MainThread;
use process::{Process, Report};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use web_sys::Blob;

/// Where the worker's script (`pkg-template/worker.js`) comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerSource {
    /// Its text, started from a Blob URL.
    Code(String),
    /// Its address, for pages whose content security policy has no `worker-src blob:`.
    Url(String),
}

/// What a hash job tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashEvent {
    /// Bytes hashed so far. Starts again from 0 when a worker died and the job is repeated.
    Progress(u64),
    /// The MD5 of all ranges, one after the other, and their checksum if it was asked for. The job is over.
    Done(Digests),
    /// The file could not be read: the exception's name, such as `NotReadableError`. The job is over.
    Failed(String),
}

/// One worker, started with the first job. Dropping it ends the worker and all jobs silently.
pub struct Hasher(Rc<Inner>);

/// A job. Dropping it cancels; nothing is reported after that.
pub struct HashJob {
    hasher: Weak<Inner>,
    id: u32,
}

struct Inner {
    source: Option<WorkerSource>,
    on_fallback: Rc<dyn Fn(String)>,
    mode: RefCell<Mode>,
    jobs: RefCell<Vec<Rc<Job>>>,
    last_id: Cell<u32>,
    died_before: Cell<bool>,
    silence: Cell<Millis>,
    /// Since the watch was last looked at.
    heard: Cell<bool>,
    pinged: Cell<bool>,
    watch: RefCell<Option<Timer>>,
}

enum Mode {
    Idle,
    /// Waits for `ready`; a script that cannot be loaded may also just never answer.
    Starting {
        process: Process,
        _patience: Timer,
    },
    Running(Process),
    Fallback(MainThread),
}

/// What was asked for; kept to be repeated after a crash.
struct Job {
    id: u32,
    file: Blob,
    ranges: Vec<ByteRange>,
    crc64: Option<Crc64>,
    on_event: Box<dyn Fn(HashEvent)>,
}

/// How long a worker may take to say `ready`.
const HANDSHAKE: Millis = Millis::from_secs(5);
/// How long a worker with work may say nothing before it is asked for a sign of life, and once more before it counts as
/// dead: a browser short of memory ends workers without telling the page.
const SILENCE: Millis = Millis::from_secs(10);

impl Hasher {
    /// A hasher that starts nothing yet. `on_fallback` is told, at most once, why hashing goes on on the main thread.
    pub fn new(source: Option<WorkerSource>, on_fallback: impl Fn(String) + 'static) -> Self {
        Self(Rc::new(Inner {
            source,
            on_fallback: Rc::new(on_fallback),
            mode: RefCell::new(Mode::Idle),
            jobs: RefCell::default(),
            last_id: Cell::new(0),
            died_before: Cell::new(false),
            silence: Cell::new(SILENCE),
            heard: Cell::new(false),
            pinged: Cell::new(false),
            watch: RefCell::default(),
        }))
    }

    /// With another patience than 10 seconds, twice, for a worker that says nothing.
    #[must_use]
    pub fn with_silence(self, silence: Millis) -> Self {
        self.0.silence.set(silence);
        self
    }

    /// Hashes the ranges one after the other into one MD5, and one checksum if there is to be one. Jobs share the worker fairly.
    pub fn start(
        &self,
        file: &Blob,
        ranges: &[ByteRange],
        crc64: Option<Crc64>,
        on_event: impl Fn(HashEvent) + 'static,
    ) -> HashJob {
        let inner = &self.0;
        let id = inner.last_id.get().wrapping_add(1);
        inner.last_id.set(id);
        let job = Rc::new(Job {
            id,
            file: file.clone(),
            ranges: ranges.to_vec(),
            crc64,
            on_event: Box::new(on_event),
        });
        inner.jobs.borrow_mut().push(job.clone());
        let idle = match &*inner.mode.borrow() {
            Mode::Idle => true,
            Mode::Starting { .. } => false,
            Mode::Running(process) => {
                process.hash(&job);
                false
            }
            Mode::Fallback(main_thread) => {
                main_thread.hash(&job);
                false
            }
        };
        if idle {
            inner.spawn();
        }
        inner.watch();
        HashJob { hasher: Rc::downgrade(inner), id }
    }
}

impl Drop for HashJob {
    fn drop(&mut self) {
        let Some(hasher) = self.hasher.upgrade() else { return };
        // Freed last: what its callback owns may come back here.
        let Some(_job) = hasher.take(self.id) else { return };
        if let Mode::Running(process) = &*hasher.mode.borrow() {
            process.cancel(self.id);
        }
    }
}

impl Inner {
    fn spawn(self: &Rc<Self>) {
        let Some(source) = &self.source else { return self.fall_back("no worker script was given") };
        let hasher = Rc::downgrade(self);
        let heard = move |report| {
            if let Some(hasher) = hasher.upgrade() {
                hasher.hear(report);
            }
        };
        match Process::spawn(source, heard) {
            Ok(process) => {
                let hasher = Rc::downgrade(self);
                let _patience = Timer::after(HANDSHAKE, move || {
                    if let Some(hasher) = hasher.upgrade() {
                        hasher.fall_back("the worker did not answer within 5 seconds");
                    }
                });
                self.mode.replace(Mode::Starting { process, _patience });
            }
            Err(why) => self.fall_back(&why),
        }
    }

    /// Looks after a worker for as long as it has work.
    fn watch(self: &Rc<Self>) {
        if self.watch.borrow().is_none() && !self.jobs.borrow().is_empty() {
            let hasher = Rc::downgrade(self);
            let silence = self.silence.get();
            let begun = now().mono;
            let timer = Timer::after(silence, move || {
                if let Some(hasher) = hasher.upgrade() {
                    hasher.watch.take();
                    // After a sleep of the machine the worker's answer may still be behind this timer.
                    if now().mono.since(begun) > Millis(2 * silence.0) {
                        hasher.pinged.set(false);
                    }
                    hasher.look_after();
                    hasher.watch();
                }
            });
            self.watch.replace(Some(timer));
        }
    }

    fn look_after(self: &Rc<Self>) {
        let silent = match &*self.mode.borrow() {
            Mode::Running(process) if !self.heard.replace(false) => {
                let silent = self.pinged.replace(true);
                if !silent {
                    process.ping();
                }
                silent
            }
            _ => false,
        };
        if silent && !self.jobs.borrow().is_empty() {
            self.hear(Report::Died("the worker stopped answering".to_owned()));
        }
    }

    fn hear(self: &Rc<Self>, report: Report) {
        self.heard.set(true);
        self.pinged.set(false);
        match report {
            Report::Alive => {}
            Report::Ready => self.run(),
            Report::Progress { job, loaded } => {
                if let Some(job) = self.find(job) {
                    (job.on_event)(HashEvent::Progress(loaded));
                }
            }
            Report::Ended { job, event } => self.end(job, event),
            Report::Died(why) => {
                let running = matches!(*self.mode.borrow(), Mode::Running(_));
                // A script that never got ready will not do so the next time; a crash may have been bad luck, once.
                if running && !self.died_before.replace(true) {
                    self.mode.replace(Mode::Idle);
                    self.spawn();
                } else {
                    self.fall_back(&why);
                }
            }
        }
    }

    fn run(&self) {
        match self.mode.replace(Mode::Idle) {
            Mode::Starting { process, _patience } => {
                self.jobs.borrow().iter().for_each(|job| process.hash(job));
                self.mode.replace(Mode::Running(process));
            }
            other => drop(self.mode.replace(other)),
        }
    }

    fn fall_back(self: &Rc<Self>, why: &str) {
        let hasher = Rc::downgrade(self);
        let main_thread = MainThread::new(move |job, event| {
            if let Some(hasher) = hasher.upgrade() {
                hasher.end(job, event);
            }
        });
        self.jobs.borrow().iter().for_each(|job| main_thread.hash(job));
        self.mode.replace(Mode::Fallback(main_thread));
        let (on_fallback, why) = (self.on_fallback.clone(), why.to_owned());
        defer(move || on_fallback(why));
    }

    fn end(&self, id: u32, event: HashEvent) {
        if let Some(job) = self.take(id) {
            (job.on_event)(event);
        }
    }

    fn find(&self, id: u32) -> Option<Rc<Job>> {
        self.jobs.borrow().iter().find(|job| job.id == id).cloned()
    }

    /// Hands the job out, so that its callback is run, or freed, when nothing is borrowed.
    fn take(&self, id: u32) -> Option<Rc<Job>> {
        let mut jobs = self.jobs.borrow_mut();
        let at = jobs.iter().position(|job| job.id == id)?;
        Some(jobs.remove(at))
    }
}
