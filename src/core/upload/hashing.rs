//! The MD5 of the whole file, and what is learnt of its parts on the way: one reading, ahead of what is being sent.
//!
//! A pause stops it. Where it stands is remembered, so that after a reload it goes on from there.

use super::{Action, Event, OpId, PROGRESS_EVERY, Phase, Upload};
use crate::core::checkpoint::whole_record;
use crate::core::config::{Identity, Verify};
use crate::core::error::Operation;
use crate::core::hash::{Md5Digest, Md5Hasher, Piece, Proof, Reading, Wanted};
use crate::core::plan::Plan;
use crate::core::units::{ByteRange, Instant, Millis, Now, PartNumber};

/// A part that it will have read so soon need not be read apart.
const SOON: usize = 4;
/// Where it stands is written down this often.
const SAVE_EVERY: Millis = Millis::from_secs(5);

/// The whole file's MD5.
#[derive(Debug, PartialEq)]
pub(super) enum Whole {
    /// Nobody wants it.
    Off,
    /// Until the pause is over.
    Held,
    Running {
        id: OpId,
        /// Where this reading began.
        start: u64,
        /// It has its turn in a worker.
        told: bool,
    },
    Known(Md5Digest),
}

impl Whole {
    /// It will be known.
    pub fn is_awaited(&self) -> bool {
        matches!(self, Self::Held | Self::Running { .. })
    }
}

/// How far the file is read.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The MD5 up to the end of a part.
    so_far: Md5Hasher,
    /// Of parts that were read and not yet sent, in their order. A map would be 5 KB of WebAssembly.
    proofs: Vec<(PartNumber, Proof)>,
    saved: Option<Instant>,
    /// Bytes told of.
    shown: u64,
}

impl Ahead {
    /// As an earlier page left it.
    pub fn after(so_far: Option<Md5Hasher>, plan: &Plan) -> Self {
        let fits = |so_far: &Md5Hasher| {
            so_far.taken() < plan.size() && so_far.taken().is_multiple_of(plan.part_size())
        };
        Self { so_far: so_far.filter(fits).unwrap_or_default(), ..Self::default() }
    }

    /// Nothing was read yet.
    pub fn is_new(&self) -> bool {
        self.so_far.taken() == 0
    }

    /// The part's proof, which from then on is somebody else's.
    pub fn take(&mut self, number: PartNumber) -> Option<Proof> {
        let at = self.proofs.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(self.proofs.remove(at).1)
    }
}

impl Upload {
    /// Reads on in the worker, while parts are being sent.
    pub(super) fn start_whole_hash(&mut self) {
        if self.config.identity != Identity::Md5 || !matches!(self.whole, Whole::Off | Whole::Held) {
            return;
        }
        // An object that is complete waits for nothing else.
        if self.paused && !matches!(self.phase, Phase::Digesting(_)) {
            self.whole = Whole::Held;
            return;
        }
        let id = self.new_op();
        let after = self.ahead.so_far.clone();
        let start = after.taken();
        self.whole = Whole::Running { id, start, told: false };
        let proves = self.proves_ahead();
        let wanted =
            Wanted { md5: proves, whole: true, ..Wanted::of_parts(self.config.crc64.filter(|_| proves)) };
        let range = ByteRange { start, end: self.plan.size() };
        let every = if self.plan.is_multipart() { self.plan.part_size() } else { 0 };
        self.act(Action::Hash(
            id,
            Reading { ranges: vec![range], every, wanted, after: Some(after), ahead: true },
        ));
    }

    /// Goes on when the pause is over.
    pub(super) fn hold_whole_hash(&mut self) {
        if let (Whole::Running { id, .. }, false) = (&self.whole, matches!(self.phase, Phase::Digesting(_))) {
            let id = *id;
            self.whole = Whole::Held;
            self.act(Action::Drop(id));
            self.save_whole_hash();
        }
    }

    /// For good.
    pub(super) fn drop_whole_hash(&mut self) {
        if let Whole::Running { id, .. } = self.whole {
            self.act(Action::Drop(id));
        }
        if self.whole.is_awaited() {
            self.whole = Whole::Off;
        }
    }

    /// Whether reading the whole file proves its parts too. The last one of a chunk endpoint is of another length.
    fn proves_ahead(&self) -> bool {
        self.config.verify != Verify::Off && self.plan.is_multipart() && self.backend.as_form().is_none()
    }

    /// Whether it comes to that part before long. While it waits for its turn behind other files, nobody may wait for it.
    pub(super) fn is_read_soon(&self, number: PartNumber) -> bool {
        let part = usize::try_from(self.ahead.so_far.taken() / self.plan.part_size()).unwrap_or(usize::MAX);
        self.proves_ahead()
            && matches!(self.whole, Whole::Running { told: true, .. })
            && (part..part.saturating_add(SOON)).contains(&number.index())
    }

    pub(super) fn hash_progress(&mut self, id: OpId, bytes: u64, now: Now) {
        let total = self.plan.size();
        let Whole::Running { id: running, start, told } = &mut self.whole else { return };
        if *running != id {
            return;
        }
        *told = true;
        let loaded = bytes.saturating_add(*start).min(total);
        // After a pause it reads again what it was in the middle of.
        if loaded > self.ahead.shown && now.mono.since(self.hash_shown) >= PROGRESS_EVERY {
            self.ahead.shown = loaded;
            self.hash_shown = now.mono;
            self.events.push_back(Event::Hash { loaded, total, md5: None });
        }
    }

    /// [`super::Input::Hashed`]: samples, a part, or the next part of the whole file.
    pub(super) fn hashed(&mut self, id: OpId, result: Result<Piece, String>, now: Now) {
        let is_whole = matches!(self.whole, Whole::Running { id: running, .. } if running == id);
        let is_sample = matches!(self.phase, Phase::Sampling(running) if running == id);
        match result {
            // The object is complete; only the MD5 of the file it came from will not be known.
            Err(_) if is_whole && matches!(self.phase, Phase::Digesting(_)) => self.whole = Whole::Off,
            Err(name) if is_whole || is_sample || self.is_part_hash(id) => {
                self.file_lost(Operation::Hash, name)
            }
            Err(_) => {}
            Ok(piece) if is_whole => self.read_on(piece, now),
            Ok(piece) => match (piece.digests.md5, piece.digests.proof(self.config.crc64)) {
                (Some(md5), _) if is_sample => self.sampled(&md5),
                (_, Some(proof)) => self.part_hashed(id, proof, now),
                _ => {}
            },
        }
    }

    fn read_on(&mut self, piece: Piece, now: Now) {
        let Some(so_far) = piece.whole else { return };
        if let Whole::Running { told, .. } = &mut self.whole {
            *told = true;
        }
        let last = so_far.taken().saturating_sub(1) / self.plan.part_size();
        let number = usize::try_from(last).ok().and_then(PartNumber::from_index);
        let is_end = so_far.taken() >= self.plan.size();
        self.ahead.so_far = so_far;
        if let (Some(number), Some(proof), true) =
            (number, piece.digests.proof(self.config.crc64), self.proves_ahead())
        {
            if self.confirmed.get(number).is_none() {
                self.ahead.proofs.push((number, proof));
            }
            self.part_read(number, now);
        }
        if is_end {
            self.whole_known(self.ahead.so_far.clone().finish());
        } else if self.ahead.saved.is_none_or(|saved| now.mono.since(saved) >= SAVE_EVERY) {
            self.ahead.saved = Some(now.mono);
            self.save_whole_hash();
        }
    }

    fn save_whole_hash(&mut self) {
        if let (Some(fingerprint), true) = (&self.fingerprint, self.ahead.so_far.taken() > 0) {
            let record = whole_record(fingerprint, &self.ahead.so_far, self.wall);
            self.act(Action::Save(record));
        }
    }

    fn whole_known(&mut self, md5: Md5Digest) {
        self.whole = Whole::Known(md5);
        let total = self.plan.size();
        self.events.push_back(Event::Hash { loaded: total, total, md5: Some(md5) });
        if let Some(header) = &mut self.header {
            header.md5 = Some(md5);
            let record = header.record();
            self.act(Action::Save(record));
        }
        if matches!(self.phase, Phase::Matching) {
            self.load();
        }
        self.may_find();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::Limits;

    #[test]
    fn reading_goes_on_at_the_end_of_a_part_or_from_the_beginning() {
        let part = Limits::S3.min_part;
        let plan = Plan::resume(2 * part, part, &Limits::S3).unwrap();
        for (taken, kept) in [(0, 0), (1, 0), (part, part), (part + 1, 0), (2 * part, 0), (3 * part, 0)] {
            let mut earlier = Md5Hasher::new();
            earlier.update(&vec![0; taken as usize]);
            let ahead = Ahead::after(Some(earlier), &plan);
            assert_eq!((ahead.so_far.taken(), ahead.is_new()), (kept, kept == 0), "{taken}");
        }
    }
}
