//! Reads the clocks and waits.

use super::callback::Callback;
use crate::core::units::{Instant, Millis, Now, UnixMillis};
use web_sys::Performance;

thread_local! {
    /// The engine asks whenever anything happens.
    static CLOCK: Option<Performance> = web_sys::window().and_then(|window| window.performance());
}

/// Both clocks: `performance.now()`, which never goes back, and `Date.now()`. Whole milliseconds, rounded down.
pub fn now() -> Now {
    let mono = CLOCK.with(|clock| clock.as_ref().map_or(0.0, Performance::now));
    Now { mono: Instant(mono as u64), wall: UnixMillis(js_sys::Date::now() as u64) }
}

/// A pending `setTimeout`. Dropping it cancels.
pub struct Timer {
    id: Option<i32>,
    _fire: Callback,
}

impl Timer {
    /// The longest wait `setTimeout` knows (24.8 days); a longer one would fire at once.
    const LONGEST: u64 = i32::MAX as u64;

    /// Calls `fire` when `wait` is over, or after 24.8 days if that is sooner. Tabs in the background may be late by a
    /// second, after some minutes by a minute.
    pub fn after(wait: Millis, fire: impl FnOnce() + 'static) -> Self {
        let fire = Callback::once(fire);
        let wait = wait.0.min(Self::LONGEST) as i32;
        let id = web_sys::window().and_then(|window| {
            window.set_timeout_with_callback_and_timeout_and_arguments_0(fire.function(), wait).ok()
        });
        Self { id, _fire: fire }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let (Some(id), Some(window)) = (self.id, web_sys::window()) {
            window.clear_timeout_with_handle(id);
        }
    }
}
