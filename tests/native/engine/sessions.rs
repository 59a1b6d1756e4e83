//! Multipart uploads that vanish, or are not what they seem, at the store.

use crate::model::store::{Object, md5};
use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure, retries};
use partwise::core::backend::Backend;
use partwise::core::backend::callbacks::Callbacks;
use partwise::core::backend::companion::Companion;
use partwise::core::checkpoint::headers;
use partwise::core::error::Code;
use partwise::core::store::Kind;
use partwise::core::units::Millis;
use partwise::core::upload::{Event, Input, State};

#[test]
fn an_upload_id_that_vanished_is_replaced() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 5);
    world.store.sessions.clear();
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
}

#[test]
fn a_lost_reply_to_complete_is_found_out_without_sending_anything_again() {
    let mut world = World::new();
    world.trouble("complete", 1, Trouble::ReplyLost);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
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
    let mut world = lost_at_the_end(Backend::Callbacks(Callbacks {
        has_object: true,
        has_batch: false,
        has_find: false,
    }));
    world.run();
    assert_eq!(world.store.object("a"), Some(bytes(5 * PART)));
}

#[test]
fn another_object_of_the_same_size_is_not_taken_for_ours() {
    let other = md5(b"other").to_hex();
    // The last two as with SSE-KMS, and from a store that does not tell.
    for etag in [other.clone(), format!("{other}-5"), "kms-5".into(), String::new()] {
        let mut world = lost_at_the_end(Backend::Direct(Kind::S3));
        let other = Object { bytes: vec![0; 5 * PART as usize].into(), etag };
        world.store.objects.insert("a".into(), other);
        world.run();
        assert_eq!(world.store.object("a"), Some(bytes(5 * PART)));
    }
}

#[test]
fn a_store_that_does_not_let_us_look_gets_everything_anew() {
    for (status, code) in [(403, ""), (400, "NoSuchUpload"), (404, "NoSuchUpload")] {
        let mut world = lost_at_the_end(Backend::Direct(Kind::S3));
        world.trouble("head", 99, Trouble::Reply(status, code));
        world.run();
        assert_eq!(world.store.object("a"), Some(bytes(5 * PART)), "{status} {code}");
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
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
    assert_eq!(world.store.count("PUT"), 6);
}

/// A page that finds an unfinished upload and is about to list its parts.
fn found(backend: Backend) -> World {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 5);
    let mut world = world.reopen(config(), backend);
    world.add("a", bytes(10 * PART));
    world
}

#[test]
fn a_listing_that_is_paused_is_made_anew_on_resume() {
    for trouble in [Trouble::Silence, Trouble::Reply(500, "InternalError")] {
        let mut world = found(Backend::Direct(Kind::S3));
        let id = world.engine.unfinished().next().unwrap();
        world.trouble("list", 1, trouble);
        world.run_until(|w| w.troubles[0].1 == 0);
        world.tell(id, Input::Pause);
        assert_eq!((world.state(id), world.engine.poll_timeout(world.now)), (State::Paused, None));
        world.run_for(Millis(60_000));
        assert_eq!((world.state(id), world.store.count("list")), (State::Paused, 1));
        let start = world.now.mono;
        world.tell(id, Input::Resume);
        world.run();
        assert_eq!((world.state(id), world.store.count("create")), (State::Done, 0));
        assert!(world.now.mono.since(start) < Millis(1000));
    }
}

#[test]
fn a_control_call_is_made_again_when_it_was_told_and_at_once_when_the_network_is_back() {
    let mut world = World::new();
    world.trouble("create", 1, Trouble::Reply(500, "InternalError"));
    world.add("a", bytes(3 * PART));
    world.run_until(|w| w.locks() == 1);
    world.online(false);
    world.online(true);
    world.run_until(|w| retries(w) == 1);
    let delay = world.events.iter().find_map(|(_, event)| match event {
        Event::Retry(notice) => Some(notice.delay),
        _ => None,
    });
    let due = world.now.mono + delay.unwrap();
    world.run_until(|w| w.store.count("create") == 2);
    assert!(world.now.mono >= due && world.now.mono.since(due) < Millis(5));

    let mut world = World::new();
    world.network = false;
    world.online(false);
    world.add("a", bytes(3 * PART));
    // A try that fails at five seconds, after which the next would be due at ten.
    world.run_for(Millis(5000));
    world.step();
    world.network = true;
    let back = world.now.mono;
    world.online(true);
    world.run_until(|w| w.store.count("create") == 1);
    assert!(world.now.mono.since(back) < Millis(5));
}

#[test]
fn completing_may_take_longer_than_anything_else() {
    for (call, wait) in [("create", 10_000), ("complete", 70_000)] {
        let mut config = config();
        config.stall_timeout = Millis(10_000);
        config.reply_timeout = Millis(70_000);
        let mut world = World::with(config, Backend::Direct(Kind::S3), None);
        world.trouble(call, 1, Trouble::Silence);
        world.add("a", bytes(3 * PART));
        world.run_until(|w| w.store.count(call) == 1);
        let start = world.now.mono;
        world.run_until(|w| retries(w) == 1);
        let waited = world.now.mono.since(start).0;
        assert!((wait - 10..=wait + 10).contains(&waited), "{call}: {waited}");
    }
}

#[test]
fn a_backend_that_cannot_list_three_times_has_lost_the_session_and_a_store_has_not() {
    let mut world = found(Backend::Companion(Companion::new("/s3")));
    world.trouble("list", 99, Trouble::Reply(500, ""));
    world.run_until(|w| w.store.count("create") == 1);
    assert_eq!((world.store.count("create"), 99 - world.troubles[0].1), (1, 3));

    for (backend, status) in
        [(Backend::Direct(Kind::S3), 500), (Backend::Companion(Companion::new("/s3")), 502)]
    {
        let mut world = found(backend);
        world.trouble("list", 5, Trouble::Reply(status, ""));
        world.run_until(|w| w.troubles[0].1 == 0);
        assert_eq!((world.store.count("create"), retries(&world) >= 4), (0, true), "{status}");
    }
}

#[test]
fn a_backend_that_cannot_complete_three_times_is_asked_for_the_parts() {
    let companion = || Backend::Companion(Companion::new("/s3"));
    // It is a fault that passes: the parts are there, and nothing is sent again.
    for (failures, lists) in [(2, 0), (3, 1), (5, 1)] {
        let mut world = World::with(config(), companion(), None);
        world.trouble("complete", failures, Trouble::Reply(500, ""));
        let id = world.add("a", bytes(5 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
        assert_eq!((world.store.count("list"), world.store.count("PUT")), (lists, 5), "{failures}");
    }

    // It was completed, the reply was lost, and nobody can tell: everything is sent again.
    let mut world = World::with(config(), companion(), None);
    world.trouble("complete", 1, Trouble::ReplyLost);
    world.trouble("complete", 3, Trouble::Reply(500, ""));
    world.trouble("list", 3, Trouble::Reply(500, ""));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
    assert_eq!((world.store.count("create"), world.store.count("PUT")), (2, 10));
}

#[test]
fn removing_an_upload_is_tried_three_times() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.trouble("abort", 99, Trouble::Reply(500, "InternalError"));
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.count("abort")), (State::Cancelled, 3));
    assert!(world.events.iter().any(|(_, e)| matches!(e, Event::Warning { code: "abort-failed", .. })));
}

#[test]
fn an_upload_that_is_gone_already_is_cancelled_without_a_warning() {
    let mut world = World::new();
    let id = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    world.store.sessions.clear();
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.count("abort")), (State::Cancelled, 1));
    assert!(!world.events.iter().any(|(_, e)| matches!(e, Event::Warning { .. })));
}

#[test]
fn what_could_not_be_discarded_stays_remembered() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 4);
    let mut world = world.reload(config());
    let records: Vec<_> = world.storage.clone().into_iter().collect();
    let (header, _) = headers(&records).remove(0);
    world.trouble("abort", 3, Trouble::Reply(500, "InternalError"));
    let id = world.engine.discard(&header, world.now).unwrap();
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Store));
    assert!(!world.storage.is_empty());
    world.engine.discard(&header, world.now).unwrap();
    world.run();
    assert!(world.storage.is_empty() && world.store.sessions.is_empty());
}

#[test]
fn a_create_that_loses_what_it_has_not_made_fails() {
    let mut world = World::new();
    world.trouble("create", 99, Trouble::Reply(404, "NoSuchUpload"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::SessionLost));
    assert_eq!(world.store.count("create"), 1);
}

#[test]
fn a_session_that_cannot_be_completed_is_replaced_even_where_it_cannot_be_removed() {
    let (no, gone) = (Trouble::Reply(500, "InternalError"), Trouble::Reply(400, "NoSuchUpload"));
    for (removable, trouble) in [(true, None), (false, Some(no)), (false, Some(gone))] {
        let mut world = World::new();
        world.trouble("complete", 1, Trouble::Reply(400, "InvalidPart"));
        if let Some(trouble) = trouble {
            world.trouble("abort", 99, trouble);
        }
        let id = world.add("a", bytes(3 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
        assert_eq!((world.store.count("create"), world.store.count("PUT")), (2, 6));
        assert_eq!(world.store.count("head"), 0);
        assert_eq!(world.store.sessions.is_empty(), removable);
    }
}

#[test]
fn a_session_that_is_lost_again_and_again_fails_the_upload() {
    let mut world = World::new();
    world.trouble("PUT", 99, Trouble::Reply(404, "NoSuchUpload"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::SessionLost));
    assert_eq!(world.store.count("create"), 4);
}

#[test]
fn without_a_network_nobody_looked_for_the_object_and_nothing_is_sent_anew() {
    let mut world = lost_at_the_end(Backend::Direct(Kind::S3));
    world.run_until(|w| w.store.count("complete") == 1);
    world.network = false;
    world.run();
    assert_eq!(failure(&world), Code::Network);
    assert!(!world.events.iter().any(|(_, e)| matches!(e, Event::Warning { .. })));
}

#[test]
fn a_session_whose_parts_are_denied_a_second_time_is_replaced() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Completing);
    world.store.sessions.values_mut().next().unwrap().parts.remove(&3);
    world.run_until(|w| w.store.count("complete") == 1);
    world.trouble("complete", 1, Trouble::Reply(400, "InvalidPart"));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
    assert_eq!((world.store.count("list"), world.store.count("create")), (1, 2));
}
