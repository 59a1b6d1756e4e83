use crate::harness::{ANY_RANGE, MIB, Raw, Server, header, now, part, store_refusal};
use partwise::core::{store::Kind, units::UnixMillis};

#[tokio::test]
async fn unsigned_requests_are_refused() {
    let server = Server::start(&[]);
    for path in ["", "/key", "/key?uploadId=0123456789abcdef0123456789abcdef&partNumber=1"] {
        let reply = server.http.get(format!("{}{path}", server.store)).send().await.unwrap();
        assert_eq!(store_refusal(reply).await, (403, "AccessDenied".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_signature_by_another_secret_is_refused() {
    let server = Server::start(&[]);
    let url = server.sign_with(&Kind::S3.list_uploads("", None), "guess", now(), 60);
    let reply = server.http.get(url).send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (403, "SignatureDoesNotMatch".to_owned()));
}

#[tokio::test]
async fn a_signed_url_serves_for_nothing_else() {
    let server = Server::start(&[]);
    let id = server.begin("a").await;
    let url = server.sign(&Kind::S3.put_part("a", &id, part(1), ANY_RANGE, None));
    for (from, to) in [("partNumber=1", "partNumber=2"), ("/a?", "/b?"), ("Expires=60", "Expires=600000")] {
        assert!(url.contains(from));
        let reply = server.http.put(url.replace(from, to)).body("x").send().await.unwrap();
        assert_eq!(store_refusal(reply).await, (403, "SignatureDoesNotMatch".to_owned()), "{to}");
    }
    let reply = server.http.delete(&url).send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (403, "SignatureDoesNotMatch".to_owned()));
    assert_eq!(server.http.put(&url).body("x").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_signed_length_is_enforced() {
    let server = Server::start(&[]);
    let mut request = Kind::S3.put_object("a", ANY_RANGE, None, None);
    request.headers.push(("Content-Length".to_owned(), "3".to_owned()));
    let url = server.sign(&request);
    let reply = server.http.put(&url).body("four").send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (403, "SignatureDoesNotMatch".to_owned()));
    assert_eq!(server.http.put(&url).body("abc").send().await.unwrap().status(), 200);
}

fn expired(server: &Server) -> String {
    let a_minute_ago = UnixMillis(now().0 - 60_000);
    server.sign_with(&Kind::S3.put_object("a", ANY_RANGE, None, None), "demosecret", a_minute_ago, 59)
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let server = Server::start(&[]);
    let reply = server.http.put(expired(&server)).body("x").send().await.unwrap();
    assert_eq!(store_refusal(reply).await, (403, "AccessDenied".to_owned()));
}

#[test]
fn a_refusal_can_be_read_though_a_large_body_was_being_sent() {
    let server = Server::start(&[]);
    let size = 48 * MIB;
    let headers = format!("Origin: http://page.example\r\nContent-Length: {size}\r\n");
    let mut connection = Raw::open("PUT", &expired(&server), &headers);
    for _ in 0..48 {
        connection.send(&vec![0; MIB]);
    }
    let head = connection.head();
    assert!(head.starts_with("http/1.1 403"), "{head}");
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
}

#[tokio::test]
async fn every_origin_may_ask_anything_and_read_errors_too() {
    let server = Server::start(&[]);
    for method in ["PUT", "POST", "DELETE", "GET", "HEAD"] {
        let preflight = server.http.request(reqwest::Method::OPTIONS, format!("{}/a", server.store));
        let preflight = preflight
            .header("origin", "https://page.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "content-md5,x-amz-meta-name");
        let reply = preflight.send().await.unwrap();
        assert_eq!(reply.status(), 204);
        assert_eq!(header(&reply, "access-control-allow-origin"), "*");
        assert!(header(&reply, "access-control-allow-methods").contains(method));
        assert_eq!(header(&reply, "access-control-allow-headers"), "content-md5,x-amz-meta-name");
    }
    let missing = server.sign(&Kind::S3.list_parts("a", "0123456789abcdef0123456789abcdef", None));
    for (url, status) in [(server.store.clone(), 403), (missing, 404)] {
        let reply = server.http.get(url).header("origin", "https://page.example").send().await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(header(&reply, "access-control-allow-origin"), "*");
        let exposed = header(&reply, "access-control-expose-headers");
        for name in ["ETag", "Date", "x-amz-request-id", "Content-Length"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        assert!(!header(&reply, "x-amz-request-id").is_empty() && !header(&reply, "date").is_empty());
    }
}

#[tokio::test]
async fn exposed_headers_can_be_chosen_to_the_point_of_none() {
    for (list, exposed) in [("", ""), ("Date", "Date")] {
        let server = Server::start(&["--cors-expose", list]);
        let url = server.sign(&Kind::S3.put_object("a", ANY_RANGE, None, None));
        let reply = server.http.put(url).header("origin", "https://page.example").send().await.unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(header(&reply, "access-control-allow-origin"), "*");
        assert_eq!(header(&reply, "access-control-expose-headers"), exposed);
    }
}
