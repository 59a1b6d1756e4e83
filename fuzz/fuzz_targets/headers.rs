//! Header values: dates, `Retry-After`, `Content-Length`, ETags; and percent-encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partwise::core::backend::reply_fault;
use partwise::core::http::HttpReply;
use partwise::core::retry::{Fault, Jitter};
use partwise::core::store::{Kind, StoreError, is_md5_etag, normalize_etag};
use partwise::core::text::{percent_decode, percent_encode, percent_encode_path};
use partwise::core::time::{compact_date, parse_http_date, parse_iso};
use partwise::core::units::{Instant, Millis};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FIVE_MINUTES: Millis = Millis(300_000);

fuzz_target!(|text: &str| {
    dates(text);
    waits(text);
    etags(text);
    for encoded in [percent_encode(text), percent_encode_path(text)] {
        assert_eq!(percent_decode(&encoded).as_deref(), Some(text));
        assert!(encoded.len() <= 3 * text.len() && encoded.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Some(decoded) = percent_decode(text) {
        assert!(decoded.len() <= text.len());
    }
});

fn dates(text: &str) {
    if let Some(date) = parse_http_date(text) {
        let c = compact_date(date);
        let month: usize = c[4..6].parse().expect("digits");
        let written = [
            &c[6..8],
            " ",
            MONTHS[month - 1],
            " ",
            &c[..4],
            " ",
            &c[9..11],
            ":",
            &c[11..13],
            ":",
            &c[13..15],
            " GMT",
        ]
        .concat();
        assert!(text.trim().ends_with(&written), "{text} is not {written}");
    }
    if let Some(date) = parse_iso(text) {
        let c = compact_date(date);
        let written = [&c[..4], "-", &c[4..6], "-", &c[6..11], ":", &c[11..13], ":", &c[13..15]].concat();
        assert!(text.trim().starts_with(&written), "{text} is not {written}");
    }
}

fn waits(text: &str) {
    for date in ["Fri, 02 Jan 2026 03:04:05 GMT", text] {
        let headers = vec![
            ("retry-after".to_owned(), text.to_owned()),
            ("date".to_owned(), date.to_owned()),
            ("content-length".to_owned(), text.to_owned()),
            ("etag".to_owned(), text.to_owned()),
        ];
        let reply = HttpReply { status: 503, headers, body: String::new() };
        let fault = reply_fault(&reply, StoreError::default());
        let wait = Jitter::new(text.len() as u64).wait(20, &fault);
        assert!(wait <= FIVE_MINUTES, "{wait:?}");
        if let Fault::Reply { retry_after: Some(asked), .. } = fault {
            assert!(wait >= asked.min(FIVE_MINUTES));
            assert!(Instant(u64::MAX - 1) + asked >= Instant(u64::MAX - 1));
        }
        if let Ok(object) = Kind::S3.object_info(&HttpReply { status: 200, ..reply }) {
            assert_eq!(text.trim().trim_start_matches('+').parse(), Ok(object.size));
        }
    }
}

fn etags(text: &str) {
    let etag = normalize_etag(text);
    assert!(etag.len() <= text.len());
    assert_eq!(normalize_etag(&etag), etag);
    assert_eq!(normalize_etag(&["\"", &etag, "\""].concat()), etag);
    assert_eq!(normalize_etag(&["W/\"", &etag, "\""].concat()), etag);
    assert!(!etag.starts_with('"') && !etag.ends_with('"'));
    if is_md5_etag(&etag) {
        assert_eq!(etag.len(), 32);
    }
}
