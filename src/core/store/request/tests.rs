use super::*;
use crate::core::text::json;

fn part(number: u32) -> PartNumber {
    PartNumber::new(number).unwrap()
}

fn query(request: &StoreRequest) -> Vec<(&str, &str)> {
    request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn headers(request: &StoreRequest) -> Vec<(&str, &str)> {
    request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn text(request: &StoreRequest) -> (&str, &str) {
    let Body::Text { content_type, text } = &request.body else { panic!("no text") };
    (content_type, text)
}

#[test]
fn a_part_is_named_by_number_and_upload() {
    let range = ByteRange { start: 5, end: 9 };
    for kind in Kind::ALL {
        let request = kind.put_part("k", "u/+=", part(10_000), range, Some("1B2M2Y8AsgTpgAmY7PhCfg=="));
        assert_eq!(query(&request), [("partNumber", "10000"), ("uploadId", "u/+=")]);
        assert_eq!(headers(&request), [("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")]);
        assert_eq!(request.body, Body::File(range));
        assert_eq!(headers(&kind.put_part("k", "u", part(1), range, None)), []);
    }
}

#[test]
fn a_list_goes_on_after_the_marker() {
    let next = |kind: Kind| kind.list_parts("k", "u", Some(part(1000)));
    for kind in [Kind::S3, Kind::Oss, Kind::Cos] {
        let first = kind.list_parts("k", "u", None);
        assert_eq!(query(&first), [("max-parts", "1000"), ("uploadId", "u")]);
        assert_eq!(
            query(&next(kind)),
            [("max-parts", "1000"), ("uploadId", "u"), ("part-number-marker", "1000")]
        );
    }
    assert_eq!(
        query(&next(Kind::Bos)),
        [("maxParts", "1000"), ("uploadId", "u"), ("partNumberMarker", "1000")]
    );
}

#[test]
fn a_list_of_uploads_goes_on_after_the_marker() {
    let marker = UploadMarker { key: "a/b".into(), upload_id: "u".into() };
    assert_eq!(
        query(&Kind::Oss.list_uploads("a/", Some(&marker))),
        [
            ("uploads", ""),
            ("prefix", "a/"),
            ("max-uploads", "1000"),
            ("key-marker", "a/b"),
            ("upload-id-marker", "u")
        ]
    );
    assert_eq!(
        query(&Kind::Bos.list_uploads("", Some(&marker))),
        [
            ("uploads", ""),
            ("prefix", ""),
            ("maxUploads", "1000"),
            ("keyMarker", "a/b"),
            ("uploadIdMarker", "u")
        ]
    );
}

#[test]
fn completing_names_every_part_with_its_etag() {
    let parts = [(part(1), "\"a&b\"".into()), (part(2), "c".into())];
    for (kind, expected_type) in
        [(Kind::S3, "application/xml"), (Kind::Oss, ""), (Kind::Cos, "application/xml")]
    {
        let request = kind.complete("k", "u", &parts);
        let (content_type, text) = text(&request);
        assert_eq!(content_type, expected_type);
        let root = xml::parse(text).unwrap();
        let named: Vec<_> =
            root.children("Part").map(|p| (p.text_of("PartNumber"), p.text_of("ETag"))).collect();
        assert_eq!(named, [(Some("1"), Some("\"a&b\"")), (Some("2"), Some("c"))]);
    }
}

#[test]
fn bos_is_given_json_and_etags_without_quotes() {
    let request = Kind::Bos.complete("k", "u", &[(part(1), "\"a\"".into()), (part(3), "b".into())]);
    let (content_type, text) = text(&request);
    assert_eq!(content_type, "application/json");
    assert_eq!(text, r#"{"parts":[{"partNumber":1,"eTag":"a"},{"partNumber":3,"eTag":"b"}]}"#);
    assert!(json::parse(text).is_ok());
}

#[test]
fn metadata_becomes_headers_of_plain_ascii() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let metadata =
        [pair("Author", "first"), pair("author", " 100% a "), pair("名 字", "中\n%"), pair("a:b", "")];
    assert_eq!(
        headers(&Kind::S3.create("k", Some("text/plain"), &metadata)),
        [
            ("Content-Type", "text/plain"),
            ("x-amz-meta-author", "100% a"),
            ("x-amz-meta-%E5%90%8D%20%E5%AD%97", "%E4%B8%AD%0A%25"),
            ("x-amz-meta-a%3Ab", ""),
        ]
    );
    for (kind, name) in
        [(Kind::Oss, "x-oss-meta-author"), (Kind::Cos, "x-cos-meta-author"), (Kind::Bos, "x-bce-meta-author")]
    {
        assert_eq!(headers(&kind.create("k", None, &metadata[..1])), [(name, "first")]);
    }
}
