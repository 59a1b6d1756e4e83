//! Failed requests: again, signed anew, or given up.

use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure, retries};
use partwise::core::backend::Backend;
use partwise::core::error::Code;
use partwise::core::http::MAX_REPLY_BYTES;
use partwise::core::schedule::Parallel;
use partwise::core::store::Kind;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, Input, State};

#[test]
fn a_part_whose_etag_differs_is_sent_again() {
    let mut world = World::new();
    world.trouble("PUT 2", 1, Trouble::Corrupt);
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
    assert_eq!(world.store.count("PUT 2"), 2);
}

#[test]
fn a_part_that_always_arrives_damaged_fails_the_upload() {
    let mut world = World::new();
    world.trouble("PUT 2", 99, Trouble::Corrupt);
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::ChecksumMismatch));
    assert_eq!(world.store.object("a"), None);
}

#[test]
fn a_hidden_etag_fails_at_the_first_part() {
    let mut world = World::new();
    world.trouble("PUT", 99, Trouble::NoEtag);
    let id = world.add("a", bytes(50 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::EtagHidden));
    assert!(world.store.count("PUT") <= 3);
}

#[test]
fn errors_of_the_store_are_retried_and_cost_nothing_but_their_parts() {
    let mut world = World::new();
    world.trouble("PUT", 6, Trouble::Reply(503, "SlowDown"));
    world.trouble("create", 2, Trouble::Reply(500, "InternalError"));
    world.trouble("complete", 1, Trouble::Reply(200, "InternalError"));
    let id = world.add("a", bytes(12 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(12 * PART))));
    assert_eq!((world.store.count("PUT"), retries(&world)), (12 + 6, 9));
}

#[test]
fn while_connections_break_parts_are_sent_one_after_the_other() {
    let mut config = config();
    config.parallel = Parallel::Auto;
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(30 * PART));
    world.run_until(|world| world.store.count("PUT") >= 20);
    assert_eq!(world.most_in_flight, 5);
    world.trouble("PUT", 12, Trouble::Network);
    world.run_until(|world| world.troubles.is_empty());
    world.most_in_flight = 0;
    let sent = world.store.count("PUT");
    world.run_until(|world| world.store.count("PUT") >= sent + 4);
    assert!(world.most_in_flight <= 2, "{} at a time", world.most_in_flight);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(30 * PART))));
}

#[test]
fn a_refused_token_is_asked_for_again_for_minutes_once_one_was_taken() {
    let mut world = World::new();
    world.remote_signing = true;
    let id = world.add("a", bytes(12 * PART));
    world.run_until(|world| world.store.count("PUT") >= 3);
    world.trouble("sign", 30, Trouble::Reply(401, ""));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(12 * PART))));
}

#[test]
fn a_success_with_an_error_in_its_body_is_no_success() {
    for size in [PART - 1, 3 * PART] {
        let mut world = World::with(World::unverified(), Backend::Direct(Kind::S3), None);
        world.trouble("PUT", 1, Trouble::Reply(200, "InternalError"));
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))));
    }
}

#[test]
fn what_never_works_fails_soon_and_resume_tries_again() {
    let mut world = World::new();
    world.network = false;
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Network));
    assert!(world.now.mono < Instant(60_000));
    world.network = true;
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
}

#[test]
fn a_store_that_never_answered_is_given_up_soon_though_the_signing_works() {
    let mut world = World::new();
    world.trouble("PUT", 999, Trouble::Network);
    world.trouble("create", 999, Trouble::Network);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Network));
    assert!(world.now.mono < Instant(60_000));
}

#[test]
fn a_second_file_outlasts_an_outage_because_the_first_one_worked() {
    let mut world = World::new();
    world.add("a", bytes(5 * PART));
    world.run();
    world.network = false;
    let id = world.add("b", bytes(5 * PART));
    world.run_for(Millis::from_secs(200));
    world.network = true;
    world.run();
    assert_eq!((world.state(id), world.store.object("b")), (State::Done, Some(bytes(5 * PART))));
}

#[test]
fn an_outage_of_minutes_is_survived_and_one_beyond_the_budget_is_not() {
    for (outage, state) in [(Millis::from_secs(300), State::Done), (Millis::from_secs(3600), State::Failed)] {
        let mut world = World::new();
        let id = world.add("a", bytes(10 * PART));
        world.run_until(|w| w.store.count("PUT") == 4);
        world.network = false;
        world.run_for(outage);
        world.network = true;
        world.run();
        assert_eq!(world.state(id), state, "{outage:?}");
    }
}

#[test]
fn an_expired_url_is_signed_again() {
    let mut world = World::new();
    world.trouble("PUT 2", 2, Trouble::Reply(403, "AccessDenied"));
    let id = world.add("a", bytes(4 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(4 * PART))));
}

#[test]
fn a_store_that_refuses_every_signature_fails_as_denied() {
    let mut world = World::new();
    world.trouble("PUT", 999, Trouble::Reply(403, "AccessDenied"));
    let id = world.add("a", bytes(4 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Denied));
    assert!(world.store.count("PUT") <= 16);
}

#[test]
fn a_request_that_hangs_is_replaced() {
    let mut world = World::new();
    world.trouble("PUT 2", 1, Trouble::Silence);
    let id = world.add("a", bytes(4 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(4 * PART))));
    assert!(world.now.mono >= Instant(30_000));
}

#[test]
fn a_reply_to_a_part_that_does_not_end_is_no_success() {
    let mut world = World::new();
    let endless: &'static str = "x".repeat(MAX_REPLY_BYTES).leak();
    world.trouble("PUT 2", 1, Trouble::Body(endless));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.count("PUT 2")), (State::Done, 2));
    assert_eq!(retries(&world), 1);
}

#[test]
fn an_etag_is_taken_up_to_128_bytes() {
    for (length, retried) in [(128, 0), (129, 1), (100_000, 1)] {
        let mut world = World::with(World::unverified(), Backend::Direct(Kind::S3), None);
        world.trouble("PUT 1", 1, Trouble::LongEtag(length));
        world.add("a", bytes(2 * PART));
        world.run_until(|w| w.store.count("complete") == 1);
        assert_eq!(retries(&world), retried, "{length}");
    }
}

#[test]
fn a_signer_that_has_signed_a_control_call_is_not_taken_for_misconfigured() {
    let mut world = World::new();
    world.remote_signing = true;
    let id = world.add("a", bytes(1 + PART));
    world.run_until(|w| w.store.count("create") == 1);
    world.trouble("sign", 12, Trouble::Reply(500, "it fails"));
    world.run();
    assert_eq!((world.state(id), world.troubles[0].1), (State::Done, 0));
}

#[test]
fn what_waits_for_the_link_goes_on_as_soon_as_anything_gets_through() {
    let mut config = config();
    config.parallel = Parallel::Fixed(2);
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    world.add("before", bytes(PART / 2));
    world.run();
    world.network = false;
    let first = world.add("a", bytes(PART / 2));
    let waits_long =
        |(_, event): &(_, Event)| matches!(event, Event::Retry(notice) if notice.delay > Millis(3000));
    world.run_until(|world| world.events.last().is_some_and(waits_long));
    world.network = true;
    let second = world.add("b", bytes(PART / 2));
    world.run_until(|world| world.state(second) == State::Done);
    let back = world.now.mono;
    world.run_until(|world| world.state(first) == State::Done);
    assert!(world.now.mono.since(back).0 < 100, "{:?}", world.now.mono.since(back));
}

#[test]
fn a_connection_that_breaks_on_its_way_is_replaced_at_once_but_only_once() {
    let mut world = World::new();
    world.trouble("PUT 1", 2, Trouble::Network);
    let id = world.add("a", bytes(3 * PART));
    let delays = |world: &World| -> Vec<Millis> {
        let told = world.events.iter().filter_map(|(_, event)| match event {
            Event::Retry(notice) => Some(notice.delay),
            _ => None,
        });
        told.collect()
    };
    world.run_until(|world| world.store.count("create") == 1);
    for failures in 1..=2 {
        world.progress(id, PART / 2);
        world.run_until(|world| delays(world).len() == failures);
    }
    let delays = delays(&world);
    assert!(delays[0] == Millis(0) && delays[1] > Millis(0), "{delays:?}");
    world.run();
    assert_eq!(world.state(id), State::Done);
}

#[test]
fn a_server_that_says_yes_to_everything_has_not_worked() {
    let mut world = World::new();
    world.trouble("create", usize::MAX, Trouble::Body("<!doctype html>"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!(
        (world.state(id), failure(&world), world.store.count("create")),
        (State::Failed, Code::Store, 5)
    );
}
