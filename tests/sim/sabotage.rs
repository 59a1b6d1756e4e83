//! The simulator watching itself: a shell, a store or a user interface that breaks one rule must be noticed, or the
//! invariants hold nothing.

use crate::run::run_sabotaged;

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
}

pub const ALL: &[(Sabotage, &str)] = &[
    (Sabotage::SaveForgotten, "no header that a reload would find"),
    (Sabotage::StoreMixesParts, "is not the file"),
    (Sabotage::AbortForgotten, "is still at the store"),
    (Sabotage::ListForgetsFirst, "which it knows to be stored"),
    (Sabotage::ProgressFalls, "progress falls"),
    (Sabotage::RecordTells, "a secret gets out"),
    (Sabotage::LockShared, "without its lock"),
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
