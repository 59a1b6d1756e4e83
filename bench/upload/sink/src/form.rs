//! Forms with one file (RFC 7578), the file being the last of their fields.

use crate::http::{Body, Request, invalid};
use std::{collections::HashMap, io};

/// Longest text before the file, bytes.
const MAX_FIELDS: usize = 1024 * 1024;

/// A form up to its file.
#[derive(Debug)]
pub struct Form {
    /// The fields before the file.
    pub fields: HashMap<String, String>,
    /// Bytes of the file that have been read.
    pub first: Vec<u8>,
    /// Bytes of the file.
    pub length: u64,
}

/// Reads a form up to its file.
///
/// # Errors
/// As of [`Body::piece`], and `InvalidData` for forms without a file.
pub fn read(request: &Request, body: &mut Body<'_>) -> io::Result<Form> {
    let kind = request.header("content-type").unwrap_or_default();
    let (_, boundary) = kind.split_once("boundary=").ok_or_else(|| invalid("a form without a boundary"))?;
    let delimiter = format!("\r\n--{boundary}");
    // The first one has no line before it.
    let mut read = b"\r\n".to_vec();
    let mut fields = HashMap::new();
    loop {
        let piece = body.piece()?.ok_or_else(|| invalid("a form without a file"))?;
        read.extend_from_slice(piece);
        while let Some((head, after)) = split(&read, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(head).into_owned();
            let name = parameter(&head, "name").unwrap_or_default();
            if parameter(&head, "filename").is_some() {
                let first = after.to_vec();
                let closing = delimiter.len() as u64 + "--\r\n".len() as u64;
                let length = (first.len() as u64 + body.left())
                    .checked_sub(closing)
                    .ok_or_else(|| invalid("a form without an end"))?;
                let first = first.get(..first.len().min(length as usize)).unwrap_or_default().to_vec();
                return Ok(Form { fields, first, length });
            }
            let Some((value, _)) = split(after, delimiter.as_bytes()) else { break };
            fields.insert(name, String::from_utf8_lossy(value).into_owned());
            let rest = after.get(value.len()..).unwrap_or_default().to_vec();
            read = rest;
        }
        if read.len() > MAX_FIELDS {
            return Err(invalid("too many fields"));
        }
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..start)?, bytes.get(start + at.len()..)?))
}

/// `name="value"` of a field's head.
fn parameter(head: &str, name: &str) -> Option<String> {
    let (_, value) = head.split_once(&format!("; {name}=\""))?;
    value.split_once('"').map(|(value, _)| value.to_owned())
}
