//! The way of a request: how long it takes, where it gets lost, and what else may happen to it before and after the
//! other side has acted.

use crate::clock::Ticket;
use crate::faults::Fault;
use crate::model::wire::{self, Call};
use crate::page::{Delivered, Delivery, Who};
use crate::say;
use crate::world::{Happening, World};
use partwise::core::backend::{PageCall, StepReply};
use partwise::core::error::Operation;
use partwise::core::http::{HttpReply, HttpRequest, Method, NoReply};
use partwise::core::retry::{Asked, Fault as Failure};
use partwise::core::store::StoreRequest;
use partwise::core::upload::OpId;
use std::fmt;
use std::rc::Rc;

/// What a request asks, and whom.
pub enum What {
    Store(HttpRequest),
    Companion(HttpRequest),
    /// The same, for several uploads.
    Several(HttpRequest),
    /// `signRequest` of the page, which asks its server.
    Sign(StoreRequest),
    /// A function of the page, which asks its server.
    Call(PageCall),
    /// `store.credentials` of the page, which asks its server.
    Credentials,
}

/// What an action is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    Put { session: String, part: u32 },
    PutObject,
    Create(Asked),
    List(Asked),
    Complete(Asked),
    Abort(Asked),
    Head(Asked),
    SignPart,
    Sign(Operation),
    SignSeveral,
    Credentials,
    Hash,
    Check,
}

impl Doing {
    pub fn of_store(request: &HttpRequest) -> Self {
        match wire::read(request) {
            Call::PutPart { session, part } => Self::Put { session, part },
            Call::PutObject { .. } => Self::PutObject,
            Call::Create { .. } => Self::Create(Asked::Store),
            Call::List { .. } => Self::List(Asked::Store),
            Call::Complete { .. } => Self::Complete(Asked::Store),
            Call::Abort { .. } => Self::Abort(Asked::Store),
            Call::Head { .. } => Self::Head(Asked::Store),
        }
    }

    pub fn of_companion(request: &HttpRequest) -> Self {
        let path = request.url.split('?').next().unwrap();
        let depth = path.split('/').count();
        match (request.method, depth) {
            (Method::Post, 3) => Self::Create(Asked::Backend),
            (Method::Post, _) => Self::Complete(Asked::Backend),
            (Method::Delete, _) => Self::Abort(Asked::Backend),
            _ if path.ends_with("/object") => Self::Head(Asked::Backend),
            (_, 4) => Self::List(Asked::Backend),
            _ => Self::SignPart,
        }
    }

    pub fn of_call(call: &PageCall) -> Self {
        match call {
            PageCall::Create { .. } => Self::Create(Asked::Backend),
            PageCall::SignPart { .. } | PageCall::SignParts { .. } | PageCall::Object { .. } => {
                Self::SignPart
            }
            PageCall::ListParts { .. } => Self::List(Asked::Backend),
            PageCall::Complete { .. } => Self::Complete(Asked::Backend),
            PageCall::Abort { .. } => Self::Abort(Asked::Backend),
            PageCall::Find { .. } | PageCall::Identify | PageCall::Check { .. } | PageCall::Merge { .. } => {
                unreachable!("no page has these functions here")
            }
        }
    }

    pub fn asked(&self) -> Asked {
        match self {
            Self::Put { .. } | Self::PutObject => Asked::Store,
            Self::Create(asked)
            | Self::List(asked)
            | Self::Complete(asked)
            | Self::Abort(asked)
            | Self::Head(asked) => *asked,
            Self::SignPart
            | Self::Sign(_)
            | Self::SignSeveral
            | Self::Credentials
            | Self::Hash
            | Self::Check => Asked::Backend,
        }
    }

    pub fn sends_file(&self) -> bool {
        matches!(self, Self::Put { .. } | Self::PutObject)
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { session, part } => write!(f, "PUT {session}/{part}"),
            Self::PutObject => f.write_str("PUT object"),
            Self::Sign(operation) => write!(f, "sign {}", operation.as_str()),
            Self::Create(asked) => write!(f, "create ({asked:?})"),
            Self::List(asked) => write!(f, "list ({asked:?})"),
            Self::Complete(asked) => write!(f, "complete ({asked:?})"),
            Self::Abort(asked) => write!(f, "abort ({asked:?})"),
            Self::Head(asked) => write!(f, "head ({asked:?})"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// A request on its way.
pub struct Request {
    pub who: Who,
    pub op: OpId,
    pub what: What,
    pub doing: Doing,
    pub body: Option<Rc<[u8]>>,
    pub fate: Fate,
    /// Nobody waits for it any more.
    pub abandoned: bool,
    pub steps: Vec<Ticket>,
}

/// One step on the way of a request.
pub enum Step {
    Sent(u64),
    Arrive,
    Answer(Result<StepReply, Failure>),
}

/// What becomes of a request; a share is of its body, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Through,
    Replay,
    Refused,
    ResetAt(u64),
    HangAt(u64),
    /// The other side acts; then this.
    ReplyLost,
    HangReply,
}

impl World {
    pub fn send(&mut self, who: Who, op: OpId, what: What, doing: Doing, body: Option<Rc<[u8]>>) {
        let fate = self.fate(&what, &doing);
        self.requested += 1;
        let id = self.requested;
        if let Some(running) = self.pages[who.page].running.get_mut(&(who.upload, op)) {
            running.request = Some(id);
        }
        say!(
            self,
            "{who}: {doing}{}",
            if fate == Fate::Through { String::new() } else { format!(" ({fate:?})") }
        );
        let total = body.as_ref().map_or(0, |body| body.len() as u64);
        let steps = self.plan_steps(id, fate, total, &doing);
        let request = Request { who, op, what, doing, body, fate, abandoned: false, steps };
        self.requests.insert(id, request);
    }

    fn reachable(&self, what: &What) -> bool {
        let down = match what {
            What::Store(_) => self.store_down,
            _ => self.backend_down,
        };
        !self.outage && !down
    }

    fn fate(&mut self, what: &What, doing: &Doing) -> Fate {
        if !self.reachable(what) {
            return if self.rng.once_in(3) { Fate::HangAt(0) } else { Fate::Refused };
        }
        let share = self.rng.below(101);
        let any = [
            (Fault::Refused, Fate::Refused),
            (Fault::ResetAfter, Fate::ResetAt(100)),
            (Fault::ReplyLost, Fate::ReplyLost),
            (Fault::HangBefore, Fate::HangAt(0)),
            (Fault::HangReply, Fate::HangReply),
        ];
        let sending = [
            (Fault::ResetDuring, Fate::ResetAt(share)),
            (Fault::HangDuring, Fate::HangAt(share)),
            (Fault::Replay, Fate::Replay),
        ];
        let sending = if doing.sends_file() { &sending[..] } else { &[] };
        for (fault, fate) in any.iter().chain(sending) {
            if self.strikes(*fault) {
                return *fate;
            }
        }
        if doing.asked() == Asked::Backend && self.strikes(Fault::SignNever) {
            return Fate::HangReply;
        }
        Fate::Through
    }

    fn plan_steps(&mut self, id: u64, fate: Fate, total: u64, doing: &Doing) -> Vec<Ticket> {
        let slowness = if self.strikes(Fault::Slow) { self.rng.between(10, 100) } else { 1 };
        let mut at = self.rng.between(1, 80) * slowness.min(20);
        let mut steps = Vec::new();
        if fate == Fate::Refused {
            let gone = Step::Answer(Err(Failure::NoReply(NoReply::Network)));
            let wait = at + if self.rng.once_in(4) { 3_000 } else { 0 };
            return vec![self.agenda.after(wait, Happening::Net(id, gone))];
        }
        let until = match fate {
            Fate::ResetAt(share) | Fate::HangAt(share) => share,
            _ => 100,
        };
        if doing.sends_file() {
            if fate == Fate::Replay {
                // What was counted stays, starts again, or goes on past the end; browsers differ.
                for sent in [total / 2, total, total * 2 / 3, total * 4 / 3] {
                    at += self.rng.between(1, 100);
                    steps.push(self.agenda.after(at, Happening::Net(id, Step::Sent(sent))));
                }
            }
            let pieces = self.rng.between(1, 3);
            for piece in 1..=pieces {
                at += self.rng.between(1, 200) * slowness;
                let sent = total * until * piece / pieces / 100;
                if sent > 0 {
                    steps.push(self.agenda.after(at, Happening::Net(id, Step::Sent(sent))));
                }
            }
        }
        at += self.rng.between(1, 80);
        if doing.asked() == Asked::Backend && self.strikes(Fault::SignSlow) {
            at += self.rng.between(5_000, 40_000);
        }
        match fate {
            Fate::HangAt(_) => {}
            Fate::ResetAt(_) => {
                let gone = Step::Answer(Err(Failure::NoReply(NoReply::Network)));
                steps.push(self.agenda.after(at, Happening::Net(id, gone)));
            }
            _ => steps.push(self.agenda.after(at, Happening::Net(id, Step::Arrive))),
        }
        steps
    }

    /// Nobody waits for it any more; what has left may arrive all the same.
    pub fn abandon(&mut self, id: Option<u64>) {
        let Some(id) = id else { return };
        let arrives = self.rng.once_in(2);
        if let Some(request) = self.requests.get_mut(&id) {
            request.abandoned = true;
            if !arrives {
                self.forget_request(id);
            }
        }
    }

    fn forget_request(&mut self, id: u64) -> Option<Request> {
        let request = self.requests.remove(&id)?;
        for ticket in &request.steps {
            self.agenda.cancel(*ticket);
        }
        Some(request)
    }

    /// The connections of all requests under way break, some at once, some silently.
    pub fn disturb(&mut self) {
        for id in self.requests.keys().copied().collect::<Vec<_>>() {
            let broken = self.rng.below(3);
            let Some(request) = self.requests.get_mut(&id) else { continue };
            if broken == 0 {
                continue;
            }
            for ticket in std::mem::take(&mut request.steps) {
                self.agenda.cancel(ticket);
            }
            request.fate = Fate::HangAt(0);
            if broken == 1 {
                let gone = Step::Answer(Err(Failure::NoReply(NoReply::Network)));
                let wait = self.rng.between(0, 5_000);
                let ticket = self.agenda.after(wait, Happening::Net(id, gone));
                self.requests.get_mut(&id).unwrap().steps.push(ticket);
            }
        }
    }

    pub fn net(&mut self, id: u64, step: Step) {
        let Some(request) = self.requests.get(&id) else { return };
        let (who, op) = (request.who, request.op);
        match step {
            Step::Sent(sent) => self.deliver(Delivery { who, op, what: Delivered::Progress(sent) }),
            Step::Arrive => self.arrive(id),
            Step::Answer(result) => {
                let request = self.requests.remove(&id).unwrap();
                if !request.abandoned {
                    self.answer(&request, result);
                }
            }
        }
    }

    fn answer(&mut self, request: &Request, result: Result<StepReply, Failure>) {
        let (who, op) = (request.who, request.op);
        // A page's function tells no more of a lost connection than its message.
        let result = match (result, &request.what) {
            (Err(Failure::NoReply(_)), What::Sign(_) | What::Call(_) | What::Credentials) => {
                Err(Failure::Page { status: None, message: self.thrown("Failed to fetch"), cause: None })
            }
            (result, _) => result,
        };
        match &result {
            Ok(StepReply::Http(reply)) => say!(self, "{who}: {} gets {}", request.doing, brief(reply)),
            Ok(_) => say!(self, "{who}: {} is done", request.doing),
            Err(failure) => say!(self, "{who}: {} fails, {failure:?}", request.doing),
        }
        let what = match (&request.what, result) {
            (What::Credentials, Err(failure)) => Delivered::Credentials(Err(failure)),
            (What::Credentials, Ok(_)) => Delivered::Credentials(Ok(self.new_credentials())),
            (What::Several(_), result) => Delivered::Several(result),
            (_, result) => Delivered::Replied(result),
        };
        self.deliver(Delivery { who, op, what });
    }

    fn arrive(&mut self, id: u64) {
        let Some(request) = self.forget_request(id) else { return };
        if !self.reachable(&request.what) {
            return;
        }
        let mut result = self.perform_request(&request);
        if request.fate == Fate::Replay {
            // The first connection broke after the other side had taken all; the browser says nothing of it.
            result = self.perform_request(&request);
        }
        let result = match request.fate {
            Fate::HangReply => None,
            Fate::ReplyLost => Some(Err(Failure::NoReply(NoReply::Network))),
            _ => Some(result),
        };
        let wait = self.rng.between(1, 100);
        let ticket = result.map(|result| self.agenda.after(wait, Happening::Net(id, Step::Answer(result))));
        self.requests.insert(id, Request { steps: ticket.into_iter().collect(), ..request });
    }
}

pub fn brief(reply: &HttpReply) -> String {
    let code = reply.body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map_or("", |(code, _)| code);
    format!("{} {code}", reply.status)
}
