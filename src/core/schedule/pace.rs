//! How many requests at a time where nobody says: as few as fill the link.
//!
//! What is on its way when the link breaks or the page goes away is sent in vain. So of two numbers that bring the same the
//! smaller one is taken, and a larger one is tried now and then. More bring more where each connection is slow by itself, as on
//! a long way with losses. Judged is how fast bytes leave, not how long the store takes to reply then.

use super::{Flow, HALVE_AT_MOST_EVERY, HARMLESS, MAX_AUTO, QUIET_BEFORE_GROWTH, SlotEnd};
use crate::core::units::{Instant, Millis};

/// A number of requests is judged by how fast each of them was for so long.
const JUDGED_OVER: Millis = Millis(1000);
/// How long a judgement holds.
const HOLDS_FOR: Millis = Millis::from_secs(60);
/// Requests that end within this time leave gaps, of which their number is taken for the reason, and cost little when they are
/// lost.
const FLEETING: Millis = Millis(200);
/// Fewer at a time are tried before more if that can be had within this time.
const SOON: Millis = Millis::from_secs(3);

/// What is known of each number of requests at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// From one request on.
    numbers: [Judged; MAX_AUTO],
    halved: Option<Instant>,
}

/// What so many requests at a time bring together.
#[derive(Clone, Copy, Debug, Default)]
struct Judged {
    /// Of each request, since the last judgement.
    bytes: u64,
    millis: u64,
    /// Bytes per second of all, and when that was found.
    rate: Option<(u64, Instant)>,
}

impl Pace {
    /// One of `moving` requests has sent some of its bytes. The limit from now on.
    pub fn flowed(&mut self, limit: usize, moving: usize, flow: Flow, now: Instant) -> usize {
        let Some(number) = moving.checked_sub(1).and_then(|index| self.numbers.get_mut(index)) else {
            return limit;
        };
        number.bytes = number.bytes.saturating_add(flow.bytes);
        number.millis = number.millis.saturating_add(flow.millis);
        if number.millis < JUDGED_OVER.0 {
            return limit;
        }
        let each = number.bytes.saturating_mul(1000) / number.millis;
        *number = Judged { rate: Some((each.saturating_mul(moving as u64), now)), ..Judged::default() };
        let takes = Millis(flow.size.saturating_mul(1000) / each.max(1));
        self.chosen(limit, takes, now)
    }

    /// A request has ended. The limit from now on.
    pub fn ended(&mut self, limit: usize, end: SlotEnd, now: Instant) -> usize {
        match end {
            SlotEnd::Done { took, .. } if !self.is_quiet(now) => {
                let within = FLEETING.0.saturating_mul(limit as u64) / took.0.max(1);
                limit.max(usize::try_from(within).unwrap_or(MAX_AUTO)).min(MAX_AUTO)
            }
            SlotEnd::Congested | SlotEnd::Broken { .. } => self.halved(limit, now),
            _ => limit,
        }
    }

    /// A request has not moved since then until now. The limit from now on: of what breaks together one may be heard of long after
    /// another.
    pub fn stood_still(&mut self, limit: usize, since: Instant, now: Instant) -> usize {
        if self.halved.is_some_and(|at| since < at) { limit } else { self.halved(limit, now) }
    }

    /// There is a reason for fewer. The limit from now on.
    fn halved(&mut self, limit: usize, now: Instant) -> usize {
        if self.halved.is_some_and(|at| now.since(at) < HALVE_AT_MOST_EVERY) {
            return limit;
        }
        *self = Self { halved: Some(now), ..Self::default() };
        (limit / 2).max(1)
    }

    /// How many there may be at all, with small ones and those that are about to end: hardly more than the limit where there was
    /// a reason for fewer.
    pub fn most(&self, limit: usize, now: Instant) -> usize {
        if self.is_quiet(now) { (limit + 1).clamp(HARMLESS, MAX_AUTO) } else { MAX_AUTO }
    }

    /// The least number that brings nearly as much as any, or one beside it of which nothing is known. There are fewer only when
    /// one ends, which takes so long.
    fn chosen(&self, limit: usize, takes: Millis, now: Instant) -> usize {
        let known = |number: usize| {
            let judged = self.numbers.get(number.checked_sub(1)?)?;
            judged.rate.filter(|(_, at)| now.since(*at) < HOLDS_FOR).map(|(rate, _)| rate)
        };
        if known(limit).is_none() {
            return limit;
        }
        let most = (1..=MAX_AUTO).filter_map(known).max().unwrap_or_default();
        // What ends soon is measured less exactly, as systems take some hundred kilobytes at a time.
        let nearly = most - most / if takes < SOON { 6 } else { 10 };
        let is_enough = |number: &usize| known(*number).is_some_and(|rate| rate >= nearly);
        let best = (1..=MAX_AUTO).find(is_enough).unwrap_or(limit);
        if best > limit {
            // More was better: back to it, to be judged once more before others are tried.
            return if self.is_quiet(now) { limit } else { best };
        }
        let fewer = (best > 1 && known(best - 1).is_none()).then(|| best - 1);
        let more = (best < MAX_AUTO && known(best + 1).is_none() && !self.is_quiet(now)).then(|| best + 1);
        let next = if takes < SOON { fewer.or(more) } else { more.or(fewer) };
        next.unwrap_or(best)
    }

    /// Whether there has been a reason for fewer lately.
    pub fn is_quiet(&self, now: Instant) -> bool {
        self.halved.is_some_and(|at| now.since(at) < QUIET_BEFORE_GROWTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: u64 = 5_000_000;

    /// A link with so much for each request, and so much for all of them.
    struct Link {
        each: u64,
        all: u64,
        pace: Pace,
        limit: usize,
        now: Instant,
    }

    impl Link {
        fn new(each: u64, all: u64, limit: usize) -> Self {
            Self { each, all, pace: Pace::default(), limit, now: Instant(1000) }
        }

        /// As many as may be send for a second; how many may be then.
        fn second(&mut self) -> usize {
            let moving = self.limit;
            let each = self.each.min(self.all / moving as u64);
            for tenth in 1..=10 {
                for _ in 0..moving {
                    let flow = Flow { bytes: each / 10, millis: 100, size: PART };
                    self.limit = self.pace.flowed(self.limit, moving, flow, self.now + Millis(100 * tenth));
                }
                if self.limit != moving {
                    break;
                }
            }
            self.now = self.now + Millis(1000);
            self.limit
        }

        fn seconds(&mut self, count: usize) -> Vec<usize> {
            (0..count).map(|_| self.second()).collect()
        }

        fn end(&mut self, end: SlotEnd) -> usize {
            self.limit = self.pace.ended(self.limit, end, self.now);
            self.limit
        }
    }

    fn done(took: u64) -> SlotEnd {
        SlotEnd::Done { took: Millis(took), size: PART }
    }

    #[test]
    fn where_one_fills_the_link_it_is_one_and_another_is_tried_once_a_minute() {
        let mut link = Link::new(9_000_000, 5_000_000, 2);
        assert_eq!(link.seconds(5), [1, 1, 1, 1, 1]);
        let tried: Vec<usize> = link.seconds(120);
        assert_eq!(tried.iter().filter(|limit| **limit == 2).count(), 2, "{tried:?}");
    }

    #[test]
    fn where_each_is_slow_there_are_more() {
        assert_eq!(Link::new(300_000, 9_000_000, 2).seconds(5), [3, 4, 5, 5, 5]);
        assert_eq!(Link::new(300_000, 900_000, 2).seconds(4), [3, 4, 3, 3], "three are as good as four");
    }

    #[test]
    fn fewer_are_tried_first_where_one_ends_soon() {
        assert_eq!(Link::new(PART / 2, 4 * PART, 2).seconds(1), [1]);
        assert_eq!(Link::new(PART / 3, 4 * PART, 2).seconds(1), [3]);
    }

    #[test]
    fn a_tenth_more_is_not_worth_another_one() {
        for (all, limit) in [(1_111_110, 1), (1_112_000, 3)] {
            let mut link = Link::new(1_000_000, all, 1);
            assert_eq!(link.seconds(2), [2, limit], "{all}");
        }
    }

    #[test]
    fn a_sixth_more_is_not_where_one_ends_soon() {
        for (all, limit) in [(4_799_990, 1), (4_801_000, 3)] {
            assert_eq!(Link::new(4_000_000, all, 1).seconds(2), [2, limit], "{all}");
        }
    }

    #[test]
    fn requests_that_end_at_once_may_be_as_many_as_there_can_be() {
        for (took, limit) in [(0, 5), (80, 5), (81, 4), (100, 4), (134, 2), (9000, 2)] {
            assert_eq!(Link::new(1, 1, 2).end(done(took)), limit, "{took}");
        }
    }

    #[test]
    fn what_was_better_is_judged_again_before_others_are_tried() {
        let mut link = Link::new(2_000_000, 4_000_000, 2);
        assert_eq!(link.seconds(3), [1, 2, 3], "two are as fast as one alone can be twice");
        link.all = 1_000_000;
        assert_eq!(link.seconds(3), [2, 1, 1]);
    }

    #[test]
    fn small_ones_are_one_more_than_large_ones_where_there_was_a_reason_for_fewer_and_three_at_least() {
        let mut pace = Pace::default();
        assert_eq!(pace.most(1, Instant(0)), 5);
        pace.stood_still(2, Instant(900), Instant(1000));
        assert_eq!([1, 2, 3, 4, 5].map(|limit| pace.most(limit, Instant(1000))), [3, 3, 4, 5, 5]);
    }

    #[test]
    fn what_breaks_halves_them_and_none_is_added_for_half_a_minute() {
        let mut link = Link::new(300_000, 9_000_000, 5);
        let broken = SlotEnd::Broken { since: Instant(0), moved: true, size: PART };
        assert_eq!((link.end(broken), link.end(SlotEnd::Congested)), (2, 2), "together they are one");
        link.now = link.now + Millis(2000);
        assert_eq!((link.end(SlotEnd::Congested), link.end(done(1))), (1, 1));
        assert_eq!(link.seconds(29), [1; 29]);
        assert_eq!(link.seconds(5), [2, 3, 4, 5, 5]);
        link.now = link.now + Millis(2000);
        for _ in 0..9 {
            link.now = link.now + Millis(2000);
            link.end(broken);
        }
        assert_eq!(link.limit, 1);
    }

    #[test]
    fn what_stood_still_when_they_were_halved_is_no_other_reason() {
        let mut pace = Pace::default();
        let mut stood_still = |limit, since, now| pace.stood_still(limit, Instant(since), Instant(now));
        assert_eq!(stood_still(4, 1000, 2000), 2);
        assert_eq!((stood_still(2, 1999, 9000), stood_still(2, 2000, 9000)), (2, 1));
    }

    #[test]
    fn where_there_was_a_reason_for_fewer_what_more_would_bring_is_no_reason_for_more() {
        let mut pace = Pace::default();
        let mut limit = pace.stood_still(2, Instant(0), Instant(1000));
        let mut flow = |moving, bytes, now| {
            let flow = Flow { bytes, millis: 1000, size: PART };
            limit = pace.flowed(limit, moving, flow, Instant(now));
            limit
        };
        assert_eq!((flow(2, 900_000, 2000), flow(1, 1_000_000, 3000)), (1, 1));
        assert_eq!((flow(1, 1_000_000, 30_999), flow(1, 1_000_000, 31_000)), (1, 2));
    }

    #[test]
    fn other_ends_say_nothing() {
        let mut link = Link::new(1, 1, 3);
        assert_eq!((link.end(SlotEnd::Failed), link.end(SlotEnd::Cancelled)), (3, 3));
    }

    #[test]
    fn of_a_number_that_cannot_be_nothing_is_learnt() {
        let mut pace = Pace::default();
        let flow = Flow { bytes: 1, millis: 10_000, size: PART };
        for moving in [0, 6] {
            assert_eq!(pace.flowed(3, moving, flow, Instant(1)), 3);
        }
    }
}
