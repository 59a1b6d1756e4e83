//! Listens to events for as long as it lives.

use super::callback::Callback;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget};

/// A listener of one or more events. Dropping it stops listening, also from inside its own callback.
pub struct Listener {
    target: EventTarget,
    events: &'static [&'static str],
    heard: Callback,
}

impl Listener {
    /// Calls `heard` with each of these `events` of `target`.
    pub fn new(
        target: &EventTarget,
        events: &'static [&'static str],
        mut heard: impl FnMut(Event) + 'static,
    ) -> Self {
        let heard = Callback::new(move |event| heard(event.unchecked_into()));
        for event in events {
            // Adding a listener fails only for arguments that are no functions.
            let _ = target.add_event_listener_with_callback(event, heard.function());
        }
        Self { target: target.clone(), events, heard }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        for event in self.events {
            let _ = self.target.remove_event_listener_with_callback(event, self.heard.function());
        }
    }
}
