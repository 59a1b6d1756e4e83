//! A request and the URL that somebody made for it.

use partwise::core::error::Operation;
use partwise::core::http::{Body, Method};
use partwise::core::sign::{Credentials, Presign, Scheme, Variant, presign_as};
use partwise::core::store::{Bucket, Kind, StoreRequest};
use partwise::core::units::UnixMillis;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A request and the URL that somebody made for it. What else is in the file is left aside.
#[derive(Deserialize)]
pub struct Vector {
    /// `sigv4-query`, `oss-v4-query`, `oss-v1-query`, `cos-sha1-query` or `bce-auth-v1-query`.
    pub scheme: String,
    /// `GET` and so on.
    pub method: String,
    /// Of OSS also a part of what is signed, wherever the host is.
    pub bucket: String,
    /// As it is signed.
    pub region: String,
    /// Not encoded; empty for the bucket itself.
    pub key: String,
    /// The operation's own parameters, not encoded.
    pub query: BTreeMap<String, String>,
    /// Headers that are signed.
    pub headers: BTreeMap<String, String>,
    /// Whose request it is.
    pub credentials: Keys,
    /// When it was signed, in seconds since 1970.
    pub epoch: u64,
    /// Seconds.
    pub expires: u32,
    /// What came out.
    pub url: String,
}

/// Credentials as they are spelled in a file.
#[derive(Deserialize)]
#[allow(missing_docs)]
pub struct Keys {
    pub access_key_id: String,
    pub secret_access_key: String,
    #[serde(default)]
    pub session_token: Option<String>,
}

impl Vector {
    /// Signs the request and compares the URLs as a server sees them: decoded, parameters in any order.
    pub fn check(&self) -> Result<(), String> {
        let made = self.presign()?;
        if Url::parse(&made)? == Url::parse(&self.url)? {
            return Ok(());
        }
        Err(format!("\n  made     {made}\n  expected {}", self.url))
    }

    fn presign(&self) -> Result<String, String> {
        let (scheme, kind, own) = self.scheme()?;
        let theirs = Url::parse(&self.url)?;
        let mut credentials = Credentials {
            access_key_id: self.credentials.access_key_id.clone(),
            secret_access_key: self.credentials.secret_access_key.clone(),
            session_token: self.credentials.session_token.clone(),
        };
        // Parameters that are neither the operation's nor the signature's.
        let extra: Vec<(&str, &str)> = theirs
            .parameters
            .iter()
            .filter(|(name, _)| !self.query.contains_key(name) && !own.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut variant = Variant { extra_query: &extra, ..Variant::default() };
        if scheme == Scheme::Cos {
            variant.window = theirs.parameter("q-sign-time").and_then(window);
            let signed = theirs.parameter("q-url-param-list").unwrap_or_default();
            if !signed.split(';').any(|name| name == COS_TOKEN) {
                credentials.session_token = None;
                variant.unsigned_query =
                    self.url.split(['?', '&']).find(|pair| pair.starts_with(COS_TOKEN)).unwrap_or_default();
            }
        }
        let with =
            Presign { variant, ..Presign::new(&credentials, UnixMillis(self.epoch * 1000), self.expires) };
        Ok(presign_as(scheme, &self.request()?, &self.bucket(kind)?, &with))
    }

    /// How it is signed, whose protocol that belongs to, and the parameters that signing adds.
    fn scheme(&self) -> Result<(Scheme, Kind, &'static [&'static str]), String> {
        Ok(match self.scheme.as_str() {
            "sigv4-query" => (
                Scheme::SigV4,
                Kind::S3,
                &[
                    "X-Amz-Algorithm",
                    "X-Amz-Credential",
                    "X-Amz-Date",
                    "X-Amz-Expires",
                    "X-Amz-Security-Token",
                    "X-Amz-Signature",
                    "X-Amz-SignedHeaders",
                ],
            ),
            "oss-v4-query" => (
                Scheme::OssV4,
                Kind::Oss,
                &[
                    "x-oss-additional-headers",
                    "x-oss-credential",
                    "x-oss-date",
                    "x-oss-expires",
                    "x-oss-security-token",
                    "x-oss-signature",
                    "x-oss-signature-version",
                ],
            ),
            "oss-v1-query" => {
                (Scheme::OssV1, Kind::Oss, &["OSSAccessKeyId", "Expires", "Signature", "security-token"])
            }
            "cos-sha1-query" => (
                Scheme::Cos,
                Kind::Cos,
                &[
                    "q-ak",
                    "q-header-list",
                    "q-key-time",
                    "q-sign-algorithm",
                    "q-sign-time",
                    "q-signature",
                    "q-url-param-list",
                    COS_TOKEN,
                ],
            ),
            "bce-auth-v1-query" => (Scheme::Bce, Kind::Bos, &["authorization", "x-bce-security-token"]),
            unknown => return Err(format!("there is no scheme {unknown}")),
        })
    }

    /// The bucket at the host of the URL.
    fn bucket(&self, kind: Kind) -> Result<Bucket, String> {
        let (scheme, rest) = self.url.split_once("://").ok_or("the URL has no scheme")?;
        let host = rest.split('/').next().unwrap_or_default();
        // COS appends the account's number to the name.
        let own_host = host.split_once('.').filter(|(label, _)| {
            *label == self.bucket || (kind == Kind::Cos && label.starts_with(&format!("{}-", self.bucket)))
        });
        let (name, host, path_style) = match own_host {
            Some((label, rest)) => (label, rest, false),
            None => (self.bucket.as_str(), host, true),
        };
        Ok(Bucket {
            endpoint: Some(format!("{scheme}://{host}")),
            path_style,
            ..Bucket::new(kind, name, &self.region)
        })
    }

    fn request(&self) -> Result<StoreRequest, String> {
        let pairs = |map: &BTreeMap<String, String>| map.clone().into_iter().collect();
        Ok(StoreRequest {
            operation: Operation::Sign,
            method: match self.method.as_str() {
                "GET" => Method::Get,
                "PUT" => Method::Put,
                "POST" => Method::Post,
                "DELETE" => Method::Delete,
                "HEAD" => Method::Head,
                unknown => return Err(format!("there is no method {unknown}")),
            },
            key: self.key.clone(),
            query: pairs(&self.query),
            headers: pairs(&self.headers),
            body: Body::Empty,
        })
    }
}

const COS_TOKEN: &str = "x-cos-security-token";

/// `1767323044;1767323944`
fn window(text: &str) -> Option<(u64, u64)> {
    let (start, end) = text.split_once(';')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}

/// A URL as a server sees it.
#[derive(PartialEq)]
struct Url {
    origin_and_path: String,
    parameters: BTreeSet<(String, String)>,
}

impl Url {
    fn parse(url: &str) -> Result<Self, String> {
        let decode = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|text| text.into_owned())
                .map_err(|error| error.to_string())
        };
        let (origin_and_path, query) = url.split_once('?').ok_or("the URL has no query")?;
        let mut parameters = BTreeSet::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !parameters.insert((decode(name)?, decode(value)?)) {
                return Err(format!("the URL repeats {name}"));
            }
        }
        Ok(Self { origin_and_path: decode(origin_and_path)?, parameters })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
