//! Asks before the page is left.

use super::listener::Listener;
use wasm_bindgen::JsCast;
use web_sys::BeforeUnloadEvent;

/// While it lives, leaving the page makes the browser ask. Browsers ask only on pages the user has touched.
pub struct Guard {
    _listener: Option<Listener>,
}

impl Guard {
    /// Starts asking.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let _listener = web_sys::window().map(|window| {
            Listener::new(&window, &["beforeunload"], |event| {
                event.prevent_default();
                // Chrome before 119 asks only for a return value that is not empty.
                event.unchecked_ref::<BeforeUnloadEvent>().set_return_value("leave?");
            })
        });
        Self { _listener }
    }
}
