//! Listens to an event for as long as it lives.

use super::callback::Callback;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget};

/// An event listener. Dropping it stops listening, also from inside its own callback.
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    heard: Callback,
}

impl Listener {
    /// Calls `heard` with every `event` of `target`.
    pub fn new(target: &EventTarget, event: &'static str, mut heard: impl FnMut(Event) + 'static) -> Self {
        let heard = Callback::new(move |event| heard(event.unchecked_into()));
        // Adding a listener fails only for arguments that are no functions.
        let _ = target.add_event_listener_with_callback(event, heard.function());
        Self { target: target.clone(), event, heard }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.heard.function());
    }
}
