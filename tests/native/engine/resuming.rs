//! What an earlier page left is recognised, and only that.

use crate::bytes;
use crate::model::store::{Part, md5};
use crate::world::{PART, Trouble, World, config};
use partwise::core::backend::Backend;
use partwise::core::backend::companion::Companion;
use partwise::core::config::{Config, Verify};
use partwise::core::store::Kind;
use partwise::core::units::Millis;
use partwise::core::upload::{Event, Input, State};

#[test]
fn after_a_reload_only_parts_that_were_not_confirmed_are_sent() {
    let mut world = World::new();
    world.add("a", bytes(20 * PART));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
    let confirmed: Vec<u32> = world
        .events
        .iter()
        .filter_map(|(_, e)| match e {
            Event::Part { number, .. } => Some(number.get()),
            _ => None,
        })
        .collect();
    let mut world = world.reload(config());
    let id = world.add("a", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(20 * PART))));
    assert_eq!(world.store.count("create"), 0);
    for part in confirmed {
        assert!(!world.store.requests.contains(&format!("PUT {part}")), "{part} was sent again");
    }
}

#[test]
fn parts_the_store_lost_or_somebody_else_wrote_are_sent_again() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") >= 8 && w.storage.len() > 1);
    let session = world.store.sessions.values_mut().next().unwrap();
    session.parts.remove(&2);
    session.parts.insert(3, Part::new(&bytes(PART)));
    session.parts.insert(4, Part::new(&[0; 7]));
    let mut world = world.reload(config());
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
    for part in [2, 3, 4] {
        assert_eq!(world.store.count(&format!("PUT {part}")), 1);
    }
}

#[test]
fn parts_the_store_took_without_anyone_learning_of_it_are_not_sent_again() {
    for verify in [Verify::Etag, Verify::ContentMd5, Verify::Off] {
        let config = || Config { verify, ..config() };
        let mut world = World::with(config(), Backend::Direct(Kind::S3), None);
        world.add("a", bytes(10 * PART));
        world.run_until(|w| w.store.count("PUT") >= 8 && w.storage.len() > 1);
        let session = world.store.sessions.values_mut().next().unwrap();
        let content = bytes(10 * PART);
        session.parts.insert(9, Part::new(&content[8 * PART as usize..9 * PART as usize]));
        let foreign: Vec<u8> = bytes(PART).iter().map(|byte| byte ^ 1).collect();
        session.parts.insert(10, Part::new(&foreign));
        let mut world = world.reload(config());
        let id = world.add("a", content.clone());
        world.run();
        assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(content.clone())));
        // Without hashing nobody can tell.
        assert_eq!(world.store.count("PUT 9"), usize::from(verify == Verify::Off), "{verify:?}");
        assert_eq!(world.store.count("PUT 10"), 1);
        assert_eq!(crate::retries(&world), 0);
    }
}

#[test]
fn another_file_of_the_same_name_and_size_never_continues_the_first() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") >= 5);
    let mut world = world.reload(config());
    let other: Vec<u8> = bytes(10 * PART).iter().map(|b| b ^ 0xff).collect();
    let id = world.add("a", other.clone());
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(other)));
    assert_eq!(world.store.count("PUT"), 10);
}

#[test]
fn the_same_file_for_another_key_never_continues_the_first() {
    for config in [config, World::md5_identity] {
        let mut world = World::with(config(), Backend::Direct(Kind::S3), None);
        world.add("a", bytes(10 * PART));
        world.run_until(|w| w.store.count("PUT") >= 5);
        let mut world = world.reload(config());
        let id = world.add_as("a", "elsewhere", bytes(10 * PART));
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(world.store.object("elsewhere"), Some(bytes(10 * PART)));
        assert_eq!(world.store.object("a"), None);
    }
}

#[test]
fn a_changed_part_size_goes_on_with_the_old_geometry() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") >= 5);
    let mut config = config();
    config.part_size = partwise::core::plan::PartSize::Bytes(3 * PART);
    let mut world = world.reload(config);
    let id = world.add("a", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(10 * PART))));
    assert!(world.store.count("PUT") < 10);
}

#[test]
fn with_md5_identity_a_renamed_file_goes_on_and_the_result_holds_the_md5() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    world.add("a", bytes(20 * PART));
    world.run_until(|w| {
        w.store.count("PUT") >= 10
            && w.events.iter().any(|(_, e)| matches!(e, Event::Hash { md5: Some(_), .. }))
    });
    let mut world = world.reload(World::md5_identity());
    let id = world.add("renamed", bytes(20 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("a")), (State::Done, Some(bytes(20 * PART))));
    assert_eq!(world.store.count("create"), 0);
    assert!(world.store.count("PUT") <= 10);
    let known = world.events.iter().find_map(|(_, e)| match e {
        Event::Done(result) => result.md5,
        _ => None,
    });
    assert_eq!(known, Some(md5(&bytes(20 * PART))));
    assert!(world.storage.is_empty());
}

#[test]
fn with_md5_identity_a_small_unverified_file_has_its_md5_too() {
    let mut config = World::md5_identity();
    config.verify = partwise::core::config::Verify::Off;
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    world.add("a", bytes(PART - 1));
    world.run();
    let known = world.events.iter().find_map(|(_, e)| match e {
        Event::Done(result) => result.md5,
        _ => None,
    });
    assert_eq!(known, Some(md5(&bytes(PART - 1))));
}

#[test]
fn garbage_in_storage_is_dropped_and_harms_nothing() {
    let mut world = World::new();
    world.storage.insert("partwise/1/zzz".into(), "{\u{0}".into());
    world.storage.insert("partwise/1/".into(), String::new());
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    assert!(world.storage.is_empty());
}

#[test]
fn garbage_takes_no_good_record_with_it() {
    let mut world = World::new();
    world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 5 && w.storage.len() > 1);
    let good = world.storage.clone();
    // Beginnings of good keys, each of them.
    for key in good.keys() {
        for end in "partwise/1/".len()..key.len() {
            world.storage.insert(key[..end].into(), "garbage".into());
        }
    }
    let mut world = world.reload(config());
    world.add("other", bytes(3 * PART));
    world.run();
    assert_eq!(world.storage, good);
}

#[test]
fn records_of_an_impossible_geometry_are_not_gone_on_with() {
    let mut world = World::with(World::md5_identity(), Backend::Direct(Kind::S3), None);
    for name in ["a", "b"] {
        world.add(name, bytes(10 * PART));
    }
    world.run_until(|w| {
        w.store.count("PUT") >= 10
            && w.events.iter().filter(|(_, e)| matches!(e, Event::Hash { md5: Some(_), .. })).count() == 2
    });
    let mut config = World::md5_identity();
    config.limits.min_part = 2 * PART;
    config.part_size = partwise::core::plan::PartSize::Bytes(2 * PART);
    let mut world = world.reload(config);
    let id = world.add("c", bytes(10 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.object("c")), (State::Done, Some(bytes(10 * PART))));
}

#[test]
fn a_broken_storage_is_one_warning_and_no_failure() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.tell(id, Input::StorageFault { full: true });
    world.tell(id, Input::StorageFault { full: true });
    world.run();
    assert_eq!(world.state(id), State::Done);
    let warnings =
        world.events.iter().filter(|(_, e)| matches!(e, Event::Warning { code: "storage-full", .. }));
    assert_eq!(warnings.count(), 1);
}

#[test]
fn one_500_among_other_failures_of_a_backend_that_lists_gives_up_nothing() {
    let listing_fails = |failures: &[(usize, u16)]| {
        let mut first = World::new();
        first.add("a", bytes(10 * PART));
        first.run_until(|w| w.store.count("PUT") == 5);
        let mut world = World::with(config(), Backend::Companion(Companion::new("/s3")), None);
        world.storage = first.storage;
        for (times, status) in failures {
            world.trouble("list", *times, Trouble::Reply(*status, ""));
        }
        world.trouble("create", 1000, Trouble::Silence);
        world.add("a", bytes(10 * PART));
        world.run_for(Millis::from_secs(100));
        (world.store.count("list") > 4, world.store.count("create") > 0, world.storage.is_empty())
    };
    assert_eq!(listing_fails(&[(2, 503), (1, 500), (1000, 503)]), (true, false, false));
    // Companion says the same of an upload id that is gone.
    assert_eq!(listing_fails(&[(3, 500)]), (false, true, true));
}

#[test]
fn a_file_without_a_key_of_its_own_goes_on_under_the_one_made_for_it_first() {
    for lost in [false, true] {
        let mut world = World::new();
        world.add_under("a", "made-first", bytes(20 * PART));
        world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
        if lost {
            world.store.sessions.clear();
        }
        let mut world = world.reload(config());
        let id = world.add_under("a", "made-next", bytes(20 * PART));
        world.run();
        assert_eq!(world.state(id), State::Done);
        assert_eq!(world.store.object("made-first"), Some(bytes(20 * PART)));
        assert_eq!(world.store.object("made-next"), None);
        assert_eq!(world.store.count("create"), usize::from(lost));
    }
}
