//! A server for simple-uploader.js, at `/chunks`: a test by GET whether a chunk is there, chunks by POST as forms.

use crate::{
    content::Span,
    digests::Digests,
    form,
    http::{Body, Reply, Request, invalid},
    receive::receive,
    world::World,
};
use std::io;

/// Answers one request; `None` when it is not for chunks.
///
/// # Errors
/// As of [`Body::piece`], and `InvalidData` for a form without its fields.
pub fn answer(
    request: &Request,
    body: &mut Body<'_>,
    world: &World,
    digests: &Digests,
) -> io::Result<Option<Reply>> {
    if request.path != "/chunks" {
        return Ok(None);
    }
    Ok(Some(match request.method.as_str() {
        "GET" => {
            let number = request.number("chunkNumber").unwrap_or(0);
            let stored = world.stored();
            let chunks = request.param("identifier").and_then(|identifier| stored.chunks.get(identifier));
            let is_there = chunks.is_some_and(|chunks| chunks.contains_key(&number));
            Reply::empty(if is_there { 200 } else { 204 })
        }
        "POST" => {
            let form = form::read(request, body)?;
            let received = receive(&form.first, body, form.length, digests, world)?;
            let field =
                |name: &str| form.fields.get(name).ok_or_else(|| invalid(format!("there is no {name}")));
            let number = field("chunkNumber")?.parse().map_err(invalid)?;
            let total = field("totalChunks")?.parse().map_err(invalid)?;
            let Some(span) = received.span else {
                world.count_wrong();
                return Ok(Some(Reply::empty(400)));
            };
            keep(world, field("identifier")?, number, total, span);
            Reply::empty(200)
        }
        _ => Reply::empty(405),
    }))
}

fn keep(world: &World, identifier: &str, number: u32, total: usize, span: Span) {
    let mut stored = world.stored();
    let chunks = stored.chunks.entry(identifier.to_owned()).or_default();
    if chunks.insert(number, span).is_some() || chunks.len() < total {
        return;
    }
    match Span::join(chunks.values().cloned()) {
        Some(whole) => stored.whole.push(whole),
        None => world.count_wrong(),
    }
}
