//! Parts in flight: hashed, signed, sent, verified.

mod signing;
mod transfer;

use super::hashing::Whole;
use super::offline::Back;
use super::session::is_connection;
use super::{Action, Event, OpId, Phase, Upload};
use crate::core::backend::form::HELD;
use crate::core::backend::{Op, Signed, StepReply, reply_fault, server_time};
use crate::core::config::{Config, Verify};
use crate::core::error::{Code, Operation};
use crate::core::hash::{Proof, Reading, Wanted};
use crate::core::http::{Body, HttpReply, without_query};
use crate::core::retry::{Asked, Fault, Tries, Verdict, describe};
use crate::core::schedule::{Ends, InFlight, Movement, SlotEnd};
use crate::core::store::{
    Completed, MAX_ETAG_BYTES, has_error, is_md5_etag, normalize_etag, store_error, stored_etag,
};
use crate::core::units::{ByteRange, Instant, Millis, Now, PartNumber, UnixMillis};
use transfer::Transfer;

/// Sent parts that wait for their hash, before no more are started.
const MAX_UNVERIFIED: usize = 8;

/// One part on its way.
#[derive(Debug)]
pub(super) struct Flight {
    number: PartNumber,
    range: ByteRange,
    tries: Tries,
    stage: Stage,
    hash: PartHash,
}

#[derive(Debug)]
enum Stage {
    /// Its MD5 is needed before a URL can be signed.
    Hashing,
    /// The store lists it with this ETag, though it was never confirmed: its own MD5 tells whether it is the same.
    Proving {
        etag: String,
    },
    Signing,
    Sending {
        id: OpId,
        url: ReadyUrl,
        transfer: Transfer,
    },
    /// The store has it; its own MD5 is still being computed.
    Verifying {
        etag: String,
        crc64: Option<u64>,
        key: Option<String>,
        location: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum PartHash {
    Off,
    Running(OpId),
    /// Of whoever reads the whole file.
    Awaited,
    Known(Proof),
}

impl PartHash {
    fn crc64(self) -> Option<u64> {
        match self {
            Self::Known(proof) => proof.crc64,
            Self::Running(_) | Self::Awaited | Self::Off => None,
        }
    }
}

impl Flight {
    pub(super) fn holds_slot(&self) -> bool {
        !matches!(self.stage, Stage::Verifying { .. })
    }

    /// Bytes that count as progress.
    pub(super) fn counted(&self) -> u64 {
        match &self.stage {
            Stage::Sending { transfer, .. } => transfer.counted(),
            Stage::Verifying { .. } => self.range.len(),
            Stage::Hashing | Stage::Proving { .. } | Stage::Signing => 0,
        }
    }

    fn transfer(&self) -> Option<&Transfer> {
        match &self.stage {
            Stage::Sending { transfer, .. } => Some(transfer),
            _ => None,
        }
    }

    pub(super) fn ends(&self, now: Instant) -> Option<Ends> {
        self.transfer()?.ends(now)
    }

    pub(super) fn deadline(&self, config: &Config) -> Option<Instant> {
        self.transfer().map(|transfer| transfer.deadline(config))
    }
}

/// A URL signed ahead of its use.
#[derive(Debug)]
pub(super) struct ReadyUrl {
    number: PartNumber,
    signed: Signed,
    good_until: UnixMillis,
}

impl ReadyUrl {
    /// Where the object is, when that is where it was sent.
    fn location(&self) -> String {
        match self.signed.request.body {
            Body::File(_) => without_query(&self.signed.request.url).to_owned(),
            _ => String::new(),
        }
    }
}

/// A signing call under way.
#[derive(Debug)]
pub(super) struct SignCall {
    id: OpId,
    op: Op,
    asked: Asked,
    since: Instant,
    pub(super) deadline: Instant,
}

impl SignCall {
    fn covers(&self, number: PartNumber) -> bool {
        match &self.op {
            Op::SignParts(asks) => asks.iter().any(|ask| ask.number == number),
            _ => true,
        }
    }
}

impl Upload {
    /// How many more slots it could use now.
    pub fn wanted_slots(&self, now: Now) -> usize {
        if !matches!(self.phase, Phase::Sending) || self.paused {
            return 0;
        }
        let unverified = self.flights.iter().filter(|f| !f.holds_slot()).count();
        if unverified >= MAX_UNVERIFIED {
            return 0;
        }
        let most = if self.network.online { 32 } else { usize::from(self.may_start(now)) };
        self.parts.ready(now.mono, most).min(most)
    }

    /// How many it uses.
    pub fn held_slots(&self) -> usize {
        self.flights.iter().filter(|f| f.holds_slot()).count()
    }

    /// Something got through, of this upload or another: what waits for the link may go.
    pub fn link_works(&mut self, now: Now) {
        self.parts.link_works(now.mono);
    }

    /// Adds what holds them.
    pub fn in_flight(&self, all: &mut Vec<InFlight>, now: Now) {
        for flight in self.flights.iter().filter(|f| f.holds_slot()) {
            all.push(InFlight { size: flight.range.len(), ends: flight.ends(now.mono) });
        }
    }

    /// How many requests are sending; `None` when nobody knows.
    pub fn moving(&self, now: Now) -> Option<usize> {
        let transfers = self.flights.iter().filter_map(Flight::transfer);
        transfers.map(|transfer| transfer.is_moving(now.mono).map(usize::from)).sum()
    }

    /// What the last progress says of the link; told once.
    pub fn poll_movement(&mut self) -> Option<Movement> {
        self.movement.take()
    }

    /// Uses one slot. `false` if there is nothing to send after all.
    pub fn grant(&mut self, now: Now) -> bool {
        if self.wanted_slots(now) == 0 {
            return false;
        }
        let Some((number, tries)) = self.parts.take(now.mono) else { return false };
        let Some((_, range)) = self.plan.part(number.index()) else { return false };
        self.started(now);
        // Should there be an object already, its MD5 tells whether it is this one.
        let keeps = !self.config.overwrite && !self.plan.is_multipart();
        let hash = if self.config.verify == Verify::Off && !keeps {
            PartHash::Off
        } else if let Some(proof) = self.ahead.take(number) {
            PartHash::Known(proof)
        } else if self.is_read_soon(number) {
            PartHash::Awaited
        } else {
            let id = self.new_op();
            let wanted = Wanted::of_parts(self.config.crc64);
            self.act(Action::Hash(id, Reading::of(vec![range], wanted)));
            PartHash::Running(id)
        };
        let listed = self.unproven.iter().position(|(listed, _)| *listed == number);
        let stage = match listed.map(|at| self.unproven.swap_remove(at)) {
            Some((_, etag)) => Stage::Proving { etag },
            None if self.config.verify == Verify::ContentMd5 || keeps => Stage::Hashing,
            None => Stage::Signing,
        };
        let signs = matches!(stage, Stage::Signing);
        self.flights.push(Flight { number, range, tries, stage, hash });
        if signs {
            self.want_url(number, now);
        } else if let PartHash::Known(proof) = hash {
            self.part_proven(number, proof, now);
        }
        self.show(now);
        true
    }

    fn send(&mut self, url: ReadyUrl, now: Now) {
        let id = self.new_op();
        let Some(flight) = self.flights.iter_mut().find(|f| f.number == url.number) else { return };
        let request = url.signed.request.clone();
        flight.stage = Stage::Sending { id, url, transfer: Transfer::new(flight.range.len(), now.mono) };
        self.act(Action::Send(id, request, self.backend.takes_parts()));
    }

    /// [`super::Input::Progress`].
    pub(super) fn sent(&mut self, id: OpId, bytes: u64, now: Now) {
        for flight in &mut self.flights {
            if let Stage::Sending { id: running, transfer, .. } = &mut flight.stage
                && *running == id
                && transfer.loaded != bytes
            {
                self.movement = transfer.told(bytes, now.mono);
                self.progress_dirty = true;
            }
        }
    }

    /// A reply that is not the control call's.
    pub(super) fn part_replied(&mut self, id: OpId, result: Result<StepReply, Fault>, now: Now) {
        if let Some(at) = self.signs.iter().position(|call| call.id == id) {
            let call = self.signs.swap_remove(at);
            let next = result.and_then(|reply| self.backend.next(&call.op, &self.context(), reply));
            // That a chunk endpoint does not have a chunk does not show that it takes any.
            if next.is_ok() && self.backend.as_form().is_none() {
                self.note_worked(call.asked);
            }
            return self.sign_next(call.op, call.asked, next, now);
        }
        let sending = |f: &&Flight| matches!(&f.stage, Stage::Sending { id: running, .. } if *running == id);
        let Some(number) = self.flights.iter().find(sending).map(|f| f.number) else { return };
        let operation = if self.plan.is_multipart() { Operation::PutPart } else { Operation::PutObject };
        let fault = match result {
            Ok(StepReply::Http(reply)) if self.backend.as_form().is_some() => {
                match self.backend.as_form().map_or(Ok(()), |form| form.received(&reply)) {
                    Ok(()) => {
                        self.response = Some(reply.body);
                        return self.stored(number, HELD.into(), None, now);
                    }
                    Err(fault) => fault,
                }
            }
            Ok(StepReply::Http(reply)) => {
                let kind = self.backend.store();
                if reply.is_success() && !has_error(kind, &reply) {
                    self.callback_failed = reply.status == 203;
                    match self.etag_of(&reply) {
                        Some(etag) if etag.len() > MAX_ETAG_BYTES => {
                            Fault::BadReply("an ETag that is too long".into())
                        }
                        Some(etag) => {
                            let crc64 = kind.and_then(|kind| kind.crc64_header(&reply));
                            return self.stored(number, etag, crc64, now);
                        }
                        None => Fault::EtagHidden,
                    }
                } else {
                    let mut error = store_error(&reply);
                    error.server_time = error.server_time.or_else(|| server_time(&reply));
                    reply_fault(&reply, error)
                }
            }
            Ok(_) => Fault::BadReply("not an HTTP reply".into()),
            Err(fault) => fault,
        };
        self.part_failed(number, operation, self.backend.takes_parts(), fault, now);
    }

    /// The backend says that it has a part: it need not be sent.
    fn held(&mut self, number: PartNumber, now: Now) {
        let Some(flight) = self.flights.iter_mut().find(|f| f.number == number) else { return };
        flight.stage =
            Stage::Verifying { etag: HELD.into(), crc64: None, key: None, location: String::new() };
        self.slot_ends.push_back(SlotEnd::Cancelled);
        self.verify(number, now);
    }

    /// Only a single request that nobody verifies can do without its ETag, or one whose reply is not the store's own.
    fn etag_of(&self, reply: &HttpReply) -> Option<String> {
        let is_own = reply.status != 203;
        let dispensable = !self.plan.is_multipart() && (self.config.verify == Verify::Off || !is_own);
        stored_etag(reply).or_else(|| dispensable.then(String::new))
    }

    fn stored(&mut self, number: PartNumber, etag: String, crc64: Option<u64>, now: Now) {
        self.note_worked(self.backend.takes_parts());
        let Some(flight) = self.flights.iter_mut().find(|f| f.number == number) else { return };
        let Stage::Sending { url, transfer, .. } = std::mem::replace(&mut flight.stage, Stage::Signing)
        else {
            return;
        };
        let location = url.location();
        flight.stage = Stage::Verifying { etag, crc64, key: url.signed.key, location };
        let (took, size) = (now.mono.since(transfer.since), flight.range.len());
        self.slot_ends.push_back(SlotEnd::Done { took, size });
        self.progress_dirty = true;
        self.verify(number, now);
    }

    pub(super) fn is_part_hash(&self, id: OpId) -> bool {
        self.flights.iter().any(|f| f.hash == PartHash::Running(id))
    }

    pub(super) fn part_hashed(&mut self, id: OpId, proof: Proof, now: Now) {
        let flight = self.flights.iter().find(|f| f.hash == PartHash::Running(id));
        if let Some(number) = flight.map(|f| f.number) {
            self.part_proven(number, proof, now);
        }
    }

    /// Whoever reads the whole file has come to the end of a part.
    pub(super) fn part_read(&mut self, number: PartNumber, now: Now) {
        if self.flights.iter().any(|f| f.number == number && f.hash == PartHash::Awaited)
            && let Some(proof) = self.ahead.take(number)
        {
            self.part_proven(number, proof, now);
        }
    }

    fn part_proven(&mut self, number: PartNumber, proof: Proof, now: Now) {
        let Some(flight) = self.flights.iter_mut().find(|f| f.number == number) else { return };
        flight.hash = PartHash::Known(proof);
        match &flight.stage {
            Stage::Proving { etag } if normalize_etag(etag) == proof.md5.to_hex() => {
                let etag = etag.clone();
                flight.stage = Stage::Verifying { etag, crc64: None, key: None, location: String::new() };
                self.slot_ends.push_back(SlotEnd::Cancelled);
                self.network.was_not_wanted(now.mono);
                self.verify(number, now);
            }
            Stage::Proving { .. } | Stage::Hashing => {
                flight.stage = Stage::Signing;
                self.want_url(number, now);
            }
            _ => self.verify(number, now),
        }
    }

    /// Confirms a part once both its ETag and its own MD5 are known.
    fn verify(&mut self, number: PartNumber, now: Now) {
        let Some(at) = self.flights.iter().position(|f| f.number == number) else { return };
        let Some(Flight { stage: Stage::Verifying { etag, crc64, .. }, hash, .. }) = self.flights.get(at)
        else {
            return;
        };
        let normal = normalize_etag(etag);
        match hash {
            PartHash::Running(_) | PartHash::Awaited => return,
            PartHash::Known(digests)
                if self.config.verify != Verify::Off
                    && ((is_md5_etag(&normal) && digests.md5.to_hex() != normal)
                        || digests.crc64.zip(*crc64).is_some_and(|(ours, theirs)| ours != theirs)) =>
            {
                let operation =
                    if self.plan.is_multipart() { Operation::PutPart } else { Operation::PutObject };
                return self.part_failed(number, operation, Asked::Store, Fault::Mismatch, now);
            }
            PartHash::Known(_) | PartHash::Off => {}
        }
        let flight = self.flights.swap_remove(at);
        let Stage::Verifying { etag, key, location, .. } = flight.stage else { return };
        self.advanced = now.mono;
        self.confirmed.set(number, &etag, flight.hash.crc64());
        self.parts.finish(number, etag.clone(), &self.plan);
        if self.plan.is_multipart() {
            if let (Some(fingerprint), Some(_)) = (&self.fingerprint, &self.header) {
                let record = self.confirmed.segment_record(fingerprint, number);
                self.act(Action::Save(record));
            }
        } else {
            if let PartHash::Known(digests) = flight.hash {
                self.whole = Whole::Known(digests.md5);
            }
            let etag = Some(normal.clone()).filter(|e| !e.is_empty());
            let callback_failed = self.callback_failed;
            let location = Some(location);
            self.object = Some(Completed { location, key, etag, callback_failed, ..Completed::default() });
        }
        let etag = if self.backend.as_form().is_some() { String::new() } else { normal };
        self.events.push_back(Event::Part { number, size: flight.range.len(), etag });
        self.progress_dirty = true;
    }

    pub(super) fn single_done(&mut self) {
        if let Some(object) = self.object.take() {
            self.completed(object);
        }
    }

    fn part_failed(
        &mut self,
        number: PartNumber,
        operation: Operation,
        asked: Asked,
        fault: Fault,
        now: Now,
    ) {
        let Some(at) = self.flights.iter().position(|f| f.number == number) else { return };
        let mut flight = self.flights.swap_remove(at);
        self.let_go(&flight);
        if is_connection(&fault) && flight.transfer().is_some_and(Transfer::was_well_under_way) {
            self.note_worked(asked);
        }
        let verdict = self.backend.decide(operation, asked, &fault);
        if flight.holds_slot() {
            let breaks = self.network.online && asked == self.backend.takes_parts() && is_connection(&fault);
            self.slot_ends.push_back(match (&flight.stage, verdict) {
                // On a link that breaks now and then, fewer parts at a time are there before it does.
                (Stage::Sending { transfer, .. }, _) if breaks => {
                    let (since, moved) = (transfer.since, transfer.loaded > 0);
                    SlotEnd::Broken { since, moved, size: flight.range.len() }
                }
                (_, Verdict::Retry { congested: true, .. }) => SlotEnd::Congested,
                _ => SlotEnd::Failed,
            });
        }
        if self.is_explained_by_offline(&fault, now) {
            return self.parts.wait(number, flight.tries, self.network.probe_at());
        }
        let budget = self.budget(asked);
        let goes_on = flight.tries.count(verdict, &budget, now.mono);
        let code = match verdict {
            Verdict::SessionLost if self.plan.is_multipart() => {
                self.parts.wait(number, flight.tries, now.mono);
                return self.session_lost(now);
            }
            Verdict::SessionLost | Verdict::Relist if asked == Asked::Backend => Code::Backend,
            Verdict::SessionLost | Verdict::Relist => Code::Store,
            Verdict::RefreshCredentials => Code::Denied,
            Verdict::Retry { code, .. } | Verdict::Resign { code } | Verdict::Fail(code) => code,
        };
        let mut error = describe(operation, asked, code, &fault);
        if self.plan.is_multipart() {
            error.part = Some(number);
        }
        if !goes_on {
            return match flight.hash {
                PartHash::Known(digests) if code == Code::Exists && !self.plan.is_multipart() => {
                    self.object_refused(digests, error);
                }
                _ => self.fail(error),
            };
        }
        let since = flight.transfer().map_or(now.mono, |transfer| transfer.since);
        self.mend(verdict, &fault, Some(since));
        let attempts = flight.tries.attempts;
        let delay = match (flight.transfer(), &fault) {
            // A connection that has carried something is replaced at once, but not again and again.
            (Some(Transfer { loaded: 1.., .. }), Fault::NoReply(_)) if attempts == 1 => Millis(0),
            _ => self.jitter.wait(attempts, &fault),
        };
        if let (Stage::Sending { url, .. }, true) = (flight.stage, is_connection(&fault))
            && self.may_be_kept(&url, now)
        {
            // Nobody has objected to it, and the browser remembers that it may be sent to.
            self.urls.push(url);
        }
        let due = now.mono + delay;
        if is_connection(&fault) {
            self.parts.wait_for_link(number, flight.tries, due);
        } else {
            self.parts.wait(number, flight.tries, due);
        }
        self.notice(attempts, delay, error);
    }

    /// Aborts what a flight has running.
    fn let_go(&mut self, flight: &Flight) {
        if let Stage::Sending { id, .. } = flight.stage {
            self.act(Action::Drop(id));
        }
        if let PartHash::Running(id) = flight.hash {
            self.act(Action::Drop(id));
        }
    }

    /// A form may be good for one post only, and before a chunk is sent again it is asked whether it is there.
    fn may_be_kept(&self, url: &ReadyUrl, now: Now) -> bool {
        let is_file = matches!(url.signed.request.body, Body::File(_)) && self.backend.as_form().is_none();
        is_file && url.good_until > now.wall
    }

    /// What was signed so far is of no use any more, neither now nor when a connection breaks.
    pub(super) fn drop_urls(&mut self) {
        self.urls.clear();
        for flight in &mut self.flights {
            if let Stage::Sending { url, .. } = &mut flight.stage {
                url.good_until = UnixMillis(0);
            }
        }
    }

    /// Takes all flights back: their parts are to be sent again.
    pub(super) fn drop_flights(&mut self, now: Now) {
        for flight in std::mem::take(&mut self.flights) {
            self.take_back(&flight, now.mono);
        }
        self.drop_signs();
    }

    /// Nobody needs what is being signed.
    pub(super) fn drop_signs(&mut self) {
        for call in std::mem::take(&mut self.signs) {
            self.act(Action::Drop(call.id));
        }
    }

    fn take_back(&mut self, flight: &Flight, now: Instant) {
        self.let_go(flight);
        if flight.holds_slot() {
            self.slot_ends.push_back(SlotEnd::Cancelled);
        }
        if let Stage::Proving { etag } = &flight.stage {
            self.unproven.push((flight.number, etag.clone()));
        }
        self.parts.wait(flight.number, flight.tries, now);
    }

    pub(super) fn forgive_flights(&mut self) {
        for flight in &mut self.flights {
            flight.tries = Tries::default();
        }
    }

    /// Sends and signs again what [`Upload::is_silent`].
    pub(super) fn restart_silent_flights(&mut self, back: Back, now: Now) {
        let is_dead = |id: OpId, since: Instant, has_moved: bool| {
            back != Back::Answered(id) && self.is_silent(since, has_moved, back, now)
        };
        let calls: Vec<OpId> = self
            .signs
            .iter()
            .filter(|call| is_dead(call.id, call.since, false))
            .map(|call| call.id)
            .collect();
        let unsigned = |number: PartNumber| {
            self.signs.iter().any(|call| calls.contains(&call.id) && call.covers(number))
        };
        let silent: Vec<PartNumber> = self
            .flights
            .iter()
            .filter(|flight| match flight.stage {
                Stage::Sending { id, ref transfer, .. } => is_dead(id, transfer.moved, transfer.loaded > 0),
                Stage::Signing => unsigned(flight.number),
                _ => false,
            })
            .map(|flight| flight.number)
            .collect();
        self.signs.retain(|call| !calls.contains(&call.id));
        calls.into_iter().for_each(|id| self.act(Action::Drop(id)));
        let (dead, alive): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.flights).into_iter().partition(|flight| silent.contains(&flight.number));
        self.flights = alive;
        for flight in dead {
            self.take_back(&flight, now.mono);
        }
    }

    pub(super) fn watch_flights(&mut self, now: Now) {
        let late: Vec<SignCall> = {
            let (late, timely) =
                std::mem::take(&mut self.signs).into_iter().partition(|call| now.mono >= call.deadline);
            self.signs = timely;
            late
        };
        for call in late {
            self.act(Action::Drop(call.id));
            self.sign_failed(&call.op, call.asked, &Fault::ReplyTimeout, now);
        }
        let is_late = |f: &&Flight| f.deadline(&self.config).is_some_and(|at| now.mono >= at);
        let late: Vec<(PartNumber, bool)> =
            self.flights.iter().filter(is_late).map(|f| (f.number, f.counted() >= f.range.len())).collect();
        let operation = if self.plan.is_multipart() { Operation::PutPart } else { Operation::PutObject };
        for (number, all_sent) in late {
            let fault = if all_sent { Fault::ReplyTimeout } else { Fault::Stalled };
            self.part_failed(number, operation, self.backend.takes_parts(), fault, now);
        }
    }
}
