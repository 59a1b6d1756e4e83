//! The S3 operations: each turns an input of [`s3s`] into a call of the modules beside this one and dresses the result.

use super::{
    Store,
    checksum::Expected,
    disk::{self, Folder, hex},
    listing::{self, Page},
    multipart::{self, Completion},
    objects::{self, Attributes, Object},
};
use s3s::{S3, S3Request, S3Response, S3Result, dto::*, s3_error};
use std::io::SeekFrom;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

type Reply<T> = S3Result<S3Response<T>>;

/// Bytes read from disk at a time when an object is sent.
const READ_BUFFER: usize = 256 * 1024;

fn reply<T>(output: T) -> Reply<T> {
    Ok(S3Response::new(output))
}

/// Sizes on this side are `u64`, in the protocol `i64`; no disk holds more.
fn length(size: u64) -> Option<i64> {
    i64::try_from(size).ok()
}

/// `If-None-Match: *` writes only where nothing is; other conditions are not supported.
fn only_if_absent(condition: Option<&ETagCondition>) -> S3Result<bool> {
    match condition {
        None => Ok(false),
        Some(ETagCondition::Any) => Ok(true),
        Some(ETagCondition::ETag(_)) => Err(s3_error!(NotImplemented, "Only If-None-Match: * is supported.")),
    }
}

fn listed(object: Object) -> s3s::dto::Object {
    s3s::dto::Object {
        e_tag: Some(object.etag()),
        last_modified: Some(object.modified()),
        size: length(object.size),
        key: Some(object.key),
        ..Default::default()
    }
}

fn common(prefixes: Vec<String>) -> Vec<CommonPrefix> {
    prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect()
}

async fn page_of_objects(
    bucket: &Folder,
    prefix: Option<&str>,
    delimiter: Option<&str>,
    after: &str,
    limit: usize,
) -> S3Result<Page<Object>> {
    let prefix = prefix.unwrap_or_default();
    let all = objects::all(bucket, prefix).await?;
    Ok(listing::page(all, |object| &object.key, prefix, delimiter, after, limit))
}

#[async_trait::async_trait]
impl S3 for Store {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Reply<CreateBucketOutput> {
        let folder = Folder::new(self.root.join(&req.input.bucket));
        if folder.exists() {
            return Err(s3_error!(BucketAlreadyOwnedByYou, "This bucket exists already."));
        }
        folder.create().map_err(disk::broken)?;
        reply(CreateBucketOutput::default())
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Reply<HeadBucketOutput> {
        self.bucket(&req.input.bucket)?;
        reply(HeadBucketOutput::default())
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> Reply<GetBucketLocationOutput> {
        self.bucket(&req.input.bucket)?;
        reply(GetBucketLocationOutput::default())
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Reply<PutObjectOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let expected = Expected::of_object(&input, self.max_body)?;
        let only_if_absent = only_if_absent(input.if_none_match.as_ref())?;
        let attributes = Attributes {
            content_type: input.content_type,
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            metadata: input.metadata,
        };
        let content = disk::receive(&bucket, input.body, expected).await?;
        let etag = hex(&content.md5);
        let object = self.put(&bucket, &input.key, content, etag, attributes, only_if_absent).await?;
        reply(PutObjectOutput { e_tag: Some(object.etag()), ..Default::default() })
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Reply<HeadObjectOutput> {
        let bucket = self.bucket(&req.input.bucket)?;
        let object = objects::find(&bucket, &req.input.key).await?;
        reply(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: length(object.size),
            e_tag: Some(object.etag()),
            last_modified: Some(object.modified()),
            content_type: object.attributes.content_type,
            cache_control: object.attributes.cache_control,
            content_disposition: object.attributes.content_disposition,
            content_encoding: object.attributes.content_encoding,
            content_language: object.attributes.content_language,
            metadata: object.attributes.metadata,
            ..Default::default()
        })
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Reply<GetObjectOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let object = objects::find(&bucket, &input.key).await?;
        let mut file = tokio::fs::File::open(object.path(&bucket)).await.map_err(disk::broken)?;
        let (range, content_range) = match input.range {
            None => (0..object.size, None),
            Some(range) => {
                let range = range.check(object.size)?;
                let said = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), object.size);
                (range, Some(said))
            }
        };
        file.seek(SeekFrom::Start(range.start)).await.map_err(disk::broken)?;
        let size = range.end.saturating_sub(range.start);
        let body = ReaderStream::with_capacity(file.take(size), READ_BUFFER);
        reply(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            accept_ranges: Some("bytes".to_owned()),
            content_length: length(size),
            content_range,
            e_tag: Some(object.etag()),
            last_modified: Some(object.modified()),
            content_type: input.response_content_type.or(object.attributes.content_type),
            cache_control: object.attributes.cache_control,
            content_disposition: input.response_content_disposition.or(object.attributes.content_disposition),
            content_encoding: object.attributes.content_encoding,
            content_language: object.attributes.content_language,
            metadata: object.attributes.metadata,
            ..Default::default()
        })
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Reply<DeleteObjectOutput> {
        let bucket = self.bucket(&req.input.bucket)?;
        self.delete(&bucket, &req.input.key).await?;
        reply(DeleteObjectOutput::default())
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Reply<DeleteObjectsOutput> {
        let bucket = self.bucket(&req.input.bucket)?;
        let mut deleted = Vec::new();
        for object in req.input.delete.objects {
            self.delete(&bucket, &object.key).await?;
            deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
        }
        reply(DeleteObjectsOutput { deleted: Some(deleted), ..Default::default() })
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> Reply<ListObjectsOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let after = input.marker.clone().unwrap_or_default();
        let (prefix, delimiter) = (input.prefix.as_deref(), input.delimiter.as_deref());
        let page =
            page_of_objects(&bucket, prefix, delimiter, &after, listing::limit(input.max_keys)).await?;
        reply(ListObjectsOutput {
            name: Some(input.bucket),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next,
            contents: Some(page.items.into_iter().map(listed).collect()),
            common_prefixes: Some(common(page.prefixes)),
            prefix: input.prefix,
            delimiter: input.delimiter,
            marker: input.marker,
            max_keys: input.max_keys,
            ..Default::default()
        })
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Reply<ListObjectsV2Output> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let after =
            input.continuation_token.clone().or_else(|| input.start_after.clone()).unwrap_or_default();
        let (prefix, delimiter) = (input.prefix.as_deref(), input.delimiter.as_deref());
        let page =
            page_of_objects(&bucket, prefix, delimiter, &after, listing::limit(input.max_keys)).await?;
        reply(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: i32::try_from(page.items.len() + page.prefixes.len()).ok(),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next,
            contents: Some(page.items.into_iter().map(listed).collect()),
            common_prefixes: Some(common(page.prefixes)),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            max_keys: input.max_keys,
            ..Default::default()
        })
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Reply<CreateMultipartUploadOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let attributes = Attributes {
            content_type: input.content_type,
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            metadata: input.metadata,
        };
        let upload = multipart::create(&bucket, input.key, attributes).await?;
        reply(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            ..Default::default()
        })
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Reply<UploadPartOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        multipart::check_number(input.part_number)?;
        let upload = multipart::find(&bucket, &input.key, &input.upload_id).await?;
        let expected = Expected::of_part(&input, self.max_body)?;
        let part = disk::receive(&bucket, input.body, expected).await?;
        let etag = hex(&part.md5);
        self.add_part(&bucket, &upload, input.part_number, part).await?;
        reply(UploadPartOutput { e_tag: Some(ETag::Strong(etag)), ..Default::default() })
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Reply<ListPartsOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let upload = multipart::find(&bucket, &input.key, &input.upload_id).await?;
        let after = input.part_number_marker.unwrap_or(0);
        let limit = listing::limit(input.max_parts);
        let (parts, more) = multipart::parts(&bucket, &upload, after, limit).await?;
        reply(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            part_number_marker: Some(after),
            next_part_number_marker: parts.last().map(|part| part.number),
            max_parts: i32::try_from(limit).ok(),
            is_truncated: Some(more),
            parts: Some(
                parts
                    .iter()
                    .map(|part| Part {
                        part_number: Some(part.number),
                        e_tag: Some(ETag::Strong(part.etag())),
                        size: length(part.size),
                        last_modified: Some(part.modified.into()),
                        ..Default::default()
                    })
                    .collect(),
            ),
            ..Default::default()
        })
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Reply<CompleteMultipartUploadOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let wanted = Completion {
            only_if_absent: only_if_absent(input.if_none_match.as_ref())?,
            parts: input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default(),
            size: input.mpu_object_size,
        };
        let (store, key, id) = (self.clone(), input.key, input.upload_id);
        // In a task of its own: like a real store, this goes on when the client hangs up.
        let work = tokio::spawn(async move { store.complete(&bucket, &key, &id, wanted).await });
        let object = work.await.map_err(|e| s3_error!(e, InternalError))??;
        let host = req.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        reply(CompleteMultipartUploadOutput {
            location: Some(format!("http://{host}{}", req.uri.path())),
            bucket: Some(input.bucket),
            e_tag: Some(object.etag()),
            key: Some(object.key),
            ..Default::default()
        })
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Reply<AbortMultipartUploadOutput> {
        let bucket = self.bucket(&req.input.bucket)?;
        self.abort(&bucket, &req.input.key, &req.input.upload_id).await?;
        reply(AbortMultipartUploadOutput::default())
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Reply<ListMultipartUploadsOutput> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let limit = listing::limit(input.max_uploads);
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let mut uploads = multipart::all(&bucket, prefix).await?;
        if let Some(key) = input.key_marker.as_deref() {
            // With an upload id the marker means "after this upload", without one "after this key".
            let at = input.upload_id_marker.as_deref().and_then(|id| uploads.iter().position(|u| u.id == id));
            match at {
                Some(at) => drop(uploads.drain(..=at)),
                None => uploads.retain(|upload| upload.key.as_str() > key),
            }
        }
        let more = uploads.len() > limit;
        uploads.truncate(limit);
        let next = uploads.last().filter(|_| more);
        reply(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            next_key_marker: next.map(|upload| upload.key.clone()),
            next_upload_id_marker: next.map(|upload| upload.id.clone()),
            is_truncated: Some(more),
            max_uploads: i32::try_from(limit).ok(),
            uploads: Some(
                uploads
                    .into_iter()
                    .map(|upload| MultipartUpload {
                        key: Some(upload.key),
                        upload_id: Some(upload.id),
                        initiated: Some(upload.initiated.into()),
                        ..Default::default()
                    })
                    .collect(),
            ),
            prefix: input.prefix,
            key_marker: input.key_marker,
            upload_id_marker: input.upload_id_marker,
            ..Default::default()
        })
    }
}
