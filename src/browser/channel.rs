//! What the uploads of one origin tell each other, from tab to tab.

use super::listener::Listener;
use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

/// All pages of an origin that send with this library. Dropping it leaves them.
pub struct Channel {
    channel: BroadcastChannel,
    _listener: Listener,
}

impl Channel {
    /// Calls `heard` with whom a message is for and what it says. `None` where the browser lets no tabs talk.
    pub fn open(heard: impl Fn(&str, &str) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new("partwise").ok()?;
        let _listener = Listener::new(&channel, &["message"], move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
            if let Some((to, text)) = data.split_once('\n') {
                heard(to, text);
            }
        });
        Some(Self { channel, _listener })
    }

    /// Tells all other pages; neither text may hold a line break.
    pub fn tell(&self, to: &str, text: &str) {
        // A channel that is closed has nobody to tell.
        let _ = self.channel.post_message(&[to, "\n", text].concat().into());
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
