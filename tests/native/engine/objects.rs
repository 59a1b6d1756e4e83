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

/// How many questions were for one file, and for how many the others were.
fn questions(world: &World) -> (usize, Vec<usize>) {
    let several = world.store.requests.iter().filter_map(|name| name.strip_prefix("several "));
    (world.store.count("sign object"), several.map(|count| count.parse().unwrap()).collect())
}

#[test]
fn the_urls_of_small_files_are_asked_for_together_and_more_and_more_of_them() {
    let mut world = with(200, |_| {});
    run(&mut world);
    assert_eq!(questions(&world), (3, vec![16, 16, 32, 64, 64, 5]));
}

#[test]
fn too_few_ask_by_themselves() {
    for (count, expected) in [(3, (3, vec![])), (5, (5, vec![])), (6, (3, vec![3]))] {
        let mut world = with(count, |_| {});
        run(&mut world);
        assert_eq!(questions(&world), expected);
    }
}

#[test]
fn a_server_that_knows_no_such_question_is_asked_it_once() {
    for trouble in [
        Trouble::Reply(404, ""),
        Trouble::Reply(403, ""),
        Trouble::Reply(500, ""),
        Trouble::Body("<!doctype html>"),
        Trouble::Body("[]"),
        Trouble::Body("{}"),
    ] {
        let mut world = with(40, |_| {});
        world.trouble("several", 99, trouble);
        run(&mut world);
        assert_eq!((world.troubles[0].1, questions(&world).0), (98, 40));
    }
}

#[test]
fn when_it_is_lost_or_put_off_it_is_asked_for_fewer_files_and_not_for_ever() {
    for trouble in
        [Trouble::Reply(401, ""), Trouble::Reply(429, ""), Trouble::Reply(503, ""), Trouble::Network]
    {
        let mut world = with(40, |_| {});
        world.trouble("several", 1, trouble.clone());
        run(&mut world);
        assert_eq!(questions(&world).1[0], 8);
        let mut world = with(100, |_| {});
        world.trouble("several", 99, trouble);
        run(&mut world);
        assert_eq!((world.troubles[0].1, questions(&world).0), (96, 100));
    }
}

#[test]
fn nobody_waits_for_an_answer_that_does_not_come() {
    let took = |silent| {
        let mut world = with(200, |_| {});
        world.trouble("several", if silent { 99 } else { 0 }, Trouble::Silence);
        if !silent {
            world.store.answers_several = 0;
        }
        run(&mut world);
        world.now.mono.0
    };
    assert!(took(true).abs_diff(took(false)) < 10);
}

#[test]
fn one_that_never_takes_so_many_is_asked_for_fewer() {
    for (most, refused, least) in [(10, vec![16], 8), (4, vec![16, 8], 4), (2, vec![16, 8, 4], 100)] {
        let mut world = with(100, |_| {});
        world.store.answers_several = most;
        run(&mut world);
        let (alone, several) = questions(&world);
        assert_eq!(several[..refused.len()], refused);
        let answered = &several[refused.len()..];
        assert!(answered.iter().rev().skip(1).all(|count| *count == least), "{several:?}");
        assert!(alone <= 25 || most == 2, "{alone}");
    }
}

#[test]
fn a_file_that_is_refused_fails_and_no_other() {
    let mut world = world(|_| {});
    let name = |number| if number == 10 { "refused".into() } else { format!("g{number}") };
    let files: Vec<_> = (0..20).map(|number| world.add(&name(number), bytes(9))).collect();
    world.run();
    let failed: Vec<_> = files.iter().filter(|id| world.state(**id) != State::Done).collect();
    assert_eq!(failed, [&files[10]]);
}

#[test]
fn an_answer_is_used_for_half_a_minute_and_a_quarter_of_its_life() {
    for (life, pause, kept) in
        [(900, 29_000, true), (900, 31_000, false), (40, 9_000, true), (40, 11_000, false)]
    {
        let mut world = with(16, |_| {});
        world.store.url_life = life;
        world.run_until(|world| world.store.count("PUT") == 1);
        world.pass(pause);
        run(&mut world);
        assert_eq!(questions(&world).0 == 3, kept, "{:?}", questions(&world));
    }
}

#[test]
fn what_was_asked_too_early_makes_the_next_questions_smaller() {
    let mut world = with(300, |_| {});
    world.run_until(|world| world.store.count("several 64") == 1);
    world.pass(31_000);
    run(&mut world);
    assert_eq!(world.store.count("several 32"), 2, "{:?}", questions(&world));
}

#[test]
fn only_four_mebibytes_are_asked_for_at_once() {
    let mut world = world(|config| {
        config.limits.auto_part = 2 << 20;
        config.part_size = partwise::core::plan::PartSize::Bytes(2 << 20);
    });
    for number in 0..12 {
        world.add(&format!("f{number}"), bytes(1 << 20));
    }
    run(&mut world);
    assert_eq!(questions(&world), (4, vec![4, 4]));
}

#[test]
fn what_has_to_be_looked_for_or_hashed_first_is_not_asked_for_ahead() {
    let mut world = with(20, |config| config.verify = Verify::ContentMd5);
    run(&mut world);
    assert_eq!((world.store.proven, questions(&world)), (20, (20, vec![])));
    let mut world = with(20, |config| config.instant = Instant::Before);
    run(&mut world);
    assert_eq!(questions(&world), (20, vec![]));
}

#[test]
fn who_is_cancelled_or_paused_before_its_turn_needs_no_answer() {
    let mut world = with(20, |_| {});
    world.run_until(|world| world.store.count("PUT") == 1);
    let [first, second, .., last] = world.engine.unfinished().collect::<Vec<_>>()[..] else { panic!() };
    for id in [first, last] {
        world.tell(id, Input::Pause);
    }
    world.tell(second, Input::Cancel);
    world.run_for(Millis(31_000));
    assert_eq!(world.state(second), State::Cancelled);
    for id in [first, last] {
        world.tell(id, Input::Resume);
    }
    world.run();
    assert_eq!((world.state(first), world.state(last)), (State::Done, State::Done));
}
