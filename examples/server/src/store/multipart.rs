//! Multipart uploads: a folder each, a file per part. A part's file ends with the part's MD5, so that content and checksum
//! appear, and are replaced, in one rename. Rules as AWS documents them for UploadPart and CompleteMultipartUpload.

use super::{
    Store,
    disk::{Folder, Received, TempFile, broken, hex},
    objects::{Attributes, Object},
};
use md5::{Digest, Md5};
use s3s::{S3Result, dto::CompletedPart, s3_error};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Every part but the last holds at least 5 MiB at S3.
pub const MIN_PART: u64 = 5 * 1024 * 1024;

/// Part numbers S3 takes.
pub const PART_NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;

/// The file that says what an upload is for.
const HEADER: &str = "upload.json";

/// Bytes of MD5 at the end of a part's file.
const TRAILER: u64 = 16;

/// An unfinished upload.
#[derive(Clone, Serialize, Deserialize)]
pub struct Upload {
    pub id: String,
    pub key: String,
    pub initiated: SystemTime,
    attributes: Attributes,
}

/// A part the store holds.
pub struct StoredPart {
    pub number: i32,
    pub size: u64,
    pub modified: SystemTime,
    md5: [u8; 16],
    path: PathBuf,
}

impl StoredPart {
    /// Without quotes.
    pub fn etag(&self) -> String {
        hex(&self.md5)
    }

    fn read(folder: &Path, number: i32) -> io::Result<Self> {
        let path = part_path(folder, number);
        let mut file = File::open(&path)?;
        let about = file.metadata()?;
        let size = about.len().saturating_sub(TRAILER);
        let mut md5 = [0; 16];
        file.seek(SeekFrom::Start(size))?;
        file.read_exact(&mut md5)?;
        Ok(Self { number, size, modified: about.modified()?, md5, path })
    }
}

fn part_path(folder: &Path, number: i32) -> PathBuf {
    folder.join(format!("{number:05}"))
}

impl Upload {
    fn folder(&self, bucket: &Folder) -> PathBuf {
        bucket.uploads().join(&self.id)
    }
}

/// What a completion is asked to make.
pub struct Completion {
    pub parts: Vec<CompletedPart>,
    /// `x-amz-mp-object-size`: the size the whole must have.
    pub size: Option<i64>,
    pub only_if_absent: bool,
}

/// Starts an upload.
pub async fn create(bucket: &Folder, key: String, attributes: Attributes) -> S3Result<Upload> {
    let upload = Upload { id: crate::random::hex(), key, initiated: SystemTime::now(), attributes };
    let header = serde_json::to_vec(&upload).map_err(|e| s3_error!(e, InternalError))?;
    let folder = upload.folder(bucket);
    tokio::fs::create_dir(&folder).await.map_err(broken)?;
    bucket.replace(&folder.join(HEADER), header).await.map_err(broken)?;
    Ok(upload)
}

/// The unfinished upload of this id and key.
pub async fn find(bucket: &Folder, key: &str, id: &str) -> S3Result<Upload> {
    read(bucket, id).await.filter(|upload| upload.key == key).ok_or_else(|| {
        s3_error!(NoSuchUpload, "There is no such upload; it may have been completed or aborted.")
    })
}

async fn read(bucket: &Folder, id: &str) -> Option<Upload> {
    // Ids come from outside: anything but our own alphabet could be a path.
    let ours = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let text = if ours { tokio::fs::read(bucket.uploads().join(id).join(HEADER)).await.ok() } else { None };
    serde_json::from_slice(&text?).ok()
}

/// Every unfinished upload whose key starts with `prefix`, by key and then by age.
pub async fn all(bucket: &Folder, prefix: &str) -> S3Result<Vec<Upload>> {
    let mut entries = tokio::fs::read_dir(bucket.uploads()).await.map_err(broken)?;
    let mut uploads = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(broken)? {
        if let Some(upload) = read(bucket, &entry.file_name().to_string_lossy()).await
            && upload.key.starts_with(prefix)
        {
            uploads.push(upload);
        }
    }
    uploads.sort_by(|a, b| (&a.key, a.initiated, &a.id).cmp(&(&b.key, b.initiated, &b.id)));
    Ok(uploads)
}

/// Up to `limit` parts with numbers above `after`, and whether there are more.
pub async fn parts(
    bucket: &Folder,
    upload: &Upload,
    after: i32,
    limit: usize,
) -> S3Result<(Vec<StoredPart>, bool)> {
    let folder = upload.folder(bucket);
    blocking(move || {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
        }
        numbers.retain(|number| *number > after);
        numbers.sort_unstable();
        let more = numbers.len() > limit;
        let page = numbers.into_iter().take(limit).map(|number| StoredPart::read(&folder, number));
        Ok((page.collect::<io::Result<_>>()?, more))
    })
    .await
    // The folder goes in one rename when an upload ends; a listing may be in the middle of it.
    .map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            s3_error!(NoSuchUpload, "There is no such upload; it may have been completed or aborted.")
        } else {
            broken(error)
        }
    })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(io::Error::other(e)))
}

/// `md5(md5(part 1) md5(part 2) …)-N`, the ETag of an object made of parts.
fn composite_etag(parts: &[StoredPart]) -> String {
    let all = parts.iter().fold(Md5::new(), |md5, part| md5.chain_update(part.md5));
    format!("{}-{}", hex(&all.finalize()), parts.len())
}

/// The parts a completion names, in order, if it may be carried out.
fn chosen(folder: &Path, wanted: &Completion, min_part: u64) -> S3Result<Vec<StoredPart>> {
    let mut chosen: Vec<StoredPart> = Vec::new();
    for part in &wanted.parts {
        let (Some(number), Some(etag)) = (part.part_number, &part.e_tag) else {
            return Err(s3_error!(
                MalformedXML,
                "A completion lists at least one part, each with number and ETag."
            ));
        };
        check_number(number)?;
        if chosen.last().is_some_and(|last| last.number >= number) {
            return Err(s3_error!(InvalidPartOrder, "Parts are listed in ascending order, each once."));
        }
        let stored = StoredPart::read(folder, number).ok();
        let same = stored.filter(|stored| stored.etag().eq_ignore_ascii_case(etag.value()));
        chosen.push(
            same.ok_or_else(|| s3_error!(InvalidPart, "A part was not found, or its ETag is another one."))?,
        );
    }
    let Some((_, but_last)) = chosen.split_last() else {
        return Err(s3_error!(
            MalformedXML,
            "A completion lists at least one part, each with number and ETag."
        ));
    };
    if but_last.iter().any(|part| part.size < min_part) {
        return Err(s3_error!(EntityTooSmall, "A part that is not the last is too small."));
    }
    let size: u64 = chosen.iter().map(|part| part.size).sum();
    if wanted.size.is_some_and(|expected| u64::try_from(expected) != Ok(size)) {
        return Err(s3_error!(InvalidRequest, "The parts do not add up to x-amz-mp-object-size."));
    }
    Ok(chosen)
}

/// Refuses numbers S3 does not take.
pub fn check_number(number: i32) -> S3Result<()> {
    if PART_NUMBERS.contains(&number) {
        Ok(())
    } else {
        Err(s3_error!(InvalidArgument, "Part numbers are 1 to 10000."))
    }
}

/// One file of all parts. The kernel copies where it can, so the bytes do not pass through this process.
fn concatenate(parts: &[StoredPart], target: &Path) -> io::Result<u64> {
    let mut target = File::create(target)?;
    parts.iter().try_fold(0, |size, part| {
        Ok(size + io::copy(&mut File::open(&part.path)?.take(part.size), &mut target)?)
    })
}

impl Store {
    async fn exclusive(&self, upload: &Upload) -> tokio::sync::OwnedMutexGuard<()> {
        self.locks.lock(upload.id.clone()).await
    }

    /// Makes received content part `number`, replacing an earlier one. `NoSuchUpload` if the upload ended meanwhile.
    pub async fn add_part(
        &self,
        bucket: &Folder,
        upload: &Upload,
        number: i32,
        part: Received,
    ) -> S3Result<()> {
        let sealed = part.file.path().to_owned();
        blocking(move || File::options().append(true).open(sealed)?.write_all(&part.md5))
            .await
            .map_err(broken)?;
        let _guard = self.exclusive(upload).await;
        match part.file.persist(&part_path(&upload.folder(bucket), number)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(s3_error!(
                NoSuchUpload,
                "There is no such upload; it may have been completed or aborted."
            )),
            other => other.map_err(broken),
        }
    }

    /// Joins the parts into the object. If anything is wrong with the request, or the disk fails, the upload stays as
    /// it was.
    pub async fn complete(
        &self,
        bucket: &Folder,
        key: &str,
        id: &str,
        wanted: Completion,
    ) -> S3Result<Object> {
        let upload = find(bucket, key, id).await?;
        let _guard = self.exclusive(&upload).await;
        find(bucket, key, id).await?; // It may have ended while this waited.
        let (only_if_absent, min_part) = (wanted.only_if_absent, self.min_part);
        let folder = upload.folder(bucket);
        let file = TempFile::new(bucket);
        let target = file.path().to_owned();
        let joined = blocking(move || {
            Ok(match chosen(&folder, &wanted, min_part) {
                Ok(parts) => Ok((concatenate(&parts, &target)?, composite_etag(&parts))),
                Err(refusal) => Err(refusal),
            })
        });
        let (size, etag) = joined.await.map_err(broken)??;
        let content = Received { file, size, md5: [0; 16] };
        let object = self.put(bucket, key, content, etag, upload.attributes.clone(), only_if_absent).await?;
        discard(bucket, &upload).await?;
        Ok(object)
    }

    /// Forgets the upload and its parts.
    pub async fn abort(&self, bucket: &Folder, key: &str, id: &str) -> S3Result<()> {
        let upload = find(bucket, key, id).await?;
        let _guard = self.exclusive(&upload).await;
        discard(bucket, &upload).await
    }
}

/// The upload vanishes in one rename; deleting its parts may then take its time.
async fn discard(bucket: &Folder, upload: &Upload) -> S3Result<()> {
    let grave = bucket.tmp().join(crate::random::hex());
    match tokio::fs::rename(upload.folder(bucket), &grave).await {
        Ok(()) => tokio::fs::remove_dir_all(grave).await.map_err(broken),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(s3_error!(NoSuchUpload, "There is no such upload; it may have been completed or aborted."))
        }
        Err(error) => Err(broken(error)),
    }
}
