//! What a page does for its engine: requests, storage, locks, hashing.

use crate::faults::Fault;
use crate::model::hashing::pieces;
use crate::network::{Doing, What};
use crate::page::{Delivered, Delivery, Running, Who};
use crate::sabotage::Sabotage;
use crate::say;
use crate::storage::{LocalStorage, Records, StorageFault};
use crate::world::{Happening, World};
use partwise::core::backend::Step;
use partwise::core::engine::{UploadId, Work};
use partwise::core::hash::Reading;
use partwise::core::http::{Body, HttpRequest};
use partwise::core::retry::Fault as Failure;
use partwise::core::upload::{Action, Input, Message, OpId};

/// Milliseconds until a record is in IndexedDB.
const COPY_TAKES: u64 = 20;

impl World {
    fn later(&mut self, who: Who, op: OpId, wait: u64, what: Delivered) {
        self.agenda.after(wait, Happening::Deliver(Delivery { who, op, what }));
    }

    pub fn perform(&mut self, page: usize, work: Work) {
        if !matches!(work, Work::Upload(..)) {
            let mut mine = self.instances.iter().filter(|(who, _)| who.page == page);
            assert!(
                mine.any(|(_, instance)| !instance.is_over()),
                "page {page}: {work:?} after the end of all"
            );
        }
        let (upload, action) = match work {
            Work::FetchCredentials => {
                let who = Who { page, upload: UploadId(0) };
                say!(self, "page {page}: asks for credentials");
                self.pages[page].awaits_credentials = true;
                return self.send(who, OpId(0), What::Credentials, Doing::Credentials, None);
            }
            Work::AskObjects(number, request) => {
                let who = Who { page, upload: UploadId(0) };
                say!(self, "page {page}: asks for the URLs of several files");
                return self.send(who, OpId(number), What::Several(request), Doing::SignSeveral, None);
            }
            Work::Upload(upload, action) => (upload, action),
        };
        let who = Who { page, upload };
        self.check_action(who, &action);
        match action {
            Action::Perform(op, step) => self.begin_step(who, op, step),
            Action::Send(op, request, _) => self.send_file(who, op, request),
            Action::Drop(op) => {
                if let Some(running) = self.pages[page].running.remove(&(upload, op)) {
                    say!(self, "{who}: drops {}", running.doing);
                    self.learn_drop(who, &running);
                    self.abandon(running.request);
                }
            }
            Action::Hash(op, reading) => self.hash(who, op, &reading),
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
            Action::Tell(message) => {
                self.check_text(&message.to_text());
                self.tell_others(who, &message);
            }
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
                if !forgotten {
                    self.copy(page, record.key.clone(), Some(record.value.clone()));
                }
                if kept == Some(Err(StorageFault::Full)) {
                    self.count(Fault::StorageFull);
                }
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
                self.copy(page, key, None);
            }
            Action::SetClock(_) | Action::DropCredentials(_) => {
                unreachable!("the engine keeps these to itself")
            }
        }
    }

    /// Removing many keys is as many writes, and a page may die between any two of them.
    fn forget(&mut self, who: Who, prefix: &str) {
        say!(self, "{who}: forgets {prefix}");
        let keys = self.pages[who.page].records.load(&self.storage, prefix);
        for (key, _) in keys {
            self.write(who.page, |records, storage| records.remove(storage, &key));
        }
        self.copy(who.page, prefix.into(), None);
    }

    /// It arrives a moment later, unless the page dies before.
    fn copy(&mut self, page: usize, key: String, value: Option<String>) {
        if self.is_open(page) && self.pages[page].records.has_copies() {
            self.agenda.after(COPY_TAKES, Happening::Copied(page, key, value));
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
        self.storage.touch(self.agenda.now());
        let written = write(&mut self.pages[page].records, &mut self.storage);
        if self.dies_at == Some((self.writes, true)) || self.strikes(Fault::KilledAtWrite) {
            self.kill_and_come_back(page);
        }
        Some(written)
    }

    fn run(&mut self, who: Who, op: OpId, doing: Doing) {
        let since = self.page_now(who.page).mono;
        let running = Running { doing, request: None, since, moved: None };
        self.pages[who.page].running.insert((who.upload, op), running);
    }

    fn begin_step(&mut self, who: Who, op: OpId, step: Step) {
        let (what, doing) = match step {
            Step::Store(request) => {
                let doing = Doing::of_store(&request);
                (What::Store(request), doing)
            }
            Step::Backend(request) | Step::Object(request) => {
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

    fn hash(&mut self, who: Who, op: OpId, reading: &Reading) {
        self.run(who, op, Doing::Hash);
        let mut wait = self.rng.between(0, 60);
        let total = reading.bytes();
        if self.strikes(Fault::WorkerDied) {
            // It is started again, and so is its job.
            self.later(who, op, wait / 2, Delivered::HashProgress(total / 2));
            self.later(who, op, wait, Delivered::HashProgress(0));
            wait = wait * 2 + self.rng.between(100, 5_000);
        } else if self.rng.once_in(20) {
            wait += self.rng.between(0, 20_000);
        }
        let pieces = match self.read(who) {
            Ok(bytes) => pieces(reading, &bytes),
            Err(exception) => return self.later(who, op, wait, Delivered::Hashed(Err(exception), true)),
        };
        let count = pieces.len() as u64;
        for (at, piece) in (1..).zip(pieces) {
            let wait = wait * at / count;
            self.later(who, op, wait, Delivered::HashProgress(total * at / count));
            self.later(who, op, wait, Delivered::Hashed(Ok(piece), at == count));
        }
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
        if self.sabotage == Some(Sabotage::LockKept) {
            return;
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
}
