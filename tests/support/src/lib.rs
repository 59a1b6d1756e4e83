//! A TCP proxy that stands between a browser and an S3 store and breaks things on request.
//!
//! Bytes pass through as they are, the `Host` header included, so a URL signed for the proxy's address verifies at a
//! store behind it. The proxy reads just enough HTTP/1.1 to know which request is passing and where its body is;
//! bodies are streamed, never held.
//!
//! * [`rules`] says which requests suffer what, [`faults`] what each of them means.
//! * [`relay`] carries one connection, [`passing`] a request or a reply in it, [`framing`] and [`head`] find the ends of bodies and heads in it.
//! * [`journal`] remembers every request, [`control`] is the HTTP interface of the tests.
//! * [`proxy`] ties them to two listening sockets.

pub mod control;
pub mod faults;
pub mod framing;
pub mod head;
pub mod journal;
pub mod passing;
pub mod proxy;
pub mod relay;
pub mod rules;
pub mod socket;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after another thread panicked while holding the lock: what is kept here stays usable.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
