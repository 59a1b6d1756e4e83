//! The parts a store has confirmed, and their records.

use super::{Place, Record};
use crate::core::fingerprint::Fingerprint;
use crate::core::hash::Md5Digest;
use crate::core::store::{is_md5_etag, normalize_etag};
use crate::core::text::{percent_decode, percent_encode};
use crate::core::units::PartNumber;

/// Parts per record.
const SEGMENT: usize = 100;

/// The ETags of the parts a store has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    parts: Vec<Option<Etag>>,
}

impl Confirmed {
    /// Of an upload of `count` parts, none of them confirmed. Counts past 10 000 are taken as 10 000.
    pub fn new(count: usize) -> Self {
        Self { parts: vec![None; count.min(PartNumber::MAX as usize)] }
    }

    /// Confirms a part with its ETag, in whatever spelling. An empty ETag proves nothing: the part counts as not
    /// confirmed. Parts the upload does not have are ignored.
    pub fn set(&mut self, part: PartNumber, etag: &str) {
        if let Some(slot) = self.parts.get_mut(part.index()) {
            *slot = Etag::new(etag);
        }
    }

    /// The normalized ETag of a confirmed part.
    pub fn get(&self, part: PartNumber) -> Option<String> {
        self.parts.get(part.index())?.as_ref().map(Etag::normalized)
    }

    /// Number of confirmed parts.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.parts.iter().flatten().count()
    }

    /// The confirmed parts in ascending order, with their normalized ETags.
    pub fn iter(&self) -> impl Iterator<Item = (PartNumber, String)> {
        let numbered = self.parts.iter().enumerate();
        numbered
            .filter_map(|(index, etag)| Some((PartNumber::from_index(index)?, etag.as_ref()?.normalized())))
    }

    /// The record that holds `part`, to store after each change to it: the ETags of its hundred parts, with a comma
    /// between them and nothing for a part that is not confirmed.
    pub fn segment_record(&self, fingerprint: &Fingerprint, part: PartNumber) -> Record {
        let index = part.index() / SEGMENT;
        let parts = self.parts.iter().skip(index * SEGMENT).take(SEGMENT);
        let texts: Vec<String> =
            parts.map(|etag| etag.as_ref().map(Etag::to_text).unwrap_or_default()).collect();
        let value = texts.join(",").trim_end_matches(',').to_owned();
        Record { key: Place::Segment(index).key(fingerprint), value }
    }

    /// Takes over what a record confirms, or nothing when it is broken.
    pub(super) fn read_segment(&mut self, index: usize, value: &str) {
        let etags = parse(value).unwrap_or_default();
        let slots = self.parts.iter_mut().skip(index.saturating_mul(SEGMENT));
        for (slot, etag) in slots.zip(etags) {
            *slot = etag;
        }
    }
}

/// Whether a record's value is one of the segments of an upload of `count` parts.
pub(super) fn is_segment(index: usize, count: usize, value: &str) -> bool {
    index < count.div_ceil(SEGMENT) && parse(value).is_some()
}

/// All or nothing: a value with one broken ETag may be broken elsewhere too.
fn parse(value: &str) -> Option<Vec<Option<Etag>>> {
    if value.split(',').nth(SEGMENT).is_some() {
        return None;
    }
    let etag = |text: &str| if text.is_empty() { Some(None) } else { Etag::parse(text).map(Some) };
    value.split(',').map(etag).collect()
}

/// A normalized ETag, small in memory and in storage when it is an MD5, as nearly all are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Etag {
    Md5(Md5Digest),
    Other(Box<str>),
}

impl Etag {
    fn new(raw: &str) -> Option<Self> {
        let etag = normalize_etag(raw);
        if etag.is_empty() {
            return None;
        }
        let md5 = if is_md5_etag(&etag) { Md5Digest::from_hex(&etag) } else { None };
        Some(md5.map_or_else(|| Self::Other(etag.into()), Self::Md5))
    }

    fn normalized(&self) -> String {
        match self {
            Self::Md5(digest) => digest.to_hex(),
            Self::Other(etag) => etag.to_string(),
        }
    }

    /// An MD5 as base64 without its padding, anything else percent-encoded after a `=`, which base64 does not begin with.
    fn to_text(&self) -> String {
        match self {
            Self::Md5(digest) => digest.to_base64().trim_end_matches('=').to_owned(),
            Self::Other(etag) => String::from("=") + &percent_encode(etag),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('=') {
            Some(etag) => Self::new(&percent_decode(etag)?),
            None => Md5Digest::from_base64(&[text, "=="].concat()).map(Self::Md5),
        }
    }
}
