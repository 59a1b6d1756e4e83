//! The origin's `localStorage`, and what one page makes of it (as `src/browser/storage.rs` does).

use std::collections::BTreeMap;

/// Shared by all pages.
pub struct LocalStorage {
    pub map: BTreeMap<String, String>,
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
        Self { map: BTreeMap::new(), quota: usize::MAX }
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

    pub fn load(&self, storage: &LocalStorage, prefix: &str) -> Vec<(String, String)> {
        let mut all = if self.denied { BTreeMap::new() } else { storage.map.clone() };
        all.extend(self.memory.clone());
        all.into_iter().filter(|(key, _)| key.starts_with(prefix)).collect()
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
