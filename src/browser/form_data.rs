//! Bodies of form posts (`multipart/form-data`): fields first, then part of a file.

use super::random::random;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{Blob, FormData};

/// With a slice of a file on the disk, which the browser reads and encodes while it sends.
pub(super) fn form(
    fields: &[(String, String)],
    file_field: &str,
    slice: &Blob,
    name: Option<String>,
) -> Result<JsValue, JsValue> {
    let form = FormData::new()?;
    for (name, value) in fields {
        form.append_with_str(name, value)?;
    }
    form.append_with_blob_and_filename(file_field, slice, name.as_deref().unwrap_or("blob"))?;
    Ok(form.into())
}

/// With bytes in memory, as the HTML standard has browsers encode them, and its type. A `Blob` of them would cost more than all the
/// rest.
pub(super) fn encoded(
    fields: &[(String, String)],
    file_field: &str,
    bytes: &Uint8Array,
    file_name: &str,
) -> (Uint8Array, String) {
    // It must not stand in the file, which nobody could bring about.
    let boundary = ["partwise", &random().to_string(), &random().to_string()].concat();
    let mut head = String::new();
    for (name, value) in fields {
        begin_part(&mut head, &boundary, name);
        head.push_str("\r\n\r\n");
        push_lines(&mut head, value, "\r\n", "\"");
        head.push_str("\r\n");
    }
    begin_part(&mut head, &boundary, file_field);
    head.push_str("; filename=\"");
    for character in file_name.chars() {
        match character {
            '\r' => head.push_str("%0D"),
            '\n' => head.push_str("%0A"),
            '"' => head.push_str("%22"),
            character => head.push(character),
        }
    }
    head.push_str("\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    let tail = ["\r\n--", &boundary, "--\r\n"].concat();
    let at = head.len() as u32;
    let form = Uint8Array::new_with_length(at + bytes.length() + tail.len() as u32);
    form.set(&Uint8Array::from(head.as_bytes()), 0);
    form.set(bytes, at);
    form.set(&Uint8Array::from(tail.as_bytes()), at + bytes.length());
    (form, ["multipart/form-data; boundary=", &boundary].concat())
}

fn begin_part(head: &mut String, boundary: &str, name: &str) {
    head.push_str("--");
    head.push_str(boundary);
    head.push_str("\r\nContent-Disposition: form-data; name=\"");
    push_lines(head, name, "%0D%0A", "%22");
    head.push('"');
}

/// Every line break, however it is written, becomes the same.
fn push_lines(head: &mut String, text: &str, line_end: &str, quote: &str) {
    let mut last = ' ';
    for character in text.chars() {
        match character {
            '\n' if last == '\r' => {}
            '\r' | '\n' => head.push_str(line_end),
            '"' => head.push_str(quote),
            character => head.push(character),
        }
        last = character;
    }
}
