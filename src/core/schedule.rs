//! How many requests with file content may run at a time, and whose turn it is.

use super::units::{Instant, Millis};

/// How many requests may run at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parallel {
    /// Adapts between 1 and [`MAX_AUTO`], starting with [`START_AUTO`].
    #[default]
    Auto,
    /// So many, 1 to [`MAX_FIXED`].
    Fixed(u32),
}

/// Browsers open six connections to an HTTP/1.1 host; one stays free for signing, listing and completing.
pub const MAX_AUTO: usize = 5;
/// Where [`Parallel::Auto`] starts.
pub const START_AUTO: usize = 4;
/// The most that can be asked for.
pub const MAX_FIXED: u32 = 32;

/// A store under load answers many requests at once with "slow down"; together they are one reason to halve.
const HALVE_AT_MOST_EVERY: Millis = Millis::from_secs(2);
/// After halving, so long without another reason to before one more is tried: on a link that breaks every few seconds
/// what gets lost each time is what is in flight.
const QUIET_BEFORE_GROWTH: Millis = Millis::from_secs(30);
/// Throughput measured over less is noise.
const MEASURE_AT_LEAST: Millis = Millis::from_secs(2);

/// How a request that held a slot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotEnd {
    /// The store has the bytes.
    Done {
        /// How many.
        bytes: u64,
    },
    /// The store asks to slow down (429, 503), did not answer in time, or the connection broke.
    Congested,
    /// It failed for another reason.
    Failed,
    /// It was given up here.
    Cancelled,
}

/// The slots that all uploads of an uploader share.
#[derive(Clone, Debug)]
pub struct Pool {
    limit: usize,
    held: usize,
    held_until: Instant,
    /// `None` when the limit is fixed.
    adaptive: Option<Adaptive>,
}

impl Pool {
    /// With all slots free.
    pub fn new(parallel: Parallel) -> Self {
        let (limit, adaptive) = match parallel {
            Parallel::Auto => (START_AUTO, Some(Adaptive::default())),
            Parallel::Fixed(count) => (count.clamp(1, MAX_FIXED) as usize, None),
        };
        Self { limit, held: 0, held_until: Instant::default(), adaptive }
    }

    /// How many requests may start now.
    pub fn free(&self, now: Instant) -> usize {
        if now < self.held_until { 0 } else { self.limit.saturating_sub(self.held) }
    }

    /// Takes a slot for a request that starts now; `false` when none is free.
    #[must_use]
    pub fn take(&mut self, now: Instant) -> bool {
        if self.free(now) == 0 {
            return false;
        }
        self.held += 1;
        if let Some(adaptive) = &mut self.adaptive {
            adaptive.taken(self.held >= self.limit, now);
        }
        true
    }

    /// Gives a slot back.
    pub fn give_back(&mut self, end: SlotEnd, now: Instant) {
        self.held = self.held.saturating_sub(1);
        if let Some(adaptive) = &mut self.adaptive {
            self.limit = adaptive.ended(self.limit, end, now);
            if self.held == 0 {
                adaptive.idle_since = Some(now);
            }
        }
    }

    /// How many requests may run at a time.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many requests run now.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Starts nothing before `until`: the store said when to come back (`Retry-After`). The latest such date counts.
    pub fn hold_until(&mut self, until: Instant) {
        self.held_until = self.held_until.max(until);
    }

    /// When slots that are held back become free; `None` when none are.
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        (now < self.held_until).then_some(self.held_until)
    }
}

/// Additive growth while it pays, halving when the store is overrun or the link breaks: what TCP does, and for the same
/// reason.
#[derive(Clone, Debug, Default)]
struct Adaptive {
    /// Since when the current measurement runs; `None` until a request starts.
    since: Option<Instant>,
    /// Set while no request runs: such time is left out of the measurement.
    idle_since: Option<Instant>,
    bytes: u64,
    done: usize,
    /// Whether all slots were in use; otherwise there was too little to do for the limit to matter.
    saturated: bool,
    /// Bytes per second of the measurement before.
    rate: u64,
    halved: Option<Instant>,
}

impl Adaptive {
    fn taken(&mut self, all: bool, now: Instant) {
        let idle = self.idle_since.take().map_or(Millis(0), |since| now.since(since));
        self.since = Some(self.since.map_or(now, |since| since + idle));
        self.saturated |= all;
    }

    /// The limit from now on.
    fn ended(&mut self, limit: usize, end: SlotEnd, now: Instant) -> usize {
        match end {
            SlotEnd::Done { bytes } => {
                self.bytes = self.bytes.saturating_add(bytes);
                self.done += 1;
                self.grown(limit, now)
            }
            SlotEnd::Congested if self.halved.is_none_or(|at| now.since(at) >= HALVE_AT_MOST_EVERY) => {
                *self = Self { halved: Some(now), ..Self::default() };
                (limit / 2).max(1)
            }
            SlotEnd::Congested | SlotEnd::Failed | SlotEnd::Cancelled => limit,
        }
    }

    /// One more when clearly more got through than before, measured over two requests per slot on average, since a
    /// request that ends just before or after the measurement changes it by a whole part.
    fn grown(&mut self, limit: usize, now: Instant) -> usize {
        if self.halved.is_some_and(|at| now.since(at) < QUIET_BEFORE_GROWTH) {
            *self = Self { halved: self.halved, ..Self::default() };
            return limit;
        }
        let elapsed = self.since.map_or(Millis(0), |since| now.since(since));
        if self.done < 2 * limit || elapsed < MEASURE_AT_LEAST {
            return limit;
        }
        let rate = self.bytes.saturating_mul(1000) / elapsed.0.max(1);
        let grows = self.saturated && rate > self.rate.saturating_add(self.rate / 10) && limit < MAX_AUTO;
        *self = Self { since: Some(now), rate, ..Self::default() };
        if grows { limit + 1 } else { limit }
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

    const SECOND: Millis = Millis::from_secs(1);

    fn fill(pool: &mut Pool, now: Instant) -> usize {
        let mut taken = 0;
        while pool.take(now) {
            taken += 1;
        }
        taken
    }

    /// Runs the pool for some seconds, with so many bytes per slot and second, and returns the limit then.
    fn run(pool: &mut Pool, now: &mut Instant, seconds: u64, bytes: impl Fn(usize) -> u64) -> usize {
        for _ in 0..seconds {
            let taken = fill(pool, *now);
            *now = *now + SECOND;
            for _ in 0..taken {
                pool.give_back(SlotEnd::Done { bytes: bytes(taken) }, *now);
            }
        }
        pool.limit()
    }

    #[test]
    fn no_more_slots_are_given_than_the_limit_says() {
        let mut pool = Pool::new(Parallel::Fixed(3));
        assert_eq!(fill(&mut pool, Instant(0)), 3);
        assert_eq!((pool.free(Instant(0)), pool.held()), (0, 3));
        pool.give_back(SlotEnd::Cancelled, Instant(0));
        assert_eq!(pool.free(Instant(0)), 1);
    }

    #[test]
    fn a_fixed_limit_stays_whatever_happens() {
        for (asked, limit) in [(0, 1), (1, 1), (32, 32), (33, 32)] {
            let mut pool = Pool::new(Parallel::Fixed(asked));
            assert!(pool.take(Instant(0)));
            pool.give_back(SlotEnd::Congested, Instant(0));
            assert_eq!(pool.limit(), limit);
        }
    }

    #[test]
    fn the_limit_grows_while_throughput_grows() {
        let (mut pool, mut now) = (Pool::new(Parallel::Auto), Instant(0));
        assert_eq!(pool.limit(), START_AUTO);
        assert_eq!(run(&mut pool, &mut now, 10, |_| 1_000_000), MAX_AUTO);
    }

    #[test]
    fn the_limit_stays_when_more_slots_bring_nothing() {
        let (mut pool, mut now) = (Pool::new(Parallel::Auto), Instant(0));
        run(&mut pool, &mut now, 10, |_| 1_000_000);
        assert!(pool.take(now));
        pool.give_back(SlotEnd::Congested, now);
        assert_eq!(pool.limit(), 2);
        // The first measurement has none to compare with; after it, the same total over any number of slots.
        assert_eq!(run(&mut pool, &mut now, 60, |slots| 6_000_000 / slots as u64), 3);
    }

    /// Ends four requests of so many bytes at a moment, and begins as many again.
    fn four_end(pool: &mut Pool, bytes: u64, at: u64) -> usize {
        for _ in 0..4 {
            pool.give_back(SlotEnd::Done { bytes }, Instant(at));
        }
        fill(pool, Instant(at));
        pool.limit()
    }

    #[test]
    fn throughput_is_measured_for_two_seconds_and_over_two_requests_a_slot() {
        for (first, second, limit) in [(1000, 1999, 4), (1000, 2000, 5), (3000, 9000, 5)] {
            let mut pool = Pool::new(Parallel::Auto);
            fill(&mut pool, Instant(0));
            assert_eq!(four_end(&mut pool, 1000, first), 4);
            assert_eq!(four_end(&mut pool, 1000, second), limit, "{second}");
        }
        let mut pool = Pool::new(Parallel::Auto);
        fill(&mut pool, Instant(0));
        for number in 1..=8 {
            assert_eq!(pool.limit(), 4, "{number}");
            pool.give_back(SlotEnd::Done { bytes: 1000 }, Instant(5000));
            assert!(pool.take(Instant(5000)));
        }
        assert_eq!(pool.limit(), 5);
    }

    /// A pool at its least, after eight requests of so many bytes within two seconds.
    fn measured(bytes: u64) -> Pool {
        let mut pool = Pool::new(Parallel::Auto);
        for at in [0, 2000] {
            assert!(pool.take(Instant(at)));
            pool.give_back(SlotEnd::Congested, Instant(at));
        }
        assert_eq!(pool.limit(), 1);
        for at in [32_000, 33_000] {
            assert!(pool.take(Instant(at)));
            pool.give_back(SlotEnd::Done { bytes }, Instant(at + 1000));
        }
        assert_eq!(pool.limit(), 2, "the first measurement has none to compare with");
        pool
    }

    #[test]
    fn the_limit_grows_only_with_throughput_that_grew_by_more_than_a_tenth() {
        for (bytes, millis, limit) in
            [(550_000, 2000, 2), (551_000, 2000, 3), (1_000_000, 4000, 2), (1_000_000, 2000, 3)]
        {
            let mut pool = measured(1_000_000);
            for at in [34_000, 34_000 + millis / 2] {
                assert_eq!(fill(&mut pool, Instant(at)), 2);
                for _ in 0..2 {
                    pool.give_back(SlotEnd::Done { bytes }, Instant(at + millis / 2));
                }
            }
            assert_eq!(pool.limit(), limit, "{bytes} in {millis} ms");
        }
    }

    #[test]
    fn a_measurement_begins_where_the_one_before_ended_though_nothing_starts_then() {
        let mut pool = Pool::new(Parallel::Auto);
        assert!(pool.take(Instant(0)));
        pool.give_back(SlotEnd::Congested, Instant(0));
        assert_eq!(fill(&mut pool, Instant(30_000)), 2);
        for at in [30_500, 31_000, 31_500] {
            pool.give_back(SlotEnd::Done { bytes: 1000 }, Instant(at));
            assert!(pool.take(Instant(at)));
        }
        pool.give_back(SlotEnd::Done { bytes: 1000 }, Instant(32_000));
        assert_eq!((pool.limit(), pool.held()), (3, 1));
        for (at, ending) in [(34_000, 1), (35_000, 3), (36_000, 2)] {
            for _ in 0..ending {
                pool.give_back(SlotEnd::Done { bytes: 1000 }, Instant(at));
            }
            fill(&mut pool, Instant(at));
        }
        assert_eq!(pool.limit(), 3, "six in four seconds are fewer than four in two");
    }

    #[test]
    fn a_pause_is_not_taken_for_slowness() {
        let (mut pool, mut now) = (Pool::new(Parallel::Auto), Instant(0));
        assert!(pool.take(now));
        pool.give_back(SlotEnd::Congested, now);
        let steady = |slots: usize| 6_000_000 / slots as u64;
        assert_eq!(run(&mut pool, &mut now, 50, steady), 3);
        run(&mut pool, &mut now, 1, steady);
        now = now + Millis::from_secs(600);
        assert_eq!(run(&mut pool, &mut now, 19, steady), 3);
    }

    #[test]
    fn the_limit_stays_when_there_is_too_little_to_do() {
        let (mut pool, mut now) = (Pool::new(Parallel::Auto), Instant(0));
        for bytes in 0..60 {
            assert!(pool.take(now));
            now = now + SECOND;
            pool.give_back(SlotEnd::Done { bytes }, now);
        }
        assert_eq!(pool.limit(), START_AUTO);
    }

    #[test]
    fn many_complaints_at_once_halve_the_limit_once() {
        let mut pool = Pool::new(Parallel::Auto);
        let now = Instant(1000);
        for _ in 0..fill(&mut pool, now) {
            pool.give_back(SlotEnd::Congested, now);
        }
        assert_eq!(pool.limit(), 2);
        for (later, limit) in [(2999, 2), (3000, 1), (9000, 1)] {
            assert!(pool.take(Instant(later)));
            pool.give_back(SlotEnd::Congested, Instant(later));
            assert_eq!(pool.limit(), limit);
        }
    }

    #[test]
    fn on_a_link_that_keeps_breaking_one_at_a_time_is_sent() {
        let (mut pool, mut now) = (Pool::new(Parallel::Auto), Instant(0));
        for _ in 0..5 {
            run(&mut pool, &mut now, 20, |slots| 6_000_000 / slots as u64);
            assert!(pool.take(now));
            pool.give_back(SlotEnd::Congested, now);
        }
        assert_eq!(pool.limit(), 1);
        assert_eq!(run(&mut pool, &mut now, 29, |_| 1_000_000), 1);
        assert_eq!(run(&mut pool, &mut now, 60, |_| 1_000_000), MAX_AUTO);
    }

    #[test]
    fn other_failures_say_nothing_about_the_limit() {
        let mut pool = Pool::new(Parallel::Auto);
        for end in [SlotEnd::Failed, SlotEnd::Cancelled] {
            assert!(pool.take(Instant(0)));
            pool.give_back(end, Instant(0));
        }
        assert_eq!(pool.limit(), START_AUTO);
    }

    #[test]
    fn nothing_starts_before_the_store_said() {
        let mut pool = Pool::new(Parallel::Fixed(2));
        pool.hold_until(Instant(500));
        pool.hold_until(Instant(300));
        assert_eq!((pool.free(Instant(499)), pool.wake_at(Instant(499))), (0, Some(Instant(500))));
        assert!(!pool.take(Instant(499)));
        assert_eq!((pool.free(Instant(500)), pool.wake_at(Instant(500))), (2, None));
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
