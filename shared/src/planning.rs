//! Planning a job: its rows, then its messages. The producer's cron and the api's trigger both come here.

use crate::catalogue::jobs::{self, Planned, Queued};
use crate::message::ExportMessage;
use crate::ports::{Database, DatabaseError, Queue, QueueError};
use crate::registry::DatabaseConfig;
use crate::time::Timestamp;

/// A job to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest<'registry> {
    /// Its UUID. The same id is the same job, however often it is asked for.
    pub job_id: String,
    /// What asks for it.
    pub trigger: Trigger,
    /// Why, for people.
    pub reason: Option<String>,
    /// What to back up, in this order; at least one.
    pub databases: Vec<&'registry DatabaseConfig>,
}

/// What starts jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The cron.
    Scheduled,
    /// A person or a program, by `POST /trigger`.
    Manual,
}

impl Trigger {
    /// The word of the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Manual => "manual",
        }
    }
}

/// What starting a job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Whether there was no job of that id before.
    pub created: bool,
    /// The databases for which a message was sent: those that no exporter has begun with.
    pub sent: Vec<String>,
}

/// A job could not be started, or not completely.
#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    /// The rows may or may not be there. Starting the job again is safe.
    #[error("the job's rows were not written")]
    Rows(#[source] DatabaseError),
    /// The rows are there, and some messages may be sent. Starting the job again is safe and sends the rest.
    #[error("the job's messages were not sent")]
    Messages(#[source] QueueError),
    /// The names and ids of the databases are no JSON; they always are.
    #[error("the job's databases could not be written as JSON")]
    Encode(#[source] serde_json::Error),
}

/// Writes the job's rows and sends a message for each of its databases.
///
/// 1. The rows are one transaction. Done twice, the second changes nothing: a job keeps its first databases. When its
///    answer is lost, the caller starts the job again.
/// 2. A message goes to every database that is still queued. A stop before or in the middle leaves queued rows without
///    a message: a second start sends them, and so does the janitor's sweep. A message that is sent twice finds its
///    result claimed.
pub async fn start_job<C: Database, Q: Queue<ExportMessage>>(
    catalogue: &C,
    queue: &Q,
    now: Timestamp,
    request: &JobRequest<'_>,
) -> Result<Started, PlanningError> {
    let planned: Vec<Planned<'_>> = request
        .databases
        .iter()
        .map(|database| Planned {
            name: &database.name,
            id: &database.id,
        })
        .collect();
    let total = u32::try_from(planned.len()).unwrap_or(u32::MAX);
    let planned = serde_json::to_string(&planned).map_err(PlanningError::Encode)?;
    let job_id = &request.job_id;
    let statements = [
        jobs::insert(
            job_id,
            request.trigger.as_str(),
            request.reason.as_deref(),
            total,
            now,
        ),
        jobs::insert_results(job_id, planned, now),
        jobs::queued(job_id),
    ];
    let [job, _, queued] = catalogue
        .run(statements)
        .await
        .map_err(PlanningError::Rows)?;
    let created = job.changes == 1;
    let queued: Vec<Queued> = queued.read().map_err(PlanningError::Rows)?;
    let sent: Vec<String> = queued.into_iter().map(|row| row.database_name).collect();
    let messages: Vec<ExportMessage> = sent
        .iter()
        .map(|database| ExportMessage {
            job_id: job_id.clone(),
            database: database.clone(),
        })
        .collect();
    queue
        .send(&messages)
        .await
        .map_err(PlanningError::Messages)?;
    Ok(Started { created, sent })
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::native::{Fault, MemoryQueue, NativeDatabase};
    use crate::ports::Statement;
    use crate::registry::Registry;

    struct Bench {
        catalogue: NativeDatabase,
        queue: MemoryQueue<ExportMessage>,
        registry: Registry,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                catalogue: NativeDatabase::catalogue(),
                queue: MemoryQueue::default(),
                registry: Registry::embedded().unwrap(),
            }
        }

        fn start(&self, job_id: &str, names: &[&str]) -> Result<Started, PlanningError> {
            let request = JobRequest {
                job_id: job_id.to_owned(),
                trigger: Trigger::Manual,
                reason: None,
                databases: names
                    .iter()
                    .map(|name| self.registry.find(name).unwrap())
                    .collect(),
            };
            let now = Timestamp::from_seconds(1_733_626_800);
            block_on(start_job(&self.catalogue, &self.queue, now, &request))
        }

        /// What a query answers with, as one text.
        fn read(&self, sql: &'static str) -> String {
            let outcomes = block_on(self.catalogue.batch(&[Statement::new(sql)])).unwrap();
            let rows = outcomes[0].rows.iter().flat_map(serde_json::Map::values);
            rows.map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }

        fn sent(&self) -> Vec<String> {
            let messages = self.queue.messages();
            messages
                .into_iter()
                .map(|message| message.database)
                .collect()
        }
    }

    #[test]
    fn a_job_has_its_rows_and_one_message_for_each_database() {
        let bench = Bench::new();
        let started = bench.start("job", &["scout-db", "groveauth"]).unwrap();
        assert!(started.created);
        assert_eq!(started.sent, ["scout-db", "groveauth"]);
        assert_eq!(bench.sent(), ["scout-db", "groveauth"]);
        assert_eq!(
            bench.read(
                "SELECT job_id, started_at, status, total_databases, trigger_type FROM backup_jobs"
            ),
            r#""job" 1733626800 "running" 2 "manual""#
        );
        assert_eq!(
            bench.read(
                "SELECT database_name, status, typeof(started_at) FROM backup_results ORDER BY id"
            ),
            r#""scout-db" "queued" "integer" "groveauth" "queued" "integer""#
        );
    }

    #[test]
    fn a_job_that_is_started_twice_is_one_job() {
        let bench = Bench::new();
        bench.start("job", &["groveauth"]).unwrap();
        assert!(!bench.start("job", &["groveauth"]).unwrap().created);
        assert_eq!(bench.read("SELECT count(*) FROM backup_results"), "1");
    }

    #[test]
    fn a_job_keeps_the_databases_it_was_planned_with() {
        let bench = Bench::new();
        bench.start("job", &["groveauth"]).unwrap();
        bench.start("job", &["scout-db"]).unwrap();
        assert_eq!(
            bench.read("SELECT database_name FROM backup_results"),
            r#""groveauth""#
        );
    }

    #[test]
    fn a_second_start_sends_nothing_for_a_database_that_an_exporter_has_begun_with() {
        let bench = Bench::new();
        bench.start("job", &["groveauth", "scout-db"]).unwrap();
        bench
            .read("UPDATE backup_results SET status = 'running' WHERE database_name = 'groveauth'");
        assert_eq!(
            bench.start("job", &["groveauth", "scout-db"]).unwrap().sent,
            ["scout-db"]
        );
    }

    #[test]
    fn whatever_fails_a_second_start_completes_the_job() {
        for fault in [Fault::Before, Fault::Despite] {
            for of_queue in [false, true] {
                let bench = Bench::new();
                let faults = if of_queue {
                    bench.queue.faults()
                } else {
                    bench.catalogue.faults()
                };
                faults.next(fault);
                bench.start("job", &["groveauth", "scout-db"]).unwrap_err();
                bench.start("job", &["groveauth", "scout-db"]).unwrap();
                let sent = bench.sent();
                assert_eq!(sent[sent.len() - 2..], ["groveauth", "scout-db"]);
                assert_eq!(bench.read("SELECT count(*) FROM backup_jobs"), "1");
                assert_eq!(bench.read("SELECT count(*) FROM backup_results"), "2");
            }
        }
    }
}
