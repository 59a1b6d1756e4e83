//! MD5 (RFC 1321), as object stores use it to tell what they received. Not for secrets: collisions can be made on purpose.

mod block;
mod lanes;

use crate::core::text::hex;
use base64ct::{Base64, Encoding};
use block::{START, compress, words_of};
use std::slice;

/// An MD5 of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Md5Digest(
    /// The digest, in the order in which it is written.
    pub [u8; 16],
);

impl Md5Digest {
    /// 32 lower-case hexadecimal digits, as in an ETag.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads 32 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }

    /// 24 characters of base64 with its padding, as in `Content-MD5` (RFC 1864).
    pub fn to_base64(self) -> String {
        Base64::encode_string(&self.0)
    }

    /// Reads 24 characters of base64.
    pub fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        (Base64::decode(text, &mut bytes).ok()?.len() == bytes.len()).then_some(Self(bytes))
    }
}

/// Bytes of a block.
const BLOCK: usize = 64;

/// Computes the MD5 (RFC 1321) of bytes that come piece by piece.
#[derive(Clone, Debug)]
pub struct Md5Hasher {
    state: [u32; 4],
    /// How many bytes have come.
    bytes: u64,
    /// The latest of them, which do not fill a block yet.
    rest: [u8; BLOCK],
}

impl Default for Md5Hasher {
    fn default() -> Self {
        Self { state: START, bytes: 0, rest: [0; BLOCK] }
    }
}

/// What is left of earlier blocks does not count.
impl PartialEq for Md5Hasher {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Md5Hasher {}

impl Md5Hasher {
    /// Of no bytes so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (blocks, rest) = self.fill(bytes).as_chunks();
        self.take(blocks);
        self.rest.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.count(rest.len());
    }

    /// Takes the next bytes of several streams. Four together take little longer than one alone, where there are vectors
    /// (WebAssembly SIMD, x86-64, AArch64).
    pub fn update_all(work: &mut [(&mut Self, &[u8])]) {
        if lanes::PAY {
            for (hasher, bytes) in &mut *work {
                *bytes = hasher.fill(bytes);
            }
            work.chunks_mut(4).for_each(together);
        }
        for (hasher, bytes) in work {
            hasher.update(bytes);
        }
    }

    /// The digest of everything taken.
    pub fn finish(mut self) -> Md5Digest {
        let bits = self.bytes.wrapping_mul(8);
        // One bit, then zeros so that with the length the last block is full.
        let zeros = (2 * BLOCK - 9 - self.held()) % BLOCK;
        self.update(&[0x80]);
        self.update([0; BLOCK].split_at(zeros).0);
        self.update(&bits.to_le_bytes());
        let mut digest = [0; 16];
        let bytes = self.state.iter().flat_map(|word| word.to_le_bytes());
        digest.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Md5Digest(digest)
    }

    /// Where it stands, to go on from another day: four words of state and the number of bytes so far, lowest byte first, and
    /// those that wait for the rest of their block.
    pub fn to_bytes(&self) -> [u8; 88] {
        let mut all = [0; 88];
        let state = self.state.iter().flat_map(|word| word.to_le_bytes());
        let bytes = state.chain(self.bytes.to_le_bytes()).chain(self.rest.iter().copied().take(self.held()));
        all.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        all
    }

    /// What [`Md5Hasher::to_bytes`] was made of.
    pub fn from_bytes(all: &[u8; 88]) -> Self {
        let mut hasher = Self::default();
        let (state, rest) = all.split_at(16);
        let (bytes, rest) = rest.split_at(8);
        for (word, bytes) in hasher.state.iter_mut().zip(state.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        hasher.bytes = bytes.first_chunk().copied().map_or(0, u64::from_le_bytes);
        hasher.rest.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        hasher
    }

    /// How many bytes were taken.
    pub fn taken(&self) -> u64 {
        self.bytes
    }

    /// Bytes that wait for the rest of their block.
    fn held(&self) -> usize {
        self.bytes as usize % BLOCK
    }

    fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.wrapping_add(bytes as u64);
    }

    /// Completes the block that has begun, if any. What is left.
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let held = self.held();
        if held == 0 {
            return bytes;
        }
        let (now, left) = bytes.split_at(bytes.len().min(BLOCK - held));
        self.rest.iter_mut().skip(held).zip(now).for_each(|(to, from)| *to = *from);
        self.count(now.len());
        if self.held() == 0 {
            self.state = compress_all(self.state, slice::from_ref(&self.rest));
        }
        left
    }

    fn take(&mut self, blocks: &[[u8; BLOCK]]) {
        self.state = compress_all(self.state, blocks);
        self.count(blocks.len() * BLOCK);
    }
}

/// A call, so that there is one copy of it.
#[inline(never)]
fn compress_all(mut state: [u32; 4], blocks: &[[u8; BLOCK]]) -> [u32; 4] {
    for block in blocks {
        state = compress(state, &words_of(block));
    }
    state
}

/// Takes blocks of up to four streams, side by side until there is but one that has any. None is in the middle of a block.
fn together(work: &mut [(&mut Md5Hasher, &[u8])]) {
    loop {
        let mut ready = work.iter_mut().filter(|(_, bytes)| bytes.len() >= BLOCK);
        let (Some(first), Some(second)) = (ready.next(), ready.next()) else { return };
        let mut streams = [Some(first), Some(second), ready.next(), ready.next()];
        let lengths = streams.iter().flatten().map(|(_, bytes)| bytes.len() / BLOCK * BLOCK);
        let shortest = lengths.min().unwrap_or_default();
        // Lanes without a stream do what the first one does, for nothing.
        let mut states = [START; 4];
        let mut blocks = [&[][..]; 4];
        for ((stream, state), blocks) in streams.iter_mut().zip(&mut states).zip(&mut blocks) {
            if let Some((hasher, bytes)) = stream {
                let (now, left) = bytes.split_at(shortest);
                (*state, *blocks, *bytes) = (hasher.state, now.as_chunks().0, left);
            }
        }
        let [taken, ..] = blocks;
        let blocks = blocks.map(|blocks| if blocks.is_empty() { taken } else { blocks });
        let states = lanes::compress_four(states, blocks);
        for (stream, state) in streams.into_iter().zip(states) {
            if let Some((hasher, _)) = stream {
                hasher.state = state;
                hasher.count(shortest);
            }
        }
    }
}

#[cfg(test)]
mod tests;
