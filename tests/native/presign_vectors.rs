//! The signers make the URLs that the vendors' SDKs make, and the builders the requests in them.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../examples/presign/vector.rs"]
mod vector;

use partwise::core::store::{Kind, StoreRequest};
use partwise::core::units::{ByteRange, PartNumber};
use serde_json::Value;
use std::collections::BTreeMap;
use vector::Vector;

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../vectors/presign.json")).unwrap()
}

fn check(value: &Value) -> Result<(), String> {
    serde_json::from_value::<Vector>(value.clone()).unwrap().check()
}

#[test]
fn every_url_of_the_vendors_sdks_is_reproduced() {
    let vectors = vectors();
    for vector in &vectors {
        assert_eq!(check(vector), Ok(()), "{}", vector["id"]);
    }
    assert_eq!(vectors.len(), 256);
}

/// The example says so, too.
#[test]
fn a_url_that_differs_is_told() {
    for mut vector in vectors() {
        let url = vector["url"].as_str().unwrap();
        // The last digit of the signature of each scheme.
        let signature = vector["signature"].as_str().unwrap().replace('+', "%2B").replace('/', "%2F");
        let end = url.find(signature.trim_end_matches('=')).unwrap() + signature.trim_end_matches('=').len();
        let other = if url[..end].ends_with('0') { "1" } else { "0" };
        vector["url"] = Value::from([&url[..end - 1], other, &url[end..]].concat());
        assert!(check(&vector).is_err(), "{}", vector["id"]);
    }
}

#[test]
fn the_builders_make_the_requests_in_them() {
    let mut seen = 0;
    for vector in vectors() {
        let id = &vector["id"];
        let Some(request) = built(&vector) else { continue };
        let strings = |name: &str| -> BTreeMap<String, String> {
            serde_json::from_value(vector[name].clone()).unwrap()
        };
        let (mut query, mut headers) = (strings("query"), strings("headers"));
        headers.remove("host");
        if vector["op"].as_str().unwrap().starts_with("list_parts") {
            // We always say how long a page may be.
            let most = if vector["store"] == "bos" { "maxParts" } else { "max-parts" };
            query.insert(most.into(), "1000".into());
        }
        assert_eq!(request.method.as_str(), vector["method"], "{id}");
        assert_eq!(request.key, vector["key"], "{id}");
        assert_eq!(request.query.into_iter().collect::<BTreeMap<_, _>>(), query, "{id}");
        assert_eq!(request.headers.into_iter().collect::<BTreeMap<_, _>>(), headers, "{id}");
        seen += 1;
    }
    assert_eq!(seen, 256);
}

fn built(vector: &Value) -> Option<StoreRequest> {
    let kind = Kind::from_name(vector["store"].as_str()?)?;
    let query = |name: &str| vector["query"][name].as_str();
    let header = |name: &str| vector["headers"][name].as_str();
    let number = |name: &str| query(name)?.parse().ok().and_then(PartNumber::new);
    let (key, range) = (vector["key"].as_str()?, ByteRange { start: 0, end: 1 });
    let upload_id = query("uploadId").unwrap_or_default();
    let op = vector["op"].as_str()?;
    Some(match op.strip_suffix("_sdk_presign").unwrap_or(op) {
        "initiate" => kind.create(key, None, &[]),
        "put_part" | "put_part_md5" | "put_part_additional_host" => {
            kind.put_part(key, upload_id, number("partNumber")?, range, header("Content-MD5"))
        }
        "put_object" | "put_object_ct" => kind.put_object(key, range, header("Content-Type"), None),
        "list_parts" => kind.list_parts(key, upload_id, None),
        "list_parts_paged" => kind.list_parts(
            key,
            upload_id,
            number("part-number-marker").or_else(|| number("partNumberMarker")),
        ),
        "complete" => kind.complete(key, upload_id, &[]),
        "abort" => kind.abort(key, upload_id),
        "head" => kind.head(key),
        "list_uploads" => kind.list_uploads(query("prefix")?, None),
        _ => return None,
    })
}
