//! What JavaScript sees: the classes `Uploader` and `Upload`, their events and errors. Types for TypeScript are written
//! by hand in `pkg-template/index.d.ts`.
//!
//! Exported methods take `&self` only and hold no borrow while anything of the page runs.

mod credentials;
mod error;
mod events;
mod hash;
mod js;
mod options;
mod page;
mod upload;
mod uploader;

pub use hash::hash_file;
pub use upload::Upload;
pub use uploader::Uploader;

use crate::browser::worker::WorkerSource;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    static WORKER: RefCell<Option<(String, bool)>> = const { RefCell::new(None) };
}

/// Tells where the worker script comes from: its text, or a URL. The entry files call it after loading the wasm.
#[wasm_bindgen(skip_typescript)]
pub fn set_worker(code: Option<String>, url: Option<String>) {
    let source = url.map(|url| (url, true)).or_else(|| code.map(|code| (code, false)));
    WORKER.with(|worker| worker.replace(source));
}

/// The page's `workerUrl`, else what the entry file set.
fn worker_source(url: Option<String>) -> Option<WorkerSource> {
    if let Some(url) = url {
        return Some(WorkerSource::Url(url));
    }
    WORKER.with(|worker| {
        worker.borrow().as_ref().map(|(text, is_url)| match is_url {
            true => WorkerSource::Url(text.clone()),
            false => WorkerSource::Code(text.clone()),
        })
    })
}
