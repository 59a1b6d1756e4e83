//! The origin's `localStorage` with its copies in IndexedDB, and what one page makes of them (as `src/browser/storage.rs`
//! does).

use std::collections::{BTreeMap, BTreeSet};

/// Browsers write `localStorage` to disk about once a minute.
const WRITTEN_EVERY: u64 = 60_000;

/// Shared by all pages.
pub struct LocalStorage {
    pub map: BTreeMap<String, String>,
    /// What is left of it when the browser dies, and since when.
    disk: (BTreeMap<String, String>, u64),
    /// In IndexedDB, which is on disk at once, and a moment behind.
    pub copies: BTreeMap<String, String>,
    /// Characters of keys and values together.
    pub quota: usize,
}

/// Why a record is only in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageFault {
    Denied,
    Full,
}

impl LocalStorage {
    pub fn new() -> Self {
        let (map, disk, copies) = Default::default();
        Self { map, disk, copies, quota: usize::MAX }
    }

    /// Something is about to change, at a world time.
    pub fn touch(&mut self, now: u64) {
        if now - self.disk.1 >= WRITTEN_EVERY {
            self.disk = (self.map.clone(), now);
        }
    }

    /// The browser dies.
    pub fn crash(&mut self) {
        self.map = self.disk.0.clone();
    }

    /// Somebody else has changed it, disk and copies and all.
    pub fn replace(&mut self, map: BTreeMap<String, String>) {
        (self.disk.0, self.copies, self.map) = (map.clone(), map.clone(), map);
    }

    /// Somebody else has long since stored this.
    pub fn add(&mut self, key: &str, value: &str) {
        self.disk.0.insert(key.into(), value.into());
        self.map.insert(key.into(), value.into());
    }

    /// A copy arrives: of a record, or that one is gone, or all below a prefix.
    pub fn copy(&mut self, key: String, value: Option<String>) {
        match value {
            Some(value) => drop(self.copies.insert(key, value)),
            None if key.ends_with('/') => self.copies.retain(|known, _| !known.starts_with(&key)),
            None => drop(self.copies.remove(&key)),
        }
    }

    /// Of all headers, whoever's file it is.
    pub fn sessions(&self) -> BTreeSet<String> {
        let of = |value: &String| value.split_once("upload=")?.1.split('&').next().map(str::to_owned);
        self.map.values().filter_map(of).collect()
    }

    /// What a crash took is put back when a page opens, unless there is no room for it. The keys of what was there and is
    /// replaced.
    pub fn put_back(&mut self, prefix: &str) -> Result<Vec<String>, StorageFault> {
        let mut replaced = Vec::new();
        for (key, value) in self.copies.clone().into_iter().filter(|(key, _)| key.starts_with(prefix)) {
            let known = self.map.get(&key).cloned().unwrap_or_default();
            if known != value && known.len() <= value.len() {
                self.put(&key, &value)?;
                if !known.is_empty() {
                    replaced.push(key);
                }
            }
        }
        Ok(replaced)
    }

    fn used(&self) -> usize {
        self.map.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    fn put(&mut self, key: &str, value: &str) -> Result<(), StorageFault> {
        let old = self.map.get(key).map_or(0, |value| key.len() + value.len());
        if self.used() - old + key.len() + value.len() > self.quota {
            return Err(StorageFault::Full);
        }
        self.map.insert(key.into(), value.into());
        Ok(())
    }
}

/// One page's records: what cannot be stored is kept in memory and wins over what is stored.
pub struct Records {
    denied: bool,
    memory: BTreeMap<String, String>,
    pub fault: Option<StorageFault>,
}

impl Records {
    pub fn open(denied: bool) -> Self {
        Self { denied, memory: BTreeMap::new(), fault: denied.then_some(StorageFault::Denied) }
    }

    /// The user takes it away.
    pub fn deny(&mut self) {
        (self.denied, self.fault) = (true, Some(StorageFault::Denied));
    }

    pub fn load(&self, storage: &LocalStorage, prefix: &str) -> Vec<(String, String)> {
        let mut all = if self.denied { BTreeMap::new() } else { storage.map.clone() };
        all.extend(self.memory.clone());
        all.into_iter().filter(|(key, _)| key.starts_with(prefix)).collect()
    }

    pub fn has_copies(&self) -> bool {
        !self.denied
    }

    /// Whether something of a file is kept in memory, which another tab may know better by now.
    pub fn hides(&self, prefix: &str) -> bool {
        self.memory.keys().any(|key| key.starts_with(prefix))
    }

    pub fn put(&mut self, storage: &mut LocalStorage, key: &str, value: &str) -> Result<(), StorageFault> {
        let kept = if self.denied { Err(StorageFault::Denied) } else { storage.put(key, value) };
        self.memory.remove(key);
        if let Err(fault) = kept {
            self.memory.insert(key.into(), value.into());
            self.fault = Some(fault);
        }
        kept
    }

    pub fn remove(&mut self, storage: &mut LocalStorage, key: &str) {
        self.memory.remove(key);
        if !self.denied {
            storage.map.remove(key);
        }
    }
}
