//! A model of an object store, shared by the tests that run the core against one: the engine's and the simulator's.

pub mod hashing;
pub mod store;
pub mod wire;
