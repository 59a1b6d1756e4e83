use super::*;
use crate::core::backend::fixture::*;
use crate::core::hash::Md5Hasher;
use crate::core::units::Millis;

fn asked(op: &Op) -> HttpRequest {
    let fixture = Fixture::new();
    match step(Companion::new("/s3/").start(op, &fixture.context())) {
        Step::Backend(request) | Step::Object(request) => request,
        other => panic!("{other:?}"),
    }
}

fn answered(op: &Op, status: u16, body: &str) -> Result<Next, Fault> {
    let fixture = Fixture::new();
    Companion::new("/s3").next(op, &fixture.context(), StepReply::Http(reply(status, body)))
}

fn line(request: &HttpRequest) -> String {
    [request.method.as_str(), " ", &request.url].concat()
}

fn text_of(request: &HttpRequest) -> &str {
    match &request.body {
        Body::Text { content_type: "application/json", text } => text,
        other => panic!("{other:?}"),
    }
}

fn code_of(next: Result<Next, Fault>) -> (u16, String) {
    match next {
        Err(Fault::Reply { status, error, .. }) => (status, error.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn create_sends_what_companion_reads() {
    let request = asked(&Op::Create);
    assert_eq!(line(&request), "POST /s3/multipart");
    assert_eq!(header(&request, "accept"), Some("application/json"));
    assert_eq!(
        text_of(&request),
        r##"{"filename":"a b/ü&?#.txt","type":"text/plain","size":12582912,"metadata":{"who \"":"me\n"}}"##
    );
}

#[test]
fn ids_and_keys_are_encoded_in_every_address() {
    let base = format!("/s3/multipart/{UPLOAD_ID_ENCODED}");
    let key = format!("key={KEY_ENCODED}");
    for (op, expected) in [
        (Op::ListParts(None), format!("GET {base}?{key}")),
        (Op::Abort, format!("DELETE {base}?{key}")),
        (Op::SignParts(vec![ask(2, None)]), format!("GET {base}/2?{key}")),
        (Op::SignParts(vec![ask(2, Some("a+b="))]), format!("GET {base}/2?{key}&contentMd5=a%2Bb%3D")),
        (
            Op::SignParts(vec![ask(1, None), ask(2, None)]),
            format!("GET {base}/batch?{key}&partNumbers=1%2C2"),
        ),
        (Op::Head, format!("GET /s3/object?{key}")),
        (
            Op::SignObject { content_md5: None },
            format!(
                "GET /s3/params?filename={KEY_ENCODED}&type=text%2Fplain&size=12582912&metadata%5Bwho%20%22%5D=me%0A"
            ),
        ),
    ] {
        assert_eq!(line(&asked(&op)), expected);
    }
}

#[test]
fn several_files_are_asked_for_in_one_request() {
    let fixture = Fixture::new();
    let companion = Companion::new("/s3");
    let one = description(&fixture.context());
    let request = companion.several_objects(&[one.as_str(), &one].join(","));
    assert_eq!(line(&request), "POST /s3/params");
    let file =
        r##"{"filename":"a b/ü&?#.txt","type":"text/plain","size":12582912,"metadata":{"who \"":"me\n"}}"##;
    assert_eq!(text_of(&request), format!(r##"{{"files":[{file},{file}]}}"##));
}

#[test]
fn each_of_several_answers_is_as_if_it_had_come_alone() {
    let answers = |status, body: &str| several_answers(&reply(status, body), 3);
    let body = r##" [ {"url":"u","expires":40}, {"url":"u?X-Amz-Expires=60"},{"status":413,"error":"]"}]"##;
    let all = answers(200, body).unwrap();
    let told: Vec<_> = all.iter().map(|(reply, life)| (reply.status, reply.body.as_str(), *life)).collect();
    assert_eq!(
        told,
        [
            (200, r##"{"url":"u","expires":40}"##, Some(Millis(40_000))),
            (200, r##"{"url":"u?X-Amz-Expires=60"}"##, Some(Millis(60_000))),
            (413, r##"{"status":413,"error":"]"}"##, None),
        ]
    );
    for (status, body) in [(500, body), (200, "[]"), (200, "[{},{}]"), (200, "{}"), (200, "<!doctype html>")]
    {
        assert!(answers(status, body).is_none(), "{body}");
    }
}

#[test]
fn complete_sends_the_etags_as_the_store_spelled_them() {
    let request = asked(&Op::Complete(vec![(number(1), "\"e1\"".into()), (number(2), "e2".into())]));
    assert_eq!(line(&request), format!("POST /s3/multipart/{UPLOAD_ID_ENCODED}/complete?key={KEY_ENCODED}"));
    assert_eq!(
        text_of(&request),
        r#"{"parts":[{"PartNumber":1,"ETag":"\"e1\""},{"PartNumber":2,"ETag":"e2"}]}"#
    );
}

#[test]
fn a_batch_gives_each_part_its_own_url_and_bytes() {
    let op = Op::SignParts(vec![ask(1, None), ask(2, None)]);
    let body = r#"{"presignedUrls":{"2":"https://s/2?sig","1":"https://s/1?sig"},"expires":800}"#;
    let Done::Signed(parts) = done(answered(&op, 200, body)) else { panic!() };
    for (part, (number, signed)) in (1..).zip(parts) {
        assert_eq!(number.get(), part);
        assert_eq!(line(&signed.request), format!("PUT https://s/{part}?sig"));
        assert_eq!(signed.request.body, Body::File(ask(part, None).range));
        assert_eq!(signed.good_for, Some(Millis(800_000)));
    }
}

#[test]
fn a_batch_without_every_url_is_no_answer() {
    let op = Op::SignParts(vec![ask(1, None), ask(2, None)]);
    for body in [r#"{"presignedUrls":{"1":"https://s/1"}}"#, r#"{"url":"https://s/1"}"#, "{}"] {
        assert!(matches!(answered(&op, 200, body), Err(Fault::BadReply(_))), "{body}");
    }
}

#[test]
fn a_signed_part_carries_the_servers_headers_and_the_md5() {
    let op = Op::SignParts(vec![ask(3, Some("bWQ1"))]);
    let parts = requests(answered(&op, 200, r#"{"url":"https://s/3","headers":{"x-a":"1"}}"#));
    assert_eq!(header(&parts[0].1, "x-a"), Some("1"));
    assert_eq!(header(&parts[0].1, "content-md5"), Some("bWQ1"));
}

#[test]
fn an_object_goes_as_a_form_or_as_a_put() {
    let op = Op::SignObject { content_md5: Some("bWQ1".into()) };
    let form = r#"{"method":"POST","url":"https://s/","fields":{"key":"k","policy":"p"},"expires":60}"#;
    let Done::Signed(parts) = done(answered(&op, 200, form)) else { panic!() };
    let Body::Form { fields, range, .. } = &parts[0].1.request.body else { panic!() };
    assert_eq!((fields.len(), range.len()), (2, 12 * MIB));
    assert_eq!(parts[0].1.key.as_deref(), Some("k"));
    assert_eq!(header(&parts[0].1.request, "content-md5"), None, "a form's headers are not the object's");

    let put = r#"{"method":"PUT","url":"https://s/k?sig","headers":{},"key":"k"}"#;
    let Done::Signed(parts) = done(answered(&op, 200, put)) else { panic!() };
    assert_eq!(line(&parts[0].1.request), "PUT https://s/k?sig");
    assert_eq!(header(&parts[0].1.request, "content-type"), Some("text/plain"));
    assert_eq!(header(&parts[0].1.request, "content-md5"), Some("bWQ1"));
    assert_eq!(parts[0].1.key.as_deref(), Some("k"));
}

#[test]
fn lists_and_results_are_read() {
    let list = r#"[{"PartNumber":1,"Size":5,"ETag":"\"e\""},{"PartNumber":0,"Size":1,"ETag":"x"},{"PartNumber":2},null,7]"#;
    let Done::Listed(page) = done(answered(&Op::ListParts(None), 200, list)) else { panic!() };
    assert_eq!((page.parts.len(), page.next), (1, None));
    assert_eq!((page.parts[0].number.get(), page.parts[0].size), (1, 5));

    let body = r#"{"location":"https://s/k?X-Amz-Signature=1","key":"k","etag":"\"E-2\""}"#;
    let Done::Completed(completed) = done(answered(&Op::Complete(Vec::new()), 200, body)) else { panic!() };
    assert_eq!(completed.location.as_deref(), Some("https://s/k"), "without a signature");
    assert_eq!((completed.key.as_deref(), completed.etag.as_deref()), (Some("k"), Some("e-2")));

    let Done::Head(Some(info)) = done(answered(&Op::Head, 200, r#"{"size":9,"etag":"e"}"#)) else { panic!() };
    assert_eq!((info.size, info.etag.as_deref()), (9, Some("e")));
}

#[test]
fn errors_keep_their_code_whoever_words_them() {
    let lost = r#"{"error":"gone","code":"NoSuchUpload"}"#;
    assert_eq!(code_of(answered(&Op::ListParts(None), 404, lost)), (404, "NoSuchUpload".into()));
    assert_eq!(code_of(answered(&Op::Create, 500, r#"{"message":"no"}"#)), (500, String::new()));
    assert_eq!(code_of(answered(&Op::Create, 502, "<html>")), (502, String::new()));
}

#[test]
fn each_kind_of_not_found_means_something_else() {
    assert!(matches!(done(answered(&Op::Abort, 404, "")), Done::Aborted));
    assert!(matches!(done(answered(&Op::Abort, 204, "")), Done::Aborted), "no body is no error");
    let none = r#"{"error":"no","code":"NoSuchKey"}"#;
    assert!(matches!(done(answered(&Op::Head, 404, none)), Done::Head(None)));
    for status in [404, 405, 501] {
        assert!(matches!(done(answered(&Op::Head, status, "Not Found")), Done::Unsupported), "no such route");
    }
    assert_eq!(code_of(answered(&Op::Head, 403, "")).0, 403);
}

#[test]
fn hostile_json_is_a_bad_reply_and_never_a_panic() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{",
        deep.as_str(),
        r#"{"key":7,"uploadId":[],"url":{}}"#,
        r#"{"key":"","uploadId":"","url":""}"#,
    ] {
        for op in all() {
            match (answered(&op, 200, body), &op) {
                (Err(Fault::BadReply(_)), _) | (Ok(Next::Done(Done::Aborted)), Op::Abort) => {}
                // A list may be empty, and a result need not tell anything.
                (Ok(Next::Done(Done::Listed(page))), _) => assert!(page.parts.is_empty()),
                (Ok(Next::Done(Done::Completed(_))), _) => {}
                (other, _) => panic!("{op:?} {body:.20} {other:?}"),
            }
        }
    }
}

#[test]
fn content_is_looked_up_by_its_md5_and_a_server_without_that_route_has_none() {
    let op = Op::Find(Md5Hasher::new().finish());
    let request = asked(&op);
    assert_eq!(line(&request), "POST /s3/lookup");
    assert_eq!(
        text_of(&request),
        r##"{"md5":"d41d8cd98f00b204e9800998ecf8427e","size":12582912,"filename":"a b/ü&?#.txt","type":"text/plain"}"##
    );
    let there = r#"{"key":"k","location":"https://s/k?X-Amz-Signature=1","etag":"\"E\""}"#;
    let Done::Found(Some(object)) = done(answered(&op, 200, there)) else { panic!() };
    assert_eq!((object.key.as_deref(), object.etag.as_deref()), (Some("k"), Some("e")));
    assert_eq!(object.location.as_deref(), Some("https://s/k"), "without a signature");
    for (status, body) in
        [(200, "{}"), (200, "null"), (200, r#"{"key":""}"#), (404, "no route"), (405, ""), (501, "")]
    {
        assert!(matches!(done(answered(&op, status, body)), Done::Found(None)), "{status} {body}");
    }
    assert!(answered(&op, 200, "<html>").is_err() && answered(&op, 401, "{}").is_err());
}
