//! The `Uploader` class.

use super::js::{Fields, get, pairs, text};
use super::options::{self, Options};
use super::page::JsPage;
use super::upload::{Inner, Settling, Upload};
use super::{error, worker_source};
use crate::browser::driver::Driver;
use crate::browser::random::random;
use crate::browser::storage::Records;
use crate::browser::worker::Hasher;
use crate::browser::{clock, online};
use crate::core::backend::Target;
use crate::core::checkpoint::{self, Header};
use crate::core::config::{bad_option, bad_value};
use crate::core::engine::{Engine, UploadId};
use crate::core::error::{Code, Operation, UploadError};
use crate::core::fingerprint::{FileInfo, destination_id};
use crate::core::naming::unique_key;
use crate::core::store::check_key;
use crate::core::upload::{Event, State};
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::File;

struct Known {
    inner: Rc<Inner>,
    /// The one handle the page has, so that `uploads` gives the same objects each time.
    handle: JsValue,
}

/// What an uploader and its uploads share.
pub struct Shared {
    driver: OnceCell<Rc<Driver>>,
    /// In the order of their ids, which only grow.
    uploads: RefCell<Vec<Known>>,
    /// Unfinished uploads of earlier pages on their way out, and who waits for that.
    discarding: RefCell<Vec<(UploadId, Settling)>>,
    /// What was added waits to be begun.
    will_pump: Cell<bool>,
    /// Makes the keys of files that are given none.
    key: Option<JsValue>,
}

impl Shared {
    /// Set by the constructor before anybody can ask.
    pub fn driver(&self) -> &Rc<Driver> {
        match self.driver.get() {
            Some(driver) => driver,
            None => wasm_bindgen::throw_str("uploader without a driver"),
        }
    }

    /// Passes an event on, and lets go of what has ended for good.
    pub fn event(&self, id: UploadId, event: &Event) {
        if let Some(inner) = self.known(id) {
            inner.event(event);
        }
        if matches!(event, Event::Done(_) | Event::State { state: State::Cancelled, .. }) {
            // Meanwhile a listener may have added others, and disposed of all.
            let mut uploads = self.uploads.borrow_mut();
            if let Ok(at) = uploads.binary_search_by_key(&id, |known| known.inner.id) {
                uploads.remove(at);
            }
            drop(uploads);
            self.driver().remove(id);
        }
        self.discarded(id, event);
    }

    fn known(&self, id: UploadId) -> Option<Rc<Inner>> {
        let uploads = self.uploads.borrow();
        let at = uploads.binary_search_by_key(&id, |known| known.inner.id).ok()?;
        uploads.get(at).map(|known| known.inner.clone())
    }

    /// Tells whoever waits for an unfinished upload to be removed.
    fn discarded(&self, id: UploadId, event: &Event) {
        let outcome = match event {
            Event::State { state: State::Cancelled, .. } => Ok(JsValue::UNDEFINED),
            Event::Failed(failure) => Err(error::to_js(failure)),
            _ => return,
        };
        let waiting: Vec<_> = self.discarding.borrow_mut().extract_if(.., |(of, _)| *of == id).collect();
        for (_, gone) in waiting {
            self.driver().remove(id);
            gone.settle(&outcome);
        }
    }
}

/// Uploads files; all of its uploads share one pool of connections.
#[wasm_bindgen(skip_typescript)]
pub struct Uploader {
    shared: Rc<Shared>,
}

#[wasm_bindgen]
impl Uploader {
    /// Reads and checks the options.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Uploader, JsValue> {
        if !Reflect::has(&js_sys::global(), &"XMLHttpRequest".into()).unwrap_or(false) {
            let error = bad_value(Operation::Configure, "the place to upload from", "a browser window");
            let error = error.hint("Importing partwise on a server is fine; make uploaders in the page.");
            return Err(error::to_js(&error));
        }
        let options = options::read(options).map_err(|e| error::to_js(&e))?;
        let Options { config, backend, signer, functions, memory_only, guard_unload, workers, key } = options;
        let shared = Rc::new(Shared {
            driver: OnceCell::new(),
            uploads: RefCell::default(),
            discarding: RefCell::default(),
            will_pump: Cell::new(false),
            key,
        });
        let engine = Engine::new(config, backend, signer, online::is_online(), random());
        let records = if memory_only { Records::memory() } else { Records::local() };
        let weak = Rc::downgrade(&shared);
        let hasher = Hasher::shared(worker_source(workers.url), workers.most, move |why| {
            if let Some(shared) = weak.upgrade() {
                shared.worker_lost(why);
            }
        });
        let page = Rc::new(JsPage { functions, shared: Rc::downgrade(&shared) });
        let driver = Driver::new(engine, page, records, hasher, guard_unload);
        // Nothing was set before: the cell was made above.
        let _ = shared.driver.set(driver);
        Ok(Self { shared })
    }

    /// Takes a file.
    pub fn add(&self, file: &JsValue, options: &JsValue) -> Result<JsValue, JsValue> {
        self.add_file(file, options).map_err(|e| error::to_js(&e))
    }

    /// Everything added and not finished, oldest first.
    #[wasm_bindgen(getter)]
    pub fn uploads(&self) -> Array {
        self.shared.uploads.borrow().iter().map(|known| known.handle.clone()).collect()
    }

    /// Uploads an earlier page left unfinished at this destination.
    pub fn pending(&self) -> Promise {
        let shared = self.shared.clone();
        future_to_promise(async move {
            JsFuture::from(shared.driver().records().recovered()).await.ok();
            Ok(shared.pending().into())
        })
    }

    /// Removes one of them at the store and here.
    pub fn discard(&self, id: &JsValue) -> Promise {
        let shared = self.shared.clone();
        let id =
            id.as_string().ok_or_else(|| bad_value(Operation::Abort, "id", "a string that pending() gave"));
        future_to_promise(async move {
            let id = id.map_err(|e| error::to_js(&e))?;
            shared.in_use(Operation::Abort).map_err(|e| error::to_js(&e))?;
            JsFuture::from(shared.driver().records().recovered()).await.ok();
            let header = shared.stored().into_iter().map(|(h, _)| h).find(|h| h.fingerprint.as_str() == id);
            let started = header.and_then(|header| shared.driver().discard(&header));
            let Some(started) = started else { return Ok(JsValue::UNDEFINED) };
            let gone = Settling::new();
            let promise = gone.promise.clone();
            shared.discarding.borrow_mut().push((started, gone));
            shared.driver().pump();
            JsFuture::from(promise).await
        })
    }

    /// Stops everything; unfinished uploads stay resumable.
    pub fn dispose(&self) {
        if self.shared.driver().is_disposed() {
            return;
        }
        self.shared.driver().dispose();
        for known in self.shared.uploads.take() {
            known
                .inner
                .dispose(error::cancelled("the uploader was disposed; the upload can be resumed later"));
        }
        for (_, gone) in self.shared.discarding.take() {
            gone.settle(&Err(error::cancelled("the uploader was disposed before the upload was removed")));
        }
    }
}

impl Uploader {
    fn add_file(&self, file: &JsValue, options: &JsValue) -> Result<JsValue, UploadError> {
        let driver = self.shared.driver();
        self.shared.in_use(Operation::Add)?;
        let file = file.dyn_ref::<File>();
        let file = file.ok_or_else(|| bad_value(Operation::Add, "what is added", "a File"))?.clone();
        if let Some(given) = options.dyn_ref::<Object>() {
            for name in Object::keys(given).iter().filter_map(|name| name.as_string()) {
                if !["key", "metadata", "contentType", "handle"].contains(&name.as_str()) {
                    return Err(bad_option(&name, "left out: add() has no such option"));
                }
            }
        }
        let now = clock::now();
        let name = file.name();
        let asked = self.key_for(&file, options)?;
        let key_is_explicit = asked.is_some();
        let key = match asked {
            Some(key) => key,
            None if driver.look(Engine::keeps_keys) => unique_key(now.wall, random(), &name),
            None => name.clone(),
        };
        check_key(&key)?;
        let info = FileInfo {
            name,
            size: file.size() as u64,
            last_modified: file.last_modified().max(0.0) as u64,
            mime: match get(options, "contentType") {
                None => file.type_(),
                Some(mime) => mime.as_string().ok_or_else(|| bad_option("contentType", "a string"))?,
            },
        };
        let metadata = get(options, "metadata").map(|metadata| pairs(&metadata)).unwrap_or_default();
        let path = if driver.look(Engine::tells_paths) { path_of(&file) } else { None };
        let target = Target { file: info, key, key_is_explicit, metadata, path };
        let id = driver.add(file.clone(), target, now)?;
        let inner = Rc::new(Inner::new(id, file, self.shared.clone()));
        let handle = JsValue::from(Upload::new(inner.clone()));
        self.shared.uploads.borrow_mut().push(Known { inner, handle: handle.clone() });
        self.pump_soon();
        Ok(handle)
    }

    /// The key asked for: that of the file, or what the function for all files says.
    fn key_for(&self, file: &File, options: &JsValue) -> Result<Option<String>, UploadError> {
        let Some(key) = get(options, "key").or_else(|| self.shared.key.clone()) else { return Ok(None) };
        let refused = || bad_option("key", "a string, or a function that returns one");
        let key = match key.dyn_ref::<Function>() {
            Some(function) => function.call1(&JsValue::UNDEFINED, file).map_err(|thrown| {
                let mut refused = refused();
                refused.cause = Some(error::keep_thrown(&thrown));
                refused
            })?,
            None => key,
        };
        key.as_string().map(Some).ok_or_else(refused)
    }

    /// Not at once: the page has yet to listen. Once for however many files it adds.
    fn pump_soon(&self) {
        if self.shared.will_pump.replace(true) {
            return;
        }
        let shared = Rc::downgrade(&self.shared);
        spawn_local(async move {
            if let Some(shared) = shared.upgrade() {
                shared.will_pump.set(false);
                shared.driver().pump();
            }
        });
    }
}

/// Where it lies in the folder that was chosen.
fn path_of(file: &File) -> Option<String> {
    // The first is what pages and other libraries give to files of a folder that was dropped.
    ["relativePath", "webkitRelativePath"]
        .into_iter()
        .find_map(|name| text(file, name).filter(|path| !path.is_empty()))
}

impl Shared {
    fn in_use(&self, operation: Operation) -> Result<(), UploadError> {
        if self.driver().is_disposed() {
            return Err(UploadError::new(Code::BadOption, operation, "this uploader was disposed")
                .hint("Make a new one with createUploader()."));
        }
        Ok(())
    }

    fn stored(&self) -> Vec<(Header, u64)> {
        let driver = self.driver();
        let ours = driver.look(|engine| destination_id(&engine.config().destination));
        let age = driver.look(|engine| engine.config().expire_after);
        let records = driver.records().load(checkpoint::PREFIX);
        let now = clock::now().wall;
        let mut headers = checkpoint::headers(&records);
        headers.retain(|(h, _)| h.destination == ours && now.0.saturating_sub(h.created.0) < age.0);
        headers
    }

    /// The unfinished uploads no upload of this page is about.
    fn pending(&self) -> Array {
        let active: Vec<String> =
            self.uploads.borrow().iter().filter_map(|known| known.inner.upload_id()).collect();
        self.stored()
            .iter()
            .filter(|(header, _)| !active.contains(&header.upload_id))
            .map(|(header, loaded)| {
                Fields::new()
                    .with("id", header.fingerprint.as_str())
                    .with("name", header.name.as_str())
                    .with("size", header.size as f64)
                    .with("lastModified", header.last_modified as f64)
                    .with("key", header.key.as_str())
                    .with("loaded", *loaded as f64)
                    .with("created", header.created.0 as f64)
                    .build()
            })
            .collect()
    }

    fn worker_lost(&self, why: String) {
        let event = Event::Warning {
            code: "worker-unavailable",
            message: why,
            hint: "Hashing goes on in the page. Allow worker-src blob: in the content security policy, or serve the \
                   worker and set workerUrl.",
        };
        let all: Vec<_> = self.uploads.borrow().iter().map(|known| known.inner.clone()).collect();
        for inner in all {
            inner.event(&event);
        }
    }
}
