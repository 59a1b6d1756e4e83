//! MD5, as object stores use it to tell what they received, and the checksums that some tell of whole objects.

mod crc64;
mod md5;

pub use crc64::{Crc64, Crc64Hasher};
pub use md5::{Md5Digest, Md5Hasher};

/// The ETag S3 gives an object made of parts that have these MD5s: the MD5 of the digests, `-` and their number.
pub fn composite_etag<I: IntoIterator<Item = Md5Digest>>(parts: I) -> String {
    let mut hasher = Md5Hasher::new();
    let mut count: usize = 0;
    for part in parts {
        hasher.update(&part.0);
        count += 1;
    }
    [&hasher.finish().to_hex(), "-", &count.to_string()].concat()
}

/// What is known of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Their MD5.
    pub md5: Md5Digest,
    /// Their checksum, where one was asked for.
    pub crc64: Option<u64>,
}

impl Digests {
    /// Reads the hexadecimal digits of an MD5, or of an MD5 and a checksum after it.
    pub fn from_hex(text: &str) -> Option<Self> {
        let (md5, crc64) = text.split_at_checked(32)?;
        Some(Self {
            md5: Md5Digest::from_hex(md5)?,
            crc64: match crc64.len() {
                0 => None,
                16 => Some(u64::from_str_radix(crc64, 16).ok()?),
                _ => return None,
            },
        })
    }
}

/// Computes both from one reading.
#[derive(Clone)]
pub struct Digester {
    md5: Md5Hasher,
    crc64: Option<Crc64Hasher>,
}

impl Digester {
    /// Of no bytes so far.
    pub fn new(crc64: Option<Crc64>) -> Self {
        Self { md5: Md5Hasher::new(), crc64: crc64.map(Crc64Hasher::new) }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(crc64) = &mut self.crc64 {
            crc64.update(bytes);
        }
    }

    /// Of everything taken.
    pub fn finish(self) -> Digests {
        Digests { md5: self.md5.finish(), crc64: self.crc64.map(|crc64| crc64.finish()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn md5(bytes: &[u8]) -> Md5Digest {
        let mut hasher = Md5Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The value comes from `md5sum` over the two binary digests.
    #[test]
    fn the_etag_of_an_object_in_parts_is_known_beforehand() {
        let parts = [md5(&vec![b'a'; 5 * 1024 * 1024]), md5(b"bbb")];
        assert_eq!(composite_etag(parts), "06a6ca67e53064f3f30a42ee29a62f5d-2");
        assert_eq!(composite_etag([md5(b"")]), "59adb24ef3cdbe0297f05b395827453f-1");
    }
}
