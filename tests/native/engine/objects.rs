//! Files that go in one request, whose URLs are asked for together.

use super::bytes;
use crate::world::{PART, Trouble, World, config};
use partwise::core::backend::Backend;
use partwise::core::backend::companion::Companion;
use partwise::core::config::{Config, Instant, Verify};
use partwise::core::units::Millis;
use partwise::core::upload::{Input, State};

fn world(change: impl Fn(&mut Config)) -> World {
    let mut config = config();
    change(&mut config);
    World::with(config, Backend::Companion(Companion::new("/s3")), None)
}

/// With so many files in it.
fn with(count: u64, change: impl Fn(&mut Config)) -> World {
    let mut world = world(change);
    for number in 0..count {
        world.add(&format!("f{number}"), bytes(PART - 1 - number % 3));
    }
    world
}

/// Runs to the end; all files must have arrived.
fn run(world: &mut World) {
    world.run();
    for (id, bytes) in &world.files {
        assert!(world.store.object(&format!("f{}", id - 1)).as_ref() == Some(bytes), "{id}");
    }
}

/// The questions that were asked, in order.
fn asked(world: &World) -> Vec<&str> {
    let requests = world.store.requests.iter().map(String::as_str);
    requests.filter(|name| name.starts_with("several") || name.starts_with("sign")).collect()
}

#[test]
fn the_urls_of_small_files_are_asked_for_together_and_more_and_more_of_them() {
    let mut world = with(200, |_| {});
    run(&mut world);
    assert_eq!(
        asked(&world),
        ["several 16", "several 16", "several 32", "several 64", "several 64", "several 8"]
    );
    // None of them has to wait for an answer: of the first ones only those that may be sent at a time.
    let at = |name: &str| world.store.requests.iter().position(|request| request == name).unwrap();
    let before = world.store.requests[..at("several 32")].iter().filter(|name| *name == "PUT object").count();
    assert!(before < 32, "{before}");
}

#[test]
fn too_few_ask_by_themselves() {
    for (count, expected) in [(1, vec!["sign object"]), (2, vec!["sign object"; 2]), (3, vec!["several 3"])] {
        let mut world = with(count, |_| {});
        run(&mut world);
        assert_eq!(asked(&world), expected);
    }
}

#[test]
fn a_server_that_knows_no_such_question_is_asked_it_once() {
    for trouble in [
        Trouble::Reply(404, ""),
        Trouble::Reply(405, ""),
        Trouble::Reply(403, ""),
        Trouble::Reply(500, ""),
        Trouble::Body("<!doctype html>"),
        Trouble::Body("[]"),
        Trouble::Body("{}"),
        Trouble::Network,
    ] {
        let mut world = with(40, |_| {});
        world.trouble("several", 99, trouble);
        run(&mut world);
        assert_eq!((world.troubles[0].1, asked(&world)), (98, vec!["sign object"; 40]));
    }
}

#[test]
fn one_that_is_busy_or_wants_other_credentials_is_asked_again() {
    for status in [401, 429, 503] {
        let mut world = with(40, |_| {});
        world.trouble("several", 1, Trouble::Reply(status, ""));
        run(&mut world);
        let alone = asked(&world).iter().filter(|name| name.starts_with("sign")).count();
        assert!(world.store.count("several 16") > 0 && alone <= 3, "{status}: {:?}", asked(&world));
    }
}

#[test]
fn once_it_has_answered_a_lost_answer_is_no_reason_to_ask_by_themselves() {
    let mut world = with(64, |_| {});
    world.run_until(|world| world.store.count("several") == 1);
    world.trouble("several", 1, Trouble::Network);
    run(&mut world);
    let alone = asked(&world).iter().filter(|name| name.starts_with("sign")).count();
    assert!(world.store.count("several") > 2 && alone <= 3, "{:?}", asked(&world));
}

#[test]
fn who_gets_no_answer_for_long_asks_by_itself() {
    let mut world = with(20, |_| {});
    world.trouble("several", 99, Trouble::Silence);
    run(&mut world);
    assert!(world.now.mono.0 < 200_000, "{:?}", world.now.mono);
}

#[test]
fn a_file_that_is_refused_fails_and_no_other() {
    let mut world = world(|_| {});
    let refused = world.add("refused", bytes(5));
    let others: Vec<_> = (0..10).map(|number| world.add(&format!("g{number}"), bytes(9))).collect();
    world.run();
    assert_eq!(world.state(refused), State::Failed);
    assert!(others.iter().all(|id| world.state(*id) == State::Done));
    assert_eq!(asked(&world), ["several 11"]);
}

#[test]
fn an_answer_that_came_early_is_used_for_half_a_minute_and_a_quarter_of_its_life() {
    for (life, pause, kept) in
        [(900, 29_000, true), (900, 31_000, false), (40, 9_000, true), (40, 11_000, false)]
    {
        let mut world = with(16, |_| {});
        world.store.url_life = life;
        world.run_until(|world| world.store.count("PUT") == 1);
        world.pass(pause);
        run(&mut world);
        assert_eq!(world.store.count("sign object") == 0, kept, "{:?}", asked(&world));
    }
}

#[test]
fn what_was_asked_too_early_makes_the_next_questions_smaller() {
    let mut world = with(300, |_| {});
    world.run_until(|world| world.store.count("several 64") == 1);
    world.pass(31_000);
    run(&mut world);
    assert!(world.store.count("several 32") == 2, "{:?}", asked(&world));
}

#[test]
fn only_four_mebibytes_are_asked_for_ahead() {
    let mut world = world(|config| {
        config.limits.auto_part = 2 << 20;
        config.part_size = partwise::core::plan::PartSize::Bytes(2 << 20);
    });
    for number in 0..12 {
        world.add(&format!("f{number}"), bytes(1 << 20));
    }
    run(&mut world);
    // Of those that want to be sent now it does not matter how large they are.
    assert_eq!(asked(&world), ["several 7", "several 4", "sign object"]);
}

#[test]
fn what_has_to_be_looked_for_or_hashed_first_is_not_asked_for_ahead() {
    let mut world = with(20, |config| config.verify = Verify::ContentMd5);
    run(&mut world);
    let one_or_three = |name: &&str| ["sign object", "several 3"].contains(name);
    assert!(world.store.proven == 20 && asked(&world).iter().all(one_or_three), "{:?}", asked(&world));
    let mut world = with(20, |config| config.instant = Instant::Before);
    run(&mut world);
    assert!(asked(&world).iter().all(one_or_three), "{:?}", asked(&world));
}

#[test]
fn who_leaves_while_it_waits_does_not_hear_the_answer() {
    let mut world = with(20, |_| {});
    world.run_until(|world| world.state(partwise::core::engine::UploadId(1)) == State::Uploading);
    let first = partwise::core::engine::UploadId(1);
    world.tell(first, Input::Pause);
    world.run_for(Millis(1000));
    assert_eq!((world.state(first), world.store.count("PUT")), (State::Paused, 19));
    world.tell(first, Input::Resume);
    run(&mut world);
    assert_eq!(asked(&world)[0], "several 16");
}
