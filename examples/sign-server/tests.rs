use super::*;
use partwise::core::units::{ByteRange, PartNumber};
use std::io::{Read, Write};
use std::net::TcpStream;

const NOW: UnixMillis = UnixMillis(1_767_323_045_000);

fn server(kind: Kind) -> Server {
    Server::from_variables(|name| {
        let value = match name {
            "KIND" => kind.as_str(),
            "BUCKET" => "my-bucket-1250000000",
            "REGION" => "cn-hangzhou",
            "ACCESS_KEY" => "AKID",
            "SECRET_KEY" => "secret",
            "USERS" => "ann=ANNS,bob=BOBS",
            _ => return None,
        };
        Some(value.into())
    })
    .unwrap()
}

/// Everything an upload asks for, as the page's own code makes it.
fn requests(kind: Kind) -> Vec<StoreRequest> {
    let (key, id, md5) =
        ("ann/目录/a b+c'(1).bin", "0004B9894A22E5B1888A1E29F823", "XrY7u+Ae7tCTyyK7j1rNww==");
    let range = ByteRange { start: 0, end: 5 };
    let part = PartNumber::new(2).unwrap();
    let metadata = [("author".to_owned(), "名 字".to_owned())];
    let mut kept = kind.put_object(key, range, None, None);
    let mut complete = kind.complete(key, id, &[(part, "ab12".into())]);
    kind.forbid_overwrite(&mut kept);
    kind.forbid_overwrite(&mut complete);
    vec![
        kept,
        complete,
        kind.create(key, Some("video/mp4"), &metadata),
        kind.put_part(key, id, part, range, None),
        kind.put_part(key, id, part, range, Some(md5)),
        kind.put_object(key, range, Some("video/mp4"), Some(md5)),
        kind.list_parts(key, id, None),
        kind.list_parts(key, id, Some(part)),
        kind.complete(key, id, &[(part, "ab12".into())]),
        kind.abort(key, id),
        kind.head(key),
    ]
}

fn ask(server: &Server, token: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
    let request = http::Request {
        method: "POST".into(),
        token: Some(token.into()),
        body: body.to_string().into_bytes(),
    };
    server.answer(&request, NOW)
}

fn asked(request: &StoreRequest) -> serde_json::Value {
    let object = |pairs: &[(String, String)]| pairs.iter().cloned().collect::<BTreeMap<String, String>>();
    json!({
        "method": request.method.as_str(),
        "key": request.key,
        "query": object(&request.query),
        "headers": object(&request.headers),
    })
}

#[test]
fn every_request_of_an_upload_is_signed_as_the_page_would_sign_it() {
    for kind in Kind::ALL {
        let server = server(kind);
        for request in requests(kind) {
            let url = presign(&request, &server.bucket, &Presign::new(&server.credentials, NOW, URL_SECS));
            let expected = (200, json!({ "url": url, "expires": URL_SECS }));
            assert_eq!(ask(&server, "ANNS", &asked(&request)), expected, "{kind:?} {:?}", request.operation);
        }
    }
}

#[test]
fn another_users_objects_are_refused() {
    for kind in Kind::ALL {
        for request in requests(kind) {
            assert_eq!(ask(&server(kind), "BOBS", &asked(&request)).0, 403);
        }
    }
    for key in ["ann", "annex/a", "/ann/a", "bob/a", "", "ann/../bob/a", "ann/./a", "ann/a\nb"] {
        let body = json!({ "method": "PUT", "key": key, "query": {}, "headers": {} });
        assert_eq!(ask(&server(Kind::Oss), "ANNS", &body).0, 403, "{key:?}");
    }
}

#[test]
fn what_no_upload_needs_is_refused() {
    let refused = |method: &str, query: serde_json::Value, headers: serde_json::Value| {
        let body = json!({ "method": method, "key": "ann/a", "query": query, "headers": headers });
        assert_eq!(ask(&server(Kind::Oss), "ANNS", &body).0, 403, "{body}");
    };
    refused("GET", json!({}), json!({}));
    refused("DELETE", json!({}), json!({}));
    refused("DELETE", json!({ "uploadId": "" }), json!({}));
    refused("POST", json!({ "delete": "" }), json!({}));
    refused("POST", json!({ "uploads": "", "x": "y" }), json!({}));
    refused("PUT", json!({ "acl": "" }), json!({}));
    refused("PUT", json!({}), json!({ "x-oss-object-acl": "public-read" }));
    refused("PUT", json!({}), json!({ "x-oss-copy-source": "/other/secret" }));
    refused("PUT", json!({}), json!({ "x-oss-meta-a": "b\nx-oss-object-acl:public-read" }));
    refused("PUT", json!({}), json!({ "x-oss-meta-a:b\nx-oss-object-acl": "public-read" }));
}

#[test]
fn who_has_not_signed_in_and_what_is_no_request_are_told_so() {
    let server = server(Kind::S3);
    let put = json!({ "method": "PUT", "key": "ann/a", "query": {}, "headers": {} });
    for token in ["", "ann", "ANN", "ANNS "] {
        assert_eq!(ask(&server, token, &put).0, 401, "{token:?}");
    }
    assert_eq!(ask(&server, "ANNS", &json!({ "key": "ann/a" })).0, 400);
    assert_eq!(
        ask(&server, "ANNS", &json!({ "method": "PUT", "key": 5, "query": {}, "headers": {} })).0,
        400
    );
}

#[test]
fn what_is_missing_in_the_environment_is_named() {
    let message = |name: &str, value: &str| {
        let get = |asked: &str| match asked {
            "ENDPOINT" | "SESSION_TOKEN" => None,
            asked if asked == name => Some(value.to_owned()),
            "KIND" => Some("s3".to_owned()),
            "USERS" => Some("ann=ANNS".to_owned()),
            _ => Some("x".to_owned()),
        };
        Server::from_variables(get).err().unwrap_or_default()
    };
    assert_eq!(message("BUCKET", ""), "BUCKET is not set");
    assert_eq!(message("KIND", "gcs"), "KIND must be s3, oss, cos or bos");
    for users in ["ann", "ann=", "=ANNS", "a/b=X"] {
        assert_eq!(message("USERS", users), "USERS must be like ann=TOKEN,bob=TOKEN");
    }
}

#[test]
fn it_answers_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || server(Kind::Cos).run(&listener));
    let body = asked(&Kind::Cos.head("ann/a")).to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /sign HTTP/1.1\r\nHost: x\r\nauthorization: Bearer ANNS\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.contains("https://my-bucket-1250000000.cos.cn-hangzhou.myqcloud.com/ann/a?"), "{reply}");
}
