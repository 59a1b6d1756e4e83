//! Which parts are to do, waiting for another attempt, busy or done.

use crate::core::plan::Plan;
use crate::core::retry::Tries;
use crate::core::units::{Instant, PartNumber};

#[derive(Clone, Debug)]
enum Status {
    Todo,
    Busy,
    /// The ETag as the store spells it.
    Done(String),
}

/// A part that failed and is to be sent again.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    number: PartNumber,
    tries: Tries,
    not_before: Instant,
    /// It was the link that failed.
    for_link: bool,
}

/// All parts of one upload.
#[derive(Debug)]
pub(super) struct PartTable {
    status: Vec<Status>,
    /// No part below this index is `Todo`.
    cursor: usize,
    done: usize,
    done_bytes: u64,
    waiting: Vec<Waiting>,
}

impl PartTable {
    pub(super) fn new(count: usize) -> Self {
        Self { status: vec![Status::Todo; count], cursor: 0, done: 0, done_bytes: 0, waiting: Vec::new() }
    }

    /// Parts with an ETag are done, the others to do.
    pub(super) fn from_etags(etags: Vec<Option<String>>, plan: &Plan) -> Self {
        let mut table = Self::new(etags.len());
        for (index, etag) in etags.into_iter().enumerate() {
            if let (Some(etag), Some(number)) = (etag, PartNumber::from_index(index)) {
                table.finish(number, etag, plan);
            }
        }
        table
    }

    pub(super) fn done_bytes(&self) -> u64 {
        self.done_bytes
    }

    pub(super) fn all_done(&self) -> bool {
        self.done == self.status.len()
    }

    /// How many parts could be sent at this moment, counted up to `enough`.
    pub(super) fn ready(&self, now: Instant, enough: usize) -> usize {
        let due = self.waiting.iter().filter(|w| w.not_before <= now).count();
        let fresh = self.status.iter().skip(self.cursor).filter(|s| matches!(s, Status::Todo));
        due + fresh.take(enough.saturating_sub(due)).count()
    }

    /// When the next waiting part is due, of those that are not yet.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        self.waiting.iter().map(|w| w.not_before).filter(|at| *at > now).min()
    }

    /// Takes the next part to send: one whose wait is over, else the lowest never sent.
    pub(super) fn take(&mut self, now: Instant) -> Option<(PartNumber, Tries)> {
        if let Some(at) = self.waiting.iter().position(|w| w.not_before <= now) {
            let waiting = self.waiting.swap_remove(at);
            return Some((waiting.number, waiting.tries));
        }
        let (index, status) =
            self.status.iter_mut().enumerate().skip(self.cursor).find(|(_, s)| matches!(s, Status::Todo))?;
        *status = Status::Busy;
        self.cursor = index + 1;
        Some((PartNumber::from_index(index)?, Tries::default()))
    }

    /// The parts that will be taken next, for signing ahead.
    pub(super) fn upcoming(&self, count: usize, now: Instant) -> Vec<PartNumber> {
        let due = self.waiting.iter().filter(|waiting| waiting.not_before <= now);
        let mut next: Vec<PartNumber> = due.map(|waiting| waiting.number).collect();
        let mut index = self.cursor;
        while next.len() < count
            && let Some(status) = self.status.get(index)
        {
            if matches!(status, Status::Todo) {
                next.extend(PartNumber::from_index(index));
            }
            index += 1;
        }
        next.truncate(count);
        next
    }

    /// Puts a part back to be sent again, not before a moment.
    pub(super) fn wait(&mut self, number: PartNumber, tries: Tries, not_before: Instant) {
        self.waiting.push(Waiting { number, tries, not_before, for_link: false });
    }

    /// The same, or as soon as something else gets through.
    pub(super) fn wait_for_link(&mut self, number: PartNumber, tries: Tries, not_before: Instant) {
        self.waiting.push(Waiting { number, tries, not_before, for_link: true });
    }

    /// Something got through.
    pub(super) fn link_works(&mut self, now: Instant) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.for_link) {
            waiting.not_before = waiting.not_before.min(now);
        }
    }

    /// Counts failures afresh.
    pub(super) fn forgive(&mut self) {
        for waiting in &mut self.waiting {
            waiting.tries = Tries::default();
        }
    }

    /// Everything that waits may go now.
    pub(super) fn wake(&mut self, now: Instant) {
        for waiting in &mut self.waiting {
            waiting.not_before = waiting.not_before.min(now);
        }
    }

    pub(super) fn finish(&mut self, number: PartNumber, etag: String, plan: &Plan) {
        if let Some(status) = self.status.get_mut(number.index())
            && !matches!(status, Status::Done(_))
        {
            *status = Status::Done(etag);
            self.done += 1;
            self.done_bytes += plan.len_of(number);
        }
    }

    /// Every done part with its ETag as the store spells it, ascending.
    pub(super) fn etags(&self) -> Vec<(PartNumber, String)> {
        let done = self.status.iter().enumerate().filter_map(|(index, status)| match status {
            Status::Done(etag) => Some((PartNumber::from_index(index)?, etag.clone())),
            _ => None,
        });
        done.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::PartSize;
    use crate::core::store::Limits;
    use crate::core::units::Millis;

    const MIB: u64 = 1024 * 1024;
    const NOW: Instant = Instant(1000);

    fn part(number: u32) -> PartNumber {
        PartNumber::new(number).unwrap()
    }

    fn tried(attempts: u32) -> Tries {
        Tries { attempts, ..Tries::default() }
    }

    fn taken(table: &mut PartTable, now: Instant) -> Option<(u32, u32)> {
        table.take(now).map(|(number, tries)| (number.get(), tries.attempts))
    }

    #[test]
    fn parts_are_taken_in_order_and_each_once() {
        let mut table = PartTable::new(3);
        let order: Vec<_> = std::iter::from_fn(|| taken(&mut table, NOW)).collect();
        assert_eq!(order, [(1, 0), (2, 0), (3, 0)]);
    }

    #[test]
    fn what_waited_long_enough_goes_first() {
        let mut table = PartTable::new(5);
        for _ in 0..3 {
            table.take(NOW);
        }
        table.wait(part(2), tried(1), NOW + Millis(10));
        table.wait(part(3), tried(2), NOW + Millis(5));
        assert_eq!((table.ready(NOW, 9), table.next_due(NOW)), (2, Some(Instant(1005))));
        assert_eq!(taken(&mut table, NOW), Some((4, 0)));
        assert_eq!((table.ready(Instant(1005), 9), table.next_due(Instant(1005))), (2, Some(Instant(1010))));
        assert_eq!(taken(&mut table, Instant(1005)), Some((3, 2)));
        assert_eq!((table.ready(Instant(1010), 9), table.next_due(Instant(1010))), (2, None));
        assert_eq!(taken(&mut table, Instant(1010)), Some((2, 1)));
        assert_eq!(taken(&mut table, Instant(1010)), Some((5, 0)));
        assert_eq!((table.ready(Instant(1010), 9), taken(&mut table, Instant(1010))), (0, None));
    }

    #[test]
    fn no_more_fresh_parts_are_counted_than_are_asked_for() {
        let mut table = PartTable::new(10);
        assert_eq!(table.ready(NOW, 4), 4);
        table.take(NOW);
        table.wait(part(1), tried(1), NOW);
        assert_eq!((table.ready(NOW, 4), table.ready(NOW, 99)), (4, 10));
    }

    #[test]
    fn waiting_parts_can_be_woken_but_not_put_off_and_their_failures_forgiven() {
        let mut table = PartTable::new(2);
        table.take(NOW);
        table.take(NOW);
        for number in [1, 2] {
            table.wait(part(number), tried(number), Instant(u64::from(number) * 1000));
        }
        table.wake(Instant(1500));
        assert_eq!((table.ready(NOW, 9), table.next_due(NOW)), (1, Some(Instant(1500))));
        table.forgive();
        assert_eq!((taken(&mut table, NOW), taken(&mut table, Instant(1500))), (Some((1, 0)), Some((2, 0))));
    }

    #[test]
    fn what_is_done_is_counted_once_and_never_taken() {
        let plan = Plan::new(10 * MIB + 1, PartSize::Auto, &Limits::S3).unwrap().0;
        let mut table = PartTable::from_etags(vec![None, Some("b".into()), None], &plan);
        assert_eq!((table.done_bytes(), table.all_done()), (5 * MIB, false));
        assert_eq!(table.upcoming(9, NOW), [part(1), part(3)]);
        assert_eq!(table.upcoming(1, NOW), [part(1)]);
        assert_eq!((table.take(NOW).unwrap().0, table.upcoming(9, NOW).len()), (part(1), 1));
        table.finish(part(1), "a".into(), &plan);
        table.finish(part(1), "other".into(), &plan);
        assert_eq!((table.done_bytes(), table.all_done()), (10 * MIB, false));
        assert_eq!(taken(&mut table, NOW), Some((3, 0)));
        table.finish(part(3), "c".into(), &plan);
        assert_eq!((table.done_bytes(), table.all_done()), (10 * MIB + 1, true));
        let etags: Vec<_> = table.etags().into_iter().map(|(number, etag)| (number.get(), etag)).collect();
        assert_eq!(etags, [(1, "a".into()), (2, "b".into()), (3, "c".into())]);
    }
}
