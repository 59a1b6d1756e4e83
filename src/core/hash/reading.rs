//! What is to be read of a file, and what is to be known of it then.

use super::{Digester, Digests, Md5Hasher, Wanted};
use crate::core::units::ByteRange;

/// A hash job: what to read and what to compute.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Read one after the other.
    pub ranges: Vec<ByteRange>,
    /// Each so many bytes are a piece, the last one has what is left; 0: all ranges are one piece.
    pub every: u64,
    /// What to compute of each piece.
    pub wanted: Wanted,
    /// The MD5 of everything, if it is wanted, goes on from here.
    pub after: Option<Md5Hasher>,
    /// Nobody waits for it: other jobs come first.
    pub ahead: bool,
}

/// What a hash job tells of each of its pieces, in their order. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Counted from 0.
    pub index: usize,
    /// Of its bytes.
    pub digests: Digests,
    /// The MD5 of everything up to its end, where that was wanted.
    pub whole: Option<Md5Hasher>,
}

impl Reading {
    /// All of it as one piece.
    pub fn of(ranges: Vec<ByteRange>, wanted: Wanted) -> Self {
        Self { ranges, wanted, ..Self::default() }
    }

    /// Bytes to be read.
    pub fn bytes(&self) -> u64 {
        self.ranges.iter().map(|range| range.len()).sum()
    }

    /// How many pieces there will be.
    pub fn pieces(&self) -> usize {
        let count = if self.every == 0 { 1 } else { self.bytes().div_ceil(self.every).max(1) };
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Everything that is told of a file with these bytes; `None` if it is shorter than what is to be read.
    pub fn pieces_of(&self, bytes: &[u8]) -> Option<Vec<Piece>> {
        let mut digester = Digester::new(self.wanted);
        if let Some(whole) = self.after.clone() {
            digester = digester.after(whole);
        }
        let mut pieces = Vec::new();
        let mut end_piece = |digester: &mut Digester| {
            let index = pieces.len();
            let digests = digester.end_piece();
            pieces.push(Piece { index, digests, whole: digester.whole().cloned() });
        };
        let every = if self.every == 0 { u64::MAX } else { self.every };
        let mut left = every;
        for range in &self.ranges {
            let (start, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
            let mut bytes = bytes.get(start..end)?;
            while !bytes.is_empty() {
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let (piece, rest) = bytes.split_at(taken);
                digester.update(piece);
                (bytes, left) = (rest, left - taken as u64);
                if left == 0 {
                    end_piece(&mut digester);
                    left = every;
                }
            }
        }
        // The last piece has what is left; where there is nothing to be read it is the only one.
        if left < every || self.bytes() == 0 {
            end_piece(&mut digester);
        }
        Some(pieces)
    }
}
