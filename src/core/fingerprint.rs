//! Which file is this, and where does it go? Answered in milliseconds, whatever its size, from what the browser tells
//! about the file and from samples of its content, so that a file chosen again after a reload finds its unfinished
//! upload.

use super::hash::{Md5Digest, Md5Hasher};
use super::units::ByteRange;

const SAMPLE: u64 = 64 * 1024;

/// What the browser tells about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name, with no folders.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was last changed, in milliseconds since 1970.
    pub last_modified: u64,
    /// Its type; empty when the browser does not know it.
    pub mime: String,
}

/// The bytes to hash, one range after the other, for [`fingerprint`]: 64 KiB each of the head, the middle and the tail,
/// or the whole file when it is no larger than those.
pub fn sample_ranges(size: u64) -> Vec<ByteRange> {
    if size == 0 {
        return Vec::new();
    }
    if size <= 3 * SAMPLE {
        return vec![ByteRange { start: 0, end: size }];
    }
    let sample = |start| ByteRange { start, end: start + SAMPLE };
    vec![sample(0), sample(size / 2 - SAMPLE / 2), sample(size - SAMPLE)]
}

/// The identity of a file on its way to a destination: 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads what [`Fingerprint::as_str`] gave; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 32 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.to_owned()))
    }
}

/// Identifies a file by what is known of it, by the MD5 of its [`sample_ranges`], and by where it goes.
pub fn fingerprint(file: &FileInfo, destination: &str, sample: &Md5Digest) -> Fingerprint {
    let digest = digest_fields(&[
        b"partwise file 1",
        file.name.as_bytes(),
        &file.size.to_le_bytes(),
        &file.last_modified.to_le_bytes(),
        file.mime.as_bytes(),
        destination.as_bytes(),
        &sample.0,
    ]);
    Fingerprint(digest.to_hex())
}

/// Names a content of which only the MD5 is known, at a destination.
pub fn content_id(destination: &str, size: u64, md5: &Md5Digest) -> Fingerprint {
    let fields: [&[u8]; 4] = [b"partwise content 1", destination.as_bytes(), &size.to_le_bytes(), &md5.0];
    Fingerprint(digest_fields(&fields).to_hex())
}

/// What is stored in place of a destination's address: 16 lower-case hexadecimal digits.
pub fn destination_id(destination: &str) -> String {
    let mut id = digest_fields(&[b"partwise destination 1", destination.as_bytes()]).to_hex();
    id.truncate(16);
    id
}

/// Each field goes in with its length before it, so no two different lists look alike to the hash.
fn digest_fields(fields: &[&[u8]]) -> Md5Digest {
    let mut hasher = Md5Hasher::new();
    for field in fields {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> FileInfo {
        FileInfo {
            name: "报告 a.bin".into(),
            size: 10,
            last_modified: 1_767_323_045_000,
            mime: "text/plain".into(),
        }
    }

    const DESTINATION: &str = "https://s3.example.com/b";

    fn of(file: &FileInfo) -> Fingerprint {
        fingerprint(file, DESTINATION, &Md5Hasher::new().finish())
    }

    /// Computed with Python's `hashlib`. A change here makes every stored upload unfindable.
    #[test]
    fn fingerprints_stay_what_they_are() {
        assert_eq!(of(&file()).as_str(), "aadc0ec3d0fe7456290c06bb0a282e57");
        assert_eq!(destination_id(DESTINATION), "41666351787fc55d");
    }

    #[test]
    fn a_difference_in_anything_gives_another_fingerprint() {
        let original = of(&file());
        assert_ne!(of(&FileInfo { name: "报告 b.bin".into(), ..file() }), original);
        assert_ne!(of(&FileInfo { size: 11, ..file() }), original);
        assert_ne!(of(&FileInfo { last_modified: 0, ..file() }), original);
        assert_ne!(of(&FileInfo { mime: String::new(), ..file() }), original);
        assert_ne!(fingerprint(&file(), "elsewhere", &Md5Hasher::new().finish()), original);
        assert_ne!(fingerprint(&file(), DESTINATION, &Md5Digest([0; 16])), original);
    }

    #[test]
    fn text_that_moves_between_fields_gives_another_fingerprint() {
        let named = |name: &str, mime: &str| of(&FileInfo { name: name.into(), mime: mime.into(), ..file() });
        assert_ne!(named("a", "bc"), named("ab", "c"));
        assert_ne!(named("a", ""), named("", "a"));
    }

    #[test]
    fn only_32_lower_case_hex_digits_are_a_fingerprint() {
        let text = "aadc0ec3d0fe7456290c06bb0a282e57";
        assert_eq!(Fingerprint::parse(text).map(|fingerprint| fingerprint.0), Some(text.to_owned()));
        for text in ["", "aadc", "AADC0EC3D0FE7456290C06BB0A282E57", "aadc0ec3d0fe7456290c06bb0a282e5é"] {
            assert_eq!(Fingerprint::parse(text), None);
        }
    }

    #[test]
    fn small_files_are_sampled_whole_and_large_ones_in_three_places() {
        let ranges =
            |size| sample_ranges(size).iter().map(|range| (range.start, range.end)).collect::<Vec<_>>();
        assert_eq!(ranges(0), []);
        assert_eq!(ranges(1), [(0, 1)]);
        assert_eq!(ranges(196_608), [(0, 196_608)]);
        assert_eq!(ranges(196_609), [(0, 65_536), (65_536, 131_072), (131_073, 196_609)]);
        let last = u64::MAX;
        assert_eq!(ranges(last).last(), Some(&(last - 65_536, last)));
    }
}
