//! Files arrive whole, share the pool, and their progress is true.

use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure};
use partwise::core::backend::Backend;
use partwise::core::error::Code;
use partwise::core::store::Kind;
use partwise::core::units::Millis;
use partwise::core::upload::{Event, Input, State};

#[test]
fn a_file_in_parts_arrives_whole_and_leaves_nothing_behind() {
    let mut world = World::new();
    let id = world.add("a.bin", bytes(10 * PART + 1));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert_eq!(world.store.object("a.bin"), Some(bytes(10 * PART + 1)));
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
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(size))), "{size}");
        assert_eq!(world.store.requests, requests, "{size}");
    }
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
        let whole = world.store.object(&format!("f{i}")) == Some(bytes(10 * PART + i as u64));
        assert_eq!((world.state(*id) == State::Done, whole), (whole, whole), "f{i}");
    }
    assert_eq!(world.state(ids[1]), State::Failed);
    assert_eq!(world.state(ids[0]), State::Done);
}

#[test]
fn waiting_for_the_same_file_keeps_no_other_file_waiting() {
    let mut config = config();
    config.parallel = partwise::core::schedule::Parallel::Fixed(1);
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
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
fn unverified_parts_need_no_hash() {
    let mut world = World::with(World::unverified(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
}

#[test]
fn unverified_objects_may_have_any_etag() {
    let mut world = World::with(World::unverified(), Backend::Direct(Kind::S3), None);
    let reply = "<CompleteMultipartUploadResult><ETag>00000000000000000000000000000000-3</ETag></CompleteMultipartUploadResult>";
    world.trouble("complete", 1, Trouble::Body(reply));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
}

#[test]
fn what_is_paused_before_its_turn_is_not_even_read() {
    let read = |one_more: bool| {
        let mut world = World::new();
        let first = world.add("first", bytes(PART));
        for n in 0..40 {
            world.add(&format!("{n}"), bytes(PART));
        }
        let last = one_more.then(|| world.add("last", bytes(PART)));
        let of = |world: &World, id| {
            let upload = world.engine.upload(id).unwrap();
            (upload.wants_admission(), upload.is_live())
        };
        assert_eq!(of(&world, first), (false, true));
        if let Some(last) = last {
            assert_eq!(of(&world, last), (true, false));
            world.tell(last, Input::Pause);
            assert_eq!(of(&world, last), (false, false));
        }
        world.run();
        assert_eq!((world.state(first), of(&world, first)), (State::Done, (false, false)));
        assert!(last.is_none_or(|last| world.state(last) == State::Paused));
        world.read
    };
    assert_eq!(read(true), read(false));
}
