//! The same file in several tabs: one of them sends, the others wait for its lock, show its progress and share its result.

use super::sending::Flight;
use super::{Action, Event, Phase, Upload, UploadResult};
use crate::core::backend::Op;
use crate::core::checkpoint::{Header, PREFIX, headers};
use crate::core::error::{Code, Operation, UploadError};
use crate::core::hash::Md5Digest;
use crate::core::progress::Snapshot;
use crate::core::text::{percent_decode, percent_encode};
use crate::core::units::{Instant, Millis, Now};

/// How long the last word of a tab that let go of the lock may be on its way, and the lock of a tab that was just closed:
/// messages and locks take different ways through the browser.
const PATIENCE: Millis = Millis(1000);

/// The lock of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Free,
    /// [`Action::TryLock`] is on its way.
    Trying,
    /// Another upload holds it; [`Action::Lock`] waits.
    Waiting,
    Held,
}

/// What uploads of the same file, in this page or another, tell each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Of one that waits: how far is it?
    Ask,
    /// Of the one that sends.
    Progress(Snapshot),
    /// Of the one that sent, before it lets go of the lock.
    Done(UploadResult),
}

impl Message {
    /// As text without line breaks.
    pub fn to_text(&self) -> String {
        let fields = match self {
            Self::Ask => return "ask".into(),
            Self::Progress(progress) => [
                "progress".into(),
                progress.loaded.to_string(),
                progress.total.to_string(),
                (progress.bytes_per_second as u64).to_string(),
                progress.seconds_left.map(|left| (left as u64).to_string()).unwrap_or_default(),
            ]
            .to_vec(),
            Self::Done(result) => [
                "done".into(),
                percent_encode(&result.key),
                percent_encode(result.location.as_deref().unwrap_or_default()),
                percent_encode(result.etag.as_deref().unwrap_or_default()),
                result.md5.map(Md5Digest::to_hex).unwrap_or_default(),
                percent_encode(result.crc64.as_deref().unwrap_or_default()),
                if result.instant { "instant" } else { "" }.into(),
                percent_encode(
                    result.response.as_deref().filter(|text| text.len() < 10_000).unwrap_or_default(),
                ),
            ]
            .to_vec(),
        };
        fields.join("&")
    }

    /// Reads what [`Message::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split('&').collect();
        Some(match fields.as_slice() {
            ["ask"] => Self::Ask,
            ["progress", loaded, total, rate, left] => Self::Progress(Snapshot {
                loaded: loaded.parse().ok()?,
                total: total.parse().ok()?,
                bytes_per_second: rate.parse::<u64>().ok()? as f64,
                seconds_left: match *left {
                    "" => None,
                    left => Some(left.parse::<u64>().ok()? as f64),
                },
            }),
            ["done", key, location, etag, md5, crc64, instant, response] => Self::Done(UploadResult {
                key: percent_decode(key)?,
                location: Some(percent_decode(location)?).filter(|text| !text.is_empty()),
                etag: Some(percent_decode(etag)?).filter(|text| !text.is_empty()),
                md5: match *md5 {
                    "" => None,
                    digits => Some(Md5Digest::from_hex(digits)?),
                },
                crc64: Some(percent_decode(crc64)?).filter(|text| !text.is_empty()),
                instant: *instant == "instant",
                response: Some(percent_decode(response)?).filter(|text| !text.is_empty()),
            }),
            _ => return None,
        })
    }
}

impl Upload {
    /// Asks for the lock of this file, letting go of any other.
    pub(super) fn try_lock(&mut self) {
        let Some(fingerprint) = &self.fingerprint else { return };
        let name = lock_name(fingerprint.as_str());
        self.hold = Hold::Trying;
        self.waited = false;
        self.act(Action::TryLock(name));
    }

    pub(super) fn unlock(&mut self) {
        self.hold = Hold::Free;
        self.act(Action::Unlock);
    }

    /// [`super::Input::Locked`].
    pub(super) fn locked(&mut self) {
        if !matches!(self.hold, Hold::Trying | Hold::Waiting) {
            return;
        }
        self.waited = self.hold == Hold::Waiting;
        self.hold = Hold::Held;
        match self.phase {
            Phase::Locking => {
                if self.waited {
                    self.show_standstill();
                }
                self.load();
            }
            Phase::Claiming(_) => self.act(Action::Load(PREFIX)),
            _ => {}
        }
    }

    /// [`super::Input::LockBusy`]: another tab, or another upload of this page, has the file.
    pub(super) fn lock_busy(&mut self) {
        if self.hold == Hold::Trying {
            self.wait_for_lock();
            self.act(Action::Tell(Message::Ask));
        }
    }

    fn wait_for_lock(&mut self) {
        let Some(fingerprint) = &self.fingerprint else { return };
        let name = lock_name(fingerprint.as_str());
        self.hold = Hold::Waiting;
        self.act(Action::Lock(name));
    }

    /// Before something is removed at the store that another tab may be sending.
    pub(super) fn claim(&mut self, now: Now) {
        if self.fingerprint.is_none() {
            self.phase = Phase::Aborting;
            return self.set_control(Op::Abort);
        }
        self.phase = Phase::Claiming(now.mono + PATIENCE);
        self.wait_for_lock();
    }

    /// What is remembered of this file may be of a later session by now; that stays.
    pub(super) fn claimed(&mut self, records: &[(String, String)]) {
        let ours = |header: &Header| self.session.as_ref().is_some_and(|s| s.upload_id == header.upload_id);
        let later = headers(records)
            .iter()
            .any(|(header, _)| Some(&header.fingerprint) == self.fingerprint.as_ref() && !ours(header));
        if later {
            self.fingerprint = None;
        }
        self.phase = Phase::Aborting;
        self.set_control(Op::Abort);
    }

    fn claim_refused(&mut self) {
        self.unlock();
        // What another tab is sending is not ours to remove.
        self.session = None;
        if self.only_discards {
            let message = "this upload is being sent by another tab, or by this page";
            let error = UploadError::new(Code::Locked, Operation::Abort, message);
            self.fail(error.hint("Cancel it there."));
        } else {
            self.cancelled();
        }
    }

    /// [`super::Input::Heard`].
    pub(super) fn heard_from_tab(&mut self, message: Message) {
        match message {
            Message::Ask if self.hold == Hold::Held && !self.has_ended() => {
                self.act(Action::Tell(Message::Progress(self.snapshot)));
            }
            Message::Progress(theirs)
                if matches!(self.phase, Phase::Locking) && theirs.total == self.plan.size() =>
            {
                let loaded = self.snapshot.loaded.max(theirs.loaded.min(theirs.total));
                self.progress.start_at(loaded);
                if self.paused {
                    self.snapshot.loaded = loaded;
                } else {
                    self.snapshot = Snapshot { loaded, ..theirs };
                    self.events.push_back(Event::Progress(self.snapshot));
                }
            }
            Message::Done(result) if self.waits_for_result() && !self.wants_another_key(&result.key) => {
                self.let_everything_go(Now::default(), |_| false);
                self.finish(result);
            }
            _ => {}
        }
    }

    /// Records may be older than the lock: what is listed then turns out to have been completed.
    fn waits_for_result(&self) -> bool {
        match self.phase {
            Phase::Locking | Phase::Loading | Phase::Hearing(_) => true,
            Phase::Listing => self.waited,
            _ => false,
        }
    }

    /// Nothing is stored of this file. If its lock came from another upload, that one may be done with it, and about to
    /// be heard saying so.
    pub(super) fn begin(&mut self, now: Now) {
        if self.waited {
            self.phase = Phase::Hearing(now.mono + PATIENCE);
        } else {
            self.create();
        }
    }

    pub(super) fn tab_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Hearing(until) => Some(until),
            Phase::Claiming(until) if self.hold == Hold::Waiting => Some(until),
            _ => None,
        }
    }

    pub(super) fn watch_tabs(&mut self, now: Now) {
        match self.phase {
            Phase::Hearing(until) if now.mono >= until => self.create(),
            Phase::Claiming(until) if now.mono >= until && self.hold == Hold::Waiting => self.claim_refused(),
            _ => {}
        }
    }

    /// Progress goes to the page and to the tabs that wait.
    pub(super) fn tell_progress(&mut self) {
        self.events.push_back(Event::Progress(self.snapshot));
        if self.hold == Hold::Held {
            self.act(Action::Tell(Message::Progress(self.snapshot)));
        }
    }

    /// Nothing moves for now.
    pub(super) fn show_standstill(&mut self) {
        self.progress.idle();
        let in_flight = self.flights.iter().map(Flight::counted).sum();
        self.snapshot.loaded = self.progress.count(self.parts.done_bytes(), in_flight);
        self.snapshot.bytes_per_second = 0.0;
        self.snapshot.seconds_left = None;
        self.tell_progress();
    }
}

fn lock_name(fingerprint: &str) -> String {
    ["partwise/", fingerprint].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read_back(message: &Message) -> bool {
        let text = message.to_text();
        !text.contains('\n') && Message::parse(&text).as_ref() == Some(message)
    }

    #[test]
    fn what_is_told_is_heard() {
        let snapshot = Snapshot { loaded: 7, total: 9, bytes_per_second: 3.0, seconds_left: Some(2.0) };
        assert!(is_read_back(&Message::Ask));
        assert!(is_read_back(&Message::Progress(snapshot)));
        assert!(is_read_back(&Message::Progress(Snapshot { seconds_left: None, ..snapshot })));
        let result = UploadResult {
            key: "a&b=c\n中".into(),
            location: Some("https://x/?&%".into()),
            etag: Some("\"e\"".into()),
            md5: Md5Digest::from_hex("d41d8cd98f00b204e9800998ecf8427e"),
            crc64: Some("rosUhgp5mIg=".into()),
            instant: true,
            response: Some("{\"a\":1}".into()),
        };
        assert!(is_read_back(&Message::Done(result)));
        assert!(is_read_back(&Message::Done(UploadResult { key: "k".into(), ..Default::default() })));
    }

    #[test]
    fn anything_else_is_no_message() {
        for text in [
            "",
            "ask&",
            "progress",
            "progress&1&2&3",
            "progress&-1&2&3&",
            "done&%ff&&&&&&",
            "done&k&&&xyz&&&",
            "done&k&&&&&",
        ] {
            assert_eq!(Message::parse(text), None, "{text}");
        }
    }
}
