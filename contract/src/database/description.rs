//! How a database describes its own schema.

use serde_json::json;
use shared::ports::Database;

use super::{answers, done, refused, taken};
use crate::verdict::{Verdict, same};

/// Holds when the query's rows are these.
async fn describes(database: &impl Database, sql: &str, expected: serde_json::Value) -> Verdict {
    let outcomes = done(database, &[sql]).await?;
    let rows: Vec<_> = outcomes
        .into_iter()
        .flat_map(|outcome| outcome.rows)
        .collect();
    same(json!(rows), expected)
}

pub(super) async fn one_query_describes_all_tables(database: &impl Database) -> Verdict {
    let sql = [
        r#"CREATE TABLE "described ""and"" odd" ("a b" INT NOT NULL DEFAULT (1 + 1)) STRICT"#,
        "CREATE TABLE described_too (k TEXT PRIMARY KEY) WITHOUT ROWID",
    ];
    done(database, &sql).await?;
    let query = "SELECT m.name \"table\", t.strict, t.wr, c.name, c.dflt_value, c.\"notnull\", c.pk \
                 FROM sqlite_schema m JOIN pragma_table_list(m.name) t JOIN pragma_table_xinfo(m.name) c \
                 WHERE m.type = 'table' AND m.name GLOB 'described*' ORDER BY m.name";
    let expected = json!([
        { "table": "described \"and\" odd", "strict": 1, "wr": 0, "name": "a b", "dflt_value": "1 + 1", "notnull": 1, "pk": 0 },
        { "table": "described_too", "strict": 0, "wr": 1, "name": "k", "dflt_value": null, "notnull": 1, "pk": 1 },
    ]);
    describes(database, query, expected).await
}

pub(super) async fn columns_are_described_with_the_hidden_ones(
    database: &impl Database,
) -> Verdict {
    let table = "CREATE TABLE computed (a, b AS (a + 1) VIRTUAL, c AS (a + 2) STORED)";
    taken(database, table).await?;
    let sql = "SELECT name, hidden FROM pragma_table_xinfo('computed')";
    let expected = json!([
        { "name": "a", "hidden": 0 }, { "name": "b", "hidden": 2 }, { "name": "c", "hidden": 3 }
    ]);
    describes(database, sql, expected).await
}

pub(super) async fn foreign_keys_are_described(database: &impl Database) -> Verdict {
    let sql = [
        "CREATE TABLE country (id INTEGER PRIMARY KEY)",
        "CREATE TABLE city (\"in\" REFERENCES country (id) ON DELETE SET NULL)",
    ];
    done(database, &sql).await?;
    let query =
        "SELECT \"table\", \"from\", \"to\", on_delete FROM pragma_foreign_key_list('city')";
    let expected =
        json!([{ "table": "country", "from": "in", "to": "id", "on_delete": "SET NULL" }]);
    describes(database, query, expected).await?;
    taken(database, "PRAGMA foreign_key_check").await
}

pub(super) async fn indexes_are_described_with_their_columns(database: &impl Database) -> Verdict {
    let sql = [
        "CREATE TABLE looked_up (a UNIQUE, b)",
        "CREATE INDEX by_b ON looked_up (b DESC, a) WHERE b > 0",
    ];
    done(database, &sql).await?;
    let query = "SELECT i.origin, i.\"unique\", i.partial, c.name, c.\"desc\" \
                 FROM pragma_index_list('looked_up') i JOIN pragma_index_xinfo(i.name) c \
                 WHERE c.key ORDER BY i.origin, c.seqno";
    let expected = json!([
        { "origin": "c", "unique": 0, "partial": 1, "name": "b", "desc": 1 },
        { "origin": "c", "unique": 0, "partial": 1, "name": "a", "desc": 0 },
        { "origin": "u", "unique": 1, "partial": 0, "name": "a", "desc": 0 },
    ]);
    describes(database, query, expected).await
}

/// A query over all of `sqlite_schema` fails as soon as D1 has a table of its own there.
pub(super) async fn internal_tables_are_listed_and_not_described(
    database: &impl Database,
) -> Verdict {
    let listed = "SELECT count(*) FROM sqlite_schema WHERE name = '_cf_METADATA'";
    answers(database, listed, 1).await?;
    refused(database, "PRAGMA table_info(_cf_METADATA)").await?;
    let all = "SELECT count(*) FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c";
    refused(database, all).await?;
    taken(database, &format!("{all} WHERE m.name NOT GLOB '_cf_*'")).await
}
