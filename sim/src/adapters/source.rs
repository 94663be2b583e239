//! Databases that are backed up: each look at one is kept, and nobody may write to one.

use std::rc::Rc;

use shared::ports::{Database, DatabaseError, MissingBinding, Outcome, Sources, Statement};

use super::catalogue::first_words;
use super::unavailable;
use crate::faults::Site;
use crate::scheduler::Sim;
use crate::sources::Source;

/// The databases as one invocation of the exporter reaches them.
#[derive(Debug, Clone)]
pub(crate) struct SimSources {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// All of them.
    pub(crate) all: Rc<Vec<Source>>,
}

impl Sources for SimSources {
    type Source = SimSource;

    fn source(&self, binding: &str) -> Result<SimSource, MissingBinding> {
        let place = self.all.iter().position(|it| it.binding == binding);
        let place = place.ok_or_else(|| MissingBinding {
            binding: binding.to_owned(),
        })?;
        Ok(SimSource {
            sim: Rc::clone(&self.sim),
            all: Rc::clone(&self.all),
            place,
        })
    }
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct SimSource {
    sim: Rc<Sim>,
    all: Rc<Vec<Source>>,
    place: usize,
}

impl Database for SimSource {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let source = &self.all[self.place];
        let fault = self.sim.begin(Site::Source).await;
        let outcomes = match fault {
            Some(fault) if !fault.happens() => Err(unavailable(fault)),
            _ => {
                source.look(self.sim.now());
                let before = source.database.reader().total_changes();
                let outcomes = source.database.batch(statements).await;
                if source.database.reader().total_changes() != before {
                    self.sim.violate("a source is never written", || {
                        format!("{}: {}", source.name, first_words(statements))
                    });
                }
                outcomes
            }
        };
        let brief = || {
            let error = outcomes.as_ref().err().map(|error| format!(" -> {error}"));
            let words = first_words(statements);
            format!("{} {words}{}", source.name, error.unwrap_or_default())
        };
        self.sim.end(Site::Source, "read", fault, brief).await;
        match fault {
            Some(fault) => outcomes.and(Err(unavailable(fault))),
            None => outcomes,
        }
    }
}
