//! What the hash worker calls: plain WebAssembly exports over an instance of its own, without the glue that the page
//! loads. See `pkg-template/worker.js`.
//!
//! The worker writes bytes of files into buffers of this module's memory, says whose they are, and has them hashed
//! together. Only addresses cross, and no Rust reference is alive while JavaScript runs, so nothing here needs unsafe code.

use crate::core::hash::{Digester, Md5Hasher, Wanted};
use std::cell::RefCell;

/// Bytes of a buffer: 1 MiB.
const BUFFER: usize = 1024 * 1024;
/// Buffers, and streams that are hashed side by side.
const LANES: usize = 4;

#[derive(Default)]
struct Bench {
    /// Each allocated when a worker asks for it, so that the page's own instance never pays for any.
    lanes: [Lane; LANES],
    /// By handle − 1; `None` is free.
    digesters: Vec<Option<Digester>>,
    /// What is being told.
    answer: Vec<u8>,
}

#[derive(Default)]
struct Lane {
    buffer: Vec<u8>,
    /// Whose bytes are in it, and how many.
    filled: Option<(usize, usize)>,
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::default();
}

impl Bench {
    fn digester(&mut self, handle: u32) -> Option<&mut Option<Digester>> {
        self.digesters.get_mut((handle as usize).wrapping_sub(1))
    }

    /// The address of the answer, good until the next call.
    fn answer(&mut self, bytes: impl IntoIterator<Item = u8>) -> *const u8 {
        self.answer.clear();
        self.answer.extend(bytes);
        self.answer.as_ptr()
    }
}

/// The address of the buffer of 1 MiB of a lane, 0 to 3; it never changes. Null for others.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_buffer(lane: u32) -> *mut u8 {
    BENCH.with_borrow_mut(|bench| match bench.lanes.get_mut(lane as usize) {
        Some(lane) => {
            lane.buffer.resize(BUFFER, 0);
            lane.buffer.as_mut_ptr()
        }
        None => std::ptr::null_mut(),
    })
}

/// Starts to hash what [`number_of`] tells. A handle from 1, or 0 when there is none left.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_new(wanted: u32) -> u32 {
    BENCH.with_borrow_mut(|bench| {
        let free = bench.digesters.iter().position(Option::is_none);
        let slot = free.unwrap_or_else(|| {
            bench.digesters.push(None);
            bench.digesters.len() - 1
        });
        let handle = u32::try_from(slot + 1).unwrap_or(0);
        if let Some(digester) = bench.digester(handle) {
            *digester = Some(Digester::new(wanted_of(wanted)));
        }
        handle
    })
}

/// Goes on with the MD5 of everything as [`partwise_hash_whole`] told it, which is in the buffer of lane 0.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_after(handle: u32) {
    BENCH.with_borrow_mut(|bench| {
        let told = bench.lanes.first().and_then(|lane| lane.buffer.first_chunk().copied());
        if let (Some(told), Some(digester)) = (told, bench.digester(handle)) {
            *digester = digester.take().map(|digester| digester.after(Md5Hasher::from_bytes(&told)));
        }
    });
}

/// The first `len` bytes of a lane's buffer are the next ones of a hash, of which there are none in other lanes.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_put(lane: u32, handle: u32, len: u32) {
    BENCH.with_borrow_mut(|bench| {
        if let Some(lane) = bench.lanes.get_mut(lane as usize) {
            lane.filled = Some(((handle as usize).wrapping_sub(1), len as usize));
        }
    });
}

/// Hashes what was put into the lanes, and empties them.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_run() {
    BENCH.with_borrow_mut(|bench| {
        let Bench { lanes, digesters, .. } = bench;
        let mut work: Vec<(&mut Digester, &[u8])> = Vec::with_capacity(LANES);
        for (slot, digester) in digesters.iter_mut().enumerate() {
            let lane = lanes.iter().find(|lane| lane.filled.is_some_and(|(whose, _)| whose == slot));
            let bytes = lane.and_then(|lane| lane.buffer.get(..lane.filled?.1));
            work.extend(digester.as_mut().zip(bytes));
        }
        Digester::update_all(&mut work);
        lanes.iter_mut().for_each(|lane| lane.filled = None);
    });
}

/// Ends a piece. The address of its MD5 (16 bytes), its CRC-64/XZ and its CRC-64/NVME (8 bytes each, highest first); what was
/// not wanted is zeros. Good until the next call.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_piece(handle: u32) -> *const u8 {
    BENCH.with_borrow_mut(|bench| {
        let digester = bench.digester(handle).and_then(Option::as_mut);
        let digests = digester.map(Digester::end_piece).unwrap_or_default();
        let md5 = digests.md5.map_or([0; 16], |md5| md5.0);
        let sums = [digests.xz, digests.nvme].map(Option::unwrap_or_default).map(u64::to_be_bytes);
        bench.answer(md5.into_iter().chain(sums.into_iter().flatten()))
    })
}

/// The address of the 88 bytes of [`Md5Hasher::to_bytes`] for the MD5 of everything so far. Good until the next call.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_whole(handle: u32) -> *const u8 {
    BENCH.with_borrow_mut(|bench| {
        let digester = bench.digester(handle).and_then(|digester| digester.as_ref());
        let whole = digester.and_then(Digester::whole).cloned().unwrap_or_default();
        bench.answer(whole.to_bytes())
    })
}

/// Frees a handle.
#[unsafe(no_mangle)]
extern "C" fn partwise_hash_free(handle: u32) {
    BENCH.with_borrow_mut(|bench| {
        if let Some(digester) = bench.digester(handle) {
            *digester = None;
        }
    });
}

/// What is wanted, in calls and messages: 1 for the MD5 of each piece, 2 for that of everything, 4 for CRC-64/XZ, 8 for
/// CRC-64/NVME, and their sums.
pub fn number_of(wanted: Wanted) -> u32 {
    u32::from(wanted.md5)
        | u32::from(wanted.whole) << 1
        | u32::from(wanted.xz) << 2
        | u32::from(wanted.nvme) << 3
}

fn wanted_of(number: u32) -> Wanted {
    let is_set = |bit: u32| number >> bit & 1 == 1;
    Wanted { md5: is_set(0), whole: is_set(1), xz: is_set(2), nvme: is_set(3) }
}
