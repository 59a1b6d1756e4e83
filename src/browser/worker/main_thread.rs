//! Hashing on the main thread: one slice at a time over all jobs in turn, so that neither the page nor the memory feels
//! how many there are.

use super::{HashEvent, Job};
use crate::browser::{
    blob,
    callback::{defer, name_of, settle},
};
use crate::core::{
    hash::{Digester, Piece},
    units::ByteRange,
};
use js_sys::Uint8Array;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};
use wasm_bindgen::JsValue;

/// Bytes per step: about a millisecond of hashing on a laptop, three on a phone. Reading a slice yields to the browser.
const STEP: u64 = 512 * 1024;

/// The queue of unfinished jobs. Dropping it ends them silently.
pub(super) struct MainThread(Rc<Queue>);

struct Queue {
    waiting: RefCell<VecDeque<Work>>,
    busy: Cell<bool>,
    on_event: Box<dyn Fn(u32, HashEvent)>,
}

/// A job's state between two steps. A job that its owner has let go is cancelled.
struct Work {
    job: Weak<Job>,
    digester: Digester,
    /// What is still to be read, first range first.
    left: VecDeque<ByteRange>,
    /// Bytes to the end of the piece.
    of_piece: u64,
    index: usize,
    done: u64,
}

impl MainThread {
    pub(super) fn new(on_event: impl Fn(u32, HashEvent) + 'static) -> Self {
        let (waiting, busy) = (RefCell::default(), Cell::new(false));
        Self(Rc::new(Queue { waiting, busy, on_event: Box::new(on_event) }))
    }

    pub(super) fn hash(&self, job: &Rc<Job>) {
        self.0.waiting.borrow_mut().push_back(Work::new(job));
        if !self.0.busy.replace(true) {
            let queue = Rc::downgrade(&self.0);
            defer(move || step(&queue));
        }
    }
}

/// Reads one slice of the next job, hashes it and sends the job to the end of the queue.
fn step(queue: &Weak<Queue>) {
    let Some(queue) = queue.upgrade() else { return };
    loop {
        let next = queue.waiting.borrow_mut().pop_front();
        let Some(mut work) = next else { break };
        let Some(job) = work.job.upgrade() else { continue };
        let Some(range) = work.next_slice() else {
            // It had nothing to be read.
            (queue.on_event)(job.id, HashEvent::Piece(work.end_piece()));
            continue;
        };
        match blob::slice(&job.file, range) {
            Ok(slice) => {
                let queue = Rc::downgrade(&queue);
                return settle(slice.array_buffer(), move |read| {
                    work.take(&queue, range, read);
                    step(&queue);
                });
            }
            Err(name) => (queue.on_event)(job.id, HashEvent::Failed(name)),
        }
    }
    queue.busy.set(false);
}

impl Work {
    fn new(job: &Rc<Job>) -> Self {
        let reading = &job.reading;
        let digester = Digester::new(reading.wanted);
        Self {
            job: Rc::downgrade(job),
            digester: match reading.after.clone() {
                Some(whole) => digester.after(whole),
                None => digester,
            },
            left: reading.ranges.iter().copied().filter(|range| range.len() > 0).collect(),
            of_piece: if reading.every == 0 { u64::MAX } else { reading.every },
            index: 0,
            done: 0,
        }
    }

    fn next_slice(&mut self) -> Option<ByteRange> {
        let range = self.left.pop_front()?;
        let end = range.end.min(range.start.saturating_add(STEP.min(self.of_piece)));
        if end < range.end {
            self.left.push_front(ByteRange { start: end, end: range.end });
        }
        Some(ByteRange { start: range.start, end })
    }

    fn end_piece(&mut self) -> Piece {
        let index = self.index;
        self.index += 1;
        let digests = self.digester.end_piece();
        Piece { index, digests, whole: self.digester.whole().cloned() }
    }

    fn take(mut self, queue: &Weak<Queue>, range: ByteRange, read: Result<JsValue, JsValue>) {
        let (Some(queue), Some(job)) = (queue.upgrade(), self.job.upgrade()) else { return };
        let bytes = read.map(|buffer| Uint8Array::new(&buffer).to_vec());
        match bytes {
            Ok(bytes) if bytes.len() as u64 == range.len() => {
                self.digester.update(&bytes);
                self.done += range.len();
                self.of_piece -= range.len();
                let is_end = self.left.is_empty();
                let piece = (is_end || self.of_piece == 0).then(|| {
                    self.of_piece = job.reading.every;
                    self.end_piece()
                });
                (queue.on_event)(job.id, HashEvent::Progress(self.done));
                if !is_end {
                    queue.waiting.borrow_mut().push_back(self);
                }
                if let Some(piece) = piece {
                    (queue.on_event)(job.id, HashEvent::Piece(piece));
                }
            }
            // A file that became shorter.
            Ok(_) => (queue.on_event)(job.id, HashEvent::Failed("NotReadableError".to_owned())),
            Err(thrown) => (queue.on_event)(job.id, HashEvent::Failed(name_of(&thrown))),
        }
    }
}
