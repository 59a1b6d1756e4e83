//! `overwrite: false`: objects that must not be replaced.

use crate::model::store::{Flavour, Object, md5};
use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure};
use partwise::core::backend::Backend;
use partwise::core::backend::direct::LocalSigner;
use partwise::core::config::{Config, Identity, Verify};
use partwise::core::error::Code;
use partwise::core::hash::{Crc64, composite_etag};
use partwise::core::store::{Bucket, Kind};
use partwise::core::upload::{Event, Input, State};

const SIZES: [u64; 4] = [0, PART - 1, PART + 1, 5 * PART];

fn careful(kind: Kind) -> World {
    let crc64 = (kind != Kind::S3).then_some(Crc64::Xz);
    let mut world = World::with(Config { overwrite: false, crc64, ..config() }, Backend::Direct(kind), None);
    world.store.tells_crc64 = kind != Kind::S3;
    world
}

fn put_there(world: &mut World, bytes: &[u8]) {
    let etag = md5(bytes).to_hex();
    world.store.objects.insert("a".into(), Object { bytes: bytes.into(), etag });
}

#[test]
fn where_there_is_nothing_files_arrive() {
    for kind in [Kind::S3, Kind::Oss] {
        for size in SIZES {
            let mut world = careful(kind);
            let id = world.add("a", bytes(size));
            world.run();
            assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))));
            assert_eq!(world.store.count("head"), 1);
        }
    }
}

#[test]
fn an_object_that_is_there_is_kept_and_nothing_is_sent() {
    for size in SIZES {
        let mut world = careful(Kind::S3);
        put_there(&mut world, b"theirs");
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Exists));
        assert_eq!(world.store.requests, ["head"]);
        assert_eq!(world.store.object("a").unwrap(), b"theirs");
    }
}

#[test]
fn one_that_comes_meanwhile_is_kept_too() {
    for kind in [Kind::S3, Kind::Oss] {
        for (size, last) in [(PART - 1, "PUT object"), (5 * PART, "complete")] {
            let mut world = careful(kind);
            world.trouble(last, 1, Trouble::Network);
            let id = world.add("a", bytes(size));
            world.run_until(|w| w.events.iter().any(|(_, e)| matches!(e, Event::Retry(_))));
            // Of the same size, so that only its content tells.
            put_there(&mut world, &vec![7; size as usize]);
            world.run();
            assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Exists), "{kind:?} {last}");
            assert_eq!(world.store.object("a").unwrap(), vec![7; size as usize]);
        }
    }
}

#[test]
fn one_that_came_in_place_of_an_upload_that_is_gone_is_no_reason_to_send_everything_again() {
    let mut world = careful(Kind::S3);
    world.trouble("complete", 1, Trouble::Network);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.events.iter().any(|(_, e)| matches!(e, Event::Retry(_))));
    world.trouble("complete", 1, Trouble::Reply(404, "NoSuchUpload"));
    put_there(&mut world, &vec![7; 5 * PART as usize]);
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Exists));
    assert_eq!((world.store.count("create"), world.store.count("PUT")), (1, 5));
}

#[test]
fn our_own_object_is_known_although_the_reply_was_lost() {
    for kind in [Kind::S3, Kind::Oss] {
        for (size, last) in [(0, "PUT object"), (PART - 1, "PUT object"), (5 * PART, "complete")] {
            let mut world = careful(kind);
            world.trouble(last, 1, Trouble::ReplyLost);
            let id = world.add("a", bytes(size));
            world.run();
            assert_eq!(
                (world.state(id), world.store.object("a")),
                (State::Done, Some(bytes(size))),
                "{kind:?}"
            );
            assert!(world.store.count("PUT") <= 5, "everything was sent again");
            let etag = &world.store.objects["a"].etag;
            let told = world.events.iter().find_map(|(_, event)| match event {
                Event::Done(result) => result.etag.as_ref(),
                _ => None,
            });
            assert_eq!(told, Some(etag), "{kind:?} {last}");
        }
    }
}

#[test]
fn its_checksum_is_enough_where_etags_are_no_md5s() {
    for (size, last) in [(PART - 1, "PUT object"), (5 * PART, "complete")] {
        let mut world = careful(Kind::Oss);
        world.store.flavour = Flavour { etags_are_md5: false, ..Flavour::PLAIN };
        world.trouble(last, 1, Trouble::ReplyLost);
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!(world.state(id), State::Done, "{last} {:?}", world.events.last());
    }
}

#[test]
fn an_object_whose_checksum_differs_is_not_done_whatever_its_etag() {
    for (size, last) in [(PART - 1, "PUT object"), (5 * PART, "complete")] {
        let mut world = careful(Kind::Oss);
        world.store.wrong_crc64 = vec![("head", usize::MAX)];
        world.trouble(last, 1, Trouble::ReplyLost);
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::ChecksumMismatch), "{last}");
    }
}

#[test]
fn a_store_that_hides_what_it_has_is_asked_at_the_end_only() {
    for size in [PART - 1, 5 * PART] {
        let mut world = careful(Kind::S3);
        world.trouble("head", usize::MAX, Trouble::Reply(403, ""));
        put_there(&mut world, b"theirs");
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Exists), "{size}");
        assert_eq!(world.store.object("a").unwrap(), b"theirs");
        assert!(world.store.count("PUT") > 0);
    }
}

#[test]
fn once_the_object_is_gone_resume_goes_on_with_what_has_arrived() {
    let mut world = careful(Kind::S3);
    world.trouble("complete", 1, Trouble::Network);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.events.iter().any(|(_, e)| matches!(e, Event::Retry(_))));
    put_there(&mut world, b"theirs");
    world.run();
    assert_eq!(world.state(id), State::Failed);
    world.store.objects.clear();
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
    assert_eq!(world.store.count("PUT"), 5);
}

#[test]
fn a_condition_of_the_signers_own_is_no_reason_to_send_everything_again() {
    let mut world = World::new();
    put_there(&mut world, b"theirs");
    world.trouble("complete", usize::MAX, Trouble::Reply(412, "PreconditionFailed"));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Exists));
    assert_eq!(world.store.count("PUT"), 5);
}

#[test]
fn small_files_arrive_without_verifying_too() {
    let config = Config { overwrite: false, verify: Verify::Off, ..config() };
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    // Whatever their ETags look like.
    world.store.flavour = Flavour { etags_are_md5: false, ..Flavour::PLAIN };
    let ids: Vec<_> = ["a", "b", "c", "d"].into_iter().map(|name| world.add(name, bytes(PART - 1))).collect();
    world.run();
    assert!(ids.into_iter().all(|id| world.state(id) == State::Done));
}

#[test]
fn an_answer_without_a_size_is_an_object_all_the_same() {
    for size in [PART - 1, 5 * PART] {
        let mut world = careful(Kind::S3);
        world.trouble("head", usize::MAX, Trouble::Body(""));
        let id = world.add("a", bytes(size));
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Exists));
        assert_eq!(world.store.requests, ["head"]);
    }
}

#[test]
fn where_looking_is_forbidden_it_is_tried_once_more_and_credentials_are_kept() {
    let bucket = Bucket {
        endpoint: Some("https://store".into()),
        path_style: true,
        ..Bucket::new(Kind::S3, "b", "r")
    };
    let config = Config { overwrite: false, ..config() };
    let mut world = World::with(config, Backend::Direct(Kind::S3), Some(LocalSigner::new(bucket)));
    world.trouble("head", usize::MAX, Trouble::Reply(403, ""));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.count("head"), world.signed_with.len()), (State::Done, 2, 1));
}

#[test]
fn what_the_store_put_together_wrongly_is_not_called_anothers() {
    let mut world = careful(Kind::Oss);
    world.store.wrong_crc64 = vec![("complete", 1)];
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::ChecksumMismatch));
    assert_eq!(world.store.count("create"), 1);
}

#[test]
fn a_conflict_at_the_end_is_cleared_by_beginning_anew() {
    let mut world = careful(Kind::S3);
    world.trouble("complete", 1, Trouble::Reply(409, "ConditionalRequestConflict"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(3 * PART))));
    assert_eq!((world.store.count("create"), world.store.count("complete")), (2, 2));
    assert!(world.store.sessions.is_empty());
}

#[test]
fn our_own_small_object_is_known_without_verifying_too() {
    let config = Config { overwrite: false, verify: Verify::Off, ..config() };
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    world.trouble("PUT object", 1, Trouble::ReplyLost);
    let id = world.add("a", bytes(PART - 1));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(PART - 1))));
}

#[test]
fn nothing_is_hashed_for_a_comparison_that_nobody_makes() {
    for (overwrite, size) in [(true, PART - 1), (true, 5 * PART), (false, 5 * PART)] {
        let config = Config { overwrite, verify: Verify::Off, identity: Identity::Fast, ..config() };
        let mut world = World::with(config, Backend::Direct(Kind::S3), None);
        let id = world.add("a", bytes(size));
        world.run();
        // What can be resumed is known by a sample of it.
        let sample = usize::from(size > PART);
        assert_eq!((world.state(id), world.digests), (State::Done, sample), "{overwrite} {size}");
    }
}

#[test]
fn one_of_the_same_content_that_came_meanwhile_is_ours_too_and_this_upload_is_removed() {
    let mut world = careful(Kind::S3);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|world| world.store.count("PUT") == 5);
    let content = bytes(5 * PART);
    let etag = composite_etag(content.chunks(PART as usize).map(md5));
    world.store.objects.insert("a".into(), Object { bytes: content.into(), etag });
    world.run();
    assert_eq!((world.state(id), world.store.count("abort")), (State::Done, 1));
}

#[test]
fn a_completion_that_is_forbidden_is_no_reason_to_look_for_an_object() {
    let mut world = careful(Kind::S3);
    world.trouble("complete", usize::MAX, Trouble::Reply(403, "AccessDenied"));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Denied));
    assert_eq!(world.store.count("head"), 1);
}

#[test]
fn nothing_is_begun_where_nobody_can_be_asked_first() {
    let mut world = careful(Kind::S3);
    world.trouble("head", usize::MAX, Trouble::Network);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Network));
    assert_eq!(world.store.count("create"), 0);
}
