//! A Durable Object's own SQLite as the [`Engine`] of a drill: the engine that D1 is made of.
//! <https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/>

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlStorage, SqlStorageValue, Storage};

use super::d1::classify;
use crate::drill::Engine;
use crate::ports::{Database, DatabaseError, Outcome, Param, Row, Statement};

/// The key of the state. What is stored by keys is in a table of the platform's own, which no dump has.
const STATE: &str = "state";

/// What workerd has in the database of an object besides tables that begin with `_cf_`: miniflare writes there, on one's own
/// machine, what the object is called.
const OWN_TABLES: &[&str] = &["__miniflare_do_name"];

/// The storage of one Durable Object.
#[derive(Debug, Clone)]
pub struct DurableEngine {
    sql: SqlStorage,
    /// The same as JavaScript has it, for what the worker crate does not have.
    raw: JsValue,
}

impl From<&Storage> for DurableEngine {
    fn from(storage: &Storage) -> Self {
        Self {
            sql: storage.sql(),
            raw: JsValue::from(storage.as_raw()),
        }
    }
}

impl DurableEngine {
    /// Does `work` in a transaction, which its failure undoes.
    fn transaction<T: 'static>(
        &self,
        work: impl FnOnce() -> Result<T, DatabaseError> + 'static,
    ) -> Result<T, DatabaseError> {
        let result = Rc::new(RefCell::new(None));
        let kept = Rc::clone(&result);
        let work = Closure::once(move || -> Result<(), JsValue> {
            let done = work();
            let answer = match &done {
                Ok(_) => Ok(()),
                Err(error) => Err(JsValue::from_str(&error.to_string())),
            };
            *kept.borrow_mut() = Some(done);
            answer
        });
        let begun = method(&self.raw, "transactionSync")
            .and_then(|function| function.call1(&self.raw, work.as_ref().unchecked_ref()));
        // Why the work failed is told by itself; what else fails is the transaction's.
        match (result.borrow_mut().take(), begun) {
            (Some(Ok(done)), Ok(_)) => Ok(done),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(refused(&error)),
            (None, Ok(_)) => Err(DatabaseError::Shape {
                message: "a transaction that did nothing".to_owned(),
            }),
        }
    }

    /// Something by its key, in the transaction that is open, if one is.
    pub fn keep(&self, key: &str, value: &str) -> Result<(), DatabaseError> {
        let put = self.keys().and_then(|keys| {
            let (key, value) = (JsValue::from_str(key), JsValue::from_str(value));
            method(&keys, "put")?.call2(&keys, &key, &value)
        });
        put.map(drop).map_err(|error| refused(&error))
    }

    /// What was kept by that key.
    pub fn get(&self, key: &str) -> Result<Option<String>, DatabaseError> {
        let found = self
            .keys()
            .and_then(|keys| method(&keys, "get")?.call1(&keys, &JsValue::from_str(key)));
        found
            .map(|value| value.as_string())
            .map_err(|error| refused(&error))
    }

    /// The synchronous storage by keys.
    fn keys(&self) -> Result<JsValue, JsValue> {
        Reflect::get(&self.raw, &JsValue::from_str("kv"))
    }
}

impl Database for DurableEngine {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let (sql, statements) = (self.sql.clone(), statements.to_vec());
        self.transaction(move || statements.iter().map(|one| run(&sql, one)).collect())
    }
}

impl Engine for DurableEngine {
    async fn kept(&self) -> Result<Option<String>, DatabaseError> {
        self.get(STATE)
    }

    async fn run_and_keep(
        &self,
        statements: &[Statement],
        state: &str,
    ) -> Result<(), DatabaseError> {
        let (statements, state) = (statements.to_vec(), state.to_owned());
        let engine = self.clone();
        self.transaction(move || {
            for statement in &statements {
                run(&engine.sql, statement)?;
            }
            engine.keep(STATE, &state)
        })
    }

    fn own_tables(&self) -> &'static [&'static str] {
        OWN_TABLES
    }
}

fn run(sql: &SqlStorage, statement: &Statement) -> Result<Outcome, DatabaseError> {
    let params: Vec<SqlStorageValue> = statement.params.iter().map(value).collect();
    let fail = |error: worker::Error| refused(&error.into());
    let cursor = sql.exec(&statement.sql, params).map_err(fail)?;
    let rows: Vec<Row> = cursor.to_array().map_err(|error| DatabaseError::Shape {
        message: error.to_string(),
    })?;
    Ok(Outcome {
        rows,
        // Rows and index entries together, which tell nobody anything.
        changes: 0,
        size_bytes: u64::try_from(sql.database_size()).ok(),
    })
}

fn value(param: &Param) -> SqlStorageValue {
    match param {
        Param::Null => SqlStorageValue::Null,
        Param::Integer(integer) => SqlStorageValue::Integer(*integer),
        Param::Text(text) => SqlStorageValue::String(text.clone()),
    }
}

fn method(object: &JsValue, name: &str) -> Result<Function, JsValue> {
    Reflect::get(object, &JsValue::from_str(name))?.dyn_into()
}

/// What the runtime said, classified as D1's errors are: the texts are SQLite's.
fn refused(error: &JsValue) -> DatabaseError {
    let message = Reflect::get(error, &JsValue::from_str("message")).ok();
    let message = message.and_then(|message| message.as_string());
    classify(&message.unwrap_or_else(|| format!("{error:?}")))
}
