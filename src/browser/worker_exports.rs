//! What the hash worker calls: plain WebAssembly exports over an instance of its own, without the glue that the page
//! loads. See `pkg-template/worker.js`.
//!
//! The worker writes a file's bytes into a buffer of this module's memory and calls `partwise_hash_update`. Only
//! addresses cross, and no Rust reference is alive while JavaScript runs, so nothing here needs unsafe code.

use crate::core::hash::{Crc64, Digester};
use std::cell::RefCell;

/// Bytes a worker may hand over at once: 1 MiB.
const BUFFER: usize = 1024 * 1024;

#[derive(Default)]
struct Bench {
    /// Allocated when a worker asks for it, so that the page's own instance never pays for it.
    buffer: Vec<u8>,
    /// By handle − 1; `None` is free.
    hashers: Vec<Option<Digester>>,
    /// An MD5 and a checksum.
    digests: [u8; 24],
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::default();
}

impl Bench {
    fn slot(&mut self, handle: u32) -> Option<&mut Option<Digester>> {
        self.hashers.get_mut((handle as usize).wrapping_sub(1))
    }
}

/// The address of the input buffer of 1 MiB; it never changes.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_buffer() -> *mut u8 {
    BENCH.with_borrow_mut(|bench| {
        bench.buffer.resize(BUFFER, 0);
        bench.buffer.as_mut_ptr()
    })
}

/// Starts a hash, with a checksum beside it: 1 for CRC-64/XZ, 2 for CRC-64/NVME, 0 for none. A handle from 1, or 0 when
/// there is none left.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_new(crc64: u32) -> u32 {
    BENCH.with_borrow_mut(|bench| {
        let free = bench.hashers.iter().position(Option::is_none);
        let slot = free.unwrap_or_else(|| {
            bench.hashers.push(None);
            bench.hashers.len() - 1
        });
        let handle = u32::try_from(slot + 1).unwrap_or(0);
        if let Some(hasher) = bench.slot(handle) {
            *hasher = Some(Digester::new(crc64_of(crc64)));
        }
        handle
    })
}

/// Hashes the first `len` bytes of the buffer. Ignores unknown handles.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_update(handle: u32, len: u32) {
    BENCH.with_borrow_mut(|bench| {
        let index = (handle as usize).wrapping_sub(1);
        if let (Some(Some(hasher)), Some(bytes)) =
            (bench.hashers.get_mut(index), bench.buffer.get(..len as usize))
        {
            hasher.update(bytes);
        }
    });
}

/// Ends a hash and frees its handle. The address of the MD5's 16 bytes and the checksum's 8 (highest first), good until the
/// next call.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_finish(handle: u32) -> *const u8 {
    BENCH.with_borrow_mut(|bench| {
        if let Some(hasher) = bench.slot(handle).and_then(Option::take) {
            let digests = hasher.finish();
            let crc64 = digests.crc64.unwrap_or_default().to_be_bytes();
            let bytes = digests.md5.0.into_iter().chain(crc64);
            bench.digests.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
        }
        bench.digests.as_ptr()
    })
}

/// Frees the handle of a hash that will not be finished.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_free(handle: u32) {
    BENCH.with_borrow_mut(|bench| {
        if let Some(hasher) = bench.slot(handle) {
            *hasher = None;
        }
    });
}

/// What a checksum is called in calls and messages.
pub fn number_of(crc64: Option<Crc64>) -> u32 {
    match crc64 {
        None => 0,
        Some(Crc64::Xz) => 1,
        Some(Crc64::Nvme) => 2,
    }
}

fn crc64_of(number: u32) -> Option<Crc64> {
    [Crc64::Xz, Crc64::Nvme].into_iter().find(|crc64| number_of(Some(*crc64)) == number)
}
