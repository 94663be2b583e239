//! SQLite with the limits that D1 sets.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

/// The longest statement that D1 takes, in bytes.
pub const LONGEST_STATEMENT: usize = 100_000;

/// What workerd sets on every database.
const LIMITS: [(Limit, i32); 7] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2_200_000),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
];

/// An empty database in memory that takes what D1 takes: foreign keys are checked, and nobody writes shadow tables.
pub fn empty() -> Connection {
    let connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
    strict(&connection);
    connection
}

/// Makes a connection as strict as D1.
pub fn strict(connection: &Connection) {
    connection
        .pragma_update(None, "foreign_keys", true)
        .expect("SQLite checks foreign keys");
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .expect("SQLite can be defensive");
    for (limit, value) in LIMITS {
        connection
            .set_limit(limit, value)
            .expect("the limit is one of SQLite's");
    }
}

/// Runs `read` without the limits: what compares two databases reads more columns at once than D1 would.
pub(crate) fn unlimited<T>(connection: &Connection, read: impl FnOnce() -> T) -> T {
    let before: Vec<_> = LIMITS
        .map(|(limit, _)| (limit, connection.limit(limit).expect("a limit can be read")))
        .into();
    for (limit, _) in &before {
        connection
            .set_limit(*limit, i32::MAX)
            .expect("SQLite takes its own maximum instead");
    }
    let found = read();
    for (limit, value) in before {
        connection
            .set_limit(limit, value)
            .expect("the limit was there before");
    }
    found
}
