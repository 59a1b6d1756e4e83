//! Resumable, verified uploads from a web page straight into an object store.
//!
//! The crate has three layers, and dependencies point one way only: `api → browser → core`.
//!
//! * [`core`] decides. It is sans-IO: no clock, no randomness, no socket, no storage. It builds natively, so the
//!   signers and store dialects in it serve Rust servers too.
//! * `browser` performs what `core` decides, with web APIs (wasm only).
//! * `api` is what JavaScript sees (wasm only).
#![warn(missing_docs)]

pub mod core;

#[cfg(target_family = "wasm")]
pub mod api;
#[cfg(target_family = "wasm")]
pub mod browser;
