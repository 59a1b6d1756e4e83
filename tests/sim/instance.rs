//! An upload as the world sees it: what it was told, what it has said, and what it has met.

use crate::failures::Troubles;
use partwise::core::error::Code;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, State, UploadResult};
use std::collections::BTreeSet;

/// One upload of one page.
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
    pub troubles: Troubles,
    /// Lists that a backend answered with 500, of one listing.
    pub failed_lists: u64,
    /// Times that a Complete was refused for want of a part.
    pub refusals: u64,
    /// Reasons to begin anew, since it last did.
    pub doubts: u64,
    pub restarts: u64,
    /// It was told that the object at its key is what it wants to be there.
    pub found_own: bool,
    /// Failed attempts to remove a session that were followed by another.
    pub failed_aborts: u64,
    /// When the first of them did.
    pub aborts_since: Option<Instant>,
    /// The removal was refused for good.
    pub abort_refused: bool,
    pub abort_failed: bool,
    pub advanced: Instant,
    pub last_code: Option<Code>,
    /// Its failure has been told.
    pub has_failed: bool,
    /// World time.
    pub added: u64,
    /// An earlier page's, only to be removed.
    pub only_discards: bool,
    /// When it last began a request.
    pub begun: Option<Instant>,
    /// The user has cancelled it.
    pub leaves: bool,
    /// When the user last said something that may bring it back after a failure.
    pub spoken: Option<u64>,
}

impl Instance {
    /// `now` by the page's clock, `added` by the world's.
    pub fn new(file: usize, now: Instant, online: bool, added: u64) -> Self {
        Self {
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
            troubles: Troubles::default(),
            failed_lists: 0,
            refusals: 0,
            doubts: 0,
            restarts: 0,
            found_own: false,
            failed_aborts: 0,
            aborts_since: None,
            abort_refused: false,
            abort_failed: false,
            advanced: now,
            last_code: None,
            has_failed: false,
            added,
            only_discards: false,
            begun: None,
            leaves: false,
            spoken: None,
        }
    }

    /// Nothing more may come of it.
    pub fn is_over(&self) -> bool {
        self.state.is_final() && (self.state != State::Failed || self.spoken.is_none())
    }

    /// The last word is the result or the failure, or that it is cancelled; after a failure the user may begin again.
    pub fn may_tell(&self, event: &Event) -> bool {
        match (self.state, event) {
            (State::Done, Event::Done(_)) => self.result.is_none(),
            (State::Failed, Event::Failed(_)) => !self.has_failed,
            (State::Failed, _) => self.has_failed && self.spoken.is_some(),
            (state, _) => !state.is_final(),
        }
    }

    /// Three attempts to remove a session have failed, or one did for good, or all the budget is spent on it.
    pub fn has_given_up_abort(&self, now: Instant, retry_for: Millis) -> bool {
        let is_spent = self.aborts_since.is_some_and(|since| now.since(since) >= retry_for);
        self.failed_aborts >= 2 || self.abort_refused || is_spent
    }

    pub fn forget_aborts(&mut self) {
        (self.failed_aborts, self.aborts_since, self.abort_refused) = (0, None, false);
    }
}
