//! A model store that keeps every byte and obeys S3's rules, with the differences that real stores show.

use super::wire::{Auth, Call};
use partwise::core::hash::{Md5Digest, Md5Hasher, composite_etag};
use partwise::core::http::{HttpReply, HttpRequest};
use partwise::core::store::normalize_etag;
use partwise::core::time::compact_date;
use partwise::core::units::UnixMillis;
use std::collections::BTreeMap;
use std::rc::Rc;

pub fn md5(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Md5Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// What a second Complete of the same upload is answered.
#[derive(Clone, Copy, Debug)]
pub enum Again {
    Ok,
    /// 200, without an ETag.
    EmptyEtag,
    NotFound,
    Denied,
}

/// How the first Complete spells the object's ETag.
#[derive(Clone, Copy, Debug)]
pub enum FirstEtag {
    Quoted,
    Entities,
    /// Ceph RGW.
    Empty,
}

/// In what stores differ.
#[derive(Clone, Copy, Debug)]
pub struct Flavour {
    pub again: Again,
    pub first_etag: FirstEtag,
    /// Parts per page of a list.
    pub page: usize,
    /// Bytes of the smallest part that is not the last.
    pub min_part: usize,
    /// ETags are MD5s (not with SSE-KMS).
    pub etags_are_md5: bool,
    /// The ETag of every object made of parts, where it is not computed of theirs (OSS, BOS).
    pub object_etag: Option<&'static str>,
    /// HEAD of a missing object is 403 (no permission to list).
    pub head_hides: bool,
    /// An expired URL is 400 rather than 403.
    pub expired_is_400: bool,
    /// A part that was refused spoils the one stored before (Garage).
    pub refused_spoils: bool,
}

impl Flavour {
    /// As AWS does it.
    pub const PLAIN: Self = Self {
        again: Again::NotFound,
        first_etag: FirstEtag::Quoted,
        page: 1000,
        min_part: 0,
        etags_are_md5: true,
        object_etag: None,
        head_hides: false,
        expired_is_400: false,
        refused_spoils: false,
    };
}

#[derive(Clone)]
pub struct Part {
    pub bytes: Rc<[u8]>,
    /// Normalized.
    pub etag: String,
    pub spoiled: bool,
}

impl Part {
    /// Stored by somebody else, with an MD5 as its ETag.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), etag: md5(bytes).to_hex(), spoiled: false }
    }
}

#[derive(Clone, Default)]
pub struct Session {
    pub key: String,
    pub parts: BTreeMap<u32, Part>,
}

pub struct Object {
    pub bytes: Rc<[u8]>,
    pub etag: String,
}

/// What a request changed.
pub enum Effect {
    Created {
        session: String,
        key: String,
    },
    Completed {
        session: String,
        bytes: Rc<[u8]>,
    },
    Aborted {
        session: String,
    },
    /// In a single request.
    Stored {
        key: String,
        bytes: Rc<[u8]>,
    },
}

pub struct Store {
    pub flavour: Flavour,
    pub sessions: BTreeMap<String, Session>,
    /// Uploads that were completed, with the key and the object's ETag then.
    completed: BTreeMap<String, (String, String)>,
    pub objects: BTreeMap<String, Object>,
    pub effects: Vec<Effect>,
    /// When tokens of temporary credentials end, in milliseconds since 1970.
    pub tokens: BTreeMap<String, u64>,
    created: u64,
    stored: u64,
}

impl Store {
    pub fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            sessions: BTreeMap::new(),
            completed: BTreeMap::new(),
            objects: BTreeMap::new(),
            effects: Vec::new(),
            tokens: BTreeMap::new(),
            created: 0,
            stored: 0,
        }
    }

    /// A reply to whoever may not ask; `now` in milliseconds since 1970.
    pub fn refuses(&self, auth: &Auth, now: u64) -> Option<HttpReply> {
        if auth.token.as_ref().is_some_and(|token| self.tokens.get(token).is_none_or(|end| *end < now)) {
            return Some(error(400, "ExpiredToken", "The provided token has expired.", now));
        }
        if auth.date > now + 900_000 {
            return Some(error(403, "RequestTimeTooSkewed", "The difference is too large.", now));
        }
        (auth.date + auth.seconds * 1000 < now).then(|| {
            let status = if self.flavour.expired_is_400 { 400 } else { 403 };
            error(status, "AccessDenied", "Request has expired", now)
        })
    }

    /// A reply to what would replace an object that it must not replace.
    pub fn keeps(&self, call: &Call, request: &HttpRequest, now: u64) -> Option<HttpReply> {
        let key = match call {
            Call::PutObject { key } => Some(key),
            Call::Complete { session, .. } => self.sessions.get(session).map(|session| &session.key),
            _ => None,
        };
        let asked = request.headers.iter().find_map(|(name, value)| match (name.as_str(), value.as_str()) {
            ("If-None-Match", "*") => {
                Some(error(412, "PreconditionFailed", "A condition did not hold.", now))
            }
            ("x-oss-forbid-overwrite", "true") => Some(error(409, "FileAlreadyExists", "It exists.", now)),
            _ => None,
        });
        asked.filter(|_| key.is_some_and(|key| self.objects.contains_key(key)))
    }

    /// `content_md5` as the header has it.
    pub fn serve(&mut self, call: &Call, body: &[u8], content_md5: Option<&str>, now: u64) -> HttpReply {
        let gone = || error(404, "NoSuchUpload", "The specified upload does not exist.", now);
        match call {
            Call::Create { key } => {
                let id = self.create(key);
                ok(format!(
                    "<InitiateMultipartUploadResult><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ))
            }
            Call::PutObject { .. } | Call::PutPart { .. }
                if content_md5.is_some_and(|told| told != md5(body).to_base64()) =>
            {
                self.spoil(call);
                error(400, "BadDigest", "The Content-MD5 you specified did not match.", now)
            }
            Call::PutObject { key } => {
                let etag = self.etag(body);
                self.keep(key, body.into(), &etag);
                self.effects.push(Effect::Stored { key: key.clone(), bytes: body.into() });
                stored(&etag)
            }
            Call::PutPart { session, part } => {
                let etag = self.etag(body);
                let Some(session) = self.sessions.get_mut(session) else { return gone() };
                let kept = Part { bytes: body.into(), etag: etag.clone(), spoiled: false };
                session.parts.insert(*part, kept);
                stored(&etag)
            }
            Call::List { session, after } => match self.sessions.get(session) {
                Some(found) => self.list(found, *after),
                None => gone(),
            },
            Call::Complete { session, parts } => {
                if !self.sessions.contains_key(session) && self.completed.contains_key(session) {
                    return self.complete_again(session, now);
                }
                self.complete(session, parts, now)
            }
            Call::Abort { session } => match self.sessions.remove(session) {
                Some(_) => {
                    self.effects.push(Effect::Aborted { session: session.clone() });
                    HttpReply { status: 204, ..Default::default() }
                }
                None => gone(),
            },
            Call::Head { key } => match self.objects.get(key) {
                Some(object) => HttpReply {
                    status: 200,
                    headers: vec![
                        ("content-length".into(), object.bytes.len().to_string()),
                        ("etag".into(), format!("\"{}\"", object.etag)),
                    ],
                    body: String::new(),
                },
                None if self.flavour.head_hides => HttpReply { status: 403, ..Default::default() },
                None => HttpReply { status: 404, ..Default::default() },
            },
        }
    }

    fn create(&mut self, key: &str) -> String {
        self.created += 1;
        let id = format!("S{}", self.created);
        self.sessions.insert(id.clone(), Session { key: key.into(), parts: BTreeMap::new() });
        self.effects.push(Effect::Created { session: id.clone(), key: key.into() });
        id
    }

    fn spoil(&mut self, call: &Call) {
        if let Call::PutPart { session, part } = call
            && self.flavour.refused_spoils
            && let Some(part) = self.sessions.get_mut(session).and_then(|session| session.parts.get_mut(part))
        {
            part.spoiled = true;
        }
    }

    fn etag(&mut self, bytes: &[u8]) -> String {
        self.stored += 1;
        let digest = md5(bytes).to_hex();
        if self.flavour.etags_are_md5 { digest } else { format!("kms-{}-{}", &digest[..8], self.stored) }
    }

    fn keep(&mut self, key: &str, bytes: Rc<[u8]>, etag: &str) {
        self.objects.insert(key.into(), Object { bytes, etag: etag.into() });
    }

    fn list(&self, session: &Session, after: u32) -> HttpReply {
        let rest: Vec<_> = session.parts.range(after + 1..).collect();
        let page = &rest[..rest.len().min(self.flavour.page)];
        list_reply(
            page.iter().map(|(number, part)| (**number, part.etag.clone(), part.bytes.len())).collect(),
            page.len() < rest.len(),
        )
    }

    fn complete(&mut self, id: &str, named: &[(u32, String)], now: u64) -> HttpReply {
        let Some(session) = self.sessions.get(id) else {
            return error(404, "NoSuchUpload", "The specified upload does not exist.", now);
        };
        let mut parts = Vec::new();
        for (number, etag) in named {
            match session.parts.get(number) {
                Some(part) if part.etag == normalize_etag(etag) && !part.spoiled => parts.push(part.clone()),
                _ => return error(400, "InvalidPart", "One or more of the parts could not be found.", now),
            }
        }
        if named.is_empty() || named.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return error(400, "InvalidPartOrder", "The list of parts was not in ascending order.", now);
        }
        let (_, all_but_last) = parts.split_last().unwrap();
        if all_but_last.iter().any(|part| part.bytes.len() < self.flavour.min_part) {
            return error(400, "EntityTooSmall", "Your proposed upload is smaller than allowed.", now);
        }
        let bytes: Rc<[u8]> = parts.iter().flat_map(|part| part.bytes.iter().copied()).collect();
        let etag = if let Some(etag) = self.flavour.object_etag {
            etag.to_owned()
        } else if self.flavour.etags_are_md5 {
            composite_etag(parts.iter().map(|part| md5(&part.bytes)))
        } else {
            format!("kms-{}", parts.len())
        };
        let key = session.key.clone();
        self.keep(&key, bytes.clone(), &etag);
        self.sessions.remove(id);
        self.completed.insert(id.into(), (key.clone(), etag.clone()));
        self.effects.push(Effect::Completed { session: id.into(), bytes });
        let spelled = match self.flavour.first_etag {
            FirstEtag::Quoted => format!("\"{etag}\""),
            FirstEtag::Entities => format!("&quot;{etag}&quot;"),
            FirstEtag::Empty => String::new(),
        };
        complete_reply(&key, &spelled)
    }

    fn complete_again(&self, id: &str, now: u64) -> HttpReply {
        let (key, etag) = &self.completed[id];
        match (self.flavour.again, self.objects.contains_key(key)) {
            (Again::Ok, true) => complete_reply(key, &format!("\"{etag}\"")),
            (Again::EmptyEtag, true) => complete_reply(key, ""),
            (Again::Denied, _) => error(403, "AccessDenied", "Access Denied", now),
            _ => error(404, "NoSuchUpload", "The specified upload does not exist.", now),
        }
    }

    /// Somebody else completes the upload with whatever it has.
    pub fn complete_behind(&mut self, id: &str) -> Rc<[u8]> {
        let Some(session) = self.sessions.remove(id) else { return Rc::default() };
        let digests = session.parts.values().map(|part| md5(&part.bytes));
        let etag = composite_etag(digests);
        let bytes: Rc<[u8]> = session.parts.values().flat_map(|part| part.bytes.iter().copied()).collect();
        self.completed.insert(id.into(), (session.key.clone(), etag.clone()));
        self.keep(&session.key, bytes.clone(), &etag);
        bytes
    }
}

pub fn list_reply(parts: Vec<(u32, String, usize)>, truncated: bool) -> HttpReply {
    let next = parts.last().map_or(0, |(number, ..)| *number);
    let parts: String = parts
        .iter()
        .map(|(number, etag, size)| {
            format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag><Size>{size}</Size></Part>"
            )
        })
        .collect();
    ok(format!(
        "<ListPartsResult><IsTruncated>{truncated}</IsTruncated><NextPartNumberMarker>{next}</NextPartNumberMarker>{parts}</ListPartsResult>"
    ))
}

fn complete_reply(key: &str, etag: &str) -> HttpReply {
    ok(format!(
        "<CompleteMultipartUploadResult><Location>https://store/b/{key}</Location><Key>{key}</Key><ETag>{etag}</ETag></CompleteMultipartUploadResult>"
    ))
}

pub fn ok(body: String) -> HttpReply {
    HttpReply { status: 200, headers: Vec::new(), body }
}

fn stored(etag: &str) -> HttpReply {
    HttpReply { status: 200, headers: vec![("etag".into(), format!("\"{etag}\""))], body: String::new() }
}

/// An error as S3 words it; what it quotes of the request must not get any further.
pub fn error(status: u16, code: &str, message: &str, now: u64) -> HttpReply {
    let date = compact_date(UnixMillis(now));
    let date = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[0..4],
        &date[4..6],
        &date[6..8],
        &date[9..11],
        &date[11..13],
        &date[13..15]
    );
    let quoted = "<StringToSign>AWS4-HMAC-SHA256 SECRET-string</StringToSign><Token-0>SECRET-token</Token-0>";
    let body = format!(
        "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R1</RequestId><ServerTime>{date}</ServerTime>{quoted}</Error>"
    );
    HttpReply { status, headers: Vec::new(), body }
}
