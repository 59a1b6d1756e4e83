//! Stores that tell the CRC-64 of what they hold: it is compared, part by part and as a whole.

use crate::model::store::Session;
use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure, retries};
use partwise::core::backend::Backend;
use partwise::core::config::{Config, Verify};
use partwise::core::error::Code;
use partwise::core::hash::{Crc64, Crc64Hasher};
use partwise::core::store::Kind;
use partwise::core::upload::{Event, State};

fn checked() -> Config {
    Config { crc64: Some(Crc64::Xz), ..config() }
}

fn oss() -> World {
    let mut world = World::with(checked(), Backend::Direct(Kind::Oss), None);
    world.store.tells_crc64 = true;
    world
}

/// As OSS writes it.
fn crc64(bytes: &[u8]) -> String {
    let mut hasher = Crc64Hasher::new(Crc64::Xz);
    hasher.update(bytes);
    hasher.finish().to_string()
}

fn result_crc64(world: &World) -> Option<String> {
    world.events.iter().find_map(|(_, event)| match event {
        Event::Done(result) => result.crc64.clone(),
        _ => None,
    })
}

#[test]
fn the_result_tells_the_checksum_of_the_file() {
    for size in [0, 1, PART, PART + 1, 7 * PART, 7 * PART + 3] {
        let mut world = oss();
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(result_crc64(&world), Some(crc64(&bytes(size))), "{size}");
    }
}

#[test]
fn without_verifying_there_is_none() {
    let config = Config { verify: Verify::Off, ..checked() };
    let mut world = World::with(config, Backend::Direct(Kind::Oss), None);
    world.store.tells_crc64 = true;
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), result_crc64(&world)), (State::Done, None));
}

#[test]
fn a_part_whose_checksum_differs_is_sent_again() {
    for (name, size) in [("PUT 2", 3 * PART), ("PUT object", PART - 1)] {
        let mut world = oss();
        world.store.wrong_crc64 = vec![(name, 1)];
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))));
        assert_eq!((world.store.count(name), retries(&world)), (2, 1));
    }
}

#[test]
fn an_object_whose_checksum_differs_is_sent_again_once() {
    let mut world = oss();
    world.store.wrong_crc64 = vec![("complete", 1)];
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
    assert_eq!((world.store.count("create"), world.store.count("PUT 1")), (2, 2));

    let mut world = oss();
    world.store.wrong_crc64 = vec![("complete", 2)];
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::ChecksumMismatch));
    assert_eq!(world.store.count("create"), 2);
}

#[test]
fn after_a_reload_the_checksums_of_confirmed_parts_are_still_known() {
    let mut world = oss();
    world.add("a", bytes(12 * PART + 5));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
    let mut world = world.reopen(checked(), Backend::Direct(Kind::Oss));
    world.store.tells_crc64 = true;
    let id = world.add("a", bytes(12 * PART + 5));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert_eq!(world.store.count("create"), 0);
    assert_eq!(result_crc64(&world), Some(crc64(&bytes(12 * PART + 5))));
}

#[test]
fn parts_confirmed_without_a_checksum_leave_that_of_the_whole_unknown() {
    let mut world = World::with(config(), Backend::Direct(Kind::Oss), None);
    world.add("a", bytes(12 * PART));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
    let mut world = world.reopen(checked(), Backend::Direct(Kind::Oss));
    world.store.tells_crc64 = true;
    let id = world.add("a", bytes(12 * PART));
    world.run();
    assert_eq!((world.state(id), result_crc64(&world)), (State::Done, None));
}

#[test]
fn an_object_whose_etag_differs_is_sent_again_once() {
    for times in [1, 2] {
        let mut world = World::new();
        let xml = "<CompleteMultipartUploadResult><Key>a</Key><ETag>b864db6a936d376f9f8d3ed3bbe540dd-3</ETag>\
                   </CompleteMultipartUploadResult>";
        world.trouble("complete", times, Trouble::Body(xml));
        let id = world.add("a", bytes(3 * PART));
        world.run();
        assert_eq!((world.store.count("create"), world.store.count("PUT 1")), (2, 2));
        if times == 1 {
            assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
        } else {
            assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::ChecksumMismatch));
        }
    }
}

#[test]
fn only_s3_says_what_the_etag_of_an_object_is() {
    let etag = "b864db6a936d376f9f8d3ed3bbe540dd-3";
    for kind in [Kind::Oss, Kind::Cos, Kind::Bos, Kind::S3] {
        let mut world = World::with(checked(), Backend::Direct(kind), None);
        world.store.flavour.object_etag = Some(etag);
        // BOS has a language of its own, which the model store does not speak.
        let json = "{\"key\":\"a\",\"eTag\":\"-b864db6a936d376f9f8d3ed3bbe540dd-3\"}";
        if kind == Kind::Bos {
            world.trouble("create", 1, Trouble::Body("{\"key\":\"a\",\"uploadId\":\"S1\"}"));
            world.trouble("complete", 1, Trouble::Body(json));
            world.store.sessions.insert("S1".into(), Session::default());
        }
        let id = world.add("a", bytes(3 * PART));
        world.run();
        let expected = if kind == Kind::S3 { State::Failed } else { State::Done };
        assert_eq!(world.state(id), expected, "{kind:?} {:?}", world.events.last());
    }
}

#[test]
fn an_object_whose_checksum_is_right_is_known_whatever_its_etag() {
    let mut world = oss();
    world.store.flavour.object_etag = Some("b864db6a936d376f9f8d3ed3bbe540dd-3");
    world.trouble("complete", 1, Trouble::ReplyLost);
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.count("PUT"), world.store.count("head")), (State::Done, 3, 1));
}

#[test]
fn a_callback_that_failed_is_a_warning() {
    for (name, size) in [("PUT", PART - 1), ("complete", 3 * PART)] {
        let mut world = oss();
        world.trouble(name, 1, Trouble::Reply(203, "CallbackFailed"));
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), world.store.count("PUT")), (State::Done, size.div_ceil(PART) as usize));
        assert!(
            world.events.iter().any(|(_, e)| matches!(e, Event::Warning { code: "callback-failed", .. }))
        );
    }
}
