//! URLs for parts: signed in batches, ahead of the slots that use them.

use super::{PartHash, ReadyUrl, SignCall, Stage};
use crate::core::backend::{Done, Next, Op, PartAsk, Signed};
use crate::core::config::{Instant, Verify};
use crate::core::error::Operation;
use crate::core::retry::{Asked, Fault};
use crate::core::units::{Millis, Now, PartNumber, UnixMillis};
use crate::core::upload::{Action, Phase, State, Upload};

/// A URL that came early is used within this time or signed again.
const URL_KEEP: Millis = Millis(60_000);

impl Upload {
    pub(super) fn want_url(&mut self, number: PartNumber, now: Now) {
        // Those too old to be used are signed again together with this one.
        self.urls.retain(|url| url.good_until > now.wall);
        if let Some(at) = self.urls.iter().position(|url| url.number == number) {
            let ready = self.urls.swap_remove(at);
            self.send(ready, now);
            return self.sign_ahead(now);
        }
        if self.signs.iter().any(|call| call.covers(number)) {
            return;
        }
        let op = if self.plan.is_multipart() {
            let mut wanted = self.unsigned(self.signs_ahead(), now);
            wanted.insert(0, number);
            Op::SignParts(self.asks(&wanted))
        } else {
            Op::SignObject { content_md5: self.content_md5(number) }
        };
        self.sign(op, now);
    }

    /// Has the first URLs signed before there is a slot, once. Whatever goes wrong then, goes wrong again when there is one.
    pub(in crate::core::upload) fn get_ready(&mut self, now: Now) {
        let is_early = matches!(self.phase, Phase::Sending) && !self.paused && self.flights.is_empty();
        let needs_nothing = self.config.verify != Verify::ContentMd5 && self.backend.as_form().is_none();
        if self.is_ready || !is_early || !needs_nothing || !self.network.online {
            return;
        }
        self.is_ready = true;
        let op = if self.plan.is_multipart() {
            Op::SignParts(self.asks(&self.parts.upcoming(self.backend.batch(), now.mono)))
        } else {
            Op::SignObject { content_md5: None }
        };
        if op != Op::SignParts(Vec::new()) {
            self.sign(op, now);
        }
    }

    /// Whether it goes in one request, for which nothing has to be known first, and has not asked for its URL yet.
    pub fn will_ask(&self) -> bool {
        matches!(self.state(), State::Queued | State::Hashing)
            && !self.only_discards
            && !self.plan.is_multipart()
            && self.config.instant == Instant::Off
            && self.config.verify != Verify::ContentMd5
    }

    /// What it will ask then, to a server that takes several such questions at once.
    pub fn asks_ahead(&self) -> Option<String> {
        if self.will_ask() { self.backend.one_of_several(&self.context()) } else { None }
    }

    /// Has the next batch signed while there are still URLs: a slot that waits for a signature is idle for a round trip.
    fn sign_ahead(&mut self, now: Now) {
        if self.unsigned(self.held_slots(), now).is_empty()
            || !self.signs.is_empty()
            || self.signs_ahead() == 0
        {
            return;
        }
        let batch = self.backend.batch();
        let mut next = self.unsigned(self.urls.len() + batch, now);
        next.truncate(batch);
        let asks = self.asks(&next);
        if !asks.is_empty() {
            self.sign(Op::SignParts(asks), now);
        }
    }

    fn sign(&mut self, op: Op, now: Now) {
        let next = self.backend.start(&op, &self.context());
        self.sign_next(op, Asked::Backend, next, now);
    }

    /// How many parts are signed together with one, where the backend signs in batches and no hash is needed first.
    fn signs_ahead(&self) -> usize {
        if self.config.verify == Verify::ContentMd5 { 0 } else { self.backend.batch() - 1 }
    }

    /// Which of so many parts that come next have no URL yet.
    fn unsigned(&self, most: usize, now: Now) -> Vec<PartNumber> {
        let known = |n: &PartNumber| {
            self.urls.iter().any(|u| u.number == *n) || self.signs.iter().any(|s| s.covers(*n))
        };
        let mut next = self.parts.upcoming(most, now.mono);
        next.retain(|number| !known(number));
        next
    }

    fn asks(&self, numbers: &[PartNumber]) -> Vec<PartAsk> {
        numbers.iter().filter_map(|number| self.ask(*number)).collect()
    }

    fn ask(&self, number: PartNumber) -> Option<PartAsk> {
        let (number, range) = self.plan.part(number.index())?;
        Some(PartAsk { number, range, content_md5: self.content_md5(number) })
    }

    fn content_md5(&self, number: PartNumber) -> Option<String> {
        if self.config.verify != Verify::ContentMd5 {
            return None;
        }
        self.flights.iter().find(|f| f.number == number).and_then(|f| match f.hash {
            PartHash::Known(digests) => Some(digests.md5.to_base64()),
            _ => None,
        })
    }

    pub(super) fn sign_next(&mut self, op: Op, asked: Asked, next: Result<Next, Fault>, now: Now) {
        match next {
            Ok(Next::Step(step)) => {
                let id = self.new_op();
                let deadline = now.mono + self.config.stall_timeout;
                self.signs.push(SignCall { id, op, asked: step.asked(), since: now.mono, deadline });
                self.act(Action::Perform(id, step));
            }
            Ok(Next::Done(Done::Signed(signed))) => self.got_urls(&op, signed, now),
            Ok(Next::Done(Done::Held(number))) => self.held(number, now),
            Ok(Next::Done(_)) => {
                self.sign_failed(&op, asked, &Fault::BadReply("no URL".into()), now);
            }
            Err(fault) => self.sign_failed(&op, asked, &fault, now),
        }
    }

    fn got_urls(&mut self, op: &Op, signed: Vec<(PartNumber, Signed)>, now: Now) {
        for (number, signed) in signed {
            let life = signed.good_for.map_or(URL_KEEP, |life| Millis(life.0 / 4 * 3)).min(URL_KEEP);
            let good_until = UnixMillis(now.wall.0.saturating_add(life.0));
            let url = ReadyUrl { number, signed, good_until };
            if self.flights.iter().any(|f| f.number == number && matches!(f.stage, Stage::Signing)) {
                self.send(url, now);
            } else {
                self.urls.push(url);
            }
        }
        self.sign_failed(op, Asked::Backend, &Fault::BadReply("a part without a URL".into()), now);
        self.sign_ahead(now);
    }

    /// Fails whatever still waits for this call.
    pub(super) fn sign_failed(&mut self, op: &Op, asked: Asked, fault: &Fault, now: Now) {
        let covered = |number: PartNumber| match op {
            Op::SignParts(asks) => asks.iter().any(|ask| ask.number == number),
            _ => true,
        };
        let waiting: Vec<PartNumber> = self
            .flights
            .iter()
            .filter(|f| matches!(f.stage, Stage::Signing) && covered(f.number))
            .map(|f| f.number)
            .collect();
        for number in waiting {
            self.part_failed(number, Operation::Sign, asked, fault.clone(), now);
        }
    }
}
