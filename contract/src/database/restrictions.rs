//! What a database refuses although SQLite knows it.

use shared::ports::Database;

use super::{answers, done, refused, taken};
use crate::verdict::Verdict;

/// Holds when each statement is refused.
async fn all_refused(database: &impl Database, statements: &[&str]) -> Verdict {
    for sql in statements {
        refused(database, sql).await?;
    }
    Ok(())
}

pub(super) async fn a_missing_table_or_column_is_refused(database: &impl Database) -> Verdict {
    all_refused(
        database,
        &[
            "SELECT * FROM no_such_table",
            "SELECT no_such_column",
            "SELECT no_such_function()",
        ],
    )
    .await
}

pub(super) async fn a_syntax_error_is_refused(database: &impl Database) -> Verdict {
    all_refused(database, &["SELEC 1", "SELECT (1", "SELECT 'open"]).await
}

pub(super) async fn transactions_and_savepoints_are_refused(database: &impl Database) -> Verdict {
    all_refused(
        database,
        &[
            "BEGIN",
            "BEGIN TRANSACTION",
            "COMMIT",
            "END",
            "ROLLBACK",
            "SAVEPOINT here",
            "RELEASE here",
        ],
    )
    .await
}

pub(super) async fn attached_and_temporary_schemas_are_refused(
    database: &impl Database,
) -> Verdict {
    all_refused(
        database,
        &[
            "ATTACH ':memory:' AS other",
            "DETACH main",
            "CREATE TEMP TABLE fleeting (a)",
            "CREATE TABLE temp.fleeting (a)",
            "CREATE TEMP VIEW fleeting AS SELECT 1",
        ],
    )
    .await
}

pub(super) async fn a_vacuum_is_refused(database: &impl Database) -> Verdict {
    refused(database, "VACUUM").await
}

pub(super) async fn internal_tables_can_neither_be_made_nor_read(
    database: &impl Database,
) -> Verdict {
    taken(database, "CREATE TABLE outside (a)").await?;
    all_refused(
        database,
        &[
            "CREATE TABLE _cf_own (a)",
            "CREATE TABLE _CF_OWN (a)",
            "CREATE INDEX _cf_index ON outside (a)",
            "CREATE VIEW _cf_view AS SELECT 1",
            "SELECT * FROM _cf_METADATA",
            "SELECT count(*) FROM _cf_METADATA",
            "DELETE FROM _cf_METADATA",
            "DROP TABLE _cf_METADATA",
        ],
    )
    .await
}

pub(super) async fn a_name_that_only_resembles_an_internal_one_is_free(
    database: &impl Database,
) -> Verdict {
    taken(database, "CREATE TABLE scfg (a)").await?;
    taken(database, "CREATE TABLE sqlitewannabe (a)").await?;
    refused(database, "CREATE TABLE sqlite_wannabe (a)").await
}

pub(super) async fn pragmas_that_reveal_or_change_the_file_are_refused(
    database: &impl Database,
) -> Verdict {
    for pragma in [
        "database_list",
        "encoding",
        "function_list",
        "integrity_check",
        "journal_mode",
        "no_such_pragma",
        "page_count",
        "schema_version",
        "user_version",
        "writable_schema",
    ] {
        refused(database, &format!("PRAGMA {pragma}")).await?;
    }
    refused(database, "PRAGMA user_version = 3").await
}

pub(super) async fn the_schema_cannot_be_written_past_its_statements(
    database: &impl Database,
) -> Verdict {
    all_refused(
        database,
        &[
            "UPDATE sqlite_schema SET sql = NULL",
            "DELETE FROM sqlite_schema",
            "PRAGMA writable_schema = ON",
        ],
    )
    .await
}

pub(super) async fn the_counters_of_autoincrement_can_be_written(
    database: &impl Database,
) -> Verdict {
    let sql = [
        "CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "INSERT INTO numbered DEFAULT VALUES",
        "UPDATE sqlite_sequence SET seq = 40 WHERE name = 'numbered'",
        "INSERT INTO numbered DEFAULT VALUES",
    ];
    done(database, &sql).await?;
    answers(database, "SELECT max(id) FROM numbered", 41).await
}

pub(super) async fn full_text_tables_work_and_their_shadow_tables_are_read_only(
    database: &impl Database,
) -> Verdict {
    let sql = [
        "CREATE VIRTUAL TABLE pages USING fts5 (body)",
        "INSERT INTO pages VALUES ('hello world')",
        "CREATE VIRTUAL TABLE words USING fts5vocab (pages, row)",
    ];
    done(database, &sql).await?;
    answers(database, "SELECT count(*) FROM pages ('hello')", 1).await?;
    answers(database, "SELECT count(*) FROM words", 2).await?;
    answers(database, "SELECT c0 FROM pages_content", "hello world").await?;
    refused(database, "INSERT INTO pages_data VALUES (99, x'00')").await?;
    refused(database, "DELETE FROM pages_content").await?;
    refused(database, "DROP TABLE pages_data").await
}

pub(super) async fn other_virtual_tables_are_refused(database: &impl Database) -> Verdict {
    all_refused(
        database,
        &[
            "CREATE VIRTUAL TABLE older USING fts4 (body)",
            "CREATE VIRTUAL TABLE oldest USING fts3 (body)",
            "CREATE VIRTUAL TABLE none USING no_such_module (body)",
        ],
    )
    .await
}

pub(super) async fn a_table_may_be_altered(database: &impl Database) -> Verdict {
    let sql = [
        "CREATE TABLE altered (a)",
        "ALTER TABLE altered ADD COLUMN b",
        "ALTER TABLE altered RENAME COLUMN b TO c",
        "ALTER TABLE altered DROP COLUMN a",
        "ALTER TABLE altered RENAME TO altered_again",
    ];
    done(database, &sql).await?;
    taken(database, "SELECT c FROM altered_again").await
}
