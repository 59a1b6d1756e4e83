//! The record of what is fixed for a whole upload.

use super::{Place, Record};
use crate::core::fingerprint::Fingerprint;
use crate::core::hash::{Md5Digest, Md5Hasher};
use crate::core::plan::Plan;
use crate::core::store::Limits;
use crate::core::text::{percent_decode, percent_encode};
use crate::core::units::{PartNumber, UnixMillis};

/// What is fixed for a whole upload. Stored as `name=value&…` with values percent-encoded; unknown names are ignored. The
/// last one is a checksum: parts of another size than they were sent with would be taken for other bytes of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which file, going where.
    pub fingerprint: Fingerprint,
    /// [`destination_id`](crate::core::fingerprint::destination_id) of where it goes.
    pub destination: String,
    /// The file's name, to show.
    pub name: String,
    /// The object's key.
    pub key: String,
    /// The store's name for the upload.
    pub upload_id: String,
    /// Bytes of the file.
    pub size: u64,
    /// The file's date in milliseconds since 1970.
    pub last_modified: u64,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// When the upload was begun.
    pub created: UnixMillis,
    /// Of the whole file, once known.
    pub md5: Option<Md5Digest>,
}

/// Every geometry of up to 10 000 parts. Whether a store takes it is asked when the upload is resumed.
const ANY: Limits = Limits {
    min_part: 1,
    max_part: u64::MAX,
    max_parts: PartNumber::MAX,
    max_object: u64::MAX,
    auto_part: 1,
};

const CHECK: &str = "&check=";

/// The text of a header with its checksum: the MD5 of what stands before it, the first eight digits.
pub fn sealed(fields: &str) -> String {
    let mut hasher = Md5Hasher::new();
    hasher.update(fields.as_bytes());
    let sum: String = hasher.finish().to_hex().chars().take(8).collect();
    [fields, CHECK, &sum].concat()
}

/// What [`sealed`] was made of, if its checksum fits.
pub fn unsealed(value: &str) -> Option<&str> {
    let (fields, _) = value.rsplit_once(CHECK)?;
    (sealed(fields) == value).then_some(fields)
}

/// The field of this name, as it stands there.
pub(super) fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = fields.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, text)| text)
}

/// The same, decoded.
pub(super) fn text(fields: &str, name: &str) -> Option<String> {
    field(fields, name).and_then(percent_decode)
}

impl Header {
    /// The record to store.
    pub fn record(&self) -> Record {
        let mut value = String::new();
        for (name, text) in [
            ("destination", percent_encode(&self.destination)),
            ("name", percent_encode(&self.name)),
            ("key", percent_encode(&self.key)),
            ("upload", percent_encode(&self.upload_id)),
            ("size", self.size.to_string()),
            ("modified", self.last_modified.to_string()),
            ("part", self.part_size.to_string()),
            ("created", self.created.0.to_string()),
            ("md5", self.md5.map(Md5Digest::to_hex).unwrap_or_default()),
        ] {
            if !value.is_empty() {
                value.push('&');
            }
            value.push_str(name);
            value.push('=');
            value.push_str(&text);
        }
        Record { key: Place::Head.key(&self.fingerprint), value: sealed(&value) }
    }

    /// Reads a record's value; `None` when anything in it is missing, malformed or impossible.
    pub(super) fn parse(fingerprint: Fingerprint, value: &str) -> Option<Self> {
        let fields = unsealed(value)?;
        let raw = |name| field(fields, name);
        let filled = |name| text(fields, name).filter(|text| !text.is_empty());
        let number = |name| raw(name)?.parse().ok();
        let header = Self {
            fingerprint,
            destination: filled("destination")?,
            name: text(fields, "name")?,
            key: filled("key")?,
            upload_id: filled("upload")?,
            size: number("size")?,
            last_modified: number("modified")?,
            part_size: number("part")?,
            created: UnixMillis(number("created")?),
            md5: match raw("md5")? {
                "" => None,
                digits => Some(Md5Digest::from_hex(digits)?),
            },
        };
        header.plan().is_some().then_some(header)
    }

    /// The parts; `None` for an impossible geometry.
    pub(super) fn plan(&self) -> Option<Plan> {
        Plan::resume(self.size, self.part_size, &ANY)
    }

    pub(super) fn part_count(&self) -> usize {
        self.plan().map_or(0, |plan| plan.count())
    }
}
