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
    pub(super) fn upcoming(&self, count: usize) -> impl Iterator<Item = PartNumber> + '_ {
        let fresh =
            self.status.iter().enumerate().skip(self.cursor).filter(|(_, s)| matches!(s, Status::Todo));
        fresh.filter_map(|(index, _)| PartNumber::from_index(index)).take(count)
    }

    /// Puts a part back to be sent again, not before a moment.
    pub(super) fn wait(&mut self, number: PartNumber, tries: Tries, not_before: Instant) {
        self.waiting.push(Waiting { number, tries, not_before });
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
