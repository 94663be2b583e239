//! A database that is watched while it is dumped.

use std::cell::{Cell, RefCell};

use shared::dump::{Dump, DumpError};
use shared::native::TestClock;
use shared::ports::{Database, DatabaseError, Outcome, Statement};

use crate::bench::{Source, clock, dump_of};

/// A database that notes what it is asked. Each batch takes it a second.
pub(crate) struct Watched<'source> {
    source: &'source Source,
    pub(crate) clock: TestClock,
    /// The statements of each batch.
    pub(crate) batches: RefCell<Vec<Vec<String>>>,
    /// What it says of its size.
    pub(crate) size_bytes: Cell<Option<u64>>,
    /// Statements that someone else runs before the batch of a number, from 0.
    changes: Box<dyn Fn(usize) -> String>,
    /// Batches, from 0, of which the last result is lost.
    loses: Option<usize>,
}

impl<'source> Watched<'source> {
    pub(crate) fn new(source: &'source Source) -> Self {
        Self {
            source,
            clock: clock(),
            batches: RefCell::default(),
            size_bytes: Cell::new(None),
            changes: Box::new(|_| String::new()),
            loses: None,
        }
    }

    /// Someone else runs these statements before the batch of a number.
    pub(crate) fn changing(mut self, changes: impl Fn(usize) -> String + 'static) -> Self {
        self.changes = Box::new(changes);
        self
    }

    /// The last result of this batch is lost.
    pub(crate) fn losing(mut self, batch: usize) -> Self {
        self.loses = Some(batch);
        self
    }

    pub(crate) fn dump(&self) -> Result<Dump, DumpError> {
        dump_of(self, &self.clock)
    }

    /// All statements that it was asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.batches.borrow().concat()
    }
}

impl Database for Watched<'_> {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let number = self.batches.borrow().len();
        let asked = statements.iter().map(|statement| statement.sql.to_string());
        self.batches.borrow_mut().push(asked.collect());
        self.clock.advance(1);
        let change = (self.changes)(number);
        self.source.connection().execute_batch(&change).unwrap();
        let mut outcomes = self.source.database.batch(statements).await?;
        if self.loses == Some(number) {
            outcomes.pop();
        }
        if let Some(last) = outcomes.last_mut() {
            last.size_bytes = self.size_bytes.get();
        }
        Ok(outcomes)
    }
}
