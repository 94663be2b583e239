//! How a value comes out of a database, and what it loses on the way.

use serde_json::{Value, json};
use shared::ports::{Database, Statement};

use super::{answers, done, values};
use crate::verdict::{Verdict, same};

pub(super) async fn null_numbers_and_texts_come_out_as_they_are(
    database: &impl Database,
) -> Verdict {
    let sql = "SELECT NULL a, -7 b, 1.5 c, 'text' d, '' e";
    let outcomes = done(database, &[sql]).await?;
    let rows: Vec<_> = outcomes
        .into_iter()
        .flat_map(|outcome| outcome.rows)
        .collect();
    let expected = json!([{ "a": null, "b": -7, "c": 1.5, "d": "text", "e": "" }]);
    same(json!(rows), expected)
}

pub(super) async fn whole_numbers_are_exact_below_2_to_the_53rd(
    database: &impl Database,
) -> Verdict {
    answers(
        database,
        "SELECT 9007199254740991",
        9_007_199_254_740_991_i64,
    )
    .await?;
    answers(
        database,
        "SELECT -9007199254740991",
        -9_007_199_254_740_991_i64,
    )
    .await
}

pub(super) async fn larger_whole_numbers_are_rounded(database: &impl Database) -> Verdict {
    answers(
        database,
        "SELECT 9007199254740993",
        9_007_199_254_740_992_f64,
    )
    .await?;
    answers(
        database,
        "SELECT 9223372036854775807",
        9_223_372_036_854_775_808_f64,
    )
    .await
}

pub(super) async fn a_whole_real_looks_like_an_integer(database: &impl Database) -> Verdict {
    answers(database, "SELECT 1.0", 1).await?;
    answers(database, "SELECT -0.0", 0).await?;
    answers(database, "SELECT 1e20", 1e20).await
}

pub(super) async fn an_infinite_real_is_null(database: &impl Database) -> Verdict {
    answers(database, "SELECT 9e999", Value::Null).await?;
    answers(database, "SELECT -9e999", Value::Null).await
}

pub(super) async fn a_blob_is_a_list_of_its_bytes(database: &impl Database) -> Verdict {
    answers(database, "SELECT x'00ff'", vec![0, 255]).await?;
    answers(database, "SELECT x''", Vec::<Value>::new()).await
}

pub(super) async fn text_that_is_no_utf_8_gets_replacement_characters(
    database: &impl Database,
) -> Verdict {
    answers(database, "SELECT CAST(x'61ff62' AS TEXT)", "a\u{fffd}b").await
}

pub(super) async fn the_later_of_two_columns_of_one_name_wins(database: &impl Database) -> Verdict {
    let found = values(database, Statement::new("SELECT 1 a, 2 a")).await?;
    same(found, vec![json!(2)])
}

pub(super) async fn a_name_in_double_quotes_that_is_no_column_is_a_text(
    database: &impl Database,
) -> Verdict {
    answers(database, r#"SELECT "no column""#, "no column").await
}
