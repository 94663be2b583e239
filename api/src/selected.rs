//! The tables that are taken out of a dump.

use sha2::{Digest, Sha256};
use shared::catalogue::views::BackupView;
use shared::dump::{MOST_TABLES, Run, Selection, SelectionError, hex, select};
use shared::manifest::{Manifest, manifest_key};
use shared::ports::{ObjectInfo, ObjectStore};

use crate::ports::{Piece, Ports};
use crate::problem::{Kind, Problem};
use crate::state::App;

/// The longest name of one table that is a part of the name of its file.
const LONGEST_NAME: usize = 60;

/// Some tables of a backup's dump.
#[derive(Debug)]
pub(crate) struct Selected {
    tables: Vec<String>,
    pub(crate) pieces: Vec<Piece>,
    /// What tells it from other bytes of the same dump.
    pub(crate) tag: String,
}

impl Selected {
    /// Takes `tables` out of the dump. Its manifest is read, and nothing of the dump.
    pub(crate) async fn of<P: Ports>(
        app: &App<P>,
        backup: &BackupView,
        info: &ObjectInfo,
        tables: &[String],
    ) -> Result<Self, Problem> {
        let key = manifest_key(&backup.r2_key);
        let manifest = app.ports().bucket().get(&key).await?;
        let manifest =
            manifest.ok_or_else(|| whole_only("its manifest is gone from the bucket"))?;
        let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|error| {
            whole_only("its manifest does not read").cause("read a manifest", error)
        })?;
        let selection = select(&manifest, tables).map_err(refused)?;
        if manifest.key != backup.r2_key || manifest.size_bytes != info.size {
            return Err(whole_only("the manifest beside it is of another dump"));
        }
        Ok(selection.into())
    }

    /// What it adds to the name of a file: the name of its one table, where that is plain, or how many there are.
    pub(crate) fn suffix(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        match self.tables.as_slice() {
            [name] if name.len() <= LONGEST_NAME && name.chars().all(is_plain) => {
                format!("-{name}")
            }
            tables => format!("-{}-tables", tables.len()),
        }
    }
}

impl From<Selection> for Selected {
    fn from(selection: Selection) -> Self {
        let mut hash = Sha256::new();
        for run in &selection.runs {
            match run {
                Run::Text(text) => hash.update(format!("{} {text}", text.len())),
                Run::Stored(range) => hash.update(format!("{range:?}")),
            }
        }
        let pieces = selection.runs.into_iter().map(|run| match run {
            Run::Text(text) => Piece::Text(text.into_bytes()),
            Run::Stored(range) => Piece::Stored(range),
        });
        Self {
            tables: selection.tables,
            pieces: pieces.collect(),
            tag: hex(&hash.finalize()).chars().take(16).collect(),
        }
    }
}

fn refused(error: SelectionError) -> Problem {
    match error {
        SelectionError::NotWrittenDown => {
            whole_only("an older version of Cache wrote it, and did not write down where each table is")
        }
        SelectionError::Compressed => whole_only("it is stored as gzip, where a table has no place of its own"),
        SelectionError::Unknown { table, tables } => {
            let detail = match tables.as_slice() {
                [] => format!("There is no table `{table}` in this dump; there are none."),
                _ => format!(
                    "There is no table `{table}` in this dump; there are: {}. Views are in the whole dump alone.",
                    tables.join(", ")
                ),
            };
            Problem::new(Kind::NoSuchTable, detail).member("tables", tables)
        }
        SelectionError::TooMany => Problem::new(
            Kind::InvalidParameter,
            format!("At most {MOST_TABLES} tables are taken out of a dump. Leave `table` out for all of it."),
        ),
    }
    .field("table")
}

fn whole_only(reason: &str) -> Problem {
    let detail = format!(
        "Tables cannot be taken out of this dump: {reason}. Leave `table` out for all of it, restore that into a new database, \
         and take the tables from there."
    );
    Problem::new(Kind::WholeOnly, detail).field("table")
}
