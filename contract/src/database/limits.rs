//! How much a database takes and returns.

use serde_json::json;
use shared::ports::{Database, Statement};

use super::{answers, batch, is_refused, is_too_big, refused, taken, values};
use crate::verdict::{Verdict, same};

/// Above the limit of every D1: released ones had 2.2 and 4 MB, workerd has more.
const OVER_ANY_LIMIT: usize = 12_000_000;

pub(super) async fn a_value_of_2_000_000_bytes_comes_out_whole(
    database: &impl Database,
) -> Verdict {
    let found = values(database, Statement::new("SELECT hex(zeroblob(1000000))")).await?;
    let lengths: Vec<_> = found
        .iter()
        .map(|value| value.as_str().map(str::len))
        .collect();
    same(lengths, vec![Some(2_000_000)])
}

pub(super) async fn a_statement_may_insert_as_many_rows_as_its_length_allows(
    database: &impl Database,
) -> Verdict {
    let rows = vec!["(1)"; 24_000].join(",");
    taken(database, "CREATE TABLE narrow (a)").await?;
    taken(database, &format!("INSERT INTO narrow VALUES {rows}")).await?;
    taken(database, "DROP TABLE narrow").await
}

pub(super) async fn a_value_over_the_length_limit_is_too_big(database: &impl Database) -> Verdict {
    let sql = format!("SELECT zeroblob({OVER_ANY_LIMIT}) || ''");
    is_too_big(batch(database, &[&sql]).await)
}

pub(super) async fn a_result_that_grows_over_the_length_limit_is_too_big(
    database: &impl Database,
) -> Verdict {
    let sql = "WITH RECURSIVE page (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM page LIMIT 120) \
               SELECT group_concat(hex(zeroblob(50000)), '') FROM page";
    is_too_big(batch(database, &[sql]).await)
}

pub(super) async fn a_parameter_over_the_length_limit_is_too_big(
    database: &impl Database,
) -> Verdict {
    let statement = Statement::new("SELECT octet_length(?1)").bind("x".repeat(OVER_ANY_LIMIT));
    is_too_big(database.batch(&[statement]).await)
}

pub(super) async fn a_statement_has_at_most_100_000_bytes(database: &impl Database) -> Verdict {
    let of = |text: &str, count: usize| format!("SELECT length('{}')", text.repeat(count));
    answers(database, &of("x", 100_000 - 17), 100_000 - 17).await?;
    refused(database, &of("x", 100_000 - 16)).await?;
    refused(database, &of("é", 50_000)).await
}

pub(super) async fn an_expression_is_at_most_100_deep(database: &impl Database) -> Verdict {
    let chain = |operators: usize| format!("SELECT 'x'{}", " || 'x'".repeat(operators));
    answers(database, &chain(99), "x".repeat(100)).await?;
    refused(database, &chain(100)).await
}

pub(super) async fn a_result_has_at_most_100_columns(database: &impl Database) -> Verdict {
    let select = |columns: usize| format!("SELECT {}", vec!["1"; columns].join(", "));
    taken(database, &select(100)).await?;
    refused(database, &select(101)).await
}

pub(super) async fn a_table_has_at_most_100_columns(database: &impl Database) -> Verdict {
    let create = |count: usize| {
        let columns: Vec<_> = (1..=count).map(|number| format!("c{number}")).collect();
        format!("CREATE TABLE wide_{count} ({})", columns.join(", "))
    };
    taken(database, &create(100)).await?;
    refused(database, &create(101)).await
}

pub(super) async fn a_compound_select_has_at_most_5_terms(database: &impl Database) -> Verdict {
    let compound = |terms: usize| vec!["SELECT 1"; terms].join(" UNION ALL ");
    taken(database, &compound(5)).await?;
    refused(database, &compound(6)).await
}

pub(super) async fn an_insert_may_have_hundreds_of_rows(database: &impl Database) -> Verdict {
    taken(database, "CREATE TABLE many (a, b)").await?;
    let rows = vec!["(1, 'two')"; 900].join(", ");
    taken(database, &format!("INSERT INTO many VALUES {rows}")).await?;
    answers(database, "SELECT count(*) FROM many", 900).await
}

pub(super) async fn a_pattern_has_at_most_50_bytes(database: &impl Database) -> Verdict {
    let matches = |length: usize| {
        let text = "x".repeat(length);
        Statement::new("SELECT ?1 LIKE ?1").bind(text)
    };
    same(values(database, matches(50)).await?, vec![json!(1)])?;
    is_refused(database.batch(&[matches(51)]).await)
}
