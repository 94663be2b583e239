//! A bucket in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::{Fault, Faults};
use crate::ports::{Listed, Listing, ObjectInfo, ObjectStore, Part, Put, PutOptions, StoreError};

/// One object.
#[derive(Debug, Clone)]
struct Stored {
    body: Vec<u8>,
    owner: Option<String>,
    /// It came in one piece, with its hash.
    is_whole: bool,
}

/// An object that is being stored in parts.
#[derive(Debug)]
struct Upload {
    key: String,
    owner: String,
    parts: BTreeMap<u16, Vec<u8>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, Upload>,
    begun: u32,
    /// Beginnings of keys of which no object may be deleted.
    locks: Vec<String>,
}

/// R2's smallest part, but for the last.
const SMALLEST_PART: usize = 5 * 1024 * 1024;

/// How many objects R2 lists at a time.
const MOST_LISTED: usize = 1000;

/// Objects by their keys.
#[derive(Debug, Clone)]
pub struct MemoryObjects {
    state: Rc<RefCell<State>>,
    smallest_part: usize,
    listed: usize,
    faults: Faults,
}

impl Default for MemoryObjects {
    fn default() -> Self {
        Self::with_parts_of(SMALLEST_PART)
    }
}

impl MemoryObjects {
    /// A bucket that takes parts from this size on, where those of R2 would make a test slow.
    pub fn with_parts_of(smallest_part: usize) -> Self {
        Self {
            state: Rc::default(),
            smallest_part,
            listed: MOST_LISTED,
            faults: Faults::default(),
        }
    }

    /// The same bucket, of which a listing has at most so many objects.
    #[must_use]
    pub fn listing(mut self, listed: usize) -> Self {
        self.listed = listed;
        self
    }

    /// How its operations are to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every key, in order.
    pub fn keys(&self) -> Vec<String> {
        self.state.borrow().objects.keys().cloned().collect()
    }

    /// How many uploads are neither completed nor aborted.
    pub fn unfinished(&self) -> usize {
        self.state.borrow().uploads.len()
    }

    /// Forgets the uploads that are not finished, as R2 does after a week.
    pub fn forget_uploads(&self) {
        self.state.borrow_mut().uploads.clear();
    }

    /// Puts an object there as somebody else would: over whatever was there, and without an owner.
    pub fn place(&self, key: &str, body: &[u8]) {
        let stored = Stored {
            body: body.to_vec(),
            owner: None,
            is_whole: true,
        };
        self.state
            .borrow_mut()
            .objects
            .insert(key.to_owned(), stored);
    }

    /// Locks the objects whose keys begin so, as a bucket lock does.
    pub fn lock(&self, prefix: &str) {
        self.state.borrow_mut().locks.push(prefix.to_owned());
    }

    /// Takes an object away as somebody else would.
    pub fn lose(&self, key: &str) {
        self.state.borrow_mut().objects.remove(key);
    }

    /// Does `action` as the next fault has it.
    fn attempt<T>(
        &self,
        operation: &'static str,
        key: &str,
        action: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let lost = || failed(operation, key, "a fault of the test");
        match self.faults.take() {
            Some(Fault::Before) => Err(lost()),
            Some(Fault::Despite) => action(&mut self.state.borrow_mut()).and_then(|_| Err(lost())),
            None => action(&mut self.state.borrow_mut()),
        }
    }
}

impl ObjectStore for MemoryObjects {
    async fn put_new(&self, key: &str, body: &[u8], meta: &PutOptions) -> Result<Put, StoreError> {
        self.attempt("put", key, |state| {
            if state.objects.contains_key(key) {
                return Ok(Put::Exists);
            }
            if <[u8; 32]>::from(Sha256::digest(body)) != meta.sha256 {
                return Err(failed("put", key, "the body has another SHA-256"));
            }
            let stored = Stored {
                body: body.to_vec(),
                owner: Some(meta.owner.clone()),
                is_whole: true,
            };
            state.objects.insert(key.to_owned(), stored);
            Ok(Put::Created)
        })
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.attempt("get", key, |state| {
            Ok(state.objects.get(key).map(|stored| stored.body.clone()))
        })
    }

    async fn get_range(
        &self,
        key: &str,
        offset: u64,
        length: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.attempt("get", key, |state| {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let range = |body: &Vec<u8>| body.iter().skip(offset).take(length).copied().collect();
            Ok(state.objects.get(key).map(|stored| range(&stored.body)))
        })
    }

    async fn list(&self, after: Option<&str>) -> Result<Listing, StoreError> {
        self.attempt("list", after.unwrap_or_default(), |state| {
            let start = match after {
                Some(after) => Bound::Excluded(after),
                None => Bound::Unbounded,
            };
            let mut found = state
                .objects
                .range::<str, _>((start, Bound::Unbounded))
                .map(|(key, stored)| Listed {
                    key: key.clone(),
                    size: stored.body.len().try_into().unwrap_or(u64::MAX),
                });
            let objects = found.by_ref().take(self.listed).collect();
            Ok(Listing {
                objects,
                is_truncated: found.next().is_some(),
            })
        })
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        self.attempt("head", key, |state| {
            Ok(state.objects.get(key).map(|stored| ObjectInfo {
                size: stored.body.len().try_into().unwrap_or(u64::MAX),
                etag: etag(&stored.body),
                owner: stored.owner.clone(),
                sha256: stored.is_whole.then(|| Sha256::digest(&stored.body).into()),
            }))
        })
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.attempt("delete", key, |state| {
            if state.locks.iter().any(|prefix| key.starts_with(prefix)) {
                return Err(StoreError {
                    is_locked: true,
                    ..failed("delete", key, "the object is locked")
                });
            }
            state.objects.remove(key);
            Ok(())
        })
    }

    async fn begin_upload(
        &self,
        key: &str,
        _content_type: &'static str,
        owner: &str,
    ) -> Result<String, StoreError> {
        self.attempt("begin an upload of", key, |state| {
            state.begun += 1;
            let id = format!("upload {}", state.begun);
            let upload = Upload {
                key: key.to_owned(),
                owner: owner.to_owned(),
                parts: BTreeMap::new(),
            };
            state.uploads.insert(id.clone(), upload);
            Ok(id)
        })
    }

    async fn put_part(&self, part: Part<'_>, body: Vec<u8>) -> Result<String, StoreError> {
        const OPERATION: &str = "put a part of";
        self.attempt(OPERATION, part.key, |state| {
            let upload = upload(state, OPERATION, part.key, part.upload)?;
            let tag = etag(&body);
            upload.parts.insert(part.number, body);
            Ok(tag)
        })
    }

    async fn complete_upload(
        &self,
        key: &str,
        id: &str,
        tags: &[String],
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "complete an upload of";
        self.attempt(OPERATION, key, |state| {
            let upload = upload(state, OPERATION, key, id)?;
            let parts: Vec<&Vec<u8>> = (1..)
                .zip(tags)
                .filter_map(|(number, tag)| {
                    upload.parts.get(&number).filter(|body| etag(body) == *tag)
                })
                .collect();
            if parts.len() != tags.len() || parts.is_empty() {
                return Err(failed(OPERATION, key, "a part is missing or another one"));
            }
            let size = parts.first().map_or(0, |body| body.len());
            let sizes = parts.iter().rev().skip(1).map(|body| body.len());
            let last = parts.last().map_or(0, |body| body.len());
            if sizes
                .clone()
                .any(|other| other != size || other < self.smallest_part)
                || last > size
            {
                return Err(failed(
                    OPERATION,
                    key,
                    "the parts are too small, or not of one size",
                ));
            }
            let stored = Stored {
                body: parts.into_iter().flatten().copied().collect(),
                owner: Some(upload.owner.clone()),
                is_whole: false,
            };
            state.uploads.remove(id);
            state.objects.insert(key.to_owned(), stored);
            Ok(())
        })
    }

    async fn abort_upload(&self, key: &str, id: &str) -> Result<(), StoreError> {
        self.attempt("abort an upload of", key, |state| {
            state.uploads.remove(id);
            Ok(())
        })
    }
}

fn upload<'state>(
    state: &'state mut State,
    operation: &'static str,
    key: &str,
    id: &str,
) -> Result<&'state mut Upload, StoreError> {
    let found = state.uploads.get_mut(id).filter(|upload| upload.key == key);
    found.ok_or_else(|| StoreError {
        is_gone: true,
        ..failed(operation, key, "the upload does not exist")
    })
}

/// Another body has another tag.
fn etag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn failed(operation: &'static str, key: &str, message: &str) -> StoreError {
    StoreError {
        operation,
        key: key.to_owned(),
        message: message.to_owned(),
        is_gone: false,
        is_locked: false,
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    fn put(objects: &MemoryObjects, body: &[u8]) -> Result<Put, StoreError> {
        let meta = PutOptions {
            content_type: "application/sql",
            sha256: Sha256::digest(body).into(),
            owner: "job".to_owned(),
        };
        block_on(objects.put_new("key", body, &meta))
    }

    #[test]
    fn what_somebody_else_placed_has_no_owner() {
        let objects = MemoryObjects::default();
        objects.place("key", b"one");
        assert_eq!(put(&objects, b"two"), Ok(Put::Exists));
        let info = block_on(objects.head("key")).unwrap().unwrap();
        assert_eq!((info.size, info.owner), (3, None));
    }

    #[test]
    fn a_put_may_fail_although_it_happened() {
        let objects = MemoryObjects::default();
        objects.faults().next(Fault::Despite);
        assert!(put(&objects, b"one").is_err());
        assert_eq!(objects.keys(), ["key"]);
    }
}
