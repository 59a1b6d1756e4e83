//! What the other side answers, and how it lies.

use crate::faults::Fault;
use crate::model::store::{self, Effect, error};
use crate::model::wire::{self, Call};
use crate::network::{Doing, Fate, Request, What, brief};
use crate::page::Who;
use crate::sabotage::Sabotage;
use crate::say;
use crate::world::{World, Written};
use partwise::core::backend::StepReply;
use partwise::core::http::{HttpReply, HttpRequest, NoReply};
use partwise::core::retry::Fault as Failure;
use std::rc::Rc;

/// Seconds. The engine waits for five minutes at most.
pub const RETRY_AFTER: &[u64] = &[0, 1, 20, 3_600];

impl World {
    /// The other side acts, or pretends to.
    pub fn perform_request(&mut self, request: &Request) -> Result<StepReply, Failure> {
        let result = match &request.what {
            What::Store(http) => self.at_store(request, http).map(StepReply::Http),
            What::Companion(http) | What::Several(http) => self.at_companion(http).map(StepReply::Http),
            What::Sign(sign) => self.at_signer(sign),
            What::Call(call) => self.at_page_server(call),
            What::Credentials => self.at_token_server(),
        };
        self.take_effects(request);
        result
    }

    fn at_store(&mut self, request: &Request, http: &HttpRequest) -> Result<HttpReply, Failure> {
        let (call, auth) = (wire::read(http), wire::read_auth(http));
        let now = self.wall();
        if let Some(reply) = self.forged_reply(&request.doing).or_else(|| self.store.refuses(&auth, now)) {
            say!(self, "store: {} refused with {}", call.name(), brief(&reply));
            return self.through_cors(reply);
        }
        let md5 = http.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-md5"));
        let md5 = md5.map(|(_, value)| value.as_str());
        let mut body = request.body.as_deref().unwrap_or_default().to_vec();
        self.maybe_damage(&mut body, md5.is_some());
        if let (Some(Sabotage::AbortForgotten), Call::Abort { .. }) = (self.sabotage, &call) {
            return Ok(HttpReply { status: 204, ..Default::default() });
        }
        match (self.sabotage, &call) {
            (Some(Sabotage::HeadDenies), Call::Head { .. }) => {
                return Ok(HttpReply { status: 404, ..Default::default() });
            }
            (Some(Sabotage::HeadHasty), Call::Head { .. }) => {
                return Ok(HttpReply { status: 503, ..Default::default() });
            }
            _ => {}
        }
        let before = self.part_at(&call);
        let kept = self.store.keeps(&call, http, now);
        let mut reply = kept.unwrap_or_else(|| self.store.serve(&call, &body, md5, now));
        if let (Call::PutPart { session, part }, Some(before)) = (&call, before)
            && self.part_at(&call) != Some(before)
        {
            // A late repetition with another ETag, or one that was refused, takes the part away that was there.
            self.lose_part(session, *part);
        }
        if let Call::List { session, after: after @ 1_000.. } = &call
            && reply.is_success()
            && !self.ledger.endless.contains(session)
            && self.store.sessions[session].parts.keys().any(|number| number > after)
        {
            self.second_pages += 1;
        }
        self.maybe_spoil_reply(&call, &mut reply);
        say!(self, "store: {} answered with {}", call.name(), brief(&reply));
        self.through_cors(reply)
    }

    /// ETag and soundness of the part that a request is about.
    fn part_at(&self, call: &Call) -> Option<(String, bool)> {
        let Call::PutPart { session, part } = call else { return None };
        let part = self.store.sessions.get(session)?.parts.get(part)?;
        Some((part.etag.clone(), part.spoiled))
    }

    /// Bytes change on the way, which nobody would notice that does not look.
    fn maybe_damage(&mut self, body: &mut [u8], sends_md5: bool) {
        let noticed = sends_md5 || (self.settings.verifies() && self.store.flavour.etags_are_md5);
        if let (true, Some(first)) = (noticed, body.first_mut()) {
            let fault = if sends_md5 { Fault::DigestRefused } else { Fault::Corrupt };
            if self.strikes(fault) {
                *first ^= 1;
            }
        }
    }

    fn forged_reply(&mut self, doing: &Doing) -> Option<HttpReply> {
        let now = self.wall();
        let slow = "Please reduce your request rate.";
        let mut replies = vec![
            (Fault::UrlExpired, error(403, "AccessDenied", "Request has expired", now)),
            (Fault::Skewed, error(403, "RequestTimeTooSkewed", "The difference is too large.", now)),
            (Fault::TokenExpired, error(400, "ExpiredToken", "The provided token has expired.", now)),
            (Fault::TooSlow408, HttpReply { status: 408, ..Default::default() }),
            (Fault::Many429, HttpReply { status: 429, ..Default::default() }),
            (Fault::Many429After, error(429, "TooManyRequests", slow, now)),
            (Fault::SlowDown503, error(503, "SlowDown", slow, now)),
            (Fault::SlowDown503After, error(503, "SlowDown", slow, now)),
            (Fault::Server500, error(500, "InternalError", "We encountered an internal error.", now)),
            (
                Fault::Gateway502,
                HttpReply { status: 502, headers: Vec::new(), body: "<html>Bad gateway".into() },
            ),
        ];
        if doing.sends_file() {
            let idle = "Your socket connection to the server was not read from or written to.";
            replies.push((Fault::RequestTimeout, error(400, "RequestTimeout", idle, now)));
        } else if !matches!(doing, Doing::Abort(_) | Doing::Head(_)) {
            replies.push((Fault::EmptyIn200, store::ok(String::new())));
        }
        if !matches!(doing, Doing::Abort(_) | Doing::Head(_)) {
            let failed = error(200, "InternalError", "We encountered an internal error.", now);
            replies.push((Fault::ErrorIn200, failed));
        }
        let (fault, mut reply) = replies.into_iter().find(|(fault, _)| self.strikes(*fault))?;
        if matches!(fault, Fault::Many429After | Fault::SlowDown503After) {
            let seconds = self.rng.pick(RETRY_AFTER);
            reply.headers.push(("retry-after".into(), seconds.to_string()));
        }
        if self.strikes(Fault::MessageTells) {
            let message = self.thrown("<b>quoted</b>");
            let quoted = message.replace('&', "&amp;").replace('<', "&lt;");
            reply.body = reply.body.replace("<Message>", &format!("<Message>{quoted} "));
        }
        Some(reply)
    }

    fn maybe_spoil_reply(&mut self, call: &Call, reply: &mut HttpReply) {
        if !reply.is_success() {
            return;
        }
        match call {
            Call::List { session, .. } if self.sabotage == Some(Sabotage::ListForgetsFirst) => {
                let parts = self.store.sessions[session].parts.iter().skip(1);
                let parts =
                    parts.map(|(number, part)| (*number, part.etag.clone(), part.bytes.len())).collect();
                *reply = store::list_reply(parts, false);
            }
            Call::PutPart { .. } | Call::PutObject { .. } => {
                if self.strikes(Fault::EtagMissing) {
                    reply.headers.clear();
                } else if self.strikes(Fault::EtagWrong) {
                    reply.headers = vec![("etag".into(), format!("\"{}\"", store::md5(b"wrong").to_hex()))];
                }
            }
            Call::List { session, .. } => {
                let mut parts: Vec<_> = self.store.sessions[session]
                    .parts
                    .iter()
                    .map(|(number, part)| (*number, part.etag.clone(), part.bytes.len()))
                    .collect();
                if self.garble_list(session, &mut parts) {
                    *reply = store::list_reply(parts, false);
                } else if self.strikes(Fault::ListEndless) {
                    self.ledger.endless.insert(session.clone());
                    *reply = store::list_reply(parts, true);
                }
            }
            Call::Complete { .. } if self.strikes(Fault::CompleteLies) => {
                *reply = error(200, "InternalError", "We encountered an internal error.", self.wall());
            }
            _ => {}
        }
    }

    /// A list that does not tell what is stored.
    pub fn garble_list(&mut self, session: &str, parts: &mut Vec<(u32, String, usize)>) -> bool {
        let stored = parts.clone();
        if self.strikes(Fault::ListShort) {
            parts.truncate(parts.len() / 2);
        } else if self.strikes(Fault::ListHoled) {
            let mut keep = false;
            parts.retain(|_| {
                keep = !keep;
                keep
            });
        } else if self.strikes(Fault::ListForeign) {
            let only =
                self.rng.maybe_pick(&stored).filter(|_| self.rng.once_in(2)).map(|(number, ..)| number);
            for (_, etag, _) in
                parts.iter_mut().filter(|(number, ..)| only.is_none_or(|only| only == *number))
            {
                *etag = store::md5(b"foreign").to_hex();
            }
        } else if self.strikes(Fault::ListForeignSize) {
            for (_, _, size) in parts.iter_mut() {
                *size += 1;
            }
        } else {
            return false;
        }
        for part in stored.iter().filter(|part| !parts.contains(part)) {
            self.lose_part(session, part.0);
        }
        true
    }

    /// Some stores send no CORS headers with errors: the page learns nothing but that it failed.
    pub fn through_cors(&mut self, reply: HttpReply) -> Result<HttpReply, Failure> {
        if reply.status >= 400 && self.strikes(Fault::CorsHidden) {
            return Err(Failure::NoReply(NoReply::Network));
        }
        Ok(reply)
    }

    fn take_effects(&mut self, request: &Request) {
        let who = request.who;
        for effect in std::mem::take(&mut self.store.effects) {
            match effect {
                // By a page that is gone, perhaps, whose request was late.
                Effect::Aborted { session } => self.lose_session(&session),
                Effect::Stored { key, bytes } => {
                    // What is damaged on the way of a request that nobody waits for, nobody can notice.
                    let content = (!request.abandoned)
                        .then(|| (who, self.files[self.instances[&who].file].bytes.clone()));
                    self.write_down(&key, bytes, content);
                }
                Effect::Created { session, key } => self.note_created(who, session, &key),
                Effect::Completed { session, mut bytes } => {
                    if self.sabotage == Some(Sabotage::StoreMixesParts) {
                        bytes = bytes.iter().rev().copied().collect();
                    }
                    let content = self.contents[&session].clone();
                    self.write_down(&self.keys[&session].clone(), bytes.clone(), Some((who, content)));
                    if request.fate == Fate::ReplyLost {
                        self.tally.count(Fault::CompleteLost);
                    }
                    self.check_completion(who, &session, &bytes);
                }
            }
        }
    }

    /// An object was stored, which was meant to be some content, if anybody cares.
    pub fn write_down(&mut self, key: &str, bytes: Rc<[u8]>, meant: Option<(Who, Rc<[u8]>)>) {
        let at = self.agenda.now();
        self.written.entry(key.into()).or_default().push(Written { at, bytes, meant });
    }
}
