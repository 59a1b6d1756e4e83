//! MD5, as object stores use it to tell what they received, and the checksums that some tell of whole objects. Not for
//! secrets: collisions can be made on purpose.

mod crc64;

pub use crc64::{Crc64, Crc64Hasher};

use super::text::hex;
use base64ct::{Base64, Encoding};
use md5::{Digest, Md5};

/// An MD5 of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Md5Digest(
    /// The digest, in the order in which it is written.
    pub [u8; 16],
);

impl Md5Digest {
    /// 32 lower-case hexadecimal digits, as in an ETag.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads 32 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }

    /// 24 characters of base64 with its padding, as in `Content-MD5` (RFC 1864).
    pub fn to_base64(self) -> String {
        Base64::encode_string(&self.0)
    }

    /// Reads 24 characters of base64.
    pub fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        (Base64::decode(text, &mut bytes).ok()?.len() == bytes.len()).then_some(Self(bytes))
    }
}

/// Computes the MD5 (RFC 1321) of bytes that come piece by piece.
#[derive(Clone, Default)]
pub struct Md5Hasher(Md5);

impl Md5Hasher {
    /// Of no bytes so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything taken.
    pub fn finish(self) -> Md5Digest {
        Md5Digest(self.0.finalize().into())
    }
}

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

    /// RFC 1321, appendix A.5.
    #[test]
    fn the_test_suite_of_the_rfc_is_reproduced() {
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(md5(text.as_bytes()).to_hex(), digest);
        }
    }

    #[test]
    fn digests_are_read_back_from_hex_and_base64() {
        let digest = md5(b"");
        assert_eq!(digest.to_base64(), "1B2M2Y8AsgTpgAmY7PhCfg==");
        assert_eq!(Md5Digest::from_base64("1B2M2Y8AsgTpgAmY7PhCfg=="), Some(digest));
        assert_eq!(Md5Digest::from_hex("D41D8CD98F00B204e9800998ecf8427e"), Some(digest));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in [
            "",
            "d41d8cd98f00b204e9800998ecf8427",
            "+41d8cd98f00b204e9800998ecf8427e",
            "é41d8cd98f00b204e9800998ecf8427",
        ] {
            assert_eq!(Md5Digest::from_hex(text), None, "{text}");
        }
        for text in [
            "",
            "1B2M2Y8AsgTpgAmY7PhCfg",
            "1B2M2Y8AsgTpgAmY7PhC",
            "1B2M2Y8AsgTpgAmY7PhCfgAA",
            "!B2M2Y8AsgTpgAmY7PhCfg==",
        ] {
            assert_eq!(Md5Digest::from_base64(text), None, "{text}");
        }
    }

    /// The value comes from `md5sum` over the two binary digests.
    #[test]
    fn the_etag_of_an_object_in_parts_is_known_beforehand() {
        let parts = [md5(&vec![b'a'; 5 * 1024 * 1024]), md5(b"bbb")];
        assert_eq!(composite_etag(parts), "06a6ca67e53064f3f30a42ee29a62f5d-2");
        assert_eq!(composite_etag([md5(b"")]), "59adb24ef3cdbe0297f05b395827453f-1");
    }
}
