//! Databases by the names of their bindings.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::NativeDatabase;
use crate::ports::{MissingBinding, Sources};

/// The databases that a Worker is bound to.
#[derive(Debug, Clone, Default)]
pub struct NativeSources(Rc<RefCell<BTreeMap<String, NativeDatabase>>>);

impl NativeSources {
    /// Binds a database.
    pub fn bind(&self, binding: &str, database: NativeDatabase) {
        self.0.borrow_mut().insert(binding.to_owned(), database);
    }

    /// Takes a binding away.
    pub fn unbind(&self, binding: &str) {
        self.0.borrow_mut().remove(binding);
    }
}

impl Sources for NativeSources {
    type Source = NativeDatabase;

    fn source(&self, binding: &str) -> Result<NativeDatabase, MissingBinding> {
        let bound = self.0.borrow();
        bound.get(binding).cloned().ok_or_else(|| MissingBinding {
            binding: binding.to_owned(),
        })
    }
}
