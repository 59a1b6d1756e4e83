use crate::support::{Inbox, run, run_async};
use partwise::browser::locks::{Lock, acquire, try_acquire};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;

fn waiting_for(name: &str, who: &'static str, inbox: &Inbox<&'static str>) -> Lock {
    let held = inbox.put();
    acquire(name, move || held(who))
}

async fn count(state: &str, name: &str) -> f64 {
    let code = format!(
        "return (await navigator.locks.query()).{state}.filter((lock) => lock.name === '{name}').length"
    );
    run_async(&code).await.as_f64().unwrap()
}

#[wasm_bindgen_test]
async fn a_lock_has_one_holder_and_dropping_it_hands_it_on() {
    let inbox = Inbox::new();
    let first = waiting_for("handed-on", "first", &inbox);
    inbox.assert_empty();
    assert_eq!(inbox.next().await, "first");
    let _second = waiting_for("handed-on", "second", &inbox);
    assert_eq!(count("pending", "handed-on").await, 1.0);
    inbox.assert_empty();
    drop(first);
    assert_eq!(inbox.next().await, "second");
}

#[wasm_bindgen_test]
async fn whoever_is_dropped_while_waiting_never_gets_the_lock() {
    let inbox = Inbox::new();
    let first = waiting_for("given-up", "first", &inbox);
    assert_eq!(inbox.next().await, "first");
    let second = waiting_for("given-up", "second", &inbox);
    let _third = waiting_for("given-up", "third", &inbox);
    drop(second);
    drop(first);
    assert_eq!(inbox.next().await, "third");
    inbox.assert_empty();
}

#[wasm_bindgen_test]
async fn a_lock_may_be_let_go_in_its_own_callback() {
    let inbox = Inbox::new();
    let slot: Rc<RefCell<Option<Lock>>> = Rc::default();
    let (own, held) = (slot.clone(), inbox.put());
    slot.replace(Some(acquire("at-once", move || {
        own.take();
        held("first");
    })));
    assert_eq!(inbox.next().await, "first");
    let _second = waiting_for("at-once", "second", &inbox);
    assert_eq!(inbox.next().await, "second");
    assert_eq!(count("held", "at-once").await, 1.0);
}

#[wasm_bindgen_test]
async fn without_the_api_there_is_nobody_to_wait_for() {
    let inbox = Inbox::new();
    run("Object.defineProperty(navigator, 'locks', { configurable: true, value: undefined })");
    let _first = waiting_for("no-api", "first", &inbox);
    let dropped = waiting_for("no-api", "dropped", &inbox);
    let _second = waiting_for("no-api", "second", &inbox);
    run("delete navigator.locks");
    inbox.assert_empty();
    drop(dropped);
    assert_eq!(inbox.next().await, "first");
    assert_eq!(inbox.next().await, "second");
}

#[wasm_bindgen_test]
async fn a_refused_request_holds_nobody_up() {
    let inbox = Inbox::new();
    // Names that start with a hyphen are reserved: the browser rejects the request.
    let _lock = waiting_for("-reserved", "first", &inbox);
    inbox.assert_empty();
    assert_eq!(inbox.next().await, "first");
}

#[wasm_bindgen_test]
async fn a_lock_that_is_only_tried_for_is_had_at_once_or_not_at_all() {
    let inbox = Inbox::new();
    let try_for = |held: Box<dyn Fn(&'static str)>| {
        try_acquire("tried", move |got| held(if got { "got it" } else { "busy" }))
    };
    let first = try_for(Box::new(inbox.put()));
    inbox.assert_empty();
    assert_eq!(inbox.next().await, "got it");
    let second = try_for(Box::new(inbox.put()));
    assert_eq!(inbox.next().await, "busy");
    drop((first, second));
    // Dropped before the answer, it is not held either.
    drop(try_for(Box::new(inbox.put())));
    let _third = waiting_for("tried", "waited", &inbox);
    assert_eq!(inbox.next().await, "waited");
}
