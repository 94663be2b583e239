//! The manifest: a small JSON object beside every dump that commits it. A dump counts only when its manifest
//! exists, and the catalogue can be rebuilt from manifests alone.

mod places;

use serde::{Deserialize, Serialize};

pub use self::places::{Places, Reference, Span, StandIn, TablePlaces};

/// Version of the manifest's and the dump's format.
pub const FORMAT_VERSION: u32 = 1;

/// The manifest of one dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT_VERSION`] at the time of writing.
    pub format: u32,
    /// Version of Cache that wrote the dump.
    pub tool: String,
    /// The database's name in the registry.
    pub database: String,
    /// The database's D1 id.
    pub database_id: String,
    /// The job's UUID.
    pub job_id: String,
    /// The dump's key in the bucket.
    pub key: String,
    /// When the data was read, RFC 3339 with milliseconds.
    pub generated: String,
    /// What was proved about the instant the data is from.
    pub consistency: Consistency,
    /// Size of the dump's text in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the dump's text, lower-case hex.
    pub sha256: String,
    /// How it is stored, when not as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gzip: Option<Gzip>,
    /// SHA-256 of the schema's statements as the dump has them, lower-case hex.
    pub schema_sha256: String,
    /// Rows in all tables.
    pub total_rows: u64,
    /// The tables, in the order of the dump.
    pub tables: Vec<TableEntry>,
    /// SHA-256 of what is no row and no schema, lower-case hex: references that are set at the end, AUTOINCREMENT counters,
    /// settings of full-text tables. `None` by a version whose tables' hashes were of the bytes of the dump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_sha256: Option<String>,
    /// Foreign keys whose rows have no order that satisfies them statement by statement: restoring these needs
    /// deferred checks. `child -> parent`, empty for nearly every database.
    #[serde(default)]
    pub deferred: Vec<String>,
    /// Tables that are left out, because the registry says so or because they are indexes of such a table.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Tables that are taken without their rows, because the registry says so; they are not among `tables`.
    #[serde(default)]
    pub without_rows: Vec<String>,
    /// Where the statements of single tables are; `None` by a version that did not write it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// Where it comes from and how long it is kept; not known of a dump that an older version of Cache made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What a person should know before trusting this dump alone (an FTS5 index whose text cannot be read back).
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What the catalogue knows of a backup besides its dump, so that the bucket alone can rebuild the catalogue. Moments
/// are Unix seconds, as in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// When the job was planned.
    pub planned_at: i64,
    /// What planned it: `scheduled` or `manual`.
    pub trigger: String,
    /// Why somebody triggered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The UTC date of the backup, `YYYY-MM-DD`.
    pub date: String,
    /// When the backup was made.
    pub created_at: i64,
    /// When it may be deleted, as the registry had it then.
    pub expires_at: i64,
}

/// A dump that is stored as gzip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gzip {
    /// Size of the object in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the object, lower-case hex; not known of one that was stored in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// One table of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableEntry {
    /// The table's name.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Where its rows start in the dump, in bytes.
    pub offset: u64,
    /// How many bytes its rows take in the dump.
    pub bytes: u64,
    /// SHA-256 of its rows in order, lower-case hex: each as it would be written alone and plainly, `(1, 'text'),` and a line
    /// feed. It is the same however rows are packed into statements, so the database restored from the dump has it too.
    pub sha256: String,
}

/// What was proved about the instant a dump is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consistency {
    /// One transaction read everything: the dump is the database at one instant.
    Snapshot,
    /// Several transactions read it: rows may be from different instants.
    Paged,
}

impl Consistency {
    /// The word used in the dump's header, the manifest and the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Paged => "paged",
        }
    }
}

/// How the text of a dump is stored; its key says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As gzip.
    Gzip,
}

impl Encoding {
    /// That of the dump at a key.
    pub fn of_key(key: &str) -> Self {
        if key.ends_with(Self::Gzip.ending()) {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    /// How the keys of such dumps end, and the names of files with one.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Plain => ".sql",
            Self::Gzip => ".sql.gz",
        }
    }

    /// The media type of such dumps.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "application/sql",
            Self::Gzip => "application/gzip",
        }
    }
}

/// Where the manifest of the dump `dump_key` is: `2024-12-08/groveauth.manifest.json` of `2024-12-08/groveauth.sql`, and of
/// `2024-12-08/groveauth.sql.gz`.
pub fn manifest_key(dump_key: &str) -> String {
    beside(dump_key, "manifest.json")
}

/// Where it is written that somebody pinned the dump `dump_key`, so that a lost catalogue loses no pin.
pub fn pin_key(dump_key: &str) -> String {
    beside(dump_key, "pin.json")
}

/// Where it is written what the last restore drill of the dump `dump_key` came to.
pub fn drill_key(dump_key: &str) -> String {
    beside(dump_key, "drill.json")
}

fn beside(dump_key: &str, ending: &str) -> String {
    let encoding = Encoding::of_key(dump_key).ending();
    let stem = dump_key.strip_suffix(encoding).unwrap_or(dump_key);
    format!("{stem}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_beside_its_dump() {
        for (dump, manifest) in [
            (
                "2024-12-08/groveauth.sql",
                "2024-12-08/groveauth.manifest.json",
            ),
            (
                "2024-12-08/groveauth.sql.gz",
                "2024-12-08/groveauth.manifest.json",
            ),
            (
                "2024-12-08/groveauth.sql.old",
                "2024-12-08/groveauth.sql.old.manifest.json",
            ),
        ] {
            assert_eq!(manifest_key(dump), manifest);
        }
    }

    #[test]
    fn the_key_says_how_a_dump_is_stored() {
        assert_eq!(Encoding::of_key("2024-12-08/a.sql"), Encoding::Plain);
        assert_eq!(Encoding::of_key("2024-12-08/a.sql.gz"), Encoding::Gzip);
    }
}
