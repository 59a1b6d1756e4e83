//! Instant upload: what the backend has already, by its MD5, need not be sent. A store is no use to ask by MD5; of what this
//! browser has sent there, it is remembered under which key.

use super::hashing::Whole;
use super::{Action, Phase, Upload, UploadResult};
use crate::core::backend::Op;
use crate::core::checkpoint::{KeptObject, PREFIX};
use crate::core::config::Instant;
use crate::core::error::UploadError;
use crate::core::fingerprint::{Fingerprint, content_id};
use crate::core::hash::Md5Digest;
use crate::core::store::{Completed, Kind};
use crate::core::units::Now;

impl Upload {
    /// Whether something else comes before a new upload at the store: the file's MD5, and the question whether the backend
    /// has it. Comes back to [`Upload::proceed`].
    pub(super) fn asks_first(&mut self) -> bool {
        let asks = self.config.instant == Instant::Before && self.backend.finds() && !self.asked;
        // To a chunk endpoint, the MD5 is the file's name.
        let names = self.backend.as_form().is_some();
        match self.whole {
            Whole::Held | Whole::Running { .. } if asks || names => self.phase = Phase::Summing,
            Whole::Off | Whole::Held | Whole::Running { .. } => return false,
            Whole::Known(_) if !asks => return false,
            Whole::Known(md5) => {
                self.phase = Phase::Finding;
                self.find(md5);
            }
        }
        true
    }

    /// The file's MD5 is known, or parts are being sent from now on.
    pub(super) fn may_find(&mut self) {
        match (&self.phase, &self.whole) {
            (Phase::Summing, _) => self.proceed(),
            (Phase::Sending, Whole::Known(md5)) if self.may_ask_meanwhile() => {
                let md5 = *md5;
                self.find(md5);
            }
            _ => {}
        }
    }

    fn find(&mut self, md5: Md5Digest) {
        self.asked = true;
        if self.backend.keeps_keys() {
            self.recalls = true;
            self.act(Action::Load(PREFIX));
        } else {
            self.set_control(Op::Find(md5));
        }
    }

    /// Where this content was stored before, if it is remembered.
    pub(super) fn recalled(&mut self, records: &[(String, String)], now: Now) {
        self.recalls = false;
        self.sweep(records, now);
        let waits = match self.phase {
            Phase::Finding => true,
            Phase::Sending => self.control.is_none(),
            _ => false,
        };
        let Some(content) = self.content().filter(|_| waits) else { return };
        match KeptObject::find(&content, records, now.wall, self.config.expire_after) {
            Some(object) if !self.wants_another_key(&object.key) => self.set_control(Op::Revisit(object)),
            _ => self.found(None, now),
        }
    }

    /// Remembers where this content is now.
    pub(super) fn keep_in_mind(&mut self, result: &UploadResult) {
        let is_asked_for = match self.config.instant {
            Instant::Off => false,
            Instant::Before => true,
            Instant::During => self.plan.is_multipart(),
        };
        let remembers = is_asked_for && self.backend.keeps_keys();
        // Ceph RGW does not always tell the ETag of what it has put together.
        let computed = || self.composite().filter(|_| self.backend.store() == Some(Kind::S3));
        let etag = result.etag.clone().or_else(computed);
        if let (Some(content), Some(etag), true) = (self.content(), etag, remembers) {
            let object = KeptObject { key: result.key.clone(), etag, stored: self.wall };
            self.act(Action::Save(object.record(&content)));
        }
    }

    fn content(&self) -> Option<Fingerprint> {
        match self.whole {
            Whole::Known(md5) => Some(content_id(&self.config.destination, self.plan.size(), &md5)),
            _ => None,
        }
    }

    fn may_ask_meanwhile(&self) -> bool {
        self.config.instant == Instant::During
            && self.backend.finds()
            && self.plan.is_multipart()
            && !self.asked
            && self.control.is_none()
    }

    /// On to the upload itself, once nothing else comes before it.
    pub(super) fn proceed(&mut self) {
        if self.plan.is_multipart() {
            self.create();
        } else if !self.asks_first() && !self.looks_first() {
            self.phase = Phase::Sending;
        }
    }

    /// The backend's answer; `None`: it is to be sent.
    pub(super) fn found(&mut self, object: Option<Completed>, now: Now) {
        match (object, &self.phase) {
            (Some(object), Phase::Sending) => {
                self.was_there = true;
                self.drop_flights(now);
                self.urls.clear();
                self.phase = Phase::Superfluous(Box::new(object));
                self.set_control(Op::Abort);
            }
            (Some(object), _) => {
                self.was_there = true;
                self.done(object);
            }
            (None, Phase::Finding) => self.proceed(),
            (None, _) => {}
        }
    }

    /// That nobody knows does not keep a file from being sent.
    pub(super) fn not_asked(&mut self, error: UploadError, now: Now) {
        self.control = None;
        let is_answer = match error.status {
            Some(404) => true,
            // Not every store tells an object that is missing from one that may not be seen.
            Some(403) => self.backend.keeps_keys(),
            _ => false,
        };
        if !is_answer {
            self.warn(
                "instant-unavailable",
                error.into_message(),
                "The file is sent as if it were not there yet. Check what answers: the function findExisting, the route \
                 /lookup, or the store's reply to HEAD.",
            );
        }
        self.found(None, now);
    }
}
