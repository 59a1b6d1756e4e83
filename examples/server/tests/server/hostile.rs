//! Attacks on the policy: by spelling, by lying, by numbers.

use crate::harness::{ANY_RANGE, MIB, Raw, Server, encode, header, json, refusal, store_refusal};
use partwise::core::store::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const BAD_KEY: &str = "BadKey";

/// Begins an upload as ann, and returns key and id.
async fn begin(server: &Server) -> (String, String) {
    let reply = ann(server, Method::POST, "/s3/multipart").body("{\"filename\":\"f\"}").send().await.unwrap();
    let created = json(reply).await;
    (created["key"].as_str().unwrap().to_owned(), created["uploadId"].as_str().unwrap().to_owned())
}

fn ann(server: &Server, method: Method, path: &str) -> reqwest::RequestBuilder {
    server.http.request(method, format!("{}{path}", server.url)).bearer_auth("secret")
}

/// The status of a request whose target is sent exactly as it is, which HTTP clients would tidy up.
fn raw_status(server: &Server, target: &str) -> u16 {
    let headers = "Authorization: Bearer secret\r\n";
    let head = Raw::open("GET", &format!("{}{target}", server.url), headers).head();
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn no_spelling_of_a_key_leads_out_of_the_users_own_folder() {
    let server = Server::start(&["--token", "ann=secret", "bob=other"]);
    for key in [
        // Somebody else's, spelled as it is or nearly as one's own.
        "bob/1/f",
        "Ann/1/f",
        "ann.bob/1/f",
        "annie/1/f",
        "ANN/1/f",
        "ann",
        "ann\\1/f",
        "\u{2024}ann/1/f",
        "a\u{301}nn/1/f",
        "\u{ff41}nn/1/f",
        "\u{feff}ann/1/f",
        "demo/1/f",
        // Traversal, plain and in disguise.
        "ann/../bob/1/f",
        "ann/./f",
        "ann/1/..",
        "../bob/f",
        "/ann/1/f",
        "//bob/1/f",
        "ann//1/f",
        "ann/1/f/",
        "ann/\0/f",
        "ann/1/f\n",
        "ann/1/\u{85}f",
    ] {
        let query = format!("key={}", encode(key));
        for (method, path) in [
            (Method::GET, format!("/s3/multipart/x?{query}")),
            (Method::GET, format!("/s3/multipart/x/1?{query}")),
            (Method::GET, format!("/s3/multipart/x/batch?{query}&partNumbers=1")),
            (Method::DELETE, format!("/s3/multipart/x?{query}")),
            (Method::GET, format!("/s3/object?{query}")),
        ] {
            let reply = ann(&server, method.clone(), &path).send().await.unwrap();
            let (status, code) = refusal(reply).await;
            let refused = (status, code.as_str());
            assert!(
                [(403, "AccessDenied"), (400, BAD_KEY)].contains(&refused),
                "{method} {key:?}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn encoding_a_key_twice_or_wrongly_or_giving_two_changes_nothing() {
    let server = Server::start(&["--token", "ann=secret", "bob=other"]);
    for target in [
        "/s3/object?key=bob%2F1%2Ff",
        "/s3/object?key=bob%252F1%252Ff",
        "/s3/object?key=ann%2F..%2Fbob%2Ff",
        "/s3/object?key=ann/%2e%2e/bob/f",
        "/s3/object?key=ann/%2E./bob/f",
        "/s3/object?key=%61nn/%00",
        // Overlong UTF-8 for a dot and a slash.
        "/s3/object?key=%c0%ae%c0%ae%c0%afbob/f",
        "/s3/object?key=bob/1/f&key=ann/1/f",
        "/s3/object?key=&key=ann/1/f",
        "/s3/object?KEY=ann/1/f",
        "/s3/../s3/object?key=bob/1/f",
        "/s3/multipart/..%2f..%2fobject?key=bob/1/f",
    ] {
        let status = raw_status(&server, target);
        assert!([400, 403, 404].contains(&status), "{target}: {status}");
    }
    // What is no traversal stays the name it is.
    let key = "ann/1/%2e%2e/f";
    let reply = ann(&server, Method::GET, &format!("/s3/object?key={}", encode(key))).send().await.unwrap();
    assert_eq!(refusal(reply).await, (404, "NoSuchKey".to_owned()));
    let name = encode("%2e%2e/%2e%2e/..bob/f");
    let reply = ann(&server, Method::GET, &format!("/s3/params?filename={name}")).send().await.unwrap();
    let key = json(reply).await["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("ann/") && key.ends_with("/%2e%2e/%2e%2e/..bob/f"), "{key}");
}

#[tokio::test]
async fn nothing_is_signed_for_an_upload_that_the_store_does_not_have_under_this_key() {
    let server = Server::start(&["--token", "ann=secret", "bob=other"]);
    let (key, id) = begin(&server).await;
    let (_, other_id) = begin(&server).await;
    let of_bob = server.begin("bob/1/f").await;
    let unknown = (404, "NoSuchUpload".to_owned());
    for forged in
        [other_id.as_str(), &of_bob, "x", "0123456789abcdef0123456789abcdef", "../../index", "中", "%00"]
    {
        let base = format!("/s3/multipart/{}", encode(forged));
        for path in [
            format!("{base}?key={}", encode(&key)),
            format!("{base}/1?key={}", encode(&key)),
            format!("{base}/batch?key={}&partNumbers=1,2", encode(&key)),
        ] {
            let reply = ann(&server, Method::GET, &path).send().await.unwrap();
            assert_eq!(refusal(reply).await, unknown, "{path}");
        }
        let path = format!("{base}/complete?key={}", encode(&key));
        let parts = json!({ "parts": [{ "PartNumber": 1, "ETag": "x" }] });
        let reply = ann(&server, Method::POST, &path).body(parts.to_string()).send().await.unwrap();
        assert_eq!(refusal(reply).await, unknown, "{path}");
        let reply =
            ann(&server, Method::DELETE, &format!("{base}?key={}", encode(&key))).send().await.unwrap();
        assert_eq!(refusal(reply).await, unknown);
    }
    for id in [encode(&"x".repeat(1025)), "a%0Ab".to_owned(), "%00".to_owned()] {
        let path = format!("/s3/multipart/{id}/1?key={}", encode(&key));
        let reply = ann(&server, Method::GET, &path).send().await.unwrap();
        assert_eq!(refusal(reply).await, (400, "BadRequest".to_owned()));
    }
    let own = format!("/s3/multipart/{id}/1?key={}", encode(&key));
    assert_eq!(ann(&server, Method::GET, &own).send().await.unwrap().status(), 200);
    assert_eq!(server.unfinished().await, 3, "the uploads of others are still there");
}

#[tokio::test]
async fn an_upload_that_has_ended_is_not_signed_for_and_a_restarted_server_knows_the_others() {
    let options = ["--token", "ann=secret"];
    let server = Server::start(&options);
    let (key, id) = begin(&server).await;
    let (ended_key, ended) = begin(&server).await;
    let sign = |server: &Server, key: &str, id: &str| {
        ann(server, Method::GET, &format!("/s3/multipart/{id}/1?key={}", encode(key))).send()
    };
    let abort = format!("/s3/multipart/{ended}?key={}", encode(&ended_key));
    assert_eq!(ann(&server, Method::DELETE, &abort).send().await.unwrap().status(), 200);
    assert_eq!(sign(&server, &ended_key, &ended).await.unwrap().status(), 404);
    let server = Server::start_in(server.stop(), &options);
    assert_eq!(sign(&server, &key, &id).await.unwrap().status(), 200);
    assert_eq!(sign(&server, &ended_key, &ended).await.unwrap().status(), 404);
}

#[tokio::test]
async fn part_numbers_have_one_spelling() {
    let server = Server::start(&["--token", "ann=secret"]);
    let (key, id) = begin(&server).await;
    let key = encode(&key);
    for number in ["0", "00", "10001", "-1", "%2B1", "1%20", "0x1", "1e3", "4294967297", "%D9%A1", "%00"] {
        let path = format!("/s3/multipart/{id}/{number}?key={key}");
        let reply = ann(&server, Method::GET, &path).send().await.unwrap();
        assert_eq!(refusal(reply).await, (400, "BadPartNumber".to_owned()), "{number}");
        let path = format!("/s3/multipart/{id}/batch?key={key}&partNumbers=1,{number}");
        let reply = ann(&server, Method::GET, &path).send().await.unwrap();
        assert_eq!(refusal(reply).await, (400, "BadPartNumber".to_owned()), "{number}");
    }
    let path = format!("/s3/multipart/{id}/complete?key={key}");
    for number in [json!(0), json!(10_001), json!(-1), json!(1.5), json!("1"), Value::Null] {
        let body = json!({ "parts": [{ "PartNumber": number, "ETag": "x" }] }).to_string();
        let reply = ann(&server, Method::POST, &path).body(body).send().await.unwrap();
        assert_eq!(reply.status(), 400, "{number}");
    }
}

#[tokio::test]
async fn a_part_is_no_larger_than_it_said_or_than_a_file_may_be() {
    let server = Server::start(&["--token", "ann=secret", "--max-size", "1000"]);
    let (key, id) = begin(&server).await;
    let path = format!("/s3/multipart/{id}/1?key={}", encode(&key));
    let reply = ann(&server, Method::GET, &format!("{path}&size=1001")).send().await.unwrap();
    assert_eq!(refusal(reply).await, (413, "EntityTooLarge".to_owned()));
    for size in ["x", "-1", "1e9", ""] {
        let reply = ann(&server, Method::GET, &format!("{path}&size={size}")).send().await.unwrap();
        assert_eq!(refusal(reply).await, (400, "BadRequest".to_owned()), "{size}");
    }
    let signed = json(ann(&server, Method::GET, &format!("{path}&size=1000")).send().await.unwrap()).await;
    let url = signed["url"].as_str().unwrap();
    let put = |bytes: usize| server.http.put(url).body(vec![0; bytes]).send();
    assert_eq!(put(999).await.unwrap().status(), 403, "the length is signed");
    assert_eq!(put(1001).await.unwrap().status(), 403);
    assert_eq!(put(1000).await.unwrap().status(), 200);

    // Without a size in the signature it is the store that limits, whether the body tells its length or not.
    let signed = json(ann(&server, Method::GET, &path).send().await.unwrap()).await;
    let url = signed["url"].as_str().unwrap();
    let reply = server.http.put(url).body(vec![0; 1001]).send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (400, "EntityTooLarge".to_owned()));
    let mut chunked = Raw::open("PUT", url, "Transfer-Encoding: chunked\r\n");
    chunked.send(format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001)).as_bytes());
    assert!(chunked.head().starts_with("http/1.1 4"));
    let listed = ann(&server, Method::GET, &format!("/s3/multipart/{id}?key={}", encode(&key)));
    assert_eq!(json(listed.send().await.unwrap()).await[0]["Size"], 1000, "the good part is still there");
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_at_the_limit() {
    let server = Server::start(&["--max-size", "100000"]);
    let request = Kind::S3.put_object("demo/1/f", ANY_RANGE, None, None);
    let mut connection = Raw::open("PUT", &server.sign(&request), "Transfer-Encoding: chunked\r\n");
    let chunk = format!("ffff\r\n{}\r\n", "x".repeat(0xffff));
    // The body goes on for ever; the reply comes nevertheless.
    connection.send(chunk.repeat(4).as_bytes());
    let head = connection.head();
    assert!(head.starts_with("http/1.1 400") || head.starts_with("http/1.1 411"), "{head}");
    assert_eq!(server.ask(&Kind::S3.head("demo/1/f")).send().await.unwrap().status(), 404);
}

/// Asks until it is refused, at most so often.
async fn until_refused(
    times: usize,
    mut ask: impl AsyncFnMut(usize) -> reqwest::Response,
) -> reqwest::Response {
    for n in 0..times {
        let reply = ask(n).await;
        if reply.status() == StatusCode::TOO_MANY_REQUESTS {
            return reply;
        }
    }
    panic!("{times} requests were not too many");
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down_and_a_forged_address_does_not_help() {
    let server = Server::start(&["--rate-address", "2", "--rate", "0", "--token", "ann=secret"]);
    let refused = until_refused(100, async |n| {
        let forged = format!("203.0.113.{n}");
        let request = server.http.get(format!("{}/s3/object?key=ann/1/f", server.url));
        let request = request.bearer_auth(format!("guess{n}")).header("x-forwarded-for", &forged);
        let request = request.header("x-real-ip", &forged).header("forwarded", format!("for={forged}"));
        request.send().await.unwrap()
    })
    .await;
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(refusal(refused).await, (429, "TooManyRequests".to_owned()));
    // The session route, which gives tokens away, is no way around.
    let reply = until_refused(100, async |_| {
        server.http.get(format!("{}/session", server.url)).send().await.unwrap()
    });
    assert_eq!(refusal(reply.await).await.0, 429);
    // The page itself is served, whoever asks how often.
    assert_ne!(server.http.get(&server.url).send().await.unwrap().status(), 429);
}

#[tokio::test]
async fn a_user_asks_no_more_often_for_coming_from_elsewhere() {
    let server = Server::start(&["--rate", "1", "--rate-address", "0", "--token", "ann=secret", "bob=other"]);
    let sign = async |token: &str, n: usize| {
        let request = server.http.get(format!("{}/s3/params?filename=f", server.url)).bearer_auth(token);
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.unwrap()
    };
    let refused = until_refused(100, async |n| sign("secret", n).await).await;
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(sign("other", 0).await.status(), 200, "another user is not affected");
}

#[tokio::test]
async fn a_token_counts_only_as_it_was_given() {
    let server = Server::start(&["--token", "ann=secret"]);
    for value in [
        "Bearer",
        "Bearer ",
        "Bearer secre",
        "Bearer secrets",
        "Bearer SECRET",
        "secret",
        "Basic YW5uOnNlY3JldA==",
        "Bearer secret, Bearer x",
        "Bearer ann=secret",
    ] {
        let request = server.http.get(format!("{}/s3/params?filename=f", server.url));
        let reply = request.header("authorization", value).send().await.unwrap();
        assert_eq!(refusal(reply).await, (401, "Unauthorized".to_owned()), "{value:?}");
    }
    let url = format!(
        "{}/s3/params?filename=f&token=secret&access_token=secret&authorization=Bearer%20secret",
        server.url
    );
    assert_eq!(server.http.get(url).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_signature_for_one_thing_serves_for_nothing_else() {
    let server = Server::start(&["--token", "ann=secret"]);
    let (key, id) = begin(&server).await;
    let path = format!("/s3/multipart/{id}/1?key={}", encode(&key));
    let signed = json(ann(&server, Method::GET, &path).send().await.unwrap()).await;
    let url = signed["url"].as_str().unwrap();
    for changed in [
        url.replace("partNumber=1", "partNumber=2"),
        url.replace(&id, "0123456789abcdef0123456789abcdef"),
        url.replace("/ann/", "/bob/"),
        url.replace("X-Amz-Expires=800", "X-Amz-Expires=80000"),
        url.split("partNumber").next().unwrap().to_owned(),
    ] {
        assert_ne!(changed, url);
        let status = server.http.put(&changed).body("x").send().await.unwrap().status().as_u16();
        assert!([400, 403].contains(&status), "{changed}: {status}");
    }
    for method in [Method::GET, Method::DELETE, Method::POST, Method::HEAD] {
        let status = server.http.request(method.clone(), url).send().await.unwrap().status().as_u16();
        assert!([400, 403].contains(&status), "{method}: {status}");
    }
    assert_eq!(server.http.put(url).body("x").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn bodies_that_are_too_deep_or_too_long_are_refused() {
    let server = Server::start(&["--token", "ann=secret"]);
    for body in [
        "[".repeat(MIB - 1),
        "{\"filename\":".repeat(50_000),
        "{\"filename\":\"f\",\"metadata\":".repeat(1000),
    ] {
        let reply = ann(&server, Method::POST, "/s3/multipart").body(body).send().await.unwrap();
        assert_eq!(refusal(reply).await, (400, "BadJson".to_owned()));
    }
    let (key, id) = begin(&server).await;
    let parts: Vec<Value> = (0..12_000).map(|_| json!({ "PartNumber": 1, "ETag": "x" })).collect();
    let path = format!("/s3/multipart/{id}/complete?key={}", encode(&key));
    let reply = ann(&server, Method::POST, &path).body(json!({ "parts": parts }).to_string()).send().await;
    assert_eq!(reply.unwrap().status(), 400);
    let etag = "</ETag></Part><Part><PartNumber>2</PartNumber><ETag>";
    let body = json!({ "parts": [{ "PartNumber": 1, "ETag": etag }] }).to_string();
    let reply = ann(&server, Method::POST, &path).body(body).send().await.unwrap();
    assert_eq!(refusal(reply).await, (400, "InvalidPart".to_owned()));
}
