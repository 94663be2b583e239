//! The dump of a database: SQL text that restores it exactly, by any way that D1 or SQLite offers.
//!
//! ```text
//! introspection ─▶ Schema ─▶ Plan ─▶ one transaction ─▶ Data ─▶ Script ─▶ text and manifest
//!                              ▲                          │
//!                              └── plan or schema changed ┘
//! ```
//!
//! The schema decides almost everything: the order of tables, how rows are read, what is told about full-text tables.
//! What only the rows can tell (text that is no UTF-8, rows too long for one statement) is seen when they are read, and
//! then they are read again. That the schema is still the plan's is checked in the transaction that reads the rows.

mod canonical;
mod data;
mod full_text;
mod hash;
mod header;
mod limits;
mod names;
mod omissions;
mod order;
mod paged;
mod places;
mod plan;
mod range;
mod references;
mod rows;
mod schema;
mod script;
mod selection;
mod sql;

use sha2::{Digest, Sha256};

use crate::manifest::{Consistency, FORMAT_VERSION, Manifest};
use crate::ports::{Clock, Database, DatabaseError};
use crate::registry::Omissions;
use crate::time::Timestamp;

pub use self::hash::Sha256 as RunningSha256;
pub use self::paged::{Cursor, PagedDump, Piece, Rendered};
pub use self::selection::{MOST_TABLES, Run, Selection, SelectionError, select};

use self::data::Reading;
use self::plan::Plan;
use self::schema::Schema;
use self::script::Script;

/// What wrote a dump, as its header and manifest say.
pub const TOOL: &str = concat!("Cache ", env!("CARGO_PKG_VERSION"));

/// How often a database may be read before its schema must stand still.
const MOST_READINGS: u32 = 8;

/// The largest database that is read in one transaction, in bytes of its file: its text is in memory several times, and
/// a Worker has 128 MB for all that it does at a time.
pub const LARGEST_SNAPSHOT: u64 = 4 * 1024 * 1024;

/// Which database is dumped, and for which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DumpRequest<'a> {
    /// The database's name in the registry.
    pub database: &'a str,
    /// Its D1 id.
    pub database_id: &'a str,
    /// The job's UUID.
    pub job_id: &'a str,
    /// What is not taken of the database.
    pub omissions: &'a Omissions,
}

/// A dump and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// The text.
    pub body: Vec<u8>,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
    /// The manifest, which lacks only the key under which the text is stored.
    pub manifest: Manifest,
}

/// A database could not be dumped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// Its schema was not read.
    #[error("the schema could not be read")]
    Introspect(#[source] DatabaseError),
    /// Its rows were not read.
    #[error("the rows could not be read")]
    ReadRows(#[from] DatabaseError),
    /// Its schema was another one whenever its rows were read.
    #[error("the schema kept changing while the database was read")]
    SchemaKeepsChanging,
    /// No statement that D1 takes can read or restore this.
    #[error(
        "{object} cannot be backed up: it needs a statement of more than 100,000 bytes, which D1 refuses; shorten its definition or its names"
    )]
    StatementTooLong {
        /// The table or object, quoted.
        object: String,
    },
    /// Rows that no D1 would take back: what they refer to is not in the dump.
    #[error(
        "rows of {child} refer to rows of {parent}, which databases.toml takes without rows, so D1 would refuse them in a restore; \
         take {child} without rows too, or {parent} with them"
    )]
    RowsWithoutParents {
        /// The table that refers, quoted.
        child: String,
        /// The table referred to, quoted.
        parent: String,
    },
    /// Its schema is no longer the one that the dump in pages was begun with, or something else is left out of it.
    #[error(
        "the schema, or what databases.toml leaves out of it, changed while the database was read in pages, so the dump has to begin anew"
    )]
    SchemaChanged,
    /// It does not fit one transaction: [`PagedDump`] is for it.
    #[error(
        "the database has {bytes} bytes; at most {LARGEST_SNAPSHOT} are read in one transaction"
    )]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
}

impl DumpError {
    /// Whether the same may succeed later.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Introspect(error) | Self::ReadRows(error) => match error {
                DatabaseError::Unavailable { .. } => true,
                // A schema that changed under a statement refuses it; the next attempt sees the new one.
                DatabaseError::Refused { .. } | DatabaseError::TooBig { .. } => true,
                DatabaseError::Shape { .. } => false,
            },
            Self::SchemaKeepsChanging | Self::SchemaChanged => true,
            Self::StatementTooLong { .. }
            | Self::RowsWithoutParents { .. }
            | Self::TooLarge { .. } => false,
        }
    }
}

/// Reads a database whose file has at most `most` bytes and writes its dump. Reads only: done twice, it costs time.
pub async fn dump<D: Database, C: Clock>(
    database: &D,
    clock: &C,
    request: &DumpRequest<'_>,
    most: u64,
) -> Result<Dump, DumpError> {
    let started = clock.now();
    let mut readings = 0;
    while readings < MOST_READINGS {
        let Introspected { mut plan, bytes } = introspect(database, request.omissions).await?;
        if let Some(bytes) = bytes.filter(|bytes| *bytes > most) {
            return Err(DumpError::TooLarge { bytes });
        }
        loop {
            let generated = clock.now();
            let outcomes = match database.batch(&data::statements(&plan)?).await {
                // A table is more than one value may hold.
                Err(DatabaseError::TooBig { .. }) if plan.cut() => continue,
                outcomes => outcomes.map_err(DumpError::ReadRows)?,
            };
            readings += 1;
            match data::collect(&mut plan, outcomes)? {
                Reading::Complete(data) => {
                    let about = About {
                        request,
                        generated,
                        duration_ms: clock.now().millis_since(started),
                    };
                    return Ok(Script::whole(&plan, data, &about));
                }
                Reading::PlanChanged if readings < MOST_READINGS => {}
                Reading::PlanChanged | Reading::SchemaChanged => break,
            }
        }
    }
    Err(DumpError::SchemaKeepsChanging)
}

/// A database's plan and the size of its file, where the adapter knows it.
struct Introspected {
    plan: Plan,
    bytes: Option<u64>,
}

async fn introspect<D: Database>(
    database: &D,
    omissions: &Omissions,
) -> Result<Introspected, DumpError> {
    let outcomes = database
        .batch(&schema::introspection())
        .await
        .map_err(DumpError::Introspect)?;
    let bytes = outcomes.last().and_then(|outcome| outcome.size_bytes);
    let schema = Schema::read(outcomes).map_err(DumpError::Introspect)?;
    Ok(Introspected {
        plan: Plan::new(schema, omissions)?,
        bytes,
    })
}

/// SHA-256, as the bucket verifies it.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal, as manifests and the catalogue have hashes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a dump says about itself.
struct About<'a> {
    request: &'a DumpRequest<'a>,
    /// When the rows were read.
    generated: Timestamp,
    duration_ms: i64,
}

impl About<'_> {
    /// The manifest, but for what is only known when all is written.
    fn manifest(&self, plan: &Plan, consistency: Consistency) -> Manifest {
        Manifest {
            format: FORMAT_VERSION,
            tool: TOOL.to_owned(),
            database: self.request.database.to_owned(),
            database_id: self.request.database_id.to_owned(),
            job_id: self.request.job_id.to_owned(),
            key: String::new(),
            generated: self.generated.rfc3339_millis(),
            consistency,
            size_bytes: 0,
            sha256: String::new(),
            gzip: None,
            schema_sha256: plan.schema_sha256(),
            total_rows: 0,
            tables: Vec::new(),
            rest_sha256: None,
            deferred: plan.deferred.clone(),
            left_out: plan.left_out.clone(),
            without_rows: plan.without_rows.clone(),
            places: None,
            origin: None,
            warnings: plan.warnings.clone(),
        }
    }
}
