//! Which file is this, and is there an unfinished upload of it?

use super::tabs::Hold;
use super::{Action, Event, OpId, PROGRESS_EVERY, Phase, Upload, Whole};
use crate::core::backend::{Op, Session};
use crate::core::checkpoint::{self, Checkpoint, Header};
use crate::core::config::{Identity, Instant, Verify};
use crate::core::error::Operation;
use crate::core::fingerprint::{Fingerprint, destination_id, fingerprint, sample_ranges};
use crate::core::hash::{Digests, Md5Digest, Md5Hasher};
use crate::core::http::NoReply;
use crate::core::plan::Plan;
use crate::core::retry::{Asked, Fault, describe, file_code};
use crate::core::units::{ByteRange, Now};

impl Upload {
    /// Whether it waits for [`super::Input::Admitted`].
    pub fn wants_admission(&self) -> bool {
        matches!(self.phase, Phase::Queued) && !self.paused
    }

    /// Whether it takes up a place among the uploads under way. Waiting for whoever sends the same file takes none.
    pub fn is_under_way(&self) -> bool {
        !self.paused && !self.has_ended() && !matches!(self.phase, Phase::Queued | Phase::Locking)
    }

    pub(super) fn admitted(&mut self, now: Now) {
        if !matches!(self.phase, Phase::Queued) {
            return;
        }
        self.advanced = now.mono;
        if !self.plan.is_multipart() {
            // One request: nothing to resume, so nothing to recognise. Proving it gives its MD5 too.
            let is_proven = self.config.verify != Verify::Off || !self.config.overwrite;
            if !is_proven || self.config.instant == Instant::Before {
                self.start_whole_hash();
            }
            return self.proceed();
        }
        let ranges = sample_ranges(self.plan.size());
        if ranges.is_empty() {
            self.sampled(&Md5Hasher::new().finish());
            return;
        }
        let id = self.new_op();
        self.phase = Phase::Sampling(id);
        self.act(Action::Hash(id, ranges, None));
    }

    fn sampled(&mut self, sample: &Md5Digest) {
        // The same file for another key is another upload.
        let mut destination = self.config.destination.clone();
        destination.push('\n');
        if self.target.key_is_explicit {
            destination.push_str(&self.target.key);
        }
        let name = fingerprint(&self.target.file, &destination, sample);
        self.lock(name);
    }

    fn lock(&mut self, fingerprint: Fingerprint) {
        self.phase = Phase::Locking;
        self.fingerprint = Some(fingerprint);
        self.try_lock();
    }

    pub(super) fn load(&mut self) {
        self.phase = Phase::Loading;
        self.act(Action::Load(checkpoint::PREFIX));
    }

    pub(super) fn loaded(&mut self, records: &[(String, String)], now: Now) {
        if matches!(self.phase, Phase::Claiming(_)) && self.hold == Hold::Held {
            return self.claimed(records);
        }
        let (Phase::Loading, Some(name)) = (&self.phase, self.fingerprint.clone()) else { return };
        for key in checkpoint::expired_or_broken(records, now.wall, self.config.expire_after) {
            self.act(Action::Remove(key));
        }
        if let Some((stored, plan)) = self.resumable(&name, records, now) {
            return self.adopt(stored, plan);
        }
        if self.config.identity == Identity::Md5 {
            let headers = checkpoint::headers(records);
            let mut alike = headers.iter().map(|(header, _)| header).filter(|header| {
                header.md5.is_some() && self.resumable(&header.fingerprint, records, now).is_some()
            });
            match self.whole {
                Whole::Known(md5) => {
                    if let Some(same) = alike.find(|header| header.md5 == Some(md5)) {
                        // The same content under another name or date: go on with that one.
                        let other = same.fingerprint.clone();
                        return self.lock(other);
                    }
                }
                _ if alike.next().is_some() => {
                    self.start_whole_hash();
                    self.phase = Phase::Matching;
                    return;
                }
                _ => {}
            }
        }
        self.begin(now);
    }

    /// A new upload at the store.
    pub(super) fn create(&mut self) {
        self.start_whole_hash();
        if self.asks_first() || self.looks_first() {
            return;
        }
        self.identifier = match (&self.whole, &self.fingerprint) {
            (Whole::Known(md5), _) => md5.to_hex(),
            (_, Some(fingerprint)) => fingerprint.as_str().into(),
            (_, None) => String::new(),
        };
        self.session = None;
        self.header = None;
        self.phase = Phase::Creating;
        self.set_control(Op::Create);
    }

    /// An upload of this very file to this destination, with parts that the store still takes.
    fn resumable(
        &self,
        name: &Fingerprint,
        records: &[(String, String)],
        now: Now,
    ) -> Option<(Checkpoint, Plan)> {
        let stored = checkpoint::load(name, records, now.wall, self.config.expire_after)?;
        let Header { size, part_size, destination, .. } = &stored.header;
        let is_ours = *size == self.plan.size()
            && *destination == destination_id(&self.config.destination)
            && !self.wants_another_key(&stored.header.key);
        let plan = Plan::resume(*size, *part_size, &self.config.limits).filter(|_| is_ours)?;
        Some((stored, plan))
    }

    pub(super) fn wants_another_key(&self, key: &str) -> bool {
        self.target.key_is_explicit && key != self.target.key && self.backend.keeps_keys()
    }

    fn adopt(&mut self, stored: Checkpoint, plan: Plan) {
        let Checkpoint { header, confirmed } = stored;
        self.plan = plan;
        if self.backend.keeps_keys() {
            // Should it have to be begun anew, then under the same key.
            self.target.key.clone_from(&header.key);
        }
        self.session = Some(Session { key: header.key.clone(), upload_id: header.upload_id.clone() });
        if let Some(md5) = header.md5 {
            self.whole = Whole::Known(md5);
        }
        self.header = Some(header);
        self.confirmed = confirmed;
        // An earlier page got this far: failures are outages rather than mistakes.
        self.note_worked(Asked::Store);
        self.note_worked(Asked::Backend);
        self.start_whole_hash();
        self.start_listing();
    }

    /// In the worker, while parts are being sent.
    fn start_whole_hash(&mut self) {
        if self.config.identity == Identity::Md5 && self.whole == Whole::Off {
            let id = self.new_op();
            self.whole = Whole::Running { id, loaded: 0 };
            self.act(Action::Hash(id, vec![ByteRange { start: 0, end: self.plan.size() }], None));
        }
    }

    pub(super) fn hash_progress(&mut self, id: OpId, bytes: u64, now: Now) {
        let total = self.plan.size();
        if let Whole::Running { id: running, loaded } = &mut self.whole
            && *running == id
            && bytes > *loaded
        {
            *loaded = bytes.min(total);
            if now.mono.since(self.hash_shown) < PROGRESS_EVERY {
                return;
            }
            self.hash_shown = now.mono;
            self.events.push_back(Event::Hash { loaded: *loaded, total, md5: None });
        }
    }

    /// [`super::Input::Hashed`]: samples, the whole file, or a part.
    pub(super) fn hashed(&mut self, id: OpId, result: Result<Digests, String>, now: Now) {
        let is_whole = matches!(self.whole, Whole::Running { id: running, .. } if running == id);
        let is_sample = matches!(self.phase, Phase::Sampling(running) if running == id);
        match result {
            // The object is complete; only the MD5 of the file it came from will not be known.
            Err(_) if is_whole && matches!(self.phase, Phase::Digesting(_)) => self.whole = Whole::Off,
            Err(name) if is_whole || is_sample || self.is_part_hash(id) => {
                self.file_lost(Operation::Hash, name)
            }
            Err(_) => {}
            Ok(sample) if is_sample => self.sampled(&sample.md5),
            Ok(whole) if is_whole => self.whole_known(whole.md5),
            Ok(part) => self.part_hashed(id, part, now),
        }
    }

    fn whole_known(&mut self, md5: Md5Digest) {
        self.whole = Whole::Known(md5);
        let total = self.plan.size();
        self.events.push_back(Event::Hash { loaded: total, total, md5: Some(md5) });
        if let Some(header) = &mut self.header {
            header.md5 = Some(md5);
            let record = header.record();
            self.act(Action::Save(record));
        }
        if matches!(self.phase, Phase::Matching) {
            self.load();
        }
        self.may_find();
    }

    pub(super) fn file_lost(&mut self, operation: Operation, exception: String) {
        let code = file_code(&exception);
        let fault = Fault::NoReply(NoReply::File(exception));
        self.fail(describe(operation, Asked::Store, code, &fault));
    }
}
