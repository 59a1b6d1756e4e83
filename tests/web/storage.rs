use crate::support::run;
use partwise::browser::storage::{Records, StorageFault};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn loaded(records: &Records, prefix: &str) -> Vec<(String, String)> {
    let mut found = records.load(prefix);
    found.sort();
    found
}

#[wasm_bindgen_test]
fn records_outlive_their_owner_and_leave_the_pages_own_alone() {
    run("localStorage.clear(); localStorage.setItem('theirs', 'x')");
    assert_eq!(Records::local().put("ours/2", "b"), Ok(()));
    assert_eq!(Records::local().put("ours/1", "a"), Ok(()));
    let records = Records::local();
    assert_eq!(loaded(&records, "ours/"), pairs(&[("ours/1", "a"), ("ours/2", "b")]));
    records.remove("ours/1");
    assert_eq!(loaded(&records, "ours/"), pairs(&[("ours/2", "b")]));
    records.remove_prefix("ours/");
    assert_eq!(loaded(&Records::local(), ""), pairs(&[("theirs", "x")]));
    assert_eq!(records.fault(), None);
}

/// What a page finds that opens its records anew.
async fn reopened() -> Records {
    let records = Records::local();
    JsFuture::from(records.recovered()).await.unwrap();
    records
}

#[wasm_bindgen_test]
async fn records_that_a_crash_took_are_put_back_and_removed_ones_are_not() {
    run("localStorage.clear()");
    let records = reopened().await;
    for (key, value) in [("partwise/1/a/head", "h"), ("partwise/1/a/0", "1"), ("partwise/1/b/head", "h")] {
        assert_eq!(records.put(key, value), Ok(()));
    }
    records.remove_prefix("partwise/1/b");
    assert_eq!(records.put("partwise/1/a/0", "1,2"), Ok(()));
    // As after a crash: nothing, or only older values, had reached the disk.
    run("localStorage.clear(); localStorage.setItem('partwise/1/a/0', '1')");
    let expected = pairs(&[("partwise/1/a/0", "1,2"), ("partwise/1/a/head", "h")]);
    assert_eq!(loaded(&reopened().await, "partwise/"), expected);
    // Another page has just confirmed more and not copied it yet.
    run("localStorage.setItem('partwise/1/a/0', '1,2,3')");
    let expected = pairs(&[("partwise/1/a/0", "1,2,3"), ("partwise/1/a/head", "h")]);
    assert_eq!(loaded(&reopened().await, "partwise/"), expected);
    records.remove_prefix("partwise/");
    run("localStorage.clear()");
    assert_eq!(loaded(&reopened().await, "partwise/"), pairs(&[]));
}

#[wasm_bindgen_test]
async fn without_indexeddb_records_work_as_before() {
    run("localStorage.clear();
         globalThis.realOpen = IDBFactory.prototype.open;
         IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError') }");
    let records = reopened().await;
    assert_eq!(records.put("partwise/1/a/head", "h"), Ok(()));
    records.remove("partwise/1/a/0");
    run("IDBFactory.prototype.open = globalThis.realOpen");
    assert_eq!(loaded(&records, "partwise/"), pairs(&[("partwise/1/a/head", "h")]));
    records.remove_prefix("partwise/");
}

#[wasm_bindgen_test]
fn memory_records_never_touch_the_storage() {
    run("localStorage.clear()");
    let records = Records::memory();
    assert_eq!(records.put("ours/1", "a"), Ok(()));
    assert_eq!(loaded(&records, "ours/"), pairs(&[("ours/1", "a")]));
    assert_eq!(records.fault(), None);
    assert_eq!(loaded(&Records::local(), ""), pairs(&[]));
}

#[wasm_bindgen_test]
fn a_denied_storage_is_replaced_by_memory() {
    run("globalThis.realStorage = Object.getOwnPropertyDescriptor(window, 'localStorage');
         const get = () => { throw new DOMException('no', 'SecurityError') };
         Object.defineProperty(window, 'localStorage', { configurable: true, get })");
    let records = Records::local();
    run("Object.defineProperty(window, 'localStorage', globalThis.realStorage)");
    assert_eq!(records.fault(), Some(StorageFault::Denied));
    assert_eq!(records.put("ours/1", "a"), Err(StorageFault::Denied));
    assert_eq!(loaded(&records, "ours/"), pairs(&[("ours/1", "a")]));
    records.remove_prefix("ours/");
    assert_eq!(loaded(&records, "ours/"), pairs(&[]));
}

#[wasm_bindgen_test]
fn a_storage_that_refuses_to_write_is_replaced_by_memory() {
    run("localStorage.clear();
         globalThis.realSetItem = Storage.prototype.setItem;
         Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError') }");
    let records = Records::local();
    let put = records.put("ours/1", "a");
    run("Storage.prototype.setItem = globalThis.realSetItem");
    assert_eq!(put, Err(StorageFault::Denied));
    assert_eq!(loaded(&records, "ours/"), pairs(&[("ours/1", "a")]));
}

fn fill_storage() {
    run("let size = 1 << 22;
         for (let n = 0; size >= 1; n += 1) {
           try { localStorage.setItem('fill' + n, 'x'.repeat(size)) } catch { size = Math.floor(size / 2) }
         }");
}

#[wasm_bindgen_test]
async fn what_a_full_storage_did_not_take_is_found_after_a_reload() {
    run("localStorage.clear()");
    let records = reopened().await;
    fill_storage();
    let value = "1,2,".repeat(100);
    for key in ["partwise/1/a/head", "partwise/1/a/0"] {
        assert_eq!(records.put(key, &value), Err(StorageFault::Full));
    }
    let expected = pairs(&[("partwise/1/a/0", &value), ("partwise/1/a/head", &value)]);
    assert_eq!(loaded(&reopened().await, "partwise/"), expected);
    records.remove_prefix("partwise/");
    assert_eq!(loaded(&reopened().await, "partwise/"), pairs(&[]));
    run("localStorage.clear()");
}

#[wasm_bindgen_test]
fn a_full_storage_keeps_what_it_has_and_the_rest_lives_in_memory() {
    run("localStorage.clear()");
    let records = Records::local();
    assert_eq!(records.put("ours/1", "old"), Ok(()));
    fill_storage();
    let new = "new".repeat(100);
    assert_eq!(records.put("ours/1", &new), Err(StorageFault::Full));
    assert_eq!(records.put("ours/2", &new), Err(StorageFault::Full));
    assert_eq!(records.fault(), Some(StorageFault::Full));
    assert_eq!(loaded(&records, "ours/"), pairs(&[("ours/1", &new), ("ours/2", &new)]));
    assert_eq!(loaded(&Records::local(), "ours/"), pairs(&[("ours/1", "old")]));

    run(
        "for (const key of Object.keys(localStorage)) if (key.startsWith('fill')) localStorage.removeItem(key)",
    );
    assert_eq!(records.put("ours/1", &new), Ok(()));
    assert_eq!(loaded(&Records::local(), "ours/"), pairs(&[("ours/1", &new)]));
    records.remove_prefix("ours/");
    assert_eq!(loaded(&records, "ours/"), pairs(&[]));
}
