//! One running worker: its script, its messages, its end.

use super::{Job, WorkerSource};
use crate::browser::worker_exports::number_of;
use crate::browser::{
    callback::{name_of, text},
    listener::Listener,
};
use crate::core::hash::{Digests, Md5Hasher, Piece, Wanted};
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, MessageEvent, Url, Worker};

/// What a worker has to say.
pub(super) enum Report {
    Ready,
    /// The answer to a ping.
    Alive,
    Progress {
        job: u32,
        loaded: u64,
    },
    /// The next piece.
    Piece {
        job: u32,
        piece: RawPiece,
    },
    /// The file cannot be read: the exception's name.
    Failed {
        job: u32,
        name: String,
    },
    /// It will say nothing more, and why.
    Died(String),
}

/// A piece as the worker tells of it.
pub(super) struct RawPiece {
    index: usize,
    digests: String,
    whole: Option<Vec<u8>>,
}

impl RawPiece {
    /// `None` for what is no piece.
    pub(super) fn read(&self, wanted: Wanted) -> Option<Piece> {
        let whole = match &self.whole {
            Some(bytes) => Some(Md5Hasher::from_bytes(bytes.as_slice().try_into().ok()?)),
            None => None,
        };
        Some(Piece { index: self.index, digests: Digests::from_hex(&self.digests, wanted)?, whole })
    }
}

/// A worker with our script. Dropping it ends the worker.
pub(super) struct Process {
    worker: Worker,
    _listeners: [Listener; 2],
    _script: Option<BlobUrl>,
}

impl Process {
    /// Starts a worker and hands it the compiled module. A script that cannot be loaded is reported as `Died`, or never.
    pub(super) fn spawn(source: &WorkerSource, heard: impl Fn(Report) + 'static) -> Result<Self, String> {
        let (url, script) = match source {
            WorkerSource::Url(url) => (url.clone(), None),
            WorkerSource::Code(code) => {
                let script = BlobUrl::of(code).map_err(|thrown| message_of(&thrown))?;
                (script.0.clone(), Some(script))
            }
        };
        let worker = Worker::new(&url).map_err(|thrown| message_of(&thrown))?;
        let heard: Rc<dyn Fn(Report)> = Rc::new(heard);
        let listeners = [
            Listener::new(&worker, &["message"], {
                let heard = heard.clone();
                move |event| {
                    if let Some(report) = read(&event.unchecked_ref::<MessageEvent>().data()) {
                        heard(report);
                    }
                }
            }),
            Listener::new(&worker, &["error", "messageerror"], died(&heard)),
        ];
        let process = Self { worker, _listeners: listeners, _script: script };
        process
            .post(&[("type", "init".into()), ("module", wasm_bindgen::module())])
            .map_err(|thrown| message_of(&thrown))?;
        Ok(process)
    }

    pub(super) fn hash(&self, job: &Job) {
        let pair = |start: u64, end: u64| Array::of2(&(start as f64).into(), &(end as f64).into());
        let reading = &job.reading;
        let ranges: Array = reading.ranges.iter().map(|range| pair(range.start, range.end)).collect();
        let after = reading.after.as_ref().map(|whole| Uint8Array::from(&whole.to_bytes()[..]));
        // Blobs and numbers can always be cloned.
        let _ = self.post(&[
            ("type", "hash".into()),
            ("job", job.id.into()),
            ("blob", (&job.file).into()),
            ("ranges", ranges.into()),
            ("every", (reading.every as f64).into()),
            ("wanted", number_of(reading.wanted).into()),
            ("after", after.into()),
            ("ahead", reading.ahead.into()),
        ]);
    }

    pub(super) fn cancel(&self, job: u32) {
        let _ = self.post(&[("type", "cancel".into()), ("job", job.into())]);
    }

    /// Asks for a sign of life: [`Report::Alive`].
    pub(super) fn ping(&self) {
        let _ = self.post(&[("type", "ping".into())]);
    }

    fn post(&self, fields: &[(&str, JsValue)]) -> Result<(), JsValue> {
        let message = Object::new();
        for (name, value) in fields {
            Reflect::set(&message, &(*name).into(), value)?;
        }
        self.worker.post_message(&message)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn died(heard: &Rc<dyn Fn(Report)>) -> impl FnMut(web_sys::Event) + 'static {
    let heard = heard.clone();
    move |event| {
        // It is dealt with here; the page's own error reporting need not hear of it.
        event.prevent_default();
        // A script that cannot be loaded fires a plain event without a message.
        let message = text(&event, "message");
        heard(Report::Died(message.unwrap_or_else(|| "the worker script could not be loaded".to_owned())));
    }
}

fn read(message: &JsValue) -> Option<Report> {
    let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
    let kind = field("type").as_string()?;
    if kind == "ready" {
        return Some(Report::Ready);
    }
    if kind == "pong" {
        return Some(Report::Alive);
    }
    let job = field("job").as_f64()? as u32;
    match kind.as_str() {
        "progress" => Some(Report::Progress { job, loaded: field("loaded").as_f64()? as u64 }),
        "piece" => {
            let whole = field("whole").dyn_into::<Uint8Array>().ok();
            let index = field("index").as_f64()? as usize;
            let digests = field("digests").as_string()?;
            Some(Report::Piece {
                job,
                piece: RawPiece { index, digests, whole: whole.map(|bytes| bytes.to_vec()) },
            })
        }
        "failed" => Some(Report::Failed { job, name: field("name").as_string()? }),
        _ => None,
    }
}

fn message_of(thrown: &JsValue) -> String {
    text(thrown, "message").unwrap_or_else(|| name_of(thrown))
}

/// Revoked when dropped.
struct BlobUrl(String);

impl BlobUrl {
    fn of(code: &str) -> Result<Self, JsValue> {
        let options = web_sys::BlobPropertyBag::new();
        options.set_type("text/javascript");
        let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&code.into()), &options)?;
        Url::create_object_url_with_blob(&blob).map(Self)
    }
}

impl Drop for BlobUrl {
    fn drop(&mut self) {
        let _ = Url::revoke_object_url(&self.0);
    }
}
