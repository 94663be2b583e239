//! R2 as an [`ObjectStore`].

use std::collections::HashMap;

use worker::{Bucket, Conditional, HttpMetadata, Object, ResponseBody};

use crate::ports::{ObjectInfo, ObjectStore, Put, PutOptions, StoreError};

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
    /// The object as a stream for a response, which the runtime sends without it passing through WebAssembly.
    pub async fn stream(
        &self,
        key: &str,
    ) -> Result<Option<(ObjectInfo, ResponseBody)>, StoreError> {
        let fail = |error: worker::Error| failed("get", key, &error);
        let Some(object) = self.bucket.get(key).execute().await.map_err(fail)? else {
            return Ok(None);
        };
        let info = info(&object).map_err(fail)?;
        let body = match object.body() {
            Some(body) => body.response_body().map_err(fail)?,
            None => ResponseBody::Empty,
        };
        Ok(Some((info, body)))
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
            .http_metadata(HttpMetadata {
                content_type: Some(meta.content_type.to_owned()),
                ..HttpMetadata::default()
            })
            .custom_metadata(HashMap::from([(OWNER.to_owned(), meta.owner.clone())]))
            .sha256(meta.sha256)
            .only_if(nothing_there)
            .execute()
            .await
            .map_err(|error| failed("put", key, &error))?;
        Ok(match stored {
            Some(_) => Put::Created,
            None => Put::Exists,
        })
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
    }
}
