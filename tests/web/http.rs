use crate::support::{Inbox, blob, bytes, changed_file, echo, get, md5, range, run_async, until};
use js_sys::{JSON, Uint8Array};
use partwise::browser::http::{Content, InFlight, call, send};
use partwise::core::http::{Body, HttpReply, HttpRequest, MAX_REPLY_BYTES, Method, NoReply};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Blob;

type Outcome = Result<HttpReply, NoReply>;

async fn request(method: Method, query: &str, body: Body) -> HttpRequest {
    HttpRequest { method, url: format!("{}/?{query}", echo().await), headers: Vec::new(), body }
}

fn disk(content: &[u8]) -> Content {
    Content::Disk(blob(content))
}

fn text(content_type: &'static str, text: &str) -> Body {
    Body::Text { content_type, text: text.to_owned() }
}

async fn sent(request: &HttpRequest, file: &Blob) -> Outcome {
    sent_from(request, &Content::Disk(file.clone())).await
}

async fn sent_from(request: &HttpRequest, content: &Content) -> Outcome {
    let inbox = Inbox::new();
    let _in_flight = send(request, content, false, |_| {}, inbox.put());
    inbox.assert_empty();
    inbox.next().await
}

async fn called(request: &HttpRequest) -> Outcome {
    let inbox = Inbox::new();
    let _in_flight = call(request, false, inbox.put());
    inbox.assert_empty();
    inbox.next().await
}

/// What the echo server says has arrived.
fn arrived(outcome: &Outcome) -> JsValue {
    let reply = outcome.as_ref().unwrap();
    assert_eq!(reply.status, 200);
    JSON::parse(&reply.body).unwrap()
}

fn header(arrived: &JsValue, name: &str) -> Option<String> {
    get(&get(arrived, "headers"), name).as_string()
}

/// Waits until the server has seen so many requests of this id begin, or be aborted.
async fn until_seen(id: &str, what: &str, times: f64) {
    until(async || seen(id, what).await.as_f64() == Some(times)).await;
}

async fn seen(id: &str, what: &str) -> JsValue {
    run_async(&format!("return (await (await fetch('{}/seen?id={id}')).json()).{what}", echo().await)).await
}

#[wasm_bindgen_test]
async fn a_post_carries_no_header_that_a_store_would_keep_with_the_object() {
    let request = request(Method::Post, "", Body::Empty).await;
    let outcome = called(&request).await;
    assert_eq!(header(&arrived(&outcome), "cache-control"), None);
}

#[wasm_bindgen_test]
async fn a_slice_of_a_file_arrives_whole_and_without_a_content_type() {
    let content = bytes(3_000_000);
    let request = request(Method::Put, "", Body::File(range(1_000, 2_500_000))).await;
    let outcome = sent(&request, &blob(&content)).await;
    let digest = md5(&content[1_000..2_500_000]).to_hex();
    let arrived = arrived(&outcome);
    assert_eq!(get(&arrived, "md5"), JsValue::from(&digest));
    assert_eq!(get(&arrived, "method"), JsValue::from("PUT"));
    assert_eq!(header(&arrived, "content-type"), None);
    let reply = outcome.unwrap();
    assert_eq!(reply.header("etag"), Some(format!("\"{digest}\"").as_str()));
    assert_eq!(reply.header("x-hidden"), None);
}

#[wasm_bindgen_test]
async fn progress_is_told_up_to_the_last_byte_of_the_body() {
    let (progress, end) = (Inbox::new(), Inbox::new());
    let request = request(Method::Put, "", Body::File(range(0, 5_000_000))).await;
    let _in_flight = send(&request, &disk(&bytes(5_000_000)), false, progress.put(), end.put());
    progress.assert_empty();
    end.next().await.unwrap();
    let told: Vec<u64> = std::iter::from_fn(|| progress.try_next()).collect();
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&5_000_000));
}

#[wasm_bindgen_test]
async fn a_form_sends_its_fields_before_the_file_under_the_files_name() {
    let named = run_async("return new File([new Uint8Array(10).fill(65)], 'räksmörgås.txt')").await;
    let fields = vec![("key".to_owned(), "a b".to_owned()), ("policy".to_owned(), "p".to_owned())];
    let request =
        request(Method::Post, "", Body::Form { fields, file_field: "file".into(), range: range(2, 6) }).await;
    let arrived = arrived(&sent(&request, &named.into()).await);
    assert!(header(&arrived, "content-type").unwrap().starts_with("multipart/form-data; boundary="));
    let body = get(&arrived, "text").as_string().unwrap();
    let places = [
        "name=\"key\"\r\n\r\na b\r\n",
        "name=\"policy\"",
        "name=\"file\"; filename=\"r",
        "\r\n\r\nAAAA\r\n--",
    ];
    let places =
        places.map(|part| body.find(part).unwrap_or_else(|| panic!("{part:?} is missing in {body:?}")));
    assert!(places.is_sorted());
}

#[wasm_bindgen_test]
async fn bytes_in_memory_are_sent_as_those_of_a_file_are() {
    let content = bytes(100_000);
    let memory = Content::Memory(Uint8Array::from(content.as_slice()), blob(b""));
    let put = request(Method::Put, "", Body::File(range(1_000, 90_000))).await;
    for content_of in [memory, disk(&content)] {
        let arrived = arrived(&sent_from(&put, &content_of).await);
        assert_eq!(get(&arrived, "md5"), JsValue::from(md5(&content[1_000..90_000]).to_hex()));
        assert_eq!(header(&arrived, "content-type"), None);
    }
    let name = "a \"b\"\r\nc räksmörgås.txt";
    let fields =
        vec![("k\"e\ny".to_owned(), "a\nb\r\nc\rd".to_owned()), ("policy".to_owned(), String::new())];
    let body = Body::Form { fields, file_field: "fi\"le".into(), range: range(65, 91) };
    let post = request(Method::Post, "", body).await;
    let file =
        run_async(&format!("return new File([new Uint8Array(100_000).map((_, i) => i)], {name:?})")).await;
    let small: Vec<u8> = (0..100).collect();
    let memory = Content::Memory(Uint8Array::from(small.as_slice()), file.clone().into());
    let mut told = Vec::new();
    for content_of in [memory, Content::Disk(file.into())] {
        let arrived = arrived(&sent_from(&post, &content_of).await);
        let content_type = header(&arrived, "content-type").unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        told.push(get(&arrived, "text").as_string().unwrap().replace(boundary, "boundary"));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("\r\n\r\nABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n--boundary--"), "{}", told[0]);
}

#[wasm_bindgen_test]
async fn texts_have_exactly_the_content_type_they_are_given() {
    let file = blob(&[]);
    for (content_type, expected) in [("", None), ("application/xml", Some("application/xml"))] {
        let request = request(Method::Post, "", text(content_type, "<é/>")).await;
        for outcome in [sent(&request, &file).await, called(&request).await] {
            let arrived = arrived(&outcome);
            assert_eq!(header(&arrived, "content-type").as_deref(), expected);
            assert_eq!(get(&arrived, "md5"), JsValue::from(md5("<é/>".as_bytes()).to_hex()));
        }
    }
}

#[wasm_bindgen_test]
async fn headers_and_methods_go_along_and_errors_come_back_as_replies() {
    for method in [Method::Get, Method::Put, Method::Post, Method::Delete] {
        let mut request = request(method, "status=503", Body::Empty).await;
        request.headers.push(("X-Amz-Meta-Name".to_owned(), "v".to_owned()));
        for outcome in [sent(&request, &blob(&[])).await, called(&request).await] {
            let reply = outcome.unwrap();
            let arrived = JSON::parse(&reply.body).unwrap();
            assert_eq!((reply.status, reply.header("content-type")), (503, Some("application/json")));
            assert_eq!(get(&arrived, "method"), JsValue::from(method.as_str()));
            assert_eq!(header(&arrived, "x-amz-meta-name").as_deref(), Some("v"));
        }
    }
    let head = called(&request(Method::Head, "", Body::Empty).await).await.unwrap();
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("etag").is_some());
}

#[wasm_bindgen_test]
async fn cookies_go_to_another_origin_only_when_asked_to() {
    let inbox = Inbox::new();
    let request = request(Method::Post, "cookie=partwise", Body::Empty).await;
    for (with_credentials, expected) in [(true, None), (true, Some("partwise=1")), (false, None)] {
        let _call = call(&request, with_credentials, inbox.put());
        let outcome = inbox.next().await;
        assert_eq!(header(&arrived(&outcome), "cookie").as_deref(), expected);
        if expected.is_some() || !with_credentials {
            let _send = send(&request, &disk(&[]), with_credentials, |_| {}, inbox.put());
            let outcome = inbox.next().await;
            assert_eq!(header(&arrived(&outcome), "cookie").as_deref(), expected);
        }
    }
}

#[wasm_bindgen_test]
async fn a_dropped_request_is_aborted_and_reports_nothing() {
    let (end, progress) = (Inbox::new(), Inbox::new());
    let sending = request(Method::Put, "id=dropped-send&reply=never", Body::File(range(0, 1_000))).await;
    let calling = request(Method::Post, "id=dropped-call&reply=never", Body::Empty).await;
    let in_flight = [
        send(&sending, &disk(&bytes(1_000)), false, progress.put(), end.put()),
        call(&calling, false, end.put()),
    ];
    until_seen("dropped-send", "begun", 1.0).await;
    until_seen("dropped-call", "begun", 1.0).await;
    drop(in_flight);
    while progress.try_next().is_some() {}
    until_seen("dropped-send", "aborted", 1.0).await;
    until_seen("dropped-call", "aborted", 1.0).await;
    end.assert_empty();
    progress.assert_empty();
}

#[wasm_bindgen_test]
async fn a_request_may_be_dropped_by_its_own_callback() {
    let end = Inbox::new();
    let request = request(Method::Put, "", Body::File(range(0, 1_000_000))).await;
    let slot: Rc<RefCell<Vec<InFlight>>> = Rc::default();
    for sending in [true, false] {
        let (own, put) = (slot.clone(), end.put());
        let on_end = move |outcome: Outcome| {
            own.take();
            put(outcome.is_ok());
        };
        let in_flight = match sending {
            true => send(&request, &disk(&bytes(1_000_000)), false, |_| {}, on_end),
            false => call(&HttpRequest { body: Body::Empty, ..request.clone() }, false, on_end),
        };
        slot.replace(vec![in_flight]);
        assert!(end.next().await);
    }

    let (own, put) = (slot.clone(), end.put());
    let own_end = Inbox::new();
    let on_progress = move |_| {
        own.take();
        put(true);
    };
    slot.replace(vec![send(&request, &disk(&bytes(1_000_000)), false, on_progress, own_end.put())]);
    assert!(end.next().await);
    own_end.assert_empty();
}

#[wasm_bindgen_test]
async fn broken_connections_and_hidden_replies_are_network_failures() {
    let file = blob(&bytes(100_000));
    for query in ["reply=reset", "reply=cut", "cors=off"] {
        let mut request = request(Method::Put, query, Body::File(range(0, 100_000))).await;
        assert_eq!(sent(&request, &file).await, Err(NoReply::Network), "{query}");
        request.body = text("text/plain", "x");
        assert_eq!(called(&request).await, Err(NoReply::Network), "{query}");
    }
}

#[wasm_bindgen_test]
async fn what_cannot_be_sent_at_all_is_reported_later_not_at_once() {
    let mut bad_url = request(Method::Put, "", Body::Empty).await;
    let mut bad_header = bad_url.clone();
    bad_url.url = "http://[".to_owned();
    bad_header.headers.push(("name".to_owned(), "日本".to_owned()));
    for request in [&bad_url, &bad_header] {
        assert_eq!(sent(request, &blob(&[])).await, Err(NoReply::Network));
        assert_eq!(called(request).await, Err(NoReply::Network));
    }
    let with_file =
        HttpRequest { body: Body::File(range(0, 1)), ..request(Method::Put, "", Body::Empty).await };
    assert_eq!(called(&with_file).await, Err(NoReply::File("NotFoundError".to_owned())));
}

#[wasm_bindgen_test]
async fn an_unreadable_file_is_told_from_a_network_failure() {
    let file = changed_file().await;
    let request = request(Method::Put, "", Body::File(range(0, 1_000))).await;
    assert_eq!(sent(&request, &file).await, Err(NoReply::File("NotReadableError".to_owned())));
}

/// How far a download may have come before it is stopped: what browsers and sockets hold ready, and then some.
const ENOUGH: f64 = 256.0 * 1024.0 * 1024.0;

#[wasm_bindgen_test]
async fn an_endless_reply_is_cut_and_its_download_stopped() {
    for kind in ["endless", "huge"] {
        let (send_id, call_id) = (format!("{kind}-send"), format!("{kind}-call"));
        let body = Body::File(range(0, 1));
        let sending = request(Method::Put, &format!("id={send_id}&reply={kind}"), body).await;
        let calling = request(Method::Post, &format!("id={call_id}&reply={kind}"), Body::Empty).await;
        let (sent, called) = (sent(&sending, &blob(&[1])).await.unwrap(), called(&calling).await.unwrap());
        for reply in [sent, called] {
            assert_eq!((reply.status, reply.body.len()), (200, MAX_REPLY_BYTES));
        }
        for id in [send_id, call_id] {
            until_seen(&id, "aborted", 1.0).await;
            let written = seen(&id, "sent").await.as_f64().unwrap();
            assert!((MAX_REPLY_BYTES as f64..ENOUGH).contains(&written), "{id}: {written} bytes were sent");
        }
    }
}

#[wasm_bindgen_test]
async fn a_small_reply_that_unpacks_to_a_huge_one_is_cut_before_it_is_copied() {
    let memory = || {
        let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
        memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length()
    };
    let before = memory();
    let body = Body::File(range(0, 1));
    let sending = request(Method::Put, "reply=bomb", body).await;
    let calling = request(Method::Post, "reply=bomb", Body::Empty).await;
    let (sent, called) = (sent(&sending, &blob(&[1])).await.unwrap(), called(&calling).await.unwrap());
    for reply in [sent, called] {
        assert_eq!((reply.status, reply.body.len()), (200, MAX_REPLY_BYTES));
    }
    let grown = memory() - before;
    assert!(grown < 128 << 20, "the memory grew by {grown} bytes");
}
