//! A bucket of one of the four kinds of store, and where its objects are.

use super::{Kind, cos, oss, s3};
use crate::core::text::percent_encode_path;

/// A bucket and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Whose protocol the store speaks.
    pub kind: Kind,
    /// The bucket's name. Of COS with the number of the account: `name-1250000000`.
    pub name: String,
    /// The region, also a part of the signatures of S3 and OSS: `us-east-1`, `cn-hangzhou`, `ap-guangzhou`, `bj`. OSS's may
    /// have `oss-` before it, as its own SDK wants.
    pub region: String,
    /// The store's URL, such as `https://s3.example.com` or `http://127.0.0.1:9000`, with a path where it has one;
    /// `https` when it names no scheme. `None`: the vendor's own for the region.
    pub endpoint: Option<String>,
    /// `https://host/bucket/key` instead of `https://bucket.host/key`. A bucket with a dot in its name is addressed
    /// so in any case over `https`, because a wildcard certificate covers one label only.
    pub path_style: bool,
    /// The vendor's transfer acceleration in place of its endpoint for the region, where `endpoint` is `None`. The bucket
    /// must have it switched on. BOS has none.
    pub accelerate: bool,
}

/// Where an object is, ready to be put into a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme and host, with the port where it is not the scheme's own: `https://host[:port]`.
    pub origin: String,
    /// The percent-encoded path, starting with `/`.
    pub path: String,
}

impl Bucket {
    /// A bucket at the vendor's own endpoint.
    pub fn new(kind: Kind, name: &str, region: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            region: region.to_owned(),
            endpoint: None,
            path_style: false,
            accelerate: false,
        }
    }

    /// Where an object is; the bucket itself for an empty key.
    pub fn address(&self, key: &str) -> Address {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| self.own_endpoint());
        let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", &endpoint));
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let path_style = self.path_style || (scheme == "https" && self.name.contains('.'));
        let mut path = String::from("/");
        for segment in [prefix.trim_end_matches('/'), if path_style { &self.name } else { "" }] {
            if !segment.is_empty() {
                path.push_str(segment);
                path.push('/');
            }
        }
        path.push_str(&percent_encode_path(key));
        let origin = if path_style {
            [scheme, "://", host].concat()
        } else {
            [scheme, "://", &self.name, ".", host].concat()
        };
        Address { origin, path }
    }

    /// The region as it is signed.
    pub fn signed_region(&self) -> &str {
        match self.kind {
            Kind::Oss => self.region.strip_prefix("oss-").unwrap_or(&self.region),
            Kind::S3 | Kind::Cos | Kind::Bos => &self.region,
        }
    }

    fn own_endpoint(&self) -> String {
        let region = self.signed_region();
        match self.kind {
            Kind::S3 => s3::endpoint(region, self.accelerate),
            Kind::Oss => oss::endpoint(region, self.accelerate),
            Kind::Cos => cos::endpoint(region, self.accelerate),
            Kind::Bos => ["https://", region, ".bcebos.com"].concat(),
        }
    }
}

impl Address {
    /// What a browser sends as `Host`: no port when it is the scheme's own.
    pub fn host(&self) -> &str {
        let (scheme, host) = self.origin.split_once("://").unwrap_or(("https", &self.origin));
        let own_port = if scheme == "http" { ":80" } else { ":443" };
        host.strip_suffix(own_port).unwrap_or(host)
    }
}

#[cfg(test)]
mod tests;
