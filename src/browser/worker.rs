//! Hashes slices of files away from the main thread, in workers that run this same module; on the main thread, in
//! slices that yield, where no worker can be had.
//!
//! | file | |
//! |---|---|
//! | `pool` | which worker does which job |
//! | `member` | one worker: its start, its jobs, its death |
//! | `process` | its script and its messages |
//! | `main_thread` | what goes on without it |

mod main_thread;
mod member;
mod pool;
mod process;

pub use pool::{HashJob, Hasher, JOBS, workers_of};

use crate::core::hash::{Piece, Reading};
use std::cell::Cell;
use web_sys::Blob;

/// Where the worker's script (`pkg-template/worker.js`) comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerSource {
    /// Its text, started from a Blob URL.
    Code(String),
    /// Its address, for pages whose content security policy has no `worker-src blob:`.
    Url(String),
}

/// What a hash job tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashEvent {
    /// Bytes hashed so far. Starts again from 0 when a worker died and the job is repeated.
    Progress(u64),
    /// The next piece. After the last one the job is over.
    Piece(Piece),
    /// The file could not be read: the exception's name, such as `NotReadableError`. The job is over.
    Failed(String),
}

/// What was asked for; kept to be repeated after a crash.
struct Job {
    id: u32,
    file: Blob,
    reading: Reading,
    /// How many pieces were told of.
    told: Cell<usize>,
    on_event: Box<dyn Fn(HashEvent)>,
}

impl Job {
    /// What is to be told: not again what was told before the job was repeated.
    fn is_news(&self, event: &HashEvent) -> bool {
        match event {
            HashEvent::Piece(piece) if piece.index != self.told.get() => false,
            HashEvent::Piece(_) => {
                self.told.set(self.told.get() + 1);
                true
            }
            HashEvent::Progress(_) | HashEvent::Failed(_) => true,
        }
    }

    /// Nothing comes after it.
    fn is_end(&self, event: &HashEvent) -> bool {
        match event {
            HashEvent::Progress(_) => false,
            HashEvent::Piece(_) => self.told.get() >= self.reading.pieces(),
            HashEvent::Failed(_) => true,
        }
    }
}
