//! How many requests with file content may run at a time, and whose turn it is.

mod fixed;
mod pace;

use super::units::{Instant, Millis};
use fixed::Fixed;
use pace::Pace;

/// How many requests may run at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parallel {
    /// Adapts between 1 and [`MAX_AUTO`], starting with [`START_AUTO`].
    #[default]
    Auto,
    /// So many, 1 to [`MAX_FIXED`]; fewer while a link breaks before one as large gets through.
    Fixed(u32),
}

/// Browsers open six connections to an HTTP/1.1 host; one stays free for signing, listing and completing.
pub const MAX_AUTO: usize = 5;
/// Where [`Parallel::Auto`] starts.
pub const START_AUTO: usize = 2;
/// So many at a time hardly any store refuses.
const HARMLESS: usize = 3;
/// The most that can be asked for.
pub const MAX_FIXED: u32 = 32;

/// How long nothing is started after the store asked to slow down without saying how long, or when the link stays broken.
const REST: Millis = Millis(500);
/// How often that is doubled for a link that stays broken.
const REST_DOUBLES: u32 = 2;

/// What breaks together, or is refused together, is one reason to halve.
const HALVE_AT_MOST_EVERY: Millis = Millis::from_secs(2);
/// After halving, so long without another reason to before there are more.
const QUIET_BEFORE_GROWTH: Millis = Millis::from_secs(30);

/// Uploads that get ready while others send.
const READY: usize = 3;

/// How a request that held a slot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotEnd {
    /// The store has the bytes.
    Done {
        /// Since it was sent.
        took: Millis,
        /// Bytes sent.
        size: u64,
    },
    /// The store asks to slow down (429, 503, 408).
    Congested,
    /// The connection broke, or nothing was heard in time.
    Broken {
        /// When it was sent.
        since: Instant,
        /// Some of its bytes had left.
        moved: bool,
        /// Bytes that it had to send altogether.
        size: u64,
    },
    /// It failed for another reason.
    Failed,
    /// It was given up here.
    Cancelled,
}

/// What the progress of a request that has got going says of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// How fast it is.
    Flowed(Flow),
    /// It went on after a while in which it did not, as when its connection breaks and the browser sends it again by itself.
    StoodStill {
        /// When it had moved last.
        since: Instant,
    },
}

/// What a request has sent in a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Bytes sent.
    pub bytes: u64,
    /// Milliseconds that they took.
    pub millis: u64,
    /// Bytes that it has to send altogether.
    pub size: u64,
}

/// A request with content that holds a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Bytes to send.
    pub size: u64,
    /// When they will have left, once that can be told.
    pub ends: Option<Ends>,
}

/// When the last bytes of a request will have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Most likely.
    pub at: Instant,
    /// How long a request takes from when it is sent to its first bytes.
    pub lead: Millis,
}

impl Ends {
    /// From when on another request may begin, so that it is ready then. Where the link breaks that is so late that the two hardly share
    /// it; else so early that there is no gap even if this one ends earlier.
    pub fn next_at(self, breaks: bool) -> Instant {
        let leads = if breaks { 1 } else { 2 };
        Instant(self.at.0.saturating_sub(leads * self.lead.0))
    }
}

/// The slots that all uploads of an uploader share.
#[derive(Clone, Debug)]
pub struct Pool {
    limit: usize,
    held: usize,
    /// The most of them since the link broke.
    peak: usize,
    /// The store wants a rest.
    held_until: Instant,
    /// So does the link.
    rests_until: Instant,
    /// When the link broke last, and how often in a row it has since.
    broken: Option<(Instant, u32)>,
    /// Content of this size counts as one request where their number adapts, less as less.
    large: u64,
    count: Count,
}

/// What decides how many there may be.
#[derive(Clone, Debug)]
enum Count {
    Adapts(Pace),
    Fixed(Fixed),
}

impl Pool {
    /// With all slots free, for files in parts of a usual size.
    pub fn new(parallel: Parallel, part_size: u64) -> Self {
        let (limit, count) = match parallel {
            Parallel::Auto => (START_AUTO, Count::Adapts(Pace::default())),
            Parallel::Fixed(asked) => {
                let asked = asked.clamp(1, MAX_FIXED) as usize;
                (asked, Count::Fixed(Fixed::new(asked)))
            }
        };
        let long_ago = Instant::default();
        Self {
            limit,
            held: 0,
            peak: 0,
            held_until: long_ago,
            rests_until: long_ago,
            broken: None,
            large: part_size.max(1),
            count,
        }
    }

    /// Whether a request may start now, beside those that run.
    pub fn is_free(&self, running: &[InFlight], now: Instant) -> bool {
        let (most, has_room) = match &self.count {
            Count::Fixed(fixed) => (fixed.most(now), true),
            Count::Adapts(pace) => {
                let room = self.large.saturating_mul(self.limit as u64);
                (pace.most(self.limit, now), self.at_stake(running, now) < room)
            }
        };
        self.wake_at(now).is_none() && self.held < most && has_room
    }

    /// Bytes that count if the link breaks now. Of the largest request that is about to end none do, so that the next one can
    /// get ready. Where the limit is one request and there are two, as when a break has both sent again, neither counts when it is about
    /// to end.
    fn at_stake(&self, running: &[InFlight], now: Instant) -> u64 {
        let breaks = matches!(&self.count, Count::Adapts(pace) if pace.is_quiet(now));
        let is_about_to_end = |ends: Option<Ends>| ends.is_some_and(|ends| now >= ends.next_at(breaks));
        let neither_counts = self.limit == 1 && running.len() < HARMLESS;
        let (mut all, mut ending) = (0_u64, 0_u64);
        for &InFlight { size, ends } in running {
            let counts = size.min(self.large);
            all = all.saturating_add(counts);
            if is_about_to_end(ends) {
                ending = if neither_counts { ending.saturating_add(counts) } else { ending.max(counts) };
            }
        }
        all - ending
    }

    /// Takes a slot for a request that starts now, where one is free.
    pub fn take(&mut self) {
        self.held += 1;
        self.peak = self.peak.max(self.held);
    }

    /// Gives a slot back.
    pub fn give_back(&mut self, end: SlotEnd, now: Instant) {
        self.held = self.held.saturating_sub(1);
        match end {
            SlotEnd::Congested => self.hold_until(now + REST),
            SlotEnd::Broken { since, moved, .. } => self.broke(since, moved, now),
            SlotEnd::Done { .. } => self.link_works(),
            SlotEnd::Failed | SlotEnd::Cancelled => {}
        }
        // How long a small one takes says nothing of large ones.
        let is_small = matches!(end, SlotEnd::Done { size, .. } if size < self.large);
        match (&mut self.count, end) {
            (Count::Adapts(pace), _) if !is_small => self.limit = pace.ended(self.limit, end, now),
            (Count::Fixed(fixed), SlotEnd::Done { size, .. }) => fixed.works(size),
            (Count::Fixed(fixed), SlotEnd::Broken { since, moved: true, size }) => {
                fixed.broke(since, size, self.peak, now);
                self.peak = self.held;
            }
            _ => {}
        }
    }

    /// All that run break together, and the next attempt may find the link as it was. If not, it is left alone for longer and
    /// longer.
    fn broke(&mut self, since: Instant, moved: bool, now: Instant) {
        self.broken = match self.broken {
            Some((at, times)) if since < at => Some((at, times)),
            Some((_, times)) if !moved => {
                self.rests_until = now + Millis(REST.0 << times);
                Some((now, (times + 1).min(REST_DOUBLES)))
            }
            _ => Some((now, 0)),
        };
    }

    /// Something got through, or the browser says that there is a network again.
    pub fn link_works(&mut self) {
        (self.broken, self.rests_until) = (None, Instant::default());
    }

    /// One of `moving` requests has moved. How fast it is says something only when their number is known.
    pub fn moved(&mut self, moving: Option<usize>, movement: Movement, now: Instant) {
        let Count::Adapts(pace) = &mut self.count else { return };
        self.limit = match (movement, moving) {
            (Movement::StoodStill { since }, _) => pace.stood_still(self.limit, since, now),
            (Movement::Flowed(flow), Some(moving)) => pace.flowed(self.limit, moving, flow, now),
            (Movement::Flowed(_), None) => self.limit,
        };
    }

    /// How many uploads may be under way: those that send, and some that get ready meanwhile.
    pub fn places(&self) -> usize {
        if self.adapts() { MAX_AUTO + READY } else { self.limit }
    }

    /// Bytes of files, up to a usual part of each, that may share the slots: a file is not to wait for others that came later.
    pub fn shared(&self) -> u64 {
        self.large.saturating_mul(self.limit as u64)
    }

    /// How much of that a file takes.
    pub fn share(&self, size: u64) -> u64 {
        if self.adapts() { size.min(self.large) } else { self.large }
    }

    fn adapts(&self) -> bool {
        matches!(self.count, Count::Adapts(_))
    }

    /// How many requests may run at a time: as many as were asked for, where that is a number.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many requests run now.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Starts nothing before `until`, since the store wants a rest. The latest such date counts.
    pub fn hold_until(&mut self, until: Instant) {
        self.held_until = self.held_until.max(until);
    }

    /// When slots that are held back become free; `None` when none are.
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        let until = self.held_until.max(self.rests_until);
        (now < until).then_some(until)
    }
}

/// Which upload gets the next slot: of those that want one, the one that holds fewest, and among equals the next after
/// the `last` one served. Each entry is an upload's number, how many slots it wants, and how many it holds.
pub fn fairest(wants: &[(usize, usize, usize)], last: usize) -> Option<usize> {
    let wanting = wants.iter().filter(|(_, wanted, _)| *wanted > 0);
    let after_last = |upload: usize| upload.wrapping_sub(last).wrapping_sub(1);
    wanting.min_by_key(|(upload, _, held)| (*held, after_last(*upload))).map(|(upload, ..)| *upload)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(10_000);
    const DONE: SlotEnd = SlotEnd::Done { took: Millis(1000), size: LARGE };

    const LARGE: u64 = 5000;

    const FLOW: Movement = Movement::Flowed(Flow { bytes: 1, millis: 100_000, size: LARGE });

    const STOOD_STILL: Movement = Movement::StoodStill { since: Instant(9_000) };

    fn pool(parallel: Parallel) -> Pool {
        Pool::new(parallel, LARGE)
    }

    #[test]
    fn a_slot_is_shared_by_small_files_only_where_their_number_adapts() {
        let (auto, three) = (pool(Parallel::Auto), pool(Parallel::Fixed(3)));
        assert_eq!((auto.shared(), three.shared()), (START_AUTO as u64 * LARGE, 3 * LARGE));
        let shares = |pool: &Pool| [1, LARGE, LARGE + 1].map(|size| pool.share(size));
        assert_eq!((shares(&auto), shares(&three)), ([1, LARGE, LARGE], [LARGE; 3]));
    }

    fn running(count: usize, size: u64) -> Vec<InFlight> {
        vec![InFlight { size, ends: None }; count]
    }

    /// Takes what there is, each with so much content, and returns how many are held then.
    fn fill(pool: &mut Pool, size: u64, now: Instant) -> usize {
        while pool.is_free(&running(pool.held(), size), now) {
            pool.take();
        }
        pool.held()
    }

    /// Whether one is free where nothing runs.
    fn is_free(pool: &Pool, now: Instant) -> bool {
        pool.is_free(&[], now)
    }

    #[test]
    fn a_fixed_number_stays_however_fast_it_is_and_whatever_the_store_asks_for() {
        for (asked, limit) in [(0, 1), (1, 1), (3, 3), (32, 32), (33, 32)] {
            let mut pool = pool(Parallel::Fixed(asked));
            assert_eq!((fill(&mut pool, 1, NOW), is_free(&pool, NOW)), (limit, false));
            pool.give_back(SlotEnd::Congested, NOW);
            pool.moved(Some(1), FLOW, NOW);
            assert_eq!((pool.limit(), pool.held()), (limit, limit - 1));
        }
    }

    #[test]
    fn small_requests_count_as_less_but_five_are_the_most() {
        for (size, most) in
            [(LARGE, 2), (8 * LARGE, 2), (LARGE - 1, 3), (LARGE / 2, 4), (LARGE / 8, MAX_AUTO), (0, MAX_AUTO)]
        {
            assert_eq!(fill(&mut pool(Parallel::Auto), size, NOW), most, "{size}");
        }
    }

    /// What requests of these sizes put at stake, of which some are about to end.
    fn stake(pool: &Pool, sizes: &[(u64, bool)]) -> u64 {
        let ends = Ends { at: NOW, lead: Millis(0) };
        let running = sizes.iter().map(|&(size, ending)| InFlight { size, ends: ending.then_some(ends) });
        pool.at_stake(&running.collect::<Vec<_>>(), NOW)
    }

    #[test]
    fn of_those_that_are_about_to_end_the_largest_does_not_count() {
        let pool = pool(Parallel::Auto);
        assert_eq!(stake(&pool, &[(7, false), (5, true), (6, true)]), 12);
        assert_eq!(stake(&pool, &[(5, true), (6, true)]), 5);
        assert_eq!(stake(&pool, &[(LARGE * 9, true), (LARGE * 9, true), (1, false)]), LARGE + 1);
        assert_eq!(stake(&pool, &[]), 0);
    }

    #[test]
    fn where_one_is_enough_two_that_are_about_to_end_do_not_count() {
        let mut pool = pool(Parallel::Auto);
        pool.moved(None, STOOD_STILL, NOW);
        assert_eq!(pool.limit(), 1);
        assert_eq!(stake(&pool, &[(5, true), (6, true)]), 0);
        assert_eq!(stake(&pool, &[(5, true), (6, false)]), 6);
        assert_eq!(stake(&pool, &[(5, true), (6, true), (7, false)]), 12);
    }

    #[test]
    fn the_next_one_begins_earlier_where_the_link_does_not_break() {
        let running = [InFlight { size: 1, ends: Some(Ends { at: NOW + Millis(200), lead: Millis(100) }) }];
        let mut pool = pool(Parallel::Auto);
        let stakes = |pool: &Pool| {
            [Instant(9_999), NOW, Instant(10_099), Instant(10_100)].map(|at| pool.at_stake(&running, at))
        };
        assert_eq!(stakes(&pool), [1, 0, 0, 0]);
        pool.moved(None, STOOD_STILL, NOW);
        assert_eq!(stakes(&pool), [1, 1, 1, 0]);
    }

    #[test]
    fn what_small_ones_take_says_nothing_of_large_ones() {
        for (size, limit) in [(LARGE - 1, 2), (LARGE, 5)] {
            let mut pool = pool(Parallel::Auto);
            pool.take();
            pool.give_back(SlotEnd::Done { took: Millis(10), size }, NOW);
            assert_eq!(pool.limit(), limit);
        }
    }

    #[test]
    fn after_slow_down_the_others_rest_and_are_halved_once_however_many_hear_it() {
        let mut pool = pool(Parallel::Auto);
        fill(&mut pool, LARGE, NOW);
        pool.give_back(SlotEnd::Congested, NOW);
        pool.give_back(SlotEnd::Congested, NOW + Millis(1));
        assert_eq!((pool.limit(), pool.wake_at(NOW)), (1, Some(NOW + Millis(501))));
        assert!(!is_free(&pool, NOW + Millis(500)) && is_free(&pool, NOW + Millis(501)));
    }

    #[test]
    fn what_stands_still_halves_them_once() {
        let mut pool = pool(Parallel::Auto);
        pool.moved(None, STOOD_STILL, NOW);
        pool.moved(Some(1), STOOD_STILL, NOW + Millis(1));
        assert_eq!((pool.limit(), pool.wake_at(NOW)), (START_AUTO / 2, None));
    }

    #[test]
    fn a_fixed_number_is_halved_where_nothing_gets_through_between_two_breaks() {
        // `b`: all break. `m`: only the last of them had carried something. `n`: none had. `s`: one stands still. `w`: one gets through.
        for (case, most) in [("b", 4), ("bb", 2), ("sbs", 4), ("bwb", 4), ("bnn", 4), ("bbw", 2), ("mm", 2)] {
            let mut pool = pool(Parallel::Fixed(4));
            let mut at = NOW;
            for step in case.chars() {
                let since = at;
                fill(&mut pool, LARGE, since);
                at = at + Millis(5000);
                let broken = |moved| SlotEnd::Broken { since, moved, size: LARGE };
                match step {
                    'b' | 'm' | 'n' => {
                        for left in (1..=pool.held()).rev() {
                            pool.give_back(broken(step == 'b' || (step == 'm' && left == 1)), at);
                        }
                    }
                    's' => pool.moved(None, STOOD_STILL, at),
                    _ => pool.give_back(DONE, at),
                }
                at = pool.wake_at(at).unwrap_or(at);
            }
            assert_eq!(fill(&mut pool, LARGE, at), most, "{case}");
        }
    }

    #[test]
    fn how_fast_one_is_says_nothing_when_nobody_knows_how_many_share_the_link() {
        for (moving, limit) in [(None, START_AUTO), (Some(START_AUTO), START_AUTO + 1)] {
            let mut pool = pool(Parallel::Auto);
            pool.moved(moving, FLOW, NOW);
            assert_eq!(pool.limit(), limit);
        }
    }

    #[test]
    fn nothing_starts_before_the_store_said() {
        let mut pool = pool(Parallel::Fixed(2));
        pool.hold_until(NOW + Millis(500));
        pool.hold_until(NOW + Millis(300));
        pool.link_works();
        assert_eq!(pool.wake_at(NOW + Millis(499)), Some(NOW + Millis(500)));
        assert!(!is_free(&pool, NOW + Millis(499)));
        assert_eq!(pool.wake_at(NOW + Millis(500)), None);
        assert!(is_free(&pool, NOW + Millis(500)));
    }

    #[test]
    fn a_link_that_broke_is_tried_at_once_then_less_and_less_often() {
        let mut pool = pool(Parallel::Fixed(4));
        let broken = |since| SlotEnd::Broken { since, moved: false, size: LARGE };
        fill(&mut pool, LARGE, NOW);
        for _ in 0..4 {
            pool.give_back(broken(Instant(9000)), NOW);
            assert_eq!(pool.wake_at(NOW), None, "they broke together");
        }
        let mut at = NOW;
        for rest in [500, 1000, 2000, 2000] {
            pool.take();
            pool.give_back(broken(at), at + Millis(1));
            assert_eq!(pool.wake_at(at + Millis(1)), Some(at + Millis(1 + rest)));
            at = at + Millis(1 + rest);
        }
        for _ in 0..2 {
            pool.take();
        }
        pool.give_back(DONE, at);
        pool.give_back(broken(at), at + Millis(1));
        assert_eq!(pool.wake_at(at + Millis(1)), None, "something had got through");
        pool.give_back(broken(at + Millis(1)), at + Millis(2));
        pool.link_works();
        assert_eq!(pool.wake_at(at + Millis(2)), None);
        for after in 3..6 {
            let at = at + Millis(after);
            pool.give_back(SlotEnd::Broken { since: at, moved: true, size: LARGE }, at);
            assert_eq!(pool.wake_at(at), None, "it had carried something");
        }
    }

    #[test]
    fn who_holds_fewest_is_served_first() {
        assert_eq!(fairest(&[(1, 5, 2), (2, 5, 1), (3, 5, 3)], 1), Some(2));
        assert_eq!(fairest(&[(1, 5, 2), (2, 0, 0), (3, 5, 3)], 1), Some(1));
        assert_eq!(fairest(&[(1, 0, 0)], 1), None);
        assert_eq!(fairest(&[], 0), None);
    }

    #[test]
    fn equals_take_turns() {
        let wants = [(3, 1, 0), (7, 1, 0), (9, 1, 0)];
        let mut last = 7;
        let order: Vec<usize> = (0..4)
            .filter_map(|_| {
                last = fairest(&wants, last)?;
                Some(last)
            })
            .collect();
        assert_eq!(order, [9, 3, 7, 9]);
        assert_eq!(fairest(&[(0, 1, 0), (usize::MAX, 1, 0)], usize::MAX), Some(0));
    }
}
