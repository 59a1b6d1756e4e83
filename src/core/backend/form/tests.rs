use super::*;
use crate::core::backend::fixture::*;
use crate::core::backend::{PartAsk, Session};
use crate::core::error::{Code, Operation};
use crate::core::retry::{Asked, Verdict, decide};

fn ask(number: u32, start: u64, end: u64) -> Op {
    let number = PartNumber::new(number).unwrap();
    Op::SignParts(vec![PartAsk { number, range: ByteRange { start, end }, content_md5: None }])
}

fn http(status: u16, body: &str) -> StepReply {
    StepReply::Http(HttpReply { status, headers: Vec::new(), body: body.into() })
}

/// A file `a b.bin` of 12 MiB in chunks of 5 MiB, under the identifier `id`.
fn with<T>(run: impl FnOnce(&Context<'_>) -> T) -> T {
    let fixture = Fixture::new();
    let session = Session { key: "k".into(), upload_id: "id&1".into() };
    let context = fixture.context();
    let plan = context.plan.with_long_tail();
    run(&Context { session: Some(&session), plan: &plan, ..context })
}

fn start(form: &Form, op: &Op) -> Next {
    with(|context| form.start(op, context)).unwrap()
}

fn next(form: &Form, op: &Op, reply: StepReply) -> Result<Next, Fault> {
    with(|context| form.next(op, context, reply))
}

fn request(next: Next) -> HttpRequest {
    match next {
        Next::Step(Step::Backend(request)) => request,
        Next::Done(Done::Signed(mut signed)) => signed.remove(0).1.request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_chunk_takes_in_what_would_be_left_over() {
    with(|context| {
        let sizes: Vec<u64> =
            (0..context.plan.count()).map(|i| context.plan.part(i).unwrap().1.len()).collect();
        assert_eq!(sizes, [5 << 20, 7 << 20]);
    });
}

#[test]
fn each_preset_has_the_names_of_its_library() {
    assert_eq!(Names::simple().chunk_number, "chunkNumber");
    assert_eq!(Names::flow().current_chunk_size, "flowCurrentChunkSize");
    assert_eq!(Names::resumable().relative_path, "resumableRelativePath");
    assert_eq!(Names::resumable().content_type.as_deref(), Some("resumableType"));
}

#[test]
fn a_chunk_is_asked_for_and_then_sent_as_a_form() {
    let form = Form::new("/upload?a=1");
    let op = ask(2, 5 << 20, 12 << 20);
    let test = request(start(&form, &op));
    assert_eq!(test.method, Method::Get);
    assert!(
        test.url.starts_with("/upload?a=1&chunkNumber=2&chunkSize=5242880&currentChunkSize=7340032&"),
        "{}",
        test.url
    );
    assert!(test.url.contains("&identifier=id%261&") && test.url.contains("&totalChunks=2"), "{}", test.url);

    let sent = request(next(&form, &op, http(204, "")).unwrap());
    assert_eq!((sent.method, sent.url.as_str()), (Method::Post, "/upload?a=1"));
    let Body::Form { fields, file_field, range } = sent.body else { panic!() };
    assert_eq!((file_field.as_str(), range.len()), ("file", 7 << 20));
    assert!(fields.contains(&("chunkNumber".into(), "2".into())));

    assert!(
        matches!(next(&form, &op, http(201, "")), Ok(Next::Done(Done::Held(number))) if number.get() == 2)
    );
}

#[test]
fn bytes_alone_have_their_parameters_in_the_address() {
    let form = Form { octet: true, test: Test::Off, method: Method::Put, ..Form::new("/u") };
    let sent = request(start(&form, &ask(1, 0, 5 << 20)));
    assert_eq!(
        (sent.method, sent.body.clone()),
        (Method::Put, Body::File(ByteRange { start: 0, end: 5 << 20 }))
    );
    assert!(sent.url.starts_with("/u?chunkNumber=1&"));
    let form = Form { in_address_too: true, names: Names::resumable(), test: Test::Off, ..Form::new("/u") };
    assert!(request(start(&form, &ask(1, 0, 5 << 20))).url.starts_with("/u?resumableChunkNumber=1&"));
}

#[test]
fn one_answer_tells_of_all_chunks() {
    let form = Form { test: Test::Once, ..Form::new("/u") };
    let op = Op::ListParts(None);
    assert!(request(start(&form, &op)).url.contains("chunkNumber=1&"));
    for body in [
        r#"{"uploaded":[1,"2",0,"x",20000]}"#,
        r#"{"uploaded_chunks":[1,2]}"#,
        r#"{"code":0,"data":{"skipUpload":false,"uploadedChunks":["1","2"]}}"#,
    ] {
        let Ok(Next::Done(Done::Listed(page))) = next(&form, &op, http(200, body)) else { panic!("{body}") };
        let numbers: Vec<u32> = page.parts.iter().map(|part| part.number.get()).collect();
        assert_eq!(numbers, [1, 2], "{body}");
    }
    for (status, body) in [(204, ""), (200, ""), (200, "[]"), (200, "{}"), (400, "{\"uploaded\":[1]}")] {
        let Ok(Next::Done(Done::Listed(page))) = next(&form, &op, http(status, body)) else {
            panic!("{body}")
        };
        assert_eq!(page, PartPage::default());
    }
}

#[test]
fn a_file_that_is_there_need_not_be_sent() {
    let form = Form { test: Test::Once, ..Form::new("/u") };
    for body in [r#"{"skipUpload":true,"url":"/f/1"}"#, r#"{"data":{"skipUpload":true,"url":"/f/1"}}"#] {
        let Ok(Next::Done(Done::Found(Some(found)))) = next(&form, &Op::ListParts(None), http(200, body))
        else {
            panic!("{body}")
        };
        assert_eq!(found.location.as_deref(), Some("/f/1"));
    }
}

#[test]
fn statuses_that_the_server_calls_final_fail_and_all_others_are_tried_again() {
    let form = Form::new("/u");
    let verdict = |status: u16| {
        let fault = form.received(&HttpReply { status, ..HttpReply::default() }).unwrap_err();
        decide(Operation::PutPart, Asked::Backend, &fault)
    };
    for status in [404, 415, 500, 501] {
        assert_eq!(verdict(status), Verdict::Fail(Code::Backend), "{status}");
    }
    for status in [400, 401, 403, 409, 422, 502, 503] {
        assert!(matches!(verdict(status), Verdict::Retry { .. }), "{status}");
    }
    let own = Form { permanent: vec![413, 403], success: vec![200], ..Form::new("/u") };
    for (status, code) in [(413, Code::TooLarge), (403, Code::Denied)] {
        let fault = own.received(&HttpReply { status, ..HttpReply::default() }).unwrap_err();
        assert_eq!(decide(Operation::PutPart, Asked::Backend, &fault), Verdict::Fail(code));
    }
    assert!(own.received(&HttpReply { status: 201, ..HttpReply::default() }).is_err());
}

#[test]
fn a_success_whose_json_tells_of_a_failure_is_none() {
    let form = Form::new("/u");
    for (body, told) in [
        (r#"{"result":false,"message":"disk full"}"#, "disk full"),
        (r#"{"success":false}"#, ""),
        (r#"{"error":"no such user"}"#, "no such user"),
    ] {
        let reply = HttpReply { status: 200, headers: Vec::new(), body: body.into() };
        let Err(Fault::Chunk { error, permanent: false, .. }) = form.received(&reply) else {
            panic!("{body}")
        };
        assert_eq!(error.message, told);
    }
    for body in ["", "ok", "[]", r#"{"result":true}"#, r#"{"error":null}"#, r#"{"error":""}"#] {
        let reply = HttpReply { status: 200, headers: Vec::new(), body: body.into() };
        assert_eq!(form.received(&reply), Ok(()), "{body}");
    }
}

#[test]
fn chunks_are_put_together_as_the_page_says() {
    let op = Op::Complete(Vec::new());
    assert!(matches!(start(&Form::new("/u"), &op), Next::Done(Done::Completed(_))));
    let form = Form { merge: Merge::Address("/merge".into()), ..Form::new("/u") };
    let call = request(start(&form, &op));
    let Body::Text { text, content_type: "application/json" } = &call.body else { panic!() };
    let body = json::parse(text).unwrap();
    assert_eq!(body.get("identifier").and_then(Json::as_str), Some("id&1"));
    assert_eq!(body.get("totalChunks").and_then(Json::as_u64), Some(2));
    let Ok(Next::Done(Done::Completed(done))) = next(&form, &op, http(200, r#"{"url":"/f/1"}"#)) else {
        panic!()
    };
    assert_eq!(done.location.as_deref(), Some("/f/1"));
    assert!(matches!(next(&form, &op, http(502, "")), Err(Fault::Chunk { permanent: false, .. })));
    let form = Form { merge: Merge::Page, ..Form::new("/u") };
    assert!(matches!(start(&form, &op), Next::Step(Step::Page(PageCall::Merge { .. }))));
}

#[test]
fn the_identifier_may_be_made_by_the_page() {
    let form = Form { page_identifies: true, ..Form::new("/u") };
    assert!(matches!(start(&form, &Op::Create), Next::Step(Step::Page(PageCall::Identify))));
    let reply = StepReply::Page(PageReply::Identified("x".into()));
    let Ok(Next::Done(Done::Created(created))) = next(&form, &Op::Create, reply) else { panic!() };
    assert_eq!(created.upload_id, "x");
}
