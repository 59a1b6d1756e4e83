//! An upload of three parts, by any backend, whose other side answers as a test says.

use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::companion::Companion;
use partwise::core::backend::direct::LocalSigner;
use partwise::core::backend::form::{Form, Merge, Test};
use partwise::core::backend::{Backend, PageCall, PageReply, SignedUrl, Step, StepReply, Target};
use partwise::core::config::{Config, Raw, RawOptions};
use partwise::core::engine::{Engine, UploadId, Work};
use partwise::core::fingerprint::FileInfo;
use partwise::core::hash::{Digester, Piece};
use partwise::core::http::{Body, HttpReply, HttpRequest, Method};
use partwise::core::retry::Fault;
use partwise::core::sign::Credentials;
use partwise::core::store::{Bucket, Completed, Created, Kind, Limits};
use partwise::core::units::{Millis, Now, UnixMillis};
use partwise::core::upload::{Action, Event, Input, OpId, State};
use std::collections::VecDeque;

pub const SIZE: u64 = 12 << 20;
pub const SIGNATURE: &str = "4f1d2c3b4a59687766554433221100ffeeddccbbaa99887766554433221100ff";
pub const TOKEN: &str = "IQoJb3JpZ2luX2VjEBMaCXVzLWVhc3QtMSJHMEUCIQDx7Xk2";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A presigned URL.
pub fn signed() -> String {
    format!("https://store/b/k?X-Amz-Security-Token={TOKEN}&X-Amz-Signature={SIGNATURE}")
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Companion,
    SignRequest,
    Credentials,
    Callbacks,
    /// A chunk endpoint, which is asked like this for what it has, and told at the end to put it together. It has neither
    /// parts nor signatures.
    Chunks(Test),
}

/// All that have parts.
pub const ALL: [By; 4] = [By::Companion, By::SignRequest, By::Credentials, By::Callbacks];

/// What is asked of the other side.
pub enum Asked<'a> {
    Server(&'a HttpRequest),
    Store(&'a HttpRequest),
    Sign,
    Page(&'a PageCall),
}

impl Asked<'_> {
    /// `create`, `sign`, `put`, `list`, `complete`, `abort`, `head`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Page(call) => match call {
                PageCall::Create { .. } => "create",
                PageCall::SignPart { .. } | PageCall::SignParts { .. } | PageCall::Object { .. } => "sign",
                PageCall::ListParts { .. } => "list",
                PageCall::Complete { .. } => "complete",
                PageCall::Abort { .. } => "abort",
                PageCall::Find { .. }
                | PageCall::Identify
                | PageCall::Check { .. }
                | PageCall::Merge { .. } => "find",
            },
            Self::Server(request) => match (request.method, request.url.split('?').next().unwrap()) {
                (Method::Post, path) if path.ends_with("/complete") => "complete",
                (Method::Post, _) => "create",
                (Method::Delete, _) => "abort",
                (_, "/s3/object") => "head",
                (_, path) if path.split('/').count() == 4 => "list",
                _ => "sign",
            },
            Self::Store(request) => match request.method {
                Method::Put => "put",
                Method::Post if request.url.contains("uploads=") => "create",
                Method::Post => "complete",
                Method::Get => "list",
                Method::Delete => "abort",
                Method::Head => "head",
            },
        }
    }
}

pub type Answer = Result<StepReply, Fault>;

pub fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Ok(StepReply::Http(HttpReply { status, headers, body: body.into() }))
}

/// What an honest side answers. Parts are signed ten at a time at most.
pub fn honest(asked: &Asked<'_>) -> Answer {
    match (asked, asked.name()) {
        (Asked::Sign, _) | (Asked::Page(_), "sign") => {
            // Stores tell the operation from the query, as the page does that signs it.
            Ok(StepReply::Signed(SignedUrl { url: signed(), headers: Vec::new(), expires: Some(900) }))
        }
        (Asked::Page(call), _) => Ok(StepReply::Page(match call {
            PageCall::Create { key } => {
                PageReply::Created(Created { key: key.clone(), upload_id: "U1".into() })
            }
            PageCall::ListParts { .. } => PageReply::Listed(Vec::new()),
            PageCall::Complete { .. } => {
                PageReply::Completed(Completed { location: Some(signed()), ..Completed::default() })
            }
            _ => PageReply::Aborted,
        })),
        (Asked::Store(_), "put") => reply(200, &[("etag", "\"e\"")], ""),
        (Asked::Server(_), "create") => reply(200, &[], "{\"key\":\"k\",\"uploadId\":\"U1\"}"),
        (Asked::Server(_), "sign") => {
            let urls: Vec<String> = (1..=10).map(|n| format!("\"{n}\":\"{}\"", signed())).collect();
            reply(200, &[], format!("{{\"presignedUrls\":{{{}}}}}", urls.join(",")))
        }
        (Asked::Server(_), "complete") => reply(200, &[], format!("{{\"location\":\"{}\"}}", signed())),
        (Asked::Server(_), "list") => reply(200, &[], "[]"),
        (Asked::Server(_), _) => reply(200, &[], "{}"),
        (_, "create") => reply(
            200,
            &[],
            "<InitiateMultipartUploadResult><Key>k</Key><UploadId>U1</UploadId></InitiateMultipartUploadResult>",
        ),
        (_, "list") => reply(200, &[], "<ListPartsResult/>"),
        (_, "complete") => {
            let url = signed().replace('&', "&amp;");
            reply(
                200,
                &[],
                format!(
                    "<CompleteMultipartUploadResult><Location>{url}</Location></CompleteMultipartUploadResult>"
                ),
            )
        }
        (_, "abort") => reply(204, &[], ""),
        _ => reply(404, &[], ""),
    }
}

/// What came of an upload.
#[derive(Debug)]
pub struct Outcome {
    pub state: State,
    pub events: Vec<Event>,
    /// All that was ever stored, and the names of locks.
    pub stored: Vec<String>,
    pub requests: usize,
    /// Of virtual time.
    pub took: Millis,
}

impl Outcome {
    /// Everything that anybody could see.
    pub fn told(&self) -> String {
        format!("{:?} {:?}", self.events, self.stored)
    }

    pub fn failure(&self) -> &'static str {
        let failed = self.events.iter().rev().find_map(|event| match event {
            Event::Failed(error) => Some(error.code.as_str()),
            _ => None,
        });
        failed.unwrap_or("none")
    }
}

/// Uploads with an other side that answers like `answer`, or honestly where that has no answer. Signing with credentials
/// happens here, so only the page's function that gives them is asked.
pub fn upload(by: By, answer: impl FnMut(&Asked<'_>) -> Option<Answer>) -> Outcome {
    upload_told(by, None, answer)
}

/// The same, with something said to the upload once the first part has arrived.
pub fn upload_told(
    by: By,
    mut then: Option<Input>,
    mut answer: impl FnMut(&Asked<'_>) -> Option<Answer>,
) -> Outcome {
    let raw = RawOptions {
        verify: Some(Raw::Word("off".into())),
        // Not the default ten minutes, which would only be more of the same.
        retry_for: Some(Raw::Number(30_000.0)),
        ..Default::default()
    };
    let config = Config::new(&raw, "test".into(), Limits::S3).unwrap();
    let (backend, signer) = match by {
        By::Companion => (Backend::Companion(Companion::new("/s3")), None),
        By::SignRequest => (Backend::Direct(Kind::S3), None),
        By::Credentials => (Backend::Direct(Kind::S3), Some(LocalSigner::new(bucket()))),
        By::Callbacks => {
            (Backend::Callbacks(Callbacks { has_object: false, has_batch: false, has_find: false }), None)
        }
        By::Chunks(test) => {
            let merge = Merge::Address("/merge".into());
            (Backend::Form(Box::new(Form { test, merge, ..Form::new("/upload") })), None)
        }
    };
    let mut now = Now { wall: UnixMillis(1_767_323_045_000), ..Default::default() };
    let mut engine = Engine::new(config, backend, signer, true, 42);
    let file = FileInfo { name: "f".into(), size: SIZE, last_modified: 1, mime: "a/b".into() };
    let target = Target { file, key: "k".into(), key_is_explicit: false, metadata: Vec::new(), path: None };
    let id = engine.add(target, now).unwrap();
    let mut outcome = Outcome {
        state: State::Queued,
        events: Vec::new(),
        stored: Vec::new(),
        requests: 0,
        took: Millis(0),
    };
    let mut waiting = VecDeque::new();
    for _ in 0..100_000 {
        while let Some(work) = engine.poll_action() {
            waiting.push_back(work);
        }
        while let Some((_, event)) = engine.poll_event() {
            if matches!(event, Event::Part { .. })
                && let Some(input) = then.take()
            {
                engine.handle(id, input, now);
            }
            outcome.events.push(event);
        }
        now.mono = now.mono + Millis(1);
        now.wall.0 += 1;
        match waiting.pop_front() {
            Some(work) => perform(&mut engine, id, work, now, &mut outcome, &mut waiting, &mut answer),
            None if engine.state(id).is_final() => break,
            None => {
                let wait = engine.poll_timeout(now).expect("it waits for nothing").since(now.mono);
                now.mono = now.mono + wait;
                now.wall.0 += wait.0;
                engine.tick(now);
            }
        }
    }
    outcome.state = engine.state(id);
    outcome.took = Millis(now.mono.0);
    assert!(outcome.state.is_final(), "it never ends");
    outcome
}

fn bucket() -> Bucket {
    Bucket { endpoint: Some("https://store".into()), path_style: true, ..Bucket::new(Kind::S3, "b", "r") }
}

fn perform(
    engine: &mut Engine,
    id: UploadId,
    work: Work,
    now: Now,
    outcome: &mut Outcome,
    waiting: &mut VecDeque<Work>,
    answer: &mut impl FnMut(&Asked<'_>) -> Option<Answer>,
) {
    let mut ask = |asked: &Asked<'_>| {
        outcome.requests += 1;
        answer(asked).unwrap_or_else(|| honest(asked))
    };
    let action = match work {
        Work::FetchCredentials => {
            let credentials = Credentials {
                access_key_id: "AKID".into(),
                secret_access_key: SECRET.into(),
                session_token: Some(TOKEN.into()),
            };
            let reply = ask(&Asked::Sign).map(|_| (credentials, None));
            return engine.credentials(reply, now);
        }
        Work::AskObjects(..) => unreachable!("there is one upload"),
        Work::Upload(_, action) => action,
    };
    let input = match action {
        Action::Perform(op, step) => Input::Replied(
            op,
            match &step {
                Step::Backend(request) | Step::Object(request) => ask(&Asked::Server(request)),
                // What the request is for stands in the query; a signature of the page's hides it here.
                Step::Store(request) => ask(&Asked::Store(request)),
                Step::Sign(request) => ask(&Asked::Sign).map(|reply| with_query(reply, &request.query)),
                Step::Page(call) => ask(&Asked::Page(call)),
            },
        ),
        Action::Send(op, request, _) => {
            if let Body::File(range) = &request.body {
                engine.handle(id, Input::Progress(op, range.len()), now);
            }
            Input::Replied(op, ask(&Asked::Store(&request)))
        }
        Action::Drop(op) => {
            return waiting.retain(|work| !matches!(work, Work::Upload(_, action) if is(action, op)));
        }
        Action::Hash(op, reading) => {
            // As if all bytes were zeros.
            let mut digester = Digester::new(reading.wanted);
            let pieces = (0..reading.pieces()).map(|index| {
                let digests = digester.end_piece();
                Piece { index, digests, whole: digester.whole().cloned() }
            });
            for piece in pieces {
                engine.handle(id, Input::Hashed(op, Ok(piece)), now);
            }
            return;
        }
        Action::Check(op) => Input::Checked(op, Ok(())),
        Action::Lock(name) | Action::TryLock(name) => {
            outcome.stored.push(name);
            Input::Locked
        }
        Action::Load(_) => Input::Loaded(Vec::new()),
        Action::Save(record) => {
            outcome.stored.extend([record.key, record.value]);
            return;
        }
        // Other tabs hear what a storage would get.
        Action::Tell(message) => return outcome.stored.push(message.to_text()),
        Action::Unlock
        | Action::Forget(_)
        | Action::Remove(_)
        | Action::SetClock(_)
        | Action::DropCredentials(_) => return,
    };
    engine.handle(id, input, now);
}

fn with_query(reply: StepReply, query: &[(String, String)]) -> StepReply {
    match reply {
        StepReply::Signed(url) => {
            let query: String = query.iter().map(|(name, value)| format!("&{name}={value}")).collect();
            StepReply::Signed(SignedUrl { url: url.url + &query, ..url })
        }
        other => other,
    }
}

fn is(action: &Action, op: OpId) -> bool {
    matches!(action, Action::Perform(of, _) | Action::Send(of, ..) | Action::Hash(of, ..) | Action::Check(of)
        if *of == op)
}
