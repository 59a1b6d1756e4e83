//! The tus protocol 1.0.0 with creation, creation-with-upload, concatenation and termination, under `/files`.

use crate::{
    content::Span,
    http::{Body, Reply, Request},
    receive::Receiver,
    world::{Resumable, World},
};
use std::io;

const FOLDER: &str = "/files";

/// Answers one request; `None` when it is not for an upload of tus.
///
/// # Errors
/// As of [`Body::piece`].
pub fn answer(request: &Request, body: &mut Body<'_>, world: &World) -> io::Result<Option<Reply>> {
    let Some(rest) = request.path.strip_prefix(FOLDER) else { return Ok(None) };
    let id = rest.trim_start_matches('/');
    let reply = match request.method.as_str() {
        "POST" => create(request, body, world)?,
        "HEAD" => match world.stored().resumables.get(id) {
            Some(upload) => Reply::empty(200)
                .with("Upload-Offset", upload.offset())
                .with("Upload-Length", upload.length)
                .with("Cache-Control", "no-store"),
            None => Reply::empty(404),
        },
        "PATCH" => append(request, body, world, id)?,
        "DELETE" => {
            world.stored().resumables.remove(id);
            Reply::empty(204)
        }
        _ => Reply::empty(405),
    };
    Ok(Some(reply.with("Tus-Resumable", "1.0.0")))
}

fn create(request: &Request, body: &mut Body<'_>, world: &World) -> io::Result<Reply> {
    let concat = request.header("upload-concat").unwrap_or_default();
    let id = {
        let mut stored = world.stored();
        let id = stored.new_id();
        let upload = Resumable {
            length: request.number("upload-length").unwrap_or_default(),
            span: None,
            partial: concat == "partial",
        };
        stored.resumables.insert(id.clone(), upload);
        id
    };
    if let Some(partial) = concat.strip_prefix("final;") {
        put_together(world, &id, partial);
    }
    let created = Reply::empty(201).with("Location", format!("{}{FOLDER}/{id}", world.plan.store));
    if body.left() == 0 {
        return Ok(created);
    }
    if !append_at(0, body, world, &id)? {
        return Ok(wrong());
    }
    let offset = world.stored().resumables.get(&id).map_or(0, Resumable::offset);
    Ok(created.with("Upload-Offset", offset))
}

/// Makes one of uploads that are parts, named by their URLs.
fn put_together(world: &World, id: &str, urls: &str) {
    let mut stored = world.stored();
    let spans: Option<Vec<Span>> = urls
        .split_whitespace()
        .map(|url| {
            let part = stored.resumables.get(url.rsplit('/').next()?)?;
            part.span.clone().filter(|_| part.offset() == part.length)
        })
        .collect();
    let whole = spans.and_then(Span::join);
    if let Some(upload) = stored.resumables.get_mut(id) {
        upload.span = whole.clone();
        upload.length = upload.offset();
    }
    match whole {
        Some(span) => stored.whole.push(span),
        None => world.count_wrong(),
    }
}

fn append(request: &Request, body: &mut Body<'_>, world: &World, id: &str) -> io::Result<Reply> {
    let offset = request.number("upload-offset").unwrap_or_default();
    match world.stored().resumables.get(id).map(Resumable::offset) {
        None => return Ok(Reply::empty(404)),
        Some(stored) if stored != offset => return Ok(Reply::empty(409)),
        Some(_) => {}
    }
    if !append_at(offset, body, world, id)? {
        return Ok(wrong());
    }
    let offset = world.stored().resumables.get(id).map_or(0, Resumable::offset);
    Ok(Reply::empty(204).with("Upload-Offset", offset))
}

/// To bytes that belong elsewhere, or that are none of any file.
fn wrong() -> Reply {
    Reply::empty(400)
}

/// Keeps what arrives, also when the connection breaks before the end: that is the point of the protocol. Whether it was right.
fn append_at(offset: u64, body: &mut Body<'_>, world: &World, id: &str) -> io::Result<bool> {
    let before = world.stored().resumables.get(id).and_then(|upload| upload.span.clone());
    let place = before.as_ref().map(|span| (span.file, span.bytes.end));
    let mut receiver = Receiver::new(place, None);
    let end = loop {
        match body.piece() {
            Ok(Some(piece)) => {
                world.count_content(piece.len());
                receiver.take(piece);
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let arrived = receiver.span();
    let right = arrived.is_some();
    let mut stored = world.stored();
    let Some(upload) = stored.resumables.get_mut(id).filter(|upload| upload.offset() == offset) else {
        // Removed meanwhile, or continued by a later request while this one was still thought to be alive.
        return end.map(|()| true);
    };
    if let Some(span) = arrived {
        upload.span = Span::join(before.into_iter().chain([span]));
    }
    let is_whole = !upload.partial && upload.offset() == upload.length;
    let whole = upload.span.clone().filter(|_| is_whole);
    stored.whole.extend(whole);
    end?;
    if !right {
        world.count_wrong();
    }
    Ok(right)
}
