use super::*;
use crate::core::store::normalize_etag;
use crate::core::units::UnixMillis;

fn part(number: u32) -> PartNumber {
    PartNumber::new(number).unwrap()
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpReply {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    HttpReply { status, headers, body: body.into() }
}

fn ok(body: &str) -> HttpReply {
    reply(200, &[], body)
}

fn query(request: &StoreRequest) -> Vec<(&str, &str)> {
    request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn headers(request: &StoreRequest) -> Vec<(&str, &str)> {
    request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn url(endpoint: Option<&str>, bucket: &str, region: &str, path_style: bool, key: &str) -> String {
    let bucket = Bucket {
        endpoint: endpoint.map(str::to_owned),
        bucket: bucket.into(),
        region: region.into(),
        path_style,
    };
    let address = bucket.address(key);
    address.origin + &address.path
}

#[test]
fn aws_buckets_have_their_own_host() {
    assert_eq!(
        url(None, "b", "us-east-1", false, "a b/中"),
        "https://b.s3.us-east-1.amazonaws.com/a%20b/%E4%B8%AD"
    );
    assert_eq!(url(None, "b", "us-east-1", true, "k"), "https://s3.us-east-1.amazonaws.com/b/k");
    assert_eq!(url(None, "b", "cn-north-1", false, "k"), "https://b.s3.cn-north-1.amazonaws.com.cn/k");
}

#[test]
fn a_bucket_with_a_dot_is_addressed_by_path_over_https() {
    assert_eq!(url(None, "b.c", "us-east-1", false, "k"), "https://s3.us-east-1.amazonaws.com/b.c/k");
    assert_eq!(url(Some("http://h"), "b.c", "r", false, "k"), "http://b.c.h/k");
}

#[test]
fn endpoints_may_have_port_path_and_trailing_slash() {
    assert_eq!(url(Some("http://127.0.0.1:9000"), "b", "r", true, "k"), "http://127.0.0.1:9000/b/k");
    assert_eq!(url(Some("http://127.0.0.1:9000/"), "b", "r", true, "/k"), "http://127.0.0.1:9000/b//k");
    assert_eq!(url(Some("https://h/s3/"), "b", "r", true, "k"), "https://h/s3/b/k");
    assert_eq!(url(Some("https://h/s3"), "b", "r", false, "k"), "https://b.h/s3/k");
    assert_eq!(url(Some("h:1"), "b", "r", false, ""), "https://b.h:1/");
    assert_eq!(url(Some("h"), "b", "r", true, ""), "https://h/b/");
}

#[test]
fn a_part_is_named_by_number_and_upload() {
    let range = ByteRange { start: 5, end: 9 };
    let request = put_part("k", "u/+=", part(10_000), range, Some("1B2M2Y8AsgTpgAmY7PhCfg=="));
    assert_eq!(query(&request), [("partNumber", "10000"), ("uploadId", "u/+=")]);
    assert_eq!(headers(&request), [("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")]);
    assert_eq!(request.body, Body::File(range));
    assert_eq!(headers(&put_part("k", "u", part(1), range, None)), []);
}

#[test]
fn a_list_goes_on_after_the_marker() {
    assert_eq!(query(&list_parts("k", "u", None)), [("max-parts", "1000"), ("uploadId", "u")]);
    let next = list_parts("k", "u", Some(part(1000)));
    assert_eq!(query(&next), [("max-parts", "1000"), ("uploadId", "u"), ("part-number-marker", "1000")]);
}

#[test]
fn completing_names_every_part_with_its_etag() {
    let request = complete("k", "u", &[(part(1), "\"a&b\"".into()), (part(2), "c".into())]);
    let Body::Text { content_type, text } = &request.body else { panic!("no text") };
    assert_eq!(*content_type, "application/xml");
    let root = xml::parse(text).unwrap();
    let named: Vec<_> = root.children("Part").map(|p| (p.text_of("PartNumber"), p.text_of("ETag"))).collect();
    assert_eq!(named, [(Some("1"), Some("\"a&b\"")), (Some("2"), Some("c"))]);
}

#[test]
fn metadata_becomes_headers_of_plain_ascii() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let metadata =
        [pair("Author", "first"), pair("author", " 100% a "), pair("名 字", "中\n%"), pair("a:b", "")];
    let request = create("k", Some("text/plain"), &metadata);
    assert_eq!(
        headers(&request),
        [
            ("Content-Type", "text/plain"),
            ("x-amz-meta-author", "100% a"),
            ("x-amz-meta-%E5%90%8D%20%E5%AD%97", "%E4%B8%AD%0A%25"),
            ("x-amz-meta-a%3Ab", ""),
        ]
    );
}

#[test]
fn an_upload_id_is_read() {
    let body = "<?xml version=\"1.0\"?>\n<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                <Bucket>b</Bucket><Key>a &amp; b</Key><UploadId>2~xyz</UploadId></InitiateMultipartUploadResult>";
    assert_eq!(created(&ok(body)), Ok(Created { key: "a & b".into(), upload_id: "2~xyz".into() }));
}

#[test]
fn a_success_that_lacks_its_result_is_invalid() {
    let code = |error: StoreError| error.code;
    for body in [
        "",
        "  ",
        "<html><body>Welcome to the hotel</body></html>",
        "{\"uploadId\":\"u\"}",
        "<InitiateMultipartUploadResult><Key>k</Key></InitiateMultipartUploadResult>",
        "<InitiateMultipartUploadResult><Key>k</Key><UploadId/></InitiateMultipartUploadResult>",
        "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        "<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>",
        "<ListPartsResult><Part>",
    ] {
        assert_eq!(created(&ok(body)).map_err(code), Err("InvalidReply".into()), "{body}");
        assert_eq!(listed(&ok(body)).map_err(code), Err("InvalidReply".into()), "{body}");
        assert_eq!(completed(&ok(body)).map_err(code), Err("InvalidReply".into()), "{body}");
    }
}

#[test]
fn a_list_of_one_part_is_a_list() {
    let body = "<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>3</PartNumber>\
                <LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;ABC&quot;</ETag><Size>5242880</Size>\
                </Part></ListPartsResult>";
    let page = listed(&ok(body)).unwrap();
    assert_eq!(page.parts, [ListedPart { number: part(3), size: 5_242_880, etag: "\"ABC\"".into() }]);
    assert_eq!(normalize_etag(&page.parts[0].etag), "abc");
    assert_eq!(page.next, None);
}

#[test]
fn an_empty_list_is_a_list() {
    assert_eq!(listed(&ok("<ListPartsResult/>")), Ok(PartPage::default()));
}

#[test]
fn a_truncated_list_names_its_next_page() {
    let listed_part = "<Part><PartNumber>1000</PartNumber><Size>1</Size></Part>";
    let page = |marker: &str| {
        let body =
            ["<ListPartsResult><IsTruncated>true</IsTruncated>", marker, listed_part, "</ListPartsResult>"];
        listed(&ok(&body.concat())).unwrap()
    };
    assert_eq!(page("<NextPartNumberMarker>1000</NextPartNumberMarker>").next, Some(part(1000)));
    assert_eq!(page("").next, Some(part(1000)));
    assert_eq!(page("").parts[0].etag, "");
}

#[test]
fn entries_that_cannot_be_a_part_are_left_out() {
    let entry = |number: &str, size: &str| {
        ["<Part><PartNumber>", number, "</PartNumber>", size, "<ETag>a</ETag></Part>"].concat()
    };
    let size = "<Size>1</Size>";
    let entries = [
        entry("0", size),
        entry("10001", size),
        entry("-1", size),
        entry("99999999999999999999", size),
        entry("4", ""),
        entry("5", "<Size>-1</Size>"),
        entry(" 6 ", size),
    ];
    let page = listed(&ok(&["<ListPartsResult>", &entries.concat(), "</ListPartsResult>"].concat())).unwrap();
    assert_eq!(page.parts, [ListedPart { number: part(6), size: 1, etag: "a".into() }]);
}

#[test]
fn a_completed_object_is_read() {
    let body = "  \n <?xml version=\"1.0\"?><CompleteMultipartUploadResult>\
                <Location>https://h/b/k?X-Amz-Signature=s</Location><Bucket>b</Bucket><Key>k</Key>\
                <ETag>&quot;abc-2&quot;</ETag></CompleteMultipartUploadResult>";
    let expected = Completed {
        location: Some("https://h/b/k".into()),
        key: Some("k".into()),
        etag: Some("\"abc-2\"".into()),
    };
    assert_eq!(completed(&ok(body)), Ok(expected));
}

#[test]
fn an_empty_etag_of_a_completed_object_is_none() {
    let body = "<CompleteMultipartUploadResult><Key>k</Key><ETag></ETag></CompleteMultipartUploadResult>";
    assert_eq!(completed(&ok(body)).map(|completed| completed.etag), Ok(None));
}

#[test]
fn an_error_in_a_reply_of_status_200_is_an_error() {
    let body =
        "   <Error><Code>InternalError</Code><Message>Try again.</Message><RequestId>R</RequestId></Error>";
    let error = completed(&ok(body)).unwrap_err();
    assert_eq!((error.code.as_str(), error.request_id.as_deref()), ("InternalError", Some("R")));
    assert_eq!(created(&ok(body)).unwrap_err().code, "InternalError");
    assert_eq!(listed(&ok(body)).unwrap_err().code, "InternalError");
}

#[test]
fn a_vanished_upload_is_told_by_its_code() {
    let body = "<?xml version=\"1.0\"?><Error><Code>NoSuchUpload</Code><Message/><HostId>h</HostId></Error>";
    let gone = reply(404, &[("x-amz-request-id", "tx1"), ("date", "Fri, 02 Jan 2026 03:04:05 GMT")], body);
    let expected = StoreError {
        code: "NoSuchUpload".into(),
        message: String::new(),
        request_id: Some("tx1".into()),
        server_time: Some(UnixMillis(1_767_323_045_000)),
    };
    assert_eq!(listed(&gone), Err(expected));
}

#[test]
fn a_skewed_clock_is_told_with_the_stores_time() {
    let body =
        "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2026-01-02T03:04:05Z</ServerTime></Error>";
    let error = store_error(&reply(403, &[("date", "Fri, 02 Jan 2026 09:00:00 GMT")], body));
    assert_eq!(error.server_time, Some(UnixMillis(1_767_323_045_000)));
}

#[test]
fn an_error_without_body_is_told_by_its_headers() {
    let error = store_error(&reply(403, &[("x-amz-request-id", "tx2"), ("date", "nonsense")], ""));
    assert_eq!(error, StoreError { request_id: Some("tx2".into()), ..StoreError::default() });
    assert_eq!(object_info(&reply(404, &[], "")).unwrap_err(), StoreError::default());
}

#[test]
fn an_error_page_of_a_proxy_has_no_code() {
    let long = ["<Error><Message>", &"é".repeat(9000), "</Message></Error>"].concat();
    assert_eq!(store_error(&reply(502, &[], "<html><h1>Bad Gateway</h1></html>")), StoreError::default());
    assert_eq!(store_error(&reply(500, &[], &long)).message.chars().count(), 500);
}

#[test]
fn an_objects_size_and_etag_are_read_from_its_headers() {
    let found = reply(200, &[("content-length", "53687091200000"), ("etag", "\"abc-2\"")], "");
    assert_eq!(
        object_info(&found),
        Ok(ObjectInfo { size: 53_687_091_200_000, etag: Some("\"abc-2\"".into()) })
    );
    let bare = reply(200, &[("content-length", "0"), ("etag", "")], "");
    assert_eq!(object_info(&bare), Ok(ObjectInfo { size: 0, etag: None }));
    assert_eq!(object_info(&reply(200, &[], "")).unwrap_err().code, "InvalidReply");
}
