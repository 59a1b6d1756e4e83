//! So many requests at a time as the page says; fewer where a link does not hold long enough for so many.
//!
//! They share the link, so that each takes the longer the more there are. A link that breaks sooner than that would carry the
//! beginnings of the same requests again and again.

use super::QUIET_BEFORE_GROWTH;
use crate::core::units::{Instant, Millis};

/// A link has to hold for so long at most before there are more, however long it had before it broke: hours in which nobody sent
/// anything count, too.
const QUIET_AT_MOST: Millis = Millis::from_secs(600);

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    /// As the page says.
    asked: usize,
    limit: usize,
    broke: Option<Break>,
}

/// When the link broke last, and what got through since.
#[derive(Clone, Copy, Debug)]
struct Break {
    at: Instant,
    /// Bytes of the largest request that broke.
    size: u64,
    /// Bytes of all that got through since.
    through: u64,
    /// Bytes of the largest of them.
    largest: u64,
    /// So long the link has to hold until there may be all of them.
    until: Millis,
}

impl Break {
    /// Since then the link has held, and carried as much as it broke with. Where one request takes minutes, time alone tells nothing.
    fn is_over(&self, now: Instant) -> bool {
        self.through >= self.size && now.since(self.at) >= self.until
    }
}

impl Fixed {
    pub fn new(asked: usize) -> Self {
        Self { asked, limit: asked, broke: None }
    }

    /// How many there may be now.
    pub fn most(&self, now: Instant) -> usize {
        if self.broke.is_none_or(|last| last.is_over(now)) { self.asked } else { self.limit }
    }

    /// A request of so many bytes got through.
    pub fn works(&mut self, size: u64) {
        if let Some(last) = &mut self.broke {
            last.through = last.through.saturating_add(size);
            last.largest = last.largest.max(size);
        }
    }

    /// The link broke while a request of `size` bytes, sent at `since`, was on its way, one of `running`. If it had broken before,
    /// and none as large got through in between, there were too many.
    pub fn broke(&mut self, since: Instant, size: u64, running: usize, now: Instant) {
        let most = self.most(now);
        let (limit, until) = match &mut self.broke {
            // Of what breaks together one may be heard of long after another.
            Some(last) if since < last.at => {
                last.size = last.size.max(size);
                return;
            }
            Some(last) if !last.is_over(now) && last.largest >= last.size => (most, last.until),
            Some(last) if !last.is_over(now) => {
                // A link that breaks now and then is not one that holds.
                let twice = Millis(now.since(last.at).0.saturating_mul(2));
                ((most.min(running) / 2).max(1), twice.clamp(QUIET_BEFORE_GROWTH, QUIET_AT_MOST))
            }
            _ => (most, QUIET_BEFORE_GROWTH),
        };
        self.limit = limit;
        self.broke = Some(Break { at: now, size, through: 0, largest: 0, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 1000;

    impl Fixed {
        /// All that may run break, having been sent when the link broke last or later.
        fn breaks(&mut self, at: u64) -> usize {
            let (running, now) = (self.most(Instant(at)), Instant(at));
            let since = self.broke.map_or(Instant(0), |last| last.at);
            for left in (1..=running).rev() {
                self.broke(since, SIZE, left, now);
            }
            self.most(now)
        }
    }

    /// How many there may be after the link has broken at each of these times, with something through in between or not.
    fn after(asked: usize, breaks: &[(u64, bool)]) -> Vec<usize> {
        let mut fixed = Fixed::new(asked);
        let broken = breaks.iter().map(|&(at, works)| {
            if works {
                fixed.works(SIZE);
            }
            fixed.breaks(at)
        });
        broken.collect()
    }

    #[test]
    fn a_link_that_breaks_again_before_anything_got_through_is_given_half_as_many() {
        assert_eq!(
            after(8, &[(5000, false), (10_000, false), (15_000, false), (20_000, false)]),
            [8, 4, 2, 1]
        );
        assert_eq!(after(1, &[(5000, false), (10_000, false)]), [1, 1]);
        assert_eq!(after(4, &[(5000, false), (10_000, true), (15_000, true)]), [4, 4, 4]);
        assert_eq!(
            after(4, &[(5000, false), (10_000, false), (15_000, true), (20_000, false)]),
            [4, 2, 2, 1]
        );
    }

    #[test]
    fn what_was_sent_before_the_link_broke_breaks_with_it_whenever_that_is_heard() {
        let mut fixed = Fixed::new(4);
        fixed.broke(Instant(0), SIZE, 4, Instant(5000));
        fixed.broke(Instant(4999), SIZE, 3, Instant(95_000));
        assert_eq!(fixed.most(Instant(95_000)), 4);
        fixed.broke(Instant(5000), SIZE, 4, Instant(95_000));
        assert_eq!(fixed.most(Instant(95_000)), 2);
    }

    #[test]
    fn there_are_half_as_many_as_there_were_even_if_more_were_asked_for() {
        let mut fixed = Fixed::new(32);
        fixed.broke(Instant(0), SIZE, 4, Instant(5000));
        fixed.broke(Instant(5000), SIZE, 4, Instant(10_000));
        assert_eq!(fixed.most(Instant(10_000)), 2);
    }

    #[test]
    fn small_ones_that_get_through_do_not_tell_that_large_ones_do() {
        let mut fixed = Fixed::new(4);
        fixed.broke(Instant(0), 10, 4, Instant(5000));
        fixed.broke(Instant(0), SIZE, 3, Instant(5000));
        fixed.works(SIZE - 1);
        fixed.works(SIZE - 1);
        fixed.broke(Instant(5000), SIZE, 4, Instant(10_000));
        assert_eq!(fixed.most(Instant(10_000)), 2);
        fixed.works(SIZE - 1);
        assert_eq!(fixed.most(Instant(600_000)), 2);
        fixed.works(1);
        assert_eq!(fixed.most(Instant(600_000)), 4, "when large ones are no more");
    }

    #[test]
    fn once_it_has_held_for_half_a_minute_there_may_be_all_of_them() {
        let mut fixed = Fixed::new(4);
        fixed.breaks(1000);
        fixed.breaks(5000);
        assert_eq!(fixed.most(Instant(600_000)), 2, "nothing has got through");
        fixed.works(SIZE);
        assert_eq!((fixed.most(Instant(34_999)), fixed.most(Instant(35_000))), (2, 4));
        assert_eq!(fixed.breaks(40_000), 4);
    }

    #[test]
    fn or_twice_as_long_as_it_has_before() {
        let mut fixed = Fixed::new(4);
        assert_eq!((fixed.breaks(40_000), fixed.breaks(80_000)), (4, 2));
        for at in [120_000, 160_000, 200_000] {
            fixed.works(SIZE);
            assert_eq!(fixed.breaks(at), 2);
        }
        fixed.works(SIZE);
        assert_eq!((fixed.most(Instant(279_999)), fixed.most(Instant(280_000))), (2, 4));
    }

    #[test]
    fn but_not_for_hours_after_a_night() {
        let mut fixed = Fixed::new(4);
        assert_eq!((fixed.breaks(1000), fixed.breaks(9_000_000)), (4, 2));
        fixed.works(SIZE);
        assert_eq!((fixed.most(Instant(9_599_999)), fixed.most(Instant(9_600_000))), (2, 4));
    }

    #[test]
    fn what_is_over_is_no_reason_for_fewer() {
        let mut fixed = Fixed::new(4);
        fixed.breaks(1000);
        fixed.works(SIZE - 1);
        fixed.works(SIZE - 1);
        assert_eq!(fixed.breaks(31_000), 4);
    }

    #[test]
    fn one_that_is_heard_of_late_may_be_larger_than_what_got_through() {
        let mut fixed = Fixed::new(4);
        fixed.broke(Instant(0), 10, 4, Instant(5000));
        fixed.works(10);
        fixed.broke(Instant(0), SIZE, 4, Instant(20_000));
        fixed.broke(Instant(5000), SIZE, 4, Instant(21_000));
        assert_eq!(fixed.most(Instant(21_000)), 2);
    }
}
