//! The endpoints, one module each.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod dashboard;
pub(crate) mod databases;
pub(crate) mod dead_letters;
pub(crate) mod download;
pub(crate) mod drills;
pub(crate) mod health;
pub(crate) mod index;
pub(crate) mod jobs;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod pins;
pub(crate) mod reindex;
pub(crate) mod restore_guide;
pub(crate) mod retention;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod trigger;

use shared::time::Timestamp;

/// A moment of the catalogue as answers have it.
fn rfc3339(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).rfc3339()
}

/// A moment's UTC date as answers have it.
fn date(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).date()
}
