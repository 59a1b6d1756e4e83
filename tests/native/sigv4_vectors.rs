//! The signer makes the URLs that the AWS SDK for JavaScript and botocore make.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use partwise::core::sign::{Credentials, sigv4};
use partwise::core::store::{StoreRequest, s3};
use partwise::core::units::{ByteRange, PartNumber, UnixMillis};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A request and the URL an SDK made for it.
#[derive(Deserialize)]
struct Vector {
    id: String,
    op: String,
    method: String,
    style: String,
    host: String,
    bucket: String,
    region: String,
    key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    credentials: Keys,
    epoch: u64,
    expires: u32,
    url: String,
    signature: String,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

#[test]
fn every_url_of_the_two_sdks_is_reproduced() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../vectors/presign-s3.json")).unwrap();
    for vector in &vectors {
        let url = vector.presign();
        let (made, expected) = (Url::parse(&url), Url::parse(&vector.url));
        assert_eq!(made.parameter("X-Amz-Signature"), Some(vector.signature.as_str()), "{}", vector.id);
        assert_eq!(made, expected, "{}", vector.id);
    }
    assert_eq!(vectors.len(), 108);
    println!("{} URLs reproduced", vectors.len());
}

impl Vector {
    fn presign(&self) -> String {
        let request = self.request();
        assert_eq!(request.method.as_str(), self.method, "{}", self.id);
        let sdk = Url::parse(&self.url);
        let extra_query: Vec<(&str, &str)> = ["x-id", "X-Amz-Content-Sha256"]
            .into_iter()
            .filter_map(|name| sdk.parameter(name).map(|value| (name, value)))
            .collect();
        let credentials = Credentials {
            access_key_id: self.credentials.access_key_id.clone(),
            secret_access_key: self.credentials.secret_access_key.clone(),
            session_token: self.credentials.session_token.clone(),
        };
        let with = sigv4::Presign {
            credentials: &credentials,
            region: &self.region,
            now: UnixMillis(self.epoch * 1000),
            expires_secs: self.expires,
            extra_query: &extra_query,
        };
        sigv4::presign(&request, &self.bucket().address(&self.key), &with)
    }

    fn bucket(&self) -> s3::Bucket {
        let path_style = self.style == "path-custom";
        s3::Bucket {
            endpoint: path_style.then(|| format!("http://{}", self.host)),
            bucket: self.bucket.clone(),
            region: self.region.clone(),
            path_style,
        }
    }

    fn request(&self) -> StoreRequest {
        let query = |name: &str| self.query.get(name).map(String::as_str).unwrap_or_default();
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        let number = |name: &str| query(name).parse().ok().and_then(PartNumber::new);
        let (key, upload_id, range) = (&self.key, query("uploadId"), ByteRange { start: 0, end: 1 });
        match self.op.as_str() {
            "initiate" => s3::create(key, None, &[]),
            "put_part" | "put_part_md5" => {
                s3::put_part(key, upload_id, number("partNumber").unwrap(), range, header("Content-MD5"))
            }
            "put_object" | "put_object_ct" => s3::put_object(key, range, header("Content-Type"), None),
            "list_parts" => {
                let mut request = s3::list_parts(key, upload_id, None);
                // The vectors leave out what we always say: how long a page may be.
                request.query.retain(|(name, _)| name != "max-parts");
                request
            }
            "list_parts_paged" => s3::list_parts(key, upload_id, number("part-number-marker")),
            "complete" => s3::complete(key, upload_id, &[]),
            "abort" => s3::abort(key, upload_id),
            "head" => s3::head(key),
            "list_uploads" => s3::list_uploads(query("prefix")),
            unknown => panic!("{unknown}"),
        }
    }
}

/// A URL as a server sees it: the order of its parameters means nothing.
#[derive(Debug, PartialEq)]
struct Url {
    origin_and_path: String,
    parameters: BTreeSet<(String, String)>,
}

impl Url {
    fn parse(url: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let (origin_and_path, query) = url.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        let parameters: BTreeSet<_> = pairs.map(|(name, value)| (decode(name), decode(value))).collect();
        assert_eq!(parameters.len(), query.split('&').count(), "repeated parameters in {url}");
        Self { origin_and_path: origin_and_path.to_owned(), parameters }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
