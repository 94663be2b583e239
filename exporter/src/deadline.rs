//! How long after its job was planned a backup may still be made.

use shared::registry::DatabaseConfig;
use shared::time::Timestamp;

use crate::export::Settings;

/// A time, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    seconds: u32,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Variable,
    Database,
    Backup,
}

impl Deadline {
    /// That of a database: what the deployment says goes before what the registry says.
    pub(crate) fn of(settings: &Settings, database: &DatabaseConfig) -> Self {
        let of_all = settings.registry.backup.deadline_hours;
        let (seconds, source) = match (settings.deadline_seconds, database.deadline_hours) {
            (Some(seconds), _) => (seconds, Source::Variable),
            (None, Some(hours)) => (hours.saturating_mul(3600), Source::Database),
            (None, None) => (of_all.saturating_mul(3600), Source::Backup),
        };
        Self { seconds, source }
    }

    /// When it is over.
    pub(crate) fn after(self, planned: Timestamp) -> Timestamp {
        planned.plus_seconds(self.seconds.into())
    }

    /// How long it is, for people.
    pub(crate) fn time(self) -> String {
        match (self.seconds / 3600, self.seconds % 3600) {
            (1, 0) => "1 hour".to_owned(),
            (hours, 0) => format!("{hours} hours"),
            _ => format!("{} seconds", self.seconds),
        }
    }

    /// What to raise.
    pub(crate) const fn setting(self) -> &'static str {
        match self.source {
            Source::Variable => "the variable EXPORT_DEADLINE_SECONDS of the exporter",
            Source::Database => "deadline_hours of this database in databases.toml",
            Source::Backup => {
                "deadline_hours under [backup] in databases.toml, or give this database its own"
            }
        }
    }
}
