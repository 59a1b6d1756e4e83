//! Which uploads are known to be at the store under which key, so that nothing is signed for an id that is not.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Most of them remembered; the store is asked again about those forgotten.
const MAX_KNOWN: usize = 10_000;

/// Pairs of key and upload id.
#[derive(Default)]
pub struct Uploads(Mutex<HashSet<(String, String)>>);

impl Uploads {
    /// The store has just begun it, or says that it has it.
    pub fn remember(&self, key: &str, id: &str) {
        self.with(|known| {
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert((key.to_owned(), id.to_owned()));
        });
    }

    /// It has ended, or the store has lost it.
    pub fn forget(&self, key: &str, id: &str) {
        self.with(|known| known.remove(&(key.to_owned(), id.to_owned())));
    }

    /// Whether there is no need to ask the store.
    pub fn knows(&self, key: &str, id: &str) -> bool {
        self.with(|known| known.contains(&(key.to_owned(), id.to_owned())))
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashSet<(String, String)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_under_its_own_key_until_it_ends() {
        let uploads = Uploads::default();
        uploads.remember("ann/1/f", "a");
        assert!(uploads.knows("ann/1/f", "a"));
        assert!(!uploads.knows("ann/2/f", "a") && !uploads.knows("ann/1/f", "b"));
        uploads.forget("ann/1/f", "a");
        assert!(!uploads.knows("ann/1/f", "a"));
    }

    #[test]
    fn no_more_than_so_many_are_remembered() {
        let uploads = Uploads::default();
        (0..3 * MAX_KNOWN).for_each(|n| uploads.remember("k", &n.to_string()));
        assert!(uploads.with(|known| known.len()) <= MAX_KNOWN);
    }
}
