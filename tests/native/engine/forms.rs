//! Chunk endpoints: chunks, what is there already, and how they fail.

use crate::chunks::TARGET;
use crate::model::store::md5;
use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure, retries};
use partwise::core::backend::Backend;
use partwise::core::backend::form::{Form, Merge, Test};
use partwise::core::config::{Config, Identity, Verify};
use partwise::core::error::Code;
use partwise::core::upload::{Event, Input, State, UploadResult};

fn unverified() -> Config {
    Config { verify: Verify::Off, ..config() }
}

fn at(form: Form) -> World {
    World::with(unverified(), Backend::Form(Box::new(form)), None)
}

fn once() -> Form {
    Form { test: Test::Once, ..Form::new(TARGET) }
}

fn telling(form: Form) -> World {
    let mut world = at(form);
    world.store.chunks.tells_all = true;
    world
}

fn result(world: &World) -> UploadResult {
    let done = world.events.iter().find_map(|(_, event)| match event {
        Event::Done(result) => Some(result.clone()),
        _ => None,
    });
    done.expect("it is done")
}

#[test]
fn files_of_every_size_arrive() {
    for octet in [false, true] {
        for test in [Test::Off, Test::Each, Test::Once] {
            for size in [0, 1, PART - 1, PART, PART + 1, 2 * PART - 1, 2 * PART, 7 * PART + 3] {
                let mut world = at(Form { octet, test, ..Form::new(TARGET) });
                world.store.chunks.tells_all = test == Test::Once;
                let id = world.add("a", bytes(size));
                world.run();
                assert_eq!(world.state(id), State::Done, "{size}");
                assert_eq!(world.store.chunks.file(), Some(&bytes(size)), "{size}");
                assert_eq!(world.engine.upload(id).unwrap().snapshot().loaded, size);
                assert!(world.storage.is_empty(), "the server knows what it has");
            }
        }
    }
}

#[test]
fn a_chunk_whose_connection_broke_is_asked_for_again_before_it_is_sent() {
    for octet in [false, true] {
        let mut world = at(Form { octet, test: Test::Each, ..Form::new(TARGET) });
        world.trouble("POST 2", 1, Trouble::ReplyLost);
        let id = world.add("a", bytes(4 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(4 * PART))));
        assert_eq!((world.store.count("GET 2"), world.store.count("POST 2")), (2, 1), "octet: {octet}");
    }
}

#[test]
fn chunks_that_are_there_are_not_sent_again() {
    for form in [once(), Form::new(TARGET)] {
        let tells_all = form.test == Test::Once;
        let mut world = at(form.clone());
        world.store.chunks.tells_all = tells_all;
        world.add("a", bytes(20 * PART));
        world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 8);
        let before = world.store.count("POST");
        let mut world = world.reopen(unverified(), Backend::Form(Box::new(form)));
        let id = world.add("a", bytes(20 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(20 * PART))));
        let again = before + world.store.count("POST") - 20;
        assert!(again <= 3, "{again} chunks were sent again");
    }
}

#[test]
fn what_the_server_has_whole_is_not_sent() {
    let config = Config { identity: Identity::Md5, ..unverified() };
    let content = bytes(5 * PART);
    let mut world = World::with(config, Backend::Form(Box::new(once())), None);
    world.store.chunks.tells_all = true;
    world.store.chunks.files.insert(md5(&content).to_hex(), content.clone());
    let id = world.add("another name", content);
    world.run();
    assert_eq!((world.state(id), world.store.count("POST")), (State::Done, 0));
    let result = result(&world);
    assert_eq!((result.instant, result.location.as_deref()), (true, Some("/files/there")));
}

#[test]
fn with_the_md5_as_identity_it_is_the_identifier() {
    let config = Config { identity: Identity::Md5, ..unverified() };
    let content = bytes(5 * PART);
    let mut world = World::with(config, Backend::Form(Box::new(Form::new(TARGET))), None);
    world.add("a", content.clone());
    world.run();
    assert_eq!(world.store.chunks.files.keys().collect::<Vec<_>>(), [&md5(&content).to_hex()]);
}

#[test]
fn a_merge_is_called_for_once_all_chunks_are_there() {
    let form = Form { merge: Merge::Address("/chunks/merge".into()), ..Form::new(TARGET) };
    let mut world = at(form);
    world.store.chunks.waits_for_merge = true;
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(5 * PART))));
    assert_eq!(result(&world).location.as_deref(), Some("/files/merged"));
}

#[test]
fn the_last_answer_is_in_the_result() {
    let mut world = at(Form::new(TARGET));
    world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!(result(&world).response.as_deref(), Some("{\"result\":true,\"needMerge\":false}"));
}

#[test]
fn a_status_that_is_not_final_is_tried_again() {
    for status in [400, 409, 502, 503] {
        let mut world = at(Form::new(TARGET));
        world.trouble("POST 2", 3, Trouble::Reply(status, ""));
        let id = world.add("a", bytes(5 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(5 * PART))));
        assert_eq!(retries(&world), 3);
    }
}

#[test]
fn a_status_that_is_final_fails_and_resume_tries_again() {
    let mut world = at(Form::new(TARGET));
    world.trouble("POST 2", 1, Trouble::Reply(415, ""));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world), retries(&world)), (State::Failed, Code::Backend, 0));
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(5 * PART))));
}

#[test]
fn a_success_that_tells_of_a_failure_is_tried_again() {
    let mut world = at(Form::new(TARGET));
    world.trouble("POST 2", 2, Trouble::Body("{\"result\":false,\"message\":\"disk full\"}"));
    let id = world.add("a", bytes(5 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(5 * PART))));
    assert_eq!(retries(&world), 2);
}

#[test]
fn it_is_paused_and_cancelled_like_any_other() {
    let mut world = telling(once());
    let id = world.add("a", bytes(20 * PART));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 4);
    world.tell(id, Input::Pause);
    assert_eq!(world.state(id), State::Paused);
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(20 * PART))));

    let mut world = telling(once());
    let id = world.add("a", bytes(20 * PART));
    world.run_until(|w| w.events.iter().filter(|(_, e)| matches!(e, Event::Part { .. })).count() == 4);
    world.tell(id, Input::Cancel);
    world.run();
    assert_eq!((world.state(id), world.store.chunks.file()), (State::Cancelled, None));
}

#[test]
fn a_test_that_says_no_or_shows_a_page_is_no_yes() {
    for body in
        ["{\"success\":false,\"message\":\"please sign in\"}", "<!doctype html><title>Sign in</title>"]
    {
        for form in [Form::new(TARGET), once()] {
            let mut world = at(form);
            world.trouble("GET", usize::MAX, Trouble::Body(body));
            let id = world.add("a", bytes(3 * PART));
            world.run();
            assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Backend), "{body}");
            assert!((5..=15).contains(&world.store.count("GET")));
            assert_eq!(world.store.count("POST"), 0);
        }
    }
}

#[test]
fn a_test_that_the_server_could_not_answer_is_made_again() {
    for status in [401, 403, 429, 503] {
        let mut world = at(Form::new(TARGET));
        world.trouble("GET", 2, Trouble::Reply(status, ""));
        let id = world.add("a", bytes(3 * PART));
        world.run();
        assert_eq!(
            (world.state(id), world.store.count("POST"), retries(&world)),
            (State::Done, 3, 2),
            "{status}"
        );
    }
}

#[test]
fn chunks_of_resumable_js_are_sent_after_any_test_that_is_no_success() {
    let mut world = at(Form { permanent_in_tests: false, ..Form::new(TARGET) });
    world.trouble("GET", usize::MAX, Trouble::Reply(404, ""));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.store.chunks.file()), (State::Done, Some(&bytes(3 * PART))));
}

#[test]
fn a_page_that_cannot_merge_fails_and_nothing_is_sent_again() {
    for status in [404, 500] {
        let form = Form { merge: Merge::Page, test: Test::Off, ..Form::new(TARGET) };
        let mut world = at(form);
        world.trouble("chunks", usize::MAX, Trouble::Reply(status, "nothing to merge"));
        let id = world.add("a", bytes(3 * PART));
        world.run();
        assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Backend));
        assert_eq!(world.store.count("POST"), 3, "{status}");
    }
}

#[test]
fn a_server_that_tells_of_all_chunks_is_understood_when_it_is_asked_for_each() {
    // As servers of the widespread contract answer, whatever was asked.
    for (answer, sent) in [
        ("{\"skipUpload\":false,\"uploaded\":[]}", 3),
        ("{\"data\":{\"uploaded\":[1,\"3\"]}}", 1),
        ("{\"skipUpload\":true}", 0),
        ("ok", 0),
    ] {
        let mut world = at(Form::new(TARGET));
        world.trouble("GET", usize::MAX, Trouble::Body(answer));
        let id = world.add("a", bytes(3 * PART));
        world.run();
        assert_eq!((world.state(id), world.store.count("POST")), (State::Done, sent), "{answer}");
    }
}

#[test]
fn a_server_that_takes_nothing_is_given_up_soon() {
    let mut world = at(Form::new(TARGET));
    world.trouble("POST", usize::MAX, Trouble::Reply(400, ""));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Backend));
    assert!((5..=15).contains(&world.store.count("POST")));
}

#[test]
fn a_merge_that_is_refused_fails_at_once() {
    let form = Form { merge: Merge::Address("/chunks/merge".into()), test: Test::Off, ..Form::new(TARGET) };
    for (status, calls) in [(422, 1), (423, 3)] {
        let mut world = at(form.clone());
        world.store.chunks.waits_for_merge = true;
        world.trouble("POST merge", 2, Trouble::Reply(status, ""));
        let id = world.add("a", bytes(3 * PART));
        world.run();
        let expected = if status == 422 { State::Failed } else { State::Done };
        assert_eq!((world.state(id), world.store.count("POST merge")), (expected, calls), "{status}");
    }
}
