//! Multipart uploads that vanish, or are not what they seem, at the store.

use crate::bytes;
use crate::world::{PART, Trouble, World, config, md5};
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::upload::{Event, State};

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
    // One that lists nothing, and one that stays where it is.
    let empty = "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker></ListPartsResult>";
    let standing = "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker><Part><PartNumber>9</PartNumber><ETag>e</ETag><Size>1</Size></Part></ListPartsResult>";
    for (page, lists) in [(empty, 1), (standing, 2)] {
        world = world.reload(config());
        world.troubles.clear();
        world.trouble("list", usize::MAX, Trouble::Body(page));
        let id = world.add("a", bytes(5 * PART));
        world.run_until(|w| w.store.count("PUT") == 1);
        assert_eq!((world.state(id), world.store.count("list")), (State::Uploading, lists));
    }
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
