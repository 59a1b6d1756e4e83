//! What the other side says may hold what it was sent. No event, error or record repeats it.

use crate::peer::{ALL, Answer, Asked, By, SECRET, SIGNATURE, TOKEN, reply, signed, upload, upload_told};
use partwise::core::backend::form::Test;
use partwise::core::retry::Fault;
use partwise::core::text::json::quote;
use partwise::core::text::{percent_encode, xml};
use partwise::core::upload::{Input, State};

const BEARER: &str = "hunter2";
const OPERATIONS: [&str; 7] = ["create", "sign", "put", "list", "complete", "abort", "head"];

/// Ways in which a request is quoted.
fn quotes() -> Vec<String> {
    let url = signed();
    let query = url.split_once('?').unwrap().1;
    vec![
        format!("PUT {url} failed"),
        format!("cannot PUT\n{url}\nafter 3 attempts"),
        url.trim_start_matches("https://").to_owned(),
        format!("/b/k?{query}"),
        format!("?{query}"),
        format!("&X-Amz-Signature={SIGNATURE}"),
        format!("signature {SIGNATURE} does not match"),
        percent_encode(&url),
        percent_encode(&percent_encode(&url)),
        format!("{{\"url\":{},\"token\":\"{BEARER}\"}}", quote(&url)),
        format!("{{\"url\":{}}}", quote(&url).replace('&', "\\u0026").replace('/', "\\/")),
        quote(&format!("{{\"url\":{},\"authorization\":\"Bearer {BEARER}\"}}", quote(&url))),
        format!("<a href=\"{}\">here</a>", xml::escape(&url)),
        format!("Authorization: Bearer {BEARER}\r\nHost: store"),
        format!("invalid header authorization=Bearer {BEARER}"),
        format!("x-amz-security-token: {TOKEN}"),
        format!("Basic {BEARER} was refused"),
        format!("AWS4-HMAC-SHA256 Credential={BEARER}/20260102, SignedHeaders=host, Signature={SIGNATURE}"),
    ]
}

/// A failure that says so in every place it can.
fn failing(asked: &Asked<'_>, status: u16, text: &str) -> Answer {
    match asked {
        Asked::Sign | Asked::Page(_) => {
            Err(Fault::Page { status: (status != 200).then_some(status), message: text.into(), cause: None })
        }
        Asked::Server(_) => {
            let text = quote(text);
            reply(status, &[], format!("{{\"error\":{text},\"code\":{text},\"requestId\":{text}}}"))
        }
        Asked::Store(_) => {
            let plain = xml::escape(text);
            let body = format!(
                "<Error><Code>{plain}</Code><Message>{plain}</Message><RequestId>{plain}</RequestId></Error>"
            );
            reply(status, &[("x-amz-request-id", text)], body)
        }
    }
}

fn assert_silent(told: &str, about: &str) {
    for secret in [SIGNATURE, TOKEN, SECRET, BEARER, "X-Amz-Signature="] {
        assert!(!told.contains(secret), "{secret} of {about}: {told}");
    }
}

#[test]
fn whatever_fails_and_however_it_is_put_no_secret_is_told_or_stored() {
    let mut failed = 0;
    for by in ALL {
        for (turn, operation) in OPERATIONS.iter().copied().enumerate() {
            for (index, text) in quotes().into_iter().enumerate() {
                let status = [200, 403, 500][(turn + index) % 3];
                let outcome = upload(by, |asked| {
                    // A part the store forgot makes the client list; an upload it has not, look for the object.
                    match (operation, asked.name()) {
                        ("list", "complete") => return Some(refusing(asked, 400, "InvalidPart")),
                        ("head" | "abort", "complete") => return Some(refusing(asked, 404, "NoSuchUpload")),
                        _ => {}
                    }
                    (asked.name() == operation).then(|| failing(asked, status, &text))
                });
                failed += usize::from(outcome.state == State::Failed);
                assert_silent(&outcome.told(), &format!("{by:?} {operation} {status} {text}"));
            }
        }
    }
    assert!(failed > 150, "only {failed} uploads failed");
}

fn refusing(asked: &Asked<'_>, status: u16, code: &str) -> Answer {
    match asked {
        Asked::Sign | Asked::Page(_) => {
            Err(Fault::Page { status: Some(status), message: code.into(), cause: None })
        }
        Asked::Server(_) => reply(status, &[], format!("{{\"error\":\"no\",\"code\":\"{code}\"}}")),
        Asked::Store(_) => reply(status, &[], format!("<Error><Code>{code}</Code></Error>")),
    }
}

#[test]
fn a_failed_removal_warns_without_a_secret() {
    for by in ALL {
        for text in quotes() {
            let outcome = upload_told(by, Some(Input::Cancel), |asked| {
                (asked.name() == "abort").then(|| failing(asked, 500, &text))
            });
            assert_eq!(outcome.state, State::Cancelled);
            assert!(outcome.told().contains("abort-failed"), "{by:?}: {}", outcome.told());
            assert_silent(&outcome.told(), &text);
        }
    }
}

#[test]
fn a_signed_address_in_place_of_a_result_is_not_passed_on() {
    for by in ALL {
        let outcome = upload(by, |asked| match asked {
            Asked::Store(_) if asked.name() == "put" => {
                Some(reply(200, &[("etag", &signed().repeat(2))], ""))
            }
            _ => None,
        });
        assert_eq!((outcome.state, outcome.failure()), (State::Failed, "store"));
        assert_silent(&outcome.told(), "ETag");
        let outcome = upload(by, |_| None);
        assert_eq!(outcome.state, State::Done);
        assert!(outcome.told().contains("https://store/b/k\""), "the object's address: {}", outcome.told());
        assert_silent(&outcome.told(), "location");
    }
}

#[test]
fn a_chunk_endpoint_that_quotes_a_request_is_not_repeated() {
    for text in quotes() {
        let message = quote(&text);
        let json = format!("{{\"result\":false,\"message\":{message},\"code\":{message}}}");
        // 204: the chunk is not there.
        for (of_tests, of_chunks) in [(500, 200), (204, 200), (204, 415), (204, 500)] {
            let mut sent = 0;
            let mut bodies = [json.as_str(), &text].into_iter().cycle();
            let outcome = upload(By::Chunks(Test::Each), |asked| {
                let is_chunk = matches!(asked, Asked::Store(_));
                sent += u32::from(is_chunk);
                let body = match is_chunk {
                    false if of_tests == 204 => "",
                    true if of_chunks == 200 => &json,
                    _ => bodies.next()?,
                };
                Some(reply(if is_chunk { of_chunks } else { of_tests }, &[], body))
            });
            assert_eq!(sent > 0, of_tests == 204);
            assert_eq!(outcome.state, State::Failed, "{of_tests} {of_chunks}");
            assert_silent(&outcome.told(), &format!("{of_tests} {of_chunks} {text}"));
            let quoted = !text.ends_with("was refused") || outcome.told().contains("was refused");
            assert!(quoted, "{of_tests} {of_chunks}: {}", outcome.told());
        }
    }
}

#[test]
fn requests_hide_their_queries_when_printed() {
    let _ = upload(By::SignRequest, |asked| {
        if let Asked::Store(request) | Asked::Server(request) = asked {
            assert_silent(&format!("{request:?}"), "a request");
        }
        None
    });
}
