//! What the browser believes about the network. A hint only: loopback uploads succeed while it says offline, and
//! connections hang while it says online.

use super::listener::Listener;

/// `navigator.onLine`.
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Follows the `online` and `offline` events. Dropping it stops.
pub struct Watch {
    _listener: Option<Listener>,
}

impl Watch {
    /// Calls `changed` with `true` for every `online` event and `false` for every `offline` event.
    pub fn new(changed: impl Fn(bool) + 'static) -> Self {
        let _listener = web_sys::window().map(|window| {
            Listener::new(&window, &["online", "offline"], move |event| changed(event.type_() == "online"))
        });
        Self { _listener }
    }
}
