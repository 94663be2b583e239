//! Constraints, and foreign keys above all.

use shared::ports::Database;

use super::{answers, batch, done, is_refused, refused, taken};
use crate::verdict::{Verdict, holds};

pub(super) async fn a_violated_constraint_is_refused(database: &impl Database) -> Verdict {
    let table =
        "CREATE TABLE strictly (id INTEGER PRIMARY KEY, a UNIQUE, b NOT NULL CHECK (b > 0))";
    done(database, &[table, "INSERT INTO strictly VALUES (1, 1, 1)"]).await?;
    for row in [
        "1, 2, 1",
        "2, 1, 1",
        "2, 2, NULL",
        "2, 2, 0",
        "'no integer', 2, 1",
    ] {
        refused(database, &format!("INSERT INTO strictly VALUES ({row})")).await?;
    }
    Ok(())
}

/// A parent without rows, and a child.
async fn family(database: &impl Database, name: &str) -> Verdict {
    let parent = format!("CREATE TABLE {name}_parent (id INTEGER PRIMARY KEY)");
    let child = format!("CREATE TABLE {name}_child (parent REFERENCES {name}_parent)");
    done(database, &[&parent, &child]).await.map(drop)
}

pub(super) async fn foreign_keys_are_enforced(database: &impl Database) -> Verdict {
    family(database, "enforced").await?;
    refused(database, "INSERT INTO enforced_child VALUES (1)").await?;
    taken(database, "INSERT INTO enforced_child VALUES (NULL)").await
}

pub(super) async fn foreign_keys_cannot_be_switched_off(database: &impl Database) -> Verdict {
    family(database, "switched").await?;
    taken(database, "PRAGMA foreign_keys = OFF").await?;
    answers(database, "SELECT foreign_keys FROM pragma_foreign_keys", 1).await?;
    refused(database, "INSERT INTO switched_child VALUES (1)").await
}

pub(super) async fn deferred_foreign_keys_are_checked_at_the_end_of_the_batch(
    database: &impl Database,
) -> Verdict {
    family(database, "deferred").await?;
    let sql = [
        "PRAGMA defer_foreign_keys = TRUE",
        "INSERT INTO deferred_child VALUES (1)",
        "INSERT INTO deferred_parent VALUES (1)",
    ];
    done(database, &sql).await?;
    answers(database, "SELECT count(*) FROM deferred_child", 1).await
}

/// D1 calls it an internal error and not a violation, so that no caller can tell which it was.
pub(super) async fn a_batch_that_ends_with_a_violation_leaves_nothing(
    database: &impl Database,
) -> Verdict {
    family(database, "orphaned").await?;
    let sql = [
        "PRAGMA defer_foreign_keys = TRUE",
        "INSERT INTO orphaned_child VALUES (1)",
    ];
    holds(batch(database, &sql).await.is_err(), "the batch fails")?;
    answers(database, "SELECT count(*) FROM orphaned_child", 0).await
}

pub(super) async fn deferring_ends_with_the_batch(database: &impl Database) -> Verdict {
    family(database, "again").await?;
    taken(database, "PRAGMA defer_foreign_keys = TRUE").await?;
    let sql = [
        "INSERT INTO again_child VALUES (1)",
        "INSERT INTO again_parent VALUES (1)",
    ];
    is_refused(batch(database, &sql).await)
}
