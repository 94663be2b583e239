//! D1 as a [`Database`]: one `batch()` call, and the only place that reads D1's error texts.

use wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result, Env};

use crate::ports::{
    Database, DatabaseError, MissingBinding, Outcome, Param, Row, Sources, Statement,
};

/// A D1 database behind one binding.
#[derive(Debug)]
pub struct D1 {
    database: D1Database,
}

impl From<D1Database> for D1 {
    fn from(database: D1Database) -> Self {
        Self { database }
    }
}

impl D1 {
    fn prepare(&self, statement: &Statement) -> Result<D1PreparedStatement, DatabaseError> {
        let prepared = self.database.prepare(statement.sql.as_ref());
        if statement.params.is_empty() {
            return Ok(prepared);
        }
        let values = statement
            .params
            .iter()
            .map(js_param)
            .collect::<Result<Vec<_>, _>>()?;
        prepared
            .bind(&values)
            .map_err(|error| database_error(&error))
    }
}

impl Database for D1 {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        // D1 refuses a batch of nothing; a caller with nothing to do has done it.
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let prepared = statements
            .iter()
            .map(|statement| self.prepare(statement))
            .collect::<Result<Vec<_>, _>>()?;
        let results = self
            .database
            .batch(prepared)
            .await
            .map_err(|error| database_error(&error))?;
        results.iter().map(outcome).collect()
    }
}

/// Bound JavaScript numbers are doubles, so an integer must be one exactly.
fn js_param(param: &Param) -> Result<JsValue, DatabaseError> {
    const EXACT: i64 = (1 << 53) - 1;
    match param {
        Param::Null => Ok(JsValue::NULL),
        Param::Text(text) => Ok(JsValue::from_str(text)),
        Param::Integer(value) if (-EXACT..=EXACT).contains(value) => {
            #[allow(clippy::cast_precision_loss)] // exact in this range
            let number = *value as f64;
            Ok(JsValue::from_f64(number))
        }
        Param::Integer(value) => Err(DatabaseError::Refused {
            message: format!("the parameter {value} does not fit 53 bits"),
        }),
    }
}

fn outcome(result: &D1Result) -> Result<Outcome, DatabaseError> {
    let shape = |error: worker::Error| DatabaseError::Shape {
        message: error.to_string(),
    };
    let rows = result.results::<Row>().map_err(shape)?;
    let meta = result.meta().map_err(shape)?;
    Ok(Outcome {
        rows,
        changes: meta
            .as_ref()
            .and_then(|meta| meta.changes)
            .and_then(|changes| changes.try_into().ok())
            .unwrap_or(0),
        size_bytes: meta
            .and_then(|meta| meta.size_after)
            .and_then(|size| size.try_into().ok()),
    })
}

/// What the runtime said, classified. `batch()` fails as `Error::D1` or as a plain JavaScript error,
/// depending only on how the message starts.
fn database_error(error: &worker::Error) -> DatabaseError {
    let message = match error {
        worker::Error::D1(error) => {
            let error: &js_sys::Error = error.as_ref();
            String::from(error.message())
        }
        worker::Error::UnknownJsError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    classify(&message)
}

/// D1 has no error codes, only text. A text that names an SQLite code was answered by the engine; any
/// other comes from the machinery around it, and then the transaction may or may not have happened.
pub(super) fn classify(text: &str) -> DatabaseError {
    let message = text.strip_prefix("D1_ERROR: ").unwrap_or(text).to_owned();
    match sqlite_code(&message) {
        // The statement's own length is a fact about the statement, not about what it returns.
        Some("SQLITE_TOOBIG") if message.contains("statement too long") => {
            DatabaseError::Refused { message }
        }
        Some("SQLITE_TOOBIG") => DatabaseError::TooBig { message },
        Some("SQLITE_BUSY" | "SQLITE_LOCKED" | "SQLITE_INTERRUPT" | "SQLITE_NOMEM") => {
            DatabaseError::Unavailable { message }
        }
        Some(code) if code.starts_with("SQLITE_IOERR") => DatabaseError::Unavailable { message },
        Some(_) => DatabaseError::Refused { message },
        None if message.contains("string or blob too big") => DatabaseError::TooBig { message },
        None if is_transient(&message) => DatabaseError::Unavailable { message },
        None => DatabaseError::Refused { message },
    }
}

/// The code at the end of a text such as `no such table: t: SQLITE_ERROR`.
fn sqlite_code(message: &str) -> Option<&str> {
    let (_, rest) = message.rsplit_once(": SQLITE_")?;
    let start = message.len().checked_sub(rest.len() + "SQLITE_".len())?;
    let code = message.get(start..)?;
    let end = code
        .find(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .unwrap_or(code.len());
    code.get(..end)
}

/// The texts that Cloudflare documents as worth a retry, and their kin.
fn is_transient(message: &str) -> bool {
    const SIGNS: [&str; 14] = [
        "overloaded",
        "was reset",
        "to be reset",
        "db reset",
        "network",
        "connection",
        "timeout",
        "timed out",
        "transient",
        "internal error",
        "memory limit",
        "cpu time limit",
        "client disconnected",
        "too many requests",
    ];
    let lower = message.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign))
}

/// The D1 databases bound to this Worker.
#[derive(Debug)]
pub struct EnvSources<'env> {
    env: &'env Env,
}

impl<'env> EnvSources<'env> {
    /// Looks bindings up in `env`.
    pub const fn new(env: &'env Env) -> Self {
        Self { env }
    }
}

impl Sources for EnvSources<'_> {
    type Source = D1;

    fn source(&self, binding: &str) -> Result<D1, MissingBinding> {
        // The crate's check needs an object; a binding of another kind is as good as none.
        self.env
            .d1(binding)
            .map(D1::from)
            .map_err(|_| MissingBinding {
                binding: binding.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_unavailable(text: &str) -> bool {
        matches!(classify(text), DatabaseError::Unavailable { .. })
    }
    fn is_refused(text: &str) -> bool {
        matches!(classify(text), DatabaseError::Refused { .. })
    }
    fn is_too_big(text: &str) -> bool {
        matches!(classify(text), DatabaseError::TooBig { .. })
    }

    #[test]
    fn what_cloudflare_documents_as_retryable_is_unavailable() {
        for text in [
            "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
            "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
            "D1_ERROR: Network connection lost.",
            "Network connection lost.",
            "D1_ERROR: D1 DB reset because its code was updated.",
            "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
            "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
            "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
            "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
            "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
            "D1_ERROR: Can't read from request stream because client disconnected.",
            "internal error; reference = 8kd0s",
        ] {
            assert!(is_unavailable(text), "{text}");
        }
    }

    #[test]
    fn what_the_engine_refuses_is_refused() {
        for text in [
            "D1_ERROR: no such table: users: SQLITE_ERROR",
            "D1_ERROR: UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT",
            "D1_ERROR: UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
            "D1_ERROR: not authorized: SQLITE_AUTH",
            "D1_ERROR: statement too long: SQLITE_TOOBIG",
            "D1_TYPE_ERROR: Type 'symbol' not supported for value 'Symbol()'",
            "D1_ERROR: Exceeded maximum DB size.",
        ] {
            assert!(is_refused(text), "{text}");
        }
    }

    #[test]
    fn a_result_over_sqlites_limit_is_too_big() {
        assert!(is_too_big(
            "D1_ERROR: string or blob too big: SQLITE_TOOBIG"
        ));
        assert!(is_too_big("D1_ERROR: string or blob too big"));
    }

    #[test]
    fn a_name_that_reads_like_a_network_failure_is_still_refused() {
        assert!(is_refused(
            "D1_ERROR: no such column: timeout: SQLITE_ERROR"
        ));
        assert!(is_refused("D1_ERROR: no such table: network: SQLITE_ERROR"));
    }

    #[test]
    fn a_busy_or_failing_engine_is_unavailable() {
        assert!(is_unavailable("D1_ERROR: database is locked: SQLITE_BUSY"));
        assert!(is_unavailable("D1_ERROR: disk I/O error: SQLITE_IOERR"));
    }

    #[test]
    fn the_runtimes_prefix_is_not_repeated() {
        assert_eq!(
            classify("D1_ERROR: no such table: t: SQLITE_ERROR").to_string(),
            "the database refused the statement: no such table: t: SQLITE_ERROR"
        );
    }
}
