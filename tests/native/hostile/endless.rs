//! Replies that are too long, too deep, or never end.

use crate::peer::{ALL, Answer, Asked, By, reply, upload};
use partwise::core::backend::form::Test;
use partwise::core::http::{MAX_REPLY_BYTES, Method};
use partwise::core::text::{json, redact::redact, xml};
use partwise::core::units::Millis;
use partwise::core::upload::State;
use std::time::{Duration, Instant};

/// More than the half minute that a request is tried for and the five that a store may ask to wait.
const LONG: Millis = Millis::from_secs(900);

fn bodies() -> Vec<(&'static str, String)> {
    let bomb = "<!DOCTYPE z [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Error><Code>&b;</Code></Error>";
    let part = "<Part><PartNumber>1</PartNumber><Size>1</Size><ETag>e</ETag></Part>";
    vec![
        ("deep XML", "<a>".repeat(50_000)),
        ("deep JSON", "[".repeat(50_000)),
        ("deep JSON objects", "{\"a\":".repeat(50_000)),
        ("entity bomb", bomb.into()),
        ("wide XML", format!("<ListPartsResult>{}</ListPartsResult>", part.repeat(7_000))),
        ("wide JSON", format!("[0{}]", ",0".repeat(200_000))),
        ("a gigabyte, cut", "<Error><Code>".to_owned() + &"x".repeat(MAX_REPLY_BYTES - 13)),
    ]
}

#[test]
fn overlong_and_bottomless_replies_end_in_an_error() {
    for by in [By::Companion, By::SignRequest, By::Credentials] {
        for operation in ["create", "sign", "put", "complete"] {
            for (what, body) in bodies() {
                let mut asked_for = 0;
                let outcome = upload(by, |asked| {
                    let http = matches!(asked, Asked::Server(_) | Asked::Store(_));
                    if !http || asked.name() != operation {
                        return None;
                    }
                    asked_for += 1;
                    let etag = ("etag", "\"e\"");
                    Some(reply(200, &[etag], body.clone()))
                });
                let is_part = operation == "put" && body.len() < MAX_REPLY_BYTES;
                if asked_for == 0 || is_part {
                    // A store's answer to a part is its headers; who signs in the page gets no reply to read.
                    assert_eq!(outcome.state, State::Done, "{by:?} {operation} {what}");
                    continue;
                }
                assert_eq!(outcome.state, State::Failed, "{by:?} {operation} {what}");
                assert!(["store", "backend"].contains(&outcome.failure()), "{}", outcome.failure());
                assert!(outcome.took < LONG && outcome.requests < 100, "{} requests", outcome.requests);
                assert!(outcome.told().len() < 200_000, "{by:?} {operation} {what}");
            }
        }
    }
}

/// What is asked only after a completion was refused: which parts are there, whether the object is, and to remove the
/// upload.
#[test]
fn overlong_and_bottomless_replies_to_who_looks_for_what_is_left_end_the_upload_too() {
    for by in [By::Companion, By::SignRequest, By::Credentials] {
        for (refusal, status) in [("InvalidPart", 400), ("NoSuchUpload", 404)] {
            for (what, body) in bodies() {
                let mut looked = 0;
                let outcome = upload(by, |asked| match asked.name() {
                    "complete" => {
                        let (xml, json) =
                            (format!("<Code>{refusal}</Code>"), format!("{{\"code\":\"{refusal}\"}}"));
                        let is_server = matches!(asked, Asked::Server(_));
                        Some(reply(
                            status,
                            &[],
                            if is_server { json } else { format!("<Error>{xml}</Error>") },
                        ))
                    }
                    "list" | "head" | "abort" => {
                        looked += 1;
                        Some(reply(200, &[("content-length", "9".repeat(30).as_str())], body.clone()))
                    }
                    _ => None,
                });
                assert!(looked > 0, "{by:?} {refusal} {what}");
                assert_eq!(outcome.state, State::Failed, "{by:?} {refusal} {what}");
                let code = outcome.failure();
                assert!(
                    ["store", "backend", "session-lost"].contains(&code),
                    "{by:?} {refusal} {what}: {code}"
                );
                assert!(outcome.took < LONG && outcome.requests < 200, "{} requests", outcome.requests);
                assert!(outcome.told().len() < 200_000, "{by:?} {refusal} {what}");
            }
        }
    }
}

fn page(parts: &str, next: Option<u32>) -> Answer {
    let next = next.map_or(String::new(), |next| {
        format!("<IsTruncated>true</IsTruncated><NextPartNumberMarker>{next}</NextPartNumberMarker>")
    });
    reply(200, &[], format!("<ListPartsResult>{next}{parts}</ListPartsResult>"))
}

fn part(number: u32) -> String {
    format!("<Part><PartNumber>{number}</PartNumber><Size>5242880</Size><ETag>e</ETag></Part>")
}

/// Uploads to a store that denies the first completion, so that the parts are listed, with pages as `pages` says.
fn listed(mut pages: impl FnMut(u32) -> Answer) -> (usize, State) {
    let (mut lists, mut completions) = (0, 0);
    let outcome = upload(By::SignRequest, |asked| match asked.name() {
        "complete" if completions == 0 => {
            completions += 1;
            Some(reply(400, &[], "<Error><Code>InvalidPart</Code></Error>"))
        }
        "list" => {
            lists += 1;
            let Asked::Store(request) = asked else { return None };
            let marker = request.url.split("part-number-marker=").nth(1);
            Some(pages(marker.map_or(0, |marker| marker.parse().unwrap())))
        }
        _ => None,
    });
    assert!(outcome.told().contains("list-cut-off"), "{}", outcome.told());
    (lists, outcome.state)
}

#[test]
fn a_reply_that_was_cut_off_is_not_taken_for_a_whole_one() {
    let padded = |text: &str| text.to_owned() + &" ".repeat(MAX_REPLY_BYTES - text.len());
    let created = padded("{\"key\":\"k\",\"uploadId\":\"U1\"}");
    let completed = padded("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
    for (by, operation, body) in
        [(By::Companion, "create", &created), (By::Credentials, "complete", &completed)]
    {
        let outcome = upload(by, |asked| (asked.name() == operation).then(|| reply(200, &[], body)));
        assert_eq!(outcome.state, State::Failed, "{by:?}");
        assert!(outcome.told().contains("one that does not end"), "{by:?}: {}", outcome.told());
    }
    let outcome = upload(By::Chunks(Test::Each), |asked| match asked {
        Asked::Store(_) => Some(reply(200, &[], padded(""))),
        _ => Some(reply(204, &[], "")),
    });
    assert_eq!(outcome.state, State::Failed);
    assert!(outcome.told().contains("one that does not end"), "{}", outcome.told());
}

/// Its status says whether it has taken a chunk, unless what comes with it is a page or has no end.
#[test]
fn a_chunk_endpoint_may_say_much_but_not_a_page_nor_without_end() {
    for (test, question) in [
        (Test::Each, "what there is"),
        (Test::Once, "what there is"),
        (Test::Each, "a chunk"),
        (Test::Off, "to put them together"),
    ] {
        for (what, body) in bodies() {
            let mut asked_for = 0;
            let outcome = upload(By::Chunks(test), |asked| {
                let (is_asked, honest) = match asked {
                    Asked::Store(_) => (question == "a chunk", reply(200, &[], "")),
                    Asked::Server(request) if request.method == Method::Get => {
                        (question == "what there is", reply(204, &[], ""))
                    }
                    _ => (question == "to put them together", reply(200, &[], "{}")),
                };
                asked_for += u32::from(is_asked);
                Some(if is_asked { reply(200, &[], body.as_str()) } else { honest })
            });
            let told = outcome.told().len();
            assert!(asked_for > 0, "{question} {what}");
            if body.starts_with("<!DOCTYPE") || body.len() >= MAX_REPLY_BYTES {
                assert_eq!(
                    (outcome.state, outcome.failure()),
                    (State::Failed, "backend"),
                    "{question} {what}"
                );
                assert!(told < 10_000, "{question} {what}: {told}");
            } else {
                assert_eq!(outcome.state, State::Done, "{question} {what}");
                // What the last chunk was answered is part of the result.
                assert!(told < 10_000 + body.len() * 2, "{question} {what}: {told}");
            }
            assert!(outcome.took < LONG && outcome.requests < 50, "{} requests", outcome.requests);
        }
    }
}

#[test]
fn lists_that_never_end_are_cut_off_and_the_upload_goes_on() {
    let all = [part(1), part(2), part(3)].concat();
    assert_eq!(listed(|_| page(&all, Some(3))), (2, State::Done), "the same page again and again");
    assert_eq!(listed(|_| page(&all, Some(1))), (2, State::Done), "a marker that goes back");
    assert_eq!(listed(|after| page("", Some(after + 1))), (1, State::Done), "pages without parts");
    let (lists, state) = listed(|after| page(&part(3).repeat(2000), Some((after + 1).min(10_000))));
    assert!(lists <= 6 && state == State::Done, "{lists} pages of the same part");
    let (lists, state) = listed(|after| page(&part(after + 1), Some((after + 1).min(10_000))));
    assert!(lists <= 10_001 && state == State::Done, "{lists} pages of one part each");
}

#[test]
fn waiting_for_years_is_not_done() {
    let dates = ("date", "Fri, 02 Jan 2026 03:04:05 GMT");
    for wait in
        ["31536000", "18446744073709551615", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"]
    {
        for by in ALL {
            let outcome = upload(by, |asked| match asked {
                Asked::Store(_) if asked.name() == "put" => {
                    Some(reply(503, &[dates, ("retry-after", wait)], ""))
                }
                _ => None,
            });
            assert_eq!((outcome.state, outcome.failure()), (State::Failed, "throttled"), "{by:?} {wait}");
            assert!(outcome.took < LONG, "{by:?} {wait} {:?}", outcome.took);
        }
    }
}

#[test]
fn names_that_would_fill_the_storage_are_refused() {
    let long = "x".repeat(1 << 20);
    for (key, id) in [("k", long.as_str()), (&long, "U1")] {
        for by in [By::Companion, By::SignRequest] {
            let outcome = upload(by, |asked| match asked {
                Asked::Server(_) if asked.name() == "create" => {
                    Some(reply(200, &[], format!("{{\"key\":\"{key}\",\"uploadId\":\"{id}\"}}")))
                }
                Asked::Store(_) if asked.name() == "create" => Some(reply(
                    200,
                    &[],
                    format!(
                        "<InitiateMultipartUploadResult><Key>{key}</Key><UploadId>{id}</UploadId>\
                         </InitiateMultipartUploadResult>"
                    ),
                )),
                _ => None,
            });
            assert_eq!(outcome.state, State::Failed, "{by:?}");
            assert!(outcome.stored.iter().map(String::len).sum::<usize>() < 1000, "{by:?}");
        }
    }
    let outcome = upload(By::Companion, |asked| match asked.name() {
        "put" => Some(reply(200, &[("etag", &long)], "")),
        _ => None,
    });
    assert_eq!(outcome.state, State::Failed);
    assert!(outcome.stored.iter().map(String::len).sum::<usize>() < 1000);
}

/// Bytes; enough for the square of it to take hours.
const LENGTH: usize = 1 << 20;

#[test]
fn a_long_reply_is_read_in_a_time_that_grows_with_its_length_only() {
    let fill = |open: &str, unit: &str, close: &str| {
        [open, &unit.repeat((LENGTH - open.len() - close.len()) / unit.len()), close].concat()
    };
    for text in [
        fill("", "<", ""),
        fill("", "<a ", ""),
        fill("", "<a '", ""),
        fill("", "<!--", ""),
        fill("", "<![CDATA[", ""),
        fill("", "<?", ""),
        fill("", "</", ""),
        fill("<a>", "&amp;", "</a>"),
        fill("<a>", "&", "</a>"),
        fill("<a>&#", "0", "65;</a>"),
        fill("<a>", "<b/>", "</a>"),
        fill("<a>", "<!-- -->", "</a>"),
        fill("<a>", "<![CDATA[x]]>", "</a>"),
        fill("<", "a", "/>"),
        fill("<a ", "b='>' ", "/>"),
        fill("", "[", ""),
        fill("[", "0,", "0]"),
        fill("[", " ", "]"),
        fill("", "1", ""),
        fill("0.", "1", "e9"),
        fill("1e", "9", ""),
        fill("\"", "\\ud83d", "\""),
        fill("\"", "\\n", "\""),
        fill("\"", "中", "\""),
        fill("{", "\"a\":0,", "\"a\":0}"),
        fill("", "token: ", ""),
        fill("", "x:", ""),
        fill("", "\\", ""),
        fill("", "\u{feff}", ""),
    ] {
        let begun = Instant::now();
        let _ = (xml::parse(&text), json::parse(&text), redact(&text));
        assert!(begun.elapsed() < Duration::from_secs(60), "{}…", &text[..12]);
    }
}
