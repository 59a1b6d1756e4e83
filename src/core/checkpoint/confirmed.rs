//! The parts a store has confirmed, and their records.

use super::{Place, Record};
use crate::core::fingerprint::Fingerprint;
use crate::core::hash::Md5Digest;
use crate::core::store::{is_md5_etag, normalize_etag};
use crate::core::text::{base64_number, percent_decode, percent_encode};
use crate::core::units::PartNumber;
use base64ct::{Base64, Encoding};

/// Parts per record.
const SEGMENT: usize = 100;

/// The ETags of the parts a store has confirmed, and the checksums of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    parts: Vec<Option<Part>>,
}

impl Confirmed {
    /// Of an upload of `count` parts, none of them confirmed. Counts past 10 000 are taken as 10 000.
    pub fn new(count: usize) -> Self {
        Self { parts: vec![None; count.min(PartNumber::MAX as usize)] }
    }

    /// Confirms a part with its ETag, in whatever spelling, and its CRC-64, where one was computed. An empty ETag proves
    /// nothing: the part counts as not confirmed. Parts the upload does not have are ignored.
    pub fn set(&mut self, part: PartNumber, etag: &str, crc64: Option<u64>) {
        if let Some(slot) = self.parts.get_mut(part.index()) {
            *slot = Etag::new(etag).map(|etag| Part { etag, crc64 });
        }
    }

    /// The normalized ETag of a confirmed part.
    pub fn get(&self, part: PartNumber) -> Option<String> {
        self.parts.get(part.index())?.as_ref().map(|part| part.etag.normalized())
    }

    /// The CRC-64 of a confirmed part, where one was computed.
    pub fn crc64(&self, part: PartNumber) -> Option<u64> {
        self.parts.get(part.index())?.as_ref()?.crc64
    }

    /// Number of confirmed parts.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.parts.iter().flatten().count()
    }

    /// The confirmed parts in ascending order, with their normalized ETags.
    pub fn iter(&self) -> impl Iterator<Item = (PartNumber, String)> {
        let numbered = self.parts.iter().enumerate();
        numbered.filter_map(|(index, part)| {
            Some((PartNumber::from_index(index)?, part.as_ref()?.etag.normalized()))
        })
    }

    /// The record that holds `part`, to store after each change to it: the ETags of its hundred parts, with a comma
    /// between them and nothing for a part that is not confirmed.
    pub fn segment_record(&self, fingerprint: &Fingerprint, part: PartNumber) -> Record {
        let index = part.index() / SEGMENT;
        let parts = self.parts.iter().skip(index * SEGMENT).take(SEGMENT);
        let texts: Vec<String> =
            parts.map(|part| part.as_ref().map(Part::to_text).unwrap_or_default()).collect();
        let value = texts.join(",").trim_end_matches(',').to_owned();
        Record { key: Place::Segment(index).key(fingerprint), value }
    }

    /// Takes over what a record confirms, or nothing when it is broken.
    pub(super) fn read_segment(&mut self, index: usize, value: &str) {
        let parts = parse(value).unwrap_or_default();
        let slots = self.parts.iter_mut().skip(index.saturating_mul(SEGMENT));
        for (slot, part) in slots.zip(parts) {
            *slot = part;
        }
    }
}

/// Whether a record's value is one of the segments of an upload of `count` parts.
pub(super) fn is_segment(index: usize, count: usize, value: &str) -> bool {
    index < count.div_ceil(SEGMENT) && parse(value).is_some()
}

/// All or nothing: a value with one broken ETag may be broken elsewhere too.
fn parse(value: &str) -> Option<Vec<Option<Part>>> {
    if value.split(',').nth(SEGMENT).is_some() {
        return None;
    }
    let part = |text: &str| if text.is_empty() { Some(None) } else { Part::parse(text).map(Some) };
    value.split(',').map(part).collect()
}

/// What is known of a part. As text the ETag, and after a colon the checksum in 11 characters of base64, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    etag: Etag,
    crc64: Option<u64>,
}

impl Part {
    fn to_text(&self) -> String {
        let mut text = self.etag.to_text();
        if let Some(crc64) = self.crc64 {
            text.push(':');
            text.push_str(Base64::encode_string(&crc64.to_be_bytes()).trim_end_matches('='));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let (etag, crc64) = match text.split_once(':') {
            Some((etag, crc64)) => (etag, Some(base64_number(&[crc64, "="].concat())?)),
            None => (text, None),
        };
        Some(Self { etag: Etag::parse(etag)?, crc64 })
    }
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
