//! A body on its way, as far as the browser tells: how much has left, whether it moves, and what that says of the link.

use crate::core::config::Config;
use crate::core::schedule::{Flow, Movement};
use crate::core::units::{Instant, Millis};

/// What the browser's system takes at once says nothing of the link.
const GETS_GOING: Millis = Millis(300);
/// What moves much more slowly for so long than before has broken, most likely, and the browser sends it once more from its
/// beginning without a word. That time says nothing of how fast the link is.
const STANDS_STILL: Millis = Millis(500);
/// How many times more slowly that is.
const MUCH_SLOWER: u64 = 4;

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
    /// When its first bytes left.
    began: Option<Instant>,
    /// What had left, and when, once it had got going.
    going: Option<(u64, Instant)>,
    /// The same when it last moved before all had left.
    went: (u64, Instant),
}

impl Transfer {
    /// Of so many bytes, sent now.
    pub fn new(size: u64, now: Instant) -> Self {
        Self { size, since: now, loaded: 0, moved: now, began: None, going: None, went: (0, now) }
    }

    /// The browser tells how many bytes have left. What that says of the link.
    pub fn told(&mut self, bytes: u64, now: Instant) -> Option<Movement> {
        let began = *self.began.get_or_insert(now);
        let had_got_going = self.moved.since(began) >= GETS_GOING;
        let (more, wait) = (bytes.saturating_sub(self.loaded), now.since(self.moved).0);
        let stood_still = self.going.is_some_and(|(before, at)| {
            let usual = self.loaded.saturating_sub(before).saturating_mul(wait);
            let slow = more.saturating_mul(self.moved.since(at).0);
            wait >= STANDS_STILL.0 && slow.saturating_mul(MUCH_SLOWER) < usual
        });
        // A browser that repeats a PUT by itself may begin its count again.
        (self.loaded, self.moved) = (bytes, now);
        if stood_still || self.going.is_none() && now.since(began) >= GETS_GOING {
            self.going = Some((bytes, now));
        }
        // The last bytes may have waited for being told.
        if bytes < self.size {
            self.went = (bytes, now);
        }
        if stood_still {
            return Some(Movement::StoodStill);
        }
        let says_something = had_got_going && more > 0 && bytes < self.size;
        says_something.then_some(Movement::Flowed(Flow { bytes: more, millis: wait, size: self.size }))
    }

    /// Bytes that count as progress.
    pub fn counted(&self) -> u64 {
        self.loaded.min(self.size)
    }

    /// Whether bytes are leaving; `None` when nobody knows: when all have left as far as the browser can tell, they may wait in the
    /// system's buffers, or be leaving once more.
    pub fn is_moving(&self) -> Option<bool> {
        (!self.has_left()).then_some(self.loaded > 0)
    }

    /// From when on it will have left, most likely. What the system has taken into its buffers has not: all leaves as fast as it
    /// takes more. If it takes everything at once, nobody knows.
    pub fn ends_at(&self) -> Option<Instant> {
        let began = self.began?;
        let (before, at) = self.going.unwrap_or(self.went);
        let (more, within) = (self.went.0.saturating_sub(before), self.went.1.since(at).0);
        let takes = self.size.saturating_mul(within).checked_div(more);
        let estimated = takes.map(|takes| began + Millis(takes));
        estimated.into_iter().chain(self.has_left().then_some(self.moved + self.lead())).min()
    }

    /// How long it took from when it was sent to its first bytes.
    pub fn lead(&self) -> Millis {
        self.began.unwrap_or(self.since).since(self.since)
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
        for (bytes, now) in [(400, 1200), (800, 1600), (loaded, 800 + loaded)] {
            transfer.told(bytes, Instant(now));
        }
        transfer
    }

    fn flow(bytes: u64, millis: u64) -> Option<Movement> {
        Some(Movement::Flowed(Flow { bytes, millis, size: SIZE }))
    }

    #[test]
    fn how_fast_it_is_is_known_once_it_has_got_going() {
        let mut transfer = Transfer::new(SIZE, Instant(1000));
        let told: Vec<_> = [(900, 1200), (1000, 1499), (1100, 1500), (1200, 1600), (SIZE, 1700)]
            .map(|(bytes, now)| transfer.told(bytes, Instant(now)))
            .into();
        assert_eq!(told, [None, None, None, flow(100, 100), None]);
    }

    #[test]
    fn what_moves_a_quarter_as_fast_for_half_a_second_stood_still() {
        for (more, wait, says) in [
            (124, 500, Some(Movement::StoodStill)),
            (125, 500, flow(125, 500)),
            (0, 499, None),
            (1, 499, flow(1, 499)),
        ] {
            assert_eq!(at(2000).told(2000 + more, Instant(2800 + wait)), says, "{more} in {wait}");
        }
        let mut transfer = at(2000);
        assert_eq!(transfer.told(2001, Instant(3800)), Some(Movement::StoodStill));
        assert_eq!(transfer.told(2002, Instant(4800)), flow(1, 1000), "of what was before nothing is left");
    }

    #[test]
    fn a_count_that_begins_again_stood_still() {
        assert_eq!(at(2000).told(10, Instant(3300)), Some(Movement::StoodStill));
        assert_eq!(at(2000).told(10, Instant(3299)), None);
    }

    #[test]
    fn of_what_has_left_nobody_knows_whether_it_moves() {
        let moves =
            [Transfer::new(SIZE, Instant(0)), at(SIZE - 1), at(SIZE), at(SIZE + 9)].map(|t| t.is_moving());
        assert_eq!(moves, [Some(false), Some(true), None, None]);
        assert_eq!(at(SIZE + 9).counted(), SIZE);
    }

    #[test]
    fn when_it_ends_follows_from_how_fast_it_goes_and_not_from_what_was_taken_at_first() {
        assert_eq!(Transfer::new(SIZE, Instant(1000)).ends_at(), None);
        // A byte per millisecond, from 1200 on.
        assert_eq!((at(5000).ends_at(), at(5000).lead()), (Some(Instant(1200 + SIZE)), Millis(200)));
        let mut last = at(SIZE - 1);
        assert_eq!(last.told(SIZE, Instant(11_200)), None);
        assert_eq!(last.ends_at(), Some(Instant(1200 + SIZE)), "the last byte waited for being told");
    }

    #[test]
    fn what_was_taken_at_once_ends_soon() {
        let mut transfer = Transfer::new(SIZE, Instant(1000));
        transfer.told(SIZE, Instant(1200));
        assert_eq!(transfer.ends_at(), Some(Instant(1400)));
        let mut slow = at(801);
        slow.told(802, Instant(2000));
        slow.told(SIZE, Instant(2100));
        assert_eq!(slow.ends_at(), Some(Instant(2300)), "and not when its first bytes said");
    }

    #[test]
    fn it_was_well_under_way_beyond_the_middle() {
        for (loaded, was) in [(SIZE / 2, false), (SIZE / 2 + 1, true), (SIZE - 1, true), (SIZE, false)] {
            assert_eq!(at(loaded).was_well_under_way(), was, "{loaded}");
        }
    }
}
