//! What one contender has sent so far: counted, and kept as the ranges that arrived whole.

use crate::{
    content::{FileNumber, Span},
    digests::Md5Digest,
    journal::{Journal, now},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// What is expected, as `POST /bench/reset` tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// The files that ought to arrive.
    #[serde(default)]
    pub files: Vec<PlannedFile>,
    /// The origin under which pages reach the store: what signed URLs begin with.
    #[serde(default)]
    pub store: String,
    /// Requests that the store serves at a time; it answers 503 to others. All when left out.
    #[serde(default)]
    pub at_once: Option<usize>,
}

/// What is to be hashed, as `POST /bench/prepare` tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preparation {
    /// Of these files.
    pub files: Vec<PlannedFile>,
    /// Parts of these sizes, bytes.
    pub part_sizes: Vec<u64>,
}

/// A file that ought to arrive.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFile {
    /// Its number.
    pub number: u32,
    /// Bytes.
    pub size: u64,
}

/// What `GET /bench/stats` tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Those that have ended, by method.
    pub requests: BTreeMap<String, u64>,
    /// Bytes of content that arrived, of refused and of broken requests too.
    pub content_bytes: u64,
    /// When the first of them did: milliseconds since 1970, with fractions.
    pub first_byte: Option<f64>,
    /// Requests that were answered 503.
    pub refused: u64,
    /// Bodies that were not what they ought to be, and uploads that were completed with holes.
    pub wrong: u64,
    /// Expected files of which the whole content is stored.
    pub right: usize,
    /// Bytes that the sink had to hash while they arrived, since it was started.
    pub hashed_bytes: u64,
}

/// An upload in parts.
#[derive(Debug, Default)]
pub struct Upload {
    /// Where the object will be.
    pub key: String,
    /// The parts that have arrived whole.
    pub parts: BTreeMap<u32, Part>,
}

/// A part that has arrived whole.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it holds.
    pub span: Span,
    /// Its ETag.
    pub md5: Md5Digest,
}

/// An upload by tus.
#[derive(Debug, Default)]
pub struct Resumable {
    /// Bytes.
    pub length: u64,
    /// What has arrived.
    pub span: Option<Span>,
    /// Part of another one.
    pub partial: bool,
}

impl Resumable {
    /// Bytes that have arrived.
    pub fn offset(&self) -> u64 {
        self.span.as_ref().map_or(0, |span| span.bytes.end - span.bytes.start)
    }
}

/// Everything that is stored.
#[derive(Debug, Default)]
pub struct Stored {
    last_id: u64,
    /// By upload id.
    pub uploads: HashMap<String, Upload>,
    /// Sizes and ETags, by key.
    pub objects: HashMap<String, (u64, String)>,
    /// By id.
    pub resumables: HashMap<String, Resumable>,
    /// Of simple-uploader, by identifier and number.
    pub chunks: HashMap<String, BTreeMap<u32, Span>>,
    /// What is whole in its store's eyes.
    pub whole: Vec<Span>,
}

impl Stored {
    /// An id that no other upload has.
    pub fn new_id(&mut self) -> String {
        self.last_id += 1;
        format!("upload-{}", self.last_id)
    }
}

/// One contender's.
#[derive(Debug, Default)]
pub struct World {
    /// What is expected.
    pub plan: Plan,
    /// What was asked.
    pub journal: Journal,
    stored: Mutex<Stored>,
    content_bytes: AtomicU64,
    /// Microseconds since 1970; 0 before.
    first_byte: AtomicU64,
    served: AtomicUsize,
    refused: AtomicU64,
    wrong: AtomicU64,
}

impl World {
    /// In which nothing has arrived yet.
    pub fn new(plan: Plan) -> Self {
        Self { plan, ..Self::default() }
    }

    /// What is stored.
    pub fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes of content.
    pub fn count_content(&self, bytes: usize) {
        if bytes > 0 && self.content_bytes.fetch_add(bytes as u64, Ordering::Relaxed) == 0 {
            self.first_byte.store((now() * 1000.0) as u64, Ordering::Relaxed);
        }
    }

    /// Counts content that is not what it ought to be.
    pub fn count_wrong(&self) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether one more request may be served, for as long as the pass is kept.
    pub fn admit(&self) -> Option<Pass<'_>> {
        let pass = Pass(&self.served);
        let before = self.served.fetch_add(1, Ordering::SeqCst);
        if self.plan.at_once.is_some_and(|most| before >= most) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(pass)
    }

    /// What became of it.
    pub fn stats(&self, hashed_bytes: u64) -> Stats {
        let whole = &self.stored().whole;
        let is_whole = |file: &&PlannedFile| {
            FileNumber::new(file.number)
                .is_some_and(|number| whole.contains(&Span { file: number, bytes: 0..file.size }))
        };
        let first_byte = self.first_byte.load(Ordering::Relaxed);
        Stats {
            requests: self.journal.counts(),
            content_bytes: self.content_bytes.load(Ordering::Relaxed),
            first_byte: (first_byte > 0).then_some(first_byte as f64 / 1000.0),
            refused: self.refused.load(Ordering::Relaxed),
            wrong: self.wrong.load(Ordering::Relaxed),
            right: self.plan.files.iter().filter(is_whole).count(),
            hashed_bytes,
        }
    }
}

/// A request that is being served.
pub struct Pass<'a>(&'a AtomicUsize);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
