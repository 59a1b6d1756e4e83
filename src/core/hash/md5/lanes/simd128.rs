//! Four words in a WebAssembly vector.

use crate::core::hash::md5::block::Word;
use core::arch::wasm32::{
    u32x4, u32x4_add, u32x4_extract_lane, u32x4_shl, u32x4_shr, u32x4_shuffle, u32x4_splat, u64x2, v128,
    v128_and, v128_andnot, v128_or, v128_xor,
};

/// A word of each stream.
#[derive(Clone, Copy)]
pub struct Four(v128);

impl Four {
    /// The first words of all states, then their second ones, and so on.
    pub fn columns(states: [[u32; 4]; 4]) -> [Self; 4] {
        let [a, b, c, d] = states;
        [
            Self(u32x4(a[0], b[0], c[0], d[0])),
            Self(u32x4(a[1], b[1], c[1], d[1])),
            Self(u32x4(a[2], b[2], c[2], d[2])),
            Self(u32x4(a[3], b[3], c[3], d[3])),
        ]
    }

    /// What [`Four::columns`] was made of.
    pub fn rows(columns: [Self; 4]) -> [[u32; 4]; 4] {
        macro_rules! row {
            ($lane:literal) => {
                columns.map(|column| u32x4_extract_lane::<$lane>(column.0))
            };
        }
        [row!(0), row!(1), row!(2), row!(3)]
    }
}

impl Word for Four {
    #[inline(always)]
    fn all(word: u32) -> Self {
        Self(u32x4_splat(word))
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(u32x4_add(self.0, other.0))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }
    #[inline(always)]
    fn without(self, other: Self) -> Self {
        Self(v128_andnot(self.0, other.0))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }
    #[inline(always)]
    fn turned<const BITS: u32>(self) -> Self {
        Self(v128_or(u32x4_shl(self.0, BITS), u32x4_shr(self.0, 32 - BITS)))
    }
}

/// Sixteen bytes of a block.
macro_rules! row {
    ($block:ident, $at:literal) => {
        u64x2(row!($block, half $at), row!($block, half $at + 8))
    };
    ($block:ident, half $at:expr) => {
        u64::from_le_bytes([
            $block[$at],
            $block[$at + 1],
            $block[$at + 2],
            $block[$at + 3],
            $block[$at + 4],
            $block[$at + 5],
            $block[$at + 6],
            $block[$at + 7],
        ])
    };
}

/// The words of four blocks: the first of each, then the second of each, and so on.
#[inline(always)]
pub fn transposed([a, b, c, d]: [&[u8; 64]; 4]) -> [Four; 16] {
    macro_rules! four_words {
        ($at:literal) => {{
            let (a, b, c, d) = (row!(a, $at), row!(b, $at), row!(c, $at), row!(d, $at));
            let (low, high) = (u32x4_shuffle::<0, 4, 1, 5>(a, b), u32x4_shuffle::<2, 6, 3, 7>(a, b));
            let (low_too, high_too) = (u32x4_shuffle::<0, 4, 1, 5>(c, d), u32x4_shuffle::<2, 6, 3, 7>(c, d));
            [
                Four(u32x4_shuffle::<0, 1, 4, 5>(low, low_too)),
                Four(u32x4_shuffle::<2, 3, 6, 7>(low, low_too)),
                Four(u32x4_shuffle::<0, 1, 4, 5>(high, high_too)),
                Four(u32x4_shuffle::<2, 3, 6, 7>(high, high_too)),
            ]
        }};
    }
    let [[w0, w1, w2, w3], [w4, w5, w6, w7], [w8, w9, w10, w11], [w12, w13, w14, w15]] =
        [four_words!(0), four_words!(16), four_words!(32), four_words!(48)];
    [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15]
}
