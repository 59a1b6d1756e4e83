//! What a request says about its own body, and whether that is true.

use base64ct::{Base64, Encoding};
use s3s::{
    S3Result,
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256},
    dto::{Checksum, PutObjectInput, UploadPartInput},
    s3_error,
};

/// The largest body of one request: 5 GiB, the limit of AWS for an object in one PUT and for a part.
pub const MAX_BODY: u64 = 5 * 1024 * 1024 * 1024;

/// The most it may be; length, `Content-MD5` and `x-amz-checksum-*` as announced.
pub struct Expected {
    length: Option<u64>,
    max: u64,
    md5: Option<[u8; 16]>,
    sums: Checksum,
    hasher: ChecksumHasher,
}

impl Expected {
    pub fn of_object(input: &PutObjectInput, max: u64) -> S3Result<Self> {
        let sums = Checksum {
            checksum_crc32: input.checksum_crc32.clone(),
            checksum_crc32c: input.checksum_crc32c.clone(),
            checksum_crc64nvme: input.checksum_crc64nvme.clone(),
            checksum_sha1: input.checksum_sha1.clone(),
            checksum_sha256: input.checksum_sha256.clone(),
            ..Checksum::default()
        };
        Self::new(input.content_length, max, input.content_md5.as_deref(), sums)
    }

    pub fn of_part(input: &UploadPartInput, max: u64) -> S3Result<Self> {
        let sums = Checksum {
            checksum_crc32: input.checksum_crc32.clone(),
            checksum_crc32c: input.checksum_crc32c.clone(),
            checksum_crc64nvme: input.checksum_crc64nvme.clone(),
            checksum_sha1: input.checksum_sha1.clone(),
            checksum_sha256: input.checksum_sha256.clone(),
            ..Checksum::default()
        };
        Self::new(input.content_length, max, input.content_md5.as_deref(), sums)
    }

    fn new(length: Option<i64>, max: u64, md5: Option<&str>, sums: Checksum) -> S3Result<Self> {
        let length = length.and_then(|n| u64::try_from(n).ok());
        within(length.unwrap_or(0), max)?;
        let md5 = md5.map(decode_md5).transpose()?;
        let hasher = ChecksumHasher {
            crc32: sums.checksum_crc32.is_some().then(Crc32::new),
            crc32c: sums.checksum_crc32c.is_some().then(Crc32c::new),
            sha1: sums.checksum_sha1.is_some().then(Sha1::new),
            sha256: sums.checksum_sha256.is_some().then(Sha256::new),
            crc64nvme: sums.checksum_crc64nvme.is_some().then(Crc64Nvme::new),
        };
        Ok(Self { length, max, md5, sums, hasher })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// Refuses more than may come, also of a body that does not announce its length.
    pub fn check_size(&self, size: u64) -> S3Result<()> {
        within(size, self.max)
    }

    /// Compares what was announced with what came.
    pub fn check(self, size: u64, md5: &[u8; 16]) -> S3Result<()> {
        if self.length.is_some_and(|n| n != size) {
            return Err(s3_error!(IncompleteBody, "Fewer or more bytes arrived than were announced."));
        }
        if self.md5.is_some_and(|expected| expected != *md5) {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let found = self.hasher.finalize();
        let same = found.checksum_crc32 == self.sums.checksum_crc32
            && found.checksum_crc32c == self.sums.checksum_crc32c
            && found.checksum_crc64nvme == self.sums.checksum_crc64nvme
            && found.checksum_sha1 == self.sums.checksum_sha1
            && found.checksum_sha256 == self.sums.checksum_sha256;
        if same {
            Ok(())
        } else {
            Err(s3_error!(BadDigest, "A checksum you specified did not match what we received."))
        }
    }
}

fn within(size: u64, max: u64) -> S3Result<()> {
    if size <= max {
        Ok(())
    } else {
        Err(s3_error!(EntityTooLarge, "The body is larger than this store takes."))
    }
}

fn decode_md5(text: &str) -> S3Result<[u8; 16]> {
    let mut md5 = [0; 16];
    match Base64::decode(text, &mut md5) {
        Ok(bytes) if bytes.len() == 16 => Ok(md5),
        _ => Err(s3_error!(InvalidDigest, "The Content-MD5 you specified is not valid.")),
    }
}
