//! Reads the option `store`: a bucket that the page signs for itself.

use super::super::js::{function, get, text};
use super::{TRUTH, address, only};
use crate::core::config::bad_option;
use crate::core::error::UploadError;
use crate::core::sign::Scheme;
use crate::core::store::{Bucket, Kind};
use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

/// A bucket, how its URLs are signed, and who gives the credentials for that.
pub struct Store {
    pub bucket: Bucket,
    pub scheme: Scheme,
    pub credentials: Function,
}

const KNOWN: [&str; 8] =
    ["kind", "bucket", "region", "endpoint", "pathStyle", "accelerate", "signatureVersion", "credentials"];

pub fn read(store: &JsValue) -> Result<Store, UploadError> {
    let object = store.dyn_ref::<Object>().ok_or_else(|| bad_option("store", "an object"))?;
    only(object, "store.", &KNOWN)?;
    if get(store, "kind").is_none() {
        return Err(bad_option("store.kind", KINDS));
    }
    let kind = kind(store, "store.kind")?;
    let needed = |name: &str, full: &str, what: &str| {
        text(store, name).filter(|value| !value.is_empty()).ok_or_else(|| bad_option(full, what))
    };
    let name = needed("bucket", "store.bucket", "the bucket's name")?;
    if name.contains(|letter: char| letter.is_whitespace() || letter == '/') {
        return Err(bad_option("store.bucket", "the bucket's name alone"));
    }
    let account = name.rsplit_once('-').map_or("", |(_, account)| account);
    if kind == Kind::Cos && (account.is_empty() || account.contains(|letter: char| !letter.is_ascii_digit()))
    {
        return Err(bad_option(
            "store.bucket",
            "the bucket's name with the account's number, such as \"name-1250000000\"",
        ));
    }
    let region =
        needed("region", "store.region", "the bucket's region, such as \"us-east-1\" or \"cn-hangzhou\"")?;
    let is_origin = |origin: &String| origin.starts_with("http://") || origin.starts_with("https://");
    let endpoint =
        match get(store, "endpoint") {
            None => None,
            Some(_) => Some(address(store, "endpoint").filter(is_origin).ok_or_else(|| {
                bad_option("store.endpoint", "an origin such as \"https://s3.example.com\"")
            })?),
        };
    let endpoint = endpoint.map(|origin| origin.trim_end_matches('/').to_owned());
    let truth = |name: &str, full: &str, default: bool| match get(store, name) {
        None => Ok(default),
        Some(value) => value.as_bool().ok_or_else(|| bad_option(full, TRUTH)),
    };
    // What speaks S3 elsewhere mostly has no host for each bucket; the other vendors have one wherever they are.
    let path_style = truth("pathStyle", "store.pathStyle", kind == Kind::S3 && endpoint.is_some())?;
    let accelerate = truth("accelerate", "store.accelerate", false)?;
    if accelerate && (kind == Kind::Bos || endpoint.is_some() || path_style) {
        return Err(bad_option(
            "store.accelerate",
            "left out: it goes with the vendor's own endpoint of S3, OSS or COS",
        ));
    }
    let scheme = match (kind, get(store, "signatureVersion").map(|version| version.as_string())) {
        (_, None) => Scheme::of(kind),
        (Kind::Oss, Some(Some(version))) if version == "v4" => Scheme::OssV4,
        (Kind::Oss, Some(Some(version))) if version == "v1" => Scheme::OssV1,
        (Kind::Oss, Some(_)) => return Err(bad_option("store.signatureVersion", "one of \"v4\", \"v1\"")),
        (_, Some(_)) => return Err(bad_option("store.signatureVersion", "left out: it goes with OSS only")),
    };
    let credentials = function(store, "credentials")
        .ok_or_else(|| bad_option("store.credentials", "a function that gives temporary credentials"))?;
    let bucket = Bucket { endpoint, path_style, accelerate, ..Bucket::new(kind, &name, &region) };
    Ok(Store { bucket, scheme, credentials })
}

const KINDS: &str = "one of \"s3\", \"oss\", \"cos\", \"bos\"";

/// Whose protocol a store speaks: S3's unless the option says something else.
pub fn kind(options: &JsValue, full: &str) -> Result<Kind, UploadError> {
    match get(options, "kind") {
        None => Ok(Kind::S3),
        Some(kind) => {
            let kind = kind.as_string().and_then(|name| Kind::from_name(&name));
            kind.ok_or_else(|| bad_option(full, KINDS))
        }
    }
}

impl Store {
    /// Names the bucket among all the places that uploads go to.
    pub fn destination(&self) -> String {
        let Bucket { kind, name, region, endpoint, .. } = &self.bucket;
        [kind.as_str(), ":", endpoint.as_deref().unwrap_or(region), "/", name].concat()
    }
}
