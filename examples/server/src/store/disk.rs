//! Folders, temporary files and locks: the store's only way to the disk.

use super::checksum::Expected;
use futures_util::StreamExt;
use md5::{Digest, Md5};
use s3s::{S3Error, S3Result, dto::StreamingBlob, s3_error};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::{
    fs::File,
    io::{AsyncWriteExt, BufWriter},
    sync::OwnedMutexGuard,
};

/// Bytes gathered before they are written: fewer, larger writes.
const WRITE_BUFFER: usize = 256 * 1024;

/// The disk failed.
pub fn broken(error: io::Error) -> S3Error {
    S3Error::internal_error(error)
}

/// One bucket: `files` hold content, `index` says which file a key names, `uploads` has a folder per unfinished
/// multipart upload, and `tmp` what is being written.
#[derive(Clone)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    pub fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    pub fn uploads(&self) -> PathBuf {
        self.0.join("uploads")
    }

    pub fn tmp(&self) -> PathBuf {
        self.0.join("tmp")
    }

    pub fn exists(&self) -> bool {
        self.index().is_dir()
    }

    pub fn create(&self) -> io::Result<()> {
        [self.files(), self.uploads(), self.tmp(), self.index()].iter().try_for_each(std::fs::create_dir_all)
    }

    /// Removes what a killed process was in the middle of writing.
    pub fn sweep(&self) -> io::Result<()> {
        if self.exists() {
            std::fs::remove_dir_all(self.tmp())?;
            std::fs::create_dir(self.tmp())?;
        }
        Ok(())
    }

    /// Writes a small file so that readers see the old content or the new, never half of it.
    pub async fn replace(&self, path: &Path, content: Vec<u8>) -> io::Result<()> {
        let temp = TempFile::new(self);
        tokio::fs::write(temp.path(), content).await?;
        temp.persist(path).await
    }
}

/// A file under `tmp` that is removed again unless it is kept.
pub struct TempFile(Option<PathBuf>);

impl TempFile {
    pub fn new(folder: &Folder) -> Self {
        Self(Some(folder.tmp().join(crate::random::hex())))
    }

    pub fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Moves it to its final place, replacing what is there.
    pub async fn persist(mut self, to: &Path) -> io::Result<()> {
        tokio::fs::rename(self.path(), to).await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It may not have been created yet, and a leftover is swept at the next start.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Content that arrived whole.
pub struct Received {
    pub file: TempFile,
    pub size: u64,
    pub md5: [u8; 16],
}

/// Streams a request's body to disk, hashing on the way, and refuses it when it is not what the request announced.
pub async fn receive(
    folder: &Folder,
    body: Option<StreamingBlob>,
    mut expected: Expected,
) -> S3Result<Received> {
    let file = TempFile::new(folder);
    let mut out = BufWriter::with_capacity(WRITE_BUFFER, File::create(file.path()).await.map_err(broken)?);
    let mut md5 = Md5::new();
    let mut size = 0u64;
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk
                .map_err(|_| s3_error!(IncompleteBody, "Fewer or more bytes arrived than were announced."))?;
            md5.update(&chunk);
            expected.update(&chunk);
            size = size.saturating_add(chunk.len() as u64);
            expected.check_size(size)?;
            out.write_all(&chunk).await.map_err(broken)?;
        }
    }
    out.flush().await.map_err(broken)?;
    let md5 = md5.finalize().into();
    expected.check(size, &md5)?;
    Ok(Received { file, size, md5 })
}

/// Mutual exclusion by name: uploads while they change, keys while they are replaced.
#[derive(Clone, Default)]
pub struct Locks(Arc<Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>>);

impl Locks {
    pub async fn lock(&self, name: String) -> OwnedMutexGuard<()> {
        let lock = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.retain(|_, lock| lock.strong_count() > 0);
            match held.get(&name).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::default();
                    held.insert(name, Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
