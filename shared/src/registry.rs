//! The registry: which databases are backed up, when, and for how long they are kept.
//!
//! A user edits `databases.toml`; `cargo xtask gen` checks it and writes `registry.json`, which is embedded here.

use serde::{Deserialize, Serialize};

/// The registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// What holds for every database.
    pub backup: BackupConfig,
    /// Where the catalogue lives.
    pub catalogue: CatalogueConfig,
    /// The databases, in the order of the file.
    pub databases: Vec<DatabaseConfig>,
}

/// The specification's `BACKUP_CONFIG`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupConfig {
    /// Cron expression in UTC; weekdays as names, or 1 = Sunday to 7 = Saturday.
    pub schedule: String,
    /// Weeks a backup is kept.
    pub retention_weeks: u32,
    /// The R2 bucket.
    pub bucket: String,
    /// Exports at the same time.
    pub concurrency: u32,
    /// Budget of one export invocation, in milliseconds.
    pub export_timeout_ms: u32,
    /// Deliveries after the first before a message becomes a dead letter.
    pub max_retries: u32,
}

/// The D1 database that holds the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueConfig {
    /// Its name.
    pub name: String,
    /// Its D1 id.
    pub id: String,
}

/// One database to back up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseConfig {
    /// Its name in D1, which is also its name in keys and URLs.
    pub name: String,
    /// Its D1 id.
    pub id: String,
    /// The exporter's binding to it.
    pub binding: String,
    /// For people.
    pub description: String,
    /// How much it matters.
    pub priority: Priority,
    /// For people, for instance `212 KB`.
    pub estimated_size: String,
}

/// How much a database matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Backed up first.
    Critical,
    /// Backed up next.
    High,
    /// Backed up last.
    Normal,
}
