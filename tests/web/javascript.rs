//! Code of a page, run against the classes it would use.

use crate::support::{echo, get};
use js_sys::{Array, Function, Promise};
use partwise::api::{Uploader, hash_file};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Page functions that keep nothing and send parts to the echo server, which answers with their MD5 as ETag.
const PAGE: &str = "
    const backend = (query = '') => ({
        createMultipartUpload: async (file, { key }) => ({ uploadId: 'U', key }),
        signPart: async () => ({ url: origin + '/?X-Amz-Signature=SECRET&' + query, expires: 60 }),
        listParts: async () => [],
        completeMultipartUpload: async () => ({ location: 'there' }),
        abortMultipartUpload: async () => { log.push('aborted'); },
    });
    const log = [];
    const options = (query) => ({ backend: backend(query), storage: 'memory', verify: 'off' });
    const url = (query = '') => ({ url: origin + '/?X-Amz-Signature=SECRET&' + query, expires: 60 });
    const file = (mebibytes, name = 'a.bin') => new File([new Uint8Array(mebibytes * 1048576)], name);
    const caught = async (promise) => { try { await promise; } catch (error) { return error; } };
    const until = async (holds) => { while (!(await holds())) await new Promise((go) => setTimeout(go, 5)); };
    const check = (condition, what) => { if (!condition) throw new Error('not so: ' + what + ' ' + log); };
    const seen = async (id) => (await fetch(origin + '/seen?id=' + id)).json();
";

/// Runs a page's code with `make(options)` for `new Uploader(options)`, and with `hashFile`.
pub async fn page(code: &str) {
    let make = wasm_bindgen::closure::Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(
        |options: JsValue| Uploader::new(&options).map(JsValue::from),
    );
    let body = ["return (async () => {", PAGE, code, "})()"].concat();
    let hash = wasm_bindgen::closure::Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(
        |file: JsValue, options: JsValue| hash_file(&file, &options),
    );
    let run = Function::new_with_args("make, origin, hashFile", &body);
    let arguments = Array::of3(make.as_ref(), &echo().await.into(), hash.as_ref());
    let promise: Promise = run.apply(&JsValue::UNDEFINED, &arguments).unwrap().unchecked_into();
    if let Err(thrown) = JsFuture::from(promise).await {
        panic!("{}", get(&thrown, "message").as_string().unwrap_or_default());
    }
}
