//! Turns callbacks into something a test can await, and JavaScript into one line.

use js_sys::{Array, Promise, Uint8Array};
use partwise::browser::clock;
use partwise::core::{
    hash::{Md5Digest, Md5Hasher},
    units::{ByteRange, Millis},
};
use std::{cell::RefCell, collections::VecDeque, fmt::Debug, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// How long anything may take before a test gives up.
const DEADLINE: Millis = Millis::from_secs(30);

/// What callbacks have reported so far.
pub struct Inbox<T>(Rc<RefCell<VecDeque<T>>>);

impl<T: 'static> Inbox<T> {
    pub fn new() -> Self {
        Self(Rc::default())
    }

    /// A callback that puts its argument here.
    pub fn put(&self) -> impl Fn(T) + 'static {
        let letters = self.0.clone();
        move |letter| letters.borrow_mut().push_back(letter)
    }

    pub fn try_next(&self) -> Option<T> {
        self.0.borrow_mut().pop_front()
    }

    pub async fn next(&self) -> T {
        let mut letter = None;
        until(async || {
            letter = self.try_next();
            letter.is_some()
        })
        .await;
        letter.unwrap()
    }

    pub fn assert_empty(&self)
    where
        T: Debug,
    {
        let letters = self.0.borrow();
        assert!(letters.is_empty(), "reported: {letters:?}");
    }
}

/// Waits until a condition holds, asking again and again.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let give_up = clock::now().mono + DEADLINE;
    while !holds().await {
        assert!(clock::now().mono < give_up, "waited {} s in vain", DEADLINE.0 / 1000);
        next_turn().await;
    }
}

/// Lets the browser do what is due.
pub async fn next_turn() {
    run_async("await new Promise((done) => setTimeout(done, 5))").await;
}

/// Runs statements of JavaScript.
pub fn run(code: &str) -> JsValue {
    js_sys::Function::new_no_args(code).call0(&JsValue::UNDEFINED).unwrap()
}

/// Runs statements of JavaScript that may `await`.
pub async fn run_async(code: &str) -> JsValue {
    let promise: Promise = run(&format!("return (async () => {{ {code} }})()")).unchecked_into();
    JsFuture::from(promise).await.unwrap()
}

pub fn get(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap()
}

/// Bytes that repeat only after a prime number of steps, so that no two slices are equal.
pub fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 65_521 % 251) as u8).collect()
}

pub fn blob(bytes: &[u8]) -> Blob {
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence(&parts).unwrap()
}

pub fn md5(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Md5Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

pub fn range(start: usize, end: usize) -> ByteRange {
    ByteRange { start: start as u64, end: end as u64 }
}

/// A file of 3 MiB on disk that was changed after it was chosen: browsers refuse to read it.
pub async fn changed_file() -> Blob {
    let file = run_async(
        "const folder = await navigator.storage.getDirectory();
         const handle = await folder.getFileHandle('changed.bin', { create: true });
         const write = async (bytes) => {
           const to = await handle.createWritable();
           await to.write(new Uint8Array(bytes));
           await to.close();
         };
         await write(3 << 20);
         const file = await handle.getFile();
         await write(1 << 20);
         return file;",
    );
    file.await.unchecked_into()
}

/// Takes back the browser's own `Worker`, which the test runner has wrapped to collect console output: its scripts are
/// imported by another script, which fails in other ways than a script that the browser loads.
pub fn unwrap_worker() {
    run("Worker = Worker.prototype.constructor");
}

/// The origin of the echo server that `scripts/test-web.mjs` has started.
pub async fn echo() -> String {
    let origin =
        run_async("const found = await fetch('/target/test-web/echo.json'); return found.ok && found.json()");
    origin.await.as_string().expect("an echo server: start these tests by `node scripts/test-web.mjs`")
}
