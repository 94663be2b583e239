//! The bucket, whose reads may come back wrong, and from which nothing that counts may go.

use std::rc::Rc;

use api::ports::{Content, DownloadStore, Piece};
use axum::body::Body;
use shared::native::MemoryObjects;
use shared::ports::{Listing, ObjectInfo, ObjectStore, Part, Put, PutOptions, StoreError};

use crate::faults::{Fault, Site};
use crate::ledger::Ledger;
use crate::scheduler::Sim;

/// The bucket as a Worker reaches it.
#[derive(Debug, Clone)]
pub(crate) struct SimBucket {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// What is there.
    pub(crate) inner: MemoryObjects,
    /// What counts.
    pub(crate) ledger: Rc<Ledger>,
}

impl SimBucket {
    /// Does `action` as the next fault has it.
    async fn effect<T>(
        &self,
        operation: &'static str,
        key: &str,
        action: impl Future<Output = Result<T, StoreError>>,
        shown: impl FnOnce(&T) -> String,
    ) -> Result<T, StoreError> {
        let fault = self.sim.begin(Site::Bucket).await;
        let done = match fault {
            Some(fault) if !fault.happens() => Err(failed(operation, key, fault)),
            _ => action.await,
        };
        let brief = || match &done {
            Ok(value) => format!("{key} -> {}", shown(value)),
            Err(error) => format!("{key} -> {}", error.message),
        };
        self.sim.end(Site::Bucket, operation, fault, brief).await;
        match fault {
            Some(fault) => done.and(Err(failed(operation, key, fault))),
            None => done,
        }
    }

    /// What a read gives.
    fn read(&self, key: &str, body: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut body = body?;
        let fault = self.sim.corruption().filter(|_| !body.is_empty());
        match fault {
            Some(Fault::Truncated) => body.truncate(self.sim.dice.index(body.len())),
            Some(_) => {
                let at = self.sim.dice.index(body.len());
                let bit = self.sim.dice.below(8);
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            None => {}
        }
        if let Some(fault) = fault {
            self.sim
                .note("corrupt", || format!("{key} [{}]", fault.name()));
        }
        Some(body)
    }
}

impl ObjectStore for SimBucket {
    async fn put_new(&self, key: &str, body: &[u8], meta: &PutOptions) -> Result<Put, StoreError> {
        let put = async {
            let put = self.inner.put_new(key, body, meta).await;
            if put == Ok(Put::Created) {
                self.ledger.stored(&self.sim, key);
            }
            put
        };
        self.effect("put", key, put, |put| format!("{put:?}")).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let get = async { Ok(self.read(key, self.inner.get(key).await?)) };
        self.effect("get", key, get, length).await
    }

    async fn get_range(
        &self,
        key: &str,
        offset: u64,
        length_asked: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let get = async {
            let body = self.inner.get_range(key, offset, length_asked).await?;
            Ok(self.read(key, body))
        };
        self.effect("get a range of", key, get, length).await
    }

    async fn list(&self, after: Option<&str>) -> Result<Listing, StoreError> {
        let list = self.inner.list(after);
        let shown = |listing: &Listing| format!("{} objects", listing.objects.len());
        self.effect("list", after.unwrap_or_default(), list, shown)
            .await
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        let head = self.inner.head(key);
        let shown = |info: &Option<ObjectInfo>| match info {
            Some(info) => format!("{} bytes", info.size),
            None => "nothing".to_owned(),
        };
        self.effect("head", key, head, shown).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let delete = async {
            self.ledger.before_deletion(&self.sim, &self.inner, key);
            self.inner.delete(key).await
        };
        self.effect("delete", key, delete, |()| String::new()).await
    }

    async fn begin_upload(
        &self,
        key: &str,
        content_type: &'static str,
        owner: &str,
    ) -> Result<String, StoreError> {
        let begin = self.inner.begin_upload(key, content_type, owner);
        self.effect("begin an upload of", key, begin, String::clone)
            .await
    }

    async fn put_part(&self, part: Part<'_>, body: Vec<u8>) -> Result<String, StoreError> {
        let shown = format!("part {} of {}", part.number, part.upload);
        let put = self.inner.put_part(part, body);
        self.effect("put a part of", part.key, put, |_| shown).await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        tags: &[String],
    ) -> Result<(), StoreError> {
        let complete = async {
            let was_there = self.inner.head(key).await?.is_some();
            let done = self.inner.complete_upload(key, upload, tags).await;
            if done.is_ok() {
                if was_there {
                    self.sim.violate("no key is ever overwritten", || {
                        format!("{key} by {upload}")
                    });
                }
                self.ledger.stored(&self.sim, key);
            }
            done
        };
        let shown = format!("{upload} of {} parts", tags.len());
        self.effect("complete an upload of", key, complete, |()| shown)
            .await
    }

    async fn abort_upload(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        let abort = self.inner.abort_upload(key, upload);
        self.effect("abort an upload of", key, abort, |()| upload.to_owned())
            .await
    }
}

impl DownloadStore for SimBucket {
    async fn open(&self, key: &str, pieces: Vec<Piece>) -> Result<Option<Content>, StoreError> {
        let Some(stored) = self.get(key).await? else {
            return Ok(None);
        };
        let bytes = pieces.into_iter().flat_map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Stored(range) => {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
                let range = at(range.start)..at(range.end).min(stored.len());
                stored.get(range).unwrap_or_default().to_vec()
            }
        });
        Ok(Some(Content::Body(Body::from(bytes.collect::<Vec<u8>>()))))
    }
}

fn length(body: &Option<Vec<u8>>) -> String {
    match body {
        Some(body) => format!("{} bytes", body.len()),
        None => "nothing".to_owned(),
    }
}

fn failed(operation: &'static str, key: &str, fault: Fault) -> StoreError {
    StoreError {
        operation,
        key: key.to_owned(),
        message: fault.message(),
        is_gone: false,
        is_locked: false,
    }
}
