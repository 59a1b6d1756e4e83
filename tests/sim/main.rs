//! Random lives of uploads in a simulated world (see `tests/README.md`).
//!
//! `PARTWISE_SIM_RUNS=N` sets how many, `PARTWISE_SIM_SEED=N` repeats one and shows everything that happens in it.
// For a browser nothing is left of this, not even a `main`.
#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]
// What is missing here is a failing test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod actions;
mod clock;
mod failures;
mod faults;
mod harness;
mod instance;
mod invariants;
mod kills;
mod learning;
mod locks;
#[path = "../model/mod.rs"]
mod model;
mod network;
mod page;
mod replies;
mod rng;
mod run;
mod sabotage;
mod server;
mod storage;
mod surroundings;
mod trace;
mod user;
mod world;

fn main() -> std::process::ExitCode {
    harness::main()
}
