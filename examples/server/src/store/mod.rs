//! The embedded S3 store: object storage on a local disk that speaks S3, checks every signature, and is as strict as
//! AWS where an uploader could go wrong (part order, ETags, sizes, checksums).
//!
//! [`s3s`] parses requests and verifies signatures; everything behind that is here. Nothing in this folder knows about
//! users or policies: whoever holds a valid signature may do what it says.

mod checksum;
mod disk;
mod listing;
mod multipart;
mod objects;
mod serve;
mod service;

pub use multipart::MIN_PART;
pub use serve::router;

use checksum::MAX_BODY;
use disk::Folder;
use s3s::{S3Result, s3_error};
use std::{io, path::PathBuf, sync::Arc};

/// What the store is told at start.
pub struct Config {
    /// The folder all buckets live in.
    pub data: PathBuf,
    /// The bucket to make sure of.
    pub bucket: String,
    /// The one access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// Reply headers a page of another origin may read; a list for `Access-Control-Expose-Headers`.
    pub expose: String,
    /// Bytes of the largest body of one request, if fewer than [`MAX_BODY`].
    pub max_body: Option<u64>,
    /// Bytes of the smallest part that is not the last; [`MIN_PART`] at S3.
    pub min_part: u64,
}

/// Buckets under one folder. Cheap to clone.
#[derive(Clone)]
struct Store {
    root: Arc<PathBuf>,
    max_body: u64,
    locks: disk::Locks,
    min_part: u64,
}

impl Store {
    /// Opens the folder, creating it and `bucket` where missing.
    fn open(root: PathBuf, bucket: &str, max_body: Option<u64>, min_part: u64) -> io::Result<Self> {
        Folder::new(root.join(bucket)).create()?;
        for entry in std::fs::read_dir(&root)? {
            Folder::new(entry?.path()).sweep()?;
        }
        let max_body = max_body.unwrap_or(MAX_BODY).min(MAX_BODY);
        Ok(Self { root: Arc::new(root), max_body, locks: disk::Locks::default(), min_part })
    }

    /// A bucket that exists. The name has been checked by [`s3s`], so it is one harmless path segment.
    fn bucket(&self, name: &str) -> S3Result<Folder> {
        let folder = Folder::new(self.root.join(name));
        if folder.exists() { Ok(folder) } else { Err(s3_error!(NoSuchBucket, "There is no such bucket.")) }
    }
}
