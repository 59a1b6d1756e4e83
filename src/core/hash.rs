//! MD5, as object stores use it to tell what they received, and the checksums that some tell of whole objects.

mod crc64;
mod digester;
mod file;
mod md5;
mod reading;

pub use crc64::{Crc64, Crc64Hasher};
pub use digester::{Digester, Digests, Proof, Wanted};
pub use file::{Algorithms, FileDigests, FileHash};
pub use md5::{Md5Digest, Md5Hasher};
pub use reading::{Piece, Reading};

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
