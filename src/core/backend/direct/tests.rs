use super::*;
use crate::core::backend::fixture::*;
use crate::core::hash::Crc64;
use crate::core::http::{Body, Method};
use crate::core::store::{Bucket, Kind};
use crate::core::units::Instant;

fn asked(op: &Op) -> StoreRequest {
    let fixture = Fixture::new();
    match step(start(Kind::S3, op, &fixture.context())) {
        Step::Sign(request) => request,
        other => panic!("{other:?}"),
    }
}

fn after(op: &Op, reply: StepReply) -> Result<Next, Fault> {
    let fixture = Fixture::new();
    next(Kind::S3, op, &fixture.context(), reply)
}

fn now(wall: u64) -> Now {
    Now { mono: Instant(0), wall: UnixMillis(wall) }
}

fn signer() -> LocalSigner {
    LocalSigner::new(Bucket {
        endpoint: Some("https://s".into()),
        path_style: true,
        ..Bucket::new(Kind::S3, "b", "r")
    })
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AK".into(),
        secret_access_key: "hidden-secret".into(),
        session_token: Some("hidden-token".into()),
    }
}

#[test]
fn what_is_signed_names_key_and_id_as_they_are() {
    for op in all() {
        let request = asked(&op);
        assert_eq!(request.key, KEY);
        let id = request.query.iter().find(|(name, _)| name == "uploadId").map(|(_, id)| id.as_str());
        let has_session = matches!(op, Op::SignParts(_) | Op::ListParts(_) | Op::Complete(_) | Op::Abort);
        assert_eq!(id, has_session.then_some(UPLOAD_ID), "{op:?}");
    }
}

#[test]
fn a_part_is_put_at_the_signed_url_with_what_was_signed() {
    let op = Op::SignParts(vec![ask(2, Some("bWQ1"))]);
    let parts = requests(after(&op, StepReply::Signed(url("https://s/k?partNumber=2&sig"))));
    let [(2, request)] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((request.method, request.url.as_str()), (Method::Put, "https://s/k?partNumber=2&sig"));
    assert_eq!(request.body, Body::File(ask(2, None).range));
    assert_eq!(header(request, "content-md5"), Some("bWQ1"));
}

#[test]
fn an_object_keeps_its_type_and_the_key_asked_for() {
    let op = Op::SignObject { content_md5: None };
    let Done::Signed(parts) = done(after(&op, StepReply::Signed(url("https://s/k")))) else { panic!() };
    let (_, object) = &parts[0];
    assert_eq!(object.key.as_deref(), Some(KEY));
    let types = object.request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    assert_eq!(types.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["text/plain"]);
}

#[test]
fn control_calls_are_signed_first_and_sent_then() {
    for op in [Op::Create, Op::ListParts(None), Op::Complete(Vec::new()), Op::Abort, Op::Head] {
        let Step::Store(request) = step(after(&op, StepReply::Signed(url("https://s/k?sig")))) else {
            panic!()
        };
        assert_eq!((request.method, request.url.as_str()), (asked(&op).method, "https://s/k?sig"));
    }
}

#[test]
fn the_life_of_a_url_is_told_or_read_from_it() {
    let op = Op::SignParts(vec![ask(1, None)]);
    let life = |url| match done(after(&op, StepReply::Signed(url))) {
        Done::Signed(parts) => parts[0].1.good_for.map(|life| life.0),
        other => panic!("{other:?}"),
    };
    assert_eq!(life(SignedUrl { expires: Some(60), ..url("https://s/?X-Amz-Expires=900") }), Some(60_000));
    assert_eq!(life(url("https://s/?a=1&X-Amz-Expires=900")), Some(900_000));
    assert_eq!(life(url("https://s/?X-Amz-Expires=soon")), None);
    assert_eq!(life(SignedUrl { expires: Some(u64::MAX), ..url("https://s/") }), Some(u64::MAX));
}

#[test]
fn a_missing_upload_is_removed_and_a_missing_object_is_none() {
    assert!(matches!(done(after(&Op::Abort, StepReply::Http(reply(404, "")))), Done::Aborted));
    assert!(matches!(done(after(&Op::Abort, StepReply::Http(reply(204, "")))), Done::Aborted));
    assert!(matches!(done(after(&Op::Head, StepReply::Http(reply(404, "")))), Done::Head(None)));
    let lost = "<Error><Code>NoSuchUpload</Code></Error>";
    for op in [Op::ListParts(None), Op::Complete(Vec::new())] {
        let Err(Fault::Reply { status: 404, error, .. }) = after(&op, StepReply::Http(reply(404, lost)))
        else {
            panic!()
        };
        assert_eq!(error.code, "NoSuchUpload");
    }
}

#[test]
fn replies_that_make_no_sense_are_faults() {
    for body in ["", "<", "<html/>", "{}", "<Error><Code>InternalError</Code></Error>"] {
        for op in all().into_iter().filter(|op| *op != Op::Abort) {
            let outcome = after(&op, StepReply::Http(reply(200, body)));
            assert!(matches!(outcome, Err(Fault::Reply { status: 200, .. })), "{op:?} {body}");
        }
    }
    let page = StepReply::Page(crate::core::backend::PageReply::Aborted);
    assert!(matches!(after(&Op::Abort, page), Err(Fault::BadReply(_))));
}

#[test]
fn credentials_are_used_until_a_minute_before_they_end() {
    let mut signer = signer();
    let head = Kind::S3.head("k");
    assert_eq!(signer.sign(&head, now(0)), None, "there are none yet");
    signer.set(credentials(), Some(UnixMillis(4_000_000)), now(0));
    assert_eq!(signer.sign(&head, now(0)).and_then(|url| url.expires), Some(3600));
    assert_eq!(signer.sign(&head, now(3_800_000)).and_then(|url| url.expires), Some(200));
    assert_eq!(signer.sign(&head, now(3_940_000)), None);
    signer.set(credentials(), None, now(0));
    assert_eq!(signer.sign(&head, now(u64::MAX / 2)).and_then(|url| url.expires), Some(3600));
    signer.forget(Instant(0));
    assert_eq!(signer.sign(&head, now(0)), None);
}

#[test]
fn the_stores_clock_is_the_one_that_counts() {
    let mut signer = signer();
    signer.set(credentials(), None, now(0));
    signer.set_clock(UnixMillis(1_767_323_045_000), now(5_000));
    let url = signer.sign(&Kind::S3.head("k"), now(6_000)).unwrap().url;
    assert!(url.contains("X-Amz-Date=20260102T030406Z"), "{url}");
}

#[test]
fn a_device_clock_that_is_set_right_is_believed_again() {
    let (wrong, right) = (now(1_000_000), now(8_000_000));
    let mut signer = signer();
    signer.set_clock(right.wall, wrong);
    signer.set(credentials(), Some(UnixMillis(9_000_000)), right);
    let url = signer.sign(&Kind::S3.head("k"), right).expect("fresh credentials sign").url;
    assert!(url.contains("X-Amz-Date=19700101T021320Z"), "{url}");
}

#[test]
fn neither_signatures_nor_credentials_are_shown_by_debug() {
    let mut signer = signer();
    signer.set(credentials(), None, now(0));
    let signed = signer.sign(&Kind::S3.head("k"), now(1_767_323_045_000)).unwrap();
    assert!(signed.url.contains("X-Amz-Signature="));
    let next = after(&Op::SignParts(vec![ask(1, None)]), StepReply::Signed(signed.clone()));
    let control = after(&Op::Create, StepReply::Signed(signed.clone()));
    for shown in [
        format!("{signed:?}"),
        format!("{signer:?}"),
        format!("{next:?}"),
        format!("{control:?}"),
        format!("{:?}", StepReply::Signed(signed.clone())),
        format!(
            "{:?}",
            ObjectUrl { signed, fields: Some(vec![("policy".into(), "hidden-p".into())]), key: None }
        ),
    ] {
        assert!(!shown.contains("Signature") && !shown.contains("hidden"), "{shown}");
    }
}

#[test]
fn what_must_not_replace_anything_says_so() {
    let mut fixture = Fixture::new();
    fixture.config.overwrite = false;
    for kind in Kind::ALL {
        for op in all() {
            let Step::Sign(request) = step(start(kind, &op, &fixture.context())) else { panic!("{op:?}") };
            let forbids = request.headers.iter().any(|(name, value)| {
                matches!((name.as_str(), value.as_str()), ("If-None-Match", "*"))
                    || (name.ends_with("-forbid-overwrite") && value == "true")
            });
            assert_eq!(forbids, matches!(op, Op::SignObject { .. } | Op::Complete(_)), "{kind:?} {op:?}");
        }
    }
}

#[test]
fn only_amazon_is_told_the_size_to_expect() {
    let complete = Op::Complete(vec![(number(1), "e".into())]);
    let size = |kind, crc64| {
        let mut fixture = Fixture::new();
        fixture.config.crc64 = crc64;
        let Step::Sign(request) = step(start(kind, &complete, &fixture.context())) else { panic!() };
        request.headers.iter().find(|(name, _)| name == "x-amz-mp-object-size").map(|(_, size)| size.clone())
    };
    assert_eq!(size(Kind::S3, Some(Crc64::Nvme)), Some((12 * MIB).to_string()));
    assert_eq!(size(Kind::S3, None), None);
    assert_eq!(size(Kind::Oss, Some(Crc64::Xz)), None);
}

#[test]
fn without_a_session_the_object_asked_for_is_looked_for() {
    let fixture = Fixture::new();
    let context = Context { session: None, ..fixture.context() };
    let Step::Sign(request) = step(start(Kind::S3, &Op::Head, &context)) else { panic!() };
    assert_eq!(request.key, KEY);
}

#[test]
fn credentials_outlive_what_was_signed_before_them() {
    let at = |ms: u64| Now { mono: Instant(ms), wall: UnixMillis(1_767_323_045_000 + ms) };
    let mut signer = signer();
    signer.set(credentials(), None, at(5_000));
    signer.forget(Instant(4_999));
    assert!(signer.sign(&Kind::S3.head("k"), at(6_000)).is_some());
    signer.forget(Instant(5_000));
    assert!(signer.sign(&Kind::S3.head("k"), at(6_000)).is_none());
}
