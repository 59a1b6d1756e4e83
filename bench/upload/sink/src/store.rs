//! The store: objects and uploads in parts, as S3, OSS and COS have them. Of their dialects the names of headers differ, which no
//! contender asks for. Signatures are not checked, and there is one bucket, which may be in the path or not.

use crate::{
    content::Span,
    digests::{Digests, composite, hex},
    form,
    http::{Body, Reply, Request, decode},
    receive::{Received, receive},
    world::{Part, Stored, Upload, World},
};
use std::io;

/// The bucket, where it is in the path.
const BUCKET: &str = "/bucket";
/// Most parts in one list, as of all stores.
const PAGE: usize = 1000;

/// Answers one request of a page.
///
/// # Errors
/// As of [`Body::piece`].
pub fn answer(request: &Request, body: &mut Body<'_>, world: &World, digests: &Digests) -> io::Result<Reply> {
    let path = decode(&request.path);
    let key = path.strip_prefix(BUCKET).unwrap_or(&path).trim_start_matches('/');
    let upload = request.param("uploadId");
    Ok(match (request.method.as_str(), upload) {
        ("POST", None) if request.param("uploads").is_some() => {
            let id = create(world, key);
            Reply::xml(
                200,
                format!(
                    "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ),
            )
        }
        ("PUT", Some(id)) => {
            let received = receive(&[], body, request.length, digests, world)?;
            let number = request.number("partNumber").unwrap_or_default();
            put_part(world, id, number, received)
        }
        ("PUT", None) => {
            let received = receive(&[], body, request.length, digests, world)?;
            put_object(world, key, received, 200)
        }
        ("POST", None) => {
            let form = form::read(request, body)?;
            let received = receive(&form.first, body, form.length, digests, world)?;
            let name = form.fields.get("key").map(String::as_str).unwrap_or_default();
            put_object(world, name, received, 201)
        }
        ("GET", Some(id)) => list_parts(world, id, request.number("part-number-marker").unwrap_or(0)),
        ("GET", None) if request.param("uploads").is_some() => {
            let prefix = request.param("prefix").unwrap_or_default();
            list_uploads(&world.stored(), prefix)
        }
        ("POST", Some(id)) => {
            let text = body.text()?;
            match complete(world, id, &listed(&text)) {
                Ok(etag) => Reply::xml(
                    200,
                    format!(
                        "<CompleteMultipartUploadResult><Location>{}{BUCKET}/{key}</Location><Bucket>bucket</Bucket><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag></CompleteMultipartUploadResult>",
                        world.plan.store
                    ),
                ),
                Err((status, code)) => error(status, code),
            }
        }
        ("DELETE", Some(id)) => {
            world.stored().uploads.remove(id);
            Reply::empty(204)
        }
        ("DELETE", None) => {
            world.stored().objects.remove(key);
            Reply::empty(204)
        }
        ("HEAD", _) => match world.stored().objects.get(key) {
            Some((size, etag)) => {
                Reply::empty(200).with("ETag", format!("\"{etag}\"")).with("X-Object-Size", size)
            }
            None => Reply::empty(404),
        },
        _ => error(405, "MethodNotAllowed"),
    })
}

/// What stores say to a page that asks for too much at a time.
pub fn slow_down() -> Reply {
    error(503, "SlowDown")
}

fn error(status: u16, code: &str) -> Reply {
    Reply::xml(status, format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"))
}

/// Begins an upload in parts; its id.
pub fn create(world: &World, key: &str) -> String {
    let mut stored = world.stored();
    let id = stored.new_id();
    stored.uploads.insert(id.clone(), Upload { key: key.to_owned(), ..Upload::default() });
    id
}

fn put_part(world: &World, id: &str, number: u32, received: Received) -> Reply {
    let Some(span) = received.span else {
        world.count_wrong();
        return error(400, "BadDigest");
    };
    let mut stored = world.stored();
    let Some(upload) = stored.uploads.get_mut(id) else { return error(404, "NoSuchUpload") };
    upload.parts.insert(number, Part { span, md5: received.md5 });
    Reply::empty(200).with("ETag", format!("\"{}\"", hex(&received.md5)))
}

fn put_object(world: &World, key: &str, received: Received, status: u16) -> Reply {
    let Some(span) = received.span else {
        world.count_wrong();
        return error(400, "BadDigest");
    };
    let etag = hex(&received.md5);
    keep(&mut world.stored(), key, span, etag.clone());
    let reply = match status {
        201 => Reply::xml(
            201,
            format!(
                "<PostResponse><Location>{}{BUCKET}/{key}</Location><Bucket>bucket</Bucket><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag></PostResponse>",
                world.plan.store
            ),
        ),
        _ => Reply::empty(status),
    };
    reply.with("ETag", format!("\"{etag}\"")).with("Location", format!("{}{BUCKET}/{key}", world.plan.store))
}

fn keep(stored: &mut Stored, key: &str, span: Span, etag: String) {
    stored.objects.insert(key.to_owned(), (span.bytes.end - span.bytes.start, etag));
    stored.whole.push(span);
}

fn list_parts(world: &World, id: &str, after: u32) -> Reply {
    let stored = world.stored();
    let Some(upload) = stored.uploads.get(id) else { return error(404, "NoSuchUpload") };
    let parts: Vec<_> = upload.parts.range(after + 1..).take(PAGE).collect();
    let last = parts.last().map_or(after, |(number, _)| **number);
    let truncated = upload.parts.range(last + 1..).next().is_some();
    let listed: String = parts.iter().map(|(number, Part { span, md5 })| format!("<Part><PartNumber>{number}</PartNumber><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;{}&quot;</ETag><Size>{}</Size></Part>", hex(md5), span.bytes.end - span.bytes.start)).collect();
    let key = &upload.key;
    Reply::xml(
        200,
        format!(
            "<ListPartsResult><Bucket>bucket</Bucket><Key>{key}</Key><UploadId>{id}</UploadId><PartNumberMarker>{after}</PartNumberMarker><NextPartNumberMarker>{last}</NextPartNumberMarker><MaxParts>{PAGE}</MaxParts><IsTruncated>{truncated}</IsTruncated>{listed}</ListPartsResult>"
        ),
    )
}

fn list_uploads(stored: &Stored, prefix: &str) -> Reply {
    let matching = stored.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix));
    let listed: String = matching.map(|(id, upload)| format!("<Upload><Key>{}</Key><UploadId>{id}</UploadId><StorageClass>STANDARD</StorageClass><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>", upload.key)).collect();
    Reply::xml(
        200,
        format!(
            "<ListMultipartUploadsResult><Bucket>bucket</Bucket><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>{listed}</ListMultipartUploadsResult>"
        ),
    )
}

/// Numbers and ETags of the parts that a page lists to have them put together.
fn listed(text: &str) -> Vec<(u32, String)> {
    let field = |part: &str, name: &str| -> Option<String> {
        let (_, after) = part.split_once(&format!("<{name}>"))?;
        after.split_once('<').map(|(value, _)| value.to_owned())
    };
    let parts = text.split("<Part>").skip(1);
    parts
        .filter_map(|part| Some((field(part, "PartNumber")?.trim().parse().ok()?, field(part, "ETag")?)))
        .collect()
}

/// Puts the listed parts together; the object's ETag, without quotes.
///
/// # Errors
/// The status and the code with which stores refuse that.
pub fn complete(world: &World, id: &str, listed: &[(u32, String)]) -> Result<String, (u16, &'static str)> {
    let mut stored = world.stored();
    let upload = stored.uploads.get(id).ok_or((404, "NoSuchUpload"))?;
    let parts: Option<Vec<&Part>> = listed
        .iter()
        .map(|(number, etag)| {
            let part = upload.parts.get(number)?;
            let told = etag.replace("&quot;", "").replace("&#34;", "").replace('"', "");
            told.eq_ignore_ascii_case(&hex(&part.md5)).then_some(part)
        })
        .collect();
    let parts = parts.filter(|parts| !parts.is_empty()).ok_or((400, "InvalidPart"))?;
    let etag = composite(&parts.iter().map(|part| part.md5).collect::<Vec<_>>());
    let whole = Span::join(parts.into_iter().map(|part| part.span.clone()));
    let key = upload.key.clone();
    stored.uploads.remove(id);
    match whole {
        Some(span) => keep(&mut stored, &key, span, etag.clone()),
        None => world.count_wrong(),
    }
    Ok(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_parts_is_read_however_a_contender_spells_it() {
        let texts = [
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"ab\"</ETag></Part></CompleteMultipartUpload>",
            "<?xml version=\"1.0\"?><CompleteMultipartUpload xmlns=\"x\">\n<Part>\n<ETag>\"ab\"</ETag>\n<PartNumber>1</PartNumber></Part>",
        ];
        for text in texts {
            assert_eq!(listed(text), [(1, "\"ab\"".to_owned())], "{text}");
        }
    }
}
