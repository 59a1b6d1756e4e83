use crate::harness::{MIB, Raw, Server, encode, header, json, refusal};
use axum::{Router, extract::Request};
use partwise::core::store::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const UPLOAD: &str = "0123456789abcdef0123456789abcdef";

async fn begin(server: &Server) -> (String, String) {
    let created = json(server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await).await;
    (encode(created["key"].as_str().unwrap()), created["uploadId"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn nothing_is_done_without_a_valid_token() {
    let server = Server::start(&["--token", "ann=secret"]);
    for (method, path) in [
        (Method::GET, "/s3/params?filename=f".to_owned()),
        (Method::POST, "/s3/params".to_owned()),
        (Method::POST, "/s3/multipart".to_owned()),
        (Method::GET, format!("/s3/multipart/{UPLOAD}?key=ann/1/f")),
        (Method::GET, format!("/s3/multipart/{UPLOAD}/1?key=ann/1/f")),
        (Method::GET, format!("/s3/multipart/{UPLOAD}/batch?key=ann/1/f&partNumbers=1")),
        (Method::POST, format!("/s3/multipart/{UPLOAD}/complete?key=ann/1/f")),
        (Method::DELETE, format!("/s3/multipart/{UPLOAD}?key=ann/1/f")),
        (Method::GET, "/s3/object?key=ann/1/f".to_owned()),
        (Method::POST, "/s3/lookup".to_owned()),
    ] {
        for token in [None, Some("wrong"), Some("")] {
            let mut request = server.http.request(method.clone(), format!("{}{path}", server.url));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let reply = request.send().await.unwrap();
            assert_eq!(header(&reply, "www-authenticate"), "Bearer");
            assert_eq!(refusal(reply).await, (401, "Unauthorized".to_owned()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_given_token_works_and_the_session_can_be_closed() {
    let server = Server::start(&["--token", "ann=secret", "--no-session"]);
    let session = server.http.get(format!("{}/session", server.url)).send().await.unwrap();
    assert_eq!(refusal(session).await, (404, "NoSession".to_owned()));
    let reply =
        server.http.get(format!("{}/s3/params?filename=f", server.url)).bearer_auth("secret").send().await;
    assert!(json(reply.unwrap()).await["key"].as_str().unwrap().starts_with("ann/"));
}

#[tokio::test]
async fn the_keys_of_other_users_are_out_of_reach() {
    let server = Server::start(&["--token", "ann=secret"]);
    let created = server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await;
    let created = json(created).await;
    let (key, id) = (encode(created["key"].as_str().unwrap()), created["uploadId"].as_str().unwrap());
    for (method, path) in [
        (Method::GET, format!("/s3/multipart/{id}?key={key}")),
        (Method::GET, format!("/s3/multipart/{id}/1?key={key}")),
        (Method::GET, format!("/s3/multipart/{id}/batch?key={key}&partNumbers=1")),
        (Method::POST, format!("/s3/multipart/{id}/complete?key={key}")),
        (Method::DELETE, format!("/s3/multipart/{id}?key={key}")),
        (Method::GET, format!("/s3/object?key={key}")),
    ] {
        let request = server.http.request(method.clone(), format!("{}{path}", server.url));
        let reply = request.bearer_auth("secret").send().await.unwrap();
        assert_eq!(refusal(reply).await, (403, "AccessDenied".to_owned()), "{method} {path}");
    }
    assert_eq!(server.unfinished().await, 1);
    let escape = encode("demo/../ann/f");
    assert_eq!(
        refusal(server.get(&format!("/s3/object?key={escape}")).await).await,
        (400, "BadKey".to_owned())
    );
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused() {
    let server = Server::start(&[]);
    let long = "x".repeat(1024);
    for name in ["../f", "a/../../f", ".", "a/./f", "a//f", "/f", "", "a\nf", &long] {
        let body = json!({ "filename": name, "type": "" });
        assert_eq!(
            refusal(server.post("/s3/multipart", body).await).await,
            (400, "BadKey".to_owned()),
            "{name}"
        );
        let path = format!("/s3/params?filename={}", encode(name));
        assert_eq!(refusal(server.get(&path).await).await, (400, "BadKey".to_owned()), "{name}");
    }
    assert_eq!(server.unfinished().await, 0);
}

#[tokio::test]
async fn files_that_are_too_large_are_refused_before_anything_begins() {
    let server = Server::start(&["--max-size", "1000"]);
    let too_large = (413, "EntityTooLarge".to_owned());
    let body = json!({ "filename": "f", "type": "", "size": 1001 });
    assert_eq!(refusal(server.post("/s3/multipart", body).await).await, too_large);
    assert_eq!(refusal(server.get("/s3/params?filename=f&size=1001").await).await, too_large);
    assert_eq!(refusal(server.get("/s3/params?filename=f").await).await, (400, "SizeRequired".to_owned()));
    assert_eq!(
        refusal(server.get("/s3/params?filename=f&size=x").await).await,
        (400, "BadRequest".to_owned())
    );
    assert_eq!(server.unfinished().await, 0);
    assert_eq!(server.get("/s3/params?filename=f&size=1000").await.status(), 200);
}

#[tokio::test]
async fn a_file_larger_than_it_said_is_never_completed() {
    let server = Server::start(&["--max-size", "1000"]);
    let (key, id) = begin(&server).await;
    let mut parts = Vec::new();
    for number in [1, 2] {
        let signed = json(server.get(&format!("/s3/multipart/{id}/{number}?key={key}")).await).await;
        let put = server.http.put(signed["url"].as_str().unwrap()).body(vec![0; 501]).send().await.unwrap();
        parts.push(json!({ "PartNumber": number, "ETag": header(&put, "etag") }));
    }
    let parts = json!({ "parts": parts });
    let reply = server.post(&format!("/s3/multipart/{id}/complete?key={key}"), parts).await;
    assert_eq!(refusal(reply).await, (413, "EntityTooLarge".to_owned()));
    assert_eq!(server.unfinished().await, 0);
    assert_eq!(server.get(&format!("/s3/object?key={key}")).await.status(), 404);
}

#[tokio::test]
async fn a_part_that_grows_once_it_has_been_measured_is_not_completed() {
    let store = Server::start(&[]);
    let swap = Arc::new(Mutex::new(None));
    let door = open_door(store.store_origin().to_owned(), Arc::clone(&swap)).await;
    let keys = ["--access-key", "demoaccess", "--secret-key", "demosecret"];
    let server = Server::start(&[&["--max-size", "1000", "--store", &door], &keys[..]].concat());
    let (key, id) = begin(&server).await;
    let signed = json(server.get(&format!("/s3/multipart/{id}/1?key={key}")).await).await;
    let url = signed["url"].as_str().unwrap();
    let put =
        async |size: usize| header(&server.http.put(url).body(vec![0; size]).send().await.unwrap(), "etag");
    for size in [1001, 10] {
        let named = put(size).await;
        put(10).await;
        *swap.lock().unwrap() = Some((url.to_owned(), 1001));
        let parts = json!({ "parts": [{ "PartNumber": 1, "ETag": named }] });
        let reply = server.post(&format!("/s3/multipart/{id}/complete?key={key}"), parts).await;
        assert_eq!(refusal(reply).await, (400, "InvalidPart".to_owned()), "naming the one of {size} bytes");
        assert_eq!(server.get(&format!("/s3/object?key={key}")).await.status(), 404);
    }
}

/// A store behind a door, where somebody puts as many bytes to this URL right before an upload is completed.
async fn open_door(store: String, swap: Arc<Mutex<Option<(String, usize)>>>) -> String {
    let http = reqwest::Client::new();
    let pass = async move |request: Request| {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, MIB).await.unwrap();
        let completes = parts.method == Method::POST && parts.uri.query().unwrap_or("").contains("uploadId=");
        let swap = swap.lock().unwrap().take_if(|_| completes);
        if let Some((url, size)) = swap {
            assert_eq!(http.put(url).body(vec![0; size]).send().await.unwrap().status(), 200);
        }
        let request = http.request(parts.method, format!("{store}{}", parts.uri)).headers(parts.headers);
        let reply = request.body(body).send().await.unwrap();
        let etag = header(&reply, "etag");
        (reply.status(), [("etag", etag)], reply.bytes().await.unwrap())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(pass)).await });
    address
}

#[tokio::test]
async fn a_single_put_of_another_size_or_type_than_signed_is_refused() {
    let server = Server::start(&[]);
    let signed = json(server.get("/s3/params?filename=f&size=3&type=text/plain").await).await;
    let url = signed["url"].as_str().unwrap();
    for (kind, body) in [("text/plain", "four"), ("text/html", "abc")] {
        let reply = server.http.put(url).header("content-type", kind).body(body).send().await.unwrap();
        assert_eq!(reply.status(), 403);
    }
    let reply = server.http.put(url).header("content-type", "text/plain").body("abc").send().await.unwrap();
    assert_eq!(reply.status(), 200);
}

#[tokio::test]
async fn a_url_signed_for_a_digest_takes_nothing_else() {
    let server = Server::start(&[]);
    let (key, id) = begin(&server).await;
    let md5 = "XUFAKrxLKna5cZ2REBfFkg=="; // of "hello"
    let query = format!("contentMd5={}", encode(md5));
    for signed in [
        server.get(&format!("/s3/multipart/{id}/1?key={key}&{query}")).await,
        server.get(&format!("/s3/params?filename=f&type=a/b&{query}")).await,
    ] {
        let signed = json(signed).await;
        assert_eq!(signed["headers"]["Content-MD5"], md5);
        let put = |md5: &'static str, body: &'static str| {
            let request = server.http.put(signed["url"].as_str().unwrap());
            request.header("content-type", "a/b").header("content-md5", md5).body(body).send()
        };
        assert_eq!(put(md5, "hellp").await.unwrap().status(), 400);
        assert_eq!(put("FyNo+0/r6wRTYCO4dhBRaA==", "other").await.unwrap().status(), 403);
        assert_eq!(put(md5, "hello").await.unwrap().status(), 200);
    }
    let reply = server.get(&format!("/s3/multipart/{id}/1?key={key}&contentMd5=x")).await;
    assert_eq!(refusal(reply).await, (400, "InvalidDigest".to_owned()));
}

#[tokio::test]
async fn one_of_several_files_that_is_refused_refuses_no_other() {
    let server = Server::start(&["--max-size", "1000", "--allow", "text/*"]);
    let file = |name: &str, kind: &str, size: u64| json!({ "filename": name, "type": kind, "size": size });
    let mut files = vec![
        file("a", "text/plain", 1000),
        file("b", "text/plain", 1001),
        file("c", "image/png", 1),
        file("../d", "text/plain", 1),
        file("e", "text/plain", 1),
    ];
    files[4]["contentMd5"] = "x".into();
    let signed = json(server.post("/s3/params", json!({ "files": files })).await).await;
    assert!(signed[0]["url"].is_string() && signed[0]["status"].is_null());
    let refused = [(413, "EntityTooLarge"), (415, "TypeNotAllowed"), (400, "BadKey"), (400, "InvalidDigest")];
    for (at, (status, code)) in (1..).zip(refused) {
        assert_eq!((&signed[at]["status"], &signed[at]["code"]), (&json!(status), &json!(code)));
        assert!(signed[at]["error"].is_string() && signed[at]["url"].is_null());
    }
    let reply = server.post("/s3/params", json!({ "files": vec![files[0].clone(); 101] })).await;
    assert_eq!(refusal(reply).await, (400, "TooManyFiles".to_owned()));
    let reply = server.post("/s3/params", json!({ "files": 1 })).await;
    assert_eq!(refusal(reply).await, (400, "BadJson".to_owned()));
}

#[tokio::test]
async fn each_of_several_files_counts_as_a_request() {
    let server = Server::start(&["--rate", "10"]);
    let files = |count| json!({ "files": vec![json!({ "filename": "f" }); count] });
    assert_eq!(server.post("/s3/params", files(15)).await.status(), 200);
    let reply = server.post("/s3/params", files(15)).await;
    assert_eq!(refusal(reply).await, (429, "TooManyRequests".to_owned()));
}

#[tokio::test]
async fn without_options_there_is_a_limit_too() {
    let server = Server::start(&[]);
    let files = || json!({ "files": vec![json!({ "filename": "f" }); 100] });
    // Two seconds' worth are saved up: the fifth of these comes too early, unless each takes half a second.
    let mut replies = Vec::new();
    for _ in 0..10 {
        replies.push(server.post("/s3/params", files()).await.status());
    }
    assert_eq!(replies[0], StatusCode::OK);
    assert!(replies.contains(&StatusCode::TOO_MANY_REQUESTS), "{replies:?}");
}

#[tokio::test]
async fn only_allowed_types_are_taken() {
    let server = Server::start(&["--allow", "image/*", "text/plain"]);
    for (kind, status) in [("image/png", 200), ("text/plain", 200), ("text/html", 415), ("", 415)] {
        let body = json!({ "filename": "f", "type": kind });
        let reply = server.post("/s3/multipart", body).await;
        assert_eq!(reply.status(), status, "{kind}");
        if status == 415 {
            assert_eq!(refusal(reply).await.1, "TypeNotAllowed");
        }
        let reply = server.get(&format!("/s3/params?filename=f&type={}", encode(kind))).await;
        assert_eq!(reply.status(), status, "{kind}");
    }
}

#[tokio::test]
async fn a_forged_upload_id_is_unknown_to_the_store() {
    let server = Server::start(&[]);
    let unknown = (404, "NoSuchUpload".to_owned());
    for id in [UPLOAD, "x", "..%2F..%2Findex", "%E4%B8%AD"] {
        let path = format!("/s3/multipart/{id}");
        assert_eq!(refusal(server.get(&format!("{path}?key=demo/1/f")).await).await, unknown, "{id}");
        let reply = server.api(Method::DELETE, &format!("{path}?key=demo/1/f")).await.send().await.unwrap();
        assert_eq!(refusal(reply).await, unknown, "{id}");
        let parts = json!({ "parts": [{ "PartNumber": 1, "ETag": "x" }] });
        let reply = server.post(&format!("{path}/complete?key=demo/1/f"), parts).await;
        assert_eq!(refusal(reply).await, unknown, "{id}");
        assert_eq!(refusal(server.get(&format!("{path}/1?key=demo/1/f")).await).await, unknown, "{id}");
    }
}

#[tokio::test]
async fn part_numbers_are_checked() {
    let server = Server::start(&[]);
    let (key, id) = begin(&server).await;
    let bad = (400, "BadPartNumber".to_owned());
    for number in ["0", "10001", "-1", "1.5", "x"] {
        let path = format!("/s3/multipart/{id}/{number}?key={key}");
        assert_eq!(refusal(server.get(&path).await).await, bad, "{number}");
        let path = format!("/s3/multipart/{id}/batch?key={key}&partNumbers=1,{number}");
        assert_eq!(refusal(server.get(&path).await).await, bad, "{number}");
    }
    let numbers = |count: u32| (1..=count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let batch = |count| format!("/s3/multipart/{id}/batch?key={key}&partNumbers={}", numbers(count));
    assert_eq!(refusal(server.get(&batch(1001)).await).await, (400, "TooManyParts".to_owned()));
    let signed = json(server.get(&batch(1000)).await).await;
    assert_eq!(signed["presignedUrls"].as_object().unwrap().len(), 1000);
}

#[tokio::test]
async fn bodies_are_limited_and_must_be_the_json_expected() {
    let server = Server::start(&[]);
    let large = Value::String("x".repeat(MIB));
    assert_eq!(refusal(server.post("/s3/multipart", large).await).await, (413, "BodyTooLarge".to_owned()));
    for body in [json!([]), json!({ "filename": 1 }), json!({ "type": "a/b" })] {
        assert_eq!(refusal(server.post("/s3/multipart", body).await).await, (400, "BadJson".to_owned()));
    }
    let (key, id) = begin(&server).await;
    let complete = format!("/s3/multipart/{id}/complete?key={key}");
    let reply = server.post(&complete, json!({ "parts": [] })).await;
    assert_eq!(refusal(reply).await, (400, "BadRequest".to_owned()));
    let reply = server.post(&complete, json!({ "parts": [{ "PartNumber": 0, "ETag": "x" }] })).await;
    assert_eq!(refusal(reply).await, (400, "BadPartNumber".to_owned()));
    let metadata = json!({ "filename": "f", "type": "", "metadata": { "x": "x".repeat(2048) } });
    assert_eq!(refusal(server.post("/s3/multipart", metadata).await).await, (400, "BadMetadata".to_owned()));
}

#[tokio::test]
async fn asking_too_often_is_refused_for_a_while() {
    let server = Server::start(&["--rate", "1", "--token", "ann=secret"]);
    let ask = || server.http.get(format!("{}/s3/params?filename=f", server.url)).bearer_auth("secret").send();
    let mut refused = None;
    for _ in 0..100 {
        let reply = ask().await.unwrap();
        if reply.status() == 429 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("100 requests take less than 98 seconds");
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(refusal(refused).await, (429, "TooManyRequests".to_owned()));
    assert_eq!(server.get("/s3/params?filename=f").await.status(), 200, "others are not affected");
}

#[tokio::test]
async fn every_refusal_is_json() {
    let server = Server::start(&[]);
    assert_eq!(refusal(server.get("/s3/nothing").await).await, (404, "NotFound".to_owned()));
    let reply = server.api(Method::PUT, "/s3/multipart").await.send().await.unwrap();
    assert_eq!(refusal(reply).await, (405, "MethodNotAllowed".to_owned()));
    assert_eq!(refusal(server.get("/s3/object").await).await, (400, "BadRequest".to_owned()));
    assert_eq!(refusal(server.get("/s3/object?key=demo/1/f").await).await, (404, "NoSuchKey".to_owned()));
    let head = Raw::open("GET", &format!("{}/s3/multipart/%ff", server.url), "").head();
    assert!(head.contains("content-type: application/json"), "{head}");
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_use_the_routes() {
    for (options, allowed, refused) in [
        (&[][..], "http://localhost:5173", "https://page.example"),
        (&["--origin", "https://page.example"][..], "https://page.example", "http://localhost:5173"),
    ] {
        let server = Server::start(options);
        for path in ["/s3/multipart", "/session"] {
            let preflight = |origin: &'static str| {
                let request = server.http.request(Method::OPTIONS, format!("{}{path}", server.url));
                let request =
                    request.header("origin", origin).header("access-control-request-method", "POST");
                request.header("access-control-request-headers", "authorization").send()
            };
            let reply = preflight(allowed).await.unwrap();
            assert_eq!(reply.status(), 204);
            assert_eq!(header(&reply, "access-control-allow-origin"), allowed);
            assert_eq!(header(&reply, "access-control-allow-headers"), "authorization");
            let reply = preflight(refused).await.unwrap();
            assert_eq!(reply.status(), 403);
            assert_eq!(header(&reply, "access-control-allow-origin"), "");
        }
        let url = format!("{}/s3/object?key=x", server.url);
        let reply = server.http.get(&url).header("origin", allowed).send().await.unwrap();
        assert_eq!(
            (reply.status().as_u16(), header(&reply, "access-control-allow-origin").as_str()),
            (401, allowed)
        );
        let reply = server.http.get(&url).header("origin", refused).send().await.unwrap();
        assert_eq!(header(&reply, "access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn signed_urls_live_as_long_as_the_operator_says() {
    let server = Server::start(&["--url-expires", "7"]);
    let signed = json(server.get("/s3/params?filename=f").await).await;
    assert_eq!(signed["expires"], 7);
    assert!(signed["url"].as_str().unwrap().contains("X-Amz-Expires=7&"));
    assert_eq!(server.ask(&Kind::S3.list_uploads("", None)).send().await.unwrap().status(), 200);
}
