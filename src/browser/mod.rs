//! Performs what `core` decides, with web APIs: one small file per API, RAII guards, `Result` instead of panics.
//!
//! Nothing here calls back from inside the call that registered the callback: whoever registers may hold borrows.

pub mod blob;
pub mod callback;
pub mod channel;
pub mod clock;
pub mod driver;
mod form_data;
pub mod http;
pub mod listener;
pub mod locks;
pub mod online;
pub mod random;
mod small;
pub mod storage;
pub mod unload;
pub mod worker;
mod worker_exports;
