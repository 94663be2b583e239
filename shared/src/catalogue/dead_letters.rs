//! Writing down the messages that no retry saved, and those that never made sense.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// A message that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetter<'message> {
    /// The queue's id of the message.
    pub message_id: &'message str,
    /// The queue that delivered it.
    pub queue: &'message str,
    /// Its body as received.
    pub body: &'message str,
    /// The job that the body names.
    pub job_id: Option<&'message str>,
    /// The database that the body names.
    pub database: Option<&'message str>,
    /// Why it is given up.
    pub error: &'message str,
    /// How often somebody tried.
    pub attempts: u32,
    /// The moment of this delivery.
    pub now: Timestamp,
}

/// Records a dead letter. A message that was recorded before keeps its row, which then says when it last came and how
/// often it was tried.
pub fn record(letter: &DeadLetter<'_>) -> Statement {
    Statement::new(
        "INSERT INTO dead_letters (message_id, queue, body, job_id, database_name, error_message, attempts, \
         first_seen_at, last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) \
         ON CONFLICT (message_id) DO UPDATE SET last_seen_at = max(last_seen_at, excluded.last_seen_at), \
         attempts = max(attempts, excluded.attempts)",
    )
    .bind(letter.message_id)
    .bind(letter.queue)
    .bind(letter.body)
    .bind(letter.job_id)
    .bind(letter.database)
    .bind(letter.error)
    .bind(i64::from(letter.attempts))
    .bind(letter.now.seconds())
}

/// A recorded dead letter. Moments are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// The queue that delivered it.
    pub queue: String,
    /// Its body as received.
    pub body: String,
    /// The job that the body names.
    pub job_id: Option<String>,
    /// The database that the body names.
    pub database_name: Option<String>,
    /// Why it was given up.
    pub error_message: String,
    /// How often somebody tried.
    pub attempts: u64,
    /// When it first came.
    pub first_seen_at: i64,
    /// When it last came.
    pub last_seen_at: i64,
    /// `redriven` or `discarded`; `None` while it is open.
    pub resolution: Option<String>,
    /// When that was.
    pub resolved_at: Option<i64>,
    /// Why.
    pub note: Option<String>,
}

/// The newest letters before the one of the number `before`, newest first: [`Letter`]s. Either all or those that are open.
pub fn newest(open: bool, before: Option<u32>, limit: u32) -> Statement {
    let sql = if open {
        "SELECT * FROM dead_letters WHERE id < coalesce(?1, 9007199254740991) AND resolved_at IS NULL ORDER BY id DESC LIMIT ?2"
    } else {
        "SELECT * FROM dead_letters WHERE id < coalesce(?1, 9007199254740991) ORDER BY id DESC LIMIT ?2"
    };
    Statement::new(sql)
        .bind(before.map(i64::from))
        .bind(i64::from(limit))
}

/// The letter of a number: no or one [`Letter`].
pub fn find(id: i64) -> Statement {
    Statement::new("SELECT * FROM dead_letters WHERE id = ?1").bind(id)
}

/// Resolves an open letter; `changes` is 1 for who did it. `resolution` is `redriven` or `discarded`.
pub fn resolve(id: i64, resolution: &'static str, note: Option<&str>, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE dead_letters SET resolution = ?2, resolved_at = ?3, note = ?4 WHERE id = ?1 AND resolved_at IS NULL",
    )
    .bind(id)
    .bind(resolution)
    .bind(now.seconds())
    .bind(note)
}

/// Gives the failed result that an open letter names another chance, lets its job run again, and resolves the letter; to be run as
/// one transaction, in which the last statement's `changes` is 1 for who did it. A result that waits or runs stays as it is; of one
/// that ended well, or that there is not, nothing changes.
pub fn redrive_export(id: i64, job_id: &str, database: &str, now: Timestamp) -> [Statement; 3] {
    let about = |sql: &'static str| {
        Statement::new(sql)
            .bind(id)
            .bind(job_id)
            .bind(database)
            .bind(now.seconds())
    };
    [
        about(
            "UPDATE backup_results SET status = 'queued', redriven_at = ?4, started_at = ?4, completed_at = NULL, \
             duration_ms = NULL, error_message = NULL, lease_token = NULL, lease_expires_at = NULL \
             WHERE job_id = ?2 AND database_name = ?3 AND status = 'failed' \
             AND EXISTS (SELECT 1 FROM dead_letters WHERE id = ?1 AND resolved_at IS NULL)",
        ),
        about(
            "UPDATE backup_jobs SET status = 'running', completed_at = NULL, duration_ms = NULL, error_message = NULL, \
             reported_at = NULL WHERE job_id = ?2 AND status = 'failed' AND EXISTS (SELECT 1 FROM backup_results \
             WHERE job_id = ?2 AND database_name = ?3 AND status = 'queued' AND redriven_at = ?4) \
             AND EXISTS (SELECT 1 FROM dead_letters WHERE id = ?1 AND resolved_at IS NULL)",
        ),
        about(
            "UPDATE dead_letters SET resolution = 'redriven', resolved_at = ?4 WHERE id = ?1 AND resolved_at IS NULL \
             AND EXISTS (SELECT 1 FROM backup_results WHERE job_id = ?2 AND database_name = ?3 \
             AND status IN ('queued', 'running'))",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use serde_json::{Value, json};

    use super::*;
    use crate::native::NativeDatabase;
    use crate::ports::Database;

    const FIRST: DeadLetter<'_> = DeadLetter {
        message_id: "m1",
        queue: "q",
        body: "{}",
        job_id: None,
        database: None,
        error: "no message",
        attempts: 1,
        now: Timestamp::from_seconds(100),
    };

    fn recorded(letters: &[DeadLetter<'_>], columns: &str) -> Vec<Value> {
        let catalogue = NativeDatabase::catalogue();
        for letter in letters {
            block_on(catalogue.batch(&[record(letter)])).unwrap();
        }
        let read = Statement::new(format!("SELECT {columns} FROM dead_letters ORDER BY id"));
        let outcome = block_on(catalogue.batch(&[read])).unwrap().remove(0);
        outcome.rows.into_iter().map(Value::Object).collect()
    }

    #[test]
    fn a_second_delivery_adds_no_row() {
        let again = DeadLetter {
            attempts: 2,
            now: Timestamp::from_seconds(160),
            ..FIRST
        };
        assert_eq!(
            recorded(
                &[FIRST, again],
                "message_id, attempts, first_seen_at, last_seen_at"
            ),
            [
                json!({ "message_id": "m1", "attempts": 2, "first_seen_at": 100, "last_seen_at": 160 })
            ]
        );
    }

    #[test]
    fn numbers_are_stored_as_integers() {
        assert_eq!(
            recorded(&[FIRST], "typeof(attempts) a, typeof(first_seen_at) f"),
            [json!({ "a": "integer", "f": "integer" })]
        );
    }

    #[test]
    fn the_largest_and_oddest_body_is_stored_as_it_came() {
        let body = format!(
            "'); DROP TABLE dead_letters; -- ?1 \0 \u{1F4A5} {}",
            "\u{FFFD}".repeat(131_072)
        );
        let odd = DeadLetter {
            body: &body,
            ..FIRST
        };
        let stored = recorded(&[odd], "hex(body) AS body");
        let hex: String = body.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(stored, [json!({ "body": hex })]);
    }
}
