//! The MD5s that stores give parts as ETags. Each range of a file is hashed beforehand or the first time it arrives, and looked up from
//! then on: what arrives is compared with what ought to, which costs a tenth, so that no contender is measured against a busy sink.

use crate::content::{FileNumber, Span};
use md5::{Digest, Md5};
use std::{
    collections::HashMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Bytes made and hashed at a time.
const PIECE: usize = 256 * 1024;

/// An MD5.
pub type Md5Digest = [u8; 16];

/// Those known so far, for as long as the sink runs.
#[derive(Default)]
pub struct Digests {
    known: Mutex<HashMap<Span, Md5Digest>>,
    hashed: AtomicU64,
}

impl Digests {
    /// The MD5 of a range.
    pub fn of(&self, span: &Span) -> Option<Md5Digest> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(span).copied()
    }

    /// Remembers it.
    pub fn learn(&self, span: Span, digest: Md5Digest) {
        self.hashed.fetch_add(span.bytes.end - span.bytes.start, Ordering::Relaxed);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(span, digest);
    }

    /// Hashes all parts of this size, a multiple of eight, of a file that are not known yet.
    pub fn prepare(&self, file: FileNumber, size: u64, part_size: u64) {
        for start in (0..size).step_by(part_size.max(1) as usize) {
            let bytes = start..size.min(start.saturating_add(part_size));
            let span = Span { file, bytes: bytes.clone() };
            if self.of(&span).is_some() {
                continue;
            }
            let mut hasher = Md5::new();
            let mut piece = vec![0; PIECE];
            for at in bytes.step_by(PIECE) {
                piece.truncate((span.bytes.end - at) as usize);
                file.fill(at, &mut piece);
                hasher.update(&piece);
            }
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(span, hasher.finalize().into());
        }
    }

    /// Bytes that had to be hashed while they arrived.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }
}

/// The ETag of an object made of parts, as S3 makes it, without quotes.
pub fn composite(parts: &[Md5Digest]) -> String {
    let digest = parts.iter().fold(Md5::new(), |hasher, part| hasher.chain_update(part)).finalize();
    format!("{}-{}", hex(&digest.into()), parts.len())
}

/// As ETags have it, without quotes.
pub fn hex(digest: &Md5Digest) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_parts_has_the_etag_that_s3_gives_it() {
        let parts = [Md5::digest(b"a").into(), Md5::digest(b"b").into()];
        assert_eq!(hex(&parts[0]), "0cc175b9c0f1b6a831c399e269772661");
        assert_eq!(composite(&parts), "96e024ba2074fe77e8e965ba43a704be-2");
    }
}
