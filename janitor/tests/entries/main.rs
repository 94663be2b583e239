//! The janitor's three entries, as the runtime calls them, on a native catalogue, bucket and queue.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may panic

mod alarms;
mod bench;
mod dead_letters;
mod drill_slices;
mod drills;
mod events;
mod outbox;
mod reconciliation;
mod repetition;
mod reports;
mod retention;
mod shrinking;
mod sweep;
mod uploads;
mod week;
