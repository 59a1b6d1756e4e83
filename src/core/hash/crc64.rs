//! The 64-bit checksums that stores tell of whole objects. Unlike of MD5s, that of a file follows from those of its parts,
//! in whichever order they were computed.
//!
//! Written out rather than taken from the crate `crc`: that has no combination, and its tables, computed at compile time,
//! do not compress (32 KB for each polynomial at the speed of this).

use base64ct::{Base64, Encoding};

/// Which checksum. Both are reflected, begin with all ones and are inverted at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crc64 {
    /// CRC-64/XZ, of ECMA-182's polynomial: OSS, COS, BOS. Source: the XZ file format, 6.
    Xz,
    /// CRC-64/NVME: Amazon S3. Source: NVM Express NVM Command Set Specification, "64b CRC".
    Nvme,
}

impl Crc64 {
    fn polynomial(self) -> u64 {
        match self {
            Self::Xz => 0xC96C_5795_D787_0F42,
            Self::Nvme => 0x9A6C_9329_AC4B_C9B5,
        }
    }

    /// As stores write it: decimal, or for S3 in base64, highest byte first.
    pub fn spell(self, sum: u64) -> String {
        match self {
            Self::Xz => sum.to_string(),
            Self::Nvme => Base64::encode_string(&sum.to_be_bytes()),
        }
    }

    /// The checksum of two pieces, one after the other: `shift` is [`Crc64::shift`] of the second one's length.
    pub fn combine(self, first: u64, second: u64, shift: u64) -> u64 {
        self.multiply(shift, first) ^ second
    }

    /// What so many bytes that follow do to a checksum: x to the power of their bits, modulo the polynomial.
    pub fn shift(self, bytes: u64) -> u64 {
        // x^8, of which bit 63 would be x^0.
        let (mut power, mut result, mut left) = (1 << 55, 1 << 63, bytes);
        while left > 0 {
            if left & 1 == 1 {
                result = self.multiply(result, power);
            }
            power = self.multiply(power, power);
            left >>= 1;
        }
        result
    }

    /// Multiplies two polynomials over GF(2), modulo that of the checksum.
    fn multiply(self, a: u64, mut b: u64) -> u64 {
        let polynomial = self.polynomial();
        let mut product = 0;
        for place in (0..64).rev() {
            if a >> place & 1 == 1 {
                product ^= b;
            }
            b = b >> 1 ^ if b & 1 == 1 { polynomial } else { 0 };
        }
        product
    }
}

/// Pieces shorter than this are not worth being taken as four.
const LONG: usize = 4096;

/// What the eight bytes of a word do to a checksum: `tables[n][b]`, byte `b` when `n` more follow it.
type Tables = [[u64; 256]; 8];

/// Computes a checksum of bytes that come piece by piece.
#[derive(Clone, Debug)]
pub struct Crc64Hasher {
    crc64: Crc64,
    tables: Box<Tables>,
    state: u64,
    /// A length, and [`Crc64::shift`] of it: the latest, since pieces tend to be of one length.
    shift: (usize, u64),
}

impl Crc64Hasher {
    /// Of no bytes so far.
    pub fn new(crc64: Crc64) -> Self {
        let mut tables = Box::new([[0; 256]; 8]);
        let mut before = [0; 256];
        for (byte, entry) in before.iter_mut().enumerate() {
            *entry = (0..8)
                .fold(byte as u64, |crc, _| crc >> 1 ^ if crc & 1 == 1 { crc64.polynomial() } else { 0 });
        }
        let first = before;
        for table in tables.iter_mut() {
            *table = before;
            for entry in &mut before {
                *entry = *entry >> 8 ^ at(&first, *entry);
            }
        }
        Self { crc64, tables, state: !0, shift: (0, 0) }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let rest = self.update_four(bytes);
        let (words, rest) = rest.as_chunks();
        let mut state = self.state;
        for word in words {
            state = after_word(&self.tables, state, word);
        }
        let [first, ..] = &*self.tables;
        for byte in rest {
            state = state >> 8 ^ at(first, state ^ u64::from(*byte));
        }
        self.state = state;
    }

    /// Takes a long piece as four, side by side: the processor then waits for none of them. What is left.
    fn update_four<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if bytes.len() < LONG {
            return bytes;
        }
        let length = bytes.len() / 32 * 8;
        let (first, rest) = bytes.split_at(length);
        let (second, rest) = rest.split_at(length);
        let (third, rest) = rest.split_at(length);
        let (fourth, rest) = rest.split_at(length);
        let [first, second, third, fourth] = [first, second, third, fourth].map(|piece| piece.as_chunks().0);
        let (mut a, mut b, mut c, mut d) = (self.state, 0, 0, 0);
        for (((first, second), third), fourth) in first.iter().zip(second).zip(third).zip(fourth) {
            a = after_word(&self.tables, a, first);
            b = after_word(&self.tables, b, second);
            c = after_word(&self.tables, c, third);
            d = after_word(&self.tables, d, fourth);
        }
        if self.shift.0 != length {
            self.shift = (length, self.crc64.shift(length as u64));
        }
        let joined = |before, after| self.crc64.combine(before, after, self.shift.1);
        self.state = joined(joined(joined(a, b), c), d);
        rest
    }

    /// The checksum of everything taken.
    pub fn finish(&self) -> u64 {
        !self.state
    }

    /// The same, and begins again.
    pub fn restart(&mut self) -> u64 {
        !std::mem::replace(&mut self.state, !0)
    }
}

#[inline(always)]
fn after_word([t0, t1, t2, t3, t4, t5, t6, t7]: &Tables, state: u64, word: &[u8; 8]) -> u64 {
    let word = state ^ u64::from_le_bytes(*word);
    at(t7, word)
        ^ at(t6, word >> 8)
        ^ at(t5, word >> 16)
        ^ at(t4, word >> 24)
        ^ at(t3, word >> 32)
        ^ at(t2, word >> 40)
        ^ at(t1, word >> 48)
        ^ at(t0, word >> 56)
}

/// The entry of the lowest byte.
#[inline(always)]
fn at(table: &[u64; 256], index: u64) -> u64 {
    // A byte is never beyond 256 entries.
    table.get(usize::from(index as u8)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc(crc64: Crc64, bytes: &[u8]) -> u64 {
        let mut hasher = Crc64Hasher::new(crc64);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The check values of the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_check_values_are_reproduced() {
        assert_eq!(crc(Crc64::Xz, b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(crc(Crc64::Nvme, b"123456789"), 0xae8b_1486_0a79_9888);
        assert_eq!(crc(Crc64::Xz, b""), 0);
    }

    #[test]
    fn pieces_of_any_length_make_the_same_checksum() {
        let bytes: Vec<u8> = (0..10_000_u32).map(|i| ((i * i) >> 3) as u8).collect();
        for crc64 in [Crc64::Xz, Crc64::Nvme] {
            let whole = crc(crc64, &bytes);
            for at in [0, 1, 7, 8, 9, 500, 4095, 4096, 4097, 4999, 5000, 8192, 9999, 10_000] {
                let mut hasher = Crc64Hasher::new(crc64);
                hasher.update(&bytes[..at]);
                hasher.update(&bytes[at..]);
                assert_eq!(hasher.finish(), whole);

                let (first, second) = (crc(crc64, &bytes[..at]), crc(crc64, &bytes[at..]));
                let shift = crc64.shift((bytes.len() - at) as u64);
                assert_eq!(crc64.combine(first, second, shift), whole, "{at}");
            }
        }
    }

    #[test]
    fn long_pieces_are_combined_without_their_bytes() {
        // A checksum over zeros, doubled again and again: 2^40 bytes.
        let (mut sum, mut shift) = (crc(Crc64::Xz, &[0]), Crc64::Xz.shift(1));
        for _ in 0..20 {
            sum = Crc64::Xz.combine(sum, sum, shift);
            shift = Crc64::Xz.multiply(shift, shift);
        }
        assert_eq!(sum, crc(Crc64::Xz, &vec![0; 1 << 20]));
        assert_eq!(shift, Crc64::Xz.shift(1 << 20));
    }
}
