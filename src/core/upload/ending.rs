//! Pause, resume, cancel, fail, finish.

use super::hashing::{Ahead, Whole};
use super::tabs::Hold;
use super::{Action, Event, Message, Phase, Upload, UploadResult};
use crate::core::backend::Op;
use crate::core::checkpoint::{Confirmed, whole_key};
use crate::core::error::UploadError;
use crate::core::http::without_query;
use crate::core::store::{Completed, MAX_ETAG_BYTES, normalize_etag};
use crate::core::units::Now;
use crate::core::upload::parts::PartTable;

impl Upload {
    /// Aborts what is in flight. Creating and completing are let go on: aborted midway they would leave an upload nobody
    /// knows, or an object nobody expects.
    pub(super) fn pause(&mut self, now: Now) {
        if self.paused
            || matches!(
                self.phase,
                Phase::Done | Phase::Failed | Phase::Cancelled | Phase::Claiming(_) | Phase::Aborting
            )
        {
            return;
        }
        self.paused = true;
        self.drop_flights(now);
        self.hold_whole_hash();
        self.interrupt_control(|op| matches!(op, Op::Create | Op::Complete(_) | Op::Abort));
    }

    pub(super) fn resume(&mut self, now: Now) {
        if matches!(self.phase, Phase::Failed) {
            self.start_over(now);
        } else if self.paused {
            self.paused = false;
            self.network.begins(now.mono);
            self.parts.wake(now.mono);
            self.forgive();
            if self.whole == Whole::Held {
                self.start_whole_hash();
            }
        }
    }

    /// After a failure: from the beginning, and so from the checkpoint. The session stays known until then, to be removed
    /// if this is cancelled before.
    fn start_over(&mut self, now: Now) {
        self.phase = Phase::Queued;
        self.paused = false;
        self.network.begins(now.mono);
        self.recreated = 0;
        self.was_damaged = false;
        self.looked = false;
        self.is_ready = false;
        self.refused = None;
        self.asked = false;
        self.relisted = 0;
        self.doubted = false;
        self.parts = PartTable::new(self.plan.count());
        self.unproven = Vec::new();
        self.confirmed = Confirmed::new(self.plan.count());
        self.header = None;
        // The file may have changed.
        self.ahead = Ahead::default();
        self.whole = Whole::Off;
    }

    pub(super) fn cancel(&mut self, now: Now) {
        if matches!(self.phase, Phase::Done | Phase::Cancelled | Phase::Claiming(_) | Phase::Aborting) {
            return;
        }
        let was_loading = matches!(self.phase, Phase::Loading);
        self.let_everything_go(now, |op| *op == Op::Create);
        self.paused = false;
        // While records are being read, a later session may have taken the place of the one known.
        if self.session.is_some() && (self.hold != Hold::Held || was_loading) {
            return self.claim(now);
        }
        self.phase = Phase::Aborting;
        if self.is_creating_now() {
            // Its upload id is needed to remove it.
            return;
        }
        if self.session.is_some() {
            return self.set_control(Op::Abort);
        }
        self.cancelled();
    }

    /// Ends in `cancelled`. Records found but not taken over yet stay: they may be another tab's, and what they tell of
    /// is still at the store.
    pub(super) fn cancelled(&mut self) {
        if self.session.is_some() {
            self.forget();
        } else if let Some(fingerprint) = &self.fingerprint {
            let key = whole_key(fingerprint);
            self.act(Action::Remove(key));
        }
        self.end_cancelled();
    }

    /// Ends in `cancelled`, and leaves the records as they are.
    pub(super) fn end_cancelled(&mut self) {
        self.control = None;
        self.phase = Phase::Cancelled;
        self.unlock();
        self.show_state();
    }

    /// Ends in `failed`. What has arrived stays, here and at the store.
    pub(super) fn fail(&mut self, error: UploadError) {
        if self.has_ended() {
            return;
        }
        self.let_everything_go(Now::default(), |_| false);
        self.phase = Phase::Failed;
        self.unlock();
        self.show_state();
        self.events.push_back(Event::Failed(error));
    }

    pub(super) fn done(&mut self, completed: Completed) {
        self.forget();
        self.end_done(completed);
    }

    /// Ends in `done`, and leaves the records as they are.
    pub(super) fn end_done(&mut self, completed: Completed) {
        self.control = None;
        self.drop_whole_hash();
        let key = completed.key.or_else(|| self.session.as_ref().map(|s| s.key.clone()));
        let result = UploadResult {
            key: key.unwrap_or_else(|| self.target.key.clone()),
            location: completed.location.map(|l| without_query(&l).to_owned()).filter(|l| !l.is_empty()),
            etag: completed
                .etag
                .map(|e| normalize_etag(&e))
                .filter(|e| (1..=MAX_ETAG_BYTES).contains(&e.len())),
            md5: match self.whole {
                Whole::Known(md5) => Some(md5),
                _ => None,
            },
            instant: self.was_there,
            response: self.response.take(),
            crc64: completed.crc64.zip(self.config.crc64).map(|(sum, crc64)| crc64.spell(sum)),
        };
        if completed.callback_failed {
            self.warn(
                "callback-failed",
                "the object is stored, but the store could not tell the server that it was asked to tell"
                    .into(),
                "Check that the callback's address is reachable from the store and answers with status 200.",
            );
        }
        self.keep_in_mind(&result);
        if self.hold == Hold::Held {
            self.act(Action::Tell(Message::Done(result.clone())));
        }
        self.finish(result);
    }

    /// Ends in `done`, by this upload's own work or another tab's.
    pub(super) fn finish(&mut self, result: UploadResult) {
        self.phase = Phase::Done;
        self.unlock();
        self.snapshot.loaded = self.plan.size();
        self.snapshot.seconds_left = Some(0.0);
        self.events.push_back(Event::Progress(self.snapshot));
        self.show_state();
        self.events.push_back(Event::Done(result));
    }

    pub(super) fn let_everything_go(&mut self, now: Now, keep: impl Fn(&Op) -> bool) {
        self.drop_flights(now);
        self.urls.clear();
        self.interrupt_control(&keep);
        if !self.control.as_ref().is_some_and(|c| c.is_running()) {
            self.control = None;
        }
        if let Phase::Sampling(id) | Phase::Checking(id) = self.phase {
            self.act(Action::Drop(id));
        }
        self.drop_whole_hash();
    }
}
