//! What the page is told, how often, and when the engine wants to be woken.

use crate::bytes;
use crate::world::{PART, Trouble, World, config};
use partwise::core::backend::Backend;
use partwise::core::progress::Snapshot;
use partwise::core::schedule::Parallel;
use partwise::core::store::Kind;
use partwise::core::units::{Instant, Millis};
use partwise::core::upload::{Event, Input, State};
use std::cell::RefCell;

#[test]
fn the_key_and_the_upload_id_are_known_once_there_is_a_session() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    let upload = world.engine.upload(id).unwrap();
    assert_eq!((upload.key(), upload.upload_id()), (None, None));
    world.run_until(|w| w.state(id) == State::Uploading);
    let upload = world.engine.upload(id).unwrap();
    assert_eq!((upload.key(), upload.upload_id()), (Some("a"), Some("S1")));
    assert_eq!(upload.target().key, "a");
}

#[test]
fn a_part_size_that_had_to_be_raised_is_a_warning() {
    let mut config = config();
    config.limits.max_parts = 4;
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(world.state(id), State::Done);
    let raised = world.events.iter().any(|(_, event)| {
        matches!(event, Event::Warning { code: "part-size-raised", message, .. } if message.contains("1048576"))
    });
    assert!(raised);
}

/// When each progress was told, from now until the world comes to rest or `end`.
fn progress_times(world: &mut World, end: impl Fn(&World) -> bool) -> Vec<(Instant, Snapshot)> {
    let told = RefCell::new(Vec::new());
    let before = world.events.len();
    world.run_until(|w| {
        let progress = w.events.iter().skip(before).filter_map(|(_, event)| match event {
            Event::Progress(snapshot) => Some(*snapshot),
            _ => None,
        });
        let known = told.borrow().len();
        told.borrow_mut().extend(progress.skip(known).map(|snapshot| (w.now.mono, snapshot)));
        end(w)
    });
    told.into_inner()
}

#[test]
fn progress_is_told_ten_times_a_second_while_bytes_move() {
    let mut world = World::new();
    let id = world.add("a", bytes(500 * PART));
    world.run_until(|w| w.state(id) == State::Uploading);
    let told = progress_times(&mut world, |w| w.state(id) != State::Uploading);
    assert!(told.len() > 5);
    // The last one comes with the change of state.
    for pair in told[..told.len() - 1].windows(2) {
        assert!((100..110).contains(&pair[1].0.since(pair[0].0).0), "{pair:?}");
    }
}

#[test]
fn progress_is_told_once_a_second_while_nothing_moves() {
    let mut world = World::new();
    let id = world.add("a", bytes(500 * PART));
    world.run_until(|w| w.store.count("PUT") == 400);
    world.trouble("PUT", 99, Trouble::Silence);
    let start = world.now.mono;
    let told = progress_times(&mut world, |w| w.now.mono.since(start) > Millis(20_000));
    let late: Vec<_> = told.iter().filter(|(at, _)| at.since(start) > Millis(2000)).collect();
    assert_eq!(world.state(id), State::Uploading);
    assert!(late.len() > 10);
    for pair in late.windows(2) {
        assert_eq!(pair[1].0.since(pair[0].0), Millis(1000));
        assert!(pair[1].1.bytes_per_second < pair[0].1.bytes_per_second, "the rate decays");
    }
}

#[test]
fn what_pauses_or_goes_offline_is_told_to_stand_still() {
    for offline in [true, false] {
        let mut world = World::new();
        let id = world.add("a", bytes(500 * PART));
        world.run_until(|w| w.store.count("PUT") == 400);
        assert!(world.engine.upload(id).unwrap().snapshot().bytes_per_second > 0.0);
        let loaded = world.engine.upload(id).unwrap().snapshot().loaded;
        world.events.clear();
        if offline {
            world.online(false);
        } else {
            world.tell(id, Input::Pause);
        }
        let [(_, Event::Progress(last)), (_, Event::State { previous: State::Uploading, .. })] =
            &world.events[..]
        else {
            panic!("{:?}", world.events)
        };
        assert_eq!((last.bytes_per_second, last.seconds_left), (0.0, None));
        assert!(
            (loaded..=loaded + 5 * PART).contains(&last.loaded),
            "what was sent since it was told counts"
        );
    }
}

#[test]
fn only_what_is_being_uploaded_tells_progress() {
    let mut world = World::new();
    let id = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(id) == State::Uploading);
    assert!(!world.events.iter().any(|(_, event)| matches!(event, Event::Progress(_))));
}

#[test]
fn what_is_paused_needs_no_timer_online_or_offline() {
    for offline in [false, true] {
        for moment in ["create", "PUT", "PUT 5"] {
            let mut config = config();
            config.offline_timeout = Some(Millis(60_000));
            let mut world = World::with(config, Backend::Direct(Kind::S3), None);
            let id = world.add("a", bytes(10 * PART));
            world.trouble("PUT 3", 1, Trouble::Network);
            world.run_until(|w| w.store.count(moment) > 0);
            world.online(!offline);
            world.tell(id, Input::Pause);
            assert_eq!(world.engine.upload(id).unwrap().poll_timeout(), None, "{moment}, offline: {offline}");
        }
    }
}

/// Or a browser would do nothing else any more.
#[test]
fn no_timer_is_due_before_time_passes() {
    let mut config = config();
    config.parallel = Parallel::Fixed(1);
    config.offline_timeout = Some(Millis(60_000));
    let mut world = World::with(config, Backend::Direct(Kind::S3), None);
    let sender = world.add("a", bytes(10 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    world.trouble("PUT", 99, Trouble::Silence);
    world.run_until(|w| w.store.count("PUT") == 4);
    let waiting = world.add("b", bytes(10 * PART));
    world.run_for(Millis(100));
    world.online(false);
    for id in [sender, waiting] {
        for input in [Input::Pause, Input::Resume] {
            world.tell(id, input);
            assert!(world.engine.poll_timeout(world.now).is_none_or(|due| due > world.now.mono));
            world.pass(1);
        }
    }
}

#[test]
fn nothing_is_told_after_the_end() {
    let mut world = World::new();
    let id = world.add("a", bytes(3 * PART));
    world.run();
    let told = world.events.len();
    // The write of a record may fail later than everything else.
    world.tell(id, Input::StorageFault { full: true });
    assert_eq!((world.state(id), world.events.len()), (State::Done, told));
}

#[test]
fn once_nothing_more_is_sent_all_of_it_counts() {
    for size in [PART - 1, 5 * PART] {
        let mut world = World::new();
        world.trouble("complete", 1, Trouble::Network);
        let id = world.add("a", bytes(size));
        world.run_until(|w| w.state(id) == State::Completing);
        assert_eq!(world.engine.upload(id).unwrap().snapshot().loaded, size);
        let told = world.events.iter().rev().find_map(|(_, event)| match event {
            Event::Progress(snapshot) => Some(snapshot.loaded),
            _ => None,
        });
        assert_eq!(told, Some(size));
        world.run();
    }
}
