//! The signing server: the routes of Uppy Companion, under `/s3`. What it signs is not signed, since nobody checks.

use crate::{
    digests::hex,
    http::{Body, Reply, Request, decode},
    store,
    world::{Part, World},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io;

/// Seconds that a URL is said to live, Companion's default.
const EXPIRES: u32 = 800;

#[derive(Deserialize)]
struct Create {
    filename: String,
}

#[derive(Deserialize)]
struct Several {
    files: Vec<Create>,
}

#[derive(Deserialize)]
struct Complete {
    parts: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

/// Answers one request; `None` when there is no such route.
///
/// # Errors
/// As of [`Body::piece`].
pub fn answer(request: &Request, body: &mut Body<'_>, world: &World) -> io::Result<Option<Reply>> {
    let Some(route) = request.path.strip_prefix("/s3/") else { return Ok(None) };
    let steps: Vec<String> = route.split('/').map(decode).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let key = request.param("key").unwrap_or_default();
    let path = format!("/bucket/{key}");
    let store = &world.plan.store;
    let text = body.text()?;
    let value = match (request.method.as_str(), steps.as_slice()) {
        ("GET", ["params"]) => form_for(world, request.param("filename").unwrap_or_default()),
        // What partwise adds to Companion; no other asks for it.
        ("POST", ["params"]) => {
            let Several { files } = serde_json::from_str(&text)?;
            files.iter().map(|file| form_for(world, &file.filename)).collect()
        }
        ("POST", ["multipart"]) => {
            let Create { filename } = serde_json::from_str(&text)?;
            let key = key_of(world, &filename);
            let id = store::create(world, &key);
            json!({ "key": key, "uploadId": id, "bucket": "bucket" })
        }
        ("GET", ["multipart", id]) => match world.stored().uploads.get(*id) {
            Some(upload) => json!(upload.parts.iter().map(listed).collect::<Vec<_>>()),
            None => return Ok(Some(Reply::empty(404))),
        },
        ("GET", ["multipart", id, "batch"]) => {
            let numbers = request.param("partNumbers").unwrap_or_default().split(',');
            let urls: Map<String, Value> = numbers
                .map(|number| (number.to_owned(), json!(part_url(store, &path, id, number))))
                .collect();
            json!({ "presignedUrls": urls })
        }
        ("GET", ["multipart", id, number]) => {
            json!({ "url": part_url(store, &path, id, number), "expires": EXPIRES })
        }
        ("POST", ["multipart", id, "complete"]) => {
            let Complete { parts } = serde_json::from_str(&text)?;
            let parts: Vec<_> = parts.into_iter().map(|part| (part.part_number, part.etag)).collect();
            match store::complete(world, id, &parts) {
                Ok(_) => json!({ "location": format!("{store}{path}"), "key": key, "bucket": "bucket" }),
                // Companion tells no page why.
                Err(_) => return Ok(Some(Reply::empty(500))),
            }
        }
        ("DELETE", ["multipart", id]) => {
            world.stored().uploads.remove(*id);
            json!({})
        }
        _ => return Ok(None),
    };
    Ok(Some(Reply::json(&value)))
}

/// Where a small file goes in one request: a form, as Companion signs it.
fn form_for(world: &World, name: &str) -> Value {
    let (key, store) = (key_of(world, name), &world.plan.store);
    json!({ "method": "POST", "url": format!("{store}/bucket"), "fields": { "key": key }, "expires": EXPIRES })
}

/// A key that no other upload has, as Companion makes them.
fn key_of(world: &World, name: &str) -> String {
    format!("{}-{name}", world.stored().new_id())
}

fn part_url(store: &str, path: &str, id: &str, number: &str) -> String {
    format!("{store}{}?partNumber={number}&uploadId={id}", encode(path))
}

fn listed((number, part): (&u32, &Part)) -> Value {
    let size = part.span.bytes.end - part.span.bytes.start;
    json!({ "PartNumber": number, "ETag": format!("\"{}\"", hex(&part.md5)), "Size": size })
}

/// Percent-encodes what may not be in a path.
fn encode(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                (byte as char).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
