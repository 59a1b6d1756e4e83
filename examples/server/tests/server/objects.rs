use crate::harness::{ANY_RANGE, Server, content, header, http_reply, store_refusal};
use partwise::core::{
    http::Method,
    store::{Kind, StoreRequest},
};

/// A request of a kind the library itself never makes.
fn other(method: Method, key: &str, query: &[(&str, &str)]) -> StoreRequest {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    StoreRequest { method, query, ..Kind::S3.head(key) }
}

async fn put(server: &Server, key: &str, body: impl Into<reqwest::Body>) -> reqwest::Response {
    server.ask(&Kind::S3.put_object(key, ANY_RANGE, None, None)).body(body).send().await.unwrap()
}

#[tokio::test]
async fn what_is_put_can_be_read_back_with_its_headers() {
    let server = Server::start(&[]);
    let mut request = Kind::S3.put_object("a", ANY_RANGE, Some("text/plain; charset=utf-8"), None);
    request.headers.push(("x-amz-meta-name".to_owned(), "%E4%B8%AD".to_owned()));
    let reply = server.ask(&request).body("hello").send().await.unwrap();
    assert_eq!(header(&reply, "etag"), "\"5d41402abc4b2a76b9719d911017c592\"");

    let reply = server.ask(&Kind::S3.head("a")).send().await.unwrap();
    assert_eq!(header(&reply, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(header(&reply, "x-amz-meta-name"), "%E4%B8%AD");
    assert_eq!(Kind::S3.object_info(&http_reply(reply).await).unwrap().size, 5);
    assert_eq!(server.read("a").await, b"hello");
}

#[tokio::test]
async fn any_key_s3_takes_names_its_own_object() {
    let server = Server::start(&[]);
    let long = "长".repeat(341);
    let keys = [
        "a",
        "a/b",
        "a/b/c",
        "A",
        "a//b",
        "a/",
        "a b+c%20.txt",
        "😀/报告 (1).pdf",
        "%2e%2e/a",
        "...",
        "a\\b",
        &long,
    ];
    for key in keys {
        assert_eq!(put(&server, key, key.to_owned()).await.status(), 200, "{key}");
    }
    for key in keys {
        assert_eq!(server.read(key).await, key.as_bytes(), "{key}");
    }
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let server = Server::start(&[]);
    assert_eq!(header(&put(&server, "a", "").await, "etag"), "\"d41d8cd98f00b204e9800998ecf8427e\"");
    assert_eq!(server.read("a").await, b"");
}

#[tokio::test]
async fn a_body_that_is_not_what_its_checksum_says_is_refused_and_the_old_object_stays() {
    let server = Server::start(&[]);
    put(&server, "a", "old").await;
    for (name, value, code) in [
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==", "BadDigest"), // of "hello"
        ("content-md5", "short", "InvalidDigest"),
        ("x-amz-checksum-crc32", "NhCmhg==", "BadDigest"), // of "hello"
    ] {
        let mut request = Kind::S3.put_object("a", ANY_RANGE, None, None);
        request.headers.push((name.to_owned(), value.to_owned()));
        let reply = server.ask(&request).body("hellp").send().await.unwrap();
        assert_eq!(store_refusal(reply).await, (400, code.to_owned()), "{name}: {value}");
        assert_eq!(server.read("a").await, b"old");
        if code == "BadDigest" {
            assert_eq!(server.ask(&request).body("hello").send().await.unwrap().status(), 200);
            put(&server, "a", "old").await;
        }
    }
}

#[tokio::test]
async fn ranges_of_an_object_can_be_read() {
    let server = Server::start(&[]);
    let bytes = content(1, 1000);
    put(&server, "a", bytes.clone()).await;
    for (range, expected) in
        [("bytes=10-19", &bytes[10..20]), ("bytes=990-", &bytes[990..]), ("bytes=-5", &bytes[995..])]
    {
        let reply = server.ask(&other(Method::Get, "a", &[])).header("range", range).send().await.unwrap();
        assert_eq!(reply.status(), 206);
        assert_eq!(reply.bytes().await.unwrap(), expected, "{range}");
    }
    let reply =
        server.ask(&other(Method::Get, "a", &[])).header("range", "bytes=1000-").send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (416, "InvalidRange".to_owned()));
}

#[tokio::test]
async fn objects_are_replaced_deleted_and_protected_on_request() {
    let server = Server::start(&[]);
    put(&server, "a", "old").await;
    let create_only = Kind::S3.put_object("a", ANY_RANGE, None, None);
    let reply = server.ask(&create_only).header("if-none-match", "*").body("new").send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (412, "PreconditionFailed".to_owned()));
    put(&server, "a", "new").await;
    assert_eq!(server.read("a").await, b"new");
    assert_eq!(std::fs::read_dir(server.folder.join("data/demo/files")).unwrap().count(), 1);
    for _ in 0..2 {
        let reply = server.ask(&other(Method::Delete, "a", &[])).send().await.unwrap();
        assert_eq!(reply.status(), 204);
    }
    let reply = server.ask(&other(Method::Get, "a", &[])).send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (404, "NoSuchKey".to_owned()));
    assert_eq!(server.ask(&Kind::S3.head("a")).send().await.unwrap().status(), 404);
    assert_eq!(std::fs::read_dir(server.folder.join("data/demo/files")).unwrap().count(), 0);
}

#[tokio::test]
async fn objects_are_listed_page_by_page() {
    let server = Server::start(&[]);
    for key in ["x/1", "x/2", "x/y/3", "z"] {
        put(&server, key, "").await;
    }
    let list = |query: Vec<(&'static str, &'static str)>| {
        let request = other(Method::Get, "", &query);
        let reply = server.ask(&request);
        async move { reply.send().await.unwrap().text().await.unwrap() }
    };
    let keys = |text: &str| {
        text.split("<Key>").skip(1).map(|t| t.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = list(vec![("list-type", "2"), ("max-keys", "2")]).await;
    assert_eq!(keys(&first), ["x/1", "x/2"]);
    assert!(first.contains("<NextContinuationToken>x/2<"), "{first}");
    let second = list(vec![("list-type", "2"), ("continuation-token", "x/2")]).await;
    assert_eq!(keys(&second), ["x/y/3", "z"]);
    assert!(second.contains("<IsTruncated>false<"), "{second}");
    let folded = list(vec![("list-type", "2"), ("prefix", "x/"), ("delimiter", "/")]).await;
    assert_eq!(keys(&folded), ["x/1", "x/2"]);
    assert!(folded.contains("<CommonPrefixes><Prefix>x/y/<"), "{folded}");
}

#[tokio::test]
async fn what_is_stored_outlives_the_process() {
    let server = Server::start(&[]);
    put(&server, "a", "kept").await;
    let id = server.begin("b").await;
    let etag = server.put("b", &id, 1, b"part".to_vec()).await;
    let server = Server::start_in(server.stop(), &[]);
    assert_eq!(server.read("a").await, b"kept");
    assert_eq!(server.complete("b", &id, &[(1, &etag)]).await.status(), 200);
    assert_eq!(server.read("b").await, b"part");
}
