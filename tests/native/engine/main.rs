//! The engine in a small simulated world: what the store holds, the state, the error code.
#![cfg(not(target_family = "wasm"))]
// What is missing here is a failing test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arriving;
mod checksums;
mod chunks;
mod ending;
mod exists;
mod forms;
mod hashing;
mod instant;
mod kept;
#[path = "../../model/mod.rs"]
#[allow(dead_code, reason = "the simulator needs more of it")]
mod model;
mod objects;
mod offline;
mod resuming;
mod retrying;
mod sending;
mod sessions;
mod signing;
mod store;
mod tabs;
mod telling;
mod world;

use partwise::core::error::Code;
use partwise::core::upload::Event;
use world::World;

fn bytes(len: u64) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

fn failure(world: &World) -> Code {
    let failed = world.events.iter().find_map(|(_, event)| match event {
        Event::Failed(error) => Some(error.code),
        _ => None,
    });
    failed.expect("it failed")
}

fn retries(world: &World) -> usize {
    world.events.iter().filter(|(_, event)| matches!(event, Event::Retry(_))).count()
}
