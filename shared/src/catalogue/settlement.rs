//! Ending results that no exporter will end, and jobs whose results have all ended.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// `UPDATE` that ends running jobs whose results have all ended, for the jobs that the condition selects.
///
/// What it writes depends on the results alone, so it is the same whoever writes it and whenever. At most ten databases
/// are named. Moments are kept in whole seconds, so a short job is as long as its slowest export.
macro_rules! settle {
    ($condition:literal) => {
        concat!(
            "UPDATE backup_jobs SET successful_count = r.successful, failed_count = r.failed, ",
            "total_size_bytes = r.size_bytes, completed_at = coalesce(r.ended_at, started_at), ",
            "duration_ms = max(0, (coalesce(r.ended_at, started_at) - started_at) * 1000, coalesce(r.slowest_ms, 0)), ",
            "status = CASE WHEN r.failed = 0 THEN 'completed' ELSE 'failed' END, ",
            "error_message = CASE WHEN r.failed > 0 THEN ",
            "printf('%d of %d databases failed: %s%s', r.failed, r.total, ",
            "(SELECT group_concat(database_name, ', ' ORDER BY id) FROM (SELECT id, database_name FROM backup_results ",
            "WHERE job_id = r.job_id AND status NOT IN ('success', 'skipped') ORDER BY id LIMIT 10)), ",
            "CASE WHEN r.failed > 10 THEN ', …' ELSE '' END) END ",
            "FROM (SELECT job_id, count(*) AS total, sum(status = 'success') AS successful, ",
            "sum(status NOT IN ('success', 'skipped')) AS failed, ",
            "sum(CASE WHEN status = 'success' THEN coalesce(size_bytes, 0) ELSE 0 END) AS size_bytes, ",
            "max(completed_at) AS ended_at, max(duration_ms) AS slowest_ms FROM backup_results WHERE job_id ",
            $condition,
            " GROUP BY job_id HAVING sum(status IN ('queued', 'running')) = 0) r ",
            "WHERE backup_jobs.job_id = r.job_id AND backup_jobs.status = 'running'"
        )
    };
}

/// Ends the job if it is running and each of its results has ended; else changes nothing. `completed` when every result
/// is a success or skipped, else `failed`.
pub fn settle(job_id: &str) -> Statement {
    Statement::new(settle!("= ?1")).bind(job_id)
}

/// Lets a job that has ended be settled anew, because a result of it is another now; to be followed by [`settle()`] in the same
/// transaction.
pub fn reopen(job_id: &str) -> Statement {
    Statement::new(
        "UPDATE backup_jobs SET status = 'running', completed_at = NULL, duration_ms = NULL, error_message = NULL \
         WHERE job_id = ?1 AND status <> 'running'",
    )
    .bind(job_id)
}

/// Does [`settle()`] to every running job; `changes` is how many have ended.
pub fn settle_all() -> Statement {
    Statement::new(settle!(
        "IN (SELECT job_id FROM backup_jobs WHERE status = 'running')"
    ))
}

/// Ends as failed the running jobs that were planned at or before `planned_by` and have no results at all; `changes` is
/// how many.
pub fn give_up_empty(planned_by: Timestamp, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_jobs SET status = 'failed', completed_at = ?1, duration_ms = max(0, ?2 - started_at * 1000), \
         error_message = 'The job has no databases: it was not planned completely. Trigger a new backup.' \
         WHERE status = 'running' AND started_at <= ?3 \
         AND NOT EXISTS (SELECT 1 FROM backup_results r WHERE r.job_id = backup_jobs.job_id)",
    )
    .bind(now.seconds())
    .bind(now.millis())
    .bind(planned_by.seconds())
}

/// The status of a job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobStatus {
    /// `running`, `completed` or `failed`.
    pub status: String,
}

/// Finds out whether there is such a job: one [`JobStatus`] or none.
pub fn job_exists(job_id: &str) -> Statement {
    Statement::new("SELECT status FROM backup_jobs WHERE job_id = ?1").bind(job_id)
}

/// How far a job has come with one database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Progress {
    /// `queued`, `running`, `success`, `failed` or `skipped`.
    pub status: String,
    /// How often an exporter began.
    pub attempts: u32,
    /// Why it failed, or why the last attempt did.
    pub error_message: Option<String>,
    /// When the lease of who holds it ends, in Unix seconds.
    pub lease_expires_at: Option<i64>,
}

impl Progress {
    /// Whether no message changes it any more.
    pub fn has_ended(&self) -> bool {
        !matches!(self.status.as_str(), "queued" | "running")
    }

    /// For how many seconds from `now` an exporter holds it; `None` when nobody does.
    pub fn held_for(&self, now: Timestamp) -> Option<i64> {
        let seconds = self.lease_expires_at?.saturating_sub(now.seconds());
        (!self.has_ended() && seconds > 0).then_some(seconds)
    }
}

/// How far a job has come with a database: no or one [`Progress`].
pub fn progress(job_id: &str, database: &str) -> Statement {
    Statement::new(
        "SELECT status, attempts, error_message, lease_expires_at FROM backup_results \
         WHERE job_id = ?1 AND database_name = ?2",
    )
    .bind(job_id)
    .bind(database)
}

/// Ends a result as failed, unless it has ended or somebody holds it by a lease that lives. What an exporter wrote about
/// its last attempt stays; `reason` stands where there is nothing.
pub fn fail(job_id: &str, database: &str, reason: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_results SET status = 'failed', completed_at = ?3, \
         duration_ms = max(0, ?4 - started_at * 1000), error_message = coalesce(error_message, ?5), \
         lease_token = NULL, lease_expires_at = NULL \
         WHERE job_id = ?1 AND database_name = ?2 AND status IN ('queued', 'running') \
         AND (lease_expires_at IS NULL OR lease_expires_at <= ?3)",
    )
    .bind(job_id)
    .bind(database)
    .bind(now.seconds())
    .bind(now.millis())
    .bind(reason)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::catalogue::jobs;
    use crate::native::NativeDatabase;
    use crate::ports::Database;

    fn progress(status: &str, lease_expires_at: Option<i64>) -> Progress {
        Progress {
            status: status.to_owned(),
            attempts: 1,
            error_message: None,
            lease_expires_at,
        }
    }

    #[test]
    fn a_lease_is_alive_until_the_second_in_which_it_expires() {
        let held_for =
            |seconds| progress("running", Some(100)).held_for(Timestamp::from_seconds(seconds));
        assert_eq!(
            [held_for(99), held_for(100), held_for(101)],
            [Some(1), None, None]
        );
    }

    #[test]
    fn nobody_holds_what_has_ended_or_was_given_back() {
        let now = Timestamp::from_seconds(0);
        assert_eq!(progress("success", Some(100)).held_for(now), None);
        assert_eq!(progress("running", None).held_for(now), None);
    }

    #[test]
    fn what_an_exporter_wrote_about_its_last_attempt_stays() {
        let now = Timestamp::from_seconds(0);
        let wrote = Statement::new("UPDATE backup_results SET error_message = 'R2 is down'");
        let outcomes = block_on(NativeDatabase::catalogue().batch(&[
            jobs::insert("job", "manual", None, 1, now),
            jobs::insert_results("job", r#"[{"name":"a","id":"1"}]"#.to_owned(), now),
            wrote,
            fail("job", "a", "nobody knows", now),
            super::progress("job", "a"),
        ]));
        let after: Vec<Progress> = outcomes.unwrap().pop().unwrap().read().unwrap();
        assert_eq!(after[0].status, "failed");
        assert_eq!(after[0].error_message.as_deref(), Some("R2 is down"));
    }
}
