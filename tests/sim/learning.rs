//! What the uploads, the store and the storage have reason to know, which is what `invariants` judges them by: parts that
//! were confirmed, sessions that are gone, failures that were met.

use crate::faults::Fault;
use crate::network::Doing;
use crate::page::{Running, Who};
use crate::say;
use crate::storage::StorageFault;
use crate::world::World;
use partwise::core::backend::{PageReply, StepReply};
use partwise::core::engine::CredentialsReply;
use partwise::core::error::Code;
use partwise::core::http::{HttpReply, NoReply};
use partwise::core::retry::{Asked, Fault as Failure};
use partwise::core::store::normalize_etag;
use partwise::core::units::Instant;
use partwise::core::upload::{State, UploadResult};
use std::collections::{BTreeMap, BTreeSet};

/// An upload as the world sees it.
pub struct Instance {
    pub file: usize,
    pub state: State,
    pub result: Option<UploadResult>,
    pub loaded: u64,
    /// The lock asked for last: which file it takes itself to be.
    pub lock: Option<String>,
    /// The lock it tries to take.
    pub trying: Option<String>,
    /// Parts that it was told are stored, and that are.
    pub known: BTreeSet<u32>,
    /// The session whose parts these are.
    pub session: Option<String>,
    /// Created by a request of its own, newest last.
    pub created: Vec<String>,
    pub saves_fail: bool,
    /// Somebody else has changed the storage since its session began, or since it read of it.
    pub tampered: bool,
    /// What it has reason to believe.
    pub online: bool,
    pub offline_since: Instant,
    /// When the browser last said whether it is offline.
    pub told: Instant,
    pub begun_offline: u64,
    /// Codes that something it met explains.
    pub explained: BTreeSet<&'static str>,
    pub failures: u64,
    pub failed_lists: u64,
    pub doubts: u64,
    pub advanced: Instant,
    pub last_code: Option<Code>,
    pub abort_failed: bool,
    /// An earlier page's, only to be removed.
    pub only_discards: bool,
    /// When it last began a request.
    pub begun: Option<Instant>,
    /// The user has cancelled it.
    pub leaves: bool,
    /// When the user last said something that may bring it back after a failure.
    pub spoken: Option<u64>,
}

/// What the storage must still know of a file.
pub struct Recorded {
    pub session: String,
    pub parts: BTreeSet<u32>,
    /// By the page's clock.
    pub created: u64,
}

#[derive(Default)]
pub struct Ledger {
    pub recorded: BTreeMap<String, Recorded>,
    /// Completed by an upload that has not been told, by lock.
    pub completed: BTreeMap<String, String>,
    /// Sessions that nobody can be expected to remove.
    pub orphans: BTreeSet<String>,
}

impl Instance {
    /// Nothing more may come of it.
    pub fn is_over(&self) -> bool {
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
            begun: None,
            leaves: false,
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
    pub fn begin_again(&mut self, who: Who) {
        let now = self.page_now(who.page).mono;
        let instance = self.instance(who);
        instance.failures = 0;
        instance.doubts = 0;
        instance.failed_lists = 0;
        instance.explained.clear();
        instance.advanced = now;
    }

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

    pub fn learn_online(&mut self, page: usize, online: bool) {
        let now = self.page_now(page).mono;
        for (_, instance) in self.instances.iter_mut().filter(|(who, _)| who.page == page) {
            if instance.online != online {
                instance.online = online;
                instance.begun_offline = 0;
            }
            if !online {
                instance.offline_since = now;
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
        let created = &self.instances[&who].created;
        let told = match result {
            Ok(StepReply::Http(reply)) => created.iter().find(|session| {
                reply.body.contains(&format!("<UploadId>{session}<"))
                    || reply.body.contains(&format!("\"uploadId\":\"{session}\""))
            }),
            Ok(StepReply::Page(PageReply::Created(reply))) => {
                created.iter().find(|session| **session == reply.upload_id)
            }
            _ => None,
        };
        if let Some(session) = told.cloned() {
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
