//! The whole system in a deterministic simulation: producer, exporter, janitor and api over the native adapters, in one process
//! and one thread, under a scheduler that one seed drives.
//!
//! A run begins in foul weather: effects fail before or although they happen, messages come twice, late and out of order,
//! invocations end at any effect, crons fire twice or never, objects are read wrong, and somebody writes to the databases
//! meanwhile. Then nothing fails any more, and all must come to rest with every promise kept (`invariants`).
//!
//! ```
//! let outcome = sim::run(1, false);
//! assert_eq!(outcome.violation, None);
//! ```

// What cannot happen ends the run, with the place where it did: this is a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod adapters;
mod calls;
mod catalogue;
mod faults;
mod invariants;
mod ledger;
mod report;
mod rng;
mod run;
mod scheduler;
mod sources;
mod tasks;
mod trace;
mod world;

pub use faults::Fault;
pub use report::Figures;
pub use run::{Outcome, run};
pub use scheduler::Violation;
