//! A native database that keeps a drill's state in the transaction of its statements.

use std::cell::RefCell;

use super::{Fault, Faults, NativeDatabase};
use crate::drill::Engine;
use crate::ports::{Database, DatabaseError, Outcome, Statement};

/// An empty database, and what is kept beside it.
#[derive(Debug)]
pub struct NativeEngine {
    database: NativeDatabase,
    kept: RefCell<Option<String>>,
    faults: Faults,
}

impl NativeEngine {
    /// With nothing in it.
    pub fn empty() -> Self {
        Self {
            database: NativeDatabase::empty(),
            kept: RefCell::new(None),
            faults: Faults::default(),
        }
    }

    /// How its operations are to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    fn unavailable() -> DatabaseError {
        DatabaseError::Unavailable {
            message: "a fault of the test".to_owned(),
        }
    }
}

impl Database for NativeEngine {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        match self.faults.take() {
            Some(Fault::Before) => Err(Self::unavailable()),
            Some(Fault::Despite) => {
                self.database.batch(statements).await?;
                Err(Self::unavailable())
            }
            None => self.database.batch(statements).await,
        }
    }
}

impl Engine for NativeEngine {
    async fn kept(&self) -> Result<Option<String>, DatabaseError> {
        Ok(self.kept.borrow().clone())
    }

    async fn run_and_keep(
        &self,
        statements: &[Statement],
        state: &str,
    ) -> Result<(), DatabaseError> {
        let fault = self.faults.take();
        if fault == Some(Fault::Before) {
            return Err(Self::unavailable());
        }
        self.database.batch(statements).await?;
        *self.kept.borrow_mut() = Some(state.to_owned());
        match fault {
            Some(Fault::Despite) => Err(Self::unavailable()),
            _ => Ok(()),
        }
    }
}
