//! URLs for files that go in one request, asked for together and ahead of their turn: of a thousand small files each would
//! wait for an answer longer than it takes to send it.
//!
//! A server that does not know the question answers with an error; from then on each file asks by itself.

use super::{Engine, Entry, UploadId, Work};
use crate::core::backend::{Step, StepReply};
use crate::core::http::{HttpReply, HttpRequest};
use crate::core::retry::{Asked, Fault};
use crate::core::text::json::{Json, elements, parse};
use crate::core::units::{Instant, Millis, Now};
use crate::core::upload::{Action, Input, OpId};

/// How many files are worth asking for together.
const LEAST: usize = 3;
/// In the first question. It is doubled as long as all answers are used in time.
const FIRST: usize = 16;
/// In one question.
const MOST: usize = 64;
/// Bytes of the files in one question: what a slow link sends in half a minute.
const MOST_BYTES: u64 = 4 << 20;
/// How many files are looked at to find those.
const LOOKED_AT: usize = 256;
/// An answer that came early is used within this time, and within a quarter of what it says of its life: whoever uses it, counts
/// its life from then on, and does with three quarters.
const KEEP: Millis = Millis(30_000);

/// One question on its way.
struct Question {
    number: u64,
    since: Instant,
    ids: Vec<UploadId>,
}

/// An upload that wants a URL.
struct Wanting {
    id: UploadId,
    op: OpId,
    /// The question for it alone.
    alone: HttpRequest,
    /// The same as one of several.
    one: String,
    since: Now,
}

struct Kept {
    id: UploadId,
    reply: HttpReply,
    until: Instant,
}

/// Questions for several files at once, and their answers.
pub(super) struct Objects {
    /// Whether the server answers them, once that is known.
    works: Option<bool>,
    /// Those who have not asked yet.
    wanting: Vec<Wanting>,
    asked: Option<Question>,
    /// Those who have.
    waiting: Vec<Wanting>,
    kept: Vec<Kept>,
    /// Uploads before this one have been asked for.
    next: UploadId,
    size: usize,
    last_number: u64,
}

impl Objects {
    pub(super) fn new() -> Self {
        Self {
            works: None,
            wanting: Vec::new(),
            asked: None,
            waiting: Vec::new(),
            kept: Vec::new(),
            next: UploadId(0),
            size: FIRST,
            last_number: 0,
        }
    }

    /// An upload wants the URL of its object, by the question `alone` or as `one` of several.
    pub(super) fn wants(&mut self, id: UploadId, op: OpId, alone: HttpRequest, one: String, since: Now) {
        self.wanting.push(Wanting { id, op, alone, one, since });
    }

    /// Nobody waits for this answer any more.
    pub(super) fn drop_op(&mut self, id: UploadId, op: OpId) {
        self.wanting.retain(|wanting| (wanting.id, wanting.op) != (id, op));
        self.waiting.retain(|waiting| (waiting.id, waiting.op) != (id, op));
    }

    /// An answer that came early.
    fn take(&mut self, id: UploadId, now: Instant) -> Option<HttpReply> {
        let before = self.kept.len();
        self.kept.retain(|kept| kept.until > now);
        if self.kept.len() < before {
            self.size = (self.size / 2).max(LEAST);
        }
        let at = self.kept.iter().position(|kept| kept.id == id)?;
        Some(self.kept.swap_remove(at).reply)
    }

    /// Whether a question is on its way. One that was not answered for so long will not be any more.
    fn is_asking(&mut self, now: Instant, patience: Millis) -> bool {
        self.asked.take_if(|asked| now.since(asked.since) >= patience);
        self.asked.is_some()
    }

    fn covers(&self, id: UploadId) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.ids.contains(&id))
    }

    /// Whether it is time to ask for more.
    fn runs_low(&self) -> bool {
        self.works == Some(true) && self.kept.len() < self.size / 2
    }
}

/// An answer in a reply, as if it had come alone, and how long it may be kept.
fn as_if_alone(text: &str) -> (HttpReply, Millis) {
    let json = parse(text).unwrap_or(Json::Null);
    let number = |name| json.get(name).and_then(Json::as_u64);
    let status = number("status").and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let life = number("expires").map_or(KEEP, |seconds| Millis(seconds.saturating_mul(250)));
    (HttpReply { status, headers: Vec::new(), body: text.to_owned() }, life.min(KEEP))
}

impl Engine {
    /// Answers and asks for those who want a URL, once nothing else is left to be done: by then all are known that a page has
    /// added.
    pub(super) fn ask_objects(&mut self) {
        let Some(now) = self.objects.wanting.last().map(|wanting| wanting.since) else { return };
        let is_asking = self.objects.is_asking(now.mono, self.config.stall_timeout);
        let (mut first, mut open) = (None, Vec::new());
        for wanting in std::mem::take(&mut self.objects.wanting) {
            let Wanting { id, op, .. } = wanting;
            if let Some(reply) = self.objects.take(id, now.mono) {
                first = first.or(Some(id).filter(|_| self.objects.runs_low()));
                self.handle(id, Input::Replied(op, Ok(StepReply::Http(reply))), now);
            } else if self.objects.covers(id) {
                self.objects.waiting.push(wanting);
            } else {
                first = first.or(Some(id));
                open.push(wanting);
            }
        }
        if let (Some(first), false) = (first, is_asking || self.objects.works == Some(false)) {
            self.ask_several(first, &mut open, now);
        }
        for wanting in open {
            self.ask_alone(wanting);
        }
    }

    fn ask_alone(&mut self, Wanting { id, op, alone, .. }: Wanting) {
        self.work.push_back(Work::Upload(id, Action::Perform(op, Step::Backend(alone))));
    }

    /// Asks for those who want it and for others that come after the first, unless they are too few.
    fn ask_several(&mut self, first: UploadId, open: &mut Vec<Wanting>, now: Now) {
        let (mut ids, mut asks) = (Vec::new(), String::new());
        let mut add = |id, ask: &str| {
            if !ids.is_empty() {
                asks.push(',');
            }
            asks.push_str(ask);
            ids.push(id);
            ids.len()
        };
        let mut count = 0;
        for wanting in open.iter().take(self.objects.size) {
            count = add(wanting.id, &wanting.one);
        }
        let wanted = count;
        let from = self.objects.next.max(first);
        let from = self.uploads.partition_point(|entry| entry.id < from);
        let (mut bytes, mut last) = (0, first);
        for Entry { id, upload } in self.uploads.iter().skip(from).take(LOOKED_AT) {
            if count == self.objects.size {
                break;
            }
            if let Some(ask) = upload.asks_ahead() {
                bytes += upload.target().file.size;
                if bytes > MOST_BYTES {
                    break;
                }
                (last, count) = (*id, add(*id, &ask));
            }
        }
        let Some(request) = self.backend.several_objects(&asks).filter(|_| count >= LEAST) else { return };
        let rest = open.split_off(wanted);
        self.objects.waiting.append(open);
        *open = rest;
        self.objects.next = self.objects.next.max(UploadId(last.0 + 1));
        self.objects.last_number += 1;
        let number = self.objects.last_number;
        self.objects.asked = Some(Question { number, since: now.mono, ids });
        self.work.push_back(Work::AskObjects(number, request));
    }

    /// What came of [`Work::AskObjects`].
    pub fn objects(&mut self, number: u64, result: Result<HttpReply, Fault>, now: Now) {
        let Some(Question { ids, .. }) = self.objects.asked.take_if(|asked| asked.number == number) else {
            return;
        };
        let waiting = std::mem::take(&mut self.objects.waiting);
        let has_worked = self.objects.works == Some(true);
        let answers = match &result {
            Ok(reply) if reply.is_success() => elements(&reply.body).unwrap_or_default(),
            _ => Vec::new(),
        };
        if answers.len() == ids.len() {
            if has_worked {
                self.objects.size = (self.objects.size * 2).min(MOST);
            }
            self.objects.works = Some(true);
            let mut worked = self.worked.get();
            worked.note(Asked::Backend);
            self.worked.set(worked);
            for (id, text) in ids.into_iter().zip(answers) {
                let (reply, life) = as_if_alone(text);
                // Whoever was refused before it has asked may be served when it asks.
                if reply.is_success() || waiting.iter().any(|waiting| waiting.id == id) {
                    self.objects.kept.push(Kept { id, reply, until: now.mono + life });
                }
            }
            self.objects.wanting.extend(waiting.into_iter().map(|waiting| Wanting { since: now, ..waiting }));
            return;
        }
        let is_for_all = match &result {
            // Whoever asks alone would hear the same.
            Ok(reply) => matches!(reply.status, 401 | 429 | 503),
            Err(_) => has_worked,
        };
        if is_for_all {
            self.objects.next = ids.first().copied().unwrap_or(self.objects.next);
        } else {
            self.objects.works = Some(has_worked);
        }
        for wanting in waiting {
            if is_for_all {
                let result = result.clone().map(StepReply::Http);
                self.handle(wanting.id, Input::Replied(wanting.op, result), now);
            } else {
                self.ask_alone(wanting);
            }
        }
    }
}
