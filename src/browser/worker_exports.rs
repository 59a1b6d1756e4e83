//! What the hash worker calls: plain WebAssembly exports over an instance of its own, without the glue that the page
//! loads. See `pkg-template/worker.js`.
//!
//! The worker writes a file's bytes into a buffer of this module's memory and calls `partwise_hash_update`. Only
//! addresses cross, and no Rust reference is alive while JavaScript runs, so nothing here needs unsafe code.

use crate::core::hash::Md5Hasher;
use std::cell::RefCell;

/// Bytes a worker may hand over at once: 1 MiB.
const BUFFER: usize = 1024 * 1024;

#[derive(Default)]
struct Bench {
    /// Allocated when a worker asks for it, so that the page's own instance never pays for it.
    buffer: Vec<u8>,
    /// By handle − 1; `None` is free.
    hashers: Vec<Option<Md5Hasher>>,
    digest: [u8; 16],
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::default();
}

impl Bench {
    fn slot(&mut self, handle: u32) -> Option<&mut Option<Md5Hasher>> {
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

/// Starts a hash. A handle from 1, or 0 when there is none left.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_new() -> u32 {
    BENCH.with_borrow_mut(|bench| {
        let free = bench.hashers.iter().position(Option::is_none);
        let slot = free.unwrap_or_else(|| {
            bench.hashers.push(None);
            bench.hashers.len() - 1
        });
        let handle = u32::try_from(slot + 1).unwrap_or(0);
        if let Some(hasher) = bench.slot(handle) {
            *hasher = Some(Md5Hasher::new());
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

/// Ends a hash and frees its handle. The address of the MD5's 16 bytes, good until the next call.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_finish(handle: u32) -> *const u8 {
    BENCH.with_borrow_mut(|bench| {
        if let Some(hasher) = bench.slot(handle).and_then(Option::take) {
            bench.digest = hasher.finish().0;
        }
        bench.digest.as_ptr()
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
