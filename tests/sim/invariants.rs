//! What must hold in every run, whatever happens. The world knows more than the engine: what each page was told, what
//! the storage must still hold, what the store has lost and to whom it said so.
//!
//! | invariant | where |
//! |---|---|
//! | what is done is at the store, byte for byte | `check_done` |
//! | completed without hole or foreign part, and not twice | `check_completion` |
//! | what is known to be stored is not sent again, after a crash neither | `check_action`, `learn_records` |
//! | progress neither falls nor exceeds the total | `event` |
//! | being offline costs no attempt, and requests are few | `check_offline` (`failures.rs`), `check_action` |
//! | coming back online resumes within a second | `check_back_online` |
//! | a failure has a code that something explains, and the budget was used | `check_failure` (`failures.rs`) |
//! | nothing after the end | `event`, `check_action`, `check_page`, and `World::perform` for what all uploads share |
//! | what is there is not made once more | `check_missing` |
//! | beginning anew has a reason | `check_restarted` |
//! | what is cancelled is removed, or remembered | `check_cancelled`, and `World::end` for all that is left |
//! | who cancels waits for the id of what has to be removed | `learn_drop` |
//! | no secret in events, errors or records | `check_text`, `check_record` |

use crate::instance::Instance;
use crate::learning::Recorded;
use crate::network::Doing;
use crate::page::Who;
use crate::say;
use crate::storage::StorageFault;
use crate::world::{Happening, PART, Way, World, Written};
use partwise::core::backend::Step;
use partwise::core::checkpoint::Record;
use partwise::core::error::Operation;
use partwise::core::retry::{Asked, MAX_LISTINGS};
use partwise::core::schedule::{MAX_AUTO, Parallel};
use partwise::core::upload::{Action, Event, State, UploadResult};
use std::collections::BTreeSet;

impl World {
    pub fn check_action(&mut self, who: Who, action: &Action) {
        if self.instances[&who].is_over() {
            panic!("{who}: {action:?} after it was {:?}", self.instances[&who].state);
        }
        if matches!(action, Action::Send(..) | Action::Perform(..)) {
            self.instance(who).begun = Some(self.page_now(who.page).mono);
        }
        match action {
            Action::TryLock(name) | Action::Lock(name) => self.instance(who).lock = Some(name.clone()),
            Action::Send(_, request, _) => self.check_send(who, &Doing::of_store(request)),
            Action::Perform(_, Step::Store(request)) => self.check_control(who, &Doing::of_store(request)),
            Action::Perform(_, Step::Backend(request)) => {
                self.check_control(who, &Doing::of_companion(request));
            }
            Action::Perform(_, Step::Page(call)) => self.check_control(who, &Doing::of_call(call)),
            Action::Drop(op)
                if self.settings.way == Way::DirectLocal
                    && !self.pages[who.page].running.contains_key(&(who.upload, *op)) =>
            {
                // It may have waited for credentials.
                self.meet(who, Some(Asked::Backend), &["stalled"], true);
            }
            _ => {}
        }
    }

    fn check_send(&mut self, who: Who, doing: &Doing) {
        self.check_missing(who, doing);
        self.check_offline_start(who);
        self.sent.push(doing.clone());
        if let Doing::Put { session, part } = doing {
            let instance = &self.instances[&who];
            let known = instance.known.contains(part);
            assert!(!known, "{who}: sends {session}/{part} again, which it knows to be stored");
            assert_eq!(self.locks.holds(who), instance.lock.as_deref(), "{who}: sends without its lock");
        }
        let limit = match self.settings.config.parallel {
            Parallel::Auto => MAX_AUTO,
            Parallel::Fixed(count) => count as usize,
        };
        let running =
            self.pages[who.page].running.values().filter(|running| running.doing.sends_file()).count();
        assert!(running < limit, "{who}: {running} bodies are being sent already");
    }

    /// Nothing is made that is there.
    fn check_missing(&self, who: Who, doing: &Doing) {
        let found = self.instances[&who].found_own;
        assert!(!found, "{who}: {doing} although it was told that its object is there");
    }

    fn check_control(&mut self, who: Who, doing: &Doing) {
        if matches!(doing, Doing::Create(_) | Doing::Complete(_)) {
            self.check_missing(who, doing);
        }
        if matches!(doing, Doing::Create(_)) {
            let known = self.instances[&who].known.len();
            assert_eq!(known, 0, "{who}: begins anew although {known} parts are known to be stored");
        }
        if !matches!(doing, Doing::SignPart | Doing::Abort(_)) {
            self.check_offline_start(who);
            assert_eq!(
                self.locks.holds(who),
                self.instances[&who].lock.as_deref(),
                "{who}: {doing} without its lock"
            );
        }
    }

    /// While it believes to be offline it tries once in a while, not more; what was being signed may still be sent.
    fn check_offline_start(&mut self, who: Who) {
        let now = self.page_now(who.page).mono;
        let slots = match self.settings.config.parallel {
            Parallel::Auto => MAX_AUTO as u64,
            Parallel::Fixed(count) => u64::from(count),
        };
        let instance = self.instance(who);
        if !instance.online {
            instance.begun_offline += 1;
            let probes = 1 + now.since(instance.offline_since).0 / 5_000;
            let begun = instance.begun_offline;
            assert!(begun <= probes + slots, "{who}: {begun} requests while offline");
        }
    }

    /// The network is back: who waits for it has a second to go on.
    pub fn expect_back_online(&mut self, page: usize) {
        let waits = |instance: &Instance| instance.state == State::Offline && !instance.leaves;
        let mine = self.instances.iter().filter(|(who, instance)| who.page == page && waits(instance));
        for who in mine.map(|(who, _)| *who).collect::<Vec<_>>() {
            self.agenda.after(1_000, Happening::BackOnline(who));
        }
    }

    /// Who waited for the network has started a request within the second, or right before it, or waits for something else: a slot, a hash,
    /// credentials, or a request that has moved since the network went.
    pub fn check_back_online(&mut self, who: Who) {
        let (now, instance) = (self.page_now(who.page), &self.instances[&who]);
        let page = &self.pages[who.page];
        let Some(engine) = &page.engine else { return };
        let is_undisturbed = page.online && !page.frozen && page.disturbed + 1_000 <= self.agenda.now();
        let wants = !instance.state.is_final() && instance.state != State::Paused && !instance.leaves;
        let has_begun = instance.begun.is_some_and(|at| now.mono.since(at).0 < 2_000);
        if !is_undisturbed || !wants || has_begun {
            return;
        }
        let mut mine = page.running.iter().filter(|((upload, _), _)| *upload == who.upload);
        let waits_for_other = page.awaits_credentials
            || mine.any(|(_, running)| match running.doing {
                Doing::Hash | Doing::Check => true,
                _ => running.moved.is_some_and(|moved| moved > instance.offline_since),
            });
        let no_slot = !engine.has_free_slot(now) || page.is_late(self.agenda.now());
        let waits_for_slot = instance.state == State::Uploading && no_slot;
        assert!(
            waits_for_other || waits_for_slot,
            "{who}: is {:?} and has done nothing for a second although the network is back",
            instance.state
        );
    }

    pub fn event(&mut self, who: Who, event: Event) {
        self.check_text(&format!("{event:?}"));
        let total = self.files[self.instances[&who].file].bytes.len() as u64;
        let state_now = self.instance(who).state;
        let now = self.agenda.now();
        assert!(self.instances[&who].may_tell(&event), "{who}: {event:?} after the end: it is {state_now:?}");
        match event {
            Event::State { state, previous } => {
                say!(self, "{who}: {}", state.as_str());
                assert_eq!(previous, state_now, "{who}: is {state:?}");
                if state_now == State::Failed {
                    self.begin_again(who);
                }
                let now_mono = self.page_now(who.page).mono;
                let instance = self.instance(who);
                instance.state = state;
                instance.has_failed = false;
                if previous == State::Paused && !state.is_final() {
                    instance.troubles.forgive();
                }
                if (previous, state) == (State::Starting, State::Uploading) {
                    instance.advanced = now_mono;
                }
                // A listener may speak before it is told that this has failed already.
                instance.spoken = instance.spoken.filter(|at| *at == now || !state.is_final());
                if state == State::Cancelled {
                    self.check_cancelled(who);
                }
            }
            Event::Progress(progress) => {
                let loaded = self.instance(who).loaded;
                assert!(
                    progress.loaded >= loaded,
                    "{who}: progress falls from {loaded} to {}",
                    progress.loaded
                );
                let within = progress.loaded <= progress.total && progress.total == total;
                assert!(within, "{who}: progress beyond the total: {progress:?}");
                self.instance(who).loaded = progress.loaded;
            }
            Event::Part { number, etag, .. } => self.confirmed(who, number.get(), &etag),
            Event::Retry(notice) => {
                say!(
                    self,
                    "{who}: attempt {} failed, again in {} ms: {}",
                    notice.attempt,
                    notice.delay.0,
                    notice.error
                );
                self.check_offline(who, &notice.error);
                self.check_code(who, &notice.error);
                if notice.error.operation == Operation::Abort {
                    let now = self.page_now(who.page).mono;
                    let instance = self.instance(who);
                    instance.failed_aborts += 1;
                    instance.aborts_since.get_or_insert(now);
                }
            }
            Event::Failed(error) => {
                say!(self, "{who}: {} {error}", error.code.as_str());
                assert_eq!(state_now, State::Failed);
                self.instance(who).has_failed = true;
                self.check_offline(who, &error);
                self.check_failure(who, &error);
                // If it goes on, it is by what is recorded.
                self.let_go_unsaved(who);
            }
            Event::Done(result) => {
                assert_eq!(state_now, State::Done);
                self.check_done(who, result);
            }
            Event::Warning { code, .. } => {
                say!(self, "{who}: warning {code}");
                match code {
                    "abort-failed" => self.check_abort_failed(who),
                    "session-restarted" => self.check_restarted(who),
                    "list-cut-off" => {
                        let session = self.instance(who).session.clone();
                        let is_endless =
                            session.is_some_and(|session| self.ledger.endless.contains(&session));
                        assert!(is_endless, "{who}: its lists end");
                    }
                    _ => {}
                }
            }
            Event::Hash { loaded, total, .. } => assert!(loaded <= total),
        }
        self.react(who);
    }

    fn confirmed(&mut self, who: Who, number: u32, etag: &str) {
        say!(self, "{who}: part {number} is confirmed");
        let now = self.page_now(who.page);
        let instance = &self.instances[&who];
        let session = self.pages[who.page].engine.as_ref().and_then(|engine| {
            engine.upload(who.upload).and_then(|upload| upload.upload_id().map(str::to_owned))
        });
        let (Some(lock), Some(session)) = (instance.lock.clone(), session) else { return };
        let unsure = instance.saves_fail || instance.tampered;
        let stored = self.store.sessions.get(&session).and_then(|session| session.parts.get(&number));
        let is_stored = stored.is_some_and(|part| part.etag == etag && !part.spoiled);
        let instance = self.instance(who);
        instance.advanced = now.mono;
        instance.session = Some(session.clone());
        if !is_stored {
            return;
        }
        instance.known.insert(number);
        if unsure {
            return;
        }
        let remembered = self.has_header(&lock, &session);
        assert!(remembered, "{who}: {session} has part {number}, and no header that a reload would find");
        let recorded = self.ledger.recorded.entry(lock).or_insert_with(|| Recorded {
            session: session.clone(),
            parts: BTreeSet::new(),
            created: now.wall.0,
        });
        if recorded.session == session {
            recorded.parts.insert(number);
        }
    }

    /// Its key holds the file, or did in its lifetime until somebody else wrote that key.
    fn check_done(&mut self, who: Who, result: UploadResult) {
        let instance = &self.instances[&who];
        let file = instance.file;
        // Who has sent nothing was told by another upload of the file, which began earlier.
        let others = self.instances.values().filter(|other| other.file == file && instance.session.is_none());
        let begun = others.map(|other| other.added).fold(instance.added, Ord::min);
        let (bytes, name) = (self.files[file].bytes.clone(), &self.files[file].key);
        let stored = self.written.get(&result.key).map(Vec::as_slice).unwrap_or_default();
        let ours = stored.iter().rposition(|written| written.bytes == bytes);
        let after = ours.and_then(|at| stored.get(at + 1));
        // Another upload of it may have damaged it on the way, and will notice.
        let is_others = |after: &Written| {
            after.meant.as_ref().is_none_or(|(by, content)| *by != who || *content != bytes)
        };
        let whole = ours.is_some() && after.is_none_or(|after| after.at >= begun && is_others(after));
        assert!(whole, "{who}: done, but {} is not what the file is", result.key);
        // Only direct backends keep the keys that pages choose.
        let keeps = matches!(self.settings.way, Way::DirectRemote | Way::DirectLocal);
        let is_asked_for = !self.files[file].key_is_explicit || !keeps || result.key == *name;
        assert!(is_asked_for, "{who}: went to {}, not to {name}", result.key);
        assert!(result.md5.is_none_or(|md5| md5 == self.md5_of(file)), "{who}: the MD5 is not the file's");
        assert_eq!(self.instances[&who].loaded, bytes.len() as u64, "{who}: done before all was loaded");
        self.let_go(who);
        self.let_go_unsaved(who);
        self.instance(who).result = Some(result);
    }

    /// Removing has been given up: after three attempts, or one that was refused for good.
    fn check_abort_failed(&mut self, who: Who) {
        let (now, retry_for) = (self.page_now(who.page).mono, self.settings.config.retry_for);
        let instance = self.instance(who);
        assert!(
            instance.has_given_up_abort(now, retry_for),
            "{who}: gives up removing after {}",
            instance.failed_aborts + 1
        );
        instance.abort_failed = true;
    }

    /// It begins anew: for a reason, and after removing what it had begun.
    fn check_restarted(&mut self, who: Who) {
        let (now, retry_for) = (self.page_now(who.page).mono, self.settings.config.retry_for);
        let instance = self.instance(who);
        assert!(instance.doubts > 0, "{who}: begins anew though nothing is lost");
        let excused =
            instance.has_given_up_abort(now, retry_for) || instance.failed_lists >= u64::from(MAX_LISTINGS);
        let session = instance.session.clone();
        instance.restarts += 1;
        (instance.doubts, instance.refusals, instance.failed_lists) = (0, 0, 0);
        instance.forget_aborts();
        if let Some(session) = session.filter(|session| self.store.sessions.contains_key(session)) {
            let known = excused || self.ledger.orphans.contains(&session);
            assert!(known, "{who}: begins anew, but {session} is still at the store");
            self.ledger.orphans.insert(session);
        }
    }

    /// What is cancelled is gone at the store, or remembered until it can be removed.
    fn check_cancelled(&mut self, who: Who) {
        let upload = self.pages[who.page].engine.as_ref().and_then(|engine| engine.upload(who.upload));
        let session = upload.and_then(|upload| upload.upload_id().map(str::to_owned));
        let instance = &self.instances[&who];
        let still = session.filter(|session| self.store.sessions.contains_key(session));
        let Some(session) = still else {
            self.let_go_unsaved(who);
            return self.let_go(who);
        };
        let excused = instance.tampered || instance.saves_fail || self.ledger.orphans.contains(&session);
        assert!(instance.abort_failed, "{who}: cancelled, but {session} is still at the store");
        let is_kept = instance.lock.as_ref().is_some_and(|lock| self.has_header(lock, &session));
        assert!(is_kept || excused, "{who}: cancelled, and {session} at the store is forgotten");
        // A record that was garbled may be of no use to whoever comes next.
        if !is_kept || instance.tampered {
            self.ledger.orphans.insert(session);
            self.let_go(who);
        }
    }

    /// Whether a reload would find this session of a file.
    pub fn has_header(&self, lock: &str, session: &str) -> bool {
        let head = format!("{}/head", lock.replace("partwise/", "partwise/1/"));
        self.storage.map.get(&head).is_some_and(|header| header.contains(&format!("upload={session}&")))
    }

    /// The store has put an upload together.
    pub fn check_completion(&mut self, who: Who, session: &str, bytes: &[u8]) {
        self.completions += 1;
        let content = &self.contents[session];
        assert!(**content == *bytes, "{who}: {session} was completed, and is not the file");
        let count = content.len().div_ceil(PART as usize).max(1);
        let lock = self.instances.get(&who).and_then(|instance| instance.lock.clone());
        let Some(lock) = lock else { return };
        // Only who knows every part can tell the object from another one, by its ETag.
        let remembered = self.ledger.recorded.get(&lock);
        let is_known =
            remembered.is_some_and(|record| record.session == session && record.parts.len() == count);
        self.lose_session(session);
        let has_head = matches!(self.settings.way, Way::DirectRemote | Way::DirectLocal | Way::RichCompanion);
        let other = self.ledger.completed.remove(&lock);
        // The same content may go under another key too; and who cannot read the storage does not know of others.
        let is_blind = self.pages[who.page].records.fault == Some(StorageFault::Denied);
        let is_same = |other: &String| self.keys.get(other) == self.keys.get(session);
        if let Some(other) = other.filter(|other| is_same(other) && !is_blind) {
            panic!("{who}: {session} was completed, after {other} was, and the store would have said so");
        }
        if has_head && is_known && self.store.flavour.etags_are_md5 {
            self.armed += 1;
            self.ledger.completed.insert(lock, session.into());
        }
    }

    /// After each turn of a page.
    pub fn check_page(&mut self, page: usize) {
        let now = self.page_now(page);
        let Some(engine) = &self.pages[page].engine else { return };
        let mine = || self.instances.iter().filter(|(who, _)| who.page == page);
        let held: usize =
            mine().filter_map(|(who, _)| engine.upload(who.upload)).map(|u| u.held_slots()).sum();
        assert_eq!(engine.held_slots(), held, "slots in use, and slots that uploads hold");
        for (who, instance) in mine().filter(|(_, instance)| instance.is_over()) {
            let state = instance.state;
            let running = self.pages[page].running.iter().find(|((upload, _), _)| *upload == who.upload);
            if let Some((_, running)) = running {
                panic!("{who}: {} still runs after it was {state:?}", running.doing);
            }
            assert_eq!(self.locks.name_of(*who), None, "{who}: has a lock after it was {state:?}");
        }
        if mine().all(|(_, instance)| instance.is_over()) {
            // Slots may be held back for a moment after congestion; that ends by itself.
            let due = engine.poll_timeout(now).map_or(0, |due| due.since(now.mono).0);
            assert!(due <= 500, "a timer in {due} ms after the end");
        }
    }

    pub fn check_record(&self, record: &Record) {
        self.check_text(&record.key);
        self.check_text(&record.value);
        assert!(record.key.starts_with("partwise/1/"), "{record:?}");
    }

    /// Every secret of this world has the word in it, and every signed query the other.
    pub fn check_text(&self, text: &str) {
        assert!(!text.contains("SECRET") && !text.contains("X-Amz"), "a secret gets out: {text}");
    }
}
