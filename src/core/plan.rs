//! Which bytes of a file go into which part.
//!
//! All parts are equal but the last, which some S3-compatible stores insist on, and which makes the part size and the
//! file size the whole geometry: both are stored with a session and never change within it.

use super::error::{Code, Operation, UploadError};
use super::store::Limits;
use super::units::{ByteRange, PartNumber};

const MIB: u64 = 1024 * 1024;

/// The part size where nothing asks for more: 5 MiB, the smallest that every supported store takes.
pub const DEFAULT_PART_SIZE: u64 = 5 * MIB;

/// How large parts shall be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartSize {
    /// What the limits say, mostly [`DEFAULT_PART_SIZE`], or the whole MiB above it with which the number of parts suffices.
    #[default]
    Auto,
    /// So many bytes.
    Bytes(u64),
}

/// The parts of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    size: u64,
    part_size: u64,
    in_parts: bool,
    /// The last part is one to two times as large as the others, rather than at most as large.
    long_tail: bool,
}

impl Plan {
    /// Plans a file of `size` bytes. A part size that was asked for is kept when it lies within the limits and they
    /// allow that many parts. Otherwise the one taken instead is returned beside the plan: a larger one, or
    /// `limits.max_part` when even that was exceeded.
    ///
    /// # Errors
    /// [`Code::TooLarge`] beyond `limits.max_object`, or beyond what the largest parts add up to.
    pub fn new(size: u64, part_size: PartSize, limits: &Limits) -> Result<(Self, Option<u64>), UploadError> {
        let max_parts = max_parts(limits);
        let max_size = limits.max_object.min(limits.max_part.saturating_mul(max_parts));
        if size > max_size {
            return Err(too_large(size, max_size));
        }
        let asked = match part_size {
            PartSize::Auto => limits.auto_part,
            PartSize::Bytes(bytes) => bytes,
        };
        let least = size.div_ceil(max_parts);
        let enough = asked.max(limits.min_part);
        let enough = if enough < least { least.div_ceil(MIB).saturating_mul(MIB) } else { enough };
        let taken = enough.min(limits.max_part).max(1);
        let changed = part_size != PartSize::Auto && taken != asked;
        let plan = Self { size, part_size: taken, in_parts: size >= taken, long_tail: false };
        Ok((plan, changed.then_some(taken)))
    }

    /// The geometry of a session that was begun earlier; `None` when no session can have had it.
    pub fn resume(size: u64, part_size: u64, limits: &Limits) -> Option<Self> {
        let possible = part_size > 0
            && (limits.min_part..=limits.max_part).contains(&part_size)
            && size <= limits.max_object
            && size.div_ceil(part_size) <= max_parts(limits);
        possible.then_some(Self { size, part_size, in_parts: true, long_tail: false })
    }

    /// Whether the file goes in parts: from one full part on. What is smaller goes in one request.
    pub fn is_multipart(&self) -> bool {
        self.in_parts
    }

    /// The same as a multipart upload, of one part where the file is small.
    #[must_use]
    pub fn as_multipart(self) -> Self {
        Self { in_parts: true, ..self }
    }

    /// The same with a last part that takes in what would be left over, as chunk endpoints have it.
    #[must_use]
    pub fn with_long_tail(self) -> Self {
        Self { long_tail: true, ..self }
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of every part but the last.
    pub fn part_size(&self) -> u64 {
        self.part_size
    }

    /// Number of parts, 1 to 10 000. A file that goes in one request counts as one part, an empty one too.
    pub fn count(&self) -> usize {
        // Both constructors keep it within 10 000.
        let parts =
            if self.long_tail { self.size / self.part_size } else { self.size.div_ceil(self.part_size) };
        usize::try_from(parts).unwrap_or(usize::MAX).max(1)
    }

    /// The part at a zero-based position, with its bytes; `None` past the last.
    pub fn part(&self, index: usize) -> Option<(PartNumber, ByteRange)> {
        if index >= self.count() {
            return None;
        }
        let start = self.part_size.saturating_mul(index as u64);
        let is_last = index + 1 == self.count();
        let end = if is_last { self.size } else { start.saturating_add(self.part_size).min(self.size) };
        Some((PartNumber::from_index(index)?, ByteRange { start, end }))
    }

    /// Bytes of a part; 0 when there is no such part.
    pub fn len_of(&self, number: PartNumber) -> u64 {
        self.part(number.index()).map_or(0, |(_, range)| range.len())
    }
}

fn max_parts(limits: &Limits) -> u64 {
    u64::from(limits.max_parts.clamp(1, PartNumber::MAX))
}

fn too_large(size: u64, max_size: u64) -> UploadError {
    let message =
        ["The file has ", &size.to_string(), " bytes; at most ", &max_size.to_string(), " can be stored."]
            .concat();
    UploadError::new(Code::TooLarge, Operation::Add, message).hint("Split the file, or choose a smaller one.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::Limits;

    const FIVE: u64 = DEFAULT_PART_SIZE;

    fn auto(size: u64) -> Plan {
        Plan::new(size, PartSize::Auto, &Limits::S3).unwrap().0
    }

    fn part_size(size: u64, asked: u64) -> (u64, Option<u64>) {
        let (plan, raised) = Plan::new(size, PartSize::Bytes(asked), &Limits::S3).unwrap();
        (plan.part_size(), raised)
    }

    #[test]
    fn files_below_a_part_go_in_one_request() {
        for size in [0, 1, FIVE - 1] {
            let plan = auto(size);
            assert!(!plan.is_multipart());
            assert_eq!(plan.count(), 1);
            assert_eq!(plan.part(0), Some((PartNumber::FIRST, ByteRange { start: 0, end: size })));
            assert_eq!(plan.part(1), None);
        }
    }

    #[test]
    fn files_from_a_part_on_go_in_parts() {
        for (size, lengths) in [
            (FIVE, vec![FIVE]),
            (FIVE + 1, vec![FIVE, 1]),
            (2 * FIVE, vec![FIVE, FIVE]),
            (2 * FIVE + 7, vec![FIVE, FIVE, 7]),
        ] {
            let plan = auto(size);
            assert!(plan.is_multipart());
            let planned: Vec<u64> = (0..plan.count())
                .filter_map(|index| plan.part(index))
                .map(|(number, _)| plan.len_of(number))
                .collect();
            assert_eq!(planned, lengths);
        }
        assert_eq!(auto(FIVE).len_of(PartNumber::new(2).unwrap()), 0);
    }

    #[test]
    fn automatic_parts_grow_by_whole_mebibytes_when_10_000_would_not_reach() {
        assert_eq!(auto(FIVE * 10_000).part_size(), FIVE);
        assert_eq!(auto(FIVE * 10_000 + 1).part_size(), FIVE + MIB);
        assert_eq!(auto(Limits::S3.max_object).part_size(), Limits::S3.max_part);
        assert_eq!(auto(Limits::S3.max_object).count(), 10_000);
    }

    #[test]
    fn an_explicit_size_is_kept_when_it_fits() {
        assert_eq!(part_size(100 * MIB, 8 * MIB + 1), (8 * MIB + 1, None));
        assert_eq!(part_size(10_000 * (FIVE + 1), FIVE + 1), (FIVE + 1, None));
    }

    #[test]
    fn an_explicit_size_out_of_the_limits_is_moved_into_them() {
        assert_eq!(part_size(10_000 * FIVE + 1, FIVE), (FIVE + MIB, Some(FIVE + MIB)));
        assert_eq!(part_size(100 * MIB, 0), (FIVE, Some(FIVE)));
        assert_eq!(part_size(100 * MIB, u64::MAX), (Limits::S3.max_part, Some(Limits::S3.max_part)));
    }

    #[test]
    fn what_no_store_takes_is_too_large() {
        let error = Plan::new(Limits::S3.max_object + 1, PartSize::Auto, &Limits::S3).unwrap_err();
        assert_eq!(error.code, Code::TooLarge);
        assert!(Plan::new(u64::MAX, PartSize::Auto, &Limits::S3).is_err());
    }

    #[test]
    fn a_session_resumes_only_with_a_possible_geometry() {
        assert_eq!(Plan::resume(100 * MIB, FIVE, &Limits::S3), Some(auto(100 * MIB)));
        assert_eq!(Plan::resume(0, FIVE, &Limits::S3), Some(auto(0).as_multipart()));
        for (size, part_size) in
            [(1, 0), (1, FIVE - 1), (1, Limits::S3.max_part + 1), (10_000 * FIVE + 1, FIVE), (u64::MAX, FIVE)]
        {
            assert_eq!(Plan::resume(size, part_size, &Limits::S3), None);
        }
        let without_least = Limits { min_part: 0, ..Limits::S3 };
        assert_eq!(Plan::resume(1, 0, &without_least), None);
    }
}
