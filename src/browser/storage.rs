//! Text records in `localStorage`, or in memory where that is denied or full: an upload never fails for want of it.
//!
//! Copies go to IndexedDB, which unlike `localStorage` outlives a crash of the browser within the next minute; what
//! such a crash took is put back when the next page opens its records.

use crate::core::checkpoint::PREFIX;
use js_sys::{Array, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::Storage;

#[wasm_bindgen(module = "/src/browser/mirror.js")]
extern "C" {
    type Mirror;
    #[wasm_bindgen(constructor)]
    fn new() -> Mirror;
    #[wasm_bindgen(method)]
    fn load(this: &Mirror, prefix: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn put(this: &Mirror, key: &str, value: &str);
    #[wasm_bindgen(method)]
    fn remove(this: &Mirror, key: &str);
    #[wasm_bindgen(method, js_name = removeBelow)]
    fn remove_below(this: &Mirror, prefix: &str);
}

/// Why records live only in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageFault {
    /// The browser gives this page no storage (sandboxed frame, blocked cookies).
    Denied,
    /// The quota is used up, typically 5 MiB per origin.
    Full,
}

type Memory = Rc<RefCell<Vec<(String, String)>>>;

/// Records by key. What cannot be stored is kept in memory and wins over what is stored under the same key.
pub struct Records {
    storage: Option<Storage>,
    /// None beside a storage that is memory only.
    mirror: Option<Mirror>,
    recovered: Promise,
    /// Few: what a fault has kept from the storage, or the uploads of one page.
    memory: Memory,
    fault: Cell<Option<StorageFault>>,
}

impl Records {
    /// Records in `localStorage`; in memory, with a [`StorageFault::Denied`], where there is none.
    pub fn local() -> Self {
        // Reading the property may itself throw.
        let storage = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
        let fault = storage.is_none().then_some(StorageFault::Denied);
        let mirror = storage.is_some().then(Mirror::new);
        let memory = Memory::default();
        let recovered = match (&storage, &mirror) {
            (Some(storage), Some(mirror)) => recover(storage.clone(), memory.clone(), mirror.load(PREFIX)),
            _ => Promise::resolve(&JsValue::UNDEFINED),
        };
        Self { storage, mirror, recovered, memory, fault: Cell::new(fault) }
    }

    /// Records that end with the page.
    pub fn memory() -> Self {
        let recovered = Promise::resolve(&JsValue::UNDEFINED);
        Self { storage: None, mirror: None, recovered, memory: Memory::default(), fault: Cell::new(None) }
    }

    /// Resolved once everything a crash may have taken is back. Wait for it before the first `load`.
    pub fn recovered(&self) -> Promise {
        self.recovered.clone()
    }

    /// All records whose key starts with `prefix`, in no particular order.
    pub fn load(&self, prefix: &str) -> Vec<(String, String)> {
        let memory = self.memory.borrow();
        let mut found: Vec<_> = memory.iter().filter(|(key, _)| key.starts_with(prefix)).cloned().collect();
        let in_memory = found.len();
        for key in self.stored_keys(prefix) {
            if !found.iter().take(in_memory).any(|(known, _)| *known == key)
                && let Some(value) = self.stored(&key)
            {
                found.push((key, value));
            }
        }
        found
    }

    /// Keeps a record.
    ///
    /// # Errors
    /// Why it is kept in memory only. An older value under the same key then stays in the storage: after a reload,
    /// knowing less is better than knowing nothing. The next `put` tries the storage again.
    pub fn put(&self, key: &str, value: &str) -> Result<(), StorageFault> {
        if let Some(mirror) = &self.mirror {
            mirror.put(key, value);
        }
        let fault = match &self.storage {
            Some(storage) => match storage.set_item(key, value) {
                Ok(()) => {
                    self.forget(key);
                    return Ok(());
                }
                Err(thrown) if is_quota(&thrown) => Some(StorageFault::Full),
                Err(_) => Some(StorageFault::Denied),
            },
            None => self.fault.get(),
        };
        self.forget(key);
        self.memory.borrow_mut().push((key.to_owned(), value.to_owned()));
        self.fault.set(fault);
        fault.map_or(Ok(()), Err)
    }

    /// Forgets a record.
    pub fn remove(&self, key: &str) {
        self.take_out(key);
        if let Some(mirror) = &self.mirror {
            mirror.remove(key);
        }
    }

    /// Forgets all records whose key starts with `prefix`.
    pub fn remove_prefix(&self, prefix: &str) {
        self.memory.borrow_mut().retain(|(key, _)| !key.starts_with(prefix));
        self.stored_keys(prefix).iter().for_each(|key| self.take_out(key));
        if let Some(mirror) = &self.mirror {
            mirror.remove_below(prefix);
        }
    }

    fn take_out(&self, key: &str) {
        self.forget(key);
        if let Some(storage) = &self.storage {
            // A storage that refuses to forget leaves a record that expires.
            let _ = storage.remove_item(key);
        }
    }

    /// The latest fault met; `None` while everything could be stored.
    pub fn fault(&self) -> Option<StorageFault> {
        self.fault.get()
    }

    fn forget(&self, key: &str) {
        self.memory.borrow_mut().retain(|(known, _)| known != key);
    }

    fn stored(&self, key: &str) -> Option<String> {
        self.storage.as_ref()?.get_item(key).ok().flatten()
    }

    fn stored_keys(&self, prefix: &str) -> Vec<String> {
        let Some(storage) = &self.storage else { return Vec::new() };
        let keys = (0..storage.length().unwrap_or(0)).filter_map(|index| storage.key(index).ok().flatten());
        keys.filter(|key| key.starts_with(prefix)).collect()
    }
}

/// Puts back what the copies have and the storage has not, or keeps it in memory where the storage is full. A longer record
/// in the storage is newer: another page has confirmed more parts and is about to copy that.
fn recover(storage: Storage, memory: Memory, copies: Promise) -> Promise {
    future_to_promise(async move {
        // A storage that is denied, and copies that cannot be read, have their own way of saying so.
        let _ = put_back(&storage, &memory, copies).await;
        Ok(JsValue::UNDEFINED)
    })
}

async fn put_back(storage: &Storage, memory: &Memory, copies: Promise) -> Result<(), JsValue> {
    for copy in Array::from(&JsFuture::from(copies).await?).iter() {
        let copy = Array::from(&copy);
        if let (Some(key), Some(value)) = (copy.get(0).as_string(), copy.get(1).as_string()) {
            let known = storage.get_item(&key)?.unwrap_or_default();
            let is_older = known != value && known.len() <= value.len();
            if is_older && storage.set_item(&key, &value).is_err() {
                memory.borrow_mut().push((key, value));
            }
        }
    }
    Ok(())
}

fn is_quota(thrown: &wasm_bindgen::JsValue) -> bool {
    // Firefox has its own name for it.
    matches!(super::callback::name_of(thrown).as_str(), "QuotaExceededError" | "NS_ERROR_DOM_QUOTA_REACHED")
}
