//! URLs for files that go in one request, asked for together and ahead of their turn: of a thousand small files each would
//! wait for an answer longer than it takes to send it.
//!
//! Nobody waits for such an answer: whoever's turn comes before it asks alone, as if there were none. So a server that does not
//! know the question, or swallows it, costs no file anything.

use super::{Engine, Entry, UploadId, Work};
use crate::core::http::HttpReply;
use crate::core::retry::Fault;
use crate::core::units::{Instant, Millis, Now, UnixMillis};

/// How many files are worth asking for together.
const LEAST: usize = 3;
/// In the first question. It is doubled as long as all answers are used in time, and halved when they are not, or none came.
const FIRST: usize = 16;
/// In one question. Less where the server has refused more.
const MOST: usize = 64;
/// Bytes of the files in one question: what a slow link sends in half a minute.
const MOST_BYTES: u64 = 4 << 20;
/// How many files are looked at to find those.
const LOOKED_AT: usize = 256;
/// Questions in a row that were not answered, after which no more are asked. One is enough if none ever was and the server says no.
const MOST_FAILURES: u32 = 3;
/// An answer is used within this time, and within a quarter of its life: whoever uses it, counts its life from then on, and does with
/// three quarters.
const KEEP: Millis = Millis(30_000);

/// One question on its way.
struct Question {
    number: u64,
    since: Instant,
    ids: Vec<UploadId>,
}

struct Kept {
    id: UploadId,
    reply: HttpReply,
    until: UnixMillis,
}

/// Questions for several files at once, and their answers.
pub(super) struct Objects {
    has_worked: bool,
    failures: u32,
    /// An upload has wanted a URL, so that it is time to look whether those after it will.
    wanted: Option<(UploadId, Now)>,
    asked: Option<Question>,
    kept: Vec<Kept>,
    /// Uploads before this one have been asked for.
    next: UploadId,
    size: usize,
    most: usize,
    last_number: u64,
}

impl Objects {
    pub(super) fn new() -> Self {
        Self {
            has_worked: false,
            failures: 0,
            wanted: None,
            asked: None,
            kept: Vec::new(),
            next: UploadId(0),
            size: FIRST,
            most: MOST,
            last_number: 0,
        }
    }

    /// An upload wants its URL: the answer that came early, if there is one.
    pub(super) fn take(&mut self, id: UploadId, now: Now) -> Option<HttpReply> {
        self.wanted = Some((id, now));
        let before = self.kept.len();
        self.kept.retain(|kept| kept.until > now.wall);
        if self.kept.len() < before {
            self.size = (self.size / 2).max(LEAST);
        }
        let at = self.kept.iter().position(|kept| kept.id == id)?;
        Some(self.kept.swap_remove(at).reply)
    }

    fn failed(&mut self, ids: &[UploadId]) {
        self.failures += 1;
        self.size = (self.size / 2).max(LEAST);
        self.next = ids.first().copied().unwrap_or(self.next);
    }
}

impl Engine {
    /// Asks for those that come after one that has wanted a URL, unless there are enough answers or they are too few. That is for when
    /// nothing else is left to be done: by then all are known that a page has added.
    pub(super) fn ask_ahead(&mut self) {
        let Some((after, now)) = self.objects.wanted.take() else { return };
        let (objects, patience) = (&mut self.objects, self.config.stall_timeout);
        if let Some(lost) = objects.asked.take_if(|asked| now.mono.since(asked.since) >= patience) {
            objects.failed(&lost.ids);
        }
        if objects.asked.is_some()
            || objects.failures >= MOST_FAILURES
            || objects.kept.len() >= objects.size / 2
        {
            return;
        }
        let from = objects.next.max(after);
        let from = self.uploads.partition_point(|entry| entry.id < from);
        let (mut ids, mut asks, mut bytes) = (Vec::new(), String::new(), 0);
        for Entry { id, upload } in self.uploads.iter().skip(from).take(LOOKED_AT) {
            let Some(ask) = upload.asks_ahead() else { continue };
            bytes += upload.target().file.size;
            if bytes > MOST_BYTES || ids.len() == objects.size {
                break;
            }
            if !ids.is_empty() {
                asks.push(',');
            }
            asks.push_str(&ask);
            ids.push(*id);
        }
        if ids.len() >= LEAST
            && let (Some(request), Some(last)) = (self.backend.several_objects(&asks), ids.last())
        {
            objects.next = UploadId(last.0 + 1);
            objects.last_number += 1;
            let number = objects.last_number;
            objects.asked = Some(Question { number, since: now.mono, ids });
            self.work.push_back(Work::AskObjects(number, request));
        }
    }

    /// What came of [`Work::AskObjects`].
    pub fn objects(&mut self, number: u64, result: &Result<HttpReply, Fault>, now: Now) {
        let objects = &mut self.objects;
        let Some(Question { ids, .. }) = objects.asked.take_if(|asked| asked.number == number) else {
            return;
        };
        let answers = result.as_ref().ok().and_then(|reply| self.backend.several_answers(reply, ids.len()));
        if let Some(answers) = answers {
            if objects.has_worked {
                objects.size = (objects.size * 2).min(objects.most);
            }
            (objects.has_worked, objects.failures) = (true, 0);
            for (id, (reply, life)) in ids.into_iter().zip(answers) {
                let upload = self.uploads.binary_search_by_key(&id, |entry| entry.id).ok();
                let upload = upload.and_then(|at| self.uploads.get(at)).map(|entry| &entry.upload);
                // Whoever was refused before it has asked may be served when it asks.
                if reply.is_success() && upload.is_some_and(|upload| upload.will_ask()) {
                    let life = life.map_or(KEEP, |life| Millis(life.0 / 4).min(KEEP));
                    let until = UnixMillis(now.wall.0.saturating_add(life.0));
                    objects.kept.push(Kept { id, reply, until });
                }
            }
            return;
        }
        objects.failed(&ids);
        if result.is_ok() {
            objects.most = objects.size;
        }
        let is_no = |reply: &HttpReply| !matches!(reply.status, 401 | 429 | 503);
        if !objects.has_worked && result.as_ref().is_ok_and(is_no) {
            objects.failures = MOST_FAILURES;
        }
    }
}
