//! The exporter over native adapters, with one job planned.

use exporter::ports::System;
use exporter::{ExportError, Exported, Settings, export};
use pollster::block_on;
use rusqlite::types::ValueRef;
use serde_json::Value;
use shared::delivery::{Fate, Received};
use shared::manifest::Manifest;
use shared::message::{Event, ExportMessage};
use shared::native::{
    Faults, MemoryObjects, MemoryQueue, NativeDatabase, NativeSources, SeededRandom, TestClock,
    TestIsolate,
};
use shared::planning::{JobRequest, Trigger, start_job};
use shared::ports::ObjectStore;
use shared::registry::Registry;
use shared::retry::Backoff;
use shared::time::Timestamp;

/// A Sunday, at 03:00.
pub(crate) const SUNDAY: i64 = 1_733_626_800;
pub(crate) const DUMP: &str = "2024-12-08/groveauth.sql";
pub(crate) const MANIFEST: &str = "2024-12-08/groveauth.manifest.json";

/// Large enough for any row of the tests.
const PART: usize = 150_000;

type Native = System<
    NativeSources,
    NativeDatabase,
    MemoryObjects,
    MemoryQueue<Event>,
    MemoryQueue<ExportMessage>,
    TestClock,
    SeededRandom,
    TestIsolate,
>;

pub(crate) struct Bench {
    pub(crate) system: Native,
    pub(crate) source: NativeDatabase,
    pub(crate) settings: Settings,
}

impl Bench {
    /// A job `job` of the database groveauth, which has one table of two rows.
    pub(crate) fn new() -> Self {
        let source = NativeDatabase::empty();
        source
            .connection()
            .execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Wren'), (2, NULL)")
            .unwrap();
        let sources = NativeSources::default();
        sources.bind("GROVEAUTH_DB", source.clone());
        let bench = Self {
            system: System {
                sources,
                catalogue: NativeDatabase::catalogue(),
                bucket: MemoryObjects::with_parts_of(PART),
                events: MemoryQueue::default(),
                exports: MemoryQueue::default(),
                clock: TestClock::at(Timestamp::from_seconds(SUNDAY)),
                random: SeededRandom::new(1),
                isolate: TestIsolate::default(),
            },
            source,
            settings: Settings {
                registry: Registry::embedded().unwrap(),
                backoff: Backoff {
                    base_seconds: 10,
                    cap_seconds: 3600,
                },
                snapshot_bytes: 1_000_000,
                part_bytes: PART,
                gzip: None,
                budget_ms: 30_000,
                deadline_seconds: None,
            },
        };
        bench.plan("job");
        bench
    }

    /// Plans a job of groveauth at the clock's time.
    pub(crate) fn plan(&self, job_id: &str) {
        let request = JobRequest {
            job_id: job_id.to_owned(),
            trigger: Trigger::Manual,
            reason: None,
            databases: vec![self.settings.registry.find("groveauth").unwrap()],
        };
        let queue = MemoryQueue::default();
        let now = shared::ports::Clock::now(&self.system.clock);
        block_on(start_job(&self.system.catalogue, &queue, now, &request)).unwrap();
    }

    /// Delivers the message of a job's backup of groveauth.
    pub(crate) fn deliver(&self, job_id: &str) -> Exported {
        self.deliver_again(job_id, 1)
    }

    /// The same for the `nth` time.
    pub(crate) fn deliver_again(&self, job_id: &str, nth: u32) -> Exported {
        let body = format!(r#"{{"job_id":"{job_id}","database":"groveauth"}}"#);
        self.receive(&body, nth)
    }

    pub(crate) fn deliver_body(&self, body: &str) -> Exported {
        self.receive(body, 1)
    }

    fn receive(&self, body: &str, nth: u32) -> Exported {
        let received = Received {
            id: "message",
            body,
            attempts: Some(nth),
        };
        block_on(export(&self.system, &self.settings, received))
    }

    /// What a query of the catalogue answers with, whatever is to fail: each row as a list.
    pub(crate) fn read(&self, sql: &str) -> Vec<Value> {
        let connection = self.system.catalogue.connection();
        let mut query = connection.prepare(sql).unwrap();
        let columns = query.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|n| match row.get_ref(n).unwrap() {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => value.into(),
                other => other.as_str().unwrap().into(),
            });
            Ok(values.collect())
        };
        query
            .query_map([], row)
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    /// A job's result: its status, attempts and error.
    pub(crate) fn result(&self, job_id: &str) -> (String, u64, Option<String>) {
        let rows = self.read("SELECT attempts AS a, error_message AS b, job_id AS c, status AS d FROM backup_results");
        let row = rows.iter().find(|row| row[2] == job_id).unwrap();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        (
            text(&row[3]).unwrap(),
            row[0].as_u64().unwrap(),
            text(&row[1]),
        )
    }

    pub(crate) fn dump(&self, key: &str) -> String {
        String::from_utf8(self.object(key)).unwrap()
    }

    /// The same with a source that these statements have added to, and that is exported in pages.
    pub(crate) fn in_pages(mut self, sql: &str) -> Self {
        self.settings.snapshot_bytes = 0;
        self.source.connection().execute_batch(sql).unwrap();
        self
    }

    /// Delivers every so many seconds until the result has ended, as the queue would; how many deliveries that took.
    pub(crate) fn settle(&self, seconds: i64) -> u32 {
        for delivery in 1..200 {
            self.deliver("job");
            self.system.clock.advance(seconds);
            if self.result("job").0 == "success" {
                return delivery;
            }
        }
        panic!("not settled: {:?}", self.result("job"));
    }

    /// What is stored at a key, as it is.
    pub(crate) fn object(&self, key: &str) -> Vec<u8> {
        block_on(self.system.bucket.get(key)).unwrap().unwrap()
    }

    pub(crate) fn manifest(&self, key: &str) -> Manifest {
        serde_json::from_slice(&self.object(key)).unwrap()
    }
}

/// Everything that can be told to fail.
pub(crate) fn adapters(bench: &Bench) -> [(&'static str, Faults); 5] {
    let system = &bench.system;
    [
        ("catalogue", system.catalogue.faults().clone()),
        ("source", bench.source.faults().clone()),
        ("bucket", system.bucket.faults().clone()),
        ("events", system.events.faults().clone()),
        ("exports", system.exports.faults().clone()),
    ]
}

/// Whether the message is done, and nothing went wrong.
#[track_caller]
pub(crate) fn assert_done(exported: &Exported) {
    assert!(exported.failures.is_empty(), "{:?}", exported.failures);
    assert_eq!(exported.fate, Fate::Ack);
}

/// Whether the message comes again, for this reason.
#[track_caller]
pub(crate) fn assert_retried(exported: &Exported, reason: &str) {
    assert!(matches!(exported.fate, Fate::Retry { .. }), "{exported:?}");
    assert!(said(&exported.failures).contains(reason), "{exported:?}");
}

pub(crate) fn said(failures: &[ExportError]) -> String {
    failures
        .iter()
        .map(|failure| format!("{failure} {failure:?}\n"))
        .collect()
}
