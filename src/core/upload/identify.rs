//! Which file is this, and is there an unfinished upload of it?

use super::hashing::{Ahead, Whole};
use super::tabs::Hold;
use super::{Action, Phase, Upload};
use crate::core::backend::{Op, Session};
use crate::core::checkpoint::{self, Checkpoint, Header};
use crate::core::config::{Identity, Instant, Verify};
use crate::core::error::Operation;
use crate::core::fingerprint::{Fingerprint, destination_id, fingerprint, sample_ranges};
use crate::core::hash::{Md5Digest, Md5Hasher, Reading, Wanted};
use crate::core::http::NoReply;
use crate::core::plan::Plan;
use crate::core::retry::{Asked, Fault, describe, file_code};
use crate::core::units::Now;

impl Upload {
    /// Whether it waits for [`super::Input::Admitted`].
    pub fn wants_admission(&self) -> bool {
        matches!(self.phase, Phase::Queued) && !self.paused
    }

    /// Whether it has been admitted, or is being removed, and anything may still happen by itself.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Queued) && !self.has_ended()
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
        let wanted = Wanted { md5: true, ..Wanted::default() };
        self.act(Action::Hash(id, Reading::of(ranges, wanted)));
    }

    pub(super) fn sampled(&mut self, sample: &Md5Digest) {
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
        if self.recalls {
            return self.recalled(records, now);
        }
        if matches!(self.phase, Phase::Claiming(_)) && self.hold == Hold::Held {
            return self.claimed(records);
        }
        let (Phase::Loading, Some(name)) = (&self.phase, self.fingerprint.clone()) else { return };
        self.sweep(records, now);
        let whole = checkpoint::load_whole(&name, records, now.wall, self.config.expire_after);
        if let Some((stored, plan)) = self.resumable(&name, records, now) {
            return self.adopt(stored, plan, whole);
        }
        if self.ahead.is_new() {
            self.ahead = Ahead::after(whole, &self.plan);
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
                        self.act(Action::Remove(checkpoint::whole_key(&name)));
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

    /// Removes what is of no use any more.
    pub(super) fn sweep(&mut self, records: &[(String, String)], now: Now) {
        for key in checkpoint::expired_or_broken(records, now.wall, self.config.expire_after) {
            self.act(Action::Remove(key));
        }
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

    fn adopt(&mut self, stored: Checkpoint, plan: Plan, whole: Option<Md5Hasher>) {
        let Checkpoint { header, confirmed } = stored;
        self.plan = plan;
        self.ahead = Ahead::after(whole, &self.plan);
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

    pub(super) fn file_lost(&mut self, operation: Operation, exception: String) {
        let code = file_code(&exception);
        let fault = Fault::NoReply(NoReply::File(exception));
        self.fail(describe(operation, Asked::Store, code, &fault));
    }
}
