//! Resumable, verified uploads from a web page straight into an object store.
//!
//! The crate has three layers, and dependencies point one way only: `api → browser → core`.
//!
//! * [`core`] decides. It is sans-IO: no clock, no randomness, no socket, no storage. It builds natively, so the
//!   signers and store dialects in it serve Rust servers too.
//! * `browser` performs what `core` decides, with web APIs (wasm only).
//! * `api` is what JavaScript sees (wasm only).
//!
//! # Signing in a Rust server
//!
//! A page with the option `signRequest` asks its server for one URL at a time. The server makes it with
//! [`presign`](core::sign::presign), of a request that it has checked, for any of the four kinds of store:
//!
//! ```
//! use partwise::core::sign::{Credentials, Presign, presign};
//! use partwise::core::store::{Bucket, Kind};
//! use partwise::core::units::UnixMillis;
//!
//! let credentials = Credentials {
//!     access_key_id: "AKID".into(),
//!     secret_access_key: "secret".into(),
//!     session_token: None,
//! };
//! // A server takes the time from its clock, in milliseconds since 1970. The URL lives 900 seconds.
//! let with = Presign::new(&credentials, UnixMillis(1_767_323_045_000), 900);
//! for (bucket, host) in [
//!     (Bucket::new(Kind::S3, "my-bucket", "eu-west-1"), "my-bucket.s3.eu-west-1.amazonaws.com"),
//!     (Bucket::new(Kind::Oss, "my-bucket", "cn-hangzhou"), "my-bucket.oss-cn-hangzhou.aliyuncs.com"),
//!     (
//!         Bucket::new(Kind::Cos, "my-bucket-1250000000", "ap-guangzhou"),
//!         "my-bucket-1250000000.cos.ap-guangzhou.myqcloud.com",
//!     ),
//!     (Bucket::new(Kind::Bos, "my-bucket", "bj"), "my-bucket.bj.bcebos.com"),
//! ] {
//!     let request = bucket.kind.create("ann/a b.mp4", Some("video/mp4"), &[]);
//!     let url = presign(&request, &bucket, &with);
//!     assert!(url.starts_with(&format!("https://{host}/ann/a%20b.mp4?")));
//! }
//! ```
//!
//! `examples/sign-server` is a whole server, with the checks that belong before the signing: `cargo run --example sign-server`.
#![warn(missing_docs)]

pub mod core;

#[cfg(target_family = "wasm")]
pub mod api;
#[cfg(target_family = "wasm")]
pub mod browser;
