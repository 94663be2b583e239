//! Writing down who changed something or took a dump, and reading it.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// Something that somebody is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act<'a> {
    /// Who.
    pub actor: &'a str,
    /// From which address; empty when nobody says it.
    pub address: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// Its path, with the query.
    pub path: &'a str,
}

/// A row that was just inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Inserted {
    /// Its id.
    pub id: i64,
}

/// Records what is about to be done: one [`Inserted`].
pub fn begin(act: &Act<'_>, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO audit_log (at, actor, address, method, path) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
    )
    .bind(now.seconds())
    .bind(act.actor)
    .bind(act.address)
    .bind(act.method)
    .bind(act.path)
}

/// Records how it ended.
pub fn end(id: i64, status: u16) -> Statement {
    Statement::new("UPDATE audit_log SET status = ?2 WHERE id = ?1")
        .bind(id)
        .bind(i64::from(status))
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When, Unix seconds.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// From which address; empty when nobody said it.
    pub address: String,
    /// The request's method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Of the answer; `None` when it was never given, or could not be recorded.
    pub status: Option<u16>,
}

/// The newest entries before the one of the number `before`, newest first: [`Entry`]s.
pub fn newest(before: Option<u32>, limit: u32) -> Statement {
    Statement::new(
        "SELECT id, at, actor, address, method, path, status FROM audit_log \
         WHERE id < coalesce(?1, 9007199254740991) ORDER BY id DESC LIMIT ?2",
    )
    .bind(before.map(i64::from))
    .bind(i64::from(limit))
}
