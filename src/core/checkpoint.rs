//! What survives a reload: text records, made for `localStorage`, that tell which parts of which file a store has
//! confirmed. They hold no address, no signature and no credential.
//!
//! One header per upload, `partwise/1/FINGERPRINT/head`; a record per hundred parts, `partwise/1/FINGERPRINT/N`, so that a
//! finished part costs one small write; and where the MD5 of the whole file stands, `partwise/1/FINGERPRINT/md5`. Of what
//! was stored, where it is: `partwise/1/CONTENT/kept`. Records come back from a place that anybody can edit: what does not
//! parse is dropped. A record is a claim, never proof: [`reconcile`] holds it against what the store lists.

mod confirmed;
mod header;
mod kept;

pub use confirmed::Confirmed;
pub use header::{Header, sealed};
pub use kept::KeptObject;

use super::fingerprint::Fingerprint;
use super::hash::Md5Hasher;
use super::plan::Plan;
use super::store::{ListedPart, normalize_etag};
use super::units::{Millis, UnixMillis};
use base64ct::{Base64, Encoding};
use header::{field, unsealed};

/// What the keys of all records start with. The number is the format's version.
pub const PREFIX: &str = "partwise/1/";

/// A key and the text stored under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Starts with [`PREFIX`].
    pub key: String,
    /// ASCII.
    pub value: String,
}

/// An unfinished upload, as far as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is fixed for the whole upload.
    pub header: Header,
    /// The parts that were confirmed.
    pub confirmed: Confirmed,
}

/// What the keys of all records of one upload start with. Remove them all before another upload of the same file
/// begins, or its records mix with the old ones.
pub fn prefix_of(fingerprint: &Fingerprint) -> String {
    [PREFIX, fingerprint.as_str(), "/"].concat()
}

/// The record of how far the whole file was read: `saved=…&state=…`, a date and base64, with a checksum as a header's. From
/// another state the MD5 of another file would come.
pub fn whole_record(fingerprint: &Fingerprint, whole: &Md5Hasher, now: UnixMillis) -> Record {
    let state = Base64::encode_string(&whole.to_bytes());
    let fields = ["saved=", &now.0.to_string(), "&state=", &state];
    Record { key: whole_key(fingerprint), value: sealed(&fields.concat()) }
}

/// The key of that record.
pub fn whole_key(fingerprint: &Fingerprint) -> String {
    Place::Whole.key(fingerprint)
}

/// How far the file was read, also before anything of it was sent. `None` when that is not known, or was too long ago.
pub fn load_whole(
    fingerprint: &Fingerprint,
    records: &[(String, String)],
    now: UnixMillis,
    expire_after: Millis,
) -> Option<Md5Hasher> {
    let key = whole_key(fingerprint);
    let (_, value) = records.iter().find(|(known, _)| *known == key)?;
    let (whole, saved) = read_whole(value)?;
    (!is_expired(saved, now, expire_after)).then_some(whole)
}

fn read_whole(value: &str) -> Option<(Md5Hasher, UnixMillis)> {
    let fields = unsealed(value)?;
    let saved = UnixMillis(field(fields, "saved")?.parse().ok()?);
    let mut state = [0; 88];
    let read = Base64::decode(field(fields, "state")?, &mut state).ok()?;
    (read.len() == state.len()).then(|| (Md5Hasher::from_bytes(&state), saved))
}

/// Finds an upload among any records. `None` when there is none, or its header is broken or expired.
pub fn load(
    fingerprint: &Fingerprint,
    records: &[(String, String)],
    now: UnixMillis,
    expire_after: Millis,
) -> Option<Checkpoint> {
    records
        .iter()
        .filter_map(|(key, value)| live_header(key, value))
        .find(|header| header.fingerprint == *fingerprint && !is_expired(header.created, now, expire_after))
        .map(|header| with_segments(header, records))
}

/// All uploads among any records, expired ones too, each with the number of bytes confirmed.
pub fn headers(records: &[(String, String)]) -> Vec<(Header, u64)> {
    let headers = records.iter().filter_map(|(key, value)| live_header(key, value));
    headers
        .map(|header| {
            let checkpoint = with_segments(header, records);
            let bytes = checkpoint.confirmed_bytes();
            (checkpoint.header, bytes)
        })
        .collect()
}

/// The keys of records that are of no use any more: unreadable, expired, parts without a header, or objects stored so long
/// ago that a hundred were since. Keys of other versions and other owners are not among them.
pub fn expired_or_broken(records: &[(String, String)], now: UnixMillis, expire_after: Millis) -> Vec<String> {
    let live: Vec<Header> = records
        .iter()
        .filter_map(|(key, value)| live_header(key, value))
        .filter(|header| !is_expired(header.created, now, expire_after))
        .collect();
    let kept = kept::in_use(records, now, expire_after);
    let in_use = |key: &str, value: &str| match Place::parse(key) {
        Some((_, Place::Kept)) => kept.contains(&key),
        Some((_, Place::Whole)) => {
            read_whole(value).is_some_and(|(_, saved)| !is_expired(saved, now, expire_after))
        }
        Some((fingerprint, place)) => live.iter().any(|header| {
            header.fingerprint == fingerprint
                && match place {
                    Place::Head => true,
                    Place::Segment(index) => confirmed::is_segment(index, header.part_count(), value),
                    Place::Whole | Place::Kept => false,
                }
        }),
        None => false,
    };
    let ours = records.iter().filter(|(key, _)| key.starts_with(PREFIX));
    ours.filter(|(key, value)| !in_use(key, value)).map(|(key, _)| key.clone()).collect()
}

/// Which parts need not be sent again: for each position of the plan the ETag as the store lists it, if the part was
/// confirmed here and is listed there with the size it should have and the same ETag. Everything else is `None`: holes,
/// other sizes, parts that somebody else sent, and parts listed without ETag. Of a part listed twice, the last counts.
pub fn reconcile(plan: &Plan, confirmed: &Confirmed, listed: &[ListedPart]) -> Vec<Option<String>> {
    let mut kept = vec![None; plan.count()];
    for part in listed {
        let etag = normalize_etag(&part.etag);
        let same = part.size == plan.len_of(part.number)
            && !etag.is_empty()
            && confirmed.get(part.number).is_some_and(|known| known == etag);
        if let Some(slot) = kept.get_mut(part.number.index()) {
            *slot = same.then(|| part.etag.clone());
        }
    }
    kept
}

impl Checkpoint {
    /// Bytes of the parts that were confirmed.
    pub fn confirmed_bytes(&self) -> u64 {
        let plan = self.header.plan();
        self.confirmed.iter().map(|(number, _)| plan.map_or(0, |plan| plan.len_of(number))).sum()
    }
}

/// What a key names, beside the upload.
#[derive(Clone, Copy)]
enum Place {
    Head,
    Segment(usize),
    Whole,
    Kept,
}

const HEAD: &str = "head";
const WHOLE: &str = "md5";
const KEPT: &str = "kept";

impl Place {
    fn key(self, fingerprint: &Fingerprint) -> String {
        match self {
            Self::Head => prefix_of(fingerprint) + HEAD,
            Self::Segment(index) => prefix_of(fingerprint) + &index.to_string(),
            Self::Whole => prefix_of(fingerprint) + WHOLE,
            Self::Kept => prefix_of(fingerprint) + KEPT,
        }
    }

    fn parse(key: &str) -> Option<(Fingerprint, Self)> {
        let (fingerprint, place) = key.strip_prefix(PREFIX)?.split_once('/')?;
        let place = match place {
            HEAD => Self::Head,
            WHOLE => Self::Whole,
            KEPT => Self::Kept,
            number => Self::Segment(number.parse().ok()?),
        };
        let fingerprint = Fingerprint::parse(fingerprint)?;
        // There is one way to write a number; others (`01`, `+1`) would be a second record of the same parts.
        (place.key(&fingerprint) == key).then_some((fingerprint, place))
    }
}

fn live_header(key: &str, value: &str) -> Option<Header> {
    match Place::parse(key)? {
        (fingerprint, Place::Head) => Header::parse(fingerprint, value),
        _ => None,
    }
}

/// A date far in the future counts as expired too: the clock was wrong, and such a record would never go away.
fn is_expired(since: UnixMillis, now: UnixMillis, expire_after: Millis) -> bool {
    now.0.abs_diff(since.0) > expire_after.0
}

fn with_segments(header: Header, records: &[(String, String)]) -> Checkpoint {
    let mut confirmed = Confirmed::new(header.part_count());
    for (key, value) in records {
        if let Some((fingerprint, Place::Segment(index))) = Place::parse(key)
            && fingerprint == header.fingerprint
        {
            confirmed.read_segment(index, value);
        }
    }
    Checkpoint { header, confirmed }
}

#[cfg(test)]
mod tests;
