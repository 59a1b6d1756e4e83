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

/// Takes whether the lock is held.
type OnAnswer = Box<dyn FnOnce(bool)>;

/// The two ends of being granted: whom to tell, and how to let go.
#[derive(Default)]
struct Holding {
    on_answer: RefCell<Option<OnAnswer>>,
    release: RefCell<Option<Function>>,
}

impl Holding {
    fn tell(&self, held: bool) {
        let on_answer = self.on_answer.borrow_mut().take();
        if let Some(on_answer) = on_answer {
            on_answer(held);
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
    ask(name, AbortController::new().ok(), Box::new(|_| on_held()))
}

/// Calls `on_answer` with whether this tab holds the lock now; with `false`, another one does and nothing is waited for.
/// Without the API it is `true`, as for [`acquire`].
pub fn try_acquire(name: &str, on_answer: impl FnOnce(bool) + 'static) -> Lock {
    ask(name, None, Box::new(on_answer))
}

/// Waits, until `waiting` aborts it, or without that takes no for an answer.
fn ask(name: &str, waiting: Option<AbortController>, on_answer: OnAnswer) -> Lock {
    let holding = Rc::new(Holding::default());
    holding.on_answer.replace(Some(on_answer));
    let granted = Closure::wrap(Box::new({
        let holding = holding.clone();
        move |lock: JsValue| {
            if lock.is_null() {
                holding.tell(false);
                return JsValue::UNDEFINED;
            }
            let until_released = holding.hold();
            holding.tell(true);
            until_released.into()
        }
    }) as Box<dyn FnMut(JsValue) -> JsValue>);

    let tell = {
        let holding = holding.clone();
        move || holding.tell(true)
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
    match waiting {
        Some(waiting) => Reflect::set(&options, &"signal".into(), &waiting.signal()).ok()?,
        // The two exclude each other.
        None => Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE).ok()?,
    };
    manager.unchecked_into::<LockManager>().request(name, &options, granted).ok()
}

impl Drop for Lock {
    fn drop(&mut self) {
        let on_answer = self.holding.on_answer.take();
        drop(on_answer);
        match (self.holding.release.take(), &self.waiting) {
            (Some(release), _) => drop(release.call0(&JsValue::UNDEFINED)),
            (None, Some(waiting)) => waiting.abort(),
            (None, None) => {}
        }
    }
}
