//! Documents in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ports::{DOCUMENT_BYTES, DocumentError, Documents};

/// Has the documents that a test puts there, and counts who asks for one.
#[derive(Debug, Clone, Default)]
pub struct MemoryDocuments {
    found: Rc<RefCell<BTreeMap<String, String>>>,
    asked: Rc<Cell<u32>>,
}

impl MemoryDocuments {
    /// Puts a document at an address.
    pub fn place(&self, url: &str, text: &str) {
        let mut found = self.found.borrow_mut();
        found.insert(url.to_owned(), text.to_owned());
    }

    /// Takes it away.
    pub fn lose(&self, url: &str) {
        self.found.borrow_mut().remove(url);
    }

    /// How often one was asked for.
    pub fn asked(&self) -> u32 {
        self.asked.get()
    }
}

impl Documents for MemoryDocuments {
    async fn get(&self, url: &str) -> Result<String, DocumentError> {
        self.asked.set(self.asked.get() + 1);
        let found = self.found.borrow().get(url).cloned();
        let found = found.filter(|text| text.len() <= DOCUMENT_BYTES);
        found.ok_or_else(|| DocumentError {
            message: "the server answered with 404".to_owned(),
        })
    }
}
