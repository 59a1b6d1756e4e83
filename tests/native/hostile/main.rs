//! Stores, servers and pages that mean harm, or repeat what they should not: the upload ends with an error, within a
//! bounded number of requests, bytes and hours, and nobody is told a secret.
#![cfg(not(target_family = "wasm"))]
// What is missing here is a failing test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod endless;
mod peer;
mod secrets;
