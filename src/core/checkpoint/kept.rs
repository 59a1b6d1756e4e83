//! Where a content was stored, by its MD5: chosen again, it need not be sent again.

use super::header::{field, sealed, text, unsealed};
use super::{Place, Record, is_expired};
use crate::core::fingerprint::Fingerprint;
use crate::core::text::percent_encode;
use crate::core::units::{Millis, UnixMillis};

/// An object that was stored from this browser. Its record goes by [`content_id`](crate::core::fingerprint::content_id),
/// which tells nothing of the content to whom has not got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptObject {
    /// Its key.
    pub key: String,
    /// As the store told it: another one means another object.
    pub etag: String,
    /// When that was.
    pub stored: UnixMillis,
}

/// As many as are remembered, the latest.
const MOST: usize = 100;

impl KeptObject {
    /// The record to store: `key=…&etag=…&stored=…`, percent-encoded, and a checksum as a header's.
    pub fn record(&self, content: &Fingerprint) -> Record {
        let fields = [
            "key=",
            &percent_encode(&self.key),
            "&etag=",
            &percent_encode(&self.etag),
            "&stored=",
            &self.stored.0.to_string(),
        ];
        Record { key: Place::Kept.key(content), value: sealed(&fields.concat()) }
    }

    fn parse(value: &str) -> Option<Self> {
        let fields = unsealed(value)?;
        let filled = |name| text(fields, name).filter(|text| !text.is_empty());
        let stored = UnixMillis(field(fields, "stored")?.parse().ok()?);
        Some(Self { key: filled("key")?, etag: filled("etag")?, stored })
    }

    /// Finds the object of a content among any records. `None` when there is none, or its record is broken or expired.
    pub fn find(
        content: &Fingerprint,
        records: &[(String, String)],
        now: UnixMillis,
        expire_after: Millis,
    ) -> Option<Self> {
        let key = Place::Kept.key(content);
        let (_, value) = records.iter().find(|(known, _)| *known == key)?;
        Self::parse(value).filter(|object| !is_expired(object.stored, now, expire_after))
    }
}

/// The keys of the records that stay: those that can be read and have not expired, and of these the latest.
pub(super) fn in_use(records: &[(String, String)], now: UnixMillis, expire_after: Millis) -> Vec<&str> {
    let mut objects: Vec<_> = records
        .iter()
        .filter(|(key, _)| matches!(Place::parse(key), Some((_, Place::Kept))))
        .filter_map(|(key, value)| Some((KeptObject::parse(value)?.stored, key.as_str())))
        .filter(|(stored, _)| !is_expired(*stored, now, expire_after))
        .collect();
    objects.sort_unstable_by(|a, b| b.cmp(a));
    objects.truncate(MOST);
    objects.into_iter().map(|(_, key)| key).collect()
}
