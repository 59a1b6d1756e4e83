//! Which content of whom is at the store, so that nobody sends the same twice. What a page says of its own content counts for
//! nothing: an object's MD5 is what the store tells of it, or what came of reading it back.

use super::{Signer, problem::Problem};
use axum::http::StatusCode;
use partwise::core::{
    hash::{Md5Digest, Md5Hasher},
    store::normalize_etag,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Most objects remembered; the oldest are forgotten first.
const MAX_OBJECTS: usize = 10_000;
/// Most objects of the right size that are looked at.
const MAX_LOOKS: usize = 8;

/// An object that somebody was allowed to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub user: String,
    pub key: String,
    pub size: u64,
    /// Of what was made of parts: its ETag and what was read.
    pub read: Option<(String, Md5Digest)>,
}

/// The objects, oldest first.
#[derive(Default)]
pub struct Contents(Mutex<VecDeque<Object>>);

impl Contents {
    /// It is there, or may soon be.
    pub fn remember(&self, object: Object) {
        let mut objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if objects.len() == MAX_OBJECTS {
            objects.pop_front();
        }
        objects.push_back(object);
    }

    /// The user's objects of that size, newest first.
    fn of_size(&self, user: &str, size: u64) -> Vec<Object> {
        let objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = objects.iter().rev().filter(|object| object.user == user && object.size == size);
        same.take(MAX_LOOKS).cloned().collect()
    }
}

/// The user's object with this content, as it is now.
pub async fn find(
    signer: &Signer,
    user: &str,
    md5: Md5Digest,
    size: u64,
) -> Result<(Object, String), Problem> {
    let kind = signer.store.kind();
    for object in signer.contents.of_size(user, size) {
        let Ok(info) = signer.store.ask(&kind.head(&object.key), |reply| kind.object_info(reply)).await
        else {
            continue;
        };
        let etag = info.etag.map(|etag| normalize_etag(&etag)).unwrap_or_default();
        let is_read = object.read.as_ref().is_some_and(|(then, read)| *then == etag && *read == md5);
        if info.size == size && (etag == md5.to_hex() || is_read) {
            return Ok((object, etag));
        }
    }
    Err(Problem::new(StatusCode::NOT_FOUND, "NoSuchContent", "There is no such content."))
}

/// Reads an object back, and remembers what it is. The page need not wait for that.
pub fn read_back(signer: &Arc<Signer>, object: Object, etag: String) {
    let signer = signer.clone();
    tokio::spawn(async move {
        let mut hasher = Md5Hasher::new();
        let kind = signer.store.kind();
        match signer.store.read(&kind.head(&object.key), |bytes| hasher.update(bytes)).await {
            Ok(()) => signer.contents.remember(Object { read: Some((etag, hasher.finish())), ..object }),
            Err(error) => eprintln!("store: {} was not read back: {error}", object.key),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(user: &str, key: usize, size: u64) -> Object {
        Object { user: user.into(), key: key.to_string(), size, read: None }
    }

    #[test]
    fn everyone_has_their_own_newest_first() {
        let contents = Contents::default();
        for (user, key, size) in [("ann", 1, 5), ("bob", 2, 5), ("ann", 3, 5), ("ann", 4, 6)] {
            contents.remember(object(user, key, size));
        }
        assert_eq!(contents.of_size("ann", 5), [object("ann", 3, 5), object("ann", 1, 5)]);
        assert_eq!(contents.of_size("eve", 5), []);
    }

    #[test]
    fn no_more_than_so_many_are_remembered_or_looked_at() {
        let contents = Contents::default();
        (0..2 * MAX_OBJECTS).for_each(|key| contents.remember(object("ann", key, 5)));
        assert_eq!(contents.0.lock().unwrap().len(), MAX_OBJECTS);
        assert_eq!(contents.of_size("ann", 5).len(), MAX_LOOKS);
        assert_eq!(contents.of_size("ann", 5)[0], object("ann", 2 * MAX_OBJECTS - 1, 5));
    }
}
