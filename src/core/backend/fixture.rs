//! One upload with awkward names, for the tests of all backends.

use super::{Context, Done, Next, Op, PartAsk, Session, SignedUrl, Step, Target};
use crate::core::config::{Config, RawOptions};
use crate::core::fingerprint::FileInfo;
use crate::core::http::{HttpReply, HttpRequest};
use crate::core::plan::{PartSize, Plan};
use crate::core::retry::Fault;
use crate::core::store::Limits;
use crate::core::units::{ByteRange, PartNumber};

pub const MIB: u64 = 1 << 20;
pub const KEY: &str = "a b/ü&?#.txt";
pub const KEY_ENCODED: &str = "a%20b%2F%C3%BC%26%3F%23.txt";
pub const UPLOAD_ID: &str = "i/d+1=%2F?";
pub const UPLOAD_ID_ENCODED: &str = "i%2Fd%2B1%3D%252F%3F";

pub struct Fixture {
    target: Target,
    session: Session,
    plan: Plan,
    pub config: Config,
}

impl Fixture {
    /// Of 12 MiB in parts of 5.
    pub fn new() -> Self {
        let file =
            FileInfo { name: "x.txt".into(), size: 12 * MIB, last_modified: 1, mime: "text/plain".into() };
        Self {
            target: Target {
                file,
                key: KEY.into(),
                key_is_explicit: false,
                metadata: vec![("who \"".into(), "me\n".into())],
                path: None,
            },
            session: Session { key: KEY.into(), upload_id: UPLOAD_ID.into() },
            plan: Plan::new(12 * MIB, PartSize::Auto, &Limits::S3).unwrap().0,
            config: Config::new(&RawOptions::default(), String::new(), Limits::S3).unwrap(),
        }
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            target: &self.target,
            session: Some(&self.session),
            plan: &self.plan,
            config: &self.config,
            identifier: "",
            response: None,
        }
    }
}

pub fn number(number: u32) -> PartNumber {
    PartNumber::new(number).unwrap()
}

pub fn ask(part: u32, content_md5: Option<&str>) -> PartAsk {
    let start = u64::from(part - 1) * 5 * MIB;
    let range = ByteRange { start, end: start + 5 * MIB };
    PartAsk { number: number(part), range, content_md5: content_md5.map(Into::into) }
}

/// Every operation.
pub fn all() -> Vec<Op> {
    vec![
        Op::Create,
        Op::SignParts(vec![ask(1, None)]),
        Op::SignObject { content_md5: None },
        Op::ListParts(None),
        Op::Complete(vec![(number(1), "\"e1\"".into())]),
        Op::Abort,
        Op::Head,
    ]
}

pub fn reply(status: u16, body: &str) -> HttpReply {
    HttpReply { status, headers: Vec::new(), body: body.into() }
}

pub fn url(url: &str) -> SignedUrl {
    SignedUrl { url: url.into(), ..Default::default() }
}

/// The requests of a signing call's outcome, with their part numbers.
pub fn requests(next: Result<Next, Fault>) -> Vec<(u32, HttpRequest)> {
    match next {
        Ok(Next::Done(Done::Signed(signed))) => {
            signed.into_iter().map(|(number, signed)| (number.get(), signed.request)).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub fn done(next: Result<Next, Fault>) -> Done {
    match next {
        Ok(Next::Done(done)) => done,
        other => panic!("{other:?}"),
    }
}

pub fn step(next: Result<Next, Fault>) -> Step {
    match next {
        Ok(Next::Step(step)) => step,
        other => panic!("{other:?}"),
    }
}

pub fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
