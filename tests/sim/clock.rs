//! Virtual time: what is to happen, and when. Nothing waits; the clock jumps to the next thing due.

use std::collections::BTreeMap;

/// A place in the agenda, to cancel by.
pub type Ticket = (u64, u64);

/// Milliseconds since the world began, and all that is to come. Things due together happen in the order they were entered.
pub struct Agenda<T> {
    now: u64,
    entered: u64,
    due: BTreeMap<Ticket, T>,
}

impl<T> Agenda<T> {
    pub fn new() -> Self {
        Self { now: 0, entered: 0, due: BTreeMap::new() }
    }

    pub fn now(&self) -> u64 {
        self.now
    }

    pub fn after(&mut self, wait: u64, what: T) -> Ticket {
        self.entered += 1;
        let ticket = (self.now + wait, self.entered);
        self.due.insert(ticket, what);
        ticket
    }

    pub fn cancel(&mut self, ticket: Ticket) {
        self.due.remove(&ticket);
    }

    /// Jumps to what is due next.
    pub fn next(&mut self) -> Option<T> {
        let (ticket, what) = self.due.pop_first()?;
        self.now = self.now.max(ticket.0);
        Some(what)
    }
}
