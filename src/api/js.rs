//! Reading and making plain JavaScript objects by typed getters: reading nine options with serde-wasm-bindgen instead
//! measured 42 KB of WebAssembly more, 18 KB after gzip.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

/// A property; absent, `null` and throwing getters are `None`.
pub fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    // Of options that were left out none need be looked for: it would throw each time.
    if object.is_undefined() {
        return None;
    }
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A string property.
pub fn text(object: &JsValue, name: &str) -> Option<String> {
    get(object, name)?.as_string()
}

/// A whole, non-negative number property.
pub fn number(object: &JsValue, name: &str) -> Option<u64> {
    let number = get(object, name)?.as_f64()?;
    let whole = (0.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(&number) && number.trunc() == number;
    whole.then_some(number as u64)
}

/// A function property.
pub fn function(object: &JsValue, name: &str) -> Option<js_sys::Function> {
    get(object, name)?.dyn_into().ok()
}

/// Own enumerable properties, or the entries of what is iterable, such as `Headers`, whose values are strings or numbers.
pub fn pairs(object: &JsValue) -> Vec<(String, String)> {
    let Some(object) = object.dyn_ref::<Object>() else { return Vec::new() };
    let entries = match js_sys::try_iter(object) {
        Ok(Some(iterator)) => iterator.flatten().collect(),
        _ => Object::entries(object),
    };
    entries
        .iter()
        .filter_map(|entry| {
            let entry = js_sys::Array::from(&entry);
            let value = entry.get(1);
            // JavaScript writes numbers better and in fewer bytes than Rust's own float formatting.
            let value = value
                .as_string()
                .or_else(|| Some(value.dyn_ref::<js_sys::Number>()?.to_string_with_radix(10).ok()?.into()))?;
            Some((entry.get(0).as_string()?, value))
        })
        .collect()
}

/// A plain object under construction.
pub struct Fields(Object);

impl Fields {
    /// An empty object.
    pub fn new() -> Self {
        Self(Object::new())
    }

    /// Sets a property.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<JsValue>) -> Self {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
        self
    }

    /// Sets a property unless there is no value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<JsValue>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The object.
    pub fn build(self) -> JsValue {
        self.0.into()
    }
}

/// An object of strings.
pub fn record(pairs: &[(String, String)]) -> JsValue {
    pairs.iter().fold(Fields::new(), |fields, (name, value)| fields.with(name, value.as_str())).build()
}
