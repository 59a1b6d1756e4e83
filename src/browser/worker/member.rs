//! One worker, started with its first job, and started again when it dies once. After that, and where none can be had, its
//! jobs go on on the main thread.

use super::main_thread::MainThread;
use super::process::{Process, Report};
use super::{HashEvent, Job, WorkerSource};
use crate::browser::clock::{Timer, now};
use crate::core::units::Millis;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// How long a worker may take to say `ready`.
const HANDSHAKE: Millis = Millis::from_secs(5);

pub(super) struct Member {
    source: Option<WorkerSource>,
    on_fallback: Box<dyn Fn(String)>,
    mode: RefCell<Mode>,
    jobs: RefCell<Vec<Rc<Job>>>,
    died_before: Cell<bool>,
    silence: Millis,
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

impl Member {
    pub(super) fn new(
        source: Option<WorkerSource>,
        silence: Millis,
        on_fallback: impl Fn(String) + 'static,
    ) -> Rc<Self> {
        Rc::new(Self {
            source,
            on_fallback: Box::new(on_fallback),
            mode: RefCell::new(Mode::Idle),
            jobs: RefCell::default(),
            died_before: Cell::new(false),
            silence,
            heard: Cell::new(false),
            pinged: Cell::new(false),
            watch: RefCell::default(),
        })
    }

    pub(super) fn jobs(&self) -> usize {
        self.jobs.borrow().len()
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(*self.mode.borrow(), Mode::Running(_))
    }

    pub(super) fn is_fallback(&self) -> bool {
        matches!(*self.mode.borrow(), Mode::Fallback(_))
    }

    pub(super) fn start(self: &Rc<Self>, job: Rc<Job>) {
        self.jobs.borrow_mut().push(job.clone());
        let idle = match &*self.mode.borrow() {
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
            self.spawn();
        }
        self.watch();
    }

    pub(super) fn cancel(&self, id: u32) {
        // Freed last: what its callback owns may come back here.
        let Some(_job) = self.take(id) else { return };
        if let Mode::Running(process) = &*self.mode.borrow() {
            process.cancel(id);
        }
    }

    fn spawn(self: &Rc<Self>) {
        let Some(source) = &self.source else { return self.fall_back("no worker script was given") };
        let member = Rc::downgrade(self);
        let heard = move |report| {
            if let Some(member) = member.upgrade() {
                member.hear(report);
            }
        };
        match Process::spawn(source, heard) {
            Ok(process) => {
                let member = Rc::downgrade(self);
                let _patience = Timer::after(HANDSHAKE, move || {
                    if let Some(member) = member.upgrade() {
                        member.fall_back("the worker did not answer within 5 seconds");
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
            let member = Rc::downgrade(self);
            let silence = self.silence;
            let begun = now().mono;
            let timer = Timer::after(silence, move || {
                if let Some(member) = member.upgrade() {
                    member.watch.take();
                    // After a sleep of the machine the worker's answer may still be behind this timer.
                    if now().mono.since(begun) > Millis(2 * silence.0) {
                        member.pinged.set(false);
                    }
                    member.look_after();
                    member.watch();
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
            Report::Progress { job, loaded } => self.tell(job, HashEvent::Progress(loaded)),
            Report::Failed { job, name } => self.tell(job, HashEvent::Failed(name)),
            Report::Piece { job, piece } => {
                let piece = self.find(job).and_then(|job| piece.read(job.reading.wanted));
                if let Some(piece) = piece {
                    self.tell(job, HashEvent::Piece(piece));
                }
            }
            Report::Died(why) => {
                // A script that never got ready will not do so the next time; a crash may have been bad luck, once.
                if self.is_running() && !self.died_before.replace(true) {
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
        let member = Rc::downgrade(self);
        let main_thread = MainThread::new(move |job, event| {
            if let Some(member) = member.upgrade() {
                member.tell(job, event);
            }
        });
        self.jobs.borrow().iter().for_each(|job| main_thread.hash(job));
        self.mode.replace(Mode::Fallback(main_thread));
        (self.on_fallback)(why.to_owned());
    }

    fn tell(&self, id: u32, event: HashEvent) {
        let Some(job) = self.find(id).filter(|job| job.is_news(&event)) else { return };
        if job.is_end(&event) {
            // Whoever is told may come back here.
            drop(self.take(id));
        }
        (job.on_event)(event);
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
