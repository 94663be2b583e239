//! Empty catalogues: one is used by run after run, so that its statements stay compiled.

use shared::native::NativeDatabase;

/// What empties a catalogue without a change of its schema.
fn clear(catalogue: &NativeDatabase) -> rusqlite::Result<()> {
    let connection = catalogue.reader();
    let mut tables = connection.prepare_cached(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         UNION ALL SELECT 'sqlite_sequence'",
    )?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
    let tables: Vec<String> = tables.collect::<Result<_, _>>()?;
    let transaction = connection.unchecked_transaction()?;
    connection.pragma_update(None, "defer_foreign_keys", true)?;
    for table in tables {
        connection
            .prepare_cached(&format!("DELETE FROM {table}"))?
            .execute([])?;
    }
    transaction.commit()
}

/// An empty catalogue; only one is in use in a thread at a time.
pub(crate) fn empty() -> NativeDatabase {
    thread_local! {
        static SHARED: NativeDatabase = NativeDatabase::catalogue();
    }
    SHARED.with(|shared| {
        clear(shared).expect("a catalogue can be emptied");
        shared.clone()
    })
}
