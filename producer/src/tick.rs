//! One tick of the cron: a job of every database.

use serde::Serialize;
use shared::message::ExportMessage;
use shared::planning::{JobRequest, PlanningError, Trigger, start_job};
use shared::ports::{Clock, Database, DatabaseError, Pause, Queue};
use shared::registry::Registry;
use shared::time::Timestamp;
use uuid::Uuid;

/// Seconds before each new try. With the 30 seconds that D1 may take for each, less than the 15 minutes of a cron.
const PAUSES: [u32; 5] = [1, 5, 30, 120, 300];

/// What a tick came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// The job's UUID.
    pub job_id: String,
    /// The databases for which a message was sent: those that no exporter has begun with.
    pub sent: Vec<String>,
}

/// What becomes of a tick whose job could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It may work in a moment.
    Retry,
    /// No pause changes anything.
    Report,
}

/// Plans the job of the tick that was scheduled for `scheduled`: every database of the registry, by priority.
///
/// 1. The job's id comes from the scheduled time, so a tick that is delivered twice, or late, meets its own job.
/// 2. Starting it writes the rows, then sends the messages. A stop in between leaves queued rows without a message: the
///    next try, a second delivery, or the janitor's sweep sends it.
/// 3. Where the catalogue or the queue was unavailable, starting is tried again after growing pauses. A stop in a pause
///    is one of 2, or nothing has happened yet and the schedule comes again.
pub async fn tick<C, Q, K>(
    catalogue: &C,
    exports: &Q,
    clock: &K,
    registry: &Registry,
    scheduled: Timestamp,
) -> Result<Tick, PlanningError>
where
    C: Database,
    Q: Queue<ExportMessage>,
    K: Clock + Pause,
{
    let request = JobRequest {
        job_id: job_id(scheduled),
        trigger: Trigger::Scheduled,
        reason: None,
        databases: registry.by_priority(),
    };
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match start_job(catalogue, exports, clock.now(), &request).await {
            Ok(started) => {
                return Ok(Tick {
                    job_id: request.job_id,
                    sent: started.sent,
                });
            }
            Err(error) => error,
        };
        match (fate(&error), pauses.next()) {
            (Fate::Retry, Some(seconds)) => clock.pause(seconds).await,
            (Fate::Retry, None) | (Fate::Report, _) => return Err(error),
        }
    }
}

/// The same for every delivery of one tick.
fn job_id(scheduled: Timestamp) -> String {
    let name = format!("urn:cache:schedule:{}", scheduled.seconds());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

fn fate(error: &PlanningError) -> Fate {
    match error {
        PlanningError::Rows(DatabaseError::Unavailable { .. }) | PlanningError::Messages(_) => {
            Fate::Retry
        }
        PlanningError::Rows(
            DatabaseError::Refused { .. }
            | DatabaseError::TooBig { .. }
            | DatabaseError::Shape { .. },
        )
        | PlanningError::Encode(_) => Fate::Report,
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use shared::native::{Fault, MemoryQueue, NativeDatabase, TestClock};
    use shared::ports::Statement;

    use super::*;

    /// The tick of a Sunday at three, which comes a little late.
    const SCHEDULED: Timestamp = Timestamp::from_seconds(1_733_626_800);
    const DELIVERED: Timestamp = Timestamp::from_millis(1_733_626_800_750);

    struct Bench {
        catalogue: NativeDatabase,
        exports: MemoryQueue<ExportMessage>,
        clock: TestClock,
        registry: Registry,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                catalogue: NativeDatabase::catalogue(),
                exports: MemoryQueue::default(),
                clock: TestClock::at(DELIVERED),
                registry: Registry::embedded().unwrap(),
            }
        }

        fn tick(&self, scheduled: Timestamp) -> Result<Tick, PlanningError> {
            block_on(tick(
                &self.catalogue,
                &self.exports,
                &self.clock,
                &self.registry,
                scheduled,
            ))
        }

        fn count(&self, table: &str) -> usize {
            let count = Statement::new(format!("SELECT count(*) AS n FROM {table}"));
            let outcomes = block_on(self.catalogue.batch(&[count])).unwrap();
            let count = outcomes[0].rows[0]["n"].as_u64().unwrap();
            usize::try_from(count).unwrap()
        }

        fn expected(&self) -> Vec<&str> {
            let databases = self.registry.by_priority();
            databases
                .iter()
                .map(|database| database.name.as_str())
                .collect()
        }

        /// For which databases messages were sent, in order, each once.
        fn sent(&self) -> Vec<String> {
            let messages = self.exports.messages();
            let mut databases: Vec<_> = messages.into_iter().map(|sent| sent.database).collect();
            let mut seen = std::collections::HashSet::new();
            databases.retain(|database| seen.insert(database.clone()));
            databases
        }

        /// Seconds that were spent in pauses.
        fn paused(&self) -> i64 {
            self.clock.now().millis_since(DELIVERED) / 1000
        }
    }

    #[test]
    fn a_tick_is_one_job_of_all_databases_by_priority() {
        let bench = Bench::new();
        let tick = bench.tick(SCHEDULED).unwrap();
        assert_eq!(tick.sent, bench.expected());
        assert_eq!(bench.sent(), bench.expected());
        assert_eq!(
            bench.count("backup_jobs WHERE status = 'running' AND trigger_type = 'scheduled'"),
            1
        );
    }

    #[test]
    fn a_tick_that_is_delivered_twice_is_one_job() {
        let bench = Bench::new();
        let first = bench.tick(SCHEDULED).unwrap();
        bench.clock.advance(600);
        assert_eq!(bench.tick(SCHEDULED).unwrap().job_id, first.job_id);
        assert_eq!(bench.count("backup_jobs"), 1);
        assert_eq!(bench.count("backup_results"), bench.expected().len());
    }

    #[test]
    fn the_runtimes_milliseconds_make_no_other_job() {
        let within = Timestamp::from_millis(SCHEDULED.millis() + 999);
        assert_eq!(job_id(within), job_id(SCHEDULED));
    }

    #[test]
    fn the_next_tick_is_another_job() {
        let bench = Bench::new();
        bench.tick(SCHEDULED).unwrap();
        bench.tick(SCHEDULED.plus_seconds(7 * 24 * 3600)).unwrap();
        assert_eq!(bench.count("backup_jobs"), 2);
    }

    #[test]
    fn the_id_of_a_job_is_a_uuid_of_version_5() {
        let id = Uuid::parse_str(&job_id(SCHEDULED)).unwrap();
        assert_eq!(id.get_version_num(), 5);
    }

    #[test]
    fn whatever_fails_once_is_made_up_for_within_the_tick() {
        for fault in [Fault::Before, Fault::Despite] {
            for of_queue in [false, true] {
                let bench = Bench::new();
                let faults = if of_queue {
                    bench.exports.faults()
                } else {
                    bench.catalogue.faults()
                };
                faults.next(fault);
                bench.tick(SCHEDULED).unwrap();
                assert_eq!(bench.sent(), bench.expected());
                assert_eq!(bench.count("backup_results"), bench.expected().len());
                assert_eq!(bench.paused(), 1);
            }
        }
    }

    #[test]
    fn an_outage_is_reported_after_pauses_that_grow() {
        let bench = Bench::new();
        bench.catalogue.faults().always(Some(Fault::Before));
        let error = bench.tick(SCHEDULED).unwrap_err();
        assert!(matches!(error, PlanningError::Rows(_)));
        assert_eq!(bench.paused(), 1 + 5 + 30 + 120 + 300);
        assert!(PAUSES.is_sorted());
    }

    #[test]
    fn a_tick_after_one_that_stopped_half_way_completes_its_job() {
        let bench = Bench::new();
        bench.exports.faults().always(Some(Fault::Before));
        bench.tick(SCHEDULED).unwrap_err();
        bench.exports.faults().always(None);
        assert_eq!(bench.tick(SCHEDULED).unwrap().sent, bench.expected());
        assert_eq!(bench.count("backup_jobs"), 1);
    }

    #[test]
    fn a_catalogue_without_its_tables_is_reported_at_once() {
        let bench = Bench {
            catalogue: NativeDatabase::empty(),
            ..Bench::new()
        };
        let error = bench.tick(SCHEDULED).unwrap_err();
        assert!(matches!(
            error,
            PlanningError::Rows(DatabaseError::Refused { .. })
        ));
        assert_eq!(bench.paused(), 0);
    }
}
