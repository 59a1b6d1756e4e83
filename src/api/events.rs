//! Events and their details as JavaScript sees them.

use super::error;
use super::js::Fields;
use crate::core::progress::Snapshot;
use crate::core::upload::{Event, UploadResult};
use wasm_bindgen::prelude::*;

/// What pages call it.
pub fn name(event: &Event) -> &'static str {
    match event {
        Event::State { .. } => "state",
        Event::Progress(_) => "progress",
        Event::Hash { .. } => "hash",
        Event::Part { .. } => "part",
        Event::Retry(_) => "retry",
        Event::Warning { .. } => "warning",
        Event::Done(_) => "done",
        Event::Failed(_) => "error",
    }
}

/// What its listeners get.
pub fn detail(event: &Event) -> JsValue {
    match event {
        Event::State { state, previous } => {
            Fields::new().with("state", state.as_str()).with("previous", previous.as_str()).build()
        }
        Event::Progress(snapshot) => progress(snapshot),
        Event::Hash { loaded, total, md5 } => Fields::new()
            .with("loaded", *loaded as f64)
            .with("total", *total as f64)
            .with("percent", percent(*loaded, *total))
            .with_some("md5", md5.map(|md5| md5.to_hex()))
            .build(),
        Event::Part { number, size, etag } => Fields::new()
            .with("partNumber", number.get())
            .with("size", *size as f64)
            .with("etag", etag.as_str())
            .build(),
        Event::Retry(notice) => Fields::new()
            .with("operation", notice.error.operation.as_str())
            .with_some("partNumber", notice.error.part.map(|part| part.get()))
            .with("attempt", notice.attempt)
            .with("delay", notice.delay.0 as f64)
            .with("code", notice.error.code.as_str())
            .with_some("status", notice.error.status)
            .with("message", notice.error.message.as_str())
            .build(),
        Event::Warning { code, message, hint } => {
            Fields::new().with("code", *code).with("message", message.as_str()).with("hint", *hint).build()
        }
        Event::Done(result) => done(result),
        Event::Failed(failure) => error::to_js(failure),
    }
}

/// A progress object.
pub fn progress(snapshot: &Snapshot) -> JsValue {
    Fields::new()
        .with("loaded", snapshot.loaded as f64)
        .with("total", snapshot.total as f64)
        .with("percent", percent(snapshot.loaded, snapshot.total))
        .with("bytesPerSecond", snapshot.bytes_per_second)
        .with("secondsLeft", snapshot.seconds_left.map_or(JsValue::NULL, JsValue::from_f64))
        .build()
}

fn done(result: &UploadResult) -> JsValue {
    Fields::new()
        .with("key", result.key.as_str())
        .with_some("location", result.location.as_deref())
        .with_some("etag", result.etag.as_deref())
        .with_some("md5", result.md5.map(|md5| md5.to_hex()))
        .with_some("crc64", result.crc64.as_deref())
        .with("instant", result.instant)
        .with_some("response", result.response.as_deref())
        .build()
}

/// An empty file is all there at once.
fn percent(loaded: u64, total: u64) -> f64 {
    if total == 0 { 100.0 } else { loaded as f64 / total as f64 * 100.0 }
}
