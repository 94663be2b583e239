//! A batch is one transaction, and says what each of its statements did.

use serde_json::json;
use shared::ports::{Database, Statement};

use super::{answers, batch, done, is_refused, refused};
use crate::verdict::{Verdict, same, unexpected};

pub(super) async fn an_empty_batch_does_nothing(database: &impl Database) -> Verdict {
    same(database.batch(&[]).await.map_err(unexpected)?, Vec::new())
}

pub(super) async fn an_empty_statement_is_refused(database: &impl Database) -> Verdict {
    refused(database, "").await?;
    refused(database, "-- nothing").await?;
    refused(database, ";").await
}

pub(super) async fn outcomes_come_one_per_statement_in_order(database: &impl Database) -> Verdict {
    let sql = [
        "SELECT 1 a UNION ALL SELECT 2",
        "SELECT 3 a WHERE 0",
        "SELECT 4 a",
    ];
    let outcomes = done(database, &sql).await?;
    let rows: Vec<_> = outcomes.into_iter().map(|outcome| outcome.rows).collect();
    same(
        json!(rows),
        json!([[{ "a": 1 }, { "a": 2 }], [], [{ "a": 4 }]]),
    )
}

pub(super) async fn a_batch_that_fails_leaves_nothing(database: &impl Database) -> Verdict {
    done(database, &["CREATE TABLE undone (a PRIMARY KEY)"]).await?;
    let sql = [
        "INSERT INTO undone VALUES (1)",
        "CREATE TABLE undone_too (a)",
        "INSERT INTO undone VALUES (1)",
    ];
    is_refused(batch(database, &sql).await)?;
    answers(database, "SELECT count(*) FROM undone", 0).await?;
    refused(database, "SELECT * FROM undone_too").await
}

pub(super) async fn a_statement_sees_what_the_earlier_ones_of_its_batch_did(
    database: &impl Database,
) -> Verdict {
    let sql = [
        "CREATE TABLE seen (a)",
        "INSERT INTO seen VALUES (1)",
        "SELECT a FROM seen",
        "UPDATE seen SET a = 2",
        "SELECT a FROM seen",
    ];
    let outcomes = done(database, &sql).await?;
    let rows: Vec<_> = outcomes
        .into_iter()
        .flat_map(|outcome| outcome.rows)
        .collect();
    same(json!(rows), json!([{ "a": 1 }, { "a": 2 }]))
}

pub(super) async fn changes_are_counted_for_each_statement(database: &impl Database) -> Verdict {
    let sql = [
        "CREATE TABLE counted (a)",
        "INSERT INTO counted VALUES (1), (2), (3)",
        "SELECT * FROM counted",
        "UPDATE counted SET a = 9 WHERE a = 8",
        "CREATE INDEX counted_a ON counted (a)",
        "DELETE FROM counted WHERE a < 3 RETURNING a",
    ];
    let outcomes = done(database, &sql).await?;
    let changes: Vec<_> = outcomes.iter().map(|outcome| outcome.changes).collect();
    same(changes, vec![0, 3, 0, 0, 0, 2])
}

pub(super) async fn a_compare_and_set_changes_one_row_when_it_wins_and_none_when_it_loses(
    database: &impl Database,
) -> Verdict {
    done(
        database,
        &[
            "CREATE TABLE lease (holder)",
            "INSERT INTO lease VALUES (NULL)",
        ],
    )
    .await?;
    let claim = Statement::new("UPDATE lease SET holder = ?1 WHERE holder IS NULL").bind("me");
    let claims = [claim.clone(), claim];
    let outcomes = database.batch(&claims).await.map_err(unexpected)?;
    let changes: Vec<_> = outcomes.iter().map(|outcome| outcome.changes).collect();
    same(changes, vec![1, 0])
}

pub(super) async fn what_triggers_and_cascades_change_counts_too(
    database: &impl Database,
) -> Verdict {
    let sql = [
        "CREATE TABLE owner (id INTEGER PRIMARY KEY)",
        "CREATE TABLE owned (of REFERENCES owner ON DELETE CASCADE)",
        "CREATE TRIGGER owns AFTER INSERT ON owner BEGIN INSERT INTO owned VALUES (new.id); END",
        "INSERT INTO owner VALUES (1)",
        "DELETE FROM owner",
    ];
    let outcomes = done(database, &sql).await?;
    let changes: Vec<_> = outcomes.iter().map(|outcome| outcome.changes).collect();
    same(changes, vec![0, 0, 0, 2, 2])
}
