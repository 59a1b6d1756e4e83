//! Everything that decides, nothing that performs. Sans-IO: no clock, randomness, socket, storage or web type may be
//! used here; what a module needs to know is an argument, what it wants done is a value it returns.

pub mod backend;
pub mod checkpoint;
pub mod config;
pub mod engine;
pub mod error;
pub mod fingerprint;
pub mod hash;
pub mod http;
pub mod naming;
pub mod plan;
pub mod progress;
pub mod retry;
pub mod schedule;
pub mod sign;
pub mod store;
pub mod text;
pub mod time;
pub mod units;
pub mod upload;
