//! Whole objects. A key is looked up by its SHA-256, because as a file name it could be too long, collide with a folder
//! or escape; the content's file carries the readable name.

use super::{
    Store,
    disk::{Folder, Received, broken, hex},
};
use s3s::{S3Result, dto, s3_error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    io::ErrorKind,
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// Headers stored with an object and given back with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub metadata: Option<HashMap<String, String>>,
}

/// What the index says about a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    pub key: String,
    /// Name of the content's file.
    file: String,
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// Seconds since 1970.
    modified: u64,
    pub attributes: Attributes,
}

impl Object {
    pub fn modified(&self) -> dto::Timestamp {
        (SystemTime::UNIX_EPOCH + Duration::from_secs(self.modified)).into()
    }

    pub fn etag(&self) -> dto::ETag {
        dto::ETag::Strong(self.etag.clone())
    }

    pub fn path(&self, bucket: &Folder) -> PathBuf {
        bucket.files().join(&self.file)
    }
}

fn index_path(bucket: &Folder, key: &str) -> PathBuf {
    bucket.index().join(format!("{}.json", hex(&Sha256::digest(key.as_bytes()))))
}

/// A file name people recognise: the key's last segment with everything doubtful replaced, behind a unique prefix.
fn file_name(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or_default();
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let readable: String = name.chars().map(safe).take(40).collect();
    format!("{}-{readable}", crate::random::hex())
}

/// The object a key names.
pub async fn find(bucket: &Folder, key: &str) -> S3Result<Object> {
    match tokio::fs::read(index_path(bucket, key)).await {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| s3_error!(e, InternalError)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(s3_error!(NoSuchKey, "There is no object of this key."))
        }
        Err(error) => Err(broken(error)),
    }
}

/// Every object whose key starts with `prefix`, by key.
pub async fn all(bucket: &Folder, prefix: &str) -> S3Result<Vec<Object>> {
    let mut entries = tokio::fs::read_dir(bucket.index()).await.map_err(broken)?;
    let mut objects = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(broken)? {
        // An entry may be deleted between being listed and being read.
        let Ok(text) = tokio::fs::read(entry.path()).await else { continue };
        match serde_json::from_slice::<Object>(&text) {
            Ok(object) if object.key.starts_with(prefix) => objects.push(object),
            _ => {}
        }
    }
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(objects)
}

impl Store {
    /// Makes received content the object of `key`; readers see the old one or the new, never a mixture.
    pub async fn put(
        &self,
        bucket: &Folder,
        key: &str,
        content: Received,
        etag: String,
        attributes: Attributes,
        only_if_absent: bool,
    ) -> S3Result<Object> {
        let index = index_path(bucket, key);
        let _guard = self.locks.lock(index.to_string_lossy().into_owned()).await;
        let old = find(bucket, key).await.ok();
        if only_if_absent && old.is_some() {
            return Err(s3_error!(PreconditionFailed, "There is an object of this key already."));
        }
        let modified = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let object = Object {
            key: key.to_owned(),
            file: file_name(key),
            size: content.size,
            etag,
            modified,
            attributes,
        };
        content.file.persist(&object.path(bucket)).await.map_err(broken)?;
        let entry = serde_json::to_vec(&object).map_err(|e| s3_error!(e, InternalError))?;
        bucket.replace(&index, entry).await.map_err(broken)?;
        if let Some(old) = old {
            // Unreachable from now on; a failure costs space, not correctness.
            let _ = tokio::fs::remove_file(old.path(bucket)).await;
        }
        Ok(object)
    }

    /// Removes an object; removing none is a success, as S3 has it.
    pub async fn delete(&self, bucket: &Folder, key: &str) -> S3Result<()> {
        let index = index_path(bucket, key);
        let _guard = self.locks.lock(index.to_string_lossy().into_owned()).await;
        if let Ok(old) = find(bucket, key).await {
            tokio::fs::remove_file(&index).await.map_err(broken)?;
            let _ = tokio::fs::remove_file(old.path(bucket)).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn file_names_are_readable_and_harmless() {
        assert!(file_name("demo/报告 1.pdf").ends_with("-报告_1.pdf"));
        assert!(file_name("..").len() < 40);
        assert!(file_name(&"字".repeat(300)).len() < 255);
        assert!(!file_name("a/b\\c\0d").contains(['/', '\\', '\0']));
    }
}
