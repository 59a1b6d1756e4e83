//! The same file in several tabs, or twice in one: one sends, the others show its progress and share its result.

use crate::world::{PART, Trouble, World};
use crate::{bytes, failure};
use partwise::core::checkpoint::headers;
use partwise::core::engine::UploadId;
use partwise::core::error::Code;
use partwise::core::progress::Snapshot;
use partwise::core::upload::{Event, Input, Message, State, UploadResult};

fn loaded(world: &World, of: UploadId) -> Vec<u64> {
    let events = world.events.iter().filter(|(id, _)| *id == of);
    let progress = events.filter_map(|(_, event)| match event {
        Event::Progress(progress) => Some(progress.loaded),
        _ => None,
    });
    progress.collect()
}

fn result(world: &World, of: UploadId) -> Option<UploadResult> {
    world.events.iter().find_map(|(id, event)| match event {
        Event::Done(result) if *id == of => Some(result.clone()),
        _ => None,
    })
}

#[test]
fn of_the_same_file_twice_one_is_sent_and_both_are_done() {
    let mut world = World::new();
    let ids = [(); 3].map(|()| world.add("a", bytes(50 * PART)));
    world.run();
    assert_eq!(ids.map(|id| world.state(id)), [State::Done; 3]);
    assert_eq!((world.store.count("create"), world.store.count("PUT")), (1, 50));
    let first = result(&world, ids[0]);
    assert!(first.as_ref().is_some_and(|result| result.etag.is_some() && result.location.is_some()));
    assert_eq!([result(&world, ids[1]), result(&world, ids[2])], [first.clone(), first]);
    assert_eq!((world.locks(), world.storage.len()), (0, 0));
}

#[test]
fn who_waits_shows_the_progress_of_who_sends() {
    let mut world = World::new();
    let sender = world.add("a", bytes(400 * PART));
    world.run_until(|w| w.store.count("PUT") == 10);
    world.tell(sender, Input::Pause);
    world.run();
    let so_far = world.engine.upload(sender).unwrap().snapshot().loaded;
    let waiting = world.add("a", bytes(400 * PART));
    world.run();
    // Asked for, since one that is paused says nothing by itself.
    assert_eq!((world.state(waiting), loaded(&world, waiting)), (State::Queued, vec![so_far]));
    world.tell(sender, Input::Resume);
    world.run_until(|w| w.engine.upload(sender).unwrap().snapshot().loaded > so_far + 2 * PART);
    world.run_until(|w| loaded(w, waiting).last() > Some(&(so_far + 2 * PART)));
    assert_eq!(world.state(waiting), State::Queued);
    world.run();
    assert!(loaded(&world, waiting).is_sorted());
    assert_eq!(loaded(&world, waiting).last(), Some(&(400 * PART)));
}

#[test]
fn who_waits_goes_on_where_the_sender_failed() {
    let mut world = World::new();
    let sender = world.add("a", bytes(20 * PART));
    let waiting = world.add("a", bytes(20 * PART));
    world.run_until(|w| w.store.count("PUT") == 10);
    world.trouble("PUT", 1, Trouble::Reply(400, "Whatever"));
    world.run();
    assert_eq!((world.state(sender), world.state(waiting)), (State::Failed, State::Done));
    assert_eq!(world.store.object("a"), Some(bytes(20 * PART)));
    assert_eq!(world.store.count("create"), 1);
    // What was in flight at the failure, and the part that failed.
    assert!(world.store.count("PUT") <= 20 + 3, "{}", world.store.count("PUT"));
    assert!(loaded(&world, waiting).is_sorted());
}

#[test]
fn who_waits_begins_anew_when_the_sender_was_cancelled() {
    let mut world = World::new();
    let sender = world.add("a", bytes(5 * PART));
    let waiting = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    world.tell(sender, Input::Cancel);
    world.run();
    assert_eq!((world.state(sender), world.state(waiting)), (State::Cancelled, State::Done));
    assert_eq!(world.store.count("create"), 2);
}

#[test]
fn one_that_waits_can_be_cancelled_without_harm_to_the_sender() {
    let mut world = World::new();
    let sender = world.add("a", bytes(5 * PART));
    let waiting = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    world.tell(waiting, Input::Cancel);
    world.run();
    assert_eq!((world.state(sender), world.state(waiting)), (State::Done, State::Cancelled));
    assert_eq!((world.store.count("create"), world.store.count("abort")), (1, 0));
}

#[test]
fn a_failed_one_that_is_cancelled_leaves_the_session_to_who_goes_on_with_it() {
    let mut world = World::new();
    world.trouble("PUT 5", 1, Trouble::Reply(400, "Whatever"));
    let failed = world.add("a", bytes(50 * PART));
    world.run_until(|w| w.state(failed) == State::Failed);
    let next = world.add("a", bytes(50 * PART));
    world.run_until(|w| w.store.count("PUT") > 20);
    world.tell(next, Input::Pause);
    world.tell(failed, Input::Cancel);
    world.run();
    assert_eq!(world.state(failed), State::Cancelled);
    world.tell(next, Input::Resume);
    world.run();
    assert_eq!((world.state(failed), world.state(next)), (State::Cancelled, State::Done));
    assert_eq!((world.store.count("create"), world.store.count("abort")), (1, 0));
}

#[test]
fn what_is_being_sent_cannot_be_discarded() {
    let mut world = World::new();
    let sender = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    world.tell(sender, Input::Pause);
    let records: Vec<_> = world.storage.clone().into_iter().collect();
    let [(header, _)] = &headers(&records)[..] else { panic!("one upload") };
    let discarding = world.engine.discard(header, world.now).unwrap();
    world.run();
    assert_eq!((world.state(discarding), failure(&world)), (State::Failed, Code::Locked));
    world.tell(sender, Input::Resume);
    world.run();
    assert_eq!((world.state(sender), world.store.count("abort")), (State::Done, 0));
}

#[test]
fn cancelling_a_failed_one_forgets_no_later_session_of_the_same_file() {
    let mut world = World::new();
    world.trouble("PUT 5", 1, Trouble::Reply(400, "Whatever"));
    let failed = world.add("a", bytes(50 * PART));
    world.run_until(|w| w.state(failed) == State::Failed);
    world.store.sessions.clear();
    let next = world.add("a", bytes(50 * PART));
    world.run_until(|w| w.store.count("PUT") > 20);
    world.trouble("PUT", 1, Trouble::Reply(400, "Whatever"));
    world.run_until(|w| w.state(next) == State::Failed);
    let remembered = world.storage.clone();
    world.tell(failed, Input::Cancel);
    world.run();
    assert_eq!((world.state(failed), &world.storage), (State::Cancelled, &remembered));
    world.tell(next, Input::Resume);
    world.run();
    assert_eq!((world.state(next), world.store.count("create")), (State::Done, 2));
}

#[test]
fn who_gets_the_lock_listens_for_a_second_before_it_begins_anew() {
    let mut world = World::new();
    let sender = world.add("a", bytes(5 * PART));
    world.add("a", bytes(5 * PART));
    world.run_until(|w| w.store.count("PUT") == 3);
    world.tell(sender, Input::Cancel);
    world.run_until(|w| w.state(sender) == State::Cancelled);
    let start = world.now.mono;
    world.run_until(|w| w.store.count("create") == 2);
    let waited = world.now.mono.since(start).0;
    assert!((1000..1020).contains(&waited), "{waited}");
}

#[test]
fn only_who_sends_answers_who_asks() {
    let mut world = World::new();
    let sender = world.add("a", bytes(400 * PART));
    world.run_until(|w| w.store.count("PUT") == 10);
    world.tell(sender, Input::Pause);
    world.run();
    let so_far = world.engine.upload(sender).unwrap().snapshot().loaded;
    let second = world.add("a", bytes(400 * PART));
    world.run();
    let third = world.add("a", bytes(400 * PART));
    world.run();
    assert_eq!(loaded(&world, third), [so_far]);
    // The second hears what the third is told.
    assert_eq!(loaded(&world, second), [so_far, so_far]);
}

#[test]
fn only_who_waits_takes_over_what_is_told_and_only_of_its_own_size() {
    let mut world = World::new();
    world.trouble("PUT 4", usize::MAX, Trouble::Silence);
    world.trouble("PUT 5", usize::MAX, Trouble::Silence);
    let sender = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.state(sender) == State::Uploading);
    let waiting = world.add("a", bytes(5 * PART));
    world.run_until(|w| w.locks() == 2 && w.state(waiting) == State::Queued);
    world.tell(sender, Input::Pause);
    world.run();
    let so_far = world.engine.upload(sender).unwrap().snapshot().loaded;
    world.events.clear();
    let progress = |loaded, total| {
        Input::Heard(Message::Progress(Snapshot { loaded, total, bytes_per_second: 0.0, seconds_left: None }))
    };
    let more = so_far + 500;
    for (told, total) in [(more, 5 * PART), (2000, 5 * PART), (9000, 9000), (9000, 5 * PART)] {
        world.tell(waiting, progress(told, total));
        world.tell(sender, progress(told, total));
    }
    world.tell(sender, Input::Heard(Message::Done(UploadResult::default())));
    assert_eq!(loaded(&world, waiting), [more, more, 5 * PART]);
    assert_eq!((world.state(sender), loaded(&world, sender)), (State::Paused, vec![]));
}

#[test]
fn a_result_that_is_told_late_spares_the_listing_of_old_records() {
    let mut world = World::new();
    let sender = world.add("a", bytes(400 * PART));
    let waiting = world.add("a", bytes(400 * PART));
    world.run_until(|w| w.store.count("PUT") == 10);
    // Its session was completed; the records that say so are not here yet.
    world.trouble("list", 1, Trouble::Silence);
    world.trouble("PUT", 1, Trouble::Reply(400, "Whatever"));
    world.run_until(|w| w.state(sender) == State::Failed && w.store.count("list") > 0);
    assert_eq!(world.state(waiting), State::Starting);
    let result = UploadResult { key: "a".into(), ..Default::default() };
    world.tell(waiting, Input::Heard(Message::Done(result)));
    assert_eq!((world.state(waiting), world.locks()), (State::Done, 0));
}

#[test]
fn a_result_under_another_key_than_the_one_asked_for_is_none() {
    let mut world = World::new();
    world.add_as("a", "k", bytes(400 * PART));
    let waiting = world.add_as("a", "k", bytes(400 * PART));
    world.run_until(|w| w.locks() == 2 && w.state(waiting) == State::Queued && w.store.count("PUT") > 2);
    for (key, state) in [("other", State::Queued), ("k", State::Done)] {
        let result = UploadResult { key: key.into(), ..Default::default() };
        world.tell(waiting, Input::Heard(Message::Done(result)));
        assert_eq!(world.state(waiting), state, "{key}");
    }
}
