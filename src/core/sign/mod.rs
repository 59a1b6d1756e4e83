//! Presigners: pure functions from a request, credentials and a date to a URL that carries its own proof. They build
//! natively too, so a Rust signing server uses the same code as the page. One file per scheme.

mod bce;
mod canonical;
mod cos;
mod oss_v1;
mod oss_v4;
mod sigv4;

use crate::core::store::{Bucket, Kind, StoreRequest};
use crate::core::units::UnixMillis;
use std::fmt;

/// A key pair, with the session token that temporary ones have. Its `Debug` form shows the access key id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The public half; appears in every signed URL.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
}

/// How a URL is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// AWS Signature Version 4.
    SigV4,
    /// OSS signature version 4.
    OssV4,
    /// OSS signature version 1, which Aliyun refuses to buckets made since September 2025.
    OssV1,
    /// COS's signature, with SHA-1.
    Cos,
    /// Baidu's `bce-auth-v1`.
    Bce,
}

impl Scheme {
    /// The one in use for a kind of store.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::S3 => Self::SigV4,
            Kind::Oss => Self::OssV4,
            Kind::Cos => Self::Cos,
            Kind::Bos => Self::Bce,
        }
    }
}

/// Who signs, when, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Presign<'a> {
    /// Whose request it is. A session token becomes part of the URL.
    pub credentials: &'a Credentials,
    /// The date on the store's clock; stores refuse signatures 15 minutes off.
    pub now: UnixMillis,
    /// Seconds until the URL expires, 1 to [`MAX_EXPIRES_SECS`]; clamped to that. It dies with its session token, if that is
    /// sooner.
    pub expires_secs: u32,
    /// What no store asks for, to make the very URLs that other signers make.
    pub variant: Variant<'a>,
}

impl<'a> Presign<'a> {
    /// Without anything particular.
    pub fn new(credentials: &'a Credentials, now: UnixMillis, expires_secs: u32) -> Self {
        Self { credentials, now, expires_secs, variant: Variant::default() }
    }

    fn lifetime(&self) -> u32 {
        self.expires_secs.clamp(1, MAX_EXPIRES_SECS)
    }
}

/// Inputs that only other signers' habits call for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variant<'a> {
    /// Further query parameters to sign, not encoded. The AWS SDK for JavaScript adds `x-id` and `X-Amz-Content-Sha256`.
    pub extra_query: &'a [(&'a str, &'a str)],
    /// Query text that is put at the end as it is, neither signed nor encoded. Tencent's SDK for JavaScript adds the session
    /// token so.
    pub unsigned_query: &'a str,
    /// COS: from when until when the URL is good, in seconds since 1970, in place of a minute before `now` until it expires.
    pub window: Option<(u64, u64)>,
}

/// The longest a signed URL can live: seven days, in seconds.
pub const MAX_EXPIRES_SECS: u32 = 604_800;

/// The absolute URL of a request to a bucket, signed in the way of its kind of store. The request's own headers are
/// signed too (but COS's `Content-Type`), so they must be sent as they are. The URL is as good as a password until it
/// expires: never log, store or show it.
pub fn presign(request: &StoreRequest, bucket: &Bucket, with: &Presign<'_>) -> String {
    presign_as(Scheme::of(bucket.kind), request, bucket, with)
}

/// [`presign`] in a way of one's own choice.
pub fn presign_as(scheme: Scheme, request: &StoreRequest, bucket: &Bucket, with: &Presign<'_>) -> String {
    let sign = match scheme {
        Scheme::SigV4 => sigv4::query,
        Scheme::OssV4 => oss_v4::query,
        Scheme::OssV1 => oss_v1::query,
        Scheme::Cos => cos::query,
        Scheme::Bce => bce::query,
    };
    let address = bucket.address(&request.key);
    let mut url = [&address.origin, &address.path, "?", &sign(request, bucket, &address, with)].concat();
    if !with.variant.unsigned_query.is_empty() {
        url.push('&');
        url.push_str(with.variant.unsigned_query);
    }
    url
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(")?;
        f.write_str(&self.access_key_id)?;
        f.write_str(", …)")
    }
}

#[cfg(test)]
mod tests;
