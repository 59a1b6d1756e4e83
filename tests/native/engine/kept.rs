//! Straight at a store there is nobody to ask for a content: the browser remembers under which key it has sent it there.

use crate::bytes;
use crate::model::store::{FirstEtag, Object, md5};
use crate::world::{PART, Trouble, World};
use partwise::core::backend::Backend;
use partwise::core::config::{Config, Instant};
use partwise::core::store::Kind;
use partwise::core::upload::{Event, Input, State, UploadResult};

fn asking(instant: Instant) -> Config {
    Config { instant, ..World::md5_identity() }
}

fn world(instant: Instant) -> World {
    World::with(asking(instant), Backend::Direct(Kind::S3), None)
}

/// A page in whose browser this content was sent under the key `first`.
fn after_sending(instant: Instant, content: Vec<u8>) -> World {
    let mut before = world(instant);
    let id = before.add("first", content);
    before.run();
    assert_eq!(before.state(id), State::Done);
    before.reload(asking(instant))
}

fn result(world: &World) -> UploadResult {
    let result = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::Done(result) => Some(result.clone()),
        _ => None,
    });
    result.unwrap()
}

fn warnings(world: &World) -> usize {
    world.events.iter().filter(|(_, event)| matches!(event, Event::Warning { .. })).count()
}

#[test]
fn what_was_sent_is_found_under_another_name_and_not_sent_again() {
    for size in [0, 1, PART - 1, PART, 5 * PART + 1] {
        let mut world = after_sending(Instant::Before, bytes(size));
        let id = world.add("second", bytes(size));
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(world.store.requests, ["head"], "{size}");
        let UploadResult { key, instant, etag, .. } = result(&world);
        assert_eq!((key.as_str(), instant, etag.is_some()), ("first", true, true));
        assert_eq!(world.store.object("second"), None);
        assert_eq!(world.storage.len(), 1, "where it is stays remembered, and nothing else");
    }
}

#[test]
fn what_turns_out_to_have_been_sent_before_is_not_sent_to_its_end() {
    let mut world = after_sending(Instant::During, bytes(40 * PART));
    let id = world.add("second", bytes(40 * PART));
    world.run();
    assert_eq!((world.state(id), result(&world).key.as_str()), (State::Done, "first"));
    assert!(result(&world).instant && world.store.count("PUT") < 40);
    assert_eq!((world.store.count("complete"), world.store.count("abort")), (0, 1));
}

#[test]
fn what_is_no_longer_there_or_another_object_now_is_sent() {
    for (instant, sizes) in [(Instant::Before, [PART - 1, 8 * PART]), (Instant::During, [PART, 8 * PART])] {
        for size in sizes {
            for replaced in [false, true] {
                let mut world = after_sending(instant, bytes(size));
                let old = world.store.objects.remove("first").unwrap();
                if replaced {
                    let mut other = old.bytes.to_vec();
                    other[0] ^= 1;
                    let object = Object { etag: md5(&other).to_hex(), bytes: other.into() };
                    world.store.objects.insert("first".into(), object);
                }
                let id = world.add("second", bytes(size));
                world.run();
                assert_eq!((world.state(id), world.store.object("second")), (State::Done, Some(bytes(size))));
                assert_eq!((result(&world).instant, warnings(&world)), (false, 0));
                // That is where it is from now on.
                let mut world = world.reload(asking(Instant::Before));
                world.add("third", bytes(size));
                world.run();
                assert_eq!((result(&world).key.as_str(), result(&world).instant), ("second", true));
            }
        }
    }
}

#[test]
fn another_content_of_the_same_size_is_sent() {
    let mut world = after_sending(Instant::Before, bytes(3 * PART));
    let mut other = bytes(3 * PART);
    other[1] ^= 1;
    let id = world.add("second", other.clone());
    world.run();
    assert_eq!((world.state(id), world.store.object("second")), (State::Done, Some(other)));
    assert_eq!(world.store.count("head"), 0);
}

#[test]
fn who_asks_for_another_key_gets_the_object_there() {
    let mut world = after_sending(Instant::Before, bytes(3 * PART));
    let id = world.add_as("file", "asked/for", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("asked/for")), (State::Done, Some(bytes(3 * PART))));
    let id = world.add_as("file", "first", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), result(&world).instant), (State::Done, false), "the latest place counts");
    let id = world.add_as("file", "first", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), result(&world).instant), (State::Done, true));
}

#[test]
fn a_store_that_does_not_let_it_look_gets_the_file() {
    for (status, warned) in [(403, 0), (404, 0), (501, 1)] {
        let mut world = after_sending(Instant::Before, bytes(3 * PART));
        world.trouble("head", usize::MAX, Trouble::Reply(status, ""));
        let id = world.add("second", bytes(3 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.object("second")), (State::Done, Some(bytes(3 * PART))));
        assert_eq!(warnings(&world), warned, "{status}");
    }
}

#[test]
fn it_is_forgotten_in_time() {
    let mut world = after_sending(Instant::Before, bytes(3 * PART));
    world.pass(7 * 86_400_000 + 60_000);
    let id = world.add("second", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("second")), (State::Done, Some(bytes(3 * PART))));
    assert_eq!((world.store.count("head"), world.storage.len()), (0, 1));
}

#[test]
fn a_hundred_contents_are_remembered() {
    let mut world = world(Instant::Before);
    for size in 1..=120 {
        world.add("small", bytes(size));
        world.run();
    }
    // What is too much goes when records are read the next time.
    world.add("last", bytes(1));
    world.run();
    assert!((100..=101).contains(&world.storage.len()), "{}", world.storage.len());
    world.store.requests.clear();
    world.add("again", bytes(120));
    world.add("again", bytes(2));
    world.run();
    assert_eq!((world.store.count("head"), world.store.count("PUT")), (1, 1));
}

#[test]
fn what_nobody_asks_for_is_not_remembered() {
    for (instant, size) in [(Instant::Off, 3 * PART), (Instant::During, PART - 1)] {
        let mut world = world(instant);
        world.add("first", bytes(size));
        world.run();
        assert!(world.storage.is_empty(), "{instant:?}");
    }
}

#[test]
fn records_that_were_tampered_with_are_dropped() {
    let mut world = after_sending(Instant::Before, bytes(3 * PART));
    for value in world.storage.values_mut() {
        *value = value.replace("key=first", "key=other");
    }
    let id = world.add("second", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("second")), (State::Done, Some(bytes(3 * PART))));
    assert_eq!(world.store.count("head"), 0);
}

#[test]
fn an_etag_that_is_not_told_at_the_end_is_computed() {
    for first_etag in [FirstEtag::Empty, FirstEtag::Entities] {
        let mut before = world(Instant::Before);
        before.store.flavour.first_etag = first_etag;
        before.add("first", bytes(5 * PART));
        before.run();
        let mut world = before.reload(asking(Instant::Before));
        world.add("second", bytes(5 * PART));
        world.run();
        assert_eq!((result(&world).key.as_str(), result(&world).instant), ("first", true), "{first_etag:?}");
    }
}

#[test]
fn it_can_be_paused_and_cancelled_at_any_moment() {
    for input in ["pause", "cancel"] {
        for steps in 0..200 {
            let mut world = after_sending(Instant::Before, bytes(5 * PART));
            let id = world.add("second", bytes(5 * PART));
            for _ in 0..steps {
                world.collect();
                world.step();
            }
            let was_done = world.state(id) == State::Done;
            world.tell(id, if input == "pause" { Input::Pause } else { Input::Cancel });
            world.run();
            let expected = match input {
                _ if was_done => State::Done,
                "pause" => State::Paused,
                _ => State::Cancelled,
            };
            assert_eq!(world.state(id), expected, "{input} after {steps} steps");
            world.tell(id, Input::Resume);
            world.run();
            if expected != State::Cancelled {
                assert_eq!((world.state(id), result(&world).instant), (State::Done, true));
            }
            assert_eq!(world.store.object("second"), None);
            assert_eq!((world.storage.len(), world.locks()), (1, 0), "{input} after {steps} steps");
            if was_done {
                break;
            }
            assert!(steps < 199, "it never ends");
        }
    }
}
