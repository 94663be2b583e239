//! The registry: which databases are backed up, when, and for how long they are kept.
//!
//! A user edits `databases.toml`; `cargo xtask gen` checks it and writes `registry.json`, which is embedded here.

mod keep;
mod schedule;

use serde::{Deserialize, Serialize};

pub use keep::KeepRules;
pub use schedule::next_run;

use crate::time::Timestamp;

/// What `cargo xtask gen` made of `databases.toml`, unless the environment says otherwise: `.cargo/config.toml`.
const EMBEDDED: &str = include_str!(env!("CACHE_REGISTRY"));

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

/// The embedded registry does not read: it was edited by hand, or written by another version.
#[derive(Debug, thiserror::Error)]
#[error("shared/registry.json is not a registry of this version; run `cargo xtask gen`")]
pub struct EmbeddedError(#[source] serde_json::Error);

impl Registry {
    /// The registry this program was built with.
    pub fn embedded() -> Result<Self, EmbeddedError> {
        serde_json::from_str(EMBEDDED).map_err(EmbeddedError)
    }

    /// The database of that name.
    pub fn find(&self, name: &str) -> Option<&DatabaseConfig> {
        self.databases.iter().find(|database| database.name == name)
    }

    /// For how many weeks a new backup of the database of that name is kept: of its own, or as under `[backup]`. So it is
    /// for one that has left the registry.
    pub fn retention_weeks(&self, name: &str) -> u32 {
        self.find(name)
            .and_then(|database| database.retention_weeks)
            .unwrap_or(self.backup.retention_weeks)
    }

    /// The same in seconds.
    pub fn kept_seconds(&self, name: &str) -> i64 {
        i64::from(self.retention_weeks(name)) * 7 * 86_400
    }

    /// Which backups of the database of that name are kept for longer: by its own rules, and those under `[backup]`
    /// where it says nothing.
    pub fn keep_rules(&self, name: &str) -> KeepRules {
        let own = self.find(name).map(|database| database.keep);
        own.unwrap_or_default().or(self.backup.keep)
    }

    /// The databases in the order in which they are backed up: critical, high, normal, and as in the file among equals.
    pub fn by_priority(&self) -> Vec<&DatabaseConfig> {
        let mut databases: Vec<_> = self.databases.iter().collect();
        databases.sort_by_key(|database| database.priority);
        databases
    }

    /// When the schedule fires next, strictly after `after`; `None` when it never does.
    pub fn next_run(&self, after: Timestamp) -> Option<Timestamp> {
        next_run(&self.backup.schedule, after)
    }

    /// When the schedule fires, strictly after `after`, and on and on.
    pub fn runs(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        schedule::runs(&self.backup.schedule, after)
    }

    /// The schedule for people, such as `Every Sunday at 3:00 AM UTC`; the expression itself when it is an unusual one.
    pub fn schedule_sentence(&self) -> String {
        schedule::sentence(&self.backup.schedule)
    }
}

/// The specification's `BACKUP_CONFIG`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupConfig {
    /// Cron expression in UTC; weekdays as names, or 1 = Sunday to 7 = Saturday.
    pub schedule: String,
    /// Weeks a backup is kept; with 0 the rules alone keep it.
    pub retention_weeks: u32,
    /// What is kept for longer.
    #[serde(default, skip_serializing_if = "KeepRules::is_unsaid")]
    pub keep: KeepRules,
    /// The R2 bucket.
    pub bucket: String,
    /// Exports at the same time.
    pub concurrency: u32,
    /// Budget of one export invocation, in milliseconds.
    pub export_timeout_ms: u32,
    /// Deliveries after the first before a message becomes a dead letter.
    pub max_retries: u32,
    /// Hours after a job was planned in which a backup may be made.
    #[serde(default = "deadline_hours")]
    pub deadline_hours: u32,
}

/// The deadline where the registry has none.
pub const DEADLINE_HOURS: u32 = 6;

const fn deadline_hours() -> u32 {
    DEADLINE_HOURS
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
    /// Whether its dumps are stored as gzip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gzip: bool,
    /// Its own deadline, in hours, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_hours: Option<u32>,
    /// For how many weeks its backups are kept, where it says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_weeks: Option<u32>,
    /// What of it is kept for longer, where it says so itself.
    #[serde(default, skip_serializing_if = "KeepRules::is_unsaid")]
    pub keep: KeepRules,
    /// What is not taken of it.
    #[serde(flatten)]
    pub omissions: Omissions,
}

/// What the backups of a database do not have of it. Names mean what they mean to SQLite, which folds the case of ASCII
/// letters; a name that the database does not have is no fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omissions {
    /// Tables that are left out: definition, rows, indexes and triggers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<String>,
    /// Tables that are taken without their rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_rows: Vec<String>,
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

impl Priority {
    /// The word used in the registry and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
        }
    }

    /// The priority that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Critical, Self::High, Self::Normal]
            .into_iter()
            .find(|priority| priority.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(databases: &[(&str, Priority)]) -> Registry {
        let databases = databases
            .iter()
            .map(|(name, priority)| DatabaseConfig {
                name: (*name).to_owned(),
                id: String::new(),
                binding: String::new(),
                description: String::new(),
                priority: *priority,
                estimated_size: String::new(),
                gzip: false,
                deadline_hours: None,
                retention_weeks: None,
                keep: KeepRules::default(),
                omissions: Omissions::default(),
            })
            .collect();
        Registry {
            databases,
            ..Registry::embedded().unwrap()
        }
    }

    #[test]
    fn the_embedded_registry_reads_and_has_databases() {
        assert!(!Registry::embedded().unwrap().databases.is_empty());
    }

    #[test]
    fn a_database_is_found_by_its_whole_name() {
        let registry = registry(&[("one", Priority::High), ("one-more", Priority::High)]);
        assert_eq!(registry.find("one-more").unwrap().name, "one-more");
        assert!(registry.find("on").is_none());
    }

    #[test]
    fn what_matters_most_comes_first_and_equals_stay_as_in_the_file() {
        let registry = registry(&[
            ("d", Priority::Normal),
            ("c", Priority::Critical),
            ("b", Priority::Normal),
            ("a", Priority::Critical),
            ("e", Priority::High),
        ]);
        let names: Vec<_> = registry
            .by_priority()
            .iter()
            .map(|found| &found.name)
            .collect();
        assert_eq!(names, ["c", "a", "e", "d", "b"]);
    }

    #[test]
    fn a_database_has_its_own_retention_and_otherwise_the_common_one() {
        let mut registry = registry(&[("own", Priority::High), ("other", Priority::High)]);
        registry.backup.retention_weeks = 12;
        registry.databases[0].retention_weeks = Some(2);
        let weeks = ["own", "other", "gone"].map(|name| registry.kept_seconds(name) / 604_800);
        assert_eq!(weeks, [2, 12, 12]);
    }

    #[test]
    fn a_database_overrides_each_rule_by_itself() {
        let mut registry = registry(&[("own", Priority::High)]);
        registry.backup.keep = KeepRules {
            daily: Some(7),
            yearly: Some(3),
            ..KeepRules::default()
        };
        registry.databases[0].keep.daily = Some(0);
        let own = registry.keep_rules("own");
        assert_eq!((own.daily, own.yearly), (Some(0), Some(3)));
        assert_eq!(registry.keep_rules("gone"), registry.backup.keep);
    }

    #[test]
    fn a_priority_is_written_as_it_is_read() {
        for priority in [Priority::Critical, Priority::High, Priority::Normal] {
            assert_eq!(Priority::from_word(priority.as_str()), Some(priority));
            assert_eq!(serde_json::to_value(priority).unwrap(), priority.as_str());
        }
        assert_eq!(Priority::from_word("urgent"), None);
    }
}
