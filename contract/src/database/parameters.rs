//! How a bound parameter arrives.

use serde_json::json;
use shared::ports::{Database, Param, Statement};

use super::{answers, is_refused, taken, values};
use crate::verdict::{Verdict, same, unexpected};

/// The largest integer that a JavaScript number carries together with its neighbours.
const LARGEST: i64 = (1 << 53) - 1;

pub(super) async fn parameters_are_null_real_or_text(database: &impl Database) -> Verdict {
    let statement = Statement::new("SELECT typeof(?1) a, typeof(?2) b, typeof(?3) c, ?2 d")
        .bind(Param::Null)
        .bind(7)
        .bind("text");
    let found = values(database, statement).await?;
    same(
        found,
        vec![json!("null"), json!("real"), json!("text"), json!(7)],
    )
}

pub(super) async fn an_integer_of_53_bits_is_stored_exactly_in_an_integer_column(
    database: &impl Database,
) -> Verdict {
    taken(database, "CREATE TABLE bits (a INTEGER)").await?;
    let insert = Statement::new("INSERT INTO bits VALUES (?1), (?2)")
        .bind(LARGEST)
        .bind(-LARGEST);
    database.batch(&[insert]).await.map_err(unexpected)?;
    let sql = "SELECT group_concat(typeof(a) || ' ' || a, ', ' ORDER BY a) FROM bits";
    answers(
        database,
        sql,
        "integer -9007199254740991, integer 9007199254740991",
    )
    .await
}

pub(super) async fn an_integer_of_more_bits_is_refused(database: &impl Database) -> Verdict {
    for number in [LARGEST + 1, -LARGEST - 1, i64::MAX, i64::MIN] {
        let statement = Statement::new("SELECT ?1").bind(number);
        is_refused(database.batch(&[statement]).await)?;
    }
    Ok(())
}

pub(super) async fn a_text_is_bound_with_every_character(database: &impl Database) -> Verdict {
    for text in [
        "",
        "it's",
        "a\"b\\c`d",
        "line\r\nline\ttab",
        "NUL \0 inside",
        "e\u{301} ß 漢 👩‍👩‍👧 \u{10ffff} \u{feff}",
    ] {
        let statement = Statement::new("SELECT ?1 a, octet_length(?1) b").bind(text);
        same(
            values(database, statement).await?,
            vec![json!(text), json!(text.len())],
        )?;
    }
    Ok(())
}

pub(super) async fn a_parameter_may_stand_in_several_places(database: &impl Database) -> Verdict {
    let statement = Statement::new("SELECT ?2 a, ?1 b, ?2 c")
        .bind("x")
        .bind("y");
    same(
        values(database, statement).await?,
        vec![json!("y"), json!("x"), json!("y")],
    )
}

pub(super) async fn a_wrong_number_of_parameters_is_refused(database: &impl Database) -> Verdict {
    let too_many = Statement::new("SELECT ?1").bind(1).bind(2);
    is_refused(database.batch(&[too_many]).await)?;
    let too_few = Statement::new("SELECT ?1, ?2").bind(1);
    is_refused(database.batch(&[too_few]).await)?;
    is_refused(database.batch(&[Statement::new("SELECT ?1")]).await)
}

pub(super) async fn a_hundred_parameters_are_taken_and_no_more(
    database: &impl Database,
) -> Verdict {
    let with = |count: i64| {
        let marks: Vec<_> = (1..=count).map(|number| format!("?{number}")).collect();
        let start = Statement::new(format!("SELECT 0 IN ({})", marks.join(", ")));
        (1..=count).fold(start, Statement::bind)
    };
    same(values(database, with(100)).await?, vec![json!(0)])?;
    is_refused(database.batch(&[with(101)]).await)
}
