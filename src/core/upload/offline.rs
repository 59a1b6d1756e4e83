//! What a browser without network changes: requests are held back, attempts are not counted, and coming back starts
//! everything at once. The browser may be wrong in both directions, so that one request is tried now and then, and a reply
//! counts for more than what the browser says.

use super::sending::Flight;
use super::session::is_connection;
use super::{OpId, Phase, Upload};
use crate::core::backend::StepReply;
use crate::core::config::Config;
use crate::core::error::{Code, Operation, UploadError};
use crate::core::retry::Fault;
use crate::core::units::{Instant, Millis, Now};

/// While the browser says offline, one request is tried this often: it may be wrong.
const PROBE_EVERY: Millis = Millis(5000);
/// Two tries: for so long a reply says that there is a network, whatever the browser says.
const CONTRADICTED_FOR: Millis = Millis(10_000);

/// A request so young when the network comes back is left to itself: the page may just have woken up.
const JUST_BEGUN: Millis = Millis(1000);

/// How the network is known to be back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// The browser says so.
    Told,
    /// This request was answered.
    Answered(OpId),
}

/// What is known of the network.
#[derive(Debug)]
pub(super) struct Network {
    /// Whether there is one: what the browser said, until a reply showed that it was wrong.
    pub online: bool,
    told_online: bool,
    /// When a reply last came while the browser said that there is no network.
    contradicted: Option<Instant>,
    offline_since: Instant,
    /// Since when nothing has advanced for want of a network.
    away_since: Instant,
    probe_at: Instant,
}

impl Network {
    pub fn new(online: bool) -> Self {
        Self {
            online,
            told_online: online,
            contradicted: None,
            offline_since: Instant(0),
            away_since: Instant(0),
            probe_at: Instant(0),
        }
    }

    /// The upload begins, once more perhaps. One request is tried at once: the browser may be wrong from the start.
    pub fn begins(&mut self, now: Instant) {
        self.offline_since = now;
        self.away_since = now;
        self.probe_at = now;
    }

    /// Until now, no network was wanted, or the upload got on without.
    pub fn was_not_wanted(&mut self, now: Instant) {
        self.away_since = now;
    }

    fn goes_away(&mut self, now: Instant) {
        self.online = false;
        self.offline_since = now;
        self.away_since = now;
        self.probe_at = now + PROBE_EVERY;
    }

    /// When the next request may be tried while there is no network.
    pub fn probe_at(&self) -> Instant {
        self.probe_at
    }

    /// The next try, and when waiting ends in failure.
    pub fn timeouts(&self, config: &Config) -> [Option<Instant>; 2] {
        if self.online {
            return [None, None];
        }
        [Some(self.probe_at), config.offline_timeout.map(|wait| self.away_since + wait)]
    }
}

impl Upload {
    /// The browser's opinion on being online. It costs no attempt to be offline, and coming back starts everything
    /// that waits at once.
    pub fn tell_online(&mut self, online: bool, now: Now) {
        self.network.told_online = online;
        self.network.contradicted = None;
        if online && !self.network.online {
            self.came_back(Back::Told, now);
        } else if !online && self.network.online {
            self.went_away(now);
        }
        self.settle(now);
    }

    /// Gives up when there has been no network for as long as the page wants to wait.
    pub(super) fn watch_network(&mut self, now: Now) {
        if let (false, false, Some(wait)) = (self.network.online, self.paused, self.config.offline_timeout)
            && now.mono.since(self.network.away_since) >= wait
            && self.wants_network()
        {
            let error = UploadError::new(Code::OfflineTimeout, Operation::PutPart, "no network for too long");
            self.fail(error.hint("Call resume() when the network is back; nothing that arrived is lost."));
        }
    }

    /// Whether it gets on only with a network. Who waits for a lock, or for its turn, does not know whether there is one.
    pub(super) fn wants_network(&self) -> bool {
        use Phase::{Completing, Creating, Finding, Heading, Listing, Looking, Replacing, Sending};
        matches!(
            self.phase,
            Looking | Finding | Creating | Listing | Heading | Replacing | Sending | Completing
        )
    }

    /// Whether new requests may start now.
    pub(super) fn may_start(&self, now: Now) -> bool {
        self.network.online
            || (now.mono >= self.network.probe_at
                && self.signs.is_empty()
                && !self.flights.iter().any(Flight::holds_slot))
    }

    /// A request started although the browser says offline: the next one is not before long.
    pub(super) fn started(&mut self, now: Now) {
        if !self.network.online {
            self.network.probe_at = now.mono + PROBE_EVERY;
        }
    }

    /// A reply came: whatever the browser says, there is a network.
    pub(super) fn heard(&mut self, id: OpId, reply: &StepReply, now: Now) {
        if !self.network.online && matches!(reply, StepReply::Http(_)) {
            self.network.contradicted = Some(now.mono);
            self.came_back(Back::Answered(id), now);
        }
    }

    /// Whether a request failed for want of a network, which costs no attempt. A reply that contradicted the browser may
    /// have been a straggler; where such replies keep coming, it is somebody else who cannot be reached, and that goes for
    /// as long as the retry budget lasts.
    pub(super) fn is_explained_by_offline(&mut self, fault: &Fault, now: Now) -> bool {
        if !is_connection(fault) {
            return false;
        }
        if self.network.online && !self.network.told_online {
            let since = self.network.away_since;
            self.went_away(now);
            if self.advanced <= since {
                self.network.away_since = since;
            }
        }
        let is_wrong = self.network.contradicted.is_some_and(|at| now.mono.since(at) <= CONTRADICTED_FOR);
        let is_patient = now.mono.since(self.network.away_since) < self.config.retry_for;
        !self.network.online && (is_patient || !is_wrong)
    }

    fn went_away(&mut self, now: Now) {
        self.network.goes_away(now.mono);
        self.progress.idle();
    }

    fn came_back(&mut self, back: Back, now: Now) {
        self.network.online = true;
        self.restart_silent_flights(back, now);
        self.restart_silent_control(back, now);
        self.parts.wake(now.mono);
        self.wake_control(now.mono);
        if self.network.told_online {
            self.forgive();
        }
    }

    /// Requests that have not moved since the network went are likely dead. When it is the browser that says it is back,
    /// so are those tried meanwhile that have never moved, unless they have only just begun.
    pub(super) fn is_silent(&self, since: Instant, has_moved: bool, back: Back, now: Now) -> bool {
        let has_had_time = now.mono.since(since) >= JUST_BEGUN;
        since <= self.network.offline_since || (back == Back::Told && !has_moved && has_had_time)
    }

    /// What failed before a time without network, or without the wish to go on, is counted afresh after it.
    pub(super) fn forgive(&mut self) {
        self.parts.forgive();
        self.forgive_flights();
        self.forgive_control();
    }
}
