//! What the bench's files hold: every eight bytes tell which file they belong to and where in it, so that the sink knows of each
//! piece that arrives where it belongs and whether it is whole, and need not keep any.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::Path,
};

/// Bytes of a word.
const WORD: u64 = 8;
/// A sparse file holds one word at each multiple of so many bytes, and zeros otherwise. Parts begin at multiples of a MiB.
const LANDMARK: u64 = 1024 * 1024;
/// Bits of a word's index; what is above is the file's number. A file may be 8 TiB long.
const INDEX_BITS: u32 = 40;
/// Files from this number on are sparse.
const FIRST_SPARSE: u32 = 1 << 23;
/// Bytes made at a time.
const PIECE: usize = 1024 * 1024;

/// A file by its number: from 1, since the words of file 0 would begin with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileNumber(u32);

impl FileNumber {
    /// `None` unless it fits the words.
    pub fn new(number: u32) -> Option<Self> {
        (1..1 << (u64::BITS - INDEX_BITS)).contains(&number).then_some(Self(number))
    }

    fn is_sparse(self) -> bool {
        self.0 >= FIRST_SPARSE
    }

    fn word(self, index: u64) -> u64 {
        if self.is_sparse() && !index.is_multiple_of(LANDMARK / WORD) {
            return 0;
        }
        (u64::from(self.0) << INDEX_BITS | index).wrapping_mul(FACTOR)
    }

    fn byte(self, offset: u64) -> u8 {
        (self.word(offset / WORD) >> (offset % WORD * 8)) as u8
    }

    /// Whether these bytes are those at this offset of the file.
    pub fn holds(self, offset: u64, bytes: &[u8]) -> bool {
        let before = (offset.next_multiple_of(WORD) - offset).min(bytes.len() as u64);
        let (head, rest) = bytes.split_at(before as usize);
        let (words, tail) = rest.as_chunks::<{ WORD as usize }>();
        let first = (offset + before) / WORD;
        // Without a branch per word: all differences together.
        let differing = words
            .iter()
            .zip(first..)
            .fold(0, |all, (bytes, index)| all | (u64::from_le_bytes(*bytes) ^ self.word(index)));
        let end = (first + words.len() as u64) * WORD;
        let same = |bytes: &[u8], at: u64| bytes.iter().zip(at..).all(|(&byte, at)| byte == self.byte(at));
        differing == 0 && same(head, offset) && same(tail, end)
    }

    /// Writes what is at this offset of the file, a multiple of eight.
    pub fn fill(self, offset: u64, bytes: &mut [u8]) {
        for (word, index) in bytes.chunks_mut(WORD as usize).zip(offset / WORD..) {
            let whole = self.word(index).to_le_bytes();
            word.iter_mut().zip(whole).for_each(|(byte, right)| *byte = right);
        }
    }

    /// Whether a file of the disk is this one, by its size and how it begins.
    pub fn is_at(self, path: &Path, size: u64) -> bool {
        let mut start = vec![0; size.min(2 * WORD) as usize];
        let read = File::open(path).and_then(|mut file| {
            file.read_exact(&mut start)?;
            Ok(file.metadata()?.len())
        });
        read.is_ok_and(|length| length == size && self.holds(0, &start))
    }

    /// Writes the file to a disk, `size` bytes long.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(self, path: &Path, size: u64) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.set_len(size)?;
        let (step, length) = match self.is_sparse() {
            true => (LANDMARK, WORD),
            false => (PIECE as u64, PIECE as u64),
        };
        let mut piece = vec![0; length as usize];
        for offset in (0..size).step_by(step as usize) {
            piece.truncate((size - offset).min(length) as usize);
            self.fill(offset, &mut piece);
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(&piece)?;
        }
        Ok(())
    }
}

/// Where a piece belongs that begins with this word; `None` when it is no word of any file.
pub fn locate(word: [u8; WORD as usize]) -> Option<(FileNumber, u64)> {
    let place = u64::from_le_bytes(word).wrapping_mul(const { inverse(FACTOR) });
    let offset = (place & ((1 << INDEX_BITS) - 1)) * WORD;
    FileNumber::new((place >> INDEX_BITS) as u32).map(|file| (file, offset))
}

/// Bytes of a file, known to be right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Of which file.
    pub file: FileNumber,
    /// From where to where.
    pub bytes: Range<u64>,
}

impl Span {
    /// What these make together, if each begins where the one before ends.
    pub fn join(spans: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut spans = spans.into_iter();
        let mut whole = spans.next()?;
        for next in spans {
            if next.file != whole.file || next.bytes.start != whole.bytes.end {
                return None;
            }
            whole.bytes.end = next.bytes.end;
        }
        Some(whole)
    }
}

/// What places are multiplied with to make words: each place another word, and the next one is found by an addition, so that comparing
/// costs hardly more than reading. The golden ratio, so that bytes look mixed.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number that an odd one has to be multiplied with to make 1 modulo 2⁶⁴: each step of Newton's doubles the right bits.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENSE: FileNumber = FileNumber(7);
    const SPARSE: FileNumber = FileNumber(FIRST_SPARSE + 7);

    fn bytes(file: FileNumber, range: Range<u64>) -> Vec<u8> {
        let start = range.start / WORD * WORD;
        let mut bytes = vec![0; (range.end - start) as usize];
        file.fill(start, &mut bytes);
        bytes.split_off((range.start - start) as usize)
    }

    #[test]
    fn every_word_tells_where_it_belongs() {
        for (file, offset) in [(DENSE, 0), (DENSE, 8), (DENSE, 5 << 40), (SPARSE, 3 * LANDMARK)] {
            let word = bytes(file, offset..offset + WORD);
            assert_eq!(locate(word.try_into().unwrap()), Some((file, offset)));
        }
    }

    #[test]
    fn what_is_in_no_file_belongs_nowhere() {
        assert_eq!(locate([0; 8]), None);
        assert_eq!(locate(bytes(SPARSE, WORD..2 * WORD).try_into().unwrap()), None);
    }

    #[test]
    fn bytes_are_held_wherever_they_are_cut_and_no_other_ones() {
        for file in [DENSE, SPARSE] {
            for offset in LANDMARK - 9..LANDMARK + 9 {
                for length in 0..40 {
                    let mut piece = bytes(file, offset..offset + length);
                    assert!(file.holds(offset, &piece), "{length} at {offset}");
                    if let Some(last) = piece.last_mut() {
                        *last ^= 1;
                        assert!(!file.holds(offset, &piece), "{length} at {offset}, one changed");
                    }
                }
            }
            assert!(!file.holds(0, &bytes(file, LANDMARK..LANDMARK + 8)));
        }
    }

    #[test]
    fn spans_make_a_whole_only_in_order_and_without_holes() {
        let span = |bytes| Span { file: DENSE, bytes };
        assert_eq!(Span::join([span(0..5), span(5..9)]), Some(span(0..9)));
        assert_eq!(Span::join([span(5..9), span(0..5)]), None);
        assert_eq!(Span::join([span(0..5), span(6..9)]), None);
        assert_eq!(Span::join([span(0..5), Span { file: SPARSE, bytes: 5..9 }]), None);
        assert_eq!(Span::join([]), None);
    }
}
