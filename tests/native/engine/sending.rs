//! Parts in flight: signed, sent, verified, given up.

use crate::bytes;
use crate::model::store::md5;
use crate::world::{PART, Trouble, World, config};
use crate::{failure, retries};
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::companion::Companion;
use partwise::core::config::{Config, Verify};
use partwise::core::error::Code;
use partwise::core::schedule::Parallel;
use partwise::core::store::Kind;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, Input, State};

fn with(change: impl Fn(&mut Config)) -> World {
    let mut config = config();
    change(&mut config);
    World::with(config, Backend::Direct(Kind::S3), None)
}

#[test]
fn every_body_is_sent_with_its_md5_where_that_is_wanted() {
    for (size, bodies) in [(PART - 1, 1), (10 * PART + 1, 11)] {
        let mut world = with(|config| config.verify = Verify::ContentMd5);
        world.trouble("PUT 3", 1, Trouble::Reply(500, "InternalError"));
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))));
        assert_eq!(world.store.proven, bodies);
    }
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!(world.store.proven, 0, "it was not wanted");
}

#[test]
fn a_body_that_arrives_damaged_is_refused_and_sent_again() {
    let mut world = with(|config| config.verify = Verify::ContentMd5);
    world.trouble("PUT 3", 1, Trouble::Corrupt);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
    assert_eq!((world.store.proven, world.store.count("PUT 3"), retries(&world)), (5, 2, 1));
}

/// How long a request that gets no reply is waited for, when so many of its bytes have left after a while.
fn patience(size: u64, left: &[u64]) -> (Millis, String) {
    let mut world = with(|config| {
        config.stall_timeout = Millis(10_000);
        config.reply_timeout = Millis(70_000);
        config.parallel = Parallel::Fixed(1);
    });
    world.trouble("PUT", 1, Trouble::Silence);
    let id = world.add("a", bytes(size));
    world.run_until(|w| w.store.count("PUT") == 1);
    for bytes in left {
        world.pass(9000);
        world.progress(id, *bytes);
    }
    let last = world.now.mono;
    world.run_until(|w| retries(w) == 1);
    let message = world.events.iter().find_map(|(_, event)| match event {
        Event::Retry(notice) => Some(notice.error.message.clone()),
        _ => None,
    });
    (world.now.mono.since(last), message.unwrap())
}

#[test]
fn a_request_is_given_up_when_no_byte_moves_and_later_when_only_the_reply_is_missing() {
    let about = |(wait, message): (Millis, String), millis: u64, end: &str| {
        assert!((millis - 10..=millis + 10).contains(&wait.0), "{wait:?} {message}");
        assert!(message.ends_with(end), "{message}");
    };
    about(patience(3 * PART, &[]), 10_000, "no bytes moved");
    about(patience(3 * PART, &[500, 999]), 10_000, "no bytes moved");
    about(patience(3 * PART, &[500, 300]), 10_000, "no bytes moved");
    about(patience(3 * PART, &[500, PART]), 70_000, "did not reply in time");
    // The same count again is no movement.
    about(patience(3 * PART, &[500, 500]), 1000, "no bytes moved");
    // What has no bytes cannot move any.
    about(patience(0, &[]), 10_000, "did not reply in time");
}

#[test]
fn parts_that_wait_for_their_md5_hold_no_slot_but_only_eight_of_them_wait() {
    let mut world = with(|config| config.parallel = Parallel::Fixed(1));
    world.slow_hashes = true;
    let id = world.add("a", bytes(20 * PART));
    world.run_until(|w| w.events.iter().any(|(_, event)| matches!(event, Event::Part { .. })));
    assert_eq!(world.store.count("PUT"), 8);
    world.run();
    assert_eq!((world.state(id), world.store.count("PUT")), (State::Done, 20));
}

#[test]
fn slots_are_counted_from_signing_to_the_reply() {
    let mut world = with(|config| config.parallel = Parallel::Fixed(12));
    let id = world.add("a", bytes(20 * PART));
    assert_eq!(world.engine.upload(id).unwrap().held_slots(), 0);
    world.run_until(|w| w.state(id) == State::Uploading);
    assert_eq!((world.engine.upload(id).unwrap().held_slots(), world.engine.held_slots()), (12, 12));
    world.slow_hashes = true;
    world.trouble("PUT", 99, Trouble::Silence);
    world.run_until(|w| w.troubles[0].1 == 99 - 12);
    assert_eq!(world.engine.upload(id).unwrap().held_slots(), 12);
    world.tell(id, Input::Pause);
    assert_eq!((world.engine.upload(id).unwrap().held_slots(), world.engine.held_slots()), (0, 0));
}

#[test]
fn an_etag_is_dispensable_only_for_an_unverified_single_request() {
    for (size, verify, code) in [
        (PART - 1, Verify::Off, None),
        (PART - 1, Verify::Etag, Some(Code::EtagHidden)),
        (3 * PART, Verify::Off, Some(Code::EtagHidden)),
    ] {
        let mut world = with(|config| config.verify = verify);
        world.trouble("PUT", 99, Trouble::NoEtag);
        let id = world.add("a", bytes(size));
        world.run();
        match code {
            None => assert_eq!(world.state(id), State::Done),
            Some(code) => assert_eq!(failure(&world), code),
        }
    }
}

#[test]
fn a_single_request_tells_where_the_object_is() {
    let mut world = World::new();
    world.add("a", bytes(PART - 1));
    world.run();
    let result = world.events.iter().find_map(|(_, event)| match event {
        Event::Done(result) => Some(result.clone()),
        _ => None,
    });
    let result = result.unwrap();
    assert_eq!((result.location.as_deref(), result.key.as_str()), (Some("https://store/b/a"), "a"));
    let md5 = md5(&bytes(PART - 1));
    assert_eq!((result.etag, result.md5), (Some(md5.to_hex()), Some(md5)));
}

#[test]
fn the_key_that_the_server_chose_for_a_single_request_is_told() {
    let mut world = companion(|_| {});
    world.trouble(
        "sign object",
        1,
        Trouble::Body(r#"{"method":"PUT","url":"https://store/b/2026/a?","key":"2026/a"}"#),
    );
    world.add("a", bytes(PART - 1));
    world.run();
    let told = world.events.iter().find_map(|(_, event)| match event {
        Event::Done(result) => Some(result.key.clone()),
        _ => None,
    });
    assert_eq!((told.as_deref(), world.store.object("2026/a")), (Some("2026/a"), Some(bytes(PART - 1))));
}

fn companion(change: impl Fn(&mut Config)) -> World {
    let mut config = config();
    change(&mut config);
    World::with(config, Backend::Companion(Companion::new("/s3")), None)
}

fn signed(world: &World) -> Vec<String> {
    let signs = world.store.requests.iter().filter(|request| request.starts_with("sign"));
    signs.map(|request| request.rsplit(['/', '=']).next().unwrap().replace("%2C", ",")).collect()
}

#[test]
fn parts_are_signed_eight_at_a_time_each_once_and_before_the_last_url_is_used() {
    let mut world = companion(|config| config.parallel = Parallel::Fixed(2));
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(20 * PART))));
    assert_eq!(signed(&world), ["1,2,3,4,5,6,7,8", "9,10,11,12,13,14,15,16", "17,18,19,20"]);
    let at = |begin: &str, nth| {
        world.store.requests.iter().enumerate().filter(|(_, r)| r.starts_with(begin)).nth(nth)
    };
    let order = [at("sign", 1), at("PUT 9", 0), at("sign", 2), at("PUT 17", 0)].map(|found| found.unwrap().0);
    assert!(order.is_sorted(), "{:?}", world.store.requests);
    let replied_before = world.store.requests[..order[0]].iter().filter(|r| r.starts_with("PUT")).count();
    assert!(replied_before < 8, "a slot would wait");
}

#[test]
fn however_many_parts_are_sent_at_a_time_one_call_signs_eight() {
    for parallel in [1, 4, 8, 32] {
        let mut world = companion(|config| config.parallel = Parallel::Fixed(parallel));
        world.add("a", bytes(40 * PART));
        world.run();
        assert_eq!(signed(&world).len(), 5, "{parallel}");
    }
}

#[test]
fn parts_whose_md5_is_signed_are_signed_one_by_one() {
    let mut world = companion(|config| config.verify = Verify::ContentMd5);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.proven, signed(&world).len()), (State::Done, 5, 5));
}

#[test]
fn urls_that_were_signed_ahead_are_used_for_three_quarters_of_their_life_and_at_most_a_minute() {
    let (kept, anew) = ("4,9,10,11", "4,5,6,7,8,9,10,11");
    for (life, pause, second) in
        [(900, 59_000, kept), (900, 61_000, anew), (40, 29_000, kept), (40, 31_000, anew)]
    {
        let mut world = companion(|config| config.parallel = Parallel::Fixed(1));
        world.store.url_life = life;
        let id = world.add("a", bytes(16 * PART));
        world.run_until(|w| w.store.count("PUT") == 3);
        // The URL of part 4 is used up, those of parts 5 to 8 are not.
        world.tell(id, Input::Pause);
        world.pass(pause);
        world.tell(id, Input::Resume);
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(signed(&world), ["1,2,3,4,5,6,7,8", second, "12,13,14,15,16"]);
    }
}

#[test]
fn a_retry_comes_when_it_was_told() {
    let mut world = with(|config| config.parallel = Parallel::Fixed(1));
    world.trouble("PUT 3", 1, Trouble::Reply(500, "InternalError"));
    world.add("a", bytes(3 * PART));
    world.run_until(|w| retries(w) == 1);
    let delay = world.events.iter().find_map(|(_, event)| match event {
        Event::Retry(notice) => Some((notice.delay, notice.attempt)),
        _ => None,
    });
    let (delay, attempt) = delay.unwrap();
    let due: Instant = world.now.mono + delay;
    world.run_until(|w| w.store.count("PUT 3") == 2);
    assert!(attempt == 1 && world.now.mono >= due && world.now.mono.since(due) < Millis(5));
}

#[test]
fn a_store_that_is_overrun_is_left_alone_for_half_a_second() {
    for (status, rest) in [(503, true), (400, false)] {
        let mut world = with(|config| config.parallel = Parallel::Fixed(1));
        let code = if rest { "SlowDown" } else { "RequestTimeout" };
        world.trouble("PUT 2", 1, Trouble::Reply(status, code));
        world.add("a", bytes(5 * PART));
        world.run_until(|w| retries(w) == 1);
        let start = world.now.mono;
        world.run_until(|w| w.store.count("PUT") == 3);
        assert_eq!(world.now.mono.since(start) >= Millis(500), rest, "{code}");
    }
}

#[test]
fn a_single_request_has_no_session_to_lose() {
    for (backend, to, code) in [
        (Backend::Direct(Kind::S3), "PUT", Code::Store),
        (
            Backend::Callbacks(Callbacks { has_object: true, has_batch: false, has_find: false }),
            "sign",
            Code::Backend,
        ),
    ] {
        let mut world = World::with(config(), backend, None);
        world.trouble(to, 99, Trouble::Reply(404, "NoSuchUpload"));
        let id = world.add("a", bytes(PART - 1));
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, code));
    }
}

#[test]
fn a_file_that_goes_away_before_its_parts_are_verified_fails_the_upload() {
    let mut world = World::new();
    let id = world.add("a", bytes(3 * PART));
    world.run_until(|w| w.state(id) == State::Uploading);
    world.slow_hashes = true;
    world.run_until(|w| w.store.count("PUT") == 3);
    world.file_exception = Some("NotReadableError".into());
    world.step();
    world.collect();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::FileChanged));
}

#[test]
fn after_a_refused_signature_nothing_signed_before_it_is_used() {
    let mut world = companion(|config| config.parallel = Parallel::Fixed(1));
    world.trouble("PUT 3", 1, Trouble::Reply(403, "AccessDenied"));
    let id = world.add("a", bytes(16 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    let signed = signed(&world);
    let again = signed[1..].iter().flat_map(|batch| batch.split(',')).filter(|part| *part == "4").count();
    assert_eq!((signed[0].as_str(), again), ("1,2,3,4,5,6,7,8", 1), "{signed:?}");
}

#[test]
fn a_url_is_used_again_where_only_the_connection_broke_and_not_after_a_minute() {
    let asked_for_2 = |passes: u64| {
        let mut world = companion(|config| config.parallel = Parallel::Fixed(1));
        world.trouble("PUT 2", 1, Trouble::Network);
        let id = world.add("a", bytes(6 * PART));
        world.run_until(|world| retries(world) == 1);
        world.pass(passes);
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(6 * PART))));
        signed(&world).iter().flat_map(|batch| batch.split(',')).filter(|part| *part == "2").count()
    };
    assert_eq!((asked_for_2(50_000), asked_for_2(61_000)), (1, 2));
}

#[test]
fn a_url_of_refused_credentials_is_not_used_again_when_its_connection_breaks_later() {
    let mut world = companion(|config| config.parallel = Parallel::Fixed(2));
    world.trouble("PUT 1", 1, Trouble::Reply(403, "AccessDenied"));
    world.trouble("PUT 2", 1, Trouble::Network);
    let id = world.add("a", bytes(6 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    // One by one, since the others have been signed anew by then.
    let signed = signed(&world);
    assert_eq!(signed[2..], ["a", "a"], "{signed:?}");
}

#[test]
fn as_many_small_files_are_sent_as_can_be_while_others_get_ready() {
    let auto = Config { parallel: Parallel::Auto, ..config() };
    let mut world = World::with(auto, Backend::Direct(Kind::S3), None);
    world.remote_signing = true;
    for number in 0..20 {
        world.add(&number.to_string(), bytes(PART / 10));
    }
    world.trouble("PUT", 99, Trouble::Silence);
    world.run_for(Millis(1000));
    let begun = world.engine.unfinished().filter(|id| world.state(*id) != State::Queued).count();
    assert_eq!((world.engine.held_slots(), begun), (5, 8));
}

#[test]
fn urls_for_later_are_kept_though_earlier_ones_are_still_missing() {
    let mut world = companion(|config| config.parallel = Parallel::Fixed(12));
    world.trouble("sign", 1, Trouble::Silence);
    let id = world.add("a", bytes(16 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(16 * PART))));
    let later = signed(&world).iter().flat_map(|batch| batch.split(',')).filter(|part| *part == "16").count();
    assert_eq!(later, 1, "{:?}", signed(&world));
}

#[test]
fn a_link_that_breaks_in_the_middle_of_every_body_is_not_taken_for_a_store_that_never_answers() {
    for (left, state) in [
        (PART / 4, State::Failed),
        (PART / 2, State::Failed),
        (PART / 2 + 1, State::Done),
        (PART - 1, State::Done),
        // It is the reply that is missing.
        (PART, State::Failed),
    ] {
        let mut world = companion(|_| {});
        world.trouble("PUT", 18, Trouble::Silence);
        let id = world.add("a", bytes(3 * PART));
        world.run_until(|world| world.store.count("PUT") == 3);
        world.progress(id, left);
        world.run();
        assert_eq!(world.state(id), state, "{left}");
    }
}
