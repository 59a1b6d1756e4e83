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
}

impl Transfer {
    /// Of so many bytes, sent now.
    pub fn new(size: u64, now: Instant) -> Self {
        Self { size, since: now, loaded: 0, moved: now, began: None, going: None }
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
        if stood_still {
            return Some(Movement::StoodStill);
        }
        // The last bytes may have waited for it before.
        let says_something = had_got_going && more > 0 && bytes < self.size;
        says_something.then_some(Movement::Flowed(Flow { bytes: more, millis: wait, size: self.size }))
    }

    /// Bytes that count as progress.
    pub fn counted(&self) -> u64 {
        self.loaded.min(self.size)
    }

    /// Whether bytes are leaving; `None` when nobody knows: all have left long ago and there is no reply, so that they may be leaving
    /// once more.
    pub fn is_moving(&self, now: Instant) -> Option<bool> {
        let has_left = self.has_left();
        (!has_left || now.since(self.moved) < STANDS_STILL).then_some(self.loaded > 0 && !has_left)
    }

    /// Whether its last bytes will have left before another request, begun now, sends its first.
    pub fn is_draining(&self) -> bool {
        let Some(began) = self.began else { return false };
        let (left, lead) = (self.size.saturating_sub(self.loaded), began.since(self.since).0);
        left.saturating_mul(self.moved.since(self.since).0) <= lead.saturating_mul(self.loaded)
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
    fn what_has_left_long_ago_may_be_leaving_once_more() {
        let now = |after| Instant(800 + SIZE + after);
        assert_eq!(Transfer::new(SIZE, Instant(0)).is_moving(Instant(9000)), Some(false));
        assert_eq!(at(SIZE - 1).is_moving(now(9000)), Some(true));
        assert_eq!(at(SIZE).is_moving(now(499)), Some(false));
        assert_eq!(at(SIZE).is_moving(now(500)), None);
        assert_eq!((at(SIZE + 9).counted(), at(SIZE + 9).is_moving(now(9))), (SIZE, Some(false)));
    }

    #[test]
    fn it_drains_when_the_rest_takes_no_longer_than_it_took_to_begin() {
        assert!(!Transfer::new(SIZE, Instant(1000)).is_draining());
        assert!(!at(9780).is_draining() && at(9800).is_draining());
    }

    #[test]
    fn it_was_well_under_way_beyond_the_middle() {
        for (loaded, was) in [(SIZE / 2, false), (SIZE / 2 + 1, true), (SIZE - 1, true), (SIZE, false)] {
            assert_eq!(at(loaded).was_well_under_way(), was, "{loaded}");
        }
    }
}
