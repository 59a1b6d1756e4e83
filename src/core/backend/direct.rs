//! Straight to the store: every request, control calls included, goes to a presigned URL. The page signs
//! (`signRequest`), or [`LocalSigner`] does with the page's temporary credentials.

use super::{
    Context, Done, Next, ObjectUrl, Op, Signed, SignedUrl, Step, StepReply, add_missing, bad, object_request,
    reply_fault,
};
use crate::core::http::{HttpReply, HttpRequest};
use crate::core::retry::Fault;
use crate::core::sign::{Credentials, Presign, Scheme, presign_as};
use crate::core::store::{Bucket, Completed, Kind, StoreError, StoreRequest, normalize_etag, store_error};
use crate::core::units::{Instant, Now, PartNumber, UnixMillis};

fn request(kind: Kind, op: &Op, context: &Context<'_>) -> StoreRequest {
    let target = context.target;
    let (key, id) = match context.session {
        Some(session) => (session.key.as_str(), session.upload_id.as_str()),
        None => (target.key.as_str(), ""),
    };
    match op {
        Op::Create => kind.create(&target.key, context.content_type(), &target.metadata),
        Op::SignParts(asks) => match asks.first() {
            Some(ask) => kind.put_part(key, id, ask.number, ask.range, ask.content_md5.as_deref()),
            None => kind.head(key),
        },
        Op::SignObject { content_md5 } => {
            let md5 = content_md5.as_deref();
            let mut put = kind.put_object(&target.key, context.whole(), context.content_type(), md5);
            kind.push_metadata(&mut put, &target.metadata);
            if !context.config.overwrite {
                kind.forbid_overwrite(&mut put);
            }
            put
        }
        Op::ListParts(after) => kind.list_parts(key, id, *after),
        Op::Complete(parts) => {
            let mut complete = kind.complete(key, id, parts);
            if !context.config.overwrite {
                kind.forbid_overwrite(&mut complete);
            }
            // That a checksum is told shows Amazon's own store.
            if kind == Kind::S3 && context.config.crc64.is_some() {
                Kind::expect_size(&mut complete, context.plan.size());
            }
            complete
        }
        Op::Abort => kind.abort(key, id),
        Op::Head | Op::Find(_) => kind.head(key),
        Op::Revisit(object) => kind.head(&object.key),
    }
}

pub(super) fn start(kind: Kind, op: &Op, context: &Context<'_>) -> Result<Next, Fault> {
    if matches!(op, Op::Find(_)) {
        return Ok(Next::Done(Done::Unsupported));
    }
    Ok(Next::Step(Step::Sign(request(kind, op, context))))
}

pub(super) fn next(kind: Kind, op: &Op, context: &Context<'_>, reply: StepReply) -> Result<Next, Fault> {
    match reply {
        StepReply::Signed(url) => signed(kind, op, context, url),
        StepReply::Http(reply) => answered(kind, op, context, &reply).map(Next::Done),
        StepReply::Page(_) => Err(bad("a reply of another kind")),
    }
}

fn signed(kind: Kind, op: &Op, context: &Context<'_>, url: SignedUrl) -> Result<Next, Fault> {
    let asked = request(kind, op, context);
    if matches!(op, Op::SignObject { .. }) {
        let mut object = ObjectUrl { signed: url, fields: None, key: Some(asked.key) };
        add_missing(&mut object.signed.headers, &asked.headers);
        return Ok(Next::Done(Done::Signed(vec![(PartNumber::FIRST, object_request(&object, context))])));
    }
    let good_for = url.good_for();
    let mut headers = url.headers;
    add_missing(&mut headers, &asked.headers);
    let request = HttpRequest { method: asked.method, url: url.url, headers, body: asked.body };
    Ok(match op {
        Op::SignParts(asks) => {
            let number = asks.first().map_or(PartNumber::FIRST, |ask| ask.number);
            Next::Done(Done::Signed(vec![(number, Signed { request, good_for, key: None })]))
        }
        _ => Next::Step(Step::Store(request)),
    })
}

fn answered(kind: Kind, op: &Op, context: &Context<'_>, reply: &HttpReply) -> Result<Done, Fault> {
    let fault = |error: StoreError| reply_fault(reply, error);
    match op {
        Op::Create => kind.created(reply).map(Done::Created).map_err(fault),
        Op::ListParts(_) => kind.listed(reply).map(Done::Listed).map_err(fault),
        Op::Complete(_) => kind.completed(reply).map(Done::Completed).map_err(fault),
        Op::Abort if reply.is_success() || reply.status == 404 => Ok(Done::Aborted),
        Op::Head if reply.status == 404 => Ok(Done::Head(None)),
        Op::Head => kind.object_info(reply).map(|info| Done::Head(Some(info))).map_err(fault),
        Op::Revisit(_) if reply.status == 404 => Ok(Done::Found(None)),
        Op::Revisit(object) => {
            let info = kind.object_info(reply).map_err(fault)?;
            let is_same = info.size == context.plan.size()
                && info.etag.as_deref().is_some_and(|etag| normalize_etag(etag) == object.etag);
            Ok(Done::Found(is_same.then(|| Completed {
                key: Some(object.key.clone()),
                etag: info.etag,
                crc64: info.crc64,
                ..Completed::default()
            })))
        }
        Op::Find(_) => Ok(Done::Unsupported),
        Op::Abort | Op::SignParts(_) | Op::SignObject { .. } => Err(fault(store_error(reply))),
    }
}

/// URLs signed in the page live this long, or as long as their credentials if that is shorter. They never leave the page, which
/// could sign others; and a clock that is slow by less does no harm: not every store lets a page read that a URL has expired
/// (Ceph RGW).
const URL_SECS: u64 = 3600;
/// Credentials are asked for anew this long before they end.
const EARLY_MS: u64 = 60_000;

/// Signs with the page's temporary credentials, which it keeps in memory only.
#[derive(Debug)]
pub struct LocalSigner {
    bucket: Bucket,
    scheme: Scheme,
    credentials: Option<(Credentials, Option<UnixMillis>)>,
    /// When the page gave them.
    given: Instant,
    /// How far the store's clock is ahead of this device's.
    skew_ms: i64,
}

impl LocalSigner {
    /// For one bucket, signing as its kind of store has it.
    pub fn new(bucket: Bucket) -> Self {
        let scheme = Scheme::of(bucket.kind);
        Self { bucket, scheme, credentials: None, given: Instant(0), skew_ms: 0 }
    }

    /// Whether the bucket is at the vendor's own endpoint.
    pub fn is_at_vendor(&self) -> bool {
        self.bucket.endpoint.is_none()
    }

    /// Signing in another way.
    #[must_use]
    pub fn signing_as(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }

    /// New credentials and when they end.
    pub fn set(&mut self, credentials: Credentials, expiration: Option<UnixMillis>, now: Now) {
        if expiration.is_some_and(|end| self.is_ending(end, now)) {
            // Rather than being fresh and at their end, the device's clock has been set right since the store was asked.
            self.skew_ms = 0;
        }
        self.credentials = Some((credentials, expiration));
        self.given = now.mono;
    }

    fn is_ending(&self, end: UnixMillis, now: Now) -> bool {
        end.0 <= self.date(now).0.saturating_add(EARLY_MS)
    }

    /// The store's date, as far as known.
    fn date(&self, now: Now) -> UnixMillis {
        UnixMillis(now.wall.0.saturating_add_signed(self.skew_ms))
    }

    /// The store called those expired that a request made at `since` was signed with. Of several requests that were under way,
    /// only the first makes that known.
    pub fn forget(&mut self, since: Instant) {
        if self.given <= since {
            self.credentials = None;
        }
    }

    /// The store's clock says `server` now.
    pub fn set_clock(&mut self, server: UnixMillis, now: Now) {
        self.skew_ms = server.0 as i64 - now.wall.0 as i64;
    }

    /// A URL, or `None` when credentials are needed first.
    pub fn sign(&self, request: &StoreRequest, now: Now) -> Option<SignedUrl> {
        let (credentials, expiration) = self.credentials.as_ref()?;
        let date = self.date(now);
        let left = match expiration {
            Some(end) if self.is_ending(*end, now) => return None,
            Some(end) => (end.0 - date.0) / 1000,
            None => URL_SECS,
        };
        let expires = left.min(URL_SECS);
        let with = Presign::new(credentials, date, expires as u32);
        Some(SignedUrl {
            url: presign_as(self.scheme, request, &self.bucket, &with),
            headers: Vec::new(),
            expires: Some(expires),
        })
    }
}

#[cfg(test)]
mod tests;
