//! What a database holds, in a form that is equal exactly when every schema object and every cell (type and bytes) is.

mod cells;
mod compare;
mod fulltext;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::d1::unlimited;

pub use compare::differences;
pub use fulltext::FulltextPrint;

/// Everything of a database that a restore has to bring back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The objects' own table and SQL, as stored but for blanks at its end, by type and name. Of shadow tables only that they exist.
    pub objects: BTreeMap<(String, String), String>,
    /// The rows of each ordinary table and each full-text index that can give its text back.
    pub tables: BTreeMap<String, TablePrint>,
    /// The AUTOINCREMENT counters of the tables that exist.
    pub counters: BTreeMap<String, Vec<Vec<u8>>>,
    /// What full-text indexes find, and how they are configured.
    pub indexes: BTreeMap<String, FulltextPrint>,
}

/// Columns and rows of a table. The rows are sorted: their order is no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePrint {
    /// `rowid` is among them only where row numbers are data.
    pub columns: Vec<String>,
    /// Cells one after the other: type, length, bytes.
    pub rows: Vec<Vec<u8>>,
    /// Why it cannot be read: a full-text index whose table is gone.
    pub unreadable: Option<String>,
}

/// Reads a whole database.
pub fn of(connection: &Connection) -> Fingerprint {
    unlimited(connection, || read(connection))
}

/// What SQLite itself finds wrong with a database: broken pages, broken foreign keys, full-text indexes that disagree
/// with their text. Empty for a sound one.
pub fn complaints(connection: &Connection) -> Vec<String> {
    unlimited(connection, || {
        let mut found = schema::complaints(connection);
        for table in schema::tables(connection) {
            if let Some(index) = &table.fulltext
                && let Err(error) = fulltext::check(connection, &table.name, index)
            {
                found.push(format!("the full-text index {}: {error}", table.name));
            }
        }
        found
    })
}

fn read(connection: &Connection) -> Fingerprint {
    let tables = schema::tables(connection);
    let numbered = schema::numbered(connection, &tables);
    let mut print = Fingerprint {
        objects: schema::objects(connection, &tables),
        tables: BTreeMap::new(),
        counters: schema::counters(connection, &tables),
        indexes: BTreeMap::new(),
    };
    for table in tables.iter().filter(|table| table.readable()) {
        let number = numbered.get(&table.name).map(String::as_str);
        let rows = cells::table(connection, &table.name, number);
        print.tables.insert(table.name.clone(), rows);
    }
    for table in &tables {
        if let Some(index) = &table.fulltext {
            let found = fulltext::print(connection, &table.name, index);
            print.indexes.insert(table.name.clone(), found);
        }
    }
    print
}

/// The tables that a statement may write, and whether each is a full-text index with text of its own.
pub(crate) fn live_tables(connection: &Connection) -> Vec<(String, bool)> {
    schema::tables(connection)
        .into_iter()
        .filter(schema::Table::readable)
        .map(|table| (table.name, table.fulltext.is_some()))
        .collect()
}
