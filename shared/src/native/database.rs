//! SQLite in memory as a [`Database`], as strict as D1 about what goes in and as lossy about what comes out.

mod restrictions;

use std::path::Path;
use std::rc::Rc;

use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};

use self::restrictions::Restrictions;
use super::{Fault, Faults};
use crate::ports::{Database, DatabaseError, Outcome, Param, Row, Statement};

/// The longest statement that D1 takes, in bytes.
const LONGEST_STATEMENT: usize = 100_000;

/// Statements that are kept compiled: more than the catalogue has. Compiling takes longer than most of them.
const STATEMENTS: usize = 200;

/// A database of its own, in memory.
#[derive(Debug, Clone)]
pub struct NativeDatabase {
    connection: Rc<Connection>,
    restrictions: Restrictions,
    faults: Faults,
}

impl NativeDatabase {
    /// An empty database. Foreign keys are checked, as in D1.
    #[allow(clippy::expect_used)] // for tests only
    pub fn empty() -> Self {
        let mut connection =
            Connection::open_in_memory().expect("SQLite opens a database in memory");
        connection
            .pragma_update(None, "foreign_keys", true)
            .expect("SQLite checks foreign keys");
        let restrictions = Restrictions::on(&mut connection).expect("SQLite can be restricted");
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Or a statement is compiled anew with each value that is bound: <https://sqlite.org/queryplanner-ng.html#qpstab>
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .expect("SQLite keeps its plans");
        Self {
            connection: Rc::new(connection),
            restrictions,
            faults: Faults::default(),
        }
    }

    /// An empty catalogue, made by the real migrations: once in each thread, and copied from then on.
    #[allow(clippy::expect_used)] // for tests only
    pub fn catalogue() -> Self {
        thread_local! {
            static MIGRATED: NativeDatabase = NativeDatabase::migrated();
        }
        let mut copy = Self::empty();
        let to = Rc::get_mut(&mut copy.connection).expect("nobody else has it yet");
        MIGRATED.with(|migrated| {
            let backup = Backup::new(&migrated.connection, to).expect("SQLite can copy");
            backup.step(-1).expect("SQLite copies all pages");
        });
        copy
    }

    #[allow(clippy::expect_used)] // for tests only
    fn migrated() -> Self {
        let database = Self::empty();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("there are migrations")
            .map(|file| file.expect("the migrations can be listed").path())
            .collect();
        files.sort();
        for file in files {
            let sql = std::fs::read_to_string(file).expect("a migration can be read");
            database
                .connection
                .execute_batch(&sql)
                .expect("a migration runs");
        }
        database
    }

    /// SQLite itself, for what a test wants to see without the limits of D1.
    #[allow(clippy::expect_used)] // for tests only
    pub fn connection(&self) -> &Connection {
        let lifted = self.restrictions.lift(&self.connection);
        lifted.expect("SQLite takes a restriction away");
        &self.connection
    }

    /// SQLite as the last batch left it, for reading: statements stay compiled.
    pub fn reader(&self) -> &Connection {
        &self.connection
    }

    /// How its operations are to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The size of its file, if it had one.
    fn size(&self) -> Option<u64> {
        let number = |pragma| {
            let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            let value = self.connection.pragma_query_value(None, pragma, read);
            value.ok().and_then(|value| u64::try_from(value).ok())
        };
        Some(number("page_count")? * number("page_size")?)
    }

    fn transaction(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let transaction = self.connection.unchecked_transaction().map_err(classify)?;
        let run_all = || {
            statements
                .iter()
                .map(|statement| self.execute(statement))
                .collect::<Result<_, _>>()
        };
        let outcomes: Vec<Outcome> = self
            .restrictions
            .enforce(&self.connection, run_all)
            .map_err(classify)??;
        transaction.commit().map_err(classify)?;
        let size_bytes = self.size();
        let sized = |outcome: Outcome| Outcome {
            size_bytes,
            ..outcome
        };
        Ok(outcomes.into_iter().map(sized).collect())
    }

    fn execute(&self, statement: &Statement) -> Result<Outcome, DatabaseError> {
        if statement.sql.len() > LONGEST_STATEMENT {
            return Err(refused("statement too long: SQLITE_TOOBIG"));
        }
        let mut prepared = self
            .connection
            .prepare_cached(&statement.sql)
            .map_err(classify)?;
        let names: Vec<String> = prepared.column_names().map(ToOwned::to_owned).collect();
        let params = statement
            .params
            .iter()
            .map(bound)
            .collect::<Result<Vec<_>, _>>()?;
        if params.len() != prepared.parameter_count() {
            return Err(refused("Wrong number of parameter bindings for SQL query."));
        }
        let before = self.connection.total_changes();
        let mut found = prepared.query(params_from_iter(params)).map_err(classify)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(classify)? {
            let mut read = Row::new();
            for (index, name) in names.iter().enumerate() {
                let value = row.get_ref(index).map_err(classify)?;
                read.insert(name.clone(), json(value));
            }
            rows.push(read);
        }
        drop(found);
        Ok(Outcome {
            rows,
            changes: self.connection.total_changes().saturating_sub(before),
            size_bytes: None,
        })
    }
}

impl Database for NativeDatabase {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let unavailable = || DatabaseError::Unavailable {
            message: "a fault of the test".to_owned(),
        };
        match self.faults.take() {
            Some(Fault::Before) => Err(unavailable()),
            Some(Fault::Despite) => self
                .transaction(statements)
                .and_then(|_| Err(unavailable())),
            None => self.transaction(statements),
        }
    }
}

/// D1 gets numbers from JavaScript: they arrive as REAL, and only whole ones of 53 bits arrive at all.
fn bound(param: &Param) -> Result<Value, DatabaseError> {
    const EXACT: i64 = (1 << 53) - 1;
    match param {
        Param::Null => Ok(Value::Null),
        Param::Text(text) => Ok(Value::Text(text.clone())),
        #[allow(clippy::cast_precision_loss)] // exact in this range
        Param::Integer(value) if (-EXACT..=EXACT).contains(value) => Ok(Value::Real(*value as f64)),
        Param::Integer(value) => Err(refused(format!(
            "the parameter {value} does not fit 53 bits"
        ))),
    }
}

/// A value as D1 hands it to a Worker, with all that is lost on the way.
fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(value) => number(value),
        ValueRef::Real(value) => real(value),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => bytes.to_vec().into(),
    }
}

#[allow(clippy::cast_precision_loss)] // what D1 does
fn number(value: i64) -> serde_json::Value {
    if value.unsigned_abs() < 1 << 53 {
        return value.into();
    }
    (value as f64).into()
}

/// A whole real is no different from an integer in JavaScript, and what JSON cannot say is null.
#[allow(clippy::cast_possible_truncation)] // exact in this range
fn real(value: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return (value as i64).into();
    }
    value.into()
}

fn classify(error: rusqlite::Error) -> DatabaseError {
    let message = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::TooBig) => DatabaseError::TooBig { message },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory) => {
            DatabaseError::Unavailable { message }
        }
        _ => DatabaseError::Refused { message },
    }
}

fn refused(message: impl Into<String>) -> DatabaseError {
    DatabaseError::Refused {
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    fn run(database: &NativeDatabase, sql: &'static [&str]) -> Result<Vec<Outcome>, DatabaseError> {
        let statements: Vec<_> = sql.iter().map(|sql| Statement::new(*sql)).collect();
        block_on(database.batch(&statements))
    }

    fn table() -> NativeDatabase {
        let database = NativeDatabase::empty();
        run(&database, &["CREATE TABLE t (a INTEGER PRIMARY KEY)"]).unwrap();
        database
    }

    #[test]
    fn what_d1_refuses_a_test_may_do_on_the_connection() {
        let database = table();
        let sql = "CREATE TABLE _cf_KV (a); INSERT INTO _cf_KV VALUES (zeroblob(3000000))";
        database.connection().execute_batch(sql).unwrap();
    }

    #[test]
    fn a_fault_comes_before_or_despite_what_happens_and_once() {
        for (fault, rows) in [(Fault::Before, 0), (Fault::Despite, 1)] {
            let database = table();
            database.faults().next(fault);
            let error = run(&database, &["INSERT INTO t VALUES (1)"]).unwrap_err();
            assert!(matches!(error, DatabaseError::Unavailable { .. }));
            assert_eq!(
                run(&database, &["SELECT * FROM t"]).unwrap()[0].rows.len(),
                rows
            );
        }
    }
}
