//! R2 as an [`ObjectStore`].

use std::collections::HashMap;
use std::ops;

use worker::{Bucket, Conditional, HttpMetadata, Object, Range, ResponseBody, UploadedPart};

use crate::ports::{Listed, Listing, ObjectInfo, ObjectStore, Part, Put, PutOptions, StoreError};

/// The custom metadata in which an object's owner is stored.
const OWNER: &str = "job";

/// An R2 bucket.
#[derive(Debug, Clone)]
pub struct R2 {
    bucket: Bucket,
}

impl From<Bucket> for R2 {
    fn from(bucket: Bucket) -> Self {
        Self { bucket }
    }
}

impl R2 {
    /// These bytes of the object as a stream for a response, which the runtime sends without it passing through WebAssembly;
    /// `None` when there is no object.
    pub async fn stream(
        &self,
        key: &str,
        bytes: ops::Range<u64>,
    ) -> Result<Option<ResponseBody>, StoreError> {
        let fail = |error: worker::Error| failed("get", key, &error);
        let range = Range::OffsetWithLength {
            offset: bytes.start,
            length: bytes.end.saturating_sub(bytes.start),
        };
        let mut get = self.bucket.get(key);
        // R2 has no range of nothing.
        if !bytes.is_empty() {
            get = get.range(range);
        }
        let Some(object) = get.execute().await.map_err(fail)? else {
            return Ok(None);
        };
        Ok(Some(match object.body() {
            Some(body) => body.response_body().map_err(fail)?,
            None => ResponseBody::Empty,
        }))
    }
}

impl ObjectStore for R2 {
    async fn put_new(&self, key: &str, body: &[u8], meta: &PutOptions) -> Result<Put, StoreError> {
        // "Store unless an object with any etag is there": R2 answers null, the crate None, when one is.
        let nothing_there = Conditional {
            etag_does_not_match: Some("*".to_owned()),
            ..Conditional::default()
        };
        let stored = self
            .bucket
            .put(key, body.to_vec())
            .http_metadata(content(meta.content_type))
            .custom_metadata(HashMap::from([(OWNER.to_owned(), meta.owner.clone())]))
            .sha256(meta.sha256)
            .only_if(nothing_there)
            .execute()
            .await;
        match stored {
            Ok(Some(_)) => Ok(Put::Created),
            Ok(None) => Ok(Put::Exists),
            // Where a lock keeps the object that is there, R2 says so before it looks at the condition.
            Err(error) if is_locked(&error) => Ok(Put::Exists),
            Err(error) => Err(failed("put", key, &error)),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let fail = |error: worker::Error| failed("get", key, &error);
        let Some(object) = self.bucket.get(key).execute().await.map_err(fail)? else {
            return Ok(None);
        };
        match object.body() {
            Some(body) => Ok(Some(body.bytes().await.map_err(fail)?)),
            None => Ok(Some(Vec::new())),
        }
    }

    async fn get_range(
        &self,
        key: &str,
        offset: u64,
        length: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let fail = |error: worker::Error| failed("get", key, &error);
        let range = Range::OffsetWithLength {
            offset,
            length: length.into(),
        };
        let found = self.bucket.get(key).range(range).execute().await;
        match found {
            Ok(Some(object)) => match object.body() {
                Some(body) => Ok(Some(body.bytes().await.map_err(fail)?)),
                None => Ok(Some(Vec::new())),
            },
            Ok(None) => Ok(None),
            // R2 refuses a range that begins at the end or behind it, and says so in more than one way.
            Err(error) => match self.head(key).await? {
                Some(info) if info.size <= offset => Ok(Some(Vec::new())),
                _ => Err(fail(error)),
            },
        }
    }

    async fn list(&self, after: Option<&str>) -> Result<Listing, StoreError> {
        let first = after.unwrap_or_default();
        let fail = |error: worker::Error| failed("list", first, &error);
        let mut list = self.bucket.list();
        if let Some(after) = after {
            list = list.start_after(after);
        }
        let found = list.execute().await.map_err(fail)?;
        let listed = |object: Object| Listed {
            key: object.key(),
            size: object.size(),
        };
        Ok(Listing {
            objects: found.objects().into_iter().map(listed).collect(),
            is_truncated: found.truncated(),
        })
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        let fail = |error: worker::Error| failed("head", key, &error);
        let object = self.bucket.head(key).await.map_err(fail)?;
        object.as_ref().map(info).transpose().map_err(fail)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket
            .delete(key)
            .await
            .map_err(|error| failed("delete", key, &error))
    }

    async fn begin_upload(
        &self,
        key: &str,
        content_type: &'static str,
        owner: &str,
    ) -> Result<String, StoreError> {
        let upload = self
            .bucket
            .create_multipart_upload(key)
            .http_metadata(content(content_type))
            .custom_metadata(HashMap::from([(OWNER.to_owned(), owner.to_owned())]))
            .execute()
            .await
            .map_err(|error| failed("begin an upload of", key, &error))?;
        Ok(upload.upload_id().await)
    }

    async fn put_part(&self, part: Part<'_>, body: Vec<u8>) -> Result<String, StoreError> {
        let fail = |error: worker::Error| failed("put a part of", part.key, &error);
        let upload = self
            .bucket
            .resume_multipart_upload(part.key, part.upload)
            .map_err(fail)?;
        let stored = upload.upload_part(part.number, body).await.map_err(fail)?;
        Ok(stored.etag())
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        tags: &[String],
    ) -> Result<(), StoreError> {
        let fail = |error: worker::Error| failed("complete an upload of", key, &error);
        let upload = self
            .bucket
            .resume_multipart_upload(key, upload)
            .map_err(fail)?;
        let parts = (1..)
            .zip(tags)
            .map(|(number, tag)| UploadedPart::new(number, tag.clone()));
        upload.complete(parts).await.map(drop).map_err(fail)
    }

    async fn abort_upload(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        let fail = |error: worker::Error| failed("abort an upload of", key, &error);
        let upload = self
            .bucket
            .resume_multipart_upload(key, upload)
            .map_err(fail)?;
        match upload.abort().await {
            Err(error) if !is_gone(&error) => Err(fail(error)),
            _ => Ok(()),
        }
    }
}

/// R2's code for an upload that it does not know. <https://developers.cloudflare.com/r2/api/error-codes/>
fn is_gone(error: &worker::Error) -> bool {
    error.to_string().contains("10024")
}

/// R2's code for an object that a lock of the bucket keeps. <https://developers.cloudflare.com/r2/api/error-codes/>
fn is_locked(error: &worker::Error) -> bool {
    error.to_string().contains("10069")
}

fn content(content_type: &'static str) -> HttpMetadata {
    HttpMetadata {
        content_type: Some(content_type.to_owned()),
        ..HttpMetadata::default()
    }
}

fn info(object: &Object) -> worker::Result<ObjectInfo> {
    Ok(ObjectInfo {
        size: object.size(),
        etag: object.etag(),
        owner: object.custom_metadata()?.remove(OWNER),
        sha256: object
            .checksum()
            .sha256
            .and_then(|bytes| bytes.try_into().ok()),
    })
}

fn failed(operation: &'static str, key: &str, error: &worker::Error) -> StoreError {
    StoreError {
        operation,
        key: key.to_owned(),
        message: error.to_string(),
        is_gone: is_gone(error),
        is_locked: is_locked(error),
    }
}
