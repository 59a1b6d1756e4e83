//! The classes and the web API layer in a real browser, one module per module of `src/api` and `src/browser`. Run by `node scripts/test-web.mjs`.
#![cfg(target_family = "wasm")]
// A test that panics has failed, which is what panics are for here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod api;
mod functions;
mod hash;
#[path = "../model/hashing.rs"]
mod hashing;
mod http;
mod javascript;
mod locks;
mod page;
mod storage;
mod support;
mod worker;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
