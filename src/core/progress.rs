//! How far an upload is, how fast it goes and how long it will take.

use super::units::Instant;

/// Bytes moved in the last seconds count most: after this many milliseconds a change of speed shows by half or more.
const SMOOTHING_MILLIS: f64 = 5_000.0;
/// Events come in bursts; a rate measured over less than this is noise.
const SAMPLE_MILLIS: u64 = 250;
/// Without a byte for so long nothing moves. Browsers tell of bytes by the hundred kilobytes that the kernel takes, which
/// on a link of ten kilobytes a second is every ten seconds or so.
const STANDSTILL_MILLIS: u64 = 20_000;

/// Progress at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// Bytes the store has or is being sent. Never falls, never exceeds `total`.
    pub loaded: u64,
    /// Bytes of the file.
    pub total: u64,
    /// Smoothed; 0 while nothing is known, or nothing has moved for 20 s.
    pub bytes_per_second: f64,
    /// `None` while no rate is known.
    pub seconds_left: Option<f64>,
}

/// Follows one upload.
#[derive(Clone, Debug)]
pub struct Progress {
    total: u64,
    /// The most ever shown.
    loaded: u64,
    rate: Rate,
}

impl Progress {
    /// Of a file of `total` bytes.
    pub fn new(total: u64) -> Self {
        Self { total, loaded: 0, rate: Rate::default() }
    }

    /// The store already has `confirmed` bytes, from an earlier session: they count as loaded, not as speed.
    pub fn start_at(&mut self, confirmed: u64) {
        self.loaded = self.loaded.max(confirmed.min(self.total));
        self.rate = Rate::default();
    }

    /// Takes the state of the upload: bytes of confirmed parts, and bytes of requests in flight (each no more than its
    /// part: browsers count repeated requests twice). To be called also when nothing moves, so that the rate decays.
    pub fn observe(&mut self, confirmed: u64, in_flight: u64, now: Instant) -> Snapshot {
        let sent = confirmed.saturating_add(in_flight).min(self.total);
        self.count(confirmed, in_flight);
        self.rate.observe(sent, now);
        let left = (self.total - sent) as f64;
        let bytes_per_second = self.rate.bytes_per_milli * 1000.0;
        let seconds_left = match bytes_per_second {
            _ if left == 0.0 => Some(0.0),
            rate if rate >= 1.0 => Some(left / rate),
            _ => None,
        };
        Snapshot { loaded: self.loaded, total: self.total, bytes_per_second, seconds_left }
    }

    /// The same without a look at the clock: the bytes that count as loaded.
    pub fn count(&mut self, confirmed: u64, in_flight: u64) -> u64 {
        self.loaded = self.loaded.max(confirmed.saturating_add(in_flight).min(self.total));
        self.loaded
    }

    /// Nothing is to move for a while (paused, offline): the rate is unknown until bytes move again.
    pub fn idle(&mut self) {
        self.rate = Rate::default();
    }
}

/// A running average that forgets. While it is younger than the smoothing time it is the plain average of all it has
/// seen, so that it is right from the first sample on.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    bytes_per_milli: f64,
    /// How long it has been measured.
    age_millis: f64,
    /// Where and when the current sample began.
    sample: Option<(u64, Instant)>,
    /// When bytes last moved.
    moved: Instant,
}

impl Rate {
    fn observe(&mut self, sent: u64, now: Instant) {
        let Some((from, since)) = self.sample else {
            self.sample = Some((sent, now));
            self.moved = now;
            return;
        };
        if sent > from {
            self.moved = now;
        } else if now.since(self.moved).0 >= STANDSTILL_MILLIS {
            // What comes then is measured from here.
            *self = Self { sample: Some((sent, now)), ..Self::default() };
            return;
        }
        let elapsed = now.since(since).0;
        if sent < from {
            // A request failed and its bytes are sent again. They count as speed then, but their loss is none.
            self.sample = Some((sent, since));
        } else if elapsed >= SAMPLE_MILLIS {
            let elapsed = elapsed as f64;
            let memory = self.age_millis.min(SMOOTHING_MILLIS);
            self.bytes_per_milli =
                (self.bytes_per_milli * memory + (sent - from) as f64) / (memory + elapsed);
            self.age_millis += elapsed;
            self.sample = Some((sent, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    /// Sends `bytes_per_second` for some seconds, observed ten times a second.
    fn run(
        progress: &mut Progress,
        sent: &mut u64,
        now: &mut u64,
        bytes_per_second: u64,
        seconds: u64,
    ) -> Snapshot {
        let mut last = progress.observe(*sent, 0, Instant(*now));
        for _ in 0..seconds * 10 {
            *sent += bytes_per_second / 10;
            *now += 100;
            last = progress.observe(*sent, 0, Instant(*now));
        }
        last
    }

    fn about(value: f64, expected: f64) -> bool {
        (value - expected).abs() <= expected * 0.1
    }

    #[test]
    fn progress_neither_falls_nor_exceeds_the_total() {
        let mut progress = Progress::new(100);
        let mut loaded = |confirmed, in_flight| progress.observe(confirmed, in_flight, Instant(0)).loaded;
        assert_eq!(loaded(10, 30), 40);
        assert_eq!(loaded(10, 0), 40);
        assert_eq!(loaded(50, u64::MAX), 100);
        assert_eq!(loaded(0, 0), 100);
    }

    #[test]
    fn a_steady_rate_is_known_within_a_second() {
        let (mut progress, mut sent, mut now) = (Progress::new(100 * MB), 0, 0);
        let first = progress.observe(0, 0, Instant(0));
        assert_eq!((first.bytes_per_second, first.seconds_left), (0.0, None));
        let snapshot = run(&mut progress, &mut sent, &mut now, 4 * MB, 1);
        assert!(about(snapshot.bytes_per_second, 4e6), "{snapshot:?}");
        assert!(snapshot.seconds_left.is_some_and(|left| about(left, 24.0)), "{snapshot:?}");
    }

    #[test]
    fn after_a_standstill_no_rate_is_known_until_bytes_move_again() {
        let (mut progress, mut sent, mut now) = (Progress::new(1000 * MB), 0, 0);
        run(&mut progress, &mut sent, &mut now, 10 * MB, 30);
        let still = run(&mut progress, &mut sent, &mut now, 0, 19);
        assert!(still.bytes_per_second > 0.0 && still.seconds_left.is_some(), "{still:?}");
        let still = run(&mut progress, &mut sent, &mut now, 0, 1);
        assert_eq!((still.bytes_per_second, still.seconds_left), (0.0, None));
        let still = run(&mut progress, &mut sent, &mut now, 0, 60);
        assert_eq!((still.bytes_per_second, still.seconds_left), (0.0, None));
        let again = run(&mut progress, &mut sent, &mut now, 4 * MB, 1);
        assert!(about(again.bytes_per_second, 4e6), "{again:?}");
    }

    #[test]
    fn the_rate_follows_a_change_and_decays_when_nothing_moves() {
        let (mut progress, mut sent, mut now) = (Progress::new(1000 * MB), 0, 0);
        run(&mut progress, &mut sent, &mut now, 10 * MB, 30);
        let slower = run(&mut progress, &mut sent, &mut now, MB, 20);
        assert!(slower.bytes_per_second < 1.4e6, "{slower:?}");
        let stalled = run(&mut progress, &mut sent, &mut now, 0, 60);
        assert!(stalled.bytes_per_second < 1e3, "{stalled:?}");
    }

    #[test]
    fn a_change_of_speed_hardly_shows_after_a_second_and_by_half_after_five() {
        let (mut progress, mut sent, mut now) = (Progress::new(1000 * MB), 0, 0);
        run(&mut progress, &mut sent, &mut now, 10 * MB, 30);
        let soon = run(&mut progress, &mut sent, &mut now, MB, 1);
        assert!(soon.bytes_per_second > 8e6, "{soon:?}");
        let later = run(&mut progress, &mut sent, &mut now, MB, 4);
        assert!(later.bytes_per_second < 5.5e6, "{later:?}");
    }

    #[test]
    fn resumed_bytes_are_no_speed() {
        let mut progress = Progress::new(1000 * MB);
        progress.start_at(900 * MB);
        let (mut sent, mut now) = (900 * MB, 0);
        assert_eq!(progress.observe(sent, 0, Instant(0)).loaded, 900 * MB);
        let snapshot = run(&mut progress, &mut sent, &mut now, MB, 5);
        assert!(about(snapshot.bytes_per_second, 1e6), "{snapshot:?}");
    }

    #[test]
    fn what_was_shown_before_neither_falls_nor_is_speed() {
        let mut progress = Progress::new(1000 * MB);
        progress.start_at(600 * MB);
        assert_eq!(progress.observe(100 * MB, 0, Instant(0)).loaded, 600 * MB);
        let (mut sent, mut now) = (100 * MB, 0);
        run(&mut progress, &mut sent, &mut now, MB, 5);
        progress.start_at(2000 * MB);
        sent = 700 * MB;
        let snapshot = run(&mut progress, &mut sent, &mut now, MB, 5);
        assert_eq!(snapshot.loaded, 1000 * MB);
        assert!(about(snapshot.bytes_per_second, 1e6), "{snapshot:?}");
    }

    #[test]
    fn a_pause_is_no_slowness() {
        let (mut progress, mut sent, mut now) = (Progress::new(1000 * MB), 0, 0);
        run(&mut progress, &mut sent, &mut now, MB, 5);
        progress.idle();
        now += 600_000;
        assert_eq!(progress.observe(sent, 0, Instant(now)).bytes_per_second, 0.0);
        let snapshot = run(&mut progress, &mut sent, &mut now, MB, 2);
        assert!(about(snapshot.bytes_per_second, 1e6), "{snapshot:?}");
    }

    #[test]
    fn what_must_be_sent_again_is_part_of_the_time_left() {
        let (mut progress, mut sent, mut now) = (Progress::new(20 * MB), 0, 0);
        run(&mut progress, &mut sent, &mut now, MB, 10);
        let lost = progress.observe(5 * MB, 0, Instant(now));
        assert_eq!(lost.loaded, 10 * MB);
        assert!(lost.seconds_left.is_some_and(|left| about(left, 15.0)), "{lost:?}");
    }

    #[test]
    fn an_empty_file_has_no_time_left() {
        let snapshot = Progress::new(0).observe(0, 0, Instant(0));
        assert_eq!((snapshot.loaded, snapshot.total, snapshot.seconds_left), (0, 0, Some(0.0)));
    }

    #[test]
    fn a_clock_that_stands_still_or_runs_back_does_no_harm() {
        let mut progress = Progress::new(100);
        for (sent, now) in [(0, 1000), (10, 1000), (20, 0), (30, 1000)] {
            let snapshot = progress.observe(sent, 0, Instant(now));
            assert_eq!((snapshot.loaded, snapshot.bytes_per_second), (sent, 0.0));
        }
    }
}
