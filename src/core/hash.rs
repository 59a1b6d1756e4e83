//! MD5, the checksum every store speaks.

use md5::{Digest, Md5};

/// An MD5 checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Md5Digest(pub [u8; 16]);

impl Md5Digest {
    /// 32 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }

    /// Reads 32 hexadecimal digits of either case; `None` for anything else.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 32 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(hex, 16).ok().map(|bits| Self(bits.to_be_bytes()))
    }
}

/// Computes an [`Md5Digest`] from bytes that arrive piece by piece.
#[derive(Clone, Default)]
pub struct Md5Hasher(Md5);

impl Md5Hasher {
    /// Nothing hashed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of everything taken.
    pub fn finish(self) -> Md5Digest {
        Md5Digest(self.0.finalize().into())
    }
}
