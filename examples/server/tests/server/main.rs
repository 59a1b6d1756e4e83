//! The server as its users see it: a process, spoken to over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod command_line;
mod harness;
mod hostile;
mod objects;
mod pages;
mod parts;
mod policy;
mod signatures;
mod uploads;
