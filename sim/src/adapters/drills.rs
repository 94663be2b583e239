//! Restore drills: the object in which each runs, as the platform keeps it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use shared::drill::Engine;
use shared::native::NativeEngine;
use shared::ports::{Database, DatabaseError, DrillStartError, Drills, Outcome, Statement};

use super::catalogue::first_words;
use super::unavailable;
use crate::faults::Site;
use crate::scheduler::Sim;

/// The object of one dump.
#[derive(Debug)]
pub(crate) struct DrillObject {
    /// When its alarm rings, in milliseconds; `None` when none is set.
    pub(crate) alarm: Cell<Option<i64>>,
    /// Whether it does a slice at this moment: an object does one thing at a time.
    pub(crate) is_busy: Cell<bool>,
    /// What it has restored so far.
    pub(crate) engine: RefCell<Rc<NativeEngine>>,
}

/// The namespace of the objects, by the key of the dump.
#[derive(Debug, Clone)]
pub(crate) struct SimDrills {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// Those that were ever started and have not forgotten everything.
    pub(crate) objects: Rc<RefCell<BTreeMap<String, Rc<DrillObject>>>>,
}

impl Drills for SimDrills {
    /// What `fetch` in `janitor/src/drill_object.rs` does.
    async fn start(&self, key: &str) -> Result<(), DrillStartError> {
        let fault = self.sim.begin(Site::Drill).await;
        if fault.is_none_or(|fault| fault.happens()) {
            let mut objects = self.objects.borrow_mut();
            let object = objects.entry(key.to_owned()).or_insert_with(|| {
                Rc::new(DrillObject {
                    alarm: Cell::new(None),
                    is_busy: Cell::new(false),
                    engine: RefCell::new(Rc::new(NativeEngine::empty())),
                })
            });
            object.alarm.set(Some(self.sim.millis()));
        }
        self.sim
            .end(Site::Drill, "start", fault, || key.to_owned())
            .await;
        match fault {
            Some(fault) => Err(DrillStartError {
                message: fault.message(),
            }),
            None => Ok(()),
        }
    }
}

/// The database of a drill.
#[derive(Debug, Clone)]
pub(crate) struct SimEngine {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// What is there.
    pub(crate) inner: Rc<NativeEngine>,
}

impl Database for SimEngine {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let fault = self.sim.begin(Site::Drill).await;
        let outcomes = match fault {
            Some(fault) if !fault.happens() => Err(unavailable(fault)),
            _ => self.inner.batch(statements).await,
        };
        let brief = || first_words(statements);
        self.sim.end(Site::Drill, "run", fault, brief).await;
        match fault {
            Some(fault) => outcomes.and(Err(unavailable(fault))),
            None => outcomes,
        }
    }
}

impl Engine for SimEngine {
    async fn kept(&self) -> Result<Option<String>, DatabaseError> {
        self.inner.kept().await
    }

    async fn run_and_keep(
        &self,
        statements: &[Statement],
        state: &str,
    ) -> Result<(), DatabaseError> {
        let fault = self.sim.begin(Site::Drill).await;
        let done = match fault {
            Some(fault) if !fault.happens() => Err(unavailable(fault)),
            _ => self.inner.run_and_keep(statements, state).await,
        };
        let brief = || format!("{} statements", statements.len());
        self.sim
            .end(Site::Drill, "run and keep", fault, brief)
            .await;
        match fault {
            Some(fault) => done.and(Err(unavailable(fault))),
            None => done,
        }
    }
}
