//! Without a network, or with a browser that is wrong about it.

use crate::model::store::Part;
use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure, retries};
use partwise::core::backend::{Backend, companion::Companion};
use partwise::core::error::Code;
use partwise::core::store::Kind;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, Input, State};

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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
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
    let mut world = World::with(World::unverified(), Backend::Direct(Kind::S3), None);
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
fn a_reply_that_was_on_its_way_when_the_network_went_does_not_make_the_wait_cost_attempts() {
    let mut world = World::with(World::unverified(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    world.progress(id, PART);
    world.online(false);
    world.run_until(|w| w.state(id) != State::Offline);
    world.network = false;
    let before = retries(&world);
    world.run_for(Millis::from_secs(7200));
    assert_eq!((world.state(id), retries(&world)), (State::Offline, before));
    world.network = true;
    world.online(true);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
}

#[test]
fn a_browser_that_is_wrong_about_being_offline_does_not_stop_uploads() {
    let mut world = World::new();
    world.online(false);
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
    assert!(world.now.mono < Instant(10_000));
}

#[test]
fn the_offline_timeout_ends_the_wait() {
    let mut config = config();
    config.offline_timeout = Some(Millis(60_000));
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
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
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
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
fn who_waits_for_another_upload_of_the_file_does_not_time_out_offline() {
    let mut config = config();
    config.offline_timeout = Some(Millis(60_000));
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    world.online(false);
    let first = world.add("a", bytes(3 * PART));
    let second = world.add("a", bytes(3 * PART));
    world.run_until(|w| w.locks() == 2 && w.store.count("PUT") == 3);
    world.tell(first, Input::Pause);
    world.run_for(Millis(120_000));
    assert_eq!(world.state(second), State::Queued);
    world.network = false;
    world.tell(first, Input::Cancel);
    world.run_until(|w| w.state(second) == State::Offline);
    let begun = world.now.mono;
    world.run();
    assert_eq!((world.state(second), failure(&world)), (State::Failed, Code::OfflineTimeout));
    assert!(world.now.mono.since(begun) >= Millis(59_000));
}

#[test]
fn while_offline_one_part_is_tried_every_five_seconds() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.state(id) == State::Uploading);
    world.trouble("PUT", 1000, Trouble::Network);
    let tries = |w: &World| 1000 - w.troubles[0].1;
    world.online(false);
    world.run_for(Millis(1));
    let first = tries(&world);
    for seconds in [4, 5, 50] {
        let before = tries(&world);
        world.run_for(Millis::from_secs(seconds));
        let tried = tries(&world) - before;
        assert!(tried <= seconds.div_ceil(5) as usize + 3 - first, "{tried} in {seconds} s");
    }
    assert!((9..=14 + 3).contains(&tries(&world)), "{}", tries(&world));
    assert_eq!((world.state(id), retries(&world)), (State::Offline, 0));
}

#[test]
fn while_offline_no_more_than_one_request_is_under_way() {
    for trouble in ["PUT", "sign"] {
        let mut world = World::new();
        world.remote_signing = true;
        let id = world.add("a", bytes(10 * PART));
        world.run_until(|w| w.state(id) == State::Uploading);
        world.tell(id, Input::Pause);
        world.trouble(trouble, 1000, Trouble::Silence);
        world.online(false);
        world.run_for(Millis(10_000));
        world.tell(id, Input::Resume);
        world.run_for(Millis(5000));
        assert_eq!((world.troubles[0].1, world.engine.held_slots()), (999, 1), "{trouble}");
    }
}

#[test]
fn the_offline_timeout_ends_the_wait_on_time_and_once() {
    for (paused, told_again) in [(false, false), (true, false), (false, true)] {
        let mut config = config();
        config.offline_timeout = Some(Millis(7000));
        let mut world = World::with(config, Backend::Direct(Kind::S3), None);
        let id = world.add("a", bytes(10 * PART));
        world.run_until(|w| w.store.count("PUT") == 4);
        world.network = false;
        if paused {
            // What is paused does not wait for the network.
            world.tell(id, Input::Pause);
            world.online(false);
            world.run_for(Millis(60_000));
            world.pass(60_000);
            assert_eq!(world.state(id), State::Paused);
            world.tell(id, Input::Resume);
        } else {
            world.online(false);
        }
        let start = world.now.mono;
        world.run_for(Millis(5000));
        if told_again {
            world.online(false);
        }
        assert_eq!(world.state(id), State::Offline);
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::OfflineTimeout));
        assert!(world.now.mono.since(start) <= Millis(7010), "{:?}", world.now.mono.since(start));
        assert_eq!(world.engine.poll_timeout(world.now), None);
        world.tell(id, Input::Tick);
        let failed = world.events.iter().filter(|(_, event)| matches!(event, Event::Failed(_)));
        assert_eq!(failed.count(), 1);
    }
}

#[test]
fn proving_what_the_store_has_needs_no_network_and_may_take_its_time() {
    let config = || {
        let mut config = config();
        config.offline_timeout = Some(Millis(7000));
        config
    };
    let mut world = World::with(config(), Backend::Direct(Kind::S3), None);
    let content = bytes(10 * PART);
    world.add("a", content.clone());
    world.run_until(|w| w.store.count("PUT") >= 2 && w.storage.len() > 1);
    let session = world.store.sessions.values_mut().next().unwrap();
    session.parts = (1..).zip(content.chunks(PART as usize).map(Part::new)).collect();
    let mut world = world.reload(config());
    let id = world.add("a", content);
    world.run_until(|w| w.store.count("list") == 1 && w.state(id) == State::Uploading);
    world.network = false;
    world.online(false);
    let proven = |w: &World| w.events.iter().filter(|(_, event)| matches!(event, Event::Part { .. })).count();
    for count in 1..=8 {
        world.pass(4000);
        world.run_until(|w| proven(w) >= count);
        assert_ne!(world.state(id), State::Failed, "after {count} parts");
    }
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::OfflineTimeout));
}

#[test]
fn being_told_online_again_hurries_nothing() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 9);
    world.trouble("PUT 10", 1, Trouble::Reply(500, "InternalError"));
    world.run_until(|w| retries(w) == 1);
    let wait = world.events.iter().find_map(|(_, event)| match event {
        Event::Retry(notice) => Some(notice.delay),
        _ => None,
    });
    let due = world.now.mono + wait.unwrap();
    world.online(true);
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert!(world.now.mono >= due);
}

#[test]
fn requests_that_were_silent_while_offline_are_made_anew_when_the_network_is_back() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.trouble("PUT 4", 1, Trouble::Silence);
    world.run_until(|w| w.store.count("PUT") == 5);
    world.run_for(Millis(100));
    world.online(false);
    world.pass(1000);
    let back = world.now.mono;
    world.online(true);
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert!(world.now.mono.since(back) < Millis(1000));
}

#[test]
fn what_moves_or_has_only_just_begun_goes_on_when_the_browser_says_online() {
    for (moved, wait, sent_again) in [(false, 5000, 1), (true, 5000, 0), (false, 10, 0)] {
        let mut config = config();
        config.parallel = partwise::core::schedule::Parallel::Fixed(1);
        let mut world = World::with(config, Backend::Direct(Kind::S3), None);
        let id = world.add("a", bytes(5 * PART));
        world.trouble("PUT", 2, Trouble::Network);
        world.trouble("PUT", 9, Trouble::Silence);
        world.run_until(|w| w.troubles[0].1 == 1);
        world.online(false);
        // Tried all the same: browsers may be wrong.
        world.run_until(|w| w.store.count("PUT") == 1);
        if moved {
            world.progress(id, 10);
        }
        world.pass(wait);
        world.online(true);
        world.run_for(Millis(500));
        assert_eq!(world.store.count("PUT"), 1 + sent_again, "moved: {moved}, after {wait} ms");
    }
}

#[test]
fn calls_that_were_silent_while_offline_are_made_anew_when_the_network_is_back() {
    for (call, tried_offline) in
        [("create", false), ("create", true), ("list", false), ("sign", false), ("sign", true)]
    {
        let mut world = World::new();
        world.add("a", bytes(5 * PART));
        if call == "list" {
            world.run_until(|w| w.storage.len() > 1);
            world = world.reload(config());
            world.add("a", bytes(5 * PART));
        }
        let id = world.engine.unfinished().next().unwrap();
        if call == "sign" {
            world.run_until(|w| w.store.count("create") == 1);
            world.remote_signing = true;
        }
        if tried_offline {
            world.online(false);
        }
        world.trouble(call, 1, Trouble::Silence);
        world.run_until(|w| w.troubles[0].1 == 0);
        world.online(false);
        world.pass(1000);
        let back = world.now.mono;
        world.online(true);
        world.run();
        assert_eq!(world.state(id), State::Done, "{call}");
        assert!(world.now.mono.since(back) < Millis(1000), "{call}, tried while offline: {tried_offline}");
    }
}

#[test]
fn what_a_page_refuses_while_offline_is_refused() {
    let mut world = World::new();
    world.remote_signing = true;
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Uploading);
    world.online(false);
    world.trouble("sign", 99, Trouble::Reply(403, "signed out"));
    world.run_for(Millis(100));
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Denied));
}

#[test]
fn a_browser_that_is_wrong_about_being_offline_does_not_hide_a_store_that_cannot_be_reached() {
    let backend = Backend::Companion(Companion::new("/s3"));
    let mut world = World::with(config(), backend, None);
    world.online(false);
    world.trouble("PUT", usize::MAX, Trouble::Network);
    let id = world.add("a", bytes(3 * PART));
    world.run_for(Millis::from_secs(1200));
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Network));
}

#[test]
fn behind_a_browser_that_lies_the_time_without_network_begins_after_the_last_part() {
    let mut config = config();
    config.retry_for = Millis::from_secs(30);
    let mut world = World::with(config, Backend::Companion(Companion::new("/s3")), None);
    let id = world.add("a", bytes(20 * PART));
    world.online(false);
    for parts in [6, 10, 14] {
        world.run_until(|w| w.store.count("PUT") >= parts);
        world.pass(20_000);
    }
    world.run_until(|w| w.store.count("PUT") >= 16);
    world.trouble("PUT", 8, Trouble::Network);
    world.run();
    assert_eq!((world.state(id), retries(&world)), (State::Done, 0));
}
