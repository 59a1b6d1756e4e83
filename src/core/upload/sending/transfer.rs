//! A body on its way, as far as the browser tells: how much has left, whether it moves, and what that says of the link.

use crate::core::config::Config;
use crate::core::schedule::{Ends, Flow, Movement};
use crate::core::units::{Instant, Millis};

/// What the browser's system takes at once says nothing of the link.
const GETS_GOING: Millis = Millis(200);
/// What moves much more slowly for so long than before has broken, most likely, and the browser sends it once more from its
/// beginning without a word. That time says nothing of how fast the link is.
const STANDS_STILL: Millis = Millis(500);
/// How many times more slowly that is.
const MUCH_SLOWER: u64 = 4;
/// What has all left as the browser sees it may be in the system's buffers for so long, or be repeated.
const UNANSWERED: Millis = Millis(2000);
/// Connections that take longer than this say nothing of how long another one takes.
const LONGEST_LEAD: Millis = Millis(2000);

/// What is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    size: u64,
    /// When it was sent.
    pub since: Instant,
    /// Bytes that have left; more than there are where the browser counts what it wraps them in.
    pub loaded: u64,
    /// When bytes last left, or it was sent.
    pub moved: Instant,
    /// How long its first bytes took to leave.
    lead: Millis,
    /// When they left; when it has broken off since, for the last time.
    began: Option<Instant>,
    /// What had left, and when, once it had got going.
    going: Option<(u64, Instant)>,
    /// The same when it last moved before all had left.
    went: (u64, Instant),
}

impl Transfer {
    /// Of so many bytes, sent now.
    pub fn new(size: u64, now: Instant) -> Self {
        Self {
            size,
            since: now,
            loaded: 0,
            moved: now,
            lead: Millis(0),
            began: None,
            going: None,
            went: (0, now),
        }
    }

    /// The browser tells how many bytes have left. What that says of the link.
    pub fn told(&mut self, bytes: u64, now: Instant) -> Option<Movement> {
        let Some(began) = self.began else {
            self.lead = now.since(self.since).min(LONGEST_LEAD);
            (self.began, self.loaded, self.moved, self.went) = (Some(now), bytes, now, (bytes, now));
            return None;
        };
        let (before, moved) = (self.loaded, self.moved);
        let (more, wait) = (bytes.saturating_sub(before), now.since(moved));
        (self.loaded, self.moved) = (bytes, now);
        if bytes >= self.size {
            // The last bytes may have waited for being told.
            return None;
        }
        let usual = self.going.map(|(bytes, at)| (before.saturating_sub(bytes), moved.since(at)));
        let stood_still = usual.is_some_and(|(bytes, within)| {
            let slow = more.saturating_mul(within.0);
            wait >= STANDS_STILL && slow.saturating_mul(MUCH_SLOWER) < bytes.saturating_mul(wait.0)
        });
        // So did what had just got going, though nobody knows how fast it would have been.
        let broke_off = usual.is_some_and(|(bytes, _)| bytes == 0) && wait >= STANDS_STILL;
        self.went = (bytes, now);
        if bytes < before {
            // The browser repeats it, and tells.
            (self.began, self.going) = (Some(now), None);
        } else if stood_still || broke_off {
            (self.began, self.going) = (Some(moved), Some((bytes, now)));
        } else if self.going.is_none() && now.since(began) >= GETS_GOING {
            self.going = Some((bytes, now));
        }
        if stood_still {
            return Some(Movement::StoodStill { since: moved });
        }
        let says_something = moved.since(began) >= GETS_GOING && more > 0;
        says_something.then_some(Movement::Flowed(Flow { bytes: more, millis: wait.0, size: self.size }))
    }

    /// Bytes that count as progress.
    pub fn counted(&self) -> u64 {
        self.loaded.min(self.size)
    }

    /// Whether bytes are leaving; `None` when nobody knows: when all have left as far as the browser can tell, they may wait in the
    /// system's buffers, or be leaving once more.
    pub fn is_moving(&self, now: Instant) -> Option<bool> {
        let is_unanswered = self.has_left() && now.since(self.moved) < UNANSWERED;
        (!is_unanswered).then_some(self.loaded > 0 && !self.has_left())
    }

    /// When its last bytes will have left, most likely. What the system has taken into its buffers has not: all leaves as fast as it
    /// takes more. Nobody can tell while it stands still.
    pub fn ends(&self, now: Instant) -> Option<Ends> {
        let began = self.began.filter(|_| self.has_left() || now.since(self.moved) < STANDS_STILL)?;
        let (before, at) = self.going.unwrap_or(self.went);
        let (more, within) = (self.went.0.saturating_sub(before), self.went.1.since(at).0);
        let takes = self.size.saturating_mul(within).checked_div(more);
        let estimated = takes.map(|takes| began + Millis(takes));
        // Systems take about as much ahead as leaves in two round trips.
        let at_latest = self.has_left().then(|| self.moved + self.lead + self.lead);
        let at = estimated.into_iter().chain(at_latest).min()?;
        Some(Ends { at, lead: self.lead })
    }

    /// Whether most of its bytes had left, but not all. Then it is the link that breaks, most likely: whom the store, or its CORS
    /// rule, refuses is mostly told sooner, or once all are there.
    pub fn was_well_under_way(&self) -> bool {
        self.loaded > self.size / 2 && self.loaded < self.size
    }

    /// When it is given up unless something happens.
    pub fn deadline(&self, config: &Config) -> Instant {
        self.moved + if self.has_left() { config.reply_timeout } else { config.stall_timeout }
    }

    fn has_left(&self) -> bool {
        self.loaded >= self.size && self.loaded > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 10_000;

    /// Sent at 1000; its first bytes left at 1200, and a byte per millisecond since 1600.
    fn at(loaded: u64) -> Transfer {
        let mut transfer = Transfer::new(SIZE, Instant(1000));
        let evenly = (900..loaded).step_by(100).chain([loaded]).map(|bytes| (bytes, 800 + bytes));
        for (bytes, now) in [(400, 1200), (800, 1600)].into_iter().chain(evenly) {
            transfer.told(bytes, Instant(now));
        }
        transfer
    }

    fn flow(bytes: u64, millis: u64) -> Option<Movement> {
        Some(Movement::Flowed(Flow { bytes, millis, size: SIZE }))
    }

    fn stood_still(since: u64) -> Option<Movement> {
        Some(Movement::StoodStill { since: Instant(since) })
    }

    #[test]
    fn how_fast_it_is_is_known_once_it_has_got_going() {
        let mut transfer = Transfer::new(SIZE, Instant(1000));
        let told: Vec<_> = [(900, 1200), (1000, 1399), (1100, 1400), (1200, 1500), (SIZE, 1700)]
            .map(|(bytes, now)| transfer.told(bytes, Instant(now)))
            .into();
        assert_eq!(told, [None, None, None, flow(100, 100), None]);
    }

    #[test]
    fn what_moves_at_less_than_a_quarter_of_its_speed_for_half_a_second_stood_still() {
        for (more, wait, says) in [
            (124, 500, stood_still(2800)),
            (125, 500, flow(125, 500)),
            (0, 499, None),
            (1, 499, flow(1, 499)),
        ] {
            assert_eq!(at(2000).told(2000 + more, Instant(2800 + wait)), says, "{more} in {wait}");
        }
        let mut transfer = at(2000);
        assert_eq!(transfer.told(2001, Instant(3800)), stood_still(2800));
        assert_eq!(transfer.told(2002, Instant(4800)), flow(1, 1000), "of what was before nothing is left");
    }

    #[test]
    fn the_last_bytes_never_stood_still() {
        assert_eq!(at(2000).told(SIZE, Instant(99_000)), None);
    }

    #[test]
    fn a_count_that_begins_again_stood_still_if_it_took_long() {
        assert_eq!(at(2000).told(10, Instant(3300)), stood_still(2800));
        assert_eq!(at(2000).told(10, Instant(3299)), None);
    }

    #[test]
    fn of_what_has_left_nobody_knows_for_a_while_whether_it_moves() {
        let end = Instant(800 + SIZE);
        let moves = [Transfer::new(SIZE, Instant(0)), at(SIZE - 1), at(SIZE)];
        assert_eq!(moves.map(|t| t.is_moving(end + Millis(1999))), [Some(false), Some(true), None]);
        assert_eq!(at(SIZE).is_moving(end + Millis(2000)), Some(false));
        assert_eq!((at(SIZE + 9).counted(), at(SIZE + 9).is_moving(end)), (SIZE, None));
    }

    fn ends(transfer: &Transfer, now: u64) -> Option<u64> {
        transfer.ends(Instant(now)).map(|ends| ends.at.0)
    }

    #[test]
    fn when_it_ends_follows_from_how_fast_it_goes_and_not_from_what_was_taken_at_first() {
        // A byte per millisecond, from 1200 on.
        let mut transfer = at(9500);
        let end = Some(Ends { at: Instant(1200 + SIZE), lead: Millis(200) });
        assert_eq!(transfer.ends(Instant(10_300)), end);
        transfer.told(SIZE, Instant(10_800));
        assert_eq!(transfer.ends(Instant(19_000)), end, "the system has the rest");
        let mut early = at(5000);
        early.told(SIZE, Instant(6000));
        assert_eq!(ends(&early, 6000), Some(6400), "which is not that much");
    }

    #[test]
    fn when_it_ends_is_not_known_before_it_moves_nor_while_it_stands_still() {
        assert_eq!(ends(&Transfer::new(SIZE, Instant(1000)), 9000), None);
        assert_eq!((ends(&at(5000), 5800 + 499), ends(&at(5000), 5800 + 500)), (Some(1200 + SIZE), None));
    }

    #[test]
    fn after_it_stood_still_it_ends_as_if_it_had_begun_then() {
        let mut transfer = at(5000);
        transfer.told(5001, Instant(10_000));
        assert_eq!(ends(&transfer, 10_000), None);
        transfer.told(5101, Instant(10_100));
        assert_eq!(ends(&transfer, 10_100), Some(5800 + SIZE));
        let mut again = at(5000);
        for (bytes, now) in [(100, 6000), (400, 6300), (600, 6500)] {
            again.told(bytes, Instant(now));
        }
        assert_eq!(ends(&again, 6500), Some(6000 + SIZE));
    }

    #[test]
    fn what_broke_off_before_it_was_known_how_fast_it_is_is_judged_from_then_on() {
        let mut transfer = at(800);
        assert_eq!(transfer.told(802, Instant(3000)), flow(2, 1400));
        transfer.told(902, Instant(3100));
        assert_eq!(ends(&transfer, 3100), Some(1600 + SIZE));
    }

    #[test]
    fn what_is_taken_at_once_ends_soon() {
        let mut transfer = Transfer::new(SIZE, Instant(1000));
        transfer.told(SIZE, Instant(1200));
        assert_eq!(ends(&transfer, 9000), Some(1600));
        let mut slow = Transfer::new(SIZE, Instant(1000));
        slow.told(SIZE, Instant(61_000));
        assert_eq!(slow.ends(Instant(61_000)), Some(Ends { at: Instant(65_000), lead: LONGEST_LEAD }));
    }

    #[test]
    fn it_was_well_under_way_beyond_the_middle() {
        for (loaded, was) in [(SIZE / 2, false), (SIZE / 2 + 1, true), (SIZE - 1, true), (SIZE, false)] {
            assert_eq!(at(loaded).was_well_under_way(), was, "{loaded}");
        }
    }
}
