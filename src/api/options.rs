//! Reads the options of `new Uploader(options)`: every name is known, exactly one backend is chosen.

mod form;
mod store;

use super::js::{function, get, number, text};
use crate::browser::worker::workers_of;
use crate::core::backend::Backend;
use crate::core::backend::callbacks::Callbacks;
use crate::core::backend::companion::Companion;
use crate::core::backend::direct::LocalSigner;
use crate::core::config::{Config, Identity, Instant, Raw, RawOptions, Verify, bad_option, bad_value};
use crate::core::error::{Operation, UploadError};
use crate::core::store::{Kind, Limits};
use crate::core::text::nearest::nearest;
use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

/// Everything an uploader is made of.
pub struct Options {
    pub config: Config,
    pub backend: Backend,
    pub signer: Option<LocalSigner>,
    pub functions: Functions,
    pub memory_only: bool,
    pub guard_unload: bool,
    pub workers: Workers,
    /// Makes the keys of files that are given none.
    pub key: Option<JsValue>,
}

/// The page's functions and objects that are asked later.
#[derive(Default)]
pub struct Functions {
    pub sign_request: Option<Function>,
    /// The option `backend` or `form`.
    pub backend: Option<JsValue>,
    pub credentials: Option<Function>,
    /// An object, or a function that gives one.
    pub headers: Option<JsValue>,
    pub with_credentials: bool,
}

impl Functions {
    fn read_headers(&mut self, options: &JsValue) -> Result<(), UploadError> {
        self.headers = get(options, "headers");
        if self.headers.as_ref().is_some_and(|headers| !headers.is_object() && !headers.is_function()) {
            return Err(bad_option("headers", "an object of strings, or a function that gives one"));
        }
        self.with_credentials = truth("withCredentials", options, false)?;
        Ok(())
    }
}

const KNOWN: [&str; 27] = [
    "endpoint",
    "headers",
    "withCredentials",
    "signRequest",
    "kind",
    "key",
    "overwrite",
    "backend",
    "store",
    "form",
    "partSize",
    "parallel",
    "hash",
    "instant",
    "verify",
    "storage",
    "keepCopy",
    "maxCopySize",
    "expireAfter",
    "retryFor",
    "stallTimeout",
    "replyTimeout",
    "offlineTimeout",
    "guardUnload",
    "workerUrl",
    "hashWorkers",
    "destination",
];

const BACKENDS: [&str; 5] = ["endpoint", "signRequest", "backend", "store", "form"];

const CALLBACKS: [&str; 5] =
    ["createMultipartUpload", "signPart", "listParts", "completeMultipartUpload", "abortMultipartUpload"];

/// More of them only take memory.
const MAX_WORKERS: usize = 16;

/// Reads and checks the options.
pub fn read(options: &JsValue) -> Result<Options, UploadError> {
    let object =
        options.dyn_ref::<Object>().ok_or_else(|| bad_value(Operation::Configure, "options", "an object"))?;
    only(object, "", &KNOWN)?;
    let chosen: Vec<&str> = BACKENDS.into_iter().filter(|name| get(options, name).is_some()).collect();
    let [chosen] = chosen.as_slice() else {
        return Err(bad_option(
            "endpoint, signRequest, backend, store or form",
            "given, exactly one of them",
        ));
    };
    let mut functions = Functions::default();
    let mut signer = None;
    let (backend, destination) = match *chosen {
        "endpoint" => {
            let endpoint = address(options, "endpoint").filter(|address| is_address(address));
            let endpoint = endpoint.ok_or_else(|| {
                bad_option(
                    "endpoint",
                    "the address of the signing routes, such as \"/s3\" or \"https://host/s3\"",
                )
            })?;
            functions.read_headers(options)?;
            (Backend::Companion(Companion::new(&endpoint)), endpoint)
        }
        "signRequest" => {
            let sign = function(options, "signRequest");
            functions.sign_request = Some(sign.ok_or_else(|| bad_option("signRequest", "a function"))?);
            (Backend::Direct(store::kind(options, "kind")?), String::from("default"))
        }
        "backend" => {
            let backend = get(options, "backend").unwrap_or_default();
            for name in CALLBACKS {
                if function(&backend, name).is_none() {
                    let mut full = String::from("backend.");
                    full.push_str(name);
                    return Err(bad_option(&full, "a function"));
                }
            }
            let has = |name| function(&backend, name).is_some();
            let callbacks = Callbacks {
                has_object: has("getUploadParameters"),
                has_batch: has("signParts"),
                has_find: has("findExisting"),
            };
            functions.backend = Some(backend);
            (Backend::Callbacks(callbacks), String::from("default"))
        }
        "form" => {
            let form = get(options, "form").unwrap_or_default();
            functions.read_headers(options)?;
            let read = form::read(&form)?;
            let destination = read.target.clone();
            functions.backend = Some(form);
            (Backend::Form(Box::new(read)), destination)
        }
        _ => {
            let store = store::read(&get(options, "store").unwrap_or_default())?;
            let (backend, destination) = (Backend::Direct(store.bucket.kind), store.destination());
            signer = Some(LocalSigner::new(store.bucket).signing_as(store.scheme));
            functions.credentials = Some(store.credentials);
            (backend, destination)
        }
    };
    for (name, with) in [
        ("headers", ["endpoint", "form"].as_slice()),
        ("withCredentials", &["endpoint", "form"]),
        ("kind", &["signRequest"]),
        // Elsewhere it is the server that says where objects go.
        ("overwrite", &["signRequest", "store"]),
        // Chunk endpoints tell no ETags, and of content that they have by themselves.
        ("verify", &["endpoint", "signRequest", "backend", "store"]),
        ("instant", &["endpoint", "signRequest", "backend", "store"]),
        // They know by themselves what they have.
        ("keepCopy", &["endpoint", "signRequest", "backend", "store"]),
    ] {
        if !with.contains(chosen) && get(options, name).is_some() {
            return Err(bad_option(
                name,
                &["left out: it goes with ", &with.join(" and "), " only"].concat(),
            ));
        }
    }
    let destination = match get(options, "destination") {
        None => destination,
        Some(name) => name.as_string().ok_or_else(|| bad_option("destination", "a string"))?,
    };
    let raw = |name: &str| {
        let value = get(options, name)?;
        Some(match (value.as_f64(), value.as_string()) {
            (Some(number), _) => Raw::Number(number),
            (None, Some(word)) => Raw::Word(word),
            (None, None) => Raw::Other,
        })
    };
    let raw = RawOptions {
        part_size: raw("partSize"),
        parallel: raw("parallel"),
        hash: raw("hash"),
        instant: raw("instant"),
        verify: raw("verify"),
        expire_after: raw("expireAfter"),
        retry_for: raw("retryFor"),
        stall_timeout: raw("stallTimeout"),
        reply_timeout: raw("replyTimeout"),
        offline_timeout: raw("offlineTimeout"),
    };
    let limits = match &backend {
        Backend::Direct(kind) => kind.limits(),
        Backend::Companion(_) => Limits::S3,
        // The page's own functions know what their store takes; not all of them ask for 5 MiB.
        Backend::Callbacks(_) => Limits { min_part: 1, ..Limits::S3 },
        // Many servers take bodies of a few megabytes only.
        Backend::Form(_) => Limits { min_part: 1, auto_part: 1024 * 1024, ..Limits::S3 },
    };
    let crc64 = match (&backend, &signer) {
        // AWS tells one of every object; what else speaks S3 mostly does not.
        (Backend::Direct(Kind::S3), Some(signer)) if signer.is_at_vendor() => Some(Kind::S3.crc64()),
        (Backend::Direct(Kind::S3), _) => None,
        (Backend::Direct(kind), _) => Some(kind.crc64()),
        _ => None,
    };
    check_keeping(options)?;
    let overwrite = truth("overwrite", options, true)?;
    let mut config = Config { overwrite, crc64, ..Config::new(&raw, destination, limits)? };
    if backend.as_form().is_some() {
        config.verify = Verify::Off;
    }
    if config.instant != Instant::Off {
        if config.identity != Identity::Md5 {
            return Err(bad_option("hash", "\"md5\" with instant: content is looked for by it"));
        }
        if !backend.finds() {
            return Err(bad_option("instant", "\"off\" without backend.findExisting"));
        }
    }
    Ok(Options {
        config,
        backend,
        signer,
        functions,
        memory_only: match get(options, "storage").map(|s| s.as_string()) {
            None => false,
            Some(Some(word)) if word == "local" => false,
            Some(Some(word)) if word == "memory" => true,
            Some(_) => return Err(bad_option("storage", "one of \"local\", \"memory\"")),
        },
        guard_unload: truth("guardUnload", options, false)?,
        key: match get(options, "key") {
            Some(key) if !key.is_function() => {
                return Err(bad_option("key", "a function that returns a string"));
            }
            key => key,
        },
        workers: read_workers(options)?,
    })
}

/// Of files that are kept for a page to come, which `pkg-template/keep` does.
fn check_keeping(options: &JsValue) -> Result<(), UploadError> {
    let how = get(options, "keepCopy").map(|how| how.as_string().unwrap_or_default());
    let is_absent = how.is_none();
    if how.is_some_and(|how| !["off", "opfs"].contains(&how.as_str())) {
        return Err(bad_option("keepCopy", "one of \"off\", \"opfs\""));
    }
    match get(options, "maxCopySize").map(|most| most.as_f64().unwrap_or(-1.0)) {
        None => Ok(()),
        Some(_) if is_absent => Err(bad_option("maxCopySize", "left out: it goes with keepCopy only")),
        Some(most) if most >= 0.0 => Ok(()),
        Some(_) => Err(bad_option("maxCopySize", "a number of bytes")),
    }
}

/// Who hashes.
pub struct Workers {
    /// Where the script is; else as the entry file says.
    pub url: Option<String>,
    /// How many of them at most.
    pub most: usize,
}

/// `workerUrl` and `hashWorkers`.
pub fn read_workers(options: &JsValue) -> Result<Workers, UploadError> {
    let url = address(options, "workerUrl");
    if url.is_none() && get(options, "workerUrl").is_some() {
        return Err(bad_option("workerUrl", "a string or a URL"));
    }
    let most = match get(options, "hashWorkers") {
        Some(value) if value.as_string().as_deref() != Some("auto") => {
            let count = number(options, "hashWorkers").and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| (1..=MAX_WORKERS).contains(count));
            count.ok_or_else(|| bad_option("hashWorkers", "\"auto\", or a number from 1 to 16"))?
        }
        _ => {
            let navigator = get(&js_sys::global(), "navigator").unwrap_or_default();
            workers_of(get(&navigator, "hardwareConcurrency").and_then(|count| count.as_f64()).unwrap_or(1.0))
        }
    };
    Ok(Workers { url, most })
}

/// Refuses properties that nobody reads: most of them are another option, misspelt.
pub fn only(object: &Object, prefix: &str, known: &[&str]) -> Result<(), UploadError> {
    let unknown = |name: &String| !known.contains(&name.as_str());
    match Object::keys(object).iter().filter_map(|name| name.as_string()).find(unknown) {
        Some(name) => {
            let mut expected = String::from("left out: there is no such option");
            if let Some(meant) = nearest(&name, known) {
                expected.push_str("; did you mean ");
                expected.push_str(meant);
                expected.push('?');
            }
            Err(bad_option(&[prefix, &name].concat(), &expected))
        }
        None => Ok(()),
    }
}

/// A string, or a `URL` object.
fn address(options: &JsValue, name: &str) -> Option<String> {
    text(options, name).or_else(|| text(&get(options, name)?, "href"))
}

/// A path, or a whole address; `localhost:3020/s3` is neither, though it looks like one.
fn is_address(text: &str) -> bool {
    let before_path = text.split('/').next().unwrap_or_default();
    let is_whole = text.starts_with("http://") || text.starts_with("https://");
    !text.is_empty() && (is_whole || !before_path.contains(':'))
}

fn truth(name: &str, options: &JsValue, default: bool) -> Result<bool, UploadError> {
    match get(options, name) {
        None => Ok(default),
        Some(value) => value.as_bool().ok_or_else(|| bad_option(name, TRUTH)),
    }
}

const TRUTH: &str = "true or false";
