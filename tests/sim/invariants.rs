//! What must hold in every run, whatever happens. The world knows more than the engine: what each page was told, what
//! the storage must still hold, what the store has lost and to whom it said so.
//!
//! | invariant | where |
//! |---|---|
//! | what is done is at the store, byte for byte | `ends` |
//! | completed without hole or foreign part, and not twice | `check_completion` |
//! | what is known to be stored is not sent again, after a crash neither | `check_action`, `learn_records` |
//! | progress neither falls nor exceeds the total | `event` |
//! | being offline costs no attempt, and requests are few | `check_offline`, `check_action` |
//! | a failure has a code that something explains, and the budget was used | `check_failure` |
//! | nothing after the end | `check_action`, `check_page` |
//! | what is cancelled is removed | `check_cancelled`, and `Run::end` for all that is left |
//! | no secret in events, errors or records | `check_text`, `check_record` |

use crate::faults::Fault;
use crate::network::Doing;
use crate::page::{Running, Who};
use crate::say;
use crate::storage::StorageFault;
use crate::world::{PART, Way, World};
use partwise::core::backend::{Step, StepReply};
use partwise::core::checkpoint::Record;
use partwise::core::engine::CredentialsReply;
use partwise::core::error::{Code, Operation, UploadError};
use partwise::core::http::{HttpReply, NoReply};
use partwise::core::retry::{Asked, Fault as Failure};
use partwise::core::schedule::{MAX_AUTO, Parallel};
use partwise::core::store::normalize_etag;
use partwise::core::units::Instant;
use partwise::core::upload::{Action, Event, State, UploadResult};
use std::collections::{BTreeMap, BTreeSet};

/// An upload as the world sees it.
pub struct Instance {
    pub file: usize,
    pub state: State,
    pub result: Option<UploadResult>,
    loaded: u64,
    /// The lock asked for last: which file it takes itself to be.
    pub lock: Option<String>,
    /// The lock it tries to take.
    pub trying: Option<String>,
    /// Parts that it was told are stored, and that are.
    known: BTreeSet<u32>,
    /// The session whose parts these are.
    session: Option<String>,
    /// Created by a request of its own, newest last.
    created: Vec<String>,
    saves_fail: bool,
    /// Somebody else has changed the storage since its session began, or since it read of it.
    tampered: bool,
    /// What it has reason to believe.
    online: bool,
    offline_since: Instant,
    /// When the browser last said whether it is offline.
    told: Instant,
    begun_offline: u64,
    /// Codes that something it met explains.
    explained: BTreeSet<&'static str>,
    failures: u64,
    failed_lists: u64,
    doubts: u64,
    advanced: Instant,
    pub last_code: Option<Code>,
    abort_failed: bool,
    /// An earlier page's, only to be removed.
    pub only_discards: bool,
    /// When the user last said something that may bring it back after a failure.
    spoken: Option<u64>,
}

/// What the storage must still know of a file.
struct Recorded {
    session: String,
    parts: BTreeSet<u32>,
    /// By the page's clock.
    created: u64,
}

#[derive(Default)]
pub struct Ledger {
    recorded: BTreeMap<String, Recorded>,
    /// Completed by an upload that has not been told, by lock.
    completed: BTreeMap<String, String>,
    /// Sessions that nobody can be expected to remove.
    pub orphans: BTreeSet<String>,
}

impl Instance {
    /// Nothing more may come of it.
    fn is_over(&self) -> bool {
        self.state.is_final() && (self.state != State::Failed || self.spoken.is_none())
    }
}

impl World {
    pub fn instance(&mut self, who: Who) -> &mut Instance {
        self.instances.get_mut(&who).expect("a known upload")
    }

    pub fn begin_instance(&mut self, who: Who, file: usize) {
        let now = self.page_now(who.page).mono;
        let online = self.pages[who.page].online;
        let instance = Instance {
            file,
            state: State::Queued,
            result: None,
            loaded: 0,
            lock: None,
            trying: None,
            known: BTreeSet::new(),
            session: None,
            created: Vec::new(),
            saves_fail: false,
            tampered: false,
            online,
            offline_since: now,
            told: now,
            begun_offline: 0,
            explained: BTreeSet::new(),
            failures: 0,
            failed_lists: 0,
            doubts: 0,
            advanced: now,
            last_code: None,
            abort_failed: false,
            only_discards: false,
            spoken: None,
        };
        self.instances.insert(who, instance);
    }

    /// The user says something that may bring an upload back that has failed.
    pub fn may_begin_again(&mut self, who: Who) {
        self.instance(who).spoken = Some(self.agenda.now());
    }

    /// Nobody wants it any more, so that it may be forgotten.
    pub fn let_go(&mut self, who: Who) {
        if let Some(lock) = self.instance(who).lock.clone() {
            self.ledger.recorded.remove(&lock);
            self.ledger.completed.remove(&lock);
        }
    }

    /// It has begun again: what comes is judged afresh.
    fn begin_again(&mut self, who: Who) {
        let now = self.page_now(who.page).mono;
        let instance = self.instance(who);
        instance.failures = 0;
        instance.doubts = 0;
        instance.failed_lists = 0;
        instance.explained.clear();
        instance.advanced = now;
    }

    // What the store and the storage have lost.

    /// The store does not have this part any more as it was.
    pub fn lose_part(&mut self, session: &str, part: u32) {
        for instance in self.instances.values_mut().filter(|i| i.session.as_deref() == Some(session)) {
            instance.known.remove(&part);
        }
        for recorded in self.ledger.recorded.values_mut().filter(|r| r.session == session) {
            recorded.parts.remove(&part);
        }
    }

    /// The store does not have this upload any more, or says so.
    pub fn lose_session(&mut self, session: &str) {
        for instance in self.instances.values_mut().filter(|i| i.session.as_deref() == Some(session)) {
            instance.known.clear();
        }
        self.ledger.recorded.retain(|_, recorded| recorded.session != session);
    }

    /// Nobody can rely on the storage for what was in it.
    pub fn lose_records(&mut self) {
        self.ledger.recorded.clear();
        self.ledger.completed.clear();
        self.instances.values_mut().for_each(|instance| instance.tampered = true);
        self.ledger.orphans.extend(self.store.sessions.keys().cloned());
    }

    /// The upload was told that its session is gone, or cannot be completed.
    fn doubt(&mut self, who: Who) {
        let Some(instance) = self.instances.get_mut(&who) else { return };
        instance.doubts += 1;
        instance.known.clear();
        let lock = instance.lock.clone();
        if let Some(session) = instance.session.clone() {
            self.ledger.orphans.insert(session);
        }
        if let Some(lock) = lock {
            self.ledger.recorded.remove(&lock);
        }
    }

    // What an upload learns.

    pub fn learn_online(&mut self, page: usize, online: bool) {
        let now = self.page_now(page).mono;
        for (_, instance) in self.instances.iter_mut().filter(|(who, _)| who.page == page) {
            if instance.online != online {
                instance.online = online;
                instance.offline_since = now;
                instance.begun_offline = 0;
            }
            instance.told = now;
        }
    }

    pub fn learn_of_file(&mut self, who: Who, exception: Option<&String>) {
        if let Some(exception) = exception {
            let changed = exception == "NotReadableError";
            self.instance(who).explained.insert(if changed { "file-changed" } else { "file-unreadable" });
        }
    }

    /// A reply is about to be delivered.
    pub fn learn(&mut self, who: Who, doing: &Doing, result: &Result<StepReply, Failure>) {
        let ours = if doing.asked() == Asked::Backend { "backend" } else { "store" };
        let file_md5 = self.md5_of(self.instances[&who].file);
        let is_single = matches!(doing, Doing::PutObject);
        let Some(instance) = self.instances.get_mut(&who) else { return };
        let mut explain = |codes: &[&'static str]| {
            instance.failures += 1;
            instance.explained.extend(codes);
        };
        let mut gone = false;
        match result {
            Err(Failure::NoReply(NoReply::File(name))) => {
                explain(&[if name == "NotReadableError" { "file-changed" } else { "file-unreadable" }]);
            }
            Err(Failure::Page { status: Some(status), message }) => {
                explain(codes_of(*status, "", ours));
                gone = *status == 404 || message.contains("NoSuchUpload") || message.contains("InvalidPart");
            }
            Err(Failure::Page { .. }) => explain(&["backend"]),
            Err(_) => explain(&["network"]),
            Ok(StepReply::Http(reply)) => {
                instance.online = true;
                let failed = !reply.is_success() || reply.body.contains("<Error>");
                if failed {
                    explain(codes_of(reply.status, &reply.body, ours));
                    gone = reply.status == 404
                        || reply.body.contains("NoSuchUpload")
                        || reply.body.contains("InvalidPart");
                } else if doing.sends_file() {
                    match reply.header("etag") {
                        None => explain(&["etag-hidden"]),
                        Some(etag) if is_single && normalize_etag(etag) != file_md5.to_hex() => {
                            explain(&["checksum-mismatch"]);
                        }
                        Some(_) if !is_single => {
                            // Whether a part's ETag is right is seen when the part is confirmed.
                            instance.explained.insert("checksum-mismatch");
                        }
                        Some(_) => {}
                    }
                } else if reply.body.is_empty()
                    || reply.body.starts_with("<!doctype")
                    || (matches!(doing, Doing::List(_)) && is_endless(&reply.body))
                {
                    explain(&[ours]);
                }
            }
            Ok(_) => {}
        }
        if let Doing::List(asked) = doing {
            let is_500 = matches!(result, Ok(StepReply::Http(HttpReply { status: 500, .. })));
            instance.failed_lists += u64::from(is_500);
            gone |= *asked == Asked::Backend && is_500 && instance.failed_lists >= 3;
            if matches!(result, Ok(StepReply::Http(reply)) if reply.is_success())
                || matches!(result, Ok(StepReply::Page(_)))
            {
                instance.failed_lists = 0;
            }
        }
        let is_of_session = matches!(
            doing,
            Doing::Put { .. } | Doing::List(_) | Doing::Complete(_) | Doing::SignPart | Doing::Sign(_)
        );
        match doing {
            Doing::Head(_) => self.learn_head(who),
            Doing::Abort(_) if result.is_err() || gone => {
                let session = self.instances[&who].session.clone();
                self.ledger.orphans.extend(session);
            }
            Doing::Abort(_) => {
                if let (Ok(StepReply::Http(reply)), Some(session)) =
                    (result, self.instances[&who].session.clone())
                    && !reply.is_success()
                {
                    self.ledger.orphans.insert(session);
                }
            }
            _ if gone && is_of_session => self.doubt(who),
            _ => {}
        }
        match doing {
            Doing::Create(_) => self.learn_created(who, result),
            // Whoever has been told is done with it; dying before it has told the user is nobody's fault.
            Doing::Complete(_) if !gone => self.learn_end(who, result),
            _ => {}
        }
    }

    fn learn_created(&mut self, who: Who, result: &Result<StepReply, Failure>) {
        let Some(session) = self.instance(who).created.last().cloned() else { return };
        let told = match result {
            Ok(StepReply::Http(reply)) => {
                reply.body.contains(&format!("<UploadId>{session}<"))
                    || reply.body.contains(&format!("\"uploadId\":\"{session}\""))
            }
            Ok(StepReply::Page(_)) => true,
            _ => false,
        };
        if told {
            let instance = self.instance(who);
            instance.session = Some(session.clone());
            instance.known.clear();
            instance.tampered = false;
            self.ledger.orphans.remove(&session);
        }
    }

    /// A store that does not answer that cannot tell; one that does has told.
    fn learn_head(&mut self, who: Who) {
        if let Some(lock) = self.instance(who).lock.clone() {
            self.ledger.completed.remove(&lock);
        }
    }

    fn learn_end(&mut self, who: Who, result: &Result<StepReply, Failure>) {
        if self.tally.of(Fault::CompletedBehind) > 0 {
            // "Done already", with the ETag of what somebody else made of it.
            self.instance(who).explained.insert("checksum-mismatch");
        }
        let told = match result {
            Ok(StepReply::Http(reply)) => reply.is_success() && !reply.body.contains("<Error>"),
            Ok(_) => true,
            Err(_) => false,
        };
        if told && let Some(lock) = self.instance(who).lock.clone() {
            self.ledger.completed.remove(&lock);
        }
    }

    pub fn learn_of_credentials(&mut self, page: usize, reply: &CredentialsReply) {
        for (_, instance) in self.instances.iter_mut().filter(|(who, _)| who.page == page) {
            match reply {
                Err(Failure::Page { status: Some(status), .. }) => {
                    instance.explained.extend(codes_of(*status, "", "backend"));
                }
                _ => {
                    instance.explained.insert("backend");
                }
            }
            instance.failures += 1;
        }
    }

    /// An action is given up by the engine.
    pub fn learn_drop(&mut self, who: Who, running: &Running) {
        let waited = self.page_now(who.page).mono.since(running.since);
        if waited >= self.settings.config.stall_timeout {
            let instance = self.instance(who);
            instance.explained.insert("stalled");
            instance.failures += 1;
        }
        if matches!(running.doing, Doing::Create(_) | Doing::Abort(_)) {
            // Nobody learns what came of it.
            let instance = self.instance(who);
            let sessions = instance.created.last().cloned().into_iter().chain(instance.session.clone());
            let sessions: Vec<_> = sessions.collect();
            self.ledger.orphans.extend(sessions);
        }
    }

    pub fn learn_saved(&mut self, who: Who, key: &str, kept: Result<(), StorageFault>) {
        let lock = self.instance(who).lock.clone();
        // Parts without the header are of no use to a reload.
        self.instance(who).tampered |= kept.is_err() && key.ends_with("/head");
        self.instance(who).saves_fail = kept.is_err();
        if kept.is_err()
            && let Some(lock) = lock
        {
            let session = self.instance(who).session.clone();
            self.ledger.recorded.remove(&lock);
            self.ledger.orphans.extend(session);
        }
    }

    /// Records are about to be delivered: what they must hold, the upload knows from now on.
    pub fn learn_records(&mut self, who: Who, records: &[(String, String)]) {
        let wall = self.page_now(who.page).wall.0;
        let expire = self.settings.config.expire_after.0;
        self.ledger.recorded.retain(|_, recorded| wall.abs_diff(recorded.created) <= expire);
        let is_denied = self.pages[who.page].records.fault == Some(StorageFault::Denied);
        let Some(lock) = self.instance(who).lock.clone() else { return };
        if is_denied {
            // It cannot know what others have done.
            self.ledger.completed.remove(&lock);
        }
        let recorded = self.ledger.recorded.get(&lock).filter(|_| !is_denied);
        let (session, known) = match recorded {
            Some(recorded) => (Some(recorded.session.clone()), recorded.parts.clone()),
            None => (stored_session(&lock, records), BTreeSet::new()),
        };
        let in_storage: Vec<_> =
            self.storage.map.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let stored = stored_session(&lock, &in_storage);
        if stored != stored_session(&lock, records) {
            // What was kept in memory while the storage was full hides what another tab has stored since.
            self.ledger.orphans.extend(stored.clone());
        }
        let instance = self.instance(who);
        instance.tampered = stored != session;
        instance.session = session;
        instance.known = known;
        instance.saves_fail = false;
    }

    /// A page dies: what it has not written yet, nobody will ever know of.
    pub fn learn_death(&mut self, page: usize) {
        self.in_flight = (self.sent.len() as u64).saturating_sub(self.confirmed);
        let storage = self.storage.map.values();
        let headers: String = storage.filter(|value| value.contains("upload=")).cloned().collect();
        for (_, instance) in self.instances.iter().filter(|(who, _)| who.page == page) {
            let forgotten = |session: &&String| !headers.contains(&format!("upload={session}&"));
            self.ledger.orphans.extend(instance.session.iter().filter(forgotten).cloned());
        }
    }

    pub fn note_created(&mut self, who: Who, session: String, key: &str) {
        let Some(instance) = self.instances.get_mut(&who) else { return };
        let (file, lock) = (instance.file, instance.lock.clone());
        instance.created.push(session.clone());
        self.contents.insert(session.clone(), self.files[file].bytes.clone());
        self.keys.insert(session.clone(), key.into());
        // Until its creator hears of it, nobody can remove it.
        self.ledger.orphans.insert(session.clone());
        say!(self, "store: {session} is for {key}, {}", lock.unwrap_or_default());
    }

    // What is checked.

    pub fn check_action(&mut self, who: Who, action: &Action) {
        if self.instances[&who].is_over() {
            panic!("{who}: {action:?} after it was {:?}", self.instances[&who].state);
        }
        match action {
            Action::TryLock(name) | Action::Lock(name) => self.instance(who).lock = Some(name.clone()),
            Action::Send(_, request) => self.check_send(who, &Doing::of_store(request)),
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
                self.instance(who).explained.insert("stalled");
                self.instance(who).failures += 1;
            }
            _ => {}
        }
    }

    fn check_send(&mut self, who: Who, doing: &Doing) {
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

    fn check_control(&mut self, who: Who, doing: &Doing) {
        if matches!(doing, Doing::Create(_)) {
            let known = self.instances[&who].known.len();
            assert_eq!(known, 0, "{who}: begins anew although {known} parts are known to be stored");
        }
        if !matches!(doing, Doing::SignPart | Doing::Abort(_)) {
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

    pub fn event(&mut self, who: Who, event: Event) {
        self.check_text(&format!("{event:?}"));
        let total = self.files[self.instances[&who].file].bytes.len() as u64;
        let state_now = self.instance(who).state;
        let now = self.agenda.now();
        match event {
            Event::State { state, previous } => {
                say!(self, "{who}: {}", state.as_str());
                assert!(
                    !matches!(state_now, State::Done | State::Cancelled),
                    "{who}: {state:?} after {state_now:?}"
                );
                assert_eq!(previous, state_now, "{who}: is {state:?}");
                if state_now == State::Failed {
                    self.begin_again(who);
                }
                let instance = self.instance(who);
                instance.state = state;
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
                assert!(progress.loaded <= progress.total && progress.total == total, "{who}: {progress:?}");
                assert!(
                    !matches!(state_now, State::Done | State::Cancelled),
                    "{who}: progress after {state_now:?}"
                );
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
            }
            Event::Failed(error) => {
                say!(self, "{who}: {} {error}", error.code.as_str());
                assert_eq!(state_now, State::Failed);
                self.check_offline(who, &error);
                self.check_failure(who, &error);
            }
            Event::Done(result) => {
                assert_eq!(state_now, State::Done);
                self.check_done(who, result);
            }
            Event::Warning { code, .. } => {
                say!(self, "{who}: warning {code}");
                if code == "abort-failed" {
                    self.instance(who).abort_failed = true;
                }
            }
            Event::Hash { loaded, total, .. } => assert!(loaded <= total),
        }
        self.react(who);
    }

    fn confirmed(&mut self, who: Who, number: u32, etag: &str) {
        say!(self, "{who}: part {number} is confirmed");
        self.confirmed += 1;
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
        let head = format!("{}/head", lock.replace("partwise/", "partwise/1/"));
        if unsure {
            return;
        }
        let header = self.storage.map.get(&head);
        let remembered = header.is_some_and(|header| header.contains(&format!("upload={session}&")));
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

    fn check_done(&mut self, who: Who, result: UploadResult) {
        let file = self.instances[&who].file;
        let bytes = self.files[file].bytes.clone();
        let held = self.store.history.get(&result.key);
        let whole = held.is_some_and(|held| held.contains(&bytes));
        assert!(whole, "{who}: done, but {} was never what the file is", result.key);
        assert!(result.md5.is_none_or(|md5| md5 == self.md5_of(file)), "{who}: the MD5 is not the file's");
        assert_eq!(self.instances[&who].loaded, bytes.len() as u64, "{who}: done before all was loaded");
        self.let_go(who);
        self.instance(who).result = Some(result);
    }

    fn check_cancelled(&mut self, who: Who) {
        let upload = self.pages[who.page].engine.as_ref().and_then(|engine| engine.upload(who.upload));
        let session = upload.and_then(|upload| upload.upload_id().map(str::to_owned));
        let instance = &self.instances[&who];
        if let Some(session) = session
            && self.store.sessions.contains_key(&session)
        {
            assert!(
                instance.abort_failed || self.ledger.orphans.contains(&session),
                "{who}: cancelled, but {session} is still at the store"
            );
            self.ledger.orphans.insert(session);
        }
        self.let_go(who);
    }

    /// The store has put an upload together.
    pub fn check_completion(&mut self, who: Who, session: &str, bytes: &[u8]) {
        self.completions += 1;
        let content = &self.contents[session];
        assert!(**content == *bytes, "{who}: {session} was completed, and is not the file");
        let count = content.len().div_ceil(PART as usize).max(1);
        let lock = self.instances.get(&who).and_then(|instance| instance.lock.clone());
        let Some(lock) = lock else { return };
        // Only who knows every part can tell the object from another one.
        let remembered = self.ledger.recorded.get(&lock);
        let is_known =
            remembered.is_some_and(|record| record.session == session && record.parts.len() == count);
        self.lose_session(session);
        let has_head = matches!(self.settings.way, Way::DirectRemote | Way::DirectLocal | Way::RichCompanion);
        // The same content may go under another key too.
        let other = self.ledger.completed.remove(&lock);
        if let Some(other) = other.filter(|other| self.keys.get(other) == self.keys.get(session)) {
            panic!("{who}: {session} was completed, after {other} was, and the store would have said so");
        }
        if has_head && is_known {
            self.ledger.completed.insert(lock, session.into());
        }
    }

    /// Whoever cancels while offline does not want to wait: removing is tried all the same, and given up.
    fn check_offline(&self, who: Who, error: &UploadError) {
        let counts =
            matches!(error.code, Code::Network | Code::Stalled) && error.operation != Operation::Abort;
        assert!(self.instances[&who].online || !counts, "{who}: an attempt was spent while offline");
    }

    fn check_code(&mut self, who: Who, error: &UploadError) {
        self.instance(who).last_code = Some(error.code);
        let instance = &self.instances[&who];
        let explained = match error.code {
            Code::OfflineTimeout => self.settings.config.offline_timeout.is_some(),
            Code::SessionLost => instance.doubts >= 3 || instance.explained.contains("session-lost"),
            code => instance.explained.contains(code.as_str()),
        };
        assert!(
            explained,
            "{who}: {} out of the blue: {error}; explained: {:?}",
            error.code.as_str(),
            instance.explained
        );
    }

    fn check_failure(&mut self, who: Who, error: &UploadError) {
        self.check_code(who, error);
        let now = self.page_now(who.page).mono;
        let instance = &self.instances[&who];
        match error.code {
            Code::Network | Code::Throttled | Code::Stalled => {
                let patient = now.since(instance.advanced) >= self.settings.config.retry_for;
                assert!(patient || instance.failures >= 5, "{who}: gives up early: {error}");
            }
            Code::OfflineTimeout => {
                let waited = now.since(instance.told);
                let enough = self.settings.config.offline_timeout.is_some_and(|wait| waited >= wait);
                assert!(
                    enough && !self.pages[who.page].online,
                    "{who}: was offline for {} ms only",
                    waited.0
                );
            }
            _ => {}
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

/// There is more to list, after nothing.
fn is_endless(body: &str) -> bool {
    body.contains("<IsTruncated>true") && !body.contains("<Part>")
}

fn codes_of(status: u16, body: &str, ours: &'static str) -> &'static [&'static str] {
    let store = ours == "store";
    match status {
        _ if body.contains("BadDigest") => &["checksum-mismatch"],
        _ if body.contains("SlowDown") || body.contains("TooManyRequests") => &["throttled"],
        400 if body.contains("expired") => &["url-expired", "denied"],
        401 | 403 => &["denied", "url-expired"],
        404 => &["session-lost", "store", "backend"],
        429 | 503 => &["throttled"],
        _ if store => &["store"],
        _ => &["backend"],
    }
}

/// The upload id in the header of a file's records.
fn stored_session(lock: &str, records: &[(String, String)]) -> Option<String> {
    let head = format!("{}/head", lock.replace("partwise/", "partwise/1/"));
    let (_, header) = records.iter().find(|(key, _)| *key == head)?;
    let (_, rest) = header.split_once("upload=")?;
    rest.split('&').next().map(Into::into)
}

/// Faults that make what the storage held unreliable.
pub const TAMPERS: &[Fault] = &[Fault::StorageCleared, Fault::StorageGarbage, Fault::StorageBack];
