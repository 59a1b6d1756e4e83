//! What the browser believes about the network. A hint only: loopback uploads succeed while it says offline, and
//! connections hang while it says online.

use super::listener::Listener;
use std::rc::Rc;

/// `navigator.onLine`.
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// Follows the `online` and `offline` events. Dropping it stops.
pub struct Watch {
    _listeners: Option<[Listener; 2]>,
}

impl Watch {
    /// Calls `changed` with `true` for every `online` event and `false` for every `offline` event.
    pub fn new(changed: impl Fn(bool) + 'static) -> Self {
        let changed = Rc::new(changed);
        let listen = |window: &web_sys::Window, event, online| {
            let changed = changed.clone();
            Listener::new(window, event, move |_| changed(online))
        };
        let window = web_sys::window();
        let _listeners =
            window.map(|window| [listen(&window, "online", true), listen(&window, "offline", false)]);
        Self { _listeners }
    }
}
