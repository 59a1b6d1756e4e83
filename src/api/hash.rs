//! `hashFile`: the digests of any `Blob`, without an uploader.

use super::js::{Fields, function, get, number};
use super::options::{Workers, only, read_workers};
use super::upload::Settling;
use super::{error, worker_source};
use crate::browser::clock::now;
use crate::browser::listener::Listener;
use crate::browser::worker::{HashEvent, HashJob, Hasher, JOBS};
use crate::core::config::{bad_option, bad_value};
use crate::core::error::{Operation, UploadError};
use crate::core::hash::{Algorithms, Crc64, FileDigests, FileHash, Md5Digest};
use crate::core::http::NoReply;
use crate::core::plan::{PartSize, Plan};
use crate::core::retry::{Asked, Fault, describe, file_code};
use crate::core::store::Limits;
use crate::core::units::{Instant, Millis, PartNumber};
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, EventTarget};

const KNOWN: [&str; 6] = ["algorithms", "partSize", "onProgress", "signal", "hashWorkers", "workerUrl"];

/// Parts of any size, and as many as a store takes.
const ANY: Limits = Limits {
    min_part: 1,
    max_part: u64::MAX,
    max_parts: PartNumber::MAX,
    max_object: u64::MAX,
    ..Limits::S3
};

/// What is read of one reading at a time where nobody asks for parts.
const PIECE: u64 = 16 * 1024 * 1024;

/// At most ten times a second.
const PROGRESS_EVERY: Millis = Millis(100);

struct Options {
    algorithms: Algorithms,
    part_size: u64,
    on_progress: Option<Function>,
    signal: Option<JsValue>,
    workers: Workers,
}

/// A file that is being hashed.
struct Work {
    file: RefCell<FileHash>,
    size: u64,
    part_size: u64,
    /// Bytes read by each reading.
    loaded: RefCell<Vec<u64>>,
    /// What was told last, and when.
    shown: Cell<(u64, Instant)>,
    on_progress: Option<Function>,
    settling: Settling,
    /// Empty once it has ended.
    running: RefCell<Option<Running>>,
}

struct Running {
    _hasher: Hasher,
    _jobs: Vec<HashJob>,
    _signal: Option<Listener>,
}

/// Hashes a file, in workers.
#[wasm_bindgen(js_name = hashFile, skip_typescript)]
pub fn hash_file(blob: &JsValue, options: &JsValue) -> Promise {
    match start(blob, options) {
        Ok(promise) => promise,
        Err(failure) => Promise::reject(&failure),
    }
}

fn start(blob: &JsValue, options: &JsValue) -> Result<Promise, JsValue> {
    let told = |failure: UploadError| error::to_js(&failure);
    let blob: &Blob =
        blob.dyn_ref().ok_or_else(|| told(bad_value(Operation::Hash, "the file", "a Blob or a File")))?;
    let size = blob.size() as u64;
    let Options { algorithms, part_size, on_progress, signal, workers } =
        read(options, size).map_err(told)?;
    if let Some(reason) = signal.as_ref().and_then(reason_of) {
        return Err(reason);
    }
    let hasher = Hasher::shared(worker_source(workers.url), workers.most, |_| {});
    let file = FileHash::new(algorithms, size, part_size);
    let readings = file.readings(workers.most.saturating_mul(JOBS));
    let work = Rc::new(Work {
        file: RefCell::new(file),
        size,
        part_size,
        loaded: RefCell::new(vec![0; readings.len()]),
        shown: Cell::default(),
        on_progress,
        settling: Settling::new(),
        running: RefCell::default(),
    });
    let promise = work.settling.promise.clone();
    let jobs = readings.into_iter().enumerate().map(|(at, (first, reading))| {
        let work = work.clone();
        hasher.start(blob, reading, move |event| work.hear(at, first, event))
    });
    let jobs = jobs.collect();
    let signal = signal.map(|signal| {
        let (work, target) = (Rc::downgrade(&work), signal.unchecked_into::<EventTarget>());
        let aborted = target.clone();
        Listener::new(&target, &["abort"], move |_| {
            if let Some(work) = work.upgrade() {
                work.end(&Err(reason_of(&aborted).unwrap_or_default()));
            }
        })
    });
    work.running.replace(Some(Running { _hasher: hasher, _jobs: jobs, _signal: signal }));
    Ok(promise)
}

impl Work {
    fn hear(&self, at: usize, first: usize, event: HashEvent) {
        if self.running.borrow().is_none() {
            return;
        }
        match event {
            HashEvent::Progress(bytes) => self.progress(at, bytes),
            HashEvent::Piece(piece) => {
                self.file.borrow_mut().take(first, piece);
                let digests = self.file.borrow().digests();
                if let Some(digests) = digests {
                    self.show(self.size);
                    self.end(&Ok(self.result(&digests)));
                }
            }
            HashEvent::Failed(name) => {
                let code = file_code(&name);
                let fault = Fault::NoReply(NoReply::File(name));
                self.end(&Err(error::to_js(&describe(Operation::Hash, Asked::Store, code, &fault))));
            }
        }
    }

    fn progress(&self, at: usize, bytes: u64) {
        if let Some(loaded) = self.loaded.borrow_mut().get_mut(at) {
            *loaded = bytes;
        }
        let loaded: u64 = self.loaded.borrow().iter().sum();
        let (shown, at) = self.shown.get();
        // A worker that died begins again, which is nobody's business.
        if loaded > shown && loaded < self.size && now().mono.since(at) >= PROGRESS_EVERY {
            self.show(loaded);
        }
    }

    fn show(&self, loaded: u64) {
        self.shown.set((loaded, now().mono));
        if let Some(on_progress) = &self.on_progress {
            let progress =
                Fields::new().with("loaded", loaded as f64).with("total", self.size as f64).build();
            if let Err(thrown) = on_progress.call1(&JsValue::UNDEFINED, &progress) {
                self.end(&Err(thrown));
            }
        }
    }

    fn end(&self, outcome: &Result<JsValue, JsValue>) {
        // Dropping it cancels what is still being read.
        if self.running.take().is_some() {
            self.settling.settle(outcome);
        }
    }

    fn result(&self, digests: &FileDigests) -> JsValue {
        let sum = |crc64: Crc64, sum: Option<u64>| sum.map(|sum| crc64.spell(sum));
        let parts = digests.parts.as_ref();
        let part_size = parts.map(|_| self.part_size as f64);
        let parts = parts.map(|parts| parts.iter().map(|md5| JsValue::from(md5.to_hex())).collect::<Array>());
        Fields::new()
            .with("size", self.size as f64)
            .with_some("md5", digests.md5.map(Md5Digest::to_hex))
            .with_some("crc64xz", sum(Crc64::Xz, digests.xz))
            .with_some("crc64nvme", sum(Crc64::Nvme, digests.nvme))
            .with_some("parts", parts)
            .with_some("partSize", part_size)
            .with_some("etag", digests.etag())
            .build()
    }
}

/// Why a signal was aborted, if it was.
fn reason_of(signal: &impl AsRef<JsValue>) -> Option<JsValue> {
    let field = |name: &str| Reflect::get(signal.as_ref(), &name.into()).unwrap_or_default();
    field("aborted").is_truthy().then(|| field("reason"))
}

fn read(options: &JsValue, size: u64) -> Result<Options, UploadError> {
    let hash = |mut failure: UploadError| {
        failure.operation = Operation::Hash;
        failure
    };
    if options.is_undefined() {
        let algorithms = Algorithms { md5: true, ..Algorithms::default() };
        let workers = read_workers(options).map_err(hash)?;
        return Ok(Options { algorithms, part_size: PIECE, on_progress: None, signal: None, workers });
    }
    let object =
        options.dyn_ref::<Object>().ok_or_else(|| bad_value(Operation::Hash, "options", "an object"))?;
    only(object, "", &KNOWN).map_err(hash)?;
    let algorithms = read_algorithms(options).map_err(hash)?;
    let part_size = read_part_size(options, algorithms, size).map_err(hash)?;
    let on_progress = match (get(options, "onProgress"), function(options, "onProgress")) {
        (Some(_), None) => return Err(hash(bad_option("onProgress", "a function"))),
        (_, call) => call,
    };
    let signal = get(options, "signal");
    if signal.as_ref().is_some_and(|signal| function(signal, "addEventListener").is_none()) {
        return Err(hash(bad_option("signal", "an AbortSignal")));
    }
    let workers = read_workers(options).map_err(hash)?;
    Ok(Options { algorithms, part_size, on_progress, signal, workers })
}

fn read_algorithms(options: &JsValue) -> Result<Algorithms, UploadError> {
    let Some(given) = get(options, "algorithms") else {
        return Ok(Algorithms { md5: true, ..Algorithms::default() });
    };
    let wrong =
        || bad_option("algorithms", "a list of \"md5\", \"crc64xz\", \"crc64nvme\" and \"parts\", not empty");
    let names = given.dyn_ref::<Array>().filter(|names| names.length() > 0).ok_or_else(wrong)?;
    let mut algorithms = Algorithms::default();
    for name in names.iter() {
        let slot = match name.as_string().as_deref() {
            Some("md5") => &mut algorithms.md5,
            Some("crc64xz") => &mut algorithms.xz,
            Some("crc64nvme") => &mut algorithms.nvme,
            Some("parts") => &mut algorithms.parts,
            _ => return Err(wrong()),
        };
        *slot = true;
    }
    Ok(algorithms)
}

fn read_part_size(options: &JsValue, algorithms: Algorithms, size: u64) -> Result<u64, UploadError> {
    let given = get(options, "partSize");
    if !algorithms.parts {
        return match given {
            Some(_) => Err(bad_option("partSize", "left out unless \"parts\" is among the algorithms")),
            None => Ok(PIECE),
        };
    }
    match given {
        Some(value) if value.as_string().as_deref() != Some("auto") => {
            let bytes = number(options, "partSize").and_then(|bytes| Plan::resume(size, bytes, &ANY));
            let wrong =
                || bad_option("partSize", "\"auto\", or so many bytes that there are at most 10 000 parts");
            bytes.map(|plan| plan.part_size()).ok_or_else(wrong)
        }
        _ => Ok(Plan::new(size, PartSize::Auto, &Limits::S3)?.0.part_size()),
    }
}
