//! The page's own functions, in the names and shapes of Uppy's AwsS3 plugin (5.x).

use super::{
    Context, Done, Next, Op, PageCall, PageReply, PartAsk, Signed, SignedUrl, Step, StepReply, add_md5, bad,
    object_request, put,
};
use crate::core::retry::Fault;
use crate::core::store::PartPage;
use crate::core::units::PartNumber;

/// Which optional functions the page has.
#[derive(Debug)]
pub struct Callbacks {
    /// `getUploadParameters`: small files go in one request.
    pub has_object: bool,
    /// `signParts`: many parts are signed in one call.
    pub has_batch: bool,
    /// `findExisting`: what is there already need not be sent.
    pub has_find: bool,
}

impl Callbacks {
    pub(super) fn start(&self, op: &Op, context: &Context<'_>) -> Result<Next, Fault> {
        let session = context.session();
        let call = match op {
            Op::Create => PageCall::Create { key: context.target.key.clone() },
            Op::SignParts(asks) if self.has_batch => PageCall::SignParts { session, asks: asks.clone() },
            Op::SignParts(asks) => {
                let ask = asks.first().cloned().ok_or_else(|| bad("no part to sign"))?;
                PageCall::SignPart { session, ask }
            }
            Op::SignObject { content_md5 } => {
                PageCall::Object { key: context.target.key.clone(), content_md5: content_md5.clone() }
            }
            Op::ListParts(_) => PageCall::ListParts { session },
            Op::Complete(parts) => PageCall::Complete { session, parts: parts.clone() },
            Op::Abort => PageCall::Abort { session },
            Op::Find(md5) => PageCall::Find { key: context.target.key.clone(), md5: *md5 },
            Op::Head | Op::Revisit(_) => return Ok(Next::Done(Done::Unsupported)),
        };
        Ok(Next::Step(Step::Page(call)))
    }

    pub(super) fn next(&self, op: &Op, context: &Context<'_>, reply: StepReply) -> Result<Next, Fault> {
        Ok(Next::Done(match (op, reply) {
            (Op::SignParts(asks), StepReply::Signed(url)) => {
                let ask = asks.first().ok_or_else(|| bad("no part to sign"))?;
                Done::Signed(vec![signed_part(ask, &url)])
            }
            (Op::SignParts(asks), StepReply::Page(PageReply::SignedParts(urls))) => {
                let signed = asks.iter().zip(urls).filter_map(|(ask, url)| Some(signed_part(ask, &url?)));
                Done::Signed(signed.collect())
            }
            (Op::SignObject { content_md5 }, StepReply::Page(PageReply::Object(object))) => {
                let mut signed = object_request(&object, context);
                if object.fields.is_none() {
                    add_md5(&mut signed.request.headers, content_md5.as_ref());
                }
                Done::Signed(vec![(PartNumber::FIRST, signed)])
            }
            (Op::Create, StepReply::Page(PageReply::Created(created))) => Done::Created(created),
            (Op::ListParts(_), StepReply::Page(PageReply::Listed(parts))) => {
                Done::Listed(PartPage { parts, next: None })
            }
            (Op::Complete(_), StepReply::Page(PageReply::Completed(completed))) => Done::Completed(completed),
            (Op::Find(_), StepReply::Page(PageReply::Found(object))) => Done::Found(object),
            (Op::Abort, StepReply::Page(PageReply::Aborted)) => Done::Aborted,
            _ => return Err(bad("a reply of another kind")),
        }))
    }
}

fn signed_part(ask: &PartAsk, url: &SignedUrl) -> (PartNumber, Signed) {
    let mut request = put(url, ask.range);
    add_md5(&mut request.headers, ask.content_md5.as_ref());
    (ask.number, Signed { request, good_for: url.good_for(), key: None })
}

#[cfg(test)]
mod tests;
