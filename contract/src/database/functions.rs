//! The functions that a query may use.

use serde_json::json;
use shared::ports::{Database, DatabaseError, Statement};

use super::{answers, batch, refused, values};
use crate::verdict::{Verdict, holds, same};

pub(super) async fn functions_that_format_values_are_there(database: &impl Database) -> Verdict {
    for (sql, expected) in [
        ("SELECT quote('it''s')", "'it''s'"),
        ("SELECT quote(9223372036854775807)", "9223372036854775807"),
        ("SELECT quote(0.1)", "0.1"),
        ("SELECT quote(x'00ff')", "X'00FF'"),
        ("SELECT quote(NULL)", "NULL"),
        ("SELECT hex('é')", "C3A9"),
        ("SELECT hex(unhex('c3a9'))", "C3A9"),
        ("SELECT octet_length('é') || ''", "2"),
        ("SELECT typeof(x'')", "blob"),
        ("SELECT printf('%s-%d', 'a', 7)", "a-7"),
        ("SELECT format('%!.17g', 0.5)", "0.5"),
        ("SELECT hex(zeroblob(2))", "0000"),
        ("SELECT replace(substr('abcd', 2, 2), 'c', char(233))", "bé"),
        ("SELECT instr('abc', 'c') || ''", "3"),
        ("SELECT CAST(CAST('text' AS BLOB) AS TEXT)", "text"),
    ] {
        answers(database, sql, expected).await?;
    }
    Ok(())
}

pub(super) async fn functions_that_tell_about_the_engine_are_not_there(
    database: &impl Database,
) -> Verdict {
    for call in [
        "sqlite_version()",
        "sqlite_source_id()",
        "sqlite_compileoption_used('x')",
        "load_extension('x')",
        "unistr('x')",
        "unistr_quote('x')",
        "json_pretty('[]')",
        "soundex('x')",
        "subtype(1)",
    ] {
        refused(database, &format!("SELECT {call}")).await?;
    }
    Ok(())
}

pub(super) async fn group_concat_keeps_the_order_it_is_told(database: &impl Database) -> Verdict {
    let rows = "(SELECT 2 n UNION ALL SELECT 3 UNION ALL SELECT 1)";
    let sql = format!("SELECT group_concat(n, '' ORDER BY n DESC) FROM {rows}");
    answers(database, &sql, "321").await?;
    answers(
        database,
        &format!("SELECT string_agg(n, '' ORDER BY n) FROM {rows}"),
        "123",
    )
    .await
}

pub(super) async fn json_each_reads_a_bound_list(database: &impl Database) -> Verdict {
    let statement = Statement::new("SELECT value FROM json_each(?1)").bind(r#"["a",2,null]"#);
    same(
        values(database, statement).await?,
        vec![json!("a"), json!(2), json!(null)],
    )
}

/// A dump stops its restore by this.
pub(super) async fn a_query_may_end_its_batch_with_a_reason_of_its_own(
    database: &impl Database,
) -> Verdict {
    let query =
        "SELECT json_extract('{}', 'the reason of ' || value) FROM json_each('[\"a table\"]')";
    match batch(database, &["CREATE TABLE reasoned (a)", query]).await {
        Err(DatabaseError::Refused { message }) => holds(
            message.contains("the reason of a table"),
            format!("{message} has the reason"),
        )?,
        other => return Err(format!("expected a refusal, found {other:?}")),
    }
    refused(database, "SELECT * FROM reasoned").await
}
