//! Pause, cancel, discard.

use crate::bytes;
use crate::world::{PART, Trouble, World, config};
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::checkpoint::headers;
use partwise::core::store::Kind;
use partwise::core::units::Millis;
use partwise::core::upload::{Event, Input, State};

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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
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
fn what_a_cancel_could_not_remove_stays_remembered_and_can_be_discarded() {
    // While parts are sent, and while it is being created.
    for state in [State::Uploading, State::Starting] {
        let mut world = World::new();
        let id = world.add("a", bytes(10 * PART));
        world.run_until(|w| w.state(id) == state);
        world.trouble("abort", 3, Trouble::Network);
        world.tell(id, Input::Cancel);
        world.run();
        assert_eq!((world.state(id), world.store.sessions.len()), (State::Cancelled, 1));
        let records: Vec<_> = world.storage.clone().into_iter().collect();
        let (header, _) = headers(&records).remove(0);
        let gone = world.engine.discard(&header, world.now).unwrap();
        world.run();
        assert_eq!(world.state(gone), State::Cancelled);
        assert!(world.store.sessions.is_empty() && world.storage.is_empty());
    }
}

#[test]
fn what_a_cancel_could_not_remove_goes_on_when_the_file_is_added_again() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.storage.len() > 1);
    world.trouble("abort", 3, Trouble::Network);
    world.tell(id, Input::Cancel);
    world.run();
    let again = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(again), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
    assert_eq!(world.store.count("create"), 1);
    assert!(world.store.sessions.is_empty() && world.storage.is_empty());
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
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))));
        assert!(world.store.count("PUT") <= 3);
    }
}

#[test]
fn cancelling_while_creating_removes_what_is_created() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.state(id) == State::Starting);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.sessions.len()), (State::Cancelled, 0));
    assert_eq!((world.store.count("create"), world.store.count("abort")), (1, 1));
}

#[test]
fn a_failed_upload_lets_go_of_all_that_is_in_flight() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.slow_hashes = true;
    let id = world.add("a", bytes(10 * PART));
    world.trouble("PUT 3", 1, Trouble::Reply(400, "Whatever"));
    world.run_until(|w| w.state(id) == State::Failed);
    assert_eq!((world.engine.held_slots(), world.locks()), (0, 0));
    assert_eq!(world.engine.poll_timeout(world.now), None);
    let sent = world.store.requests.len();
    world.run();
    assert_eq!(world.store.requests.len(), sent);
    assert_eq!(world.events.iter().filter(|(_, event)| matches!(event, Event::Failed(_))).count(), 1);
    assert!(matches!(world.events.last(), Some((_, Event::Failed(_)))));
}

#[test]
fn only_what_has_ended_can_be_removed() {
    let mut world = World::new();
    let id = world.add("a", bytes(3 * PART));
    world.engine.remove(id);
    assert_eq!(world.engine.unfinished().collect::<Vec<_>>(), [id]);
    world.run();
    assert_eq!((world.engine.unfinished().count(), world.engine.upload(id).is_some()), (0, true));
    world.engine.remove(id);
    assert!(world.engine.upload(id).is_none());
}

#[test]
fn what_is_being_completed_goes_on_though_paused() {
    let mut world = World::new();
    let id = world.add("a", bytes(3 * PART));
    world.trouble("complete", 1, Trouble::Reply(500, "InternalError"));
    world.run_until(|w| w.store.count("complete") == 1);
    world.tell(id, Input::Pause);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
}

#[test]
fn what_is_paused_before_it_is_created_is_created_on_resume() {
    let mut world = World::new();
    let id = world.add("a", bytes(3 * PART));
    world.trouble("create", 1, Trouble::Reply(500, "InternalError"));
    world.run_until(|w| w.store.count("create") == 1);
    world.tell(id, Input::Pause);
    world.run();
    assert_eq!((world.state(id), world.store.count("create")), (State::Paused, 1));
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.count("create")), (State::Done, 2));
}

#[test]
fn a_page_function_that_says_404_to_an_abort_has_nothing_left_to_remove() {
    let mut world = World::with(
        config(),
        Backend::Callbacks(Callbacks { has_object: false, has_batch: false, has_find: false }),
        None,
    );
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 2);
    world.store.sessions.clear();
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.count("abort")), (State::Cancelled, 1));
    assert!(!world.events.iter().any(|(_, event)| matches!(event, Event::Warning { .. })));
}
