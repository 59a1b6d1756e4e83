//! `overwrite: false`: an object that is at the key already is not replaced. The store is asked before anything is sent,
//! and told not to replace one at the end; when it then says that there is one, it may be ours, and only the reply was
//! lost.

use super::hashing::Whole;
use super::{Phase, Upload};
use crate::core::backend::Op;
use crate::core::error::{Code, Operation, UploadError};
use crate::core::hash::Proof;
use crate::core::retry::EXISTS_HINT;
use crate::core::store::{Completed, ObjectInfo, normalize_etag};
use crate::core::units::PartNumber;

impl Upload {
    /// Whether the store is asked first for an object at the key. Comes back to [`Upload::proceed`].
    pub(super) fn looks_first(&mut self) -> bool {
        if self.config.overwrite || std::mem::replace(&mut self.looked, true) {
            return false;
        }
        self.phase = Phase::Looking;
        self.set_control(Op::Head);
        true
    }

    /// The store does not take the object, since there is one.
    pub(super) fn refused(&mut self, error: UploadError) {
        self.refused = Some(error);
        self.phase = Phase::Heading;
        self.set_control(Op::Head);
    }

    /// The same for an object sent in one request, whose content is known.
    pub(super) fn object_refused(&mut self, digests: Proof, error: UploadError) {
        self.whole = Whole::Known(digests.md5);
        self.confirmed.set(PartNumber::FIRST, &digests.md5.to_hex(), digests.crc64);
        self.refused(error);
    }

    /// What is at the key; `None`: nothing.
    pub(super) fn headed(&mut self, object: Option<ObjectInfo>) {
        match object {
            Some(_) if matches!(self.phase, Phase::Looking) => self.fail(exists(Operation::Head)),
            Some(info) if self.is_our_object(&info) => {
                let etag = info.etag.or_else(|| self.composite());
                let object = Completed { etag, crc64: info.crc64, ..Completed::default() };
                if self.refused.take().is_some() && self.plan.is_multipart() {
                    // Another upload of the same content may have made it, and this one is still at the store.
                    self.phase = Phase::Superfluous(Box::new(object));
                    return self.set_control(Op::Abort);
                }
                self.completed(object);
            }
            _ if matches!(self.phase, Phase::Looking) => {
                self.control = None;
                self.proceed();
            }
            Some(_) if !self.config.overwrite => self.not_ours(Some(exists(Operation::Complete))),
            _ => self.not_ours(None),
        }
    }

    /// There is no object, or another one.
    pub(super) fn not_ours(&mut self, error: Option<UploadError>) {
        match self.refused.take().or(error) {
            Some(error) => self.fail(error),
            None => self.recreate(),
        }
    }

    /// Its checksum or its ETag tells our object from one of the same size that was there before. Where ETags are no MD5s, or
    /// are hidden, sending everything again is better than taking that one for ours.
    fn is_our_object(&self, info: &ObjectInfo) -> bool {
        let etag = match self.whole {
            Whole::Known(md5) if !self.plan.is_multipart() => Some(md5.to_hex()),
            _ => self.composite(),
        };
        let is_same = |ours: Option<bool>| ours == Some(true);
        info.size == self.plan.size()
            && (is_same(self.checksum().zip(info.crc64).map(|(ours, theirs)| ours == theirs))
                || is_same(
                    etag.zip(info.etag.as_deref()).map(|(ours, theirs)| ours == normalize_etag(theirs)),
                ))
    }
}

fn exists(operation: Operation) -> UploadError {
    UploadError::new(Code::Exists, operation, "there is an object at this key already").hint(EXISTS_HINT)
}
