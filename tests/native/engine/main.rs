//! The engine in a small simulated world: what the store holds, the state, the error code.
#![cfg(not(target_family = "wasm"))]
// What is missing here is a failing test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod soak;
mod world;

use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::direct::LocalSigner;
use partwise::core::checkpoint::headers;
use partwise::core::error::Code;
use partwise::core::store::s3::Bucket;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, Input, State};
use world::{PART, Trouble, World, config, md5};

fn bytes(len: u64) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

fn failure(world: &World) -> Code {
    let failed = world.events.iter().find_map(|(_, event)| match event {
        Event::Failed(error) => Some(error.code),
        _ => None,
    });
    failed.expect("it failed")
}

fn retries(world: &World) -> usize {
    world.events.iter().filter(|(_, event)| matches!(event, Event::Retry(_))).count()
}

#[test]
fn a_file_in_parts_arrives_whole_and_leaves_nothing_behind() {
    let mut world = World::new();
    let id = world.add("a.bin", bytes(10 * PART + 1));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert_eq!(world.store.object("a.bin"), Some(&bytes(10 * PART + 1)));
    assert_eq!(world.store.count("PUT"), 11);
    assert!(world.storage.is_empty() && world.store.sessions.is_empty());
    assert!(world.most_in_flight <= 3);
    assert_eq!(world.engine.poll_timeout(world.now), None, "no timer after the end");
}

#[test]
fn sizes_around_the_part_size_arrive() {
    for (size, requests) in [
        (0, vec!["PUT object"]),
        (1, vec!["PUT object"]),
        (PART - 1, vec!["PUT object"]),
        (PART, vec!["create", "PUT 1", "complete"]),
        (PART + 1, vec!["create", "PUT 1", "PUT 2", "complete"]),
        (2 * PART, vec!["create", "PUT 1", "PUT 2", "complete"]),
    ] {
        let mut world = World::new();
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(size))), "{size}");
        assert_eq!(world.store.requests, requests, "{size}");
    }
}

#[test]
fn after_a_reload_only_parts_that_were_not_confirmed_are_sent() {
    let mut world = World::new();
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
    let confirmed: Vec<u32> = world
        .events
        .iter()
        .filter_map(|(_, e)| match e {
            Event::Part { number, .. } => Some(number.get()),
            _ => None,
        })
        .collect();
    let mut world = world.reload(config());
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(20 * PART))));
    assert_eq!(world.store.count("create"), 0);
    for part in confirmed {
        assert!(!world.store.requests.contains(&format!("PUT {part}")), "{part} was sent again");
    }
}

#[test]
fn parts_the_store_lost_or_somebody_else_wrote_are_sent_again() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") >= 8 && w.storage.len() > 1);
    let session = world.store.sessions.values_mut().next().unwrap();
    session.parts.remove(&2);
    session.parts.insert(3, bytes(PART));
    session.parts.insert(4, vec![0; 7]);
    let mut world = world.reload(config());
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
    for part in [2, 3, 4] {
        assert_eq!(world.store.count(&format!("PUT {part}")), 1);
    }
}

#[test]
fn another_file_of_the_same_name_and_size_never_continues_the_first() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") >= 5);
    let mut world = world.reload(config());
    let other: Vec<u8> = bytes(10 * PART).iter().map(|b| b ^ 0xff).collect();
    let id = world.add("a", other.clone());
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&other)));
    assert_eq!(world.store.count("PUT"), 10);
}

#[test]
fn the_same_file_for_another_key_never_continues_the_first() {
    for config in [config, World::md5_identity] {
        let mut world = World::with(config(), Backend::Direct, None);
        world.add("a", bytes(10 * PART));
        world.run_until(|w| w.store.count("PUT") >= 5);
        let mut world = world.reload(config());
        let id = world.add_as("a", "elsewhere", bytes(10 * PART));
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(world.store.object("elsewhere"), Some(&bytes(10 * PART)));
        assert_eq!(world.store.object("a"), None);
    }
}

#[test]
fn a_changed_part_size_goes_on_with_the_old_geometry() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") >= 5);
    let mut config = config();
    config.part_size = partwise::core::plan::PartSize::Bytes(3 * PART);
    let mut world = world.reload(config);
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
    assert!(world.store.count("PUT") < 10);
}

#[test]
fn a_part_whose_etag_differs_is_sent_again() {
    let mut world = World::new();
    world.trouble("PUT 2", 1, Trouble::Corrupt);
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(3 * PART))));
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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(12 * PART))));
    assert_eq!((world.store.count("PUT"), retries(&world)), (12 + 6, 9));
}

#[test]
fn a_success_with_an_error_in_its_body_is_no_success() {
    for size in [PART - 1, 3 * PART] {
        let mut world = World::with(World::unverified(), Backend::Direct, None);
        world.trouble("PUT", 1, Trouble::Reply(200, "InternalError"));
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(size))));
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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(3 * PART))));
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
    assert_eq!((world.state(id), world.store.object("b")), (State::Done, Some(&bytes(5 * PART))));
}

#[test]
fn an_unverified_small_file_still_gets_the_md5_it_was_asked_for() {
    let mut config = World::md5_identity();
    config.verify = partwise::core::config::Verify::Off;
    let mut world = World::with(config, Backend::Direct, None);
    world.add("a", bytes(PART / 2));
    world.run();
    let md5 = world.events.iter().find_map(|(_, e)| match e {
        Event::Done(result) => result.md5,
        _ => None,
    });
    assert_eq!(md5, Some(world::md5(&bytes(PART / 2))));
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
fn being_offline_costs_no_attempt_and_coming_back_is_noticed_at_once() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.network = false;
    world.online(false);
    assert_eq!(world.state(id), State::Offline);
    let before = retries(&world);
    world.run_for(Millis::from_secs(7200));
    assert_eq!((world.state(id), retries(&world)), (State::Offline, before));
    world.network = true;
    let back = world.now.mono;
    world.online(true);
    world.run_until(|w| w.store.count("PUT") > 4);
    assert!(world.now.mono.since(back) < Millis(1000));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
}

#[test]
fn functions_of_the_page_that_fail_while_offline_cost_no_attempt() {
    let mut world = World::new();
    world.remote_signing = true;
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.network = false;
    world.online(false);
    world.run_for(Millis::from_secs(7200));
    assert_eq!((world.state(id), retries(&world)), (State::Offline, 0));
    world.network = true;
    world.online(true);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
}

#[test]
fn what_failed_before_a_long_break_is_not_held_against_what_fails_after_it() {
    for (part, request) in [("PUT 5", "PUT 5"), ("complete", "complete"), ("list", "list")] {
        for pauses in [true, false] {
            let mut world = World::new();
            world.add("a", bytes(10 * PART));
            if request == "list" {
                world.run_until(|w| w.store.count("PUT") == 4);
                world = world.reload(config());
                world.add("a", bytes(10 * PART));
            }
            let id = world.engine.unfinished().next().unwrap();
            world.trouble(part, 1, Trouble::Reply(500, "InternalError"));
            world.run_until(|w| retries(w) == 1);
            let pause = |world: &mut World, on: bool| match (pauses, on) {
                (true, true) => world.tell(id, Input::Pause),
                (true, false) => world.tell(id, Input::Resume),
                (false, on) => world.online(!on),
            };
            world.network = false;
            pause(&mut world, true);
            world.pass(7_200_000);
            world.trouble(part, 1, Trouble::Reply(500, "InternalError"));
            world.network = true;
            pause(&mut world, false);
            world.run();
            assert_eq!(world.state(id), State::Done, "{request}, pauses: {pauses}");
        }
    }
}

#[test]
fn a_reply_that_comes_while_offline_counts() {
    let mut world = World::with(World::unverified(), Backend::Direct, None);
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    // All bytes are out, only the replies are missing.
    world.progress(id, PART);
    world.pass(1000);
    world.online(false);
    world.run_until(|w| w.store.count("PUT") == 4);
    let part = world.store.requests.last().cloned().unwrap();
    world.run();
    assert_eq!(world.store.count(&part), 1, "{part} was sent twice");
}

#[test]
fn a_browser_that_is_wrong_about_being_offline_does_not_stop_uploads() {
    let mut world = World::new();
    world.online(false);
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
    assert!(world.now.mono < Instant(10_000));
}

#[test]
fn the_offline_timeout_ends_the_wait() {
    let mut config = config();
    config.offline_timeout = Some(Millis(60_000));
    let mut world = World::with(config, Backend::Direct, None);
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.network = false;
    world.online(false);
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::OfflineTimeout));
}

#[test]
fn the_offline_timeout_counts_from_when_the_upload_begins_to_wait() {
    let mut config = config();
    config.offline_timeout = Some(Millis(60_000));
    let mut world = World::with(config, Backend::Direct, None);
    world.now.mono = Instant(3_600_000);
    world.network = false;
    world.online(false);
    world.run_for(Millis(120_000));
    let id = world.add("a", bytes(3 * PART));
    for _ in 0..2 {
        world.run_for(Millis(50_000));
        assert_eq!(world.state(id), State::Offline);
        world.run_for(Millis(20_000));
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::OfflineTimeout));
        world.tell(id, Input::Resume);
    }
}

#[test]
fn an_expired_url_is_signed_again() {
    let mut world = World::new();
    world.trouble("PUT 2", 2, Trouble::Reply(403, "AccessDenied"));
    let id = world.add("a", bytes(4 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(4 * PART))));
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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(4 * PART))));
    assert!(world.now.mono >= Instant(30_000));
}

#[test]
fn pausing_leaves_no_request_and_resuming_goes_on() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.tell(id, Input::Pause);
    let sent = world.store.requests.len();
    world.run_for(Millis::from_secs(3600));
    assert_eq!((world.state(id), world.store.requests.len()), (State::Paused, sent));
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
    assert_eq!(world.store.count("PUT"), 10);
}

#[test]
fn cancelling_removes_the_upload_at_the_store_and_in_storage() {
    for moment in ["create", "PUT", "complete"] {
        let mut world = World::new();
        world.trouble("complete", 1, Trouble::Silence);
        let id = world.add("a", bytes(10 * PART));
        world.run_until(|w| w.store.count(moment) > 0);
        world.tell(id, Input::Cancel);
        world.run();
        assert_eq!(world.state(id), State::Cancelled, "{moment}");
        assert!(world.store.sessions.is_empty() && world.storage.is_empty(), "{moment}");
        assert_eq!(world.engine.poll_timeout(world.now), None);
    }
}

#[test]
fn cancelling_while_creating_ends_soon_whatever_becomes_of_the_create() {
    for trouble in [Trouble::Network, Trouble::Silence, Trouble::Reply(503, "SlowDown")] {
        for remote in [false, true] {
            let mut world = World::new();
            world.remote_signing = remote;
            world.trouble("create", 99, trouble.clone());
            let id = world.add("a", bytes(3 * PART));
            world.run_until(|w| w.state(id) == State::Starting);
            world.network = false;
            world.online(false);
            world.tell(id, Input::Cancel);
            world.run_for(Millis(31_000));
            assert_eq!(world.state(id), State::Cancelled);
            assert_eq!((world.locks(), world.engine.poll_timeout(world.now)), (0, None));
        }
    }
}

#[test]
fn cancelling_before_the_create_is_signed_creates_nothing() {
    let mut world = World::new();
    world.remote_signing = true;
    let id = world.add("a", bytes(3 * PART));
    world.run_until(|w| w.state(id) == State::Starting);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.requests.len()), (State::Cancelled, 0));
}

#[test]
fn cancelling_while_paused_or_failed_works_too() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.tell(id, Input::Pause);
    world.tell(id, Input::Cancel);
    world.run();
    assert!(world.store.sessions.is_empty() && world.storage.is_empty());

    let mut world = World::new();
    world.trouble("PUT 5", 99, Trouble::Reply(400, "Whatever"));
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!(world.state(id), State::Failed);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!(world.state(id), State::Cancelled);
    assert!(world.store.sessions.is_empty() && world.storage.is_empty());
}

#[test]
fn a_cancel_that_cannot_reach_the_store_ends_with_a_warning() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.network = false;
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!(world.state(id), State::Cancelled);
    assert!(world.events.iter().any(|(_, e)| matches!(e, Event::Warning { code: "abort-failed", .. })));
}

#[test]
fn cancelling_one_that_waits_for_the_lock_leaves_the_others_records_alone() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 3 && w.storage.len() > 1);
    let second = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.locks() == 2);
    world.tell(second, Input::Cancel);
    assert_eq!(world.state(second), State::Cancelled);
    let mut world = world.reload(config());
    world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!(world.store.count("create"), 0);
}

#[test]
fn cancelling_after_a_second_failure_still_removes_the_upload_at_the_store() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.file_exception = Some("NotReadableError".into());
    world.run();
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!(world.state(id), State::Failed);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!(world.state(id), State::Cancelled);
    assert!(world.store.sessions.is_empty() && world.storage.is_empty());
}

#[test]
fn what_is_found_in_storage_and_cancelled_before_it_is_taken_over_is_not_lost() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    let mut world = world.reload(config());
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.locks() == 1);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.sessions.len()), (State::Cancelled, 1));
    assert!(!world.storage.is_empty(), "pending() still shows it");
}

#[test]
fn what_can_no_longer_be_resumed_can_still_be_discarded() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    let mut config = config();
    config.limits.min_part = 2 * PART;
    let mut world = world.reload(config);
    let records: Vec<_> = world.storage.clone().into_iter().collect();
    let (header, _) = headers(&records).remove(0);
    let id = world.engine.discard(&header, world.now).unwrap();
    world.run();
    assert_eq!(world.state(id), State::Cancelled);
    assert!(world.store.sessions.is_empty() && world.storage.is_empty());
}

#[test]
fn an_upload_id_that_vanished_is_replaced() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 5);
    world.store.sessions.clear();
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
    assert_eq!(world.store.count("create"), 2);
}

#[test]
fn an_upload_id_that_vanished_while_the_page_was_closed_is_replaced() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 5);
    let mut world = world.reload(config());
    world.store.sessions.clear();
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(10 * PART))));
}

#[test]
fn a_lost_reply_to_complete_is_found_out_without_sending_anything_again() {
    let mut world = World::new();
    world.trouble("complete", 1, Trouble::ReplyLost);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(5 * PART))));
    assert_eq!((world.store.count("PUT"), world.store.count("head")), (5, 1));
}

/// All parts have arrived, and the session is gone before it is completed.
fn lost_at_the_end(backend: Backend) -> World {
    let mut world = World::with(config(), backend, None);
    world.add("a", bytes(5 * PART));
    world.trouble("complete", 1, Trouble::Network);
    world.run_until(|w| w.events.iter().any(|(_, e)| matches!(e, Event::Retry(_))));
    world.store.sessions.clear();
    world
}

#[test]
fn a_backend_that_cannot_look_for_the_object_starts_anew() {
    let mut world = lost_at_the_end(Backend::Callbacks(Callbacks { has_object: true }));
    world.run();
    assert_eq!(world.store.object("a"), Some(&bytes(5 * PART)));
}

#[test]
fn another_object_of_the_same_size_is_not_taken_for_ours() {
    for etag in [md5(b"other").to_hex(), format!("{}-5", md5(b"other").to_hex())] {
        let mut world = lost_at_the_end(Backend::Direct);
        world.store.objects.insert("a".into(), vec![0; 5 * PART as usize]);
        world.store.head_etag = etag;
        world.run();
        assert_eq!(world.store.object("a"), Some(&bytes(5 * PART)));
    }
}

#[test]
fn a_store_that_does_not_let_us_look_gets_everything_anew() {
    for (status, code) in [(403, ""), (400, "NoSuchUpload"), (404, "NoSuchUpload")] {
        let mut world = lost_at_the_end(Backend::Direct);
        world.trouble("head", 99, Trouble::Reply(status, code));
        world.run();
        assert_eq!(world.store.object("a"), Some(&bytes(5 * PART)), "{status} {code}");
        assert!(world.store.count("head") <= 4);
    }
}

#[test]
fn a_list_that_never_ends_is_cut_off() {
    let mut world = World::new();
    world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    let mut world = world.reload(config());
    let page = "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker></ListPartsResult>";
    world.trouble("list", usize::MAX, Trouble::Body(page));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(5 * PART))));
    assert_eq!(world.store.count("list"), 2);
}

#[test]
fn a_part_the_store_denies_at_complete_is_sent_again() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.trouble("complete", 1, Trouble::Network);
    world.run_until(|w| w.state(id) == State::Completing);
    world.store.sessions.values_mut().next().unwrap().parts.remove(&3);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(5 * PART))));
    assert_eq!(world.store.count("PUT"), 6);
}

#[test]
fn a_changed_file_is_never_completed() {
    for (exception, code) in
        [("NotReadableError", Code::FileChanged), ("NotFoundError", Code::FileUnreadable)]
    {
        for moment in 1..=4 {
            let mut world = World::new();
            let id = world.add("a", bytes(5 * PART));
            world.run_until(|w| w.store.count("PUT") == moment);
            world.file_exception = Some(exception.into());
            world.run();
            assert_eq!((world.state(id), failure(&world)), (State::Failed, code), "{moment}");
            assert_eq!(world.store.object("a"), None);
        }
    }
}

#[test]
fn files_share_one_pool_and_a_failing_one_stops_no_other() {
    let mut world = World::new();
    let ids: Vec<_> = (0..5).map(|i| world.add(&format!("f{i}"), bytes(10 * PART + i))).collect();
    world.run_until(|w| w.store.count("PUT") == 12);
    world.store.sessions.retain(|_, session| session.key != "f1");
    world.trouble("create", 99, Trouble::Reply(400, "Whatever"));
    world.run();
    assert!(world.most_in_flight <= 3);
    for (i, id) in ids.iter().enumerate() {
        let whole = world.store.object(&format!("f{i}")) == Some(&bytes(10 * PART + i as u64));
        assert_eq!((world.state(*id) == State::Done, whole), (whole, whole), "f{i}");
    }
    assert_eq!(world.state(ids[1]), State::Failed);
    assert_eq!(world.state(ids[0]), State::Done);
}

#[test]
fn the_same_file_twice_waits_for_the_first() {
    let mut world = World::new();
    let first = world.add("a", bytes(5 * PART));
    let second = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(first), world.state(second)), (State::Done, State::Done));
    assert_eq!(world.store.count("complete"), 2);
}

#[test]
fn waiting_for_the_same_file_keeps_no_other_file_waiting() {
    let mut config = config();
    config.parallel = partwise::core::schedule::Parallel::Fixed(1);
    let mut world = World::with(config, Backend::Direct, None);
    let first = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 2);
    world.tell(first, Input::Pause);
    let second = world.add("a", bytes(5 * PART));
    let other = world.add("b", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(second), world.state(other)), (State::Queued, State::Done));
    world.tell(first, Input::Resume);
    world.run();
    assert_eq!((world.state(first), world.state(second)), (State::Done, State::Done));
}

#[test]
fn pausing_at_the_last_moment_completes_nothing() {
    for size in [PART - 1, 3 * PART] {
        let mut world = World::new();
        let id = world.add("a", bytes(size));
        world.run_until(|w| w.state(id) == State::Completing);
        world.tell(id, Input::Pause);
        world.run();
        assert_eq!((world.state(id), world.store.count("complete")), (State::Paused, 0));
        world.tell(id, Input::Resume);
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(size))));
        assert!(world.store.count("PUT") <= 3);
    }
}

#[test]
fn progress_does_not_fall_when_a_failed_upload_is_resumed() {
    for size in [PART - 1, 3 * PART] {
        let mut world = World::new();
        world.trouble("PUT", 1, Trouble::Silence);
        let id = world.add("a", bytes(size));
        // Most of it left, and no reply came.
        world.run_until(|w| w.store.count("PUT") > 0);
        world.progress(id, size.min(PART) - 1);
        world.run_for(Millis(2000));
        assert!(loaded(&world).max() >= Some(size.min(PART) - 1));
        world.file_exception = Some("NotFoundError".into());
        world.run();
        assert_eq!(world.state(id), State::Failed);
        world.file_exception = None;
        world.trouble("PUT", 1, Trouble::Silence);
        world.tell(id, Input::Resume);
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert!(loaded(&world).is_sorted(), "{size}");
    }
}

/// Every progress told.
fn loaded(world: &World) -> impl Iterator<Item = u64> + '_ {
    world.events.iter().filter_map(|(_, event)| match event {
        Event::Progress(progress) => Some(progress.loaded),
        _ => None,
    })
}

#[test]
fn progress_never_falls_and_never_exceeds_the_total() {
    let mut world = World::new();
    world.trouble("PUT", 5, Trouble::ReplyLost);
    let id = world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") == 12);
    world.store.sessions.clear();
    world.run();
    assert_eq!(world.state(id), State::Done);
    let mut last = 0;
    for (_, event) in &world.events {
        if let Event::Progress(p) = event {
            assert!(p.loaded >= last && p.loaded <= p.total);
            last = p.loaded;
        }
    }
    assert_eq!(last, 20 * PART);
}

#[test]
fn with_md5_identity_a_renamed_file_goes_on_and_the_result_holds_the_md5() {
    let mut world = World::with(World::md5_identity(), Backend::Direct, None);
    world.add("a", bytes(20 * PART));
    world.run_until(|w| {
        w.store.count("PUT") >= 10
            && w.events.iter().any(|(_, e)| matches!(e, Event::Hash { md5: Some(_), .. }))
    });
    let mut world = world.reload(World::md5_identity());
    let id = world.add("renamed", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(20 * PART))));
    assert_eq!(world.store.count("create"), 0);
    assert!(world.store.count("PUT") <= 10);
    let md5 = world.events.iter().find_map(|(_, e)| match e {
        Event::Done(result) => result.md5,
        _ => None,
    });
    assert_eq!(md5, Some(world::md5(&bytes(20 * PART))));
    assert!(world.storage.is_empty());
}

#[test]
fn with_md5_identity_a_small_unverified_file_has_its_md5_too() {
    let mut config = World::md5_identity();
    config.verify = partwise::core::config::Verify::Off;
    let mut world = World::with(config, Backend::Direct, None);
    world.add("a", bytes(PART - 1));
    world.run();
    let md5 = world.events.iter().find_map(|(_, e)| match e {
        Event::Done(result) => result.md5,
        _ => None,
    });
    assert_eq!(md5, Some(world::md5(&bytes(PART - 1))));
}

#[test]
fn garbage_in_storage_is_dropped_and_harms_nothing() {
    let mut world = World::new();
    world.storage.insert("partwise/1/zzz".into(), "{\u{0}".into());
    world.storage.insert("partwise/1/".into(), String::new());
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert!(world.storage.is_empty());
}

#[test]
fn garbage_takes_no_good_record_with_it() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 5 && w.storage.len() > 1);
    let good = world.storage.clone();
    // Beginnings of good keys, each of them.
    for key in good.keys() {
        for end in "partwise/1/".len()..key.len() {
            world.storage.insert(key[..end].into(), "garbage".into());
        }
    }
    let mut world = world.reload(config());
    world.add("other", bytes(3 * PART));
    world.run();
    assert_eq!(world.storage, good);
}

#[test]
fn records_of_an_impossible_geometry_are_not_gone_on_with() {
    let mut world = World::with(World::md5_identity(), Backend::Direct, None);
    for name in ["a", "b"] {
        world.add(name, bytes(10 * PART));
    }
    world.run_until(|w| {
        w.store.count("PUT") >= 10
            && w.events.iter().filter(|(_, e)| matches!(e, Event::Hash { md5: Some(_), .. })).count() == 2
    });
    let mut config = World::md5_identity();
    config.limits.min_part = 2 * PART;
    config.part_size = partwise::core::plan::PartSize::Bytes(2 * PART);
    let mut world = world.reload(config);
    let id = world.add("c", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("c")), (State::Done, Some(&bytes(10 * PART))));
}

#[test]
fn a_broken_storage_is_one_warning_and_no_failure() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.tell(id, Input::StorageFault { full: true });
    world.tell(id, Input::StorageFault { full: true });
    world.run();
    assert_eq!(world.state(id), State::Done);
    let warnings =
        world.events.iter().filter(|(_, e)| matches!(e, Event::Warning { code: "storage-full", .. }));
    assert_eq!(warnings.count(), 1);
}

#[test]
fn unverified_parts_need_no_hash() {
    let mut world = World::with(World::unverified(), Backend::Direct, None);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(&bytes(5 * PART))));
}

fn signing_for_itself() -> World {
    let bucket = Bucket {
        endpoint: Some("https://store".into()),
        bucket: "b".into(),
        region: "r".into(),
        path_style: true,
    };
    World::with(config(), Backend::Direct, Some(LocalSigner::new(bucket)))
}

#[test]
fn unverified_objects_may_have_any_etag() {
    let mut world = World::with(World::unverified(), Backend::Direct, None);
    let reply = "<CompleteMultipartUploadResult><ETag>00000000000000000000000000000000-3</ETag></CompleteMultipartUploadResult>";
    world.trouble("complete", 1, Trouble::Body(reply));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
}

#[test]
fn no_message_holds_a_signature() {
    let secret = "403 for https://store/a?X-Amz-Signature=5ec2e7 (denied)";
    for (to, trouble) in [("sign", Trouble::Throws(secret)), ("PUT", Trouble::Reply(400, secret))] {
        let mut world = World::new();
        world.remote_signing = true;
        world.trouble(to, 99, trouble);
        world.add("a", bytes(3 * PART));
        world.run();
        let told = format!("{:?}", world.events);
        assert!(told.contains("403 for https://store/a?… (denied)"), "{told}");
        assert!(!told.contains("5ec2e7"));
    }
}

#[test]
fn credentials_that_never_come_are_asked_for_again() {
    let mut world = signing_for_itself();
    world.trouble("credentials", 2, Trouble::Silence);
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.signed_with.len()), (State::Done, 3));
}

#[test]
fn credentials_that_are_refused_fail_the_upload_and_resume_asks_again() {
    let mut world = signing_for_itself();
    world.trouble("credentials", 5, Trouble::Throws("signed out"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Backend));
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!(world.state(id), State::Done);
}

#[test]
fn credentials_are_asked_for_once_for_all_that_wait() {
    let mut world = signing_for_itself();
    for name in ["a", "b", "c"] {
        world.add(name, bytes(3 * PART));
    }
    world.run();
    assert_eq!(world.signed_with, ["fetch"]);
    assert_eq!(world.store.objects.len(), 3);
}
