//! The MD5 of the whole file: computed while parts are sent, and only where it is wanted.

use crate::model::store::md5;
use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure};
use partwise::core::backend::Backend;
use partwise::core::config::{Config, Identity, Instant, Verify};
use partwise::core::error::Code;
use partwise::core::hash::{Digests, Md5Digest, Piece};
use partwise::core::store::Kind;
use partwise::core::upload::{Event, Input, OpId, State};

fn told_md5s(world: &World) -> Vec<Md5Digest> {
    let told = world.events.iter().filter_map(|(_, event)| match event {
        Event::Hash { md5, .. } => *md5,
        _ => None,
    });
    told.collect()
}

fn result_md5(world: &World) -> Option<Md5Digest> {
    world.events.iter().find_map(|(_, event)| match event {
        Event::Done(result) => result.md5,
        _ => None,
    })
}

/// The parts need no hash of their own, and the whole file's comes last.
fn hashing_last() -> World {
    let config = Config { identity: Identity::Md5, ..World::unverified() };
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    world.slow_hashes = true;
    world
}

#[test]
fn it_is_told_ten_times_a_second_how_far_it_is_and_that_never_falls() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Starting);
    world.events.clear();
    for (wait, bytes) in
        [(1000, 500), (50, 900), (49, 1000), (1, 2000), (200, 1500), (200, 2000), (200, 9000)]
    {
        world.pass(wait);
        world.hash_progress(id, bytes);
    }
    world.tell(id, Input::HashProgress(OpId(9999), 100));
    let told: Vec<_> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Hash { loaded, total, md5: None } => Some((*loaded, *total)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(500, 5 * PART), (2000, 5 * PART), (5 * PART, 5 * PART)]);
}

#[test]
fn a_file_whose_md5_nobody_wants_is_not_read_as_a_whole() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert!(!world.events.iter().any(|(_, event)| matches!(event, Event::Hash { .. })));
    assert_eq!(result_md5(&world), None);
}

#[test]
fn a_new_file_is_sent_before_its_md5_is_known() {
    let mut world = hashing_last();
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") > 0);
    assert_eq!((world.state(id), told_md5s(&world)), (State::Uploading, vec![]));
}

#[test]
fn parts_that_nobody_verifies_have_no_md5_computed() {
    let mut world = hashing_last();
    let id = world.add("a", bytes(5 * PART));
    world.run();
    // Of the sample by which the file is known.
    assert_eq!((world.state(id), world.digests), (State::Done, 1));
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(world.digests, 1 + 5);
}

#[test]
fn done_waits_for_the_md5() {
    let mut world = hashing_last();
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.object("a").is_some());
    assert_eq!((world.state(id), told_md5s(&world)), (State::Completing, vec![]));
    world.run();
    let md5 = md5(&bytes(5 * PART));
    assert_eq!((world.state(id), told_md5s(&world), result_md5(&world)), (State::Done, vec![md5], Some(md5)));
}

#[test]
fn a_file_that_goes_away_once_all_of_it_has_arrived_is_done_without_its_md5() {
    let mut world = hashing_last();
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.object("a").is_some());
    world.file_exception = Some("NotFoundError".into());
    world.run();
    assert_eq!((world.state(id), result_md5(&world)), (State::Done, None));
}

#[test]
fn the_md5_of_an_upload_that_goes_on_is_not_computed_again() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") >= 10 && told_md5s(w).len() == 1);
    let mut world = world.reload(World::md5_identity());
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), told_md5s(&world)), (State::Done, vec![]));
    assert_eq!(result_md5(&world), Some(md5(&bytes(20 * PART))));
}

#[test]
fn an_object_of_parts_is_known_by_its_etag_although_the_md5_of_the_file_is_known() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") >= 10 && told_md5s(w).len() == 1);
    let name = world.engine.upload(id).unwrap().fingerprint().unwrap().to_owned();
    assert!(world.storage.keys().any(|key| *key == format!("partwise/1/{name}/head")), "{name}");
    world.trouble("complete", 1, Trouble::ReplyLost);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(20 * PART))));
    let counts = ["create", "head", "abort"].map(|operation| world.store.count(operation));
    assert_eq!(counts, [1, 1, 0]);
}

#[test]
fn the_same_content_for_another_destination_is_another_upload() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") >= 10 && told_md5s(w).len() == 1);
    let mut elsewhere = World::md5_identity();
    elsewhere.destination = "another bucket".into();
    let mut world = world.reload(elsewhere);
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert_eq!((world.store.count("create"), world.store.count("PUT")), (1, 20));
}

#[test]
fn a_file_of_another_size_is_not_held_up_by_what_is_stored() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") >= 10 && told_md5s(w).len() == 1);
    let mut world = world.reload(World::md5_identity());
    world.slow_hashes = true;
    let id = world.add("b", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") > 0);
    assert_eq!((world.state(id), told_md5s(&world)), (State::Uploading, vec![]));
}

#[test]
fn a_new_file_is_not_held_up_by_one_whose_md5_was_never_known() {
    let mut world = hashing_last();
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") >= 10 && w.storage.len() > 1);
    let mut world = world.reload(World::md5_identity());
    world.slow_hashes = true;
    let id = world.add("b", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") > 0);
    assert_eq!((world.state(id), told_md5s(&world)), (State::Uploading, vec![]));
}

#[test]
fn the_file_is_read_once_for_its_own_md5_and_those_of_its_parts() {
    for verify in [Verify::Etag, Verify::ContentMd5] {
        let config = Config { verify, ..World::md5_identity() };
        let mut world = World::with(config, Backend::Direct(Kind::S3), None);
        let id = world.add("a", bytes(40 * PART));
        world.run();
        assert_eq!((world.state(id), result_md5(&world)), (State::Done, Some(md5(&bytes(40 * PART)))));
        // And once for the samples, which of so small a file are all of it.
        assert_eq!(world.read, 80 * PART, "{verify:?}");
    }
}

#[test]
fn a_pause_stops_the_reading_and_what_was_read_is_not_read_again() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.slow_hashes = true;
    let id = world.add("a", bytes(40 * PART));
    world.run_until(|w| w.read >= 60 * PART);
    assert_eq!(world.state(id), State::Uploading);
    world.tell(id, Input::Pause);
    let read = world.read;
    world.run();
    assert_eq!((world.state(id), world.read), (State::Paused, read), "nothing is read meanwhile");
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), result_md5(&world)), (State::Done, Some(md5(&bytes(40 * PART)))));
    // All of it for the samples, once for the MD5, and once more the parts that were on their way or not yet proven.
    assert!(world.read <= 92 * PART, "{} bytes", world.read);
}

#[test]
fn after_a_reload_it_reads_on_where_it_was() {
    for is_sound in [true, false] {
        let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
        world.slow_hashes = true;
        let id = world.add("a", bytes(40 * PART));
        world.run_until(|w| w.read >= 60 * PART && w.store.count("create") == 1);
        // Says where it is, as every five seconds.
        world.tell(id, Input::Pause);
        world.run();
        let (_, state) = world.storage.iter_mut().find(|(key, _)| key.ends_with("/md5")).unwrap();
        if !is_sound {
            *state = state.replace("state=", "state=A");
        }
        let mut world = world.reload(World::md5_identity());
        let id = world.add("a", bytes(40 * PART));
        world.run();
        assert_eq!((world.state(id), result_md5(&world)), (State::Done, Some(md5(&bytes(40 * PART)))));
        // All of it for the samples.
        assert_eq!(world.read < 80 * PART, is_sound, "{} bytes", world.read);
        assert!(world.storage.is_empty(), "{:?}", world.storage);
    }
}

#[test]
fn what_belongs_to_no_job_is_ignored() {
    let mut world = World::with(config(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 2);
    let other = OpId(9999);
    world.tell(id, Input::Hashed(other, Err("NotFoundError".into())));
    world.tell(id, Input::Hashed(other, Ok(Piece { index: 0, digests: Digests::default(), whole: None })));
    world.tell(id, Input::Checked(other, Err("NotFoundError".into())));
    world.tell(id, Input::Progress(other, 5));
    assert_eq!(world.state(id), State::Uploading);
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(5 * PART))));
    assert_eq!(world.store.count("PUT"), 5);
}

#[test]
fn a_file_that_cannot_be_read_as_a_whole_while_it_is_sent_fails_the_upload() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Starting);
    world.file_exception = Some("NotReadableError".into());
    world.step();
    world.collect();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::FileChanged));
}

#[test]
fn what_was_read_before_anything_was_sent_is_not_read_again_after_a_reload() {
    let asking = || Config { instant: Instant::Before, ..World::md5_identity() };
    let mut world = World::with(asking(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(40 * PART));
    // All of it for the samples.
    world.run_until(|w| w.read >= 60 * PART);
    assert_eq!((world.state(id), world.store.requests.len()), (State::Hashing, 0));
    world.tell(id, Input::Pause);
    world.run();
    let mut world = world.reload(asking());
    let id = world.add("a", bytes(40 * PART));
    world.run();
    assert_eq!((world.state(id), result_md5(&world)), (State::Done, Some(md5(&bytes(40 * PART)))));
    assert!(world.read < 65 * PART + 40 * PART, "{} bytes", world.read);
    assert!(!world.storage.keys().any(|key| key.ends_with("/md5")), "{:?}", world.storage);
}

#[test]
fn where_the_reading_is_is_written_down_every_five_seconds() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(40 * PART));
    world.run_until(|w| w.read >= 60 * PART);
    let saved = |world: &World| {
        world.storage.iter().find(|(key, _)| key.ends_with("/md5")).map(|(_, value)| value.clone())
    };
    let first = saved(&world);
    assert!(first.is_some(), "the first time at once");
    world.run_until(|w| w.read >= 62 * PART);
    assert_eq!(saved(&world), first);
    world.pass(5000);
    world.run_until(|w| w.read >= 64 * PART);
    assert_ne!(saved(&world), first);
    world.run();
    assert_eq!(world.state(id), State::Done);
}

#[test]
fn what_is_cancelled_leaves_no_trace_of_its_reading() {
    let config = Config { instant: Instant::Before, ..World::md5_identity() };
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(40 * PART));
    world.run_until(|w| w.read >= 60 * PART);
    assert!(!world.storage.is_empty());
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.storage.len()), (State::Cancelled, 0));
}

#[test]
fn parts_do_not_wait_for_a_reading_that_has_not_begun() {
    let config = Config { verify: Verify::ContentMd5, ..World::md5_identity() };
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    world.no_turn_ahead = true;
    let id = world.add("a", bytes(40 * PART));
    world.run_until(|w| w.store.count("PUT") == 40);
    assert_eq!((world.store.count("PUT"), told_md5s(&world)), (40, vec![]));
    world.no_turn_ahead = false;
    world.run();
    assert_eq!((world.state(id), result_md5(&world)), (State::Done, Some(md5(&bytes(40 * PART)))));
}

#[test]
fn parts_that_are_read_soon_are_not_read_apart() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(40 * PART));
    world.run_until(|w| w.read >= 50 * PART);
    world.slow_hashes = true;
    world.run();
    // Once for the samples, once for the MD5. Nine were too far off to be waited for; it would be more if the next ones were not.
    assert_eq!((world.state(id), world.read), (State::Done, 89 * PART));
}

#[test]
fn what_is_paused_while_it_is_completed_ends_with_its_md5() {
    let mut world = hashing_last();
    let id = world.add("a", bytes(5 * PART));
    world.trouble("complete", 1, Trouble::Reply(500, "InternalError"));
    world.run_until(|w| w.store.count("complete") == 1);
    world.tell(id, Input::Pause);
    world.run();
    assert_eq!((world.state(id), result_md5(&world)), (State::Done, Some(md5(&bytes(5 * PART)))));
}
