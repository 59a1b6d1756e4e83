//! Content that the backend has already need not be sent.

use crate::bytes;
use crate::model::store::md5;
use crate::world::{PART, Trouble, World};
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::companion::Companion;
use partwise::core::config::{Config, Instant};
use partwise::core::units::Millis;
use partwise::core::upload::{Event, Input, State, UploadResult};

fn asking(instant: Instant) -> World {
    let config = Config { instant, ..World::md5_identity() };
    let callbacks = Callbacks { has_object: true, has_batch: false, has_find: true };
    World::with(config, Backend::Callbacks(callbacks), None)
}

/// The same with a backend that has this content.
fn having(instant: Instant, content: &[u8]) -> World {
    let mut world = asking(instant);
    world.existing = Some((md5(content), "there/before".into()));
    world
}

fn result(world: &World) -> Option<UploadResult> {
    world.events.iter().find_map(|(_, event)| match event {
        Event::Done(result) => Some(result.clone()),
        _ => None,
    })
}

fn warnings(world: &World) -> Vec<&'static str> {
    let code = |event: &Event| match event {
        Event::Warning { code, .. } => Some(*code),
        _ => None,
    };
    world.events.iter().filter_map(|(_, event)| code(event)).collect()
}

#[test]
fn what_is_there_is_not_sent() {
    for size in [0, 1, PART - 1, PART, 5 * PART + 1] {
        let mut world = having(Instant::Before, &bytes(size));
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(world.store.requests, ["find"], "{size}");
        let result = result(&world).unwrap();
        assert_eq!((result.key.as_str(), result.instant), ("there/before", true));
        assert_eq!(result.md5, Some(md5(&bytes(size))));
        assert!(world.storage.is_empty());
    }
}

#[test]
fn what_is_not_there_is_sent() {
    for instant in [Instant::Before, Instant::During] {
        for size in [0, PART - 1, 5 * PART + 1] {
            let mut world = asking(instant);
            let id = world.add("a", bytes(size));
            world.run();
            assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))));
            assert!(!result(&world).unwrap().instant);
            let asked = usize::from(instant == Instant::Before || size > PART);
            assert_eq!(world.store.count("find"), asked, "{instant:?} {size}");
        }
    }
}

#[test]
fn the_backend_is_asked_before_anything_is_sent() {
    let mut world = asking(Instant::Before);
    world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(world.store.requests[..2], ["find", "create"]);
}

#[test]
fn what_turns_out_to_be_there_is_not_sent_to_its_end() {
    let content = bytes(40 * PART);
    let mut world = having(Instant::During, &content);
    let id = world.add("a", content.clone());
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert!(result(&world).unwrap().instant);
    assert_eq!((world.store.count("complete"), world.store.count("abort")), (0, 1));
    assert!(world.store.count("PUT") < 40);
    assert!(world.store.sessions.is_empty() && world.storage.is_empty());
    assert_eq!(world.store.object("a"), None);
}

#[test]
fn an_answer_that_comes_after_the_last_part_is_not_waited_for() {
    let content = bytes(2 * PART);
    let mut world = having(Instant::During, &content);
    world.trouble("find", 99, Trouble::Silence);
    let id = world.add("a", content.clone());
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(content)));
}

#[test]
fn a_backend_that_cannot_be_asked_gets_the_file() {
    for instant in [Instant::Before, Instant::During] {
        for (status, warned) in [(404, 0), (501, 1), (403, 1)] {
            let mut world = asking(instant);
            world.trouble("find", 99, Trouble::Reply(status, "no"));
            let id = world.add("a", bytes(40 * PART));
            world.run();
            assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(40 * PART))));
            let told = warnings(&world).iter().filter(|code| **code == "instant-unavailable").count();
            assert_eq!(told, warned, "{instant:?} {status}");
        }
    }
}

#[test]
fn a_server_without_a_lookup_gets_the_file_without_further_ado() {
    let config = Config { instant: Instant::Before, ..World::md5_identity() };
    let mut world = World::with(config, Backend::Companion(Companion::new("/s3")), None);
    world.trouble("find", 99, Trouble::Reply(405, ""));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.count("create")), (State::Done, 1));
    assert!(!warnings(&world).contains(&"session-restarted"));
}

#[test]
fn what_it_begins_with_can_be_paused_and_cancelled() {
    let mut world = asking(Instant::Before);
    world.trouble("find", 1, Trouble::Silence);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Starting);
    world.tell(id, Input::Pause);
    assert_eq!(world.state(id), State::Paused);
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));

    let mut world = asking(Instant::Before);
    world.trouble("find", 1, Trouble::Silence);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Starting);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.count("create")), (State::Cancelled, 0));
}

#[test]
fn an_unfinished_upload_goes_on_without_asking() {
    let mut world = asking(Instant::Before);
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
    let config = Config { instant: Instant::Before, ..World::md5_identity() };
    let callbacks = Callbacks { has_object: true, has_batch: false, has_find: true };
    let mut world = world.reopen(config, Backend::Callbacks(callbacks));
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(20 * PART))));
    assert_eq!((world.store.count("find"), world.store.count("create")), (0, 0));
}

#[test]
fn parts_are_signed_many_at_a_time_where_the_page_can() {
    let callbacks = Callbacks { has_object: false, has_batch: true, has_find: false };
    let mut world = World::with(crate::world::config(), Backend::Callbacks(callbacks), None);
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(20 * PART))));
    assert!(world.store.count("sign 8") >= 1 && world.store.count("sign") < 10);
}

#[test]
fn a_backend_that_cannot_be_asked_holds_nothing_up() {
    let mut world = asking(Instant::Before);
    world.add("first", bytes(3 * PART));
    world.run();
    let start = world.now.mono;
    world.trouble("find", usize::MAX, Trouble::Throws("it is down"));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), warnings(&world)), (State::Done, vec!["instant-unavailable"]));
    assert!(world.now.mono.since(start) < Millis(5_000));
}

#[test]
fn what_could_not_be_removed_stays_remembered() {
    let content = bytes(40 * PART);
    let mut world = having(Instant::During, &content);
    world.trouble("abort", usize::MAX, Trouble::Reply(403, "no"));
    let id = world.add("a", content);
    world.run();
    assert_eq!((world.state(id), warnings(&world)), (State::Done, vec!["abort-failed"]));
    assert_eq!(world.store.sessions.len(), 1);
    assert!(!world.storage.is_empty(), "pending() does not know of it");
}
