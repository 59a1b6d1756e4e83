use crate::hashing::pieces;
use crate::support::{Inbox, blob, bytes, changed_file, echo, range, unwrap_worker};
use partwise::browser::worker::{HashEvent, HashJob, Hasher, WorkerSource};
use partwise::core::{
    hash::{Crc64, Digester, Md5Hasher, Piece, Reading, Wanted},
    units::{ByteRange, Millis},
};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;

const SCRIPT: &str = include_str!("../../pkg-template/worker.js");

fn code(before: &str) -> Option<WorkerSource> {
    Some(WorkerSource::Code(format!("{before}\n{SCRIPT}")))
}

fn url(url: &str) -> Option<WorkerSource> {
    Some(WorkerSource::Url(url.to_owned()))
}

fn hasher(source: Option<WorkerSource>, on_fallback: impl Fn(String) + 'static) -> Hasher {
    unwrap_worker();
    Hasher::new(source, on_fallback)
}

/// All ranges as one piece.
fn reading(ranges: &[ByteRange], crc64: Option<Crc64>) -> Reading {
    Reading::of(ranges.to_vec(), Wanted::of_parts(crc64))
}

/// The only piece there is.
fn done(crc64: Option<Crc64>, bytes: &[u8]) -> HashEvent {
    let mut digester = Digester::new(Wanted::of_parts(crc64));
    digester.update(bytes);
    HashEvent::Piece(Piece { index: 0, digests: digester.end_piece(), whole: None })
}

/// Skips progress.
async fn end(events: &Inbox<HashEvent>) -> HashEvent {
    loop {
        match events.next().await {
            HashEvent::Progress(_) => {}
            end => return end,
        }
    }
}

/// Hashes 2.5 MB in two ranges; tells the reasons of a fallback.
async fn hashed(source: Option<WorkerSource>) -> Vec<String> {
    let (events, fallbacks) = (Inbox::new(), Inbox::new());
    let hasher = hasher(source, fallbacks.put());
    let content = bytes(3_000_000);
    let expected = done(Some(Crc64::Xz), &[&content[..1_200_000], &content[1_700_000..]].concat());
    let _job = hasher.start(
        &blob(&content),
        reading(&[range(0, 1_200_000), range(1_700_000, 3_000_000)], Some(Crc64::Xz)),
        events.put(),
    );
    events.assert_empty();
    assert_eq!(end(&events).await, expected);
    events.assert_empty();
    std::iter::from_fn(|| fallbacks.try_next()).collect()
}

/// The source of a worker that dies at its first job, as often as it says.
async fn dying(id: &str, times: u32) -> Option<WorkerSource> {
    let echo = echo().await;
    code(&format!(
        "const ask = (path) => {{
           const request = new XMLHttpRequest();
           request.open('GET', '{echo}' + path + '?id={id}', false);
           request.send();
           return JSON.parse(request.responseText);
         }};
         ask('/');
         if (ask('/seen').begun <= {times}) {{
           self.addEventListener('message', (event) => {{
             if (event.data.type !== 'hash') return;
             event.stopImmediatePropagation();
             throw new Error('died of {id}');
           }});
         }}"
    ))
}

#[wasm_bindgen_test]
async fn a_worker_from_text_hashes_with_the_pages_module() {
    assert_eq!(hashed(code("")).await, [""; 0]);
}

#[wasm_bindgen_test]
async fn a_worker_from_an_address_hashes_with_the_pages_module() {
    assert_eq!(hashed(url("/pkg-template/worker.js")).await, [""; 0]);
}

#[wasm_bindgen_test]
async fn a_missing_script_leaves_hashing_to_the_main_thread() {
    assert_eq!(hashed(url("/no-such-worker.js")).await, ["the worker script could not be loaded"]);
}

#[wasm_bindgen_test]
async fn a_script_of_another_origin_leaves_hashing_to_the_main_thread() {
    assert_eq!(hashed(url(&format!("{}/worker.js", echo().await))).await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_broken_script_leaves_hashing_to_the_main_thread() {
    let reasons = hashed(code("throw new Error('broken script');")).await;
    assert!(matches!(reasons.as_slice(), [why] if why.contains("broken script")), "{reasons:?}");
}

#[wasm_bindgen_test]
async fn a_script_that_never_answers_leaves_hashing_to_the_main_thread() {
    let silent = Some(WorkerSource::Code("self.onmessage = () => {};".to_owned()));
    assert_eq!(hashed(silent).await, ["the worker did not answer within 5 seconds"]);
}

#[wasm_bindgen_test]
async fn no_script_at_all_leaves_hashing_to_the_main_thread() {
    assert_eq!(hashed(None).await, ["no worker script was given"]);
}

#[wasm_bindgen_test]
async fn a_worker_that_died_is_replaced_and_its_jobs_repeated() {
    assert_eq!(hashed(dying("one death", 1).await).await, [""; 0]);
}

#[wasm_bindgen_test]
async fn a_worker_that_died_twice_leaves_hashing_to_the_main_thread() {
    let reasons = hashed(dying("two deaths", 2).await).await;
    assert!(matches!(reasons.as_slice(), [why] if why.contains("died of two deaths")), "{reasons:?}");
}

#[wasm_bindgen_test]
async fn a_module_that_traps_is_replaced_with_its_worker() {
    let echo = echo().await;
    // The first instance's `run` traps, as a defect of the module would make it.
    let trap = code(&format!(
        "const {{ Instance }} = WebAssembly;
         const request = new XMLHttpRequest();
         request.open('PUT', '{echo}/?id=trap', false);
         request.send();
         request.open('GET', '{echo}/seen?id=trap', false);
         request.send();
         const first = JSON.parse(request.responseText).begun === 1;
         WebAssembly.Instance = function (module, imports) {{
           const {{ exports }} = new Instance(module, imports);
           const partwise_hash_run = () => {{ throw new WebAssembly.RuntimeError('unreachable'); }};
           return {{ exports: first ? {{ ...exports, partwise_hash_run }} : exports }};
         }};"
    ));
    assert_eq!(hashed(trap).await, [""; 0]);
}

#[wasm_bindgen_test]
async fn many_jobs_share_worker_or_main_thread_and_all_come_out_right() {
    for source in [code(""), None] {
        let hasher = hasher(source, |_| {});
        let content = bytes(2_000_000);
        let file = blob(&content);
        let jobs: Vec<(HashJob, Inbox<HashEvent>, HashEvent)> = (0..40)
            .map(|n| {
                let events = Inbox::new();
                let start = n * 10_000;
                let crc64 = [None, Some(Crc64::Xz), Some(Crc64::Nvme)][n % 3];
                let job = hasher.start(&file, reading(&[range(start, 2_000_000)], crc64), events.put());
                (job, events, done(crc64, &content[start..]))
            })
            .collect();
        for (_job, events, expected) in &jobs {
            assert_eq!(end(events).await, *expected);
        }
    }
}

/// In pieces of 1.3 MB, of which no end is the end of a read.
fn in_pieces(start: usize) -> Reading {
    let wanted = Wanted { md5: true, whole: true, xz: true, nvme: true };
    Reading { every: 1_300_001, ..Reading::of(vec![range(start, 5_000_000)], wanted) }
}

#[wasm_bindgen_test]
async fn pieces_come_in_their_order_and_the_md5_of_everything_is_gone_on_with() {
    let content = bytes(5_000_000);
    for source in [code(""), None] {
        let events = Inbox::new();
        let hasher = hasher(source, |_| {});
        let expected = pieces(&in_pieces(0), &content);
        let _job = hasher.start(&blob(&content), in_pieces(0), events.put());
        for piece in &expected {
            assert_eq!(end(&events).await, HashEvent::Piece(piece.clone()));
        }
        let second = Reading { after: expected[1].whole.clone(), ..in_pieces(2 * 1_300_001) };
        let _job = hasher.start(&blob(&content), second, events.put());
        for (piece, index) in expected[2..].iter().zip(0..) {
            assert_eq!(end(&events).await, HashEvent::Piece(Piece { index, ..piece.clone() }));
        }
        events.assert_empty();
    }
}

#[wasm_bindgen_test]
async fn going_on_with_a_hash_leaves_the_bytes_of_others_alone() {
    let content = bytes(5_000_000);
    let file = blob(&content);
    let hasher = hasher(code(""), |_| {});
    let begun = Reading { after: Some(Md5Hasher::new()), ..in_pieces(0) };
    for _ in 0..5 {
        let jobs: Vec<_> = (0..12)
            .map(|_| {
                let events = Inbox::new();
                (hasher.start(&file, begun.clone(), events.put()), events)
            })
            .collect();
        for (_job, events) in &jobs {
            for piece in pieces(&begun, &content) {
                assert_eq!(end(events).await, HashEvent::Piece(piece));
            }
        }
    }
}

#[wasm_bindgen_test]
async fn no_piece_is_told_twice_when_a_worker_dies() {
    let echo = echo().await;
    let dies_after_two = code(&format!(
        "const request = new XMLHttpRequest();
         request.open('PUT', '{echo}/?id=pieces', false);
         request.send();
         request.open('GET', '{echo}/seen?id=pieces', false);
         request.send();
         let left = JSON.parse(request.responseText).begun === 1 ? 2 : Infinity;
         const post = self.postMessage.bind(self);
         self.postMessage = (message) => {{
           if (left <= 0) return;
           post(message);
           if (message.type === 'piece' && --left === 0) setTimeout(() => {{ throw new Error('died'); }});
         }};"
    ));
    let events = Inbox::new();
    let hasher = hasher(dies_after_two, |_| {});
    let content = bytes(5_000_000);
    let _job = hasher.start(&blob(&content), in_pieces(0), events.put());
    for piece in pieces(&in_pieces(0), &content) {
        assert_eq!(end(&events).await, HashEvent::Piece(piece));
    }
    events.assert_empty();
}

#[wasm_bindgen_test]
async fn more_workers_are_started_when_each_has_four_jobs_and_not_before() {
    let content = bytes(2_000_000);
    let file = blob(&content);
    for (jobs, workers) in [(4, 1), (5, 2), (8, 2), (9, 3), (20, 3)] {
        let hasher = hasher(code(""), |_| {}).with_workers(3);
        let events = Inbox::new();
        let all: Vec<_> = (0..jobs)
            .map(|_| hasher.start(&file, reading(&[range(0, 2_000_000)], None), events.put()))
            .collect();
        assert_eq!(hasher.workers(), workers, "for {jobs}");
        for _ in &all {
            assert_eq!(end(&events).await, done(None, &content));
        }
        events.assert_empty();
    }
}

#[wasm_bindgen_test]
async fn where_no_worker_can_be_had_one_is_tried_and_not_many() {
    let hasher = hasher(url("/no-such-worker.js"), |_| {}).with_workers(3);
    let content = bytes(1000);
    let file = blob(&content);
    let start =
        |events: &Inbox<HashEvent>| hasher.start(&file, reading(&[range(0, 1000)], None), events.put());
    let events = Inbox::new();
    let _first = start(&events);
    assert_eq!(end(&events).await, done(None, &content));
    let _jobs: Vec<_> = (0..20).map(|_| start(&events)).collect();
    assert_eq!(hasher.workers(), 1);
    for _ in 0..20 {
        assert_eq!(end(&events).await, done(None, &content));
    }
}

#[wasm_bindgen_test]
async fn progress_rises_to_at_most_the_size() {
    for source in [code(""), None] {
        let events = Inbox::new();
        let hasher = hasher(source, |_| {});
        let _job =
            hasher.start(&blob(&bytes(4_000_000)), reading(&[range(0, 4_000_000)], None), events.put());
        let mut before = 0;
        let steps = loop {
            match events.next().await {
                HashEvent::Progress(loaded) => {
                    assert!(before < loaded && loaded <= 4_000_000);
                    before = loaded;
                }
                HashEvent::Piece(_) => break before,
                HashEvent::Failed(name) => panic!("{name}"),
            }
        };
        assert!(steps > 0);
    }
}

#[wasm_bindgen_test]
async fn nothing_to_read_has_the_md5_of_nothing() {
    for source in [code(""), None] {
        let events = Inbox::new();
        let hasher = hasher(source, |_| {});
        for ranges in [vec![], vec![range(3, 3)]] {
            let _job = hasher.start(&blob(&bytes(10)), reading(&ranges, None), events.put());
            events.assert_empty();
            assert_eq!(events.next().await, done(None, &[]));
        }
    }
}

#[wasm_bindgen_test]
async fn a_dropped_job_reports_nothing_more_and_the_others_go_on() {
    for source in [code(""), None] {
        let (cancelled, first, second) = (Inbox::new(), Inbox::new(), Inbox::new());
        let hasher = hasher(source, |_| {});
        let content = bytes(3_000_000);
        let file = blob(&content);
        let _job = hasher.start(&file, reading(&[range(0, 100)], None), first.put());
        assert_eq!(end(&first).await, done(None, &content[..100]));
        let job = hasher.start(&file, reading(&[range(0, 3_000_000)], None), cancelled.put());
        drop(job);
        let _job = hasher.start(&file, reading(&[range(0, 3_000_000)], None), second.put());
        assert_eq!(end(&second).await, done(None, &content));
        cancelled.assert_empty();
    }
}

#[wasm_bindgen_test]
async fn a_file_that_cannot_be_read_fails_with_the_browsers_name_for_it() {
    let file = changed_file().await;
    for source in [code(""), None] {
        let (events, fallbacks) = (Inbox::new(), Inbox::new());
        let in_worker = source.is_some();
        let hasher = hasher(source, fallbacks.put());
        let _job = hasher.start(&file, reading(&[range(0, 3 << 20)], None), events.put());
        assert_eq!(end(&events).await, HashEvent::Failed("NotReadableError".to_owned()));
        assert_eq!(fallbacks.try_next().is_none(), in_worker);
    }
}

#[wasm_bindgen_test]
async fn a_hasher_may_be_dropped_and_used_inside_its_own_events() {
    for source in [code(""), None] {
        let ends = Inbox::new();
        let hasher = Rc::new(RefCell::new(Some(hasher(source, |_| {}))));
        let jobs: Rc<RefCell<Vec<HashJob>>> = Rc::default();
        let file = blob(&bytes(100));
        let (own, own_jobs, own_file, put) =
            (hasher.clone(), jobs.clone(), file.clone(), Rc::new(ends.put()));
        let first =
            hasher.borrow().as_ref().unwrap().start(&file, reading(&[range(0, 100)], None), move |event| {
                if let HashEvent::Piece(_) = &event {
                    let (last, put_last) = (own.clone(), put.clone());
                    let second = own.borrow().as_ref().unwrap().start(
                        &own_file,
                        reading(&[range(0, 50)], None),
                        move |event| {
                            last.take();
                            put_last(event);
                        },
                    );
                    own_jobs.replace(vec![second]);
                    put(event);
                }
            });
        assert_eq!(ends.next().await, done(None, &bytes(100)));
        assert!(matches!(ends.next().await, HashEvent::Progress(_) | HashEvent::Piece(_)));
        assert!(hasher.borrow().is_none());
        drop(first);
    }
}

#[wasm_bindgen_test]
async fn a_worker_that_falls_silent_is_replaced() {
    let fallbacks = Inbox::new();
    let events = Inbox::new();
    let mute = code(
        "self.addEventListener('message', (event) => {
           if (event.data.type !== 'init') event.stopImmediatePropagation();
         });",
    );
    let hasher = hasher(mute, fallbacks.put()).with_silence(Millis(100));
    let content = bytes(3_000_000);
    let _job = hasher.start(&blob(&content), reading(&[range(0, 3_000_000)], None), events.put());
    assert_eq!(end(&events).await, done(None, &content));
    // The second one falls silent too; then the page does it itself.
    assert_eq!(fallbacks.next().await, "the worker stopped answering");
}

#[wasm_bindgen_test]
async fn a_worker_that_only_waits_for_the_disk_is_left_alone() {
    let fallbacks = Inbox::new();
    let events = Inbox::new();
    let slow = code(
        "for (const [{ prototype }, read] of [[ReadableStreamBYOBReader, 'read'], [Blob, 'arrayBuffer']]) {
           const before = prototype[read];
           prototype[read] = async function (...into) {
             await new Promise((go) => setTimeout(go, 3000));
             return before.apply(this, into);
           };
         }",
    );
    let hasher = hasher(slow, fallbacks.put()).with_silence(Millis(1000));
    let content = bytes(2_000_000);
    let _job = hasher.start(&blob(&content), reading(&[range(0, 2_000_000)], None), events.put());
    assert_eq!(end(&events).await, done(None, &content));
    fallbacks.assert_empty();
}
