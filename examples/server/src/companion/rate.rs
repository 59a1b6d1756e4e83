//! How often somebody may ask: a bucket that refills steadily and holds two seconds' worth.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Most buckets kept. Whoever asks from ever new addresses must not fill the memory.
const MAX_BUCKETS: usize = 10_000;

/// Counts requests by whoever makes them.
pub struct Rate<K> {
    per_second: f64,
    buckets: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: Eq + Hash> Rate<K> {
    /// `per_second` of 0 never refuses.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), buckets: Mutex::default() }
    }

    /// Whether `who` may go on now.
    pub fn take(&self, who: K, now: Instant) -> bool {
        self.take_many(who, 1, now)
    }

    /// Whether `who` may do so much now; who may not keeps what it has.
    pub fn take_many(&self, who: K, count: usize, now: Instant) -> bool {
        if self.per_second == 0.0 {
            return true;
        }
        let full = self.per_second * 2.0;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS && !buckets.contains_key(&who) {
            // After two seconds any bucket is full again, and so as good as none.
            buckets.retain(|_, (_, at)| now.saturating_duration_since(*at).as_secs() < 2);
            if buckets.len() >= MAX_BUCKETS {
                return false;
            }
        }
        let (level, at) = buckets.entry(who).or_insert((full, now));
        let refill = now.saturating_duration_since(*at).as_secs_f64() * self.per_second;
        *level = (*level + refill).min(full);
        *at = now;
        let needed = count as f64;
        let allowed = *level >= needed;
        if allowed {
            *level -= needed;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_taken_and_then_the_steady_rate() {
        let rate = Rate::new(10);
        let start = Instant::now();
        assert_eq!((0..100).filter(|_| rate.take("a", start)).count(), 20);
        assert!(rate.take("b", start), "others are not affected");
        let later = start + Duration::from_millis(500);
        assert_eq!((0..100).filter(|_| rate.take("a", later)).count(), 5);
    }

    #[test]
    fn ever_new_callers_do_not_fill_the_memory() {
        let rate = Rate::new(1);
        let start = Instant::now();
        assert_eq!((0..20_000).filter(|who| rate.take(*who, start)).count(), MAX_BUCKETS);
        assert_eq!(rate.buckets.lock().unwrap().len(), MAX_BUCKETS);
        assert!(rate.take(0, start), "those who are known are still served");
        assert!(rate.take(20_001, start + Duration::from_secs(2)), "and new ones after a while");
        assert_eq!(rate.buckets.lock().unwrap().len(), 1);
    }

    #[test]
    fn who_asks_for_too_much_keeps_what_it_has() {
        let rate = Rate::new(10);
        let start = Instant::now();
        assert!(
            rate.take_many("a", 15, start) && !rate.take_many("a", 6, start) && rate.take_many("a", 5, start)
        );
        assert!(!rate.take("a", start) && rate.take_many("a", 0, start));
    }

    #[test]
    fn zero_means_unlimited() {
        let rate = Rate::new(0);
        assert!((0..1000).all(|_| rate.take("a", Instant::now())));
    }
}
