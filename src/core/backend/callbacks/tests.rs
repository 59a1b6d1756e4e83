use super::*;
use crate::core::backend::fixture::*;
use crate::core::backend::{ObjectUrl, Session};
use crate::core::http::{Body, Method};
use crate::core::store::{Completed, Created, ListedPart};

const CALLBACKS: Callbacks = Callbacks { has_object: true, has_batch: false, has_find: false };

fn asked(op: &Op) -> PageCall {
    let fixture = Fixture::new();
    match step(CALLBACKS.start(op, &fixture.context())) {
        Step::Page(call) => call,
        other => panic!("{other:?}"),
    }
}

fn answered(op: &Op, reply: StepReply) -> Result<Next, Fault> {
    let fixture = Fixture::new();
    CALLBACKS.next(op, &fixture.context(), reply)
}

#[test]
fn keys_and_ids_reach_the_page_as_they_are() {
    let session = || Session { key: KEY.into(), upload_id: UPLOAD_ID.into() };
    let parts = vec![(number(1), "\"e1\"".to_owned())];
    for (op, call) in [
        (Op::Create, PageCall::Create { key: KEY.into() }),
        (
            Op::SignParts(vec![ask(2, Some("bWQ1"))]),
            PageCall::SignPart { session: session(), ask: ask(2, Some("bWQ1")) },
        ),
        (
            Op::SignObject { content_md5: Some("bWQ1".into()) },
            PageCall::Object { key: KEY.into(), content_md5: Some("bWQ1".into()) },
        ),
        (Op::ListParts(None), PageCall::ListParts { session: session() }),
        (Op::Complete(parts.clone()), PageCall::Complete { session: session(), parts }),
        (Op::Abort, PageCall::Abort { session: session() }),
    ] {
        assert_eq!(asked(&op), call);
    }
}

#[test]
fn there_is_no_function_to_look_for_an_object() {
    let fixture = Fixture::new();
    assert!(matches!(done(CALLBACKS.start(&Op::Head, &fixture.context())), Done::Unsupported));
}

#[test]
fn a_part_is_put_where_the_page_says() {
    let mut signed_url = url("https://s/2?sig");
    signed_url.headers.push(("x-a".into(), "1".into()));
    let parts = requests(answered(&Op::SignParts(vec![ask(2, Some("bWQ1"))]), StepReply::Signed(signed_url)));
    let [(2, request)] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((request.method, request.url.as_str()), (Method::Put, "https://s/2?sig"));
    assert_eq!(request.body, Body::File(ask(2, None).range));
    assert_eq!((header(request, "x-a"), header(request, "content-md5")), (Some("1"), Some("bWQ1")));
}

#[test]
fn an_md5_the_page_signed_itself_is_not_sent_twice() {
    let mut signed_url = url("https://s/2");
    signed_url.headers.push(("content-MD5".into(), "own".into()));
    let parts = requests(answered(&Op::SignParts(vec![ask(2, Some("bWQ1"))]), StepReply::Signed(signed_url)));
    assert_eq!(parts[0].1.headers, [("content-MD5".to_owned(), "own".to_owned())]);
}

#[test]
fn an_object_goes_as_a_form_or_as_a_put() {
    let op = Op::SignObject { content_md5: Some("bWQ1".into()) };
    let object = |fields| {
        let object = ObjectUrl { signed: url("https://s/k"), fields, key: Some("k".into()) };
        StepReply::Page(PageReply::Object(object))
    };
    let put = requests(answered(&op, object(None)));
    assert_eq!(header(&put[0].1, "content-md5"), Some("bWQ1"));
    assert_eq!(header(&put[0].1, "content-type"), Some("text/plain"));
    let form = requests(answered(&op, object(Some(vec![("policy".into(), "p".into())]))));
    assert_eq!((form[0].1.method, form[0].1.headers.len()), (Method::Post, 0));
    assert!(matches!(&form[0].1.body, Body::Form { fields, .. } if fields.len() == 1));
}

#[test]
fn results_are_passed_on() {
    let created = Created { key: "k".into(), upload_id: "u".into() };
    let reply = StepReply::Page(PageReply::Created(created.clone()));
    assert!(matches!(done(answered(&Op::Create, reply)), Done::Created(it) if it == created));
    let listed = ListedPart { number: number(1), size: 5, etag: "e".into() };
    let reply = StepReply::Page(PageReply::Listed(vec![listed]));
    let Done::Listed(page) = done(answered(&Op::ListParts(None), reply)) else { panic!() };
    assert_eq!((page.parts.len(), page.next), (1, None));
    let reply = StepReply::Page(PageReply::Completed(Completed::default()));
    assert!(matches!(done(answered(&Op::Complete(Vec::new()), reply)), Done::Completed(_)));
    let reply = StepReply::Page(PageReply::Aborted);
    assert!(matches!(done(answered(&Op::Abort, reply)), Done::Aborted));
}

#[test]
fn a_reply_of_another_kind_is_a_bad_reply() {
    for op in all() {
        assert!(matches!(answered(&op, StepReply::Http(reply(200, "{}"))), Err(Fault::BadReply(_))));
    }
    let aborted = StepReply::Page(PageReply::Aborted);
    assert!(matches!(answered(&Op::Create, aborted), Err(Fault::BadReply(_))));
}
