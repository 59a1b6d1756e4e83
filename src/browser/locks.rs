//! Web Locks: one holder of a name among all tabs of an origin.

use super::callback::{defer, settle};
use js_sys::{Function, Object, Promise, Reflect};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

// web-sys hides the API behind an unstable flag that every user of the crate would have to set.
#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &Function,
    ) -> Result<Promise, JsValue>;
}

/// A lock, held or waited for. Dropping it releases it, or stops waiting.
pub struct Lock {
    holding: Rc<Holding>,
    waiting: Option<AbortController>,
    _granted: Closure<dyn FnMut(JsValue) -> JsValue>,
}

/// The two ends of being granted: whom to tell, and how to let go.
#[derive(Default)]
struct Holding {
    on_held: RefCell<Option<Box<dyn FnOnce()>>>,
    release: RefCell<Option<Function>>,
}

impl Holding {
    fn tell(&self) {
        let on_held = self.on_held.borrow_mut().take();
        if let Some(on_held) = on_held {
            on_held();
        }
    }

    /// The browser holds the lock until this promise is settled.
    fn hold(&self) -> Promise {
        Promise::new(&mut |release, _| {
            self.release.replace(Some(release.unchecked_into()));
        })
    }
}

/// Calls `on_held` once this tab holds the lock. Where the API is missing (pages served without TLS) or refused
/// (sandboxed frames) there is nobody to wait for, and `on_held` is called soon.
pub fn acquire(name: &str, on_held: impl FnOnce() + 'static) -> Lock {
    let holding = Rc::new(Holding::default());
    holding.on_held.replace(Some(Box::new(on_held)));
    let granted = Closure::wrap(Box::new({
        let holding = holding.clone();
        move |_| {
            let until_released = holding.hold();
            holding.tell();
            until_released.into()
        }
    }) as Box<dyn FnMut(JsValue) -> JsValue>);

    let waiting = AbortController::new().ok();
    let tell = {
        let holding = holding.clone();
        move || holding.tell()
    };
    match request(name, waiting.as_ref(), granted.as_ref().unchecked_ref()) {
        // A rejection is either our own giving up, and then there is nobody left to tell, or a refusal.
        Some(ended) => settle(ended, move |outcome| {
            if outcome.is_err() {
                tell();
            }
        }),
        None => defer(tell),
    }
    Lock { holding, waiting, _granted: granted }
}

fn request(name: &str, waiting: Option<&AbortController>, granted: &Function) -> Option<Promise> {
    let navigator = web_sys::window()?.navigator();
    let manager = Reflect::get(&navigator, &"locks".into()).ok().filter(|manager| manager.is_object())?;
    let options = Object::new();
    if let Some(waiting) = waiting {
        Reflect::set(&options, &"signal".into(), &waiting.signal()).ok()?;
    }
    manager.unchecked_into::<LockManager>().request(name, &options, granted).ok()
}

impl Drop for Lock {
    fn drop(&mut self) {
        let on_held = self.holding.on_held.take();
        drop(on_held);
        match (self.holding.release.take(), &self.waiting) {
            (Some(release), _) => drop(release.call0(&JsValue::UNDEFINED)),
            (None, Some(waiting)) => waiting.abort(),
            (None, None) => {}
        }
    }
}
