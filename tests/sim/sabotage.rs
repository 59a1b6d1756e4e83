//! The simulator watching itself: a shell, a store or a user interface that breaks one rule must be noticed, or the
//! invariants hold nothing.

use crate::network::Doing;
use crate::run::run_sabotaged;
use partwise::core::backend::StepReply;
use partwise::core::error::Code;
use partwise::core::http::HttpReply;
use partwise::core::progress::Snapshot;
use partwise::core::retry::Fault as Failure;
use partwise::core::upload::Event;

/// One rule that the world breaks behind the engine's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Records of parts are not written, and nobody says so.
    SaveForgotten,
    /// The store puts parts together in the wrong order.
    StoreMixesParts,
    /// The store forgets to remove what it says it has removed.
    AbortForgotten,
    /// A part list leaves out the first part, and the store does not know that it does.
    ListForgetsFirst,
    /// The page is told of progress twice, the second time of less.
    ProgressFalls,
    /// A record holds the URL that a part was sent to.
    RecordTells,
    /// Two pages get the same lock.
    LockShared,
    /// What a crash of the browser took is not put back.
    CopiesForgotten,
    /// HEAD says 404 to an object that is there, and the store does not know that it does.
    HeadDenies,
    /// The engine reads a HEAD of its own object as one of another.
    HeadMisread,
    /// HEAD says 503, and the engine reads it as 404.
    HeadHasty,
    /// The engine is not told that the browser says offline.
    OfflineKept,
    /// The last word is said twice.
    EndTwice,
    /// Progress tells of one byte more than there are.
    ProgressExceeds,
    /// A failure has a code that nothing explains.
    CodeWrong,
    /// The engine takes the time for which it may retry to be shorter than it is.
    GivesUpEarly,
    /// Once all is well, no timer rings any more.
    TimersForgotten,
    /// A lock that is let go of is kept.
    LockKept,
}

impl Sabotage {
    /// What the world is told in place of an event.
    pub fn spoils(self, event: Event) -> Event {
        match (self, event) {
            (Self::CodeWrong, Event::Failed(mut error)) => {
                error.code = Code::EtagHidden;
                Event::Failed(error)
            }
            (_, event) => event,
        }
    }

    /// What the engine makes of a reply.
    pub fn misreads(
        self,
        doing: &Doing,
        mut result: Result<StepReply, Failure>,
    ) -> Result<StepReply, Failure> {
        if let (Doing::Head(_), Ok(StepReply::Http(reply))) = (doing, &mut result) {
            match (self, reply.status) {
                (Self::HeadMisread, 200) => {
                    reply.headers.retain(|(name, _)| name != "etag");
                    reply.body = reply.body.replace("etag", "another");
                }
                (Self::HeadHasty, 503) => *reply = HttpReply { status: 404, ..Default::default() },
                _ => {}
            }
        }
        result
    }

    /// What is told once more.
    pub fn repeats(self, event: &Event) -> Option<Event> {
        match (self, event.clone()) {
            (Self::ProgressFalls, Event::Progress(progress)) => {
                Some(Event::Progress(Snapshot { loaded: progress.loaded / 2, ..progress }))
            }
            (Self::ProgressExceeds, Event::Progress(progress)) => {
                Some(Event::Progress(Snapshot { loaded: progress.total + 1, ..progress }))
            }
            (Self::EndTwice, event @ (Event::Done(_) | Event::Failed(_))) => Some(event),
            _ => None,
        }
    }
}

pub const ALL: &[(Sabotage, &str)] = &[
    (Sabotage::SaveForgotten, "no header that a reload would find"),
    (Sabotage::StoreMixesParts, "is not the file"),
    (Sabotage::AbortForgotten, "is still at the store"),
    (Sabotage::ListForgetsFirst, "which it knows to be stored"),
    (Sabotage::ProgressFalls, "progress falls"),
    (Sabotage::RecordTells, "a secret gets out"),
    (Sabotage::LockShared, "without its lock"),
    (Sabotage::CopiesForgotten, "known to be stored"),
    (Sabotage::HeadDenies, "the store would have said so"),
    (Sabotage::HeadMisread, "although it was told that its object is there"),
    (Sabotage::HeadHasty, "the store would have said so"),
    (Sabotage::OfflineKept, "an attempt was spent while offline"),
    (Sabotage::EndTwice, "after the end"),
    (Sabotage::ProgressExceeds, "progress beyond the total"),
    (Sabotage::CodeWrong, "out of the blue"),
    (Sabotage::GivesUpEarly, "gives up early"),
    (Sabotage::TimersForgotten, "in the end"),
    (Sabotage::LockKept, "has a lock after it was"),
];

/// The sabotages that no run of so many noticed, or noticed as something else.
pub fn unnoticed(runs: u64) -> Vec<String> {
    let is_noticed = |sabotage: Sabotage, as_what: &str| {
        (0..runs).any(|seed| {
            run_sabotaged(seed, sabotage).failure.is_some_and(|failure| failure.contains(as_what))
        })
    };
    let missed = ALL.iter().filter(|(sabotage, as_what)| !is_noticed(*sabotage, as_what));
    missed.map(|(sabotage, _)| format!("{sabotage:?}")).collect()
}
