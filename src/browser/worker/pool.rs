//! The workers of a page. All uploads share them, since they share the processors.

use super::member::Member;
use super::{HashEvent, Job, WorkerSource};
use crate::browser::callback::defer;
use crate::browser::clock::Timer;
use crate::core::{hash::Reading, units::Millis};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use web_sys::Blob;

/// One worker hashes so many jobs side by side in little more than the time for one.
pub const JOBS: usize = 4;
/// More of them read no faster (Chromium 156: two read as fast as the disk's cache gives).
const MOST: usize = 4;
/// How long a worker with work may say nothing before it is asked for a sign of life, and once more before it counts as
/// dead: a browser short of memory ends workers without telling the page.
const SILENCE: Millis = Millis::from_secs(10);

/// How many workers to have at most, by default: as many as there are processors, and no more than 4.
pub fn workers_of(hardware_concurrency: f64) -> usize {
    (hardware_concurrency as usize).clamp(1, MOST)
}

/// Workers outlive who shares them for so long: another file may come right after.
const LINGER: Millis = Millis::from_secs(10);

thread_local! {
    static LAST: Cell<Option<(Rc<Pool>, Timer)>> = const { Cell::new(None) };
    static POOLS: RefCell<Vec<Weak<Pool>>> = const { RefCell::new(Vec::new()) };
}

/// Whoever has files hashed. Dropping the last one ends the workers, and all jobs silently.
pub struct Hasher {
    pool: Rc<Pool>,
    listener: Rc<Listener>,
    lingers: bool,
}

/// A job. Dropping it cancels; nothing is reported after that.
pub struct HashJob {
    member: Weak<Member>,
    id: u32,
}

struct Pool {
    source: Option<WorkerSource>,
    most: usize,
    silence: Cell<Millis>,
    members: RefCell<Vec<Rc<Member>>>,
    last_id: Cell<u32>,
    /// Why a worker could not be had.
    fallback: RefCell<Option<String>>,
    listeners: RefCell<Vec<Weak<Listener>>>,
}

struct Listener {
    on_fallback: Box<dyn Fn(String)>,
    told: Cell<bool>,
}

impl Hasher {
    /// Shares the workers of whoever has the same script and the same number of them; starts none yet. `on_fallback` is
    /// told, at most once, why hashing goes on on the main thread.
    pub fn shared(source: Option<WorkerSource>, most: usize, on_fallback: impl Fn(String) + 'static) -> Self {
        let pool = POOLS.with_borrow_mut(|pools| {
            pools.retain(|pool| pool.strong_count() > 0);
            let same = |pool: &Rc<Pool>| pool.source == source && pool.most == most;
            let shared = pools.iter().filter_map(Weak::upgrade).find(same);
            shared.unwrap_or_else(|| {
                let pool = Pool::new(source, most);
                pools.push(Rc::downgrade(&pool));
                pool
            })
        });
        Self::of(pool, true, on_fallback)
    }

    /// With one worker of its own.
    pub fn new(source: Option<WorkerSource>, on_fallback: impl Fn(String) + 'static) -> Self {
        Self::of(Pool::new(source, 1), false, on_fallback)
    }

    /// With so many workers of its own at most.
    #[must_use]
    pub fn with_workers(self, most: usize) -> Self {
        let pool = Pool::new(self.pool.source.clone(), most);
        let listener = self.listener.clone();
        pool.listeners.borrow_mut().push(Rc::downgrade(&listener));
        Self { pool, listener, lingers: false }
    }

    /// With another patience than 10 seconds, twice, for a worker that says nothing.
    #[must_use]
    pub fn with_silence(self, silence: Millis) -> Self {
        self.pool.silence.set(silence);
        self
    }

    fn of(pool: Rc<Pool>, lingers: bool, on_fallback: impl Fn(String) + 'static) -> Self {
        let listener = Rc::new(Listener { on_fallback: Box::new(on_fallback), told: Cell::new(false) });
        let mut listeners = pool.listeners.borrow_mut();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Rc::downgrade(&listener));
        drop(listeners);
        Self { pool, listener, lingers }
    }

    /// Hashes what is to be read. Jobs share the workers fairly.
    pub fn start(&self, file: &Blob, reading: Reading, on_event: impl Fn(HashEvent) + 'static) -> HashJob {
        if let Some(why) = &*self.pool.fallback.borrow() {
            self.listener.tell(why);
        }
        let id = self.pool.last_id.get().wrapping_add(1);
        self.pool.last_id.set(id);
        let job = Job { id, file: file.clone(), reading, told: Cell::new(0), on_event: Box::new(on_event) };
        let member = self.pool.member();
        member.start(Rc::new(job));
        HashJob { member: Rc::downgrade(&member), id }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.pool.members.borrow().len()
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        if self.lingers {
            let kept = (self.pool.clone(), Timer::after(LINGER, || drop(LAST.take())));
            // What was kept before is freed last: it ends its workers.
            drop(LAST.replace(Some(kept)));
        }
    }
}

impl Drop for HashJob {
    fn drop(&mut self) {
        if let Some(member) = self.member.upgrade() {
            member.cancel(self.id);
        }
    }
}

impl Listener {
    fn tell(self: &Rc<Self>, why: &str) {
        if !self.told.replace(true) {
            let (listener, why) = (self.clone(), why.to_owned());
            defer(move || (listener.on_fallback)(why));
        }
    }
}

impl Pool {
    fn new(source: Option<WorkerSource>, most: usize) -> Rc<Self> {
        Rc::new(Self {
            source,
            most,
            silence: Cell::new(SILENCE),
            members: RefCell::default(),
            last_id: Cell::new(0),
            fallback: RefCell::default(),
            listeners: RefCell::default(),
        })
    }

    /// Who takes the next job: whoever has the fewest, or a new one once all have as many as they can do side by side.
    fn member(self: &Rc<Self>) -> Rc<Member> {
        let mut members = self.members.borrow_mut();
        let least = members.iter().min_by_key(|member| (member.is_fallback(), member.jobs())).cloned();
        let is_enough = |member: &Rc<Member>| {
            // Where one could not be had, another one would fare no better.
            member.jobs() < JOBS
                || members.len() >= self.most
                || members.iter().any(|member| member.is_fallback())
        };
        match least.filter(is_enough) {
            Some(member) => member,
            None => {
                let pool = Rc::downgrade(self);
                let member = Member::new(self.source.clone(), self.silence.get(), move |why| {
                    if let Some(pool) = pool.upgrade() {
                        pool.fell_back(&why);
                    }
                });
                members.push(member.clone());
                member
            }
        }
    }

    fn fell_back(&self, why: &str) {
        self.fallback.borrow_mut().get_or_insert_with(|| why.to_owned());
        let listeners: Vec<_> = self.listeners.borrow().iter().filter_map(Weak::upgrade).collect();
        listeners.iter().for_each(|listener| listener.tell(why));
    }
}
