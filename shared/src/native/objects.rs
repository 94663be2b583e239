//! A bucket in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::{Fault, Faults};
use crate::ports::{ObjectInfo, ObjectStore, Put, PutOptions, StoreError};

/// One object.
#[derive(Debug, Clone)]
struct Stored {
    body: Vec<u8>,
    owner: Option<String>,
}

/// Objects by their keys.
#[derive(Debug, Clone, Default)]
pub struct MemoryObjects {
    objects: Rc<RefCell<BTreeMap<String, Stored>>>,
    faults: Faults,
}

impl MemoryObjects {
    /// How its operations are to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every key, in order.
    pub fn keys(&self) -> Vec<String> {
        self.objects.borrow().keys().cloned().collect()
    }

    /// Puts an object there as somebody else would: over whatever was there, and without an owner.
    pub fn place(&self, key: &str, body: &[u8]) {
        let stored = Stored {
            body: body.to_vec(),
            owner: None,
        };
        self.objects.borrow_mut().insert(key.to_owned(), stored);
    }

    /// Takes an object away as somebody else would.
    pub fn lose(&self, key: &str) {
        self.objects.borrow_mut().remove(key);
    }

    /// Does `action` as the next fault has it.
    fn attempt<T>(
        &self,
        operation: &'static str,
        key: &str,
        action: impl FnOnce(&mut BTreeMap<String, Stored>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let lost = || failed(operation, key, "a fault of the test");
        match self.faults.take() {
            Some(Fault::Before) => Err(lost()),
            Some(Fault::Despite) => {
                action(&mut self.objects.borrow_mut()).and_then(|_| Err(lost()))
            }
            None => action(&mut self.objects.borrow_mut()),
        }
    }
}

impl ObjectStore for MemoryObjects {
    async fn put_new(&self, key: &str, body: &[u8], meta: &PutOptions) -> Result<Put, StoreError> {
        self.attempt("put", key, |objects| {
            if objects.contains_key(key) {
                return Ok(Put::Exists);
            }
            if <[u8; 32]>::from(Sha256::digest(body)) != meta.sha256 {
                return Err(failed("put", key, "the body has another SHA-256"));
            }
            let stored = Stored {
                body: body.to_vec(),
                owner: Some(meta.owner.clone()),
            };
            objects.insert(key.to_owned(), stored);
            Ok(Put::Created)
        })
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.attempt("get", key, |objects| {
            Ok(objects.get(key).map(|stored| stored.body.clone()))
        })
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        self.attempt("head", key, |objects| {
            Ok(objects.get(key).map(|stored| ObjectInfo {
                size: stored.body.len().try_into().unwrap_or(u64::MAX),
                etag: etag(&stored.body),
                owner: stored.owner.clone(),
                sha256: Some(Sha256::digest(&stored.body).into()),
            }))
        })
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.attempt("delete", key, |objects| {
            objects.remove(key);
            Ok(())
        })
    }
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
