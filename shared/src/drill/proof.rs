//! Whether a restored database is what a manifest says, by the manifest of its own dump.

use crate::manifest::Manifest;

/// Something of a restored database that is not as its backup's manifest says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// Its definitions.
    #[error("the schema is not the one that the manifest has the hash of")]
    Schema,
    /// Which tables it has, or their order.
    #[error("the restored tables are {restored:?}, and those of the manifest {stated:?}")]
    Tables {
        /// The manifest's.
        stated: Vec<String>,
        /// The restored.
        restored: Vec<String>,
    },
    /// How many rows a table has.
    #[error("the table `{table}` has {restored} rows, and {stated} in the manifest")]
    Rows {
        /// The table.
        table: String,
        /// The manifest's.
        stated: u64,
        /// The restored.
        restored: u64,
    },
    /// What a table's rows hold.
    #[error("the rows of the table `{table}` are not those that the manifest has the hash of")]
    Content {
        /// The table.
        table: String,
    },
    /// How many rows there are in all.
    #[error("there are {restored} rows in all, and {stated} in the manifest")]
    TotalRows {
        /// The manifest's.
        stated: u64,
        /// The restored.
        restored: u64,
    },
    /// References that are set at the end, counters, or settings of full-text tables.
    #[error("references set at the end, counters or settings are not those of the manifest")]
    Rest,
}

/// What differs between a backup's manifest and that of a dump of the restored database; `None` where the backup is of a
/// version whose hashes cannot be compared.
pub fn differences(stated: &Manifest, restored: &Manifest) -> Option<Vec<Difference>> {
    let rest = stated.rest_sha256.as_ref()?;
    let mut found = Vec::new();
    if stated.schema_sha256 != restored.schema_sha256 {
        found.push(Difference::Schema);
    }
    let names = |manifest: &Manifest| -> Vec<String> {
        let tables = manifest.tables.iter();
        tables.map(|table| table.name.clone()).collect()
    };
    if names(stated) == names(restored) {
        for (stated, restored) in stated.tables.iter().zip(&restored.tables) {
            if stated.rows != restored.rows {
                found.push(Difference::Rows {
                    table: stated.name.clone(),
                    stated: stated.rows,
                    restored: restored.rows,
                });
            } else if stated.sha256 != restored.sha256 {
                found.push(Difference::Content {
                    table: stated.name.clone(),
                });
            }
        }
    } else {
        found.push(Difference::Tables {
            stated: names(stated),
            restored: names(restored),
        });
    }
    if stated.total_rows != restored.total_rows {
        found.push(Difference::TotalRows {
            stated: stated.total_rows,
            restored: restored.total_rows,
        });
    }
    if Some(rest) != restored.rest_sha256.as_ref() {
        found.push(Difference::Rest);
    }
    Some(found)
}
