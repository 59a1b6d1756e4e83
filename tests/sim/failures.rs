//! What went wrong for an upload, and whether what it says and does about it is right: each attempt and each failure has a
//! code that the latest thing it met explains, nothing is given up early, and being offline costs nothing.

use crate::network::Doing;
use crate::page::Who;
use crate::world::{PART, World};
use partwise::core::backend::{PageReply, StepReply};
use partwise::core::error::{Code, Operation, UploadError};
use partwise::core::hash::composite_etag;
use partwise::core::http::NoReply;
use partwise::core::retry::{Asked, Fault as Failure, MAX_FIRST_ATTEMPTS};
use partwise::core::store::{is_md5_etag, normalize_etag};
use partwise::core::units::{Instant, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// A reply says for so long that there is a network, whatever the browser says.
const CONTRADICTED_FOR: Millis = Millis(10_000);

/// What an upload has met since it began, or began again.
#[derive(Default)]
pub struct Troubles {
    /// When each code was last explained, and who was asked.
    met: BTreeMap<&'static str, (Instant, Option<Asked>)>,
    /// Parts whose ETag was not the MD5 of their bytes, not yet spoken of; a single request is part 1.
    mismatched: BTreeSet<u32>,
    failures: u32,
    since: Option<Instant>,
    /// The latest was the loss of a connection.
    lost_connection: bool,
    /// A reply last came while the browser said that there is no network.
    pub contradicted: Option<Instant>,
}

impl Troubles {
    /// What failed before a time without network, or without the wish to go on, is counted afresh after it.
    pub fn forgive(&mut self) {
        (self.since, self.failures) = (None, 0);
    }
}

pub fn side(asked: Asked) -> usize {
    usize::from(asked == Asked::Backend)
}

impl World {
    /// Something failed, which explains any of these codes.
    pub fn meet(&mut self, who: Who, asked: Option<Asked>, codes: &[&'static str], lost_connection: bool) {
        let now = self.page_now(who.page).mono;
        let troubles = &mut self.instance(who).troubles;
        troubles.met.extend(codes.iter().map(|code| (*code, (now, asked))));
        troubles.lost_connection = lost_connection;
        if asked.is_some() {
            troubles.since.get_or_insert(now);
            troubles.failures += 1;
        }
    }

    /// What a reply explains. Whether it is a success.
    pub fn meet_reply(&mut self, who: Who, doing: &Doing, result: &Result<StepReply, Failure>) -> bool {
        let asked = doing.asked();
        let ours = if asked == Asked::Backend { "backend" } else { "store" };
        let codes: &[&'static str] = match result {
            Err(Failure::NoReply(NoReply::File(name))) => {
                let changed = name == "NotReadableError";
                self.meet(who, None, &[if changed { "file-changed" } else { "file-unreadable" }], false);
                return false;
            }
            Err(Failure::Page { status: Some(status), .. }) => codes_of(*status, "", ours),
            Err(Failure::Page { .. }) => {
                self.meet(who, Some(asked), &["backend"], true);
                return false;
            }
            Err(_) => {
                self.meet(who, Some(asked), &["network"], true);
                return false;
            }
            Ok(StepReply::Http(reply)) if !reply.is_success() || reply.body.contains("<Error>") => {
                codes_of(reply.status, &reply.body, ours)
            }
            Ok(StepReply::Http(reply)) if doing.sends_file() => match reply.header("etag") {
                None => &["etag-hidden"],
                Some(etag) => {
                    self.compare_etag(who, doing, etag);
                    &[]
                }
            },
            // It must not be replaced.
            Ok(StepReply::Http(_)) if matches!(doing, Doing::Head(_)) && !self.settings.config.overwrite => {
                self.meet(who, None, &["exists"], false);
                return true;
            }
            // There is more to list, after nothing.
            Ok(StepReply::Http(reply))
                if reply.body.is_empty()
                    || reply.body.starts_with("<!doctype")
                    || (reply.body.contains("<IsTruncated>true") && !reply.body.contains("<Part>")) =>
            {
                std::slice::from_ref(if ours == "store" { &"store" } else { &"backend" })
            }
            Ok(_) => &[],
        };
        if !codes.is_empty() {
            self.meet(who, Some(asked), codes, false);
        }
        if let (Doing::Complete(_), true) = (doing, codes.is_empty()) {
            self.compare_object(who, result);
        }
        codes.is_empty()
    }

    /// Whether a part's ETag is right is seen as soon as its own MD5 is known, which may be later.
    fn compare_etag(&mut self, who: Who, doing: &Doing, etag: &str) {
        let bytes = self.files[self.instances[&who].file].bytes.clone();
        let (number, ours) = match doing {
            Doing::Put { part, .. } => {
                let start = (u64::from(*part - 1) * PART) as usize;
                let end = bytes.len().min(start + PART as usize);
                (*part, crate::model::store::md5(&bytes[start..end]))
            }
            _ => (1, crate::model::store::md5(&bytes)),
        };
        let etag = normalize_etag(etag);
        if is_md5_etag(&etag) && etag != ours.to_hex() {
            self.meet(who, Some(Asked::Store), &[], false);
            self.instance(who).troubles.mismatched.insert(number);
        } else {
            self.instance(who).troubles.mismatched.remove(&number);
        }
    }

    /// "Done already", with the ETag of what somebody else made of it.
    fn compare_object(&mut self, who: Who, result: &Result<StepReply, Failure>) {
        let etag = match result {
            Ok(StepReply::Http(reply)) => {
                let etag = reply.body.split_once("<ETag>").and_then(|(_, rest)| rest.split_once("</ETag>"));
                etag.map(|(etag, _)| etag.replace("&quot;", "\""))
            }
            Ok(StepReply::Page(PageReply::Completed(completed))) => completed.etag.clone(),
            _ => None,
        };
        let bytes = &self.files[self.instances[&who].file].bytes;
        let ours = composite_etag(bytes.chunks(PART as usize).map(crate::model::store::md5));
        if etag
            .is_some_and(|etag| etag.contains('-') && normalize_etag(&etag.replace("&quot;", "\"")) != ours)
        {
            self.meet(who, None, &["checksum-mismatch"], false);
            // Everything is sent once more.
            self.instance(who).doubts += 1;
            self.forget_known(who);
        }
    }

    /// A connection that is lost while the browser says so costs nothing. Unless replies keep contradicting the browser:
    /// then it is somebody else who cannot be reached, for as long as the budget lasts. Whoever cancels while offline
    /// does not want to wait: removing is tried all the same, and given up.
    pub fn check_offline(&self, who: Who, error: &UploadError) {
        let instance = &self.instances[&who];
        let is_connection = match error.code {
            Code::Network | Code::Stalled => true,
            Code::Backend => error.status.is_none(),
            _ => false,
        };
        let counts =
            is_connection && instance.troubles.lost_connection && error.operation != Operation::Abort;
        if self.pages[who.page].online || !counts {
            return;
        }
        let now = self.page_now(who.page).mono;
        let is_wrong = instance.troubles.contradicted.is_some_and(|at| now.since(at) <= CONTRADICTED_FOR);
        // That a hash which was late confirms a part meanwhile tells nothing of the network.
        let waited = now.since(instance.told);
        let spent = is_wrong && waited >= self.settings.config.retry_for;
        assert!(spent, "{who}: an attempt was spent while offline: {error}");
    }

    /// The engine speaks of what has just happened; only a wrong ETag may have waited for a hash.
    pub fn check_code(&mut self, who: Who, error: &UploadError) {
        let now = self.page_now(who.page).mono;
        let waits = self.settings.config.offline_timeout.is_some();
        let instance = self.instance(who);
        instance.last_code = Some(error.code);
        let part = error.part.map_or(1, |part| part.get());
        let explained = match error.code {
            Code::OfflineTimeout => waits,
            // `recreate` gives up at the fourth.
            Code::SessionLost => instance.restarts == 3 && instance.doubts > 0,
            Code::ChecksumMismatch if instance.troubles.mismatched.remove(&part) => true,
            // Between the refusal and the failure it looks whether the object is its own.
            Code::Exists => instance.troubles.met.contains_key("exists"),
            code => instance.troubles.met.get(code.as_str()).is_some_and(|(at, _)| *at == now),
        };
        let met = &instance.troubles.met;
        assert!(explained, "{who}: {} out of the blue: {error}; met: {met:?}", error.code.as_str());
    }

    pub fn check_failure(&mut self, who: Who, error: &UploadError) {
        self.check_code(who, error);
        let now = self.page_now(who.page).mono;
        let instance = &self.instances[&who];
        if error.code == Code::OfflineTimeout {
            let waited = now.since(instance.told);
            let enough = self.settings.config.offline_timeout.is_some_and(|wait| waited >= wait);
            assert!(enough && !self.pages[who.page].online, "{who}: was offline for {} ms only", waited.0);
        }
        let Some((_, Some(asked))) = instance.troubles.met.get(error.code.as_str()) else { return };
        let is_refusal =
            matches!(error.status, Some(400..=499 | 501) if !matches!(error.status, Some(408 | 409 | 429)));
        let is_retried = match error.code {
            Code::Network | Code::Throttled | Code::Stalled => true,
            Code::Store | Code::Backend => !is_refusal,
            // A sign-in may be renewed.
            Code::Denied => *asked == Asked::Backend && error.status == Some(401),
            _ => false,
        };
        // Removing is tried three times.
        if !is_retried || error.operation == Operation::Abort {
            return;
        }
        assert!(self.has_spent_budget(who, *asked), "{who}: gives up early: {error}");
    }

    /// Whether it may give up asking this one, as far as anybody can see from outside.
    pub fn has_spent_budget(&self, who: Who, asked: Asked) -> bool {
        let (now, instance) = (self.page_now(who.page).mono, &self.instances[&who]);
        let since = instance.troubles.since.unwrap_or(now).max(instance.advanced);
        let is_patient = now.since(since) >= self.settings.config.retry_for;
        // What has never worked is likelier misconfigured than unlucky.
        let is_hopeless =
            !self.pages[who.page].worked[side(asked)] && instance.troubles.failures >= MAX_FIRST_ATTEMPTS;
        is_patient || is_hopeless
    }
}

fn codes_of(status: u16, body: &str, ours: &'static str) -> &'static [&'static str] {
    let store = ours == "store";
    let is_old = body.contains("has expired") || body.contains("RequestTimeTooSkewed");
    match status {
        _ if body.contains("BadDigest") => &["checksum-mismatch"],
        _ if body.contains("SlowDown") || body.contains("TooManyRequests") => &["throttled"],
        // Of credentials; new ones are asked for.
        _ if body.contains("ExpiredToken") => &["denied"],
        400 | 403 if is_old => &["url-expired"],
        401 | 403 => &["denied"],
        412 => &["exists"],
        429 | 503 => &["throttled"],
        _ if store => &["store"],
        _ => &["backend"],
    }
}
