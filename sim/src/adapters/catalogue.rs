//! The catalogue.

use std::rc::Rc;

use shared::native::NativeDatabase;
use shared::ports::{Database, DatabaseError, Outcome, Statement};

use super::unavailable;
use crate::faults::Site;
use crate::scheduler::Sim;

/// The catalogue as a Worker reaches it.
#[derive(Debug, Clone)]
pub(crate) struct SimCatalogue {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// What is there.
    pub(crate) inner: NativeDatabase,
}

impl Database for SimCatalogue {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let fault = self.sim.begin(Site::Catalogue).await;
        let outcomes = match fault {
            Some(fault) if !fault.happens() => Err(unavailable(fault)),
            _ => self.inner.batch(statements).await,
        };
        let brief = || match &outcomes {
            Ok(outcomes) => {
                let changes: u64 = outcomes.iter().map(|outcome| outcome.changes).sum();
                format!("{} -> {changes} changed", first_words(statements))
            }
            Err(error) => format!("{} -> {error}", first_words(statements)),
        };
        self.sim.end(Site::Catalogue, "batch", fault, brief).await;
        match fault {
            Some(fault) => outcomes.and(Err(unavailable(fault))),
            None => outcomes,
        }
    }
}

/// Enough of a batch to tell what it is about.
pub(super) fn first_words(statements: &[Statement]) -> String {
    let sql = statements.first().map_or("", |first| first.sql.as_ref());
    let words: Vec<&str> = sql.split_whitespace().take(6).collect();
    let more = match statements.len() {
        0 | 1 => String::new(),
        number => format!(" and {} more", number - 1),
    };
    format!("{}{more}", words.join(" "))
}
