//! The doors between Rust and JavaScript callbacks. Every file here goes through them, so that the wasm module holds
//! one shim and one future of each kind, not one per caller.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A Rust function that JavaScript may call until this is dropped. Dropping it while it runs is safe: its environment
/// is freed when the call returns.
pub(super) struct Callback(Closure<dyn FnMut(JsValue)>);

impl Callback {
    pub(super) fn new(run: impl FnMut(JsValue) + 'static) -> Self {
        Self(Closure::wrap(Box::new(run)))
    }

    /// For something that JavaScript calls at most once.
    pub(super) fn once(run: impl FnOnce() + 'static) -> Self {
        let mut run = Some(run);
        Self::new(move |_| {
            if let Some(run) = run.take() {
                run();
            }
        })
    }

    pub(super) fn function(&self) -> &Function {
        self.0.as_ref().unchecked_ref()
    }
}

/// Runs `then` in a microtask: after the current call, before the browser does anything else.
pub fn defer(then: impl FnOnce() + 'static) {
    let then: Box<dyn FnOnce()> = Box::new(then);
    spawn_local(async move { then() });
}

/// Runs `then` once the promise is settled; never from inside this call.
pub fn settle(promise: Promise, then: impl FnOnce(Result<JsValue, JsValue>) + 'static) {
    settle_boxed(promise, Box::new(then));
}

fn settle_boxed(promise: Promise, then: Box<dyn FnOnce(Result<JsValue, JsValue>)>) {
    spawn_local(async move { then(JsFuture::from(promise).await) });
}

/// The name of a thrown `Error` or `DOMException`, such as `NotReadableError`.
pub fn name_of(thrown: &JsValue) -> String {
    text(thrown, "name").unwrap_or_else(|| "Error".to_owned())
}

/// A property that is a text and not empty. Asks no class: objects of an embedded frame have other classes.
pub fn text(object: &JsValue, property: &str) -> Option<String> {
    let value = Reflect::get(object, &property.into()).ok()?;
    value.as_string().filter(|text| !text.is_empty())
}
