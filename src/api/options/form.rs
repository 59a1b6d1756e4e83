//! Reads the option `form`: a chunk endpoint.

use super::super::js::{function, get, pairs, text};
use super::{address, is_address, only};
use crate::core::backend::form::{Form, Merge, Names, OCTETS, Test};
use crate::core::config::bad_option;
use crate::core::error::UploadError;
use crate::core::http::Method;
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

const KNOWN: [&str; 15] = [
    "target",
    "preset",
    "parameters",
    "fileParameterName",
    "query",
    "method",
    "uploadMethod",
    "testMethod",
    "testChunks",
    "checkChunkUploadedByResponse",
    "generateUniqueIdentifier",
    "merge",
    "successStatuses",
    "permanentErrors",
    "forceChunkSize",
];

pub fn read(form: &JsValue) -> Result<Form, UploadError> {
    let object = form.dyn_ref::<Object>().ok_or_else(|| bad_option("form", "an object"))?;
    only(object, "form.", &KNOWN)?;
    let target = address(form, "target").filter(|target| is_address(target));
    let target = target
        .ok_or_else(|| bad_option("form.target", "the address that takes chunks, such as \"/upload\""))?;
    let word = |name: &str, allowed: &[&str]| {
        let full = || ["form.", name].concat();
        match get(form, name).map(|word| word.as_string().unwrap_or_default()) {
            None => Ok(0),
            Some(word) => allowed.iter().position(|known| *known == word).ok_or_else(|| {
                let names: Vec<String> = allowed.iter().map(|name| ["\"", name, "\""].concat()).collect();
                bad_option(&full(), &["one of ", &names.join(", ")].concat())
            }),
        }
    };
    let method = |name: &str, default: Method| {
        let known = [Method::Get, Method::Put, Method::Post, Method::Head];
        match get(form, name).map(|method| method.as_string().unwrap_or_default().to_ascii_uppercase()) {
            None => Ok(default),
            Some(name_of) => known.into_iter().find(|method| method.as_str() == name_of).ok_or_else(|| {
                bad_option(&["form.", name].concat(), "one of \"GET\", \"HEAD\", \"POST\", \"PUT\"")
            }),
        }
    };
    let statuses = |name: &str, default: Vec<u16>| {
        let Some(given) = get(form, name) else { return Ok(default) };
        let list = given.dyn_ref::<Array>().map(|list| {
            let status =
                |value: JsValue| value.as_f64().filter(|n| (100.0..600.0).contains(n)).map(|n| n as u16);
            list.iter().map(status).collect::<Option<Vec<u16>>>()
        });
        list.flatten().ok_or_else(|| bad_option(&["form.", name].concat(), "an array of HTTP statuses"))
    };
    let preset = word("preset", &["simple-uploader", "flow", "resumable"])?;
    let names = names(form, preset)?;
    let is_resumable = preset == 2;
    let standard = Form::new(&target);
    let permanent = match preset {
        1 => vec![404, 413, 415, 500, 501],
        2 => vec![400, 404, 415, 500, 501],
        _ => standard.permanent.clone(),
    };
    let page_checks = needs_function(form, "checkChunkUploadedByResponse")?;
    Ok(Form {
        names,
        file_field: match get(form, "fileParameterName") {
            None => standard.file_field.clone(),
            Some(name) => name.as_string().ok_or_else(|| bad_option("form.fileParameterName", "a string"))?,
        },
        query: match get(form, "query") {
            Some(query) if query.is_function() || !query.is_object() => {
                return Err(bad_option("form.query", "an object of strings and numbers"));
            }
            query => query.map(|query| pairs(&query)).unwrap_or_default(),
        },
        octet: word("method", &["multipart", "octet"])? == 1,
        method: method("uploadMethod", Method::Post)?,
        test_method: method("testMethod", Method::Get)?,
        in_address_too: is_resumable,
        test: match (get(form, "testChunks"), page_checks) {
            (None, true) => Test::Once,
            (None, false) => Test::Each,
            (Some(test), _) => match (test.as_bool(), test.as_string().as_deref()) {
                (Some(true), _) if page_checks => Test::Once,
                (Some(true), _) => Test::Each,
                (Some(false), _) => Test::Off,
                (None, Some("once")) => Test::Once,
                _ => return Err(bad_option("form.testChunks", "true, false or \"once\"")),
            },
        },
        page_checks,
        page_identifies: needs_function(form, "generateUniqueIdentifier")?,
        merge: match get(form, "merge") {
            None => Merge::Off,
            Some(merge) if merge.is_function() => Merge::Page,
            Some(_) => Merge::Address(
                address(form, "merge").ok_or_else(|| bad_option("form.merge", "an address or a function"))?,
            ),
        },
        success: statuses("successStatuses", standard.success.clone())?,
        permanent: statuses("permanentErrors", permanent)?,
        permanent_in_tests: !is_resumable,
        octet_type: is_resumable.then_some(OCTETS),
        long_tail: !match get(form, "forceChunkSize") {
            None => false,
            Some(value) => value.as_bool().ok_or_else(|| bad_option("form.forceChunkSize", super::TRUTH))?,
        },
        ..standard
    })
}

/// Whether there is a function of that name.
fn needs_function(form: &JsValue, name: &str) -> Result<bool, UploadError> {
    match (get(form, name).is_some(), function(form, name).is_some()) {
        (true, false) => Err(bad_option(&["form.", name].concat(), "a function")),
        (_, is_function) => Ok(is_function),
    }
}

/// Those of a preset, each of which `parameters` may call something else.
fn names(form: &JsValue, preset: usize) -> Result<Names, UploadError> {
    let mut names = match preset {
        1 => Names::flow(),
        2 => Names::resumable(),
        _ => Names::simple(),
    };
    let Some(own) = get(form, "parameters") else { return Ok(names) };
    let object =
        own.dyn_ref::<Object>().ok_or_else(|| bad_option("form.parameters", "an object of names"))?;
    let mut slots = [
        ("chunkNumber", &mut names.chunk_number),
        ("chunkSize", &mut names.chunk_size),
        ("currentChunkSize", &mut names.current_chunk_size),
        ("totalSize", &mut names.total_size),
        ("identifier", &mut names.identifier),
        ("filename", &mut names.filename),
        ("relativePath", &mut names.relative_path),
        ("totalChunks", &mut names.total_chunks),
    ];
    let known: Vec<&str> = slots.iter().map(|(name, _)| *name).chain(["type"]).collect();
    only(object, "form.parameters.", &known)?;
    for (name, slot) in &mut slots {
        if let Some(own) = text(&own, name) {
            **slot = own;
        }
    }
    if let Some(own) = text(&own, "type") {
        names.content_type = Some(own);
    }
    Ok(names)
}
