use super::*;
use crate::core::store::{ListedPart, ListedUpload, UploadMarker, normalize_etag};
use crate::core::units::{PartNumber, UnixMillis};

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

fn created(reply: &HttpReply) -> Result<Created, StoreError> {
    Kind::S3.created(reply)
}

fn listed(reply: &HttpReply) -> Result<PartPage, StoreError> {
    Kind::S3.listed(reply)
}

fn completed(reply: &HttpReply) -> Result<Completed, StoreError> {
    Kind::S3.completed(reply)
}

fn object_info(reply: &HttpReply) -> Result<ObjectInfo, StoreError> {
    Kind::S3.object_info(reply)
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
        ..Completed::default()
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
        Ok(ObjectInfo { size: 53_687_091_200_000, etag: Some("\"abc-2\"".into()), crc64: None })
    );
    let bare = reply(200, &[("content-length", "0"), ("etag", "")], "");
    assert_eq!(object_info(&bare), Ok(ObjectInfo { size: 0, etag: None, crc64: None }));
    assert_eq!(object_info(&reply(200, &[], "")).unwrap_err().code, "InvalidReply");
}

#[test]
fn bos_answers_in_json() {
    let created = Kind::Bos.created(&ok(r#"{"bucket":"b","key":"a/中","uploadId":"u1"}"#));
    assert_eq!(created, Ok(Created { key: "a/中".into(), upload_id: "u1".into() }));

    let page = Kind::Bos
        .listed(&ok(
            r#"{"bucket":"b","key":"k","uploadId":"u","nextPartNumberMarker":2,"isTruncated":true,"parts":[
            {"partNumber":1,"lastModified":"2026-01-02T03:04:05Z","eTag":"A","size":5242880},
            {"partNumber":2,"eTag":"b","size":1},{"partNumber":0,"size":1},{"partNumber":3},{"size":3}]}"#,
        ))
        .unwrap();
    assert_eq!(
        page.parts,
        [
            ListedPart { number: part(1), size: 5_242_880, etag: "A".into() },
            ListedPart { number: part(2), size: 1, etag: "b".into() }
        ]
    );
    assert_eq!(page.next, Some(part(2)));
    assert_eq!(Kind::Bos.listed(&ok(r#"{"parts":[],"isTruncated":false}"#)), Ok(PartPage::default()));

    let completed =
        Kind::Bos.completed(&ok(r#"{"location":"http://b.h/k?x=1","bucket":"b","key":"k","eTag":"e"}"#));
    let expected = Completed {
        location: Some("http://b.h/k".into()),
        key: Some("k".into()),
        etag: Some("e".into()),
        ..Completed::default()
    };
    assert_eq!(completed, Ok(expected));
}

#[test]
fn what_bos_does_not_answer_is_no_success() {
    let code = |error: StoreError| error.code;
    for body in ["", "{", "[]", "null", "<ListPartsResult/>", "{}", r#"{"isTruncated":true,"parts":[]}"#] {
        let reply = ok(body);
        assert_eq!(Kind::Bos.created(&reply).map_err(code), Err("InvalidReply".into()), "{body}");
        assert_eq!(Kind::Bos.completed(&reply).map_err(code), Err("InvalidReply".into()), "{body}");
        assert_eq!(Kind::Bos.listed(&reply).map_err(code), Err("InvalidReply".into()), "{body}");
    }
}

#[test]
fn an_error_of_bos_is_told_by_its_body() {
    let body = r#"{"code":"NoSuchUpload","message":"gone","requestId":"r1"}"#;
    let headers = [("date", "Fri, 02 Jan 2026 03:04:05 GMT")];
    let expected = StoreError {
        code: "NoSuchUpload".into(),
        message: "gone".into(),
        request_id: Some("r1".into()),
        server_time: Some(UnixMillis(1_767_323_045_000)),
    };
    assert_eq!(Kind::Bos.listed(&reply(404, &headers, body)), Err(expected.clone()));
    assert_eq!(Kind::Bos.completed(&reply(200, &headers, body)), Err(expected));
}

#[test]
fn a_request_id_is_read_whoever_sends_it() {
    for name in ["x-amz-request-id", "x-oss-request-id", "x-cos-request-id", "x-bce-request-id"] {
        assert_eq!(store_error(&reply(500, &[(name, "r")], "")).request_id.as_deref(), Some("r"));
    }
}

#[test]
fn oss_tells_the_error_of_a_head_in_a_header() {
    // <Error><Code>NoSuchKey</Code></Error>
    let header = [("x-oss-err", "PEVycm9yPjxDb2RlPk5vU3VjaEtleTwvQ29kZT48L0Vycm9yPg==")];
    assert_eq!(Kind::Oss.object_info(&reply(404, &header, "")).unwrap_err().code, "NoSuchKey");
    let broken = [("x-oss-err", "!")];
    assert_eq!(Kind::Oss.object_info(&reply(404, &broken, "")).unwrap_err().code, "");
}

#[test]
fn an_object_whose_callback_failed_is_there() {
    let failed = "<Error><Code>CallbackFailed</Code></Error>";
    let expected = Completed { callback_failed: true, ..Completed::default() };
    for kind in [Kind::Oss, Kind::Bos] {
        assert_eq!(kind.completed(&reply(203, &[], failed)), Ok(expected.clone()));
    }
    assert_eq!(Kind::S3.completed(&reply(203, &[], failed)).unwrap_err().code, "CallbackFailed");
    assert_eq!(Kind::Oss.completed(&ok("{\"Status\":\"OK\"}")), Ok(Completed::default()));
    assert_eq!(Kind::Cos.completed(&ok("{\"Status\":\"OK\"}")).unwrap_err().code, "InvalidReply");
}

#[test]
fn the_checksum_of_the_whole_object_is_read() {
    let info = |kind: Kind, name: &str, value: &str| {
        kind.object_info(&reply(200, &[("content-length", "9"), (name, value)], "")).unwrap().crc64
    };
    let xz = "11051210869376104954";
    assert_eq!(info(Kind::Oss, "x-oss-hash-crc64ecma", xz), Some(0x995d_c9bb_df19_39fa));
    assert_eq!(info(Kind::Cos, "x-cos-hash-crc64ecma", xz), Some(0x995d_c9bb_df19_39fa));
    assert_eq!(info(Kind::Bos, "x-bce-content-crc64ecma", xz), Some(0x995d_c9bb_df19_39fa));
    assert_eq!(info(Kind::S3, "x-amz-checksum-crc64nvme", "rosUhgp5mIg="), Some(0xae8b_1486_0a79_9888));
    assert_eq!(info(Kind::S3, "x-amz-checksum-crc64nvme", "rosUhgp5mA=="), None);
    assert_eq!(info(Kind::Oss, "x-oss-hash-crc64ecma", "-1"), None);

    let body = "<CompleteMultipartUploadResult><Key>k</Key><ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME>\
                </CompleteMultipartUploadResult>";
    assert_eq!(completed(&ok(body)).unwrap().crc64, Some(0xae8b_1486_0a79_9888));
    let body = "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>";
    let told = reply(200, &[("x-cos-hash-crc64ecma", xz)], body);
    assert_eq!(Kind::Cos.completed(&told).unwrap().crc64, Some(0x995d_c9bb_df19_39fa));
}

#[test]
fn unfinished_uploads_are_listed() {
    let upload = |key: &str, id: &str| ListedUpload {
        key: key.into(),
        upload_id: id.into(),
        initiated: Some(UnixMillis(1_767_323_045_000)),
    };
    let body = "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker>\
                <NextUploadIdMarker>2</NextUploadIdMarker>\
                <Upload><Key>a</Key><UploadId>1</UploadId><Initiated>2026-01-02T03:04:05Z</Initiated></Upload>\
                <Upload><Key>b</Key><UploadId>2</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>\
                <Upload><Key>c</Key></Upload></ListMultipartUploadsResult>";
    let expected = UploadPage {
        uploads: vec![upload("a", "1"), upload("b", "2")],
        next: Some(UploadMarker { key: "b".into(), upload_id: "2".into() }),
    };
    assert_eq!(Kind::Oss.uploads_listed(&ok(body)), Ok(expected.clone()));
    let body = r#"{"isTruncated":true,"nextKeyMarker":"b","nextUploadIdMarker":"2","uploads":[
        {"key":"a","uploadId":"1","initiated":"2026-01-02T03:04:05Z"},
        {"key":"b","uploadId":"2","initiated":"2026-01-02T03:04:05Z"},{"key":"c"}]}"#;
    assert_eq!(Kind::Bos.uploads_listed(&ok(body)), Ok(expected));
    assert_eq!(Kind::S3.uploads_listed(&ok("<ListMultipartUploadsResult/>")), Ok(UploadPage::default()));
    assert!(Kind::S3.uploads_listed(&ok("<Other/>")).is_err());
}

#[test]
fn the_etag_of_a_form_may_be_in_the_body() {
    let body = "<?xml version=\"1.0\"?><PostResponse><Location>http://s/b/k</Location><Bucket>b</Bucket><Key>k</Key><ETag>\"ab12\"</ETag></PostResponse>";
    let mut reply = HttpReply { status: 201, headers: Vec::new(), body: body.into() };
    assert_eq!(stored_etag(&reply).as_deref(), Some("\"ab12\""));
    reply.headers.push(("etag".into(), "\"cd34\"".into()));
    assert_eq!(stored_etag(&reply).as_deref(), Some("\"cd34\""));
    let other = HttpReply { status: 200, headers: Vec::new(), body: body.into() };
    assert_eq!(stored_etag(&other), None);
}
