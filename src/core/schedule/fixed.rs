//! So many requests at a time as the page says; fewer where a link does not hold long enough for so many.
//!
//! They share the link, so that each takes the longer the more there are. A link that breaks sooner than that would carry the
//! beginnings of the same requests again and again.

use super::{HALVE_AT_MOST_EVERY, QUIET_BEFORE_GROWTH};
use crate::core::units::Instant;

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    /// As the page says.
    asked: usize,
    limit: usize,
    broke: Option<Instant>,
    /// Something has got through since the link broke.
    works: bool,
}

impl Fixed {
    pub fn new(asked: usize) -> Self {
        Self { asked, limit: asked, broke: None, works: false }
    }

    /// How many there may be now. Where one takes minutes, that the link has held for long is not enough.
    pub fn most(&self, now: Instant) -> usize {
        let holds = self.broke.is_some_and(|at| now.since(at) >= QUIET_BEFORE_GROWTH);
        if self.works && holds { self.asked } else { self.limit }
    }

    /// Something got through.
    pub fn works(&mut self) {
        self.works = true;
    }

    /// The link broke while it carried something. If it had done so before, and nothing got through in between, there were too
    /// many.
    pub fn broke(&mut self, now: Instant) {
        // Of what breaks together one may be heard of after another.
        if self.broke.is_some_and(|at| now.since(at) < HALVE_AT_MOST_EVERY) {
            return;
        }
        let most = self.most(now);
        let again = self.broke.is_some() && !self.works;
        self.limit = if again { (most / 2).max(1) } else { most };
        (self.broke, self.works) = (Some(now), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Millis;

    /// How many there may be after the link has broken at each of these times, with something through in between or not.
    fn after(asked: usize, breaks: &[(u64, bool)]) -> Vec<usize> {
        let mut fixed = Fixed::new(asked);
        let broken = breaks.iter().map(|&(at, works)| {
            if works {
                fixed.works();
            }
            fixed.broke(Instant(at));
            fixed.most(Instant(at))
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
    fn what_breaks_together_is_one_break() {
        assert_eq!(after(4, &[(5000, false), (5001, false), (6999, false), (7000, false)]), [4, 4, 4, 2]);
    }

    #[test]
    fn once_it_has_held_for_half_a_minute_there_may_be_all_of_them() {
        let mut fixed = Fixed::new(4);
        fixed.broke(Instant(0));
        fixed.broke(Instant(5000));
        let most = |fixed: &Fixed, after| fixed.most(Instant(5000) + Millis(after));
        assert_eq!(most(&fixed, 600_000), 2, "nothing has got through");
        fixed.works();
        assert_eq!((most(&fixed, 29_999), most(&fixed, 30_000)), (2, 4));
        fixed.broke(Instant(40_000));
        assert_eq!(most(&fixed, 35_000), 4);
    }
}
