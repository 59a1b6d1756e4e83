//! What the uploads, the store and the storage have reason to know, which is what `invariants` judges them by: parts that
//! were confirmed, sessions that are gone, failures that were met.

use crate::failures::{Troubles, side};
use crate::faults::Fault;
use crate::instance::Instance;
use crate::model::store::md5;
use crate::network::Doing;
use crate::page::{Running, Who};
use crate::sabotage::Sabotage;
use crate::say;
use crate::storage::StorageFault;
use crate::world::{PART, Way, World};
use partwise::core::backend::{PageReply, StepReply};
use partwise::core::checkpoint::{Checkpoint, Header, PREFIX, headers, load};
use partwise::core::engine::CredentialsReply;
use partwise::core::hash::composite_etag;
use partwise::core::http::HttpReply;
use partwise::core::retry::{Asked, Fault as Failure, MAX_LISTINGS};
use partwise::core::store::normalize_etag;
use partwise::core::text::json;
use partwise::core::units::{Millis, PartNumber};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Sessions of which a list of parts did not end.
    pub endless: BTreeSet<String>,
}

impl World {
    pub fn instance(&mut self, who: Who) -> &mut Instance {
        self.instances.get_mut(&who).expect("a known upload")
    }

    pub fn begin_instance(&mut self, who: Who, file: usize) {
        let now = self.page_now(who.page).mono;
        let online = self.pages[who.page].online;
        let instance = Instance::new(file, now, online, self.agenda.now());
        self.instances.insert(who, instance);
    }

    /// The user says something that may bring an upload back that has failed.
    pub fn may_begin_again(&mut self, who: Who) {
        let now = self.agenda.now();
        let instance = self.instance(who);
        instance.spoken = Some(now);
        // It tries at once, whatever the browser says.
        instance.begun_offline = instance.begun_offline.saturating_sub(1);
    }

    /// Nobody wants it any more, so that it may be forgotten.
    pub fn let_go(&mut self, who: Who) {
        if let Some(lock) = self.instance(who).lock.clone() {
            self.ledger.recorded.remove(&lock);
            self.ledger.completed.remove(&lock);
        }
    }

    /// It ended by what others did, who knew nothing of a session that could not be recorded.
    pub fn let_go_unsaved(&mut self, who: Who) {
        let instance = &self.instances[&who];
        if instance.tampered || instance.saves_fail {
            self.ledger.orphans.extend(instance.session.clone());
        }
    }

    /// It has begun again: what comes is judged afresh.
    pub fn begin_again(&mut self, who: Who) {
        let now = self.page_now(who.page).mono;
        let instance = self.instance(who);
        instance.troubles = Troubles::default();
        instance.found_own = false;
        (instance.doubts, instance.restarts) = (0, 0);
        (instance.failed_lists, instance.refusals) = (0, 0);
        instance.forget_aborts();
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
        // Whoever is at it needs no record to remove it.
        let engine = |page: usize| self.pages[page].engine.as_ref();
        let works = self.instances.iter().filter(|(_, instance)| !instance.state.is_final());
        let held: BTreeSet<_> =
            works.filter_map(|(who, _)| engine(who.page)?.upload(who.upload)?.upload_id()).collect();
        let rest = self.store.sessions.keys().filter(|session| !held.contains(session.as_str()));
        self.ledger.orphans.extend(rest.cloned());
    }

    /// The engine begins anew by design, whatever the store still has.
    pub fn forget_known(&mut self, who: Who) {
        self.instance(who).known.clear();
        if let Some(lock) = self.instance(who).lock.clone() {
            self.ledger.recorded.remove(&lock);
        }
    }

    pub fn learn_online(&mut self, page: usize, online: bool) {
        let now = self.page_now(page).mono;
        for (_, instance) in self.instances.iter_mut().filter(|(who, _)| who.page == page) {
            if instance.online != online {
                instance.online = online;
                instance.begun_offline = 0;
                if online {
                    instance.troubles.forgive();
                }
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
            self.meet(who, None, &[if changed { "file-changed" } else { "file-unreadable" }], false);
        }
    }

    /// A reply is about to be delivered.
    pub fn learn(&mut self, who: Who, doing: &Doing, result: &Result<StepReply, Failure>) {
        if !self.instances.contains_key(&who) {
            return;
        }
        let worked = self.meet_reply(who, doing, result);
        self.pages[who.page].worked[side(doing.asked())] |= worked;
        if let Ok(StepReply::Http(_)) = result {
            let now = self.page_now(who.page).mono;
            let is_offline = !self.pages[who.page].online;
            let instance = self.instance(who);
            instance.online = true;
            instance.troubles.contradicted = instance.troubles.contradicted.max(is_offline.then_some(now));
        }
        let (status, said) = match result {
            Ok(StepReply::Http(reply)) => (Some(reply.status), reply.body.as_str()),
            Err(Failure::Page { status, message, .. }) => (*status, message.as_str()),
            _ => (None, ""),
        };
        let is_gone = !worked && (status == Some(404) || said.contains("NoSuchUpload"));
        match doing {
            Doing::Complete(_) if !worked && said.contains("InvalidPart") => self.learn_refused(who),
            Doing::List(asked) => self.learn_list(who, *asked, status, worked, is_gone),
            Doing::Put { .. } | Doing::Complete(_) | Doing::SignPart | Doing::Sign(_) if is_gone => {
                self.instance(who).doubts += 1;
            }
            Doing::Abort(_) => {
                let again = [401, 408, 409, 429];
                self.instance(who).abort_refused |=
                    status.is_some_and(|status| (400..500).contains(&status) && !again.contains(&status));
            }
            Doing::Head(asked) => {
                if let Ok(StepReply::Http(reply)) = result {
                    self.learn_head(who, *asked, reply);
                }
            }
            Doing::Create(_) => self.learn_created(who, result),
            // Whoever has been told is done with it; dying before it has told the user is nobody's fault.
            Doing::Complete(_) if worked => self.learn_end(who),
            _ => {}
        }
    }

    /// A part is missing, and the engine lists again to see which; all others it keeps. It begins anew when that has not
    /// helped, or cannot: a store that a refused repetition has spoiled a part for lists that part all the same.
    fn learn_refused(&mut self, who: Who) {
        let instance = self.instance(who);
        instance.doubts += 1;
        instance.refusals += 1;
        let again = instance.refusals > 1;
        let session = instance.session.clone();
        let session = session.and_then(|session| self.store.sessions.get(&session));
        if again || session.is_some_and(|session| session.parts.values().any(|part| part.spoiled)) {
            self.forget_known(who);
        }
    }

    /// Uppy's Companion says 500 to a stale upload id, and the engine begins anew after three, whoever says so.
    fn learn_list(&mut self, who: Who, asked: Asked, status: Option<u16>, worked: bool, is_gone: bool) {
        let instance = self.instance(who);
        if worked {
            instance.failed_lists = 0;
        } else if asked == Asked::Backend && status == Some(500) {
            instance.failed_lists += 1;
        }
        let is_suspect = !worked && instance.failed_lists >= u64::from(MAX_LISTINGS);
        instance.doubts += u64::from(is_gone || is_suspect);
        if is_suspect {
            self.forget_known(who);
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
            instance.refusals = 0;
            instance.known.clear();
            instance.tampered = false;
            self.ledger.orphans.remove(&session);
        }
    }

    /// Whoever gets an answer has been told: that its object is there, that there is none, or another one. A connection that
    /// breaks tells nothing, nor does a server that is overloaded or fails, until the budget is spent on it. 400, 401 and 403
    /// are taken for an answer, which they may come to be.
    fn learn_head(&mut self, who: Who, asked: Asked, reply: &HttpReply) {
        let Some(lock) = self.instance(who).lock.clone() else { return };
        let Some(session) = self.ledger.completed.get(&lock) else { return };
        let ours = composite_etag(self.contents[session].chunks(PART as usize).map(md5));
        let etag = match asked {
            Asked::Store => reply.header("etag").map(normalize_etag),
            Asked::Backend => {
                let reply = json::parse(&reply.body).ok();
                reply.and_then(|reply| reply.get("etag")?.as_str().map(normalize_etag))
            }
        };
        let is_told = match reply.status {
            200..=299 => etag.is_some(),
            408 | 429 => false,
            status => status < 500 && self.sabotage != Some(Sabotage::HeadDenies),
        };
        if is_told || self.has_spent_budget(who, asked) {
            self.instance(who).found_own = etag == Some(ours);
            self.ledger.completed.remove(&lock);
        }
    }

    fn learn_end(&mut self, who: Who) {
        if let Some(lock) = self.instance(who).lock.clone() {
            self.ledger.completed.remove(&lock);
        }
    }

    pub fn learn_of_credentials(&mut self, page: usize, reply: &CredentialsReply) {
        let mine: Vec<Who> = self.instances.keys().copied().filter(|who| who.page == page).collect();
        for who in mine {
            match reply {
                Err(failure) => drop(self.meet_reply(who, &Doing::Credentials, &Err(failure.clone()))),
                // They may end too soon.
                Ok(_) => self.meet(who, Some(Asked::Backend), &["backend"], true),
            }
        }
    }

    /// An action is given up by the engine.
    pub fn learn_drop(&mut self, who: Who, running: &Running) {
        let waited = self.page_now(who.page).mono.since(running.since);
        let has_stalled = waited >= self.settings.config.stall_timeout;
        if matches!(running.doing, Doing::Create(_)) && self.instances[&who].leaves {
            assert!(has_stalled, "{who}: does not wait for the id of what it has to remove");
        }
        if has_stalled {
            self.meet(who, Some(running.doing.asked()), &["stalled"], true);
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
            self.ledger.recorded.remove(&lock);
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
        let hides = self.pages[who.page].records.hides(&lock.replace("partwise/", "partwise/1/"));
        if hides {
            // It goes by what its memory has, and writes over what others have stored.
            self.ledger.recorded.remove(&lock);
            self.ledger.completed.remove(&lock);
        }
        let recorded = self.ledger.recorded.get(&lock).map(|recorded| recorded.session.clone());
        if let Some(session) = recorded.filter(|session| self.goes_elsewhere(who, session)) {
            // Begun under this name by another file of the same content, for a key of its own.
            self.ledger.recorded.remove(&lock);
            self.ledger.orphans.insert(session);
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
        let usable = checkpoint_of(&lock, records).map(|stored| stored.header.upload_id);
        let instance = self.instance(who);
        let forgotten =
            instance.session.take().filter(|known| instance.tampered && usable.as_ref() != Some(known));
        instance.tampered = stored != session;
        instance.session = session;
        instance.known = known;
        instance.saves_fail = false;
        // After a failure it goes by the records, which may be garbled, and not by what it knew.
        self.ledger.orphans.extend(forgotten);
    }

    /// Only direct backends keep the keys that pages choose.
    fn goes_elsewhere(&self, who: Who, session: &str) -> bool {
        let file = &self.files[self.instances[&who].file];
        let keeps = matches!(self.settings.way, Way::DirectRemote | Way::DirectLocal);
        keeps && file.key_is_explicit && self.keys.get(session) != Some(&file.key)
    }

    /// The browser has died, and the storage is what the copies will make of it: what they have, must be known again.
    /// A record whose page died before its copy was made is lost.
    pub fn learn_crash(&mut self, before: BTreeSet<String>) {
        let after = self.storage.sessions();
        self.ledger.orphans.extend(before.into_iter().filter(|session| !after.contains(session)));
        let records: Vec<_> =
            self.storage.map.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        self.ledger.recorded.retain(|lock, recorded| {
            let stored = checkpoint_of(lock, &records);
            let Some(stored) = stored.filter(|stored| stored.header.upload_id == recorded.session) else {
                return false;
            };
            // What is older than the copy and as long is kept, be it of a part that was sent again since.
            let etag = |part: u32| stored.confirmed.get(PartNumber::new(part)?);
            let at_store = self.store.sessions.get(&recorded.session);
            recorded.parts.retain(|part| {
                let is = at_store.and_then(|session| session.parts.get(part)).map(|part| part.etag.clone());
                is.is_some() && etag(*part) == is
            });
            true
        });
        self.ledger.completed.retain(|lock, session| {
            checkpoint_of(lock, &records).is_some_and(|stored| {
                let Header { upload_id, size, part_size, .. } = &stored.header;
                upload_id == session && stored.confirmed.len() as u64 == size.div_ceil(*part_size)
            })
        });
    }

    /// Copies were a moment behind what they have replaced.
    pub fn learn_replaced(&mut self, keys: &[String]) {
        for key in keys {
            let lock = key.replace(PREFIX, "partwise/");
            let lock = lock.rsplit_once('/').map_or(lock.as_str(), |(lock, _)| lock).to_owned();
            self.ledger.recorded.remove(&lock);
            self.ledger.completed.remove(&lock);
            let sessions: Vec<_> = self
                .instances
                .values_mut()
                .filter(|instance| instance.lock.as_ref() == Some(&lock))
                .filter_map(|instance| {
                    instance.tampered = true;
                    instance.session.clone()
                })
                .collect();
            self.ledger.orphans.extend(sessions);
        }
    }

    /// A page dies: what it has not written yet, nobody will ever know of.
    pub fn learn_death(&mut self, page: usize) {
        let running = self.pages[page].running.values();
        self.in_flight = running.filter(|running| running.doing.sends_file()).count() as u64;
        let storage = self.storage.map.values();
        let headers: String = storage.filter(|value| value.contains("upload=")).cloned().collect();
        for (_, instance) in self.instances.iter().filter(|(who, _)| who.page == page) {
            // A record that was garbled is of no use.
            let forgotten =
                |session: &&String| instance.tampered || !headers.contains(&format!("upload={session}&"));
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

fn checkpoint_of(lock: &str, records: &[(String, String)]) -> Option<Checkpoint> {
    let name = lock.strip_prefix("partwise/")?;
    let all = headers(records).into_iter().map(|(header, _)| header);
    let header = all.into_iter().find(|header| header.fingerprint.as_str() == name)?;
    load(&header.fingerprint, records, header.created, Millis(0))
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
