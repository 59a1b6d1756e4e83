//! Hashing a file for its own sake: what to read, and what comes of it.

use super::{Crc64, Digests, Md5Digest, Piece, Reading, Wanted, composite_etag};
use crate::core::units::ByteRange;

/// What is to be known of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    /// The MD5 of all of it.
    pub md5: bool,
    /// Its CRC-64/XZ.
    pub xz: bool,
    /// Its CRC-64/NVME.
    pub nvme: bool,
    /// The MD5s of its parts.
    pub parts: bool,
}

/// What is known of a file: of what was asked for, everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDigests {
    /// The MD5 of all of it.
    pub md5: Option<Md5Digest>,
    /// Its CRC-64/XZ.
    pub xz: Option<u64>,
    /// Its CRC-64/NVME.
    pub nvme: Option<u64>,
    /// The MD5s of its parts; of an empty file one, of nothing.
    pub parts: Option<Vec<Md5Digest>>,
}

impl FileDigests {
    /// The ETag that S3 would give an object made of these parts.
    pub fn etag(&self) -> Option<String> {
        self.parts.as_ref().map(|parts| composite_etag(parts.iter().copied()))
    }
}

/// A file that is being hashed by several readings at a time.
#[derive(Debug)]
pub struct FileHash {
    algorithms: Algorithms,
    size: u64,
    part_size: u64,
    pieces: Vec<Option<Digests>>,
    md5: Option<Md5Digest>,
}

impl FileHash {
    /// Of a file of `size` bytes, in parts of `part_size`, which is not 0.
    pub fn new(algorithms: Algorithms, size: u64, part_size: u64) -> Self {
        let count = usize::try_from(size.div_ceil(part_size.max(1)).max(1)).unwrap_or(usize::MAX);
        let is_one = !algorithms.parts && !algorithms.xz && !algorithms.nvme;
        let pieces = vec![None; if is_one { 1 } else { count }];
        Self { algorithms, size, part_size: part_size.max(1), pieces, md5: None }
    }

    /// What to read, each with the number of its first piece. The MD5 of all takes one reading from the beginning to the end,
    /// which brings everything else too; without it, `most` readings share the parts, one after the other.
    pub fn readings(&self, most: usize) -> Vec<(usize, Reading)> {
        let Algorithms { md5, xz, nvme, parts } = self.algorithms;
        let wanted = Wanted { md5: parts, whole: md5, xz, nvme };
        let every = if self.pieces.len() == 1 { 0 } else { self.part_size };
        let count = self.pieces.len();
        let each = if md5 { count } else { count.div_ceil(most.max(1)) };
        let reading = |first: usize| {
            let start = self.part_size.saturating_mul(first as u64).min(self.size);
            let end = match first + each {
                next if next >= count => self.size,
                next => self.part_size.saturating_mul(next as u64),
            };
            (first, Reading { every, ahead: true, ..Reading::of(vec![ByteRange { start, end }], wanted) })
        };
        (0..count).step_by(each.max(1)).map(reading).collect()
    }

    /// A piece of the reading that began with that one.
    pub fn take(&mut self, first: usize, piece: Piece) {
        let index = first + piece.index;
        if let Some(slot) = self.pieces.get_mut(index) {
            *slot = Some(piece.digests);
        }
        if index + 1 == self.pieces.len() {
            self.md5 = piece.whole.map(super::Md5Hasher::finish);
        }
    }

    /// Once there is nothing left to be read.
    pub fn digests(&self) -> Option<FileDigests> {
        let pieces: Vec<Digests> = self.pieces.iter().copied().collect::<Option<_>>()?;
        let Algorithms { xz, nvme, parts, .. } = self.algorithms;
        Some(FileDigests {
            md5: self.md5,
            xz: self.joined(xz, Crc64::Xz, &pieces),
            nvme: self.joined(nvme, Crc64::Nvme, &pieces),
            parts: if parts {
                Some(pieces.iter().map(|piece| piece.md5).collect::<Option<_>>()?)
            } else {
                None
            },
        })
    }

    fn joined(&self, is_wanted: bool, crc64: Crc64, pieces: &[Digests]) -> Option<u64> {
        let mut sums = pieces.iter().filter(|_| is_wanted).map(|piece| piece.crc64(crc64));
        let first = sums.next()??;
        let (full, last) = (crc64.shift(self.part_size), crc64.shift(self.last_bytes()));
        let count = pieces.len();
        let shift = |index: usize| if index + 1 == count { last } else { full };
        sums.enumerate().try_fold(first, |joined, (at, sum)| Some(crc64.combine(joined, sum?, shift(at + 1))))
    }

    /// Bytes of the last piece.
    fn last_bytes(&self) -> u64 {
        self.size - self.part_size.saturating_mul(self.pieces.len() as u64 - 1).min(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::hash::{Crc64Hasher, Digester, Md5Hasher};

    const ALL: Algorithms = Algorithms { md5: true, xz: true, nvme: true, parts: true };

    fn md5(bytes: &[u8]) -> Md5Digest {
        let mut hasher = Md5Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    fn crc64(crc64: Crc64, bytes: &[u8]) -> u64 {
        let mut hasher = Crc64Hasher::new(crc64);
        hasher.update(bytes);
        hasher.finish()
    }

    /// All readings, the last one first.
    fn hashed(algorithms: Algorithms, bytes: &[u8], part_size: u64, most: usize) -> FileDigests {
        let mut file = FileHash::new(algorithms, bytes.len() as u64, part_size);
        let mut readings = file.readings(most);
        assert!(!readings.is_empty() && readings.len() <= most);
        while let Some((first, reading)) = readings.pop() {
            assert_eq!(file.digests(), None);
            let mut digester = Digester::new(reading.wanted);
            let range = reading.ranges[0];
            let read = &bytes[range.start as usize..range.end as usize];
            let every = if reading.every == 0 { read.len().max(1) } else { reading.every as usize };
            let pieces: Vec<_> = if read.is_empty() { vec![read] } else { read.chunks(every).collect() };
            assert_eq!(pieces.len(), reading.pieces());
            for (index, bytes) in pieces.into_iter().enumerate() {
                digester.update(bytes);
                let digests = digester.end_piece();
                file.take(first, Piece { index, digests, whole: digester.whole().cloned() });
            }
        }
        file.digests().unwrap()
    }

    #[test]
    fn everything_is_known_whatever_is_read_at_a_time() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| (n * 7) as u8).collect();
        for len in [0, 1, 99, 100, 101, 500, 999, 1000] {
            let bytes = &bytes[..len];
            for part_size in [1, 100, 250, 5000] {
                let parts: Vec<_> =
                    if len == 0 { vec![md5(b"")] } else { bytes.chunks(part_size).map(md5).collect() };
                let known = FileDigests {
                    md5: Some(md5(bytes)),
                    xz: Some(crc64(Crc64::Xz, bytes)),
                    nvme: Some(crc64(Crc64::Nvme, bytes)),
                    parts: Some(parts),
                };
                for most in [1, 2, 3, 8] {
                    assert_eq!(hashed(ALL, bytes, part_size as u64, most), known);
                    let without = Algorithms { md5: false, ..ALL };
                    let rest = FileDigests { md5: None, ..known.clone() };
                    assert_eq!(
                        hashed(without, bytes, part_size as u64, most),
                        rest,
                        "{len} {part_size} {most}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_computed() {
        let only = Algorithms { md5: true, ..Algorithms::default() };
        let file = FileHash::new(only, 1000, 10);
        let [(0, reading)] = &file.readings(4)[..] else { panic!() };
        assert_eq!(reading.wanted, Wanted { whole: true, ..Wanted::default() });
        assert_eq!(
            hashed(only, b"abc", 1, 4),
            FileDigests { md5: Some(md5(b"abc")), ..FileDigests::default() }
        );
        let only = Algorithms { nvme: true, ..Algorithms::default() };
        let sum = Some(crc64(Crc64::Nvme, b"abcdef"));
        assert_eq!(hashed(only, b"abcdef", 2, 4), FileDigests { nvme: sum, ..FileDigests::default() });
    }

    #[test]
    fn the_etag_is_the_one_of_the_parts() {
        let parts = Algorithms { parts: true, ..Algorithms::default() };
        let etag = composite_etag([md5(b"ab"), md5(b"c")]);
        assert_eq!(hashed(parts, b"abc", 2, 4).etag(), Some(etag));
        assert_eq!(FileDigests::default().etag(), None);
    }
}
