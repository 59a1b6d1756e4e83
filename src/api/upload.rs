//! The `Upload` class.

use super::error;
use super::events;
use super::js::Fields;
use super::uploader::Shared;
use crate::core::config::bad_value;
use crate::core::engine::UploadId;
use crate::core::error::Operation;
use crate::core::progress::Snapshot;
use crate::core::upload::{Event, Input, State};
use js_sys::{Function, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::File;

/// A promise with its handles. Made when somebody asks for it, so that nobody's rejection goes unhandled.
pub struct Settling {
    pub promise: Promise,
    resolve: Function,
    reject: Function,
}

impl Settling {
    pub fn new() -> Self {
        let mut handles = None;
        let promise = Promise::new(&mut |resolve, reject| handles = Some((resolve, reject)));
        let (resolve, reject) = handles.unwrap_or_default();
        Self { promise, resolve, reject }
    }

    pub fn settle(&self, outcome: &Result<JsValue, JsValue>) {
        // Resolving functions do not throw.
        let _ = match outcome {
            Ok(value) => self.resolve.call1(&JsValue::UNDEFINED, value),
            Err(value) => self.reject.call1(&JsValue::UNDEFINED, value),
        };
    }
}

const EVENTS: [&str; 8] = ["state", "progress", "hash", "part", "retry", "warning", "done", "error"];

struct Listener {
    token: u32,
    event: String,
    call: Function,
}

/// What all JavaScript handles of one upload share.
pub struct Inner {
    pub id: UploadId,
    pub file: File,
    shared: Rc<Shared>,
    listeners: RefCell<Vec<Listener>>,
    next_token: Cell<u32>,
    finished: RefCell<Option<Settling>>,
    ended: RefCell<Option<Result<JsValue, JsValue>>>,
    cancelling: RefCell<Option<Settling>>,
    /// Kept once the engine has let go of it.
    last: Cell<Option<(State, Snapshot)>>,
    key: RefCell<Option<String>>,
}

impl Inner {
    pub fn new(id: UploadId, file: File, shared: Rc<Shared>) -> Self {
        Self {
            id,
            file,
            shared,
            listeners: RefCell::default(),
            next_token: Cell::new(0),
            finished: RefCell::default(),
            ended: RefCell::default(),
            cancelling: RefCell::default(),
            last: Cell::new(None),
            key: RefCell::default(),
        }
    }

    pub fn state(&self) -> State {
        self.last
            .get()
            .map_or_else(|| self.shared.driver().look(|engine| engine.state(self.id)), |(state, _)| state)
    }

    /// The store's id of the multipart upload, while there is one.
    pub fn upload_id(&self) -> Option<String> {
        self.shared.driver().look(|engine| engine.upload(self.id)?.upload_id().map(String::from))
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let live =
            || self.shared.driver().look(|engine| engine.upload(self.id).map(|upload| upload.snapshot()));
        self.last.get().map(|(_, snapshot)| snapshot).or_else(live)
    }

    /// Tells the listeners, then settles the promises.
    pub fn event(&self, event: &Event) {
        if self.key.borrow().is_none() {
            let key = self.shared.driver().look(|engine| engine.upload(self.id)?.key().map(String::from));
            self.key.replace(key);
        }
        let name = events::name(event);
        let heard = || self.listeners.borrow().iter().any(|listener| listener.event == name);
        // Of a thousand small files most events are about nothing that anybody has asked for.
        let detail = match event {
            Event::Done(_) | Event::Failed(_) => events::detail(event),
            _ if heard() => events::detail(event),
            _ => JsValue::UNDEFINED,
        };
        match event {
            Event::Done(result) => {
                self.key.replace(Some(result.key.clone()));
                self.end(Ok(detail.clone()));
            }
            // Not if a listener of the state has already resumed or cancelled it.
            Event::Failed(_) if self.state() == State::Failed && self.cancelling.borrow().is_none() => {
                self.end(Err(detail.clone()));
            }
            Event::State { state: State::Cancelled, .. } => {
                self.end(Err(error::cancelled("the upload was cancelled")))
            }
            _ => {}
        }
        self.emit(name, &detail);
    }

    fn emit(&self, name: &str, detail: &JsValue) {
        let calls: Vec<Function> =
            self.listeners.borrow().iter().filter(|l| l.event == name).map(|l| l.call.clone()).collect();
        for call in calls {
            if let Err(thrown) = call.call1(&JsValue::UNDEFINED, detail) {
                report(&thrown);
            }
        }
    }

    /// The uploader is disposed of: whoever waits waits for nothing.
    pub fn dispose(&self, outcome: JsValue) {
        let has_failed = self.ended.borrow().is_some();
        if !has_failed {
            self.end(Err(outcome));
        }
        if let Some(settling) = self.cancelling.take() {
            settling.settle(&Ok(JsValue::UNDEFINED));
        }
    }

    /// It has ended, for now or for good.
    pub fn end(&self, outcome: Result<JsValue, JsValue>) {
        if let (Some(snapshot), state) = (self.snapshot(), self.state())
            && state != State::Failed
        {
            self.last.set(Some((state, snapshot)));
        }
        if let Some(settling) = self.finished.borrow().as_ref() {
            settling.settle(&outcome);
        }
        self.ended.replace(Some(outcome));
        if let Some(settling) = self.cancelling.take() {
            settling.settle(&Ok(JsValue::UNDEFINED));
        }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = reportError)]
    fn report_error(thrown: &JsValue) -> Result<(), JsValue>;
}

/// An exception in a listener goes where uncaught ones go, and stops nothing here. Thrown from a future, it would hold up
/// the futures after it.
fn report(thrown: &JsValue) {
    // Browsers have the function since 2021; elsewhere there is nobody to tell.
    let _ = report_error(thrown);
}

/// One file on its way.
#[wasm_bindgen(skip_typescript)]
pub struct Upload {
    inner: Rc<Inner>,
}

impl Upload {
    pub(super) fn new(inner: Rc<Inner>) -> Self {
        Self { inner }
    }
}

#[wasm_bindgen]
impl Upload {
    /// Unique within the page.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> String {
        self.inner.id.0.to_string()
    }

    /// The file.
    #[wasm_bindgen(getter)]
    pub fn file(&self) -> File {
        self.inner.file.clone()
    }

    /// The object's key, once known.
    #[wasm_bindgen(getter)]
    pub fn key(&self) -> Option<String> {
        self.inner.key.borrow().clone()
    }

    /// The `id` that it has in `pending()` of another page. For the entries, which keep its file under it.
    #[wasm_bindgen(getter)]
    pub fn fingerprint(&self) -> Option<String> {
        let shared = &self.inner.shared;
        shared.driver().look(|engine| engine.upload(self.inner.id)?.fingerprint().map(String::from))
    }

    /// Where it is.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> String {
        self.inner.state().as_str().into()
    }

    /// The latest progress.
    #[wasm_bindgen(getter)]
    pub fn progress(&self) -> JsValue {
        self.inner.snapshot().map_or_else(|| Fields::new().build(), |snapshot| events::progress(&snapshot))
    }

    /// Why it failed, in state `failed`.
    #[wasm_bindgen(getter)]
    pub fn error(&self) -> JsValue {
        match (&*self.inner.ended.borrow(), self.inner.state()) {
            (Some(Err(error)), State::Failed) => error.clone(),
            _ => JsValue::UNDEFINED,
        }
    }

    /// Settles when it is done, failed or cancelled. A new promise after a failed upload was resumed.
    #[wasm_bindgen(getter)]
    pub fn finished(&self) -> Promise {
        let mut finished = self.inner.finished.borrow_mut();
        let settling = finished.get_or_insert_with(|| {
            let settling = Settling::new();
            if let Some(outcome) = &*self.inner.ended.borrow() {
                settling.settle(outcome);
            }
            settling
        });
        settling.promise.clone()
    }

    /// Listens; returns its own unsubscribe.
    pub fn on(&self, event: String, listener: &JsValue) -> Result<Function, JsValue> {
        let refuse =
            |what: &str, expected: &str| Err(error::to_js(&bad_value(Operation::Add, what, expected)));
        if !EVENTS.contains(&event.as_str()) {
            return refuse("the event", &["one of ", &EVENTS.join(", ")].concat());
        }
        let Some(listener) = listener.dyn_ref::<Function>().cloned() else {
            return refuse("the listener", "a function");
        };
        let token = self.inner.next_token.get();
        self.inner.next_token.set(token + 1);
        self.inner.listeners.borrow_mut().push(Listener { token, event, call: listener });
        let inner = Rc::downgrade(&self.inner);
        let off = Closure::<dyn Fn()>::new(move || {
            if let Some(inner) = inner.upgrade() {
                inner.listeners.borrow_mut().retain(|l| l.token != token);
            }
        })
        .into_js_value();
        Ok(off.unchecked_into())
    }

    /// Aborts the requests in flight.
    pub fn pause(&self) {
        self.inner.shared.driver().tell(self.inner.id, Input::Pause);
    }

    /// Goes on, or tries a failed upload again.
    pub fn resume(&self) {
        let driver = self.inner.shared.driver();
        // A promise that nobody has rejected yet stays, for the attempt that begins now.
        if !driver.is_disposed()
            && self.inner.state() == State::Failed
            && self.inner.cancelling.borrow().is_none()
            && self.inner.ended.take().is_some()
        {
            self.inner.finished.take();
        }
        driver.tell(self.inner.id, Input::Resume);
    }

    /// Stops, removes the unfinished upload at the store and forgets it; what cannot be removed stays in `pending()`.
    pub fn cancel(&self) -> Promise {
        let state = self.inner.state();
        if matches!(state, State::Done | State::Cancelled) || self.inner.shared.driver().is_disposed() {
            return Promise::resolve(&JsValue::UNDEFINED);
        }
        let promise = self.inner.cancelling.borrow_mut().get_or_insert_with(Settling::new).promise.clone();
        self.inner.shared.driver().tell(self.inner.id, Input::Cancel);
        promise
    }
}
