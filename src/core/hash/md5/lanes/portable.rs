//! Four words as an array, which compilers turn into vectors where there are any.

use crate::core::hash::md5::block::{Word, words_of};

/// A word of each stream.
#[derive(Clone, Copy)]
pub struct Four([u32; 4]);

impl Four {
    /// The first words of all states, then their second ones, and so on.
    pub fn columns([a, b, c, d]: [[u32; 4]; 4]) -> [Self; 4] {
        [0, 1, 2, 3]
            .map(|at: usize| Self([a, b, c, d].map(|state| state.get(at).copied().unwrap_or_default())))
    }

    /// What [`Four::columns`] was made of.
    pub fn rows(columns: [Self; 4]) -> [[u32; 4]; 4] {
        Self::columns(columns.map(|column| column.0)).map(|row| row.0)
    }

    #[inline(always)]
    fn with(self, other: Self, each: impl Fn(u32, u32) -> u32) -> Self {
        let (Self([a, b, c, d]), Self([e, f, g, h])) = (self, other);
        Self([each(a, e), each(b, f), each(c, g), each(d, h)])
    }
}

impl Word for Four {
    #[inline(always)]
    fn all(word: u32) -> Self {
        Self([word; 4])
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.with(other, u32::wrapping_add)
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.with(other, |a, b| a & b)
    }
    #[inline(always)]
    fn without(self, other: Self) -> Self {
        self.with(other, |a, b| a & !b)
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.with(other, |a, b| a | b)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.with(other, |a, b| a ^ b)
    }
    #[inline(always)]
    fn turned<const BITS: u32>(self) -> Self {
        self.with(self, |a, _| a.rotate_left(BITS))
    }
}

/// The words of four blocks: the first of each, then the second of each, and so on.
#[inline(always)]
pub fn transposed(blocks: [&[u8; 64]; 4]) -> [Four; 16] {
    let [a, b, c, d] = blocks.map(words_of);
    let mut words = [Four([0; 4]); 16];
    for ((((word, a), b), c), d) in words.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *word = Four([a, b, c, d]);
    }
    words
}
