//! Clock, events, network state, leaving.

use crate::support::{Inbox, blob, bytes, changed_file, next_turn, range, run};
use partwise::browser::{
    blob::{check_readable, slice},
    clock::{self, Timer},
    listener::Listener,
    online::{Watch, is_online},
    unload::Guard,
};
use partwise::core::units::Millis;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_timer_fires_once_its_time_has_come_and_not_before() {
    let inbox = Inbox::new();
    let fired = inbox.put();
    let begin = clock::now();
    let _timer = Timer::after(Millis(30), move || fired(clock::now()));
    inbox.assert_empty();
    let end = inbox.next().await;
    assert!(end.mono.since(begin.mono) >= Millis(30));
    assert!(end.wall.secs() > 1_700_000_000);
}

#[wasm_bindgen_test]
async fn a_dropped_timer_never_fires() {
    let inbox = Inbox::new();
    let (early, late) = (inbox.put(), inbox.put());
    let dropped = Timer::after(Millis(1), move || early("dropped"));
    let _later = Timer::after(Millis(20), move || late("later"));
    drop(dropped);
    assert_eq!(inbox.next().await, "later");
}

#[wasm_bindgen_test]
async fn a_timer_may_be_dropped_or_replaced_while_it_fires() {
    let inbox = Inbox::new();
    let slot: Rc<RefCell<Option<Timer>>> = Rc::default();
    let (own, fired) = (slot.clone(), inbox.put());
    slot.replace(Some(Timer::after(Millis(0), move || {
        let again = fired;
        own.replace(Some(Timer::after(Millis(0), move || again("second"))));
    })));
    assert_eq!(inbox.next().await, "second");
}

#[wasm_bindgen_test]
async fn an_endless_wait_does_not_fire_at_once() {
    let inbox = Inbox::new();
    let (early, late) = (inbox.put(), inbox.put());
    let _endless = Timer::after(Millis(u64::MAX), move || early("endless"));
    let _later = Timer::after(Millis(20), move || late("later"));
    assert_eq!(inbox.next().await, "later");
}

#[wasm_bindgen_test]
fn a_listener_hears_all_its_events_until_it_is_dropped_even_by_itself() {
    let inbox = Inbox::new();
    let window = web_sys::window().unwrap();
    let slot: Rc<RefCell<Option<Listener>>> = Rc::default();
    let (own, heard) = (slot.clone(), inbox.put());
    let mut left = 2;
    slot.replace(Some(Listener::new(&window, &["partwise-one", "partwise-two"], move |event| {
        left -= 1;
        if left == 0 {
            own.take();
        }
        heard(event.type_());
    })));
    for event in ["one", "other", "two", "one", "two"] {
        run(&format!("dispatchEvent(new Event('partwise-{event}'))"));
    }
    assert_eq!(inbox.try_next().as_deref(), Some("partwise-one"));
    assert_eq!(inbox.try_next().as_deref(), Some("partwise-two"));
    inbox.assert_empty();
}

#[wasm_bindgen_test]
fn network_changes_are_heard_while_watched() {
    assert_eq!(JsValue::from(is_online()), run("return navigator.onLine"));
    let inbox = Inbox::new();
    let watch = Watch::new(inbox.put());
    run("dispatchEvent(new Event('offline')); dispatchEvent(new Event('online'))");
    drop(watch);
    run("dispatchEvent(new Event('offline'))");
    assert_eq!(inbox.try_next(), Some(false));
    assert_eq!(inbox.try_next(), Some(true));
    inbox.assert_empty();
}

#[wasm_bindgen_test]
fn leaving_is_asked_about_only_while_guarded() {
    let asks = || {
        let code = "const leaving = document.createEvent('BeforeUnloadEvent');
                    leaving.initEvent('beforeunload', false, true);
                    return !dispatchEvent(leaving) && leaving.returnValue !== ''";
        run(code) == JsValue::TRUE
    };
    assert!(!asks());
    let guard = Guard::new();
    assert!(asks());
    drop(guard);
    assert!(!asks());
}

#[wasm_bindgen_test]
async fn a_file_that_changed_on_disk_is_found_unreadable() {
    let inbox = Inbox::new();
    let file = blob(&bytes(100));
    check_readable(&file, range(10, 100), inbox.put());
    inbox.assert_empty();
    assert_eq!(inbox.next().await, Ok(()));
    check_readable(&file, range(100, 100), inbox.put());
    inbox.assert_empty();
    assert_eq!(inbox.next().await, Ok(()));
    let file = changed_file().await;
    check_readable(&file, range(0, 10), inbox.put());
    assert_eq!(inbox.next().await, Err("NotReadableError".to_owned()));
    next_turn().await;
    inbox.assert_empty();
}

#[wasm_bindgen_test]
fn a_slice_has_the_bytes_of_its_range_and_no_type() {
    let piece = slice(&blob(&bytes(100)), range(10, 40)).unwrap();
    assert_eq!((piece.size(), piece.type_().as_str()), (30.0, ""));
}
