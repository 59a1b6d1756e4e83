use crate::harness::{MIB, Server, content, encode, header, json, refusal};
use md5::Digest;
use partwise::core::{hash::Md5Digest, store::Kind};
use reqwest::Method;
use serde_json::{Value, json};

/// Sends content the way a page does: through URLs from the signing server.
async fn send_parts(server: &Server, created: &Value, parts: &[Vec<u8>]) -> Vec<Value> {
    let (key, id) = (encode(created["key"].as_str().unwrap()), created["uploadId"].as_str().unwrap());
    let numbers: Vec<_> = (1..=parts.len()).map(|number| number.to_string()).collect();
    let path = format!("/s3/multipart/{id}/batch?key={key}&partNumbers={}", numbers.join(","));
    let signed = json(server.get(&path).await).await;
    assert_eq!(signed["expires"], 800);
    let mut sent = Vec::new();
    for (number, part) in numbers.iter().zip(parts) {
        let url = signed["presignedUrls"][number].as_str().unwrap();
        let reply = server.http.put(url).body(part.clone()).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        sent.push(json!({ "PartNumber": number.parse::<u32>().unwrap(), "ETag": header(&reply, "etag") }));
    }
    sent
}

#[tokio::test]
async fn a_file_travels_through_the_companion_routes() {
    let server = Server::start(&[]);
    let body = json!({
        "filename": "照片/a b+c%.bin", "type": "image/png", "size": 5 * MIB + 3,
        "metadata": { "name": "照片", "relativePath": null, "rating": 5 },
    });
    let created = json(server.post("/s3/multipart", body).await).await;
    assert_eq!(created["bucket"], "demo");
    let key = created["key"].as_str().unwrap();
    assert!(key.starts_with("demo/") && key.ends_with("/照片/a b+c%.bin"));
    let upload = format!("/s3/multipart/{}", created["uploadId"].as_str().unwrap());
    let query = format!("?key={}", encode(key));

    let parts = [content(1, 5 * MIB), content(2, 3)];
    let sent = send_parts(&server, &created, &parts).await;
    let listed = json(server.get(&format!("{upload}{query}")).await).await;
    let expected: Vec<_> = sent
        .iter()
        .zip(&parts)
        .map(|(part, bytes)| json!({ "PartNumber": part["PartNumber"], "ETag": part["ETag"], "Size": bytes.len() }))
        .collect();
    assert_eq!(listed, json!(expected));

    let done = server.post(&format!("{upload}/complete{query}"), json!({ "parts": sent })).await;
    assert_eq!(done.status(), 200);
    let done = json(done).await;
    assert_eq!((&done["key"], &done["bucket"]), (&created["key"], &json!("demo")));
    let etag = done["etag"].as_str().unwrap();
    assert!(etag.ends_with("-2") && !etag.contains('"'));
    assert!(done["location"].as_str().unwrap().starts_with(&server.store));
    assert_eq!(server.read(key).await, parts.concat());

    // A client whose completion reply was lost finds out that it succeeded.
    let again = server.post(&format!("{upload}/complete{query}"), json!({ "parts": sent })).await;
    assert_eq!(refusal(again).await, (404, "NoSuchUpload".to_owned()));
    let object = json(server.get(&format!("/s3/object{query}")).await).await;
    assert_eq!(object, json!({ "key": key, "size": 5 * MIB + 3, "etag": etag }));

    let reply = server.ask(&Kind::S3.head(key)).send().await.unwrap();
    assert_eq!(header(&reply, "content-type"), "image/png");
    assert_eq!(header(&reply, "x-amz-meta-name"), encode("照片"));
    assert_eq!(header(&reply, "x-amz-meta-rating"), "5");
}

#[tokio::test]
async fn a_small_file_goes_in_one_request() {
    let server = Server::start(&[]);
    let path = "/s3/params?filename=a.txt&type=text%2Fplain&size=5&metadata%5Bname%5D=a.txt";
    let signed = json(server.get(path).await).await;
    assert_eq!(signed["method"], "PUT");
    assert_eq!(signed["expires"], 800);
    let headers = signed["headers"].as_object().unwrap();
    assert_eq!(headers.len(), 2, "{headers:?}");
    let mut request = server.http.put(signed["url"].as_str().unwrap()).body("hello");
    for (name, value) in headers {
        request = request.header(name, value.as_str().unwrap());
    }
    let reply = request.send().await.unwrap();
    assert_eq!(header(&reply, "etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    let key = signed["key"].as_str().unwrap();
    let object = json(server.get(&format!("/s3/object?key={}", encode(key))).await).await;
    assert_eq!(object, json!({ "key": key, "size": 5, "etag": "5d41402abc4b2a76b9719d911017c592" }));
}

#[tokio::test]
async fn urls_for_several_small_files_are_signed_at_once() {
    let server = Server::start(&[]);
    let file = |name: &str, metadata| json!({ "filename": name, "type": "text/plain", "size": 5, "metadata": metadata });
    let files = json!({ "files": [file("a.txt", json!({ "name": "ä" })), file("b.txt", json!(null))] });
    let signed = json(server.post("/s3/params", files).await).await;
    for (at, name) in [(0, "a.txt"), (1, "b.txt")] {
        let mut request = server.http.put(signed[at]["url"].as_str().unwrap()).body("hello");
        for (name, value) in signed[at]["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        assert_eq!(request.send().await.unwrap().status(), 200);
        let key = signed[at]["key"].as_str().unwrap();
        assert!(key.ends_with(name), "{key}");
        let object = json(server.get(&format!("/s3/object?key={}", encode(key))).await).await;
        assert_eq!(object["size"], 5);
    }
    assert_eq!(signed[0]["headers"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let server = Server::start(&[]);
    let created = json(server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await).await;
    send_parts(&server, &created, &[content(1, 100)]).await;
    assert_eq!(server.unfinished().await, 1);
    let key = encode(created["key"].as_str().unwrap());
    let path = format!("/s3/multipart/{}?key={key}", created["uploadId"].as_str().unwrap());
    let reply = server.api(Method::DELETE, &path).await.send().await.unwrap();
    assert_eq!(json(reply).await, json!({}));
    assert_eq!(server.unfinished().await, 0);
    assert_eq!(refusal(server.get(&path).await).await, (404, "NoSuchUpload".to_owned()));
}

#[tokio::test]
async fn a_refusal_of_the_store_reaches_the_page_with_its_code() {
    let server = Server::start(&[]);
    let created = json(server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await).await;
    let sent = send_parts(&server, &created, &[content(1, 100), content(2, 100)]).await;
    let key = encode(created["key"].as_str().unwrap());
    let path = format!("/s3/multipart/{}/complete?key={key}", created["uploadId"].as_str().unwrap());
    let reply = server.post(&path, json!({ "parts": sent })).await;
    assert_eq!(reply.status(), 400);
    let body = json(reply).await;
    assert_eq!(body["code"], "EntityTooSmall");
    assert!(!body["requestId"].as_str().unwrap().is_empty());
    assert_eq!(server.unfinished().await, 1);
}

#[tokio::test]
async fn another_store_can_take_the_place_of_the_embedded_one() {
    let other = Server::start(&["--access-key", "otherkey", "--secret-key", "othersecret"]);
    let store = ["--store", other.store_origin(), "--access-key", "otherkey", "--secret-key", "othersecret"];
    let server = Server::start(&store);
    assert_eq!(server.store, other.store);
    let created = json(server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await).await;
    let sent = send_parts(&server, &created, &[content(1, 100)]).await;
    let key = encode(created["key"].as_str().unwrap());
    let path = format!("/s3/multipart/{}/complete?key={key}", created["uploadId"].as_str().unwrap());
    assert_eq!(server.post(&path, json!({ "parts": sent })).await.status(), 200);
    assert!(!server.folder.join("data").exists());
}

#[tokio::test]
async fn wrong_credentials_for_the_store_are_the_servers_own_fault() {
    let other = Server::start(&[]);
    let store = ["--store", other.store_origin(), "--access-key", "demoaccess", "--secret-key", "wrong"];
    let server = Server::start(&store);
    let reply = server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await;
    assert_eq!(refusal(reply).await, (502, "SignatureDoesNotMatch".to_owned()));
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_named_as_the_reason() {
    let gone = Server::start(&[]).store_origin().to_owned();
    let server = Server::start(&["--store", &gone, "--access-key", "a", "--secret-key", "s"]);
    let reply = server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await;
    assert_eq!(refusal(reply).await, (502, "StoreUnreachable".to_owned()));
}

#[tokio::test]
async fn browsers_can_be_sent_to_another_address_of_the_store() {
    let server = Server::start(&["--store-public", "https://files.example.com"]);
    let signed = json(server.get("/s3/params?filename=f").await).await;
    assert!(signed["url"].as_str().unwrap().starts_with("https://files.example.com/demo/demo/"));
    assert_eq!(server.post("/s3/multipart", json!({ "filename": "f", "type": "" })).await.status(), 200);
}

#[tokio::test]
async fn what_is_there_already_is_found_by_its_content_and_only_by_whose_it_is() {
    let server = Server::start(&["--token", "ann=other-token"]);
    let parts = [content(1, 5 * MIB), content(2, 3)];
    let whole = parts.concat();
    let md5 = |bytes: &[u8]| Md5Digest(md5::Md5::digest(bytes).into()).to_hex();
    let sought = json!({ "md5": md5(&whole), "size": whole.len(), "filename": "b", "type": "" });
    assert_eq!(
        refusal(server.post("/s3/lookup", sought.clone()).await).await,
        (404, "NoSuchContent".to_owned())
    );

    let body = json!({ "filename": "a", "type": "", "size": whole.len() });
    let created = json(server.post("/s3/multipart", body).await).await;
    let sent = send_parts(&server, &created, &parts).await;
    let (key, id) = (created["key"].as_str().unwrap(), created["uploadId"].as_str().unwrap());
    let path = format!("/s3/multipart/{id}/complete?key={}", encode(key));
    let done = json(server.post(&path, json!({ "parts": sent })).await).await;
    // It is read back after the reply.
    let found = loop {
        let reply = server.post("/s3/lookup", sought.clone()).await;
        if reply.status() == 200 {
            break json(reply).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(found, done);

    let signed = json(server.get("/s3/params?filename=s&type=&size=5").await).await;
    let mut request = server.http.put(signed["url"].as_str().unwrap()).body("hello");
    for (name, value) in signed["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    let small = json!({ "md5": md5(b"hello"), "size": 5 });
    assert_eq!(refusal(server.post("/s3/lookup", small.clone()).await).await.0, 404, "signed, not yet sent");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(json(server.post("/s3/lookup", small.clone()).await).await["key"], signed["key"]);

    let anns = server
        .http
        .post(format!("{}/s3/lookup", server.url))
        .bearer_auth("other-token")
        .body(small.to_string());
    assert_eq!(refusal(anns.send().await.unwrap()).await, (404, "NoSuchContent".to_owned()));
    for wrong in [json!({ "md5": md5(b"other"), "size": 5 }), json!({ "md5": md5(b"hello"), "size": 6 })] {
        assert_eq!(refusal(server.post("/s3/lookup", wrong).await).await.0, 404);
    }
    let wrong = json!({ "md5": "5d41", "size": 5 });
    assert_eq!(refusal(server.post("/s3/lookup", wrong).await).await, (400, "InvalidDigest".to_owned()));
}
