//! Instant upload: what the backend has already, by its MD5, need not be sent.

use super::hashing::Whole;
use super::{Phase, Upload};
use crate::core::backend::Op;
use crate::core::config::Instant;
use crate::core::error::UploadError;
use crate::core::store::Completed;
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
                self.asked = true;
                self.phase = Phase::Finding;
                self.set_control(Op::Find(md5));
            }
        }
        true
    }

    /// The file's MD5 is known, or parts are being sent from now on.
    pub(super) fn may_find(&mut self) {
        match (&self.phase, &self.whole) {
            (Phase::Summing, _) => self.proceed(),
            (Phase::Sending, Whole::Known(md5)) if self.may_ask_meanwhile() => {
                let op = Op::Find(*md5);
                self.asked = true;
                self.set_control(op);
            }
            _ => {}
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
        if error.status != Some(404) {
            self.warn(
                "instant-unavailable",
                error.message,
                "The file is sent as if the backend did not have it. Check the function findExisting.",
            );
        }
        self.found(None, now);
    }
}
