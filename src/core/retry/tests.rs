use super::*;

fn reply(status: u16, code: &str) -> Fault {
    Fault::Reply { status, error: StoreError { code: code.into(), ..Default::default() }, retry_after: None }
}

#[test]
fn every_row_of_the_table() {
    use Asked::{Backend, Store};
    use Operation::*;
    let network = Fault::NoReply(NoReply::Network);
    let again = |code, congested| Verdict::Retry { code, congested };
    let cases = [
        (PutPart, Store, network.clone(), again(Code::Network, false)),
        (Create, Backend, network, again(Code::Network, false)),
        (PutPart, Store, Fault::Stalled, again(Code::Stalled, true)),
        (
            PutPart,
            Store,
            Fault::NoReply(NoReply::File("NotReadableError".into())),
            Verdict::Fail(Code::FileChanged),
        ),
        (
            PutPart,
            Store,
            Fault::NoReply(NoReply::File("NotFoundError".into())),
            Verdict::Fail(Code::FileUnreadable),
        ),
        (Complete, Store, reply(412, "PreconditionFailed"), Verdict::Fail(Code::Exists)),
        (PutObject, Store, reply(412, ""), Verdict::Fail(Code::Exists)),
        (Complete, Store, reply(409, "FileAlreadyExists"), Verdict::Fail(Code::Exists)),
        (Complete, Store, reply(409, "ConditionalRequestConflict"), Verdict::Relist),
        (PutObject, Store, reply(409, "ConditionalRequestConflict"), again(Code::Store, false)),
        (PutPart, Store, Fault::EtagHidden, Verdict::Fail(Code::EtagHidden)),
        (PutPart, Store, Fault::Mismatch, Verdict::Resign { code: Code::ChecksumMismatch }),
        (PutPart, Store, reply(400, "RequestTimeout"), again(Code::Store, false)),
        (PutPart, Store, reply(400, "BadDigest"), Verdict::Resign { code: Code::ChecksumMismatch }),
        (PutPart, Store, reply(400, "EntityTooLarge"), Verdict::Fail(Code::TooLarge)),
        (PutPart, Store, reply(400, "Whatever"), Verdict::Fail(Code::Store)),
        (PutPart, Store, reply(403, ""), Verdict::Resign { code: Code::Denied }),
        (PutPart, Store, reply(403, "RequestTimeTooSkewed"), Verdict::Resign { code: Code::UrlExpired }),
        (PutPart, Store, reply(400, "ExpiredToken"), Verdict::RefreshCredentials),
        (PutPart, Store, reply(403, "InvalidAccessKeyId"), Verdict::RefreshCredentials),
        (PutPart, Store, reply(404, ""), Verdict::SessionLost),
        (Complete, Backend, reply(404, "NoSuchKey"), Verdict::SessionLost),
        (Head, Backend, reply(404, "NoSuchKey"), Verdict::Fail(Code::Backend)),
        (PutPart, Store, reply(404, "NoSuchBucket"), Verdict::Fail(Code::Store)),
        (PutPart, Store, reply(429, ""), again(Code::Throttled, true)),
        (PutPart, Store, reply(503, "SlowDown"), again(Code::Throttled, true)),
        (PutPart, Store, reply(500, "InternalError"), again(Code::Store, false)),
        (Complete, Store, reply(200, "InternalError"), again(Code::Store, false)),
        (Complete, Store, reply(400, "InvalidPart"), Verdict::Relist),
        (Complete, Store, reply(400, "EntityTooSmall"), Verdict::Fail(Code::Store)),
        (Complete, Backend, reply(404, "NoSuchUpload"), Verdict::SessionLost),
        (ListParts, Backend, reply(500, ""), again(Code::Backend, false)),
        (Create, Backend, reply(401, ""), again(Code::Denied, false)),
        (Sign, Backend, reply(401, ""), again(Code::Denied, false)),
        (Abort, Store, reply(404, ""), Verdict::SessionLost),
        (Create, Backend, reply(403, ""), Verdict::Fail(Code::Denied)),
        (Create, Backend, reply(404, ""), Verdict::Fail(Code::Backend)),
        (Create, Backend, reply(413, ""), Verdict::Fail(Code::TooLarge)),
        (Create, Store, reply(501, "NotImplemented"), Verdict::Fail(Code::Store)),
        (PutPart, Store, reply(400, "SignatureDoesNotMatch"), Verdict::Resign { code: Code::Denied }),
        (PutPart, Store, reply(401, ""), Verdict::Resign { code: Code::Denied }),
        (PutPart, Store, reply(400, "InvalidPart"), Verdict::Fail(Code::Store)),
        (PutPart, Store, reply(400, "SlowDown"), again(Code::Throttled, true)),
        (PutPart, Backend, reply(404, ""), Verdict::SessionLost),
        (Create, Store, reply(400, "KeyTooLongError"), Verdict::Fail(Code::BadKey)),
        (Create, Store, reply(404, ""), Verdict::Fail(Code::Store)),
        (ListParts, Backend, reply(404, "RouteNotFound"), Verdict::Fail(Code::Backend)),
        (Complete, Store, reply(408, ""), again(Code::Store, true)),
        (Complete, Backend, reply(408, ""), again(Code::Backend, true)),
        (Complete, Store, reply(409, ""), again(Code::Store, false)),
        (Create, Backend, reply(501, ""), Verdict::Fail(Code::Backend)),
        (Create, Store, Fault::BadReply(String::new()), again(Code::Store, false)),
        (Create, Backend, Fault::BadReply(String::new()), again(Code::Backend, false)),
        (PutPart, Store, Fault::ReplyTimeout, again(Code::Stalled, true)),
        (
            Sign,
            Backend,
            Fault::Page { status: Some(403), message: String::new(), cause: None },
            Verdict::Fail(Code::Denied),
        ),
        (
            Sign,
            Backend,
            Fault::Page { status: None, message: String::new(), cause: None },
            again(Code::Backend, false),
        ),
    ];
    for (operation, asked, fault, expected) in cases {
        assert_eq!(decide(operation, asked, &fault), expected, "{operation:?} {asked:?} {fault:?}");
    }
}

#[test]
fn a_chunk_that_was_not_taken_is_sent_again_unless_that_is_final() {
    let again = |code, congested| Verdict::Retry { code, congested };
    for (status, permanent, expected) in [
        (400, false, again(Code::Backend, false)),
        (401, false, again(Code::Denied, false)),
        (403, false, again(Code::Denied, false)),
        (408, false, again(Code::Backend, true)),
        (429, false, again(Code::Throttled, true)),
        (503, false, again(Code::Throttled, true)),
        (401, true, Verdict::Fail(Code::Denied)),
        (413, true, Verdict::Fail(Code::TooLarge)),
        (415, true, Verdict::Fail(Code::Backend)),
    ] {
        let fault = Fault::Chunk { status, error: StoreError::default(), retry_after: None, permanent };
        assert_eq!(decide(Operation::PutPart, Asked::Backend, &fault), expected, "{status} {permanent}");
    }
}

#[test]
fn a_store_that_calls_the_request_too_old_gets_a_fresh_url_and_a_backend_does_not() {
    let expired = |status, message: &str| Fault::Reply {
        status,
        error: StoreError { code: "InvalidRequest".into(), message: message.into(), ..Default::default() },
        retry_after: None,
    };
    // The second is Garage's.
    for message in ["Request has expired", "Bad request: Date is too old"] {
        for status in [400, 403] {
            let verdict = decide(Operation::PutPart, Asked::Store, &expired(status, message));
            assert_eq!(verdict, Verdict::Resign { code: Code::UrlExpired });
        }
        let asked_backend = |status| decide(Operation::Sign, Asked::Backend, &expired(status, message));
        assert_eq!(asked_backend(400), Verdict::Fail(Code::Backend));
        assert_eq!(asked_backend(403), Verdict::Fail(Code::Denied));
    }
}

const RETRY: Verdict = Verdict::Retry { code: Code::Network, congested: false };

#[test]
fn what_never_worked_is_given_up_after_five_attempts() {
    let budget = Budget { retry_for: Millis(600_000), advanced: Instant(0), has_worked: false };
    let mut tries = Tries::default();
    let goes_on: Vec<bool> = (0..5).map(|i| tries.count(RETRY, &budget, Instant(i))).collect();
    assert_eq!(goes_on, [true, true, true, true, false]);
}

#[test]
fn what_has_worked_is_tried_for_as_long_as_the_budget_says() {
    let budget = Budget { retry_for: Millis(10_000), advanced: Instant(5000), has_worked: true };
    let mut tries = Tries::default();
    assert!(tries.count(RETRY, &budget, Instant(1000)));
    assert!(tries.count(RETRY, &budget, Instant(14_999)), "bytes advanced at 5 s");
    assert!(!tries.count(RETRY, &budget, Instant(15_000)));
}

#[test]
fn what_never_worked_has_no_more_time_than_what_did() {
    let budget = Budget { retry_for: Millis(10_000), advanced: Instant(0), has_worked: false };
    let mut tries = Tries::default();
    assert!(tries.count(RETRY, &budget, Instant(1000)));
    assert!(!tries.count(RETRY, &budget, Instant(11_000)));
}

#[test]
fn a_fresh_signature_and_fresh_credentials_are_tried_three_times_whatever_failed_before() {
    let budget = Budget { retry_for: Millis(600_000), advanced: Instant(0), has_worked: true };
    for verdict in [Verdict::Resign { code: Code::Denied }, Verdict::RefreshCredentials] {
        let mut tries = Tries::default();
        for _ in 0..7 {
            assert!(tries.count(RETRY, &budget, Instant(0)));
        }
        let goes_on: Vec<bool> = (0..4).map(|_| tries.count(verdict, &budget, Instant(0))).collect();
        assert_eq!(goes_on, [true, true, true, false]);
        assert_eq!((tries.attempts, tries.resigns), (11, 4));
    }
}

#[test]
fn nothing_else_is_tried_again() {
    let budget = Budget { retry_for: Millis(600_000), advanced: Instant(0), has_worked: true };
    for verdict in [Verdict::SessionLost, Verdict::Relist, Verdict::Fail(Code::Store)] {
        assert!(!Tries::default().count(verdict, &budget, Instant(0)), "{verdict:?}");
    }
}

#[test]
fn who_has_worked_is_known_of_each_alone() {
    for (asked, other) in [(Asked::Store, Asked::Backend), (Asked::Backend, Asked::Store)] {
        let mut worked = Worked::default();
        assert!(!worked.has(asked));
        worked.note(asked);
        assert!(worked.has(asked) && !worked.has(other));
    }
}

/// The generator's first numbers as its author's code in C gives them, without their lower 16 bits.
#[test]
fn the_random_numbers_are_those_of_xorshift64_star() {
    let mut jitter = Jitter::new(1);
    let first = [(); 3].map(|()| jitter.next());
    let published = [5_180_492_295_206_395_165, 12_380_297_144_915_551_517, 13_389_498_078_930_870_103];
    assert_eq!(first, published.map(|number: u64| number >> 16));
}

#[test]
fn waits_grow_up_to_their_cap_and_are_spread() {
    let mut jitter = Jitter::new(7);
    for (attempt, ceiling) in [(1, 500), (2, 1000), (4, 4000), (20, 30_000), (u32::MAX, 30_000)] {
        let waits: Vec<u64> = (0..200).map(|_| jitter.wait(attempt, &reply(500, "")).0).collect();
        assert!(waits.iter().all(|w| *w <= ceiling));
        assert!(waits.iter().any(|w| *w < ceiling / 3) && waits.iter().any(|w| *w > ceiling * 2 / 3));
    }
    assert!((0..200).all(|_| jitter.wait(30, &Fault::NoReply(NoReply::Network)).0 <= 10_000));
}

#[test]
fn the_first_wait_is_anything_from_none_to_half_a_second() {
    let mut jitter = Jitter::new(7);
    let waits: Vec<u64> = (0..10_000).map(|_| jitter.wait(1, &Fault::Stalled).0).collect();
    assert_eq!((waits.iter().min(), waits.iter().max()), (Some(&0), Some(&500)));
}

#[test]
fn retry_after_is_honoured_within_reason() {
    let after = |seconds| Fault::Reply {
        status: 503,
        error: StoreError::default(),
        retry_after: Some(Millis::from_secs(seconds)),
    };
    let mut jitter = Jitter::new(1);
    assert!(jitter.wait(1, &after(20)) >= Millis(20_000));
    assert_eq!(jitter.wait(1, &after(1_000_000)), Millis(300_000));
}

#[test]
fn errors_say_what_happened() {
    let text = String::from;
    let page = |status| Fault::Page { status, message: text("signed out"), cause: None };
    let bare = Fault::Reply { status: 500, error: StoreError::default(), retry_after: None };
    for (asked, fault, message) in [
        (
            Asked::Store,
            Fault::NoReply(NoReply::File(text("NotFoundError"))),
            "the file can no longer be read (NotFoundError)",
        ),
        (
            Asked::Store,
            Fault::NoReply(NoReply::Network),
            "no connection to the store, or its CORS rule refuses this page",
        ),
        (
            Asked::Backend,
            Fault::NoReply(NoReply::Network),
            "no connection to the upload backend, or its CORS rule refuses this page",
        ),
        (Asked::Store, Fault::Stalled, "no bytes moved"),
        (Asked::Backend, Fault::ReplyTimeout, "the upload backend did not reply in time"),
        (Asked::Store, Fault::EtagHidden, "the store's reply has no readable ETag header"),
        (Asked::Store, Fault::Mismatch, "the store's checksum differs from that of the bytes read"),
        (Asked::Store, Fault::BadReply(text("no key")), "the store sent an unusable reply: no key"),
        (Asked::Backend, page(None), "signed out"),
        (Asked::Store, bare, "the store answered 500"),
        (Asked::Store, reply(403, "AccessDenied"), "the store answered 403 AccessDenied"),
    ] {
        let error = describe(Operation::PutPart, asked, Code::Store, &fault);
        assert_eq!(error.message, ["put-part: ", message].concat());
    }
    assert_eq!(describe(Operation::Sign, Asked::Backend, Code::Backend, &page(Some(401))).status, Some(401));
}

#[test]
fn errors_quote_what_the_store_said() {
    let fault = Fault::Reply {
        status: 403,
        error: StoreError {
            code: "AccessDenied".into(),
            message: "no".into(),
            request_id: Some("R1".into()),
            server_time: None,
        },
        retry_after: None,
    };
    let e = describe(Operation::Create, Asked::Store, Code::Denied, &fault);
    assert_eq!(e.message, "create: the store answered 403 AccessDenied: no");
    assert_eq!((e.status, e.request_id.as_deref()), (Some(403), Some("R1")));
}

#[test]
fn the_queries_of_addresses_are_left_out_of_messages_and_other_questions_are_not() {
    let fault = Fault::Page {
        status: None,
        message: "what? GET /list?after=3 and https://h/k?X-Amz-Signature=5ec2e7 failed".into(),
        cause: None,
    };
    let e = describe(Operation::Sign, Asked::Backend, Code::Backend, &fault);
    assert_eq!(e.message, "sign: what? GET /list… and https://h/k… failed");
}

#[test]
fn errors_say_what_to_do() {
    use Asked::{Backend, Store};
    for (code, asked, advice) in [
        (Code::EtagHidden, Store, "\"ExposeHeaders\": [\"ETag\"]"),
        (Code::ChecksumMismatch, Store, "SSE-KMS"),
        (Code::FileChanged, Store, "Choose it again to upload what it holds now"),
        (Code::FileUnreadable, Store, "moved, deleted or locked"),
        (Code::Network, Store, "the bucket's CORS rule"),
        (Code::Network, Backend, "the backend runs"),
        (Code::Stalled, Store, "a proxy"),
        (Code::Denied, Store, "policy for this key"),
        (Code::Denied, Backend, "option headers"),
        (Code::UrlExpired, Store, "the clock of whoever signs"),
        (Code::Throttled, Store, "option parallel"),
        (Code::SessionLost, Store, "lifecycle rule"),
        (Code::TooLarge, Backend, "Raise the limit"),
        (Code::Exists, Store, "overwrite: true"),
        (Code::Backend, Backend, "endpoint"),
        (Code::Store, Store, ""),
    ] {
        let error = describe(Operation::PutPart, asked, code, &Fault::Stalled);
        assert!(error.hint.contains(advice), "{code:?}: {}", error.hint);
        assert_eq!(error.hint.is_empty(), advice.is_empty(), "{code:?}");
    }
    let thrown = Fault::Page { status: None, message: String::new(), cause: None };
    let error = describe(Operation::Sign, Backend, Code::Backend, &thrown);
    assert!(error.hint.contains("signRequest"), "{}", error.hint);
    for (code, advice) in
        [("ExpiredToken", "a server or a proxy keep old ones"), ("AccessDenied", "policy for this key")]
    {
        let error = describe(Operation::PutPart, Store, Code::Denied, &reply(403, code));
        assert!(error.hint.contains(advice), "{code}: {}", error.hint);
    }
}

#[test]
fn a_request_id_is_short_and_plain_or_left_out() {
    let longest = "x".repeat(128);
    for (id, told) in [
        ("tx0000-01:a/b_c.d+e=", true),
        (&longest, true),
        (&(longest.clone() + "x"), false),
        ("GET /k?token", false),
        ("a b", false),
    ] {
        let error = StoreError { request_id: Some(id.into()), ..Default::default() };
        let fault = Fault::Reply { status: 500, error, retry_after: None };
        let error = describe(Operation::PutPart, Asked::Store, Code::Store, &fault);
        assert_eq!(error.request_id.as_deref(), told.then_some(id));
    }
}

#[test]
fn what_a_page_quotes_of_the_store_mends_the_session() {
    let page = |status, message: &str| Fault::Page { status, message: message.into(), cause: None };
    let decide = |operation, fault| decide(operation, Asked::Backend, &fault);
    for status in [None, Some(400), Some(500)] {
        let lost = page(status, "<Error><Code>NoSuchUpload</Code></Error>");
        assert_eq!(decide(Operation::ListParts, lost), Verdict::SessionLost);
        assert_eq!(decide(Operation::Complete, page(status, "400 InvalidPart")), Verdict::Relist);
    }
    let again = Verdict::Retry { code: Code::Backend, congested: false };
    assert_eq!(decide(Operation::Sign, page(None, "InvalidPart")), again);
    assert_eq!(decide(Operation::Sign, page(None, "Failed to fetch")), again);
}
