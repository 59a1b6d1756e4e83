//! `UploadError` as JavaScript sees it.

use crate::core::error::{Code, Operation, UploadError};
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/api/upload_error.js")]
extern "C" {
    #[wasm_bindgen(js_name = UploadError)]
    type JsUploadError;

    #[wasm_bindgen(constructor, js_class = UploadError)]
    fn new(message: &str, code: &str, operation: &str, hint: &str) -> JsUploadError;
}

/// The JavaScript error.
pub fn to_js(error: &UploadError) -> JsValue {
    let value: JsValue =
        JsUploadError::new(&error.message, error.code.as_str(), error.operation.as_str(), &error.hint).into();
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
