//! `UploadError` as JavaScript sees it.

use crate::core::error::{Cause, Code, Operation, UploadError};
use js_sys::Reflect;
use std::cell::RefCell;
use std::collections::VecDeque;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/api/upload_error.js")]
extern "C" {
    #[wasm_bindgen(js_name = UploadError)]
    type JsUploadError;

    #[wasm_bindgen(constructor, js_class = UploadError)]
    fn new(message: &str, code: &str, operation: &str, hint: &str, cause: JsValue) -> JsUploadError;
}

/// What functions of the page threw is kept for as long as an error may still name it.
const KEPT: usize = 64;

thread_local! {
    static THROWN: RefCell<VecDeque<(u64, JsValue)>> = const { RefCell::new(VecDeque::new()) };
}

/// Keeps what a function of the page threw, to be the `cause` of the error that comes of it.
pub fn keep_thrown(thrown: &JsValue) -> Cause {
    THROWN.with_borrow_mut(|kept| {
        let id = kept.back().map_or(0, |(id, _)| id + 1);
        kept.push_back((id, thrown.clone()));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Cause(id)
    })
}

fn thrown(cause: Cause) -> JsValue {
    THROWN.with_borrow(|kept| {
        kept.iter().find(|(id, _)| *id == cause.0).map(|(_, thrown)| thrown.clone()).unwrap_or_default()
    })
}

/// The JavaScript error.
pub fn to_js(error: &UploadError) -> JsValue {
    let (code, operation) = (error.code.as_str(), error.operation.as_str());
    let cause = error.cause.map(thrown).unwrap_or_default();
    let value: JsValue = JsUploadError::new(&error.message, code, operation, &error.hint, cause).into();
    let set = |name: &str, field: Option<JsValue>| {
        if let Some(field) = field {
            // The error was made just now and is not frozen.
            let _ = Reflect::set(&value, &name.into(), &field);
        }
    };
    set("partNumber", error.part.map(|part| part.get().into()));
    set("status", error.status.map(Into::into));
    set("requestId", error.request_id.as_deref().map(Into::into));
    value
}

/// What `finished` rejects with after `cancel()` or `dispose()`.
pub fn cancelled(message: &str) -> JsValue {
    to_js(&UploadError::new(Code::Cancelled, Operation::Abort, message))
}
