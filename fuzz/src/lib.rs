//! What the targets share: a count of the memory that a piece of work takes, and an upload for replies to be about.

use partwise::core::backend::{Context, Op, PartAsk, Session, Target};
use partwise::core::config::{Config, RawOptions};
use partwise::core::checkpoint::KeptObject;
use partwise::core::fingerprint::FileInfo;
use partwise::core::hash::Md5Hasher;
use partwise::core::plan::{PartSize, Plan};
use partwise::core::store::Limits;
use partwise::core::units::{ByteRange, PartNumber, UnixMillis};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: usize) {
    // A thread that is ending has no counter any more.
    let _ = ALLOCATED.try_with(|total| total.set(total.get().saturating_add(bytes)));
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Does `work` on `input` bytes, which may take up to `per_byte` bytes of memory for each of them and 64 KiB besides,
/// all of it counted, also what was freed again: a measure of time as well.
pub fn bounded<T>(input: usize, per_byte: usize, work: impl FnOnce() -> T) -> T {
    let before = ALLOCATED.get();
    let result = work();
    let taken = ALLOCATED.get() - before;
    assert!(taken <= 65_536 + input * per_byte, "{taken} bytes taken for {input} bytes of input");
    result
}

/// An upload of 25 MiB in five parts.
pub struct Upload {
    target: Target,
    session: Session,
    plan: Plan,
    config: Config,
}

impl Default for Upload {
    fn default() -> Self {
        let size = 25 << 20;
        let file = FileInfo {
            name: "f.bin".into(),
            size,
            last_modified: 1,
            mime: "application/octet-stream".into(),
        };
        Self {
            target: Target {
                file,
                key: "f.bin".into(),
                key_is_explicit: false,
                metadata: Vec::new(),
                path: None,
            },
            session: Session { key: "f.bin".into(), upload_id: "upload".into() },
            plan: Plan::new(size, PartSize::Auto, &Limits::S3).expect("25 MiB fit").0,
            config: Config::new(&RawOptions::default(), String::new(), Limits::S3)
                .expect("all have defaults"),
        }
    }
}

impl Upload {
    /// What operations on it are about.
    pub fn context(&self) -> Context<'_> {
        Context {
            target: &self.target,
            session: Some(&self.session),
            plan: &self.plan,
            config: &self.config,
            identifier: "upload",
            response: None,
        }
    }

    /// Every operation.
    pub fn operations(&self) -> Vec<Op> {
        let ask = |number: u32| PartAsk {
            number: PartNumber::new(number).unwrap_or(PartNumber::FIRST),
            range: ByteRange { start: 0, end: 5 << 20 },
            content_md5: None,
        };
        vec![
            Op::Create,
            Op::SignParts(vec![ask(1)]),
            Op::SignParts(vec![ask(1), ask(2), ask(5)]),
            Op::SignObject { content_md5: None },
            Op::ListParts(None),
            Op::Complete(vec![(PartNumber::FIRST, "etag".into())]),
            Op::Abort,
            Op::Head,
            Op::Find(Md5Hasher::new().finish()),
            Op::Revisit(KeptObject { key: "f.bin".into(), etag: "etag".into(), stored: UnixMillis(1) }),
        ]
    }
}
