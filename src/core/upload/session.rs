//! Control calls: create, list, complete, abort, head. One at a time.

use super::hashing::Whole;
use super::offline::Back;
use super::{Action, OpId, Phase, Upload};
use crate::core::backend::{Done, Next, Op, Session, StepReply};
use crate::core::checkpoint::{Confirmed, Header, prefix_of, reconcile};
use crate::core::config::Verify;
use crate::core::error::{Code, Operation, UploadError};
use crate::core::fingerprint::destination_id;
use crate::core::hash::{Md5Digest, composite_etag};
use crate::core::http::{MAX_REPLY_BYTES, NoReply};
use crate::core::retry::{Asked, Fault, MAX_LISTINGS, Tries, Verdict, describe};
use crate::core::store::{Completed, Created, Kind, ObjectInfo, PartPage, is_md5_etag, normalize_etag};
use crate::core::units::{Instant, Millis, Now, PartNumber};
use crate::core::upload::parts::PartTable;

/// Attempts at what the upload can do without: to remove one at the store, which is then left to the bucket's lifecycle rule,
/// and to ask whether the content is there.
const MAX_SIDE_TRIES: u32 = 3;
/// Attempts to look at an object that is refused.
const MAX_REFUSED_HEADS: u32 = 2;
/// New sessions started in place of lost ones before giving up.
const MAX_RECREATED: u32 = 3;

/// A control call, waiting or running.
#[derive(Debug)]
pub(super) struct Control {
    op: Op,
    running: Option<Running>,
    tries: Tries,
    /// How often a backend has answered with 500.
    answers_500: u32,
    not_before: Instant,
}

#[derive(Debug)]
struct Running {
    id: OpId,
    asked: Asked,
    since: Instant,
    deadline: Instant,
}

impl Control {
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }
}

impl Upload {
    pub(super) fn set_control(&mut self, op: Op) {
        let (tries, not_before) = (Tries::default(), Instant(0));
        self.control = Some(Control { op, running: None, tries, answers_500: 0, not_before });
    }

    /// Drops the control call unless `keep` says otherwise; it starts again on resume.
    pub(super) fn interrupt_control(&mut self, keep: impl Fn(&Op) -> bool) {
        if let Some(control) = &mut self.control
            && !keep(&control.op)
            && let Some(running) = control.running.take()
        {
            self.actions.push_back(Action::Drop(running.id));
        }
    }

    /// Makes a control call again that [`Upload::is_silent`]. A second Complete may find the upload gone, and not every
    /// backend can tell that it was completed; cancelling has its own way of giving up.
    pub(super) fn restart_silent_control(&mut self, back: Back, now: Now) {
        if let Some(Control { running: Some(running), .. }) = &self.control
            && back != Back::Answered(running.id)
            && self.is_silent(running.since, false, back, now)
            && !matches!(self.phase, Phase::Aborting)
        {
            self.interrupt_control(|op| matches!(op, Op::Complete(_)));
        }
    }

    pub(super) fn is_creating_now(&self) -> bool {
        self.control.as_ref().is_some_and(|c| c.op == Op::Create && c.is_running())
    }

    pub(super) fn control_timeout(&self) -> Option<Instant> {
        let control = self.control.as_ref()?;
        match &control.running {
            Some(running) => Some(running.deadline),
            None if self.paused && !survives_pause(&control.op) => None,
            None if !self.network.online && control.op != Op::Abort => {
                Some(control.not_before.max(self.network.probe_at()))
            }
            None => Some(control.not_before),
        }
    }

    pub(super) fn wake_control(&mut self, now: Instant) {
        if let Some(control) = &mut self.control {
            control.not_before = control.not_before.min(now);
        }
    }

    pub(super) fn forgive_control(&mut self) {
        if let Some(control) = &mut self.control {
            control.tries = Tries::default();
        }
    }

    pub(super) fn watch_control(&mut self, now: Now) {
        if let Some(Control { running: Some(running), .. }) = &self.control
            && now.mono >= running.deadline
        {
            let id = running.id;
            self.act(Action::Drop(id));
            self.control_failed(Fault::ReplyTimeout, now);
        }
    }

    /// Starts the control call that is due, and the one after it where a backend has the result at once.
    pub(super) fn run_control(&mut self, now: Now) {
        while let Some(op) = self.due_control(now) {
            self.started(now);
            let next = self.backend.start(&op, &self.context());
            self.control_next(&op, next, now);
        }
    }

    fn due_control(&self, now: Now) -> Option<Op> {
        let control = self.control.as_ref().filter(|control| !control.is_running())?;
        let may = match control.op {
            Op::Abort => true,
            ref op => (!self.paused || survives_pause(op)) && self.may_start(now),
        };
        (may && now.mono >= control.not_before).then(|| control.op.clone())
    }

    fn control_next(&mut self, op: &Op, next: Result<Next, Fault>, now: Now) {
        match next {
            // What is cancelled before the store hears of it needs no removal.
            Ok(Next::Step(_)) if self.gives_up_creating(op.operation()) => self.cancelled(),
            Ok(Next::Step(step)) => {
                let id = self.new_op();
                let wait = match op {
                    Op::Complete(_) => self.config.reply_timeout,
                    _ => self.config.stall_timeout,
                };
                if let Some(control) = &mut self.control {
                    let (asked, since) = (step.asked(), now.mono);
                    control.running = Some(Running { id, asked, since, deadline: since + wait });
                }
                self.act(Action::Perform(id, step));
            }
            Ok(Next::Done(done)) => {
                self.control = None;
                self.control_done(op, done, now);
            }
            Err(fault) => self.control_failed(fault, now),
        }
    }

    /// [`Input::Replied`]: for the control call, a signing call, or a part.
    pub(super) fn replied(&mut self, id: OpId, result: Result<StepReply, Fault>, now: Now) {
        if let Ok(reply) = &result {
            self.heard(id, reply, now);
        }
        let result = result.and_then(whole);
        let (op, asked) = match &self.control {
            Some(Control { op, running: Some(running), .. }) if running.id == id => {
                (op.clone(), running.asked)
            }
            _ => return self.part_replied(id, result, now),
        };
        match result {
            Ok(reply) => {
                let next = self.backend.next(&op, &self.context(), reply);
                if next.is_ok() && !matches!((&op, self.backend.as_form()), (Op::ListParts(_), Some(_))) {
                    self.note_worked(asked);
                }
                self.control_next(&op, next, now);
            }
            Err(fault) => self.control_failed(fault, now),
        }
    }

    /// Cancelled while creating: only to learn the id of what is to be removed.
    fn gives_up_creating(&self, operation: Operation) -> bool {
        matches!(self.phase, Phase::Aborting) && operation == Operation::Create
    }

    fn control_failed(&mut self, fault: Fault, now: Now) {
        let Some(operation) = self.control.as_ref().map(|c| c.op.operation()) else { return };
        if self.gives_up_creating(operation) {
            return self.cancelled();
        }
        let is_offline = self.is_explained_by_offline(&fault, now);
        let running = self.control.as_mut().and_then(|control| control.running.take());
        let (asked, since) =
            running.map_or((Asked::Backend, now.mono), |running| (running.asked, running.since));
        let budget = self.budget(asked);
        let Some(control) = &mut self.control else { return };
        let mut verdict = self.backend.decide(operation, asked, &fault);
        if is_offline && operation != Operation::Abort {
            control.not_before = self.network.probe_at();
            return;
        }
        let goes_on = control.tries.count(verdict, &budget, now.mono);
        let tries = control.tries;
        // Companion answers 500 for everything, a stale upload id included. Other faults say nothing about the upload id.
        if asked == Asked::Backend && matches!(fault, Fault::Reply { status: 500, .. }) {
            control.answers_500 += 1;
            let is_suspect = control.answers_500 >= MAX_LISTINGS;
            match operation {
                Operation::ListParts if is_suspect => verdict = Verdict::SessionLost,
                // It may have been completed, and only the reply lost: whether it is still there, a list tells.
                Operation::Complete if is_suspect && !std::mem::replace(&mut self.doubted, true) => {
                    return self.start_listing();
                }
                _ => {}
            }
        }
        let is_head =
            operation == Operation::Head || matches!((operation, asked), (Operation::Find, Asked::Store));
        let most = match operation {
            // The right to ask for objects may be missing.
            _ if is_head && status_of(&fault) == Some(403) => MAX_REFUSED_HEADS,
            Operation::Abort | Operation::Find => MAX_SIDE_TRIES,
            _ => u32::MAX,
        };
        let give_up = tries.attempts >= most;
        let code = match verdict {
            Verdict::SessionLost if operation == Operation::Abort => return self.aborted(),
            Verdict::SessionLost if self.session.is_some() => return self.session_lost(now),
            Verdict::Relist => return self.relist(),
            Verdict::Retry { code, .. } | Verdict::Resign { code } | Verdict::Fail(code) => code,
            Verdict::RefreshCredentials => Code::Denied,
            Verdict::SessionLost => Code::SessionLost,
        };
        let error = describe(operation, asked, code, &fault);
        if matches!(self.phase, Phase::Looking) && status_of(&fault).is_some_and(|status| status < 300) {
            return self.headed(Some(ObjectInfo { size: 0, etag: None, crc64: None }));
        }
        if goes_on && !give_up {
            self.mend(verdict, &fault, (!is_head).then_some(since));
            let delay = self.jitter.wait(tries.attempts, &fault);
            if let Some(control) = &mut self.control {
                control.not_before = now.mono + delay;
            }
            return self.notice(tries.attempts, delay, error);
        }
        if operation == Operation::Find {
            return self.not_asked(error, now);
        }
        let is_answer = matches!(fault, Fault::Reply { .. } | Fault::BadReply(_));
        match self.phase {
            // What could not be removed stays remembered, to be discarded or resumed later.
            Phase::Superfluous(ref object) => {
                let object = (**object).clone();
                self.warn(
                    "abort-failed",
                    error.into_message(),
                    "The unfinished upload stays at the store and in pending(): discard it later.",
                );
                self.end_done(object);
            }
            Phase::Aborting if self.only_discards => self.fail(error),
            Phase::Aborting => {
                self.warn(
                    "abort-failed",
                    error.into_message(),
                    "The unfinished upload stays at the store and in pending(): discard it later, or leave it to a \
                     lifecycle rule that removes incomplete uploads.",
                );
                self.end_cancelled();
            }
            Phase::Replacing => self.recreate(),
            Phase::Completing if code == Code::Exists => self.refused(error),
            // S3 answers 403 for a missing object to whom it does not let list: that is no reason to give up.
            Phase::Heading if is_answer => self.not_ours(None),
            // Whether there is an object is then told at the end.
            Phase::Looking if is_answer => self.headed(None),
            _ => self.fail(error),
        }
    }

    fn control_done(&mut self, op: &Op, done: Done, now: Now) {
        match done {
            Done::Created(created) => self.created(created, now),
            Done::Listed(page) => {
                let after = if let Op::ListParts(after) = op { *after } else { None };
                self.listed_page(page, after, now);
            }
            Done::Completed(completed) => self.completed(completed),
            Done::Found(object) => self.found(object, now),
            Done::Aborted => self.aborted(),
            Done::Head(object) => self.headed(object),
            Done::Unsupported if matches!(op, Op::Find(_)) => self.found(None, now),
            Done::Unsupported => self.headed(None),
            Done::Signed(_) | Done::Held(_) => {}
        }
    }

    fn created(&mut self, created: Created, now: Now) {
        let session = Session { key: created.key, upload_id: created.upload_id };
        self.session = Some(session.clone());
        let remembers = self.backend.as_form().is_none();
        if let Some(fingerprint) = self.fingerprint.clone().filter(|_| remembers) {
            // Parts of another session must not be taken for parts of this one.
            self.forget();
            let header = Header {
                fingerprint,
                destination: destination_id(&self.config.destination),
                name: self.target.file.name.clone(),
                key: session.key,
                upload_id: session.upload_id,
                size: self.plan.size(),
                last_modified: self.target.file.last_modified,
                part_size: self.plan.part_size(),
                created: now.wall,
                md5: match self.whole {
                    Whole::Known(md5) => Some(md5),
                    _ => None,
                },
            };
            let record = header.record();
            self.header = Some(header);
            self.act(Action::Save(record));
        }
        // Cancelled meanwhile, it is remembered until it is removed.
        if matches!(self.phase, Phase::Aborting) {
            return self.set_control(Op::Abort);
        }
        self.advanced = now.mono;
        if !remembers {
            // What it has already only the server knows.
            return self.start_listing();
        }
        self.phase = Phase::Sending;
        self.may_find();
    }

    pub(super) fn start_listing(&mut self) {
        self.listed.clear();
        self.phase = Phase::Listing;
        self.set_control(Op::ListParts(None));
    }

    fn listed_page(&mut self, page: PartPage, after: Option<PartNumber>, now: Now) {
        let is_empty = page.parts.is_empty();
        self.listed.extend(page.parts);
        match page.next {
            // A list that does not advance, or never ends, is cut off.
            Some(next)
                if Some(next) > after && !is_empty && self.listed.len() <= PartNumber::MAX as usize =>
            {
                self.set_control(Op::ListParts(Some(next)));
            }
            next => {
                if next.is_some() {
                    self.warn(
                        "list-cut-off",
                        "the store's list of parts does not end; what it has not listed is sent again".into(),
                        "",
                    );
                }
                self.listing_done(now);
            }
        }
    }

    /// What the checkpoint and the store agree on is done; everything else is sent again, unless the store turns out to
    /// have the very same bytes: the page may have gone away before the reply came.
    fn listing_done(&mut self, now: Now) {
        let kept = if self.backend.as_form().is_some() {
            self.held_parts()
        } else {
            reconcile(&self.plan, &self.confirmed, &self.listed)
        };
        let listed = std::mem::take(&mut self.listed);
        self.unproven = Vec::new();
        // A store that refuses to complete lists parts that it does not have.
        if self.config.verify != Verify::Off && self.relisted == 0 {
            let unproven = listed.into_iter().filter(|part| {
                part.size == self.plan.len_of(part.number)
                    && is_md5_etag(&normalize_etag(&part.etag))
                    && kept.get(part.number.index()).is_some_and(Option::is_none)
            });
            self.unproven = unproven.map(|part| (part.number, part.etag)).collect();
        }
        let was = self.confirmed.len();
        let mut confirmed = Confirmed::new(self.plan.count());
        for (index, etag) in kept.iter().enumerate() {
            if let (Some(etag), Some(number)) = (etag, PartNumber::from_index(index)) {
                confirmed.set(number, etag, self.confirmed.crc64(number));
            }
        }
        self.confirmed = confirmed;
        self.parts = PartTable::from_etags(kept, &self.plan);
        if self.relisted > 0 && self.confirmed.len() == was {
            // The store refuses to complete and yet lists every part as we know it.
            return self.replace();
        }
        self.progress.start_at(self.parts.done_bytes());
        self.progress_dirty = true;
        self.advanced = now.mono;
        self.phase = Phase::Sending;
        self.may_find();
    }

    /// Those a chunk endpoint has, by its own account.
    fn held_parts(&self) -> Vec<Option<String>> {
        let mut held = vec![None; self.plan.count()];
        for part in &self.listed {
            if let Some(slot) = held.get_mut(part.number.index()) {
                *slot = Some(part.etag.clone());
            }
        }
        held
    }

    pub(super) fn session_lost(&mut self, now: Now) {
        self.drop_flights(now);
        self.control = None;
        if matches!(self.phase, Phase::Aborting) {
            return self.cancelled();
        }
        if self.confirmed.len() == self.plan.count() && !matches!(self.phase, Phase::Heading) {
            // All parts had arrived: it may have been completed, and only the reply lost.
            self.phase = Phase::Heading;
            return self.set_control(Op::Head);
        }
        self.recreate();
    }

    fn relist(&mut self) {
        self.relisted += 1;
        if self.relisted > 1 {
            return self.replace();
        }
        self.start_listing();
    }

    fn replace(&mut self) {
        self.phase = Phase::Replacing;
        self.set_control(Op::Abort);
    }

    pub(super) fn recreate(&mut self) {
        self.recreated += 1;
        self.control = None;
        if self.recreated > MAX_RECREATED {
            let error = UploadError::new(
                Code::SessionLost,
                Operation::Create,
                "the multipart upload vanished from the store again and again",
            );
            return self.fail(error.hint("Check whether another program removes unfinished uploads."));
        }
        self.warn(
            "session-restarted",
            "the unfinished upload is gone at the store; starting anew".into(),
            "",
        );
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.forget();
        self.urls.clear();
        self.is_ready = false;
        self.session = None;
        self.header = None;
        self.relisted = 0;
        self.doubted = false;
        self.confirmed = Confirmed::new(self.plan.count());
        self.parts = PartTable::new(self.plan.count());
        self.unproven = Vec::new();
        self.phase = Phase::Creating;
        self.set_control(Op::Create);
    }

    pub(super) fn forget(&mut self) {
        if let Some(fingerprint) = &self.fingerprint {
            let prefix = prefix_of(fingerprint);
            self.act(Action::Forget(prefix));
        }
    }

    fn aborted(&mut self) {
        self.control = None;
        match &self.phase {
            Phase::Replacing => self.recreate(),
            Phase::Superfluous(object) => {
                let object = (**object).clone();
                self.completed(object);
            }
            _ => self.cancelled(),
        }
    }

    pub(super) fn completed(&mut self, completed: Completed) {
        // Only of S3 is it documented how the ETag of an object comes about.
        if let (Some(theirs), Some(ours)) = (&completed.etag, self.composite())
            && self.backend.store() == Some(Kind::S3)
            && self.config.verify != Verify::Off
            && theirs.contains('-')
            && normalize_etag(theirs) != ours
        {
            return self.damaged(&Fault::Mismatch);
        }
        let crc64 = self.checksum();
        if crc64.zip(completed.crc64).is_some_and(|(ours, theirs)| ours != theirs) {
            return self.damaged(&Fault::Damaged);
        }
        // Of what was there before, only the store knows.
        let crc64 = crc64.or(completed.crc64.filter(|_| self.was_there));
        let completed = Completed { crc64, ..completed };
        if !self.whole.is_awaited() {
            return self.done(completed);
        }
        self.phase = Phase::Digesting(Box::new(completed));
        if self.whole == Whole::Held {
            // Paused when there was nothing left to be paused but this.
            self.start_whole_hash();
        }
    }

    /// The checksum of the whole file, when those of all parts are known.
    pub(super) fn checksum(&self) -> Option<u64> {
        let crc64 = self.config.crc64?;
        let shift = crc64.shift(self.plan.part_size());
        let mut whole = 0;
        for index in 0..self.plan.count() {
            let (number, range) = self.plan.part(index)?;
            let part = self.confirmed.crc64(number)?;
            // All parts are of the same size but the last.
            let is_full = range.len() == self.plan.part_size();
            whole = crc64.combine(whole, part, if is_full { shift } else { crc64.shift(range.len()) });
        }
        Some(whole)
    }

    /// The store has put something else together than the parts it was given: everything is sent once more.
    fn damaged(&mut self, fault: &Fault) {
        // What is there now would be taken for another's object.
        let is_final = !self.plan.is_multipart() || !self.config.overwrite;
        if std::mem::replace(&mut self.was_damaged, true) || is_final {
            let error = describe(Operation::Complete, Asked::Store, Code::ChecksumMismatch, fault);
            return self.fail(error);
        }
        self.warn(
            "session-restarted",
            "the store's checksum of the object differs from the file's; sending it again".into(),
            "",
        );
        self.begin_anew();
    }

    /// The object's composite ETag, when every part's ETag is an MD5.
    pub(super) fn composite(&self) -> Option<String> {
        let digests: Option<Vec<Md5Digest>> = (0..self.plan.count())
            .map(|index| Md5Digest::from_hex(self.confirmed.get(PartNumber::from_index(index)?)?.as_ref()))
            .collect();
        digests.filter(|_| self.plan.is_multipart()).map(composite_etag)
    }

    /// [`super::Input::Checked`]: the file is still what it was, so that a complete object is a true copy.
    pub(super) fn checked(&mut self, id: OpId, result: Result<(), String>) {
        if !matches!(self.phase, Phase::Checking(running) if running == id) {
            return;
        }
        match result {
            Err(exception) => self.file_lost(Operation::Read, exception),
            // On resume it is checked again.
            Ok(()) if self.paused => self.phase = Phase::Sending,
            Ok(()) if self.plan.is_multipart() => {
                self.phase = Phase::Completing;
                let parts = self.parts.etags();
                self.set_control(Op::Complete(parts));
            }
            Ok(()) => self.single_done(),
        }
    }

    /// Moves on where nothing has to be waited for.
    pub(super) fn go_on(&mut self) {
        match &self.phase {
            Phase::Sending if !self.paused && self.flights.is_empty() && self.parts.all_done() => {
                // Whether the backend has it does not matter any more.
                self.interrupt_control(|_| false);
                self.control = None;
                self.drop_signs();
                let id = self.new_op();
                self.phase = Phase::Checking(id);
                self.act(Action::Check(id));
            }
            Phase::Digesting(completed) if !self.whole.is_awaited() => {
                let completed = (**completed).clone();
                self.done(completed);
            }
            _ => {}
        }
    }

    /// What a verdict asks for besides trying again. The request was made at `since`; without, a bare refusal says nothing of
    /// the credentials.
    pub(super) fn mend(&mut self, verdict: Verdict, fault: &Fault, since: Option<Instant>) {
        match verdict {
            Verdict::Resign { code } => {
                self.drop_urls();
                // Not every store says that it is the credentials that have ended.
                if let (Code::Denied, Some(since)) = (code, since) {
                    self.act(Action::DropCredentials(since));
                }
                if let (Code::UrlExpired, Fault::Reply { error, .. }) = (code, fault)
                    && let Some(time) = error.server_time
                {
                    self.act(Action::SetClock(time));
                }
            }
            Verdict::RefreshCredentials => {
                self.drop_urls();
                self.act(Action::DropCredentials(since.unwrap_or_default()));
            }
            _ => {}
        }
    }

    pub(super) fn notice(&mut self, attempt: u32, delay: Millis, error: UploadError) {
        self.events.push_back(super::Event::Retry(super::RetryNotice { attempt, delay, error }));
    }
}

/// The reply, unless it is a success that was cut off: what a refusal says with its status is enough.
fn whole(reply: StepReply) -> Result<StepReply, Fault> {
    match reply {
        StepReply::Http(reply) if reply.is_success() && reply.body.len() >= MAX_REPLY_BYTES => {
            Err(Fault::BadReply("one that does not end".into()))
        }
        reply => Ok(reply),
    }
}

/// The status of a reply that is no use.
fn status_of(fault: &Fault) -> Option<u16> {
    match fault {
        Fault::Reply { status, .. } => Some(*status),
        _ => None,
    }
}

fn survives_pause(op: &Op) -> bool {
    matches!(op, Op::Complete(_) | Op::Abort)
}

/// Faults that being offline explains. A function of the page that throws without a status most likely wanted to ask
/// its server.
pub(super) fn is_connection(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::NoReply(NoReply::Network)
            | Fault::Stalled
            | Fault::ReplyTimeout
            | Fault::Page { status: None, .. }
    )
}
