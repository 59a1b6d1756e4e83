//! What an upload is told, what it wants done, and what it tells the page.

use super::tabs::Message;
use crate::core::backend::{Step, StepReply};
use crate::core::checkpoint::Record;
use crate::core::error::UploadError;
use crate::core::hash::{Md5Digest, Piece, Reading};
use crate::core::http::HttpRequest;
use crate::core::progress::Snapshot;
use crate::core::retry::{Asked, Fault};
use crate::core::units::{Instant, Millis, PartNumber, UnixMillis};

/// Names one action until its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpId(pub u64);

/// What the page sees of where an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum State {
    Queued,
    Hashing,
    Starting,
    Uploading,
    Paused,
    Offline,
    Completing,
    Done,
    Failed,
    Cancelled,
}

impl State {
    /// The name JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Hashing => "hashing",
            Self::Starting => "starting",
            Self::Uploading => "uploading",
            Self::Paused => "paused",
            Self::Offline => "offline",
            Self::Completing => "completing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// What the machine is told.
#[derive(Debug)]
pub enum Input {
    /// It may begin.
    Admitted,
    /// The lock asked for is held.
    Locked,
    /// The lock tried for is held by another upload, in this page or another.
    LockBusy,
    /// Another upload of the same file said something.
    Heard(Message),
    /// The records asked for.
    Loaded(Vec<(String, String)>),
    /// Bytes hashed so far in a job.
    HashProgress(OpId, u64),
    /// The next piece of a hash job, which ends with its last one; or the name of the DOM exception that ended it.
    Hashed(OpId, Result<Piece, String>),
    /// A step or a send ended.
    Replied(OpId, Result<StepReply, Fault>),
    /// Bytes of a send that have left.
    Progress(OpId, u64),
    /// Whether the file can still be read.
    Checked(OpId, Result<(), String>),
    /// Storage failed; the shell goes on in memory.
    StorageFault {
        /// Full, rather than denied.
        full: bool,
    },
    /// Time has come.
    Tick,
    /// The page says pause.
    Pause,
    /// The page says resume, or try again after a failure.
    Resume,
    /// The page says cancel.
    Cancel,
}

/// What the machine wants done.
#[derive(Debug)]
pub enum Action {
    /// Perform one step and reply with [`Input::Replied`].
    Perform(OpId, Step),
    /// Send file content, to whoever takes it; [`Input::Progress`] as bytes leave, then [`Input::Replied`].
    Send(OpId, HttpRequest, Asked),
    /// Let go of a step, send, hash job or check; no reply is wanted any more.
    Drop(OpId),
    /// Read and hash: [`Input::HashProgress`] now and then, and [`Input::Hashed`] for each piece.
    Hash(OpId, Reading),
    /// Read one byte at each end of the file.
    Check(OpId),
    /// Take the lock of this name if nobody has it, letting go of any other: [`Input::Locked`] or [`Input::LockBusy`].
    TryLock(String),
    /// Wait for the lock of this name, letting go of any other: [`Input::Locked`].
    Lock(String),
    /// Tell every other upload, in this page or another, that holds or waits for the same lock: [`Input::Heard`].
    Tell(Message),
    /// Let go of the lock.
    Unlock,
    /// Read all records below this prefix: [`Input::Loaded`].
    Load(&'static str),
    /// Write a record.
    Save(Record),
    /// Remove all records below a prefix.
    Forget(String),
    /// Remove one record.
    Remove(String),
    /// The store's clock.
    SetClock(UnixMillis),
    /// The store calls the credentials expired that a request made then was signed with.
    DropCredentials(Instant),
}

/// What the page is told.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Event {
    State { state: State, previous: State },
    Progress(Snapshot),
    Hash { loaded: u64, total: u64, md5: Option<Md5Digest> },
    Part { number: PartNumber, size: u64, etag: String },
    Retry(RetryNotice),
    Warning { code: &'static str, message: String, hint: &'static str },
    Done(UploadResult),
    Failed(UploadError),
}

/// A request failed and will be made again.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct RetryNotice {
    pub attempt: u32,
    pub delay: Millis,
    pub error: UploadError,
}

/// What arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UploadResult {
    pub key: String,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub md5: Option<Md5Digest>,
    /// As the store spells it.
    pub crc64: Option<String>,
    /// It was there already, and nothing had to be sent.
    pub instant: bool,
    /// What a chunk endpoint answered last.
    pub response: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn states_have_the_names_the_page_knows_and_three_are_final() {
        use State::*;
        let all =
            [Queued, Hashing, Starting, Uploading, Paused, Offline, Completing, Done, Failed, Cancelled];
        assert_eq!(
            all.map(State::as_str).join(" "),
            "queued hashing starting uploading paused offline completing done failed cancelled"
        );
        assert_eq!(all.map(State::is_final).iter().position(|is_final| *is_final), Some(7));
        assert_eq!(all.into_iter().filter(|state| state.is_final()).count(), 3);
    }
}
