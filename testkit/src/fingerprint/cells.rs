//! Cells by type and exact bytes.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::TablePrint;
use crate::sql::{hex, identifier};

/// Bytes of a value that a report shows.
const SHOWN: usize = 60;

/// All rows of a table, with its row numbers where `number` names them.
pub(super) fn table(connection: &Connection, name: &str, number: Option<&str>) -> TablePrint {
    let number = number
        .map(|number| format!("{number}, "))
        .unwrap_or_default();
    let sql = format!("SELECT {number}* FROM {}", identifier(name));
    read(connection, &sql).unwrap_or_else(|error| TablePrint {
        columns: Vec::new(),
        rows: Vec::new(),
        unreadable: Some(error.to_string()),
    })
}

fn read(connection: &Connection, sql: &str) -> Result<TablePrint, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let columns: Vec<_> = statement.column_names().map(ToOwned::to_owned).collect();
    let mut rows = Vec::new();
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let mut cells = Vec::new();
        for column in 0..columns.len() {
            append(&mut cells, row.get_ref(column)?);
        }
        rows.push(cells);
    }
    rows.sort_unstable();
    Ok(TablePrint {
        columns,
        rows,
        unreadable: None,
    })
}

/// One value alone, as it is among the cells of a row.
pub(super) fn cell(value: ValueRef<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    append(&mut bytes, value);
    bytes
}

fn append(cells: &mut Vec<u8>, value: ValueRef<'_>) {
    let (kind, bytes) = match value {
        ValueRef::Null => (b'n', Vec::new()),
        ValueRef::Integer(value) => (b'i', value.to_be_bytes().to_vec()),
        // By its bits: -0.0 is not 0.0.
        ValueRef::Real(value) => (b'r', value.to_bits().to_be_bytes().to_vec()),
        ValueRef::Text(text) => (b't', text.to_vec()),
        ValueRef::Blob(blob) => (b'b', blob.to_vec()),
    };
    cells.push(kind);
    cells.extend(u64::try_from(bytes.len()).unwrap().to_be_bytes());
    cells.extend(bytes);
}

/// Cells for a reader: `integer 1 | text 'a' | blob x'00'`.
pub(super) fn show(mut cells: &[u8]) -> String {
    let mut shown = Vec::new();
    while let [kind, rest @ ..] = cells {
        let (length, rest) = rest.split_first_chunk().unwrap();
        let length = usize::try_from(u64::from_be_bytes(*length)).unwrap();
        let (bytes, rest) = rest.split_at(length);
        shown.push(show_one(*kind, bytes));
        cells = rest;
    }
    shown.join(" | ")
}

fn show_one(kind: u8, bytes: &[u8]) -> String {
    let word = || u64::from_be_bytes(bytes.try_into().unwrap());
    let cut = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN {
        format!("… of {} bytes", bytes.len())
    } else {
        String::new()
    };
    match kind {
        b'n' => "NULL".to_owned(),
        b'i' => format!("integer {}", word().cast_signed()),
        b'r' => format!("real {:?}", f64::from_bits(word())),
        b't' => match std::str::from_utf8(cut) {
            Ok(text) => format!("text {text:?}{more}"),
            Err(_) => format!("text x'{}'{more}", hex(cut)),
        },
        _ => format!("blob x'{}'{more}", hex(cut)),
    }
}
