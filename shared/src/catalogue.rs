//! The catalogue's SQL: text, parameters and typed rows. It runs on D1 in production and on rusqlite in tests, on the
//! same migrations.

pub mod alarms;
pub mod audit;
pub mod checkpoints;
pub mod dead_letters;
pub mod drills;
pub mod history;
pub mod jobs;
pub mod leases;
pub mod metrics;
pub mod outbox;
pub mod overview;
#[cfg(test)]
mod plans;
pub mod progress;
pub mod reconciliation;
pub mod reports;
pub mod retention;
pub mod settlement;
pub mod sweep;
#[cfg(test)]
mod totals;
pub mod views;
