//! A janitor with everything around it, and shorthand for what it finds and leaves.

use std::collections::BTreeSet;
use std::ops::Deref;

use janitor::ports::System;
use janitor::{DeadLetterError, EventError, Round};
use pollster::block_on;
use serde_json::json;
use shared::delivery::{Fate, Received};
use shared::dump::{hex, sha256};
use shared::message::{Event, ExportMessage};
use shared::native::{
    MemoryDrills, MemoryObjects, MemoryQueue, MemoryWebhooks, NativeDatabase, TestClock,
};
use shared::notice::channels::Settings;
use shared::ports::{Database, Row, Statement};
use shared::registry::Registry;
use shared::time::Timestamp;

pub(crate) const NOW: i64 = 1_733_626_800;
/// When jobs are planned, unless a test says otherwise: two hours ago.
pub(crate) const PLANNED: i64 = NOW - 7200;
/// A message goes to the dead letters after as many.
pub(crate) const DELIVERIES: u32 = 4;

pub(crate) type Ports = System<
    NativeDatabase,
    MemoryObjects,
    MemoryQueue<ExportMessage>,
    MemoryQueue<Event>,
    TestClock,
    MemoryWebhooks,
    MemoryDrills,
>;

pub(crate) struct Bench {
    pub(crate) ports: Ports,
    pub(crate) registry: Registry,
}

/// The ports stand for themselves.
impl Deref for Bench {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            ports: System {
                catalogue: NativeDatabase::catalogue(),
                bucket: MemoryObjects::default(),
                exports: MemoryQueue::default(),
                events: MemoryQueue::default(),
                clock: TestClock::at(Timestamp::from_seconds(NOW)),
                webhooks: MemoryWebhooks::default(),
                drills: MemoryDrills::default(),
                settings: Settings::default(),
            },
            registry: Registry::embedded().unwrap(),
        }
    }

    /// A janitor that tells a program, and a dead man's switch.
    pub(crate) fn telling() -> Self {
        let mut bench = Self::new();
        bench.ports.settings = Settings {
            webhook: Some("https://hooks.example/all".to_owned()),
            heartbeat: Some("https://hc.example/beat".to_owned()),
            ..Settings::default()
        };
        bench
    }

    /// Processes the events that the janitor sent itself, until there are none. Delays pass by themselves.
    pub(crate) fn run_events(&self) {
        for _ in 0..100 {
            let events = self.events.take();
            if events.is_empty() {
                return;
            }
            for event in events {
                let body = serde_json::to_string(&event).unwrap();
                assert_eq!(self.event(&body).unwrap(), Fate::Ack);
            }
        }
        assert_eq!(self.events.messages(), [], "the events have no end");
    }

    /// What the outbox has: the notices by their type and channel, in the order in which they were written.
    pub(crate) fn letters(&self) -> Vec<String> {
        let letters = "SELECT concat_ws(' ', channel, notice ->> '$.type', notice ->> '$.signal') AS line FROM outbox ORDER BY id";
        let rows = self.rows(letters.to_owned()).into_iter();
        rows.map(|row| row["line"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Writes to the catalogue as somebody else would.
    pub(crate) fn write(&self, sql: &str) {
        self.catalogue.connection().execute_batch(sql).unwrap();
    }

    /// What `SELECT columns FROM …` answers with, as one text in the order of rows and columns.
    pub(crate) fn read(&self, select: &str) -> String {
        let (columns, rest) = select.split_once(" FROM ").unwrap();
        let columns = columns.strip_prefix("SELECT ").unwrap().split(", ");
        let columns: Vec<_> = columns
            .map(|column| format!("ifnull({column}, 'null')"))
            .collect();
        let line = format!(
            "SELECT concat_ws(' ', {}) AS line FROM {rest}",
            columns.join(", ")
        );
        let rows = self.rows(line).into_iter();
        let lines: Vec<_> = rows
            .map(|row| row["line"].as_str().unwrap().to_owned())
            .collect();
        lines.join(" ")
    }

    /// All of a table.
    pub(crate) fn table(&self, name: &str) -> Vec<Row> {
        self.rows(format!("SELECT * FROM {name} ORDER BY id"))
    }

    fn rows(&self, sql: String) -> Vec<Row> {
        let mut outcomes = block_on(self.catalogue.batch(&[Statement::new(sql)])).unwrap();
        outcomes.remove(0).rows
    }

    /// A running job with these results, planned two hours ago. Ended results ended a minute after each other, successes
    /// with 100 bytes; running ones are claimed without a lease.
    pub(crate) fn job(&self, id: &str, results: &[(&str, &str)]) {
        let total = results.len();
        self.write(&format!(
            "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) \
             VALUES ('{id}', {PLANNED}, 'running', 'scheduled', {total})"
        ));
        for (minute, (database, status)) in (1..).zip(results) {
            let ended = PLANNED + 60 * minute;
            let attempts = i64::from(*status != "queued");
            self.write(&format!(
                "INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, attempts, \
                 completed_at, size_bytes) VALUES ('{id}', '{database}', 'id', '{status}', {PLANNED}, {attempts}, \
                 iif('{status}' IN ('queued', 'running'), NULL, {ended}), iif('{status}' = 'success', 100, NULL))"
            ));
        }
    }

    /// An exporter holds the result of that database until then.
    pub(crate) fn lease(&self, database: &str, expires_at: i64) {
        self.write(&format!(
            "UPDATE backup_results SET status = 'running', attempts = 1, lease_token = 'token', \
             lease_expires_at = {expires_at} WHERE database_name = '{database}'"
        ));
    }

    /// A backup with its objects, recorded at `created` and due at `expires`.
    pub(crate) fn backup(&self, database: &str, created: i64, expires: i64) {
        let stem = format!("{created}/{database}");
        self.write(&format!(
            "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at) \
             VALUES ('{stem}.sql', '{database}', '2024-12-08', 4, {created}, {expires})"
        ));
        let manifest = json!({
            "format": 1, "tool": "Cache", "database": database, "databaseId": "id", "jobId": "job", "key": format!("{stem}.sql"),
            "generated": "2024-12-08T03:00:00.000Z", "consistency": "snapshot", "sizeBytes": 4,
            "sha256": hex(&sha256(b"dump")), "schemaSha256": "", "totalRows": 0, "tables": [],
        });
        self.bucket.place(&format!("{stem}.sql"), b"dump");
        let manifest = manifest.to_string();
        self.bucket
            .place(&format!("{stem}.manifest.json"), manifest.as_bytes());
    }

    pub(crate) fn event(&self, body: &str) -> Result<Fate, EventError> {
        let received = received("event", body);
        let processed = block_on(janitor::process_event(
            &self.ports,
            &self.registry,
            received,
        ));
        processed.map(|processed| processed.fate)
    }

    /// The event that the exporter sends when the result of a database has ended.
    pub(crate) fn settled(&self, job: &str, database: &str) -> Fate {
        let event = Event::ResultSettled {
            job_id: job.to_owned(),
            database: database.to_owned(),
        };
        self.event(&serde_json::to_string(&event).unwrap()).unwrap()
    }

    pub(crate) fn dead_letter(&self, body: &str) -> Result<Fate, DeadLetterError> {
        let received = received("letter", body);
        block_on(janitor::process_dead_letter(
            &self.ports,
            DELIVERIES,
            received,
        ))
    }

    /// The message of a database that no retry saved.
    pub(crate) fn dead(&self, job: &str, database: &str) -> Result<Fate, DeadLetterError> {
        self.dead_letter(&export(job, database))
    }

    pub(crate) fn round(&self) -> Round {
        block_on(janitor::round(&self.ports, &self.registry))
    }

    /// Delivers the janitor's own messages, each twice, until there is none any more; what went wrong by then.
    pub(crate) fn deliver_events(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for _ in 0..1000 {
            let events = self.events.take();
            if events.is_empty() {
                return failures;
            }
            for event in events {
                let Event::Reconcile { after } = event else {
                    continue;
                };
                let compared = block_on(janitor::compare_slice(&self.ports, &self.registry, after));
                let compared = compared.unwrap();
                failures.extend(compared.failures.iter().map(ToString::to_string));
            }
        }
        assert!(
            self.events.messages().is_empty(),
            "there is no end to events"
        );
        failures
    }

    /// The databases for which a message was sent, each once.
    pub(crate) fn sent(&self) -> BTreeSet<String> {
        let messages = self.exports.messages().into_iter();
        messages.map(|message| message.database).collect()
    }

    /// All that the janitor leaves: rows, objects, and messages each once.
    pub(crate) fn state(&self) -> String {
        let tables = [
            "backup_jobs",
            "backup_results",
            "backup_inventory",
            "dead_letters",
            "alarms",
        ];
        let rows = tables.map(|table| self.table(table));
        // A drill of a backup that is gone comes to nothing.
        let drills = self.read("SELECT d.r2_key, d.status FROM drills d JOIN backup_inventory b ON b.r2_key = d.r2_key WHERE b.deleted_at IS NULL ORDER BY d.r2_key, d.id");
        let told = self.read("SELECT notice_id, channel, notice FROM outbox WHERE notice_id NOT LIKE 'start-%' ORDER BY notice_id, channel");
        format!(
            "{rows:#?}\n{drills}\n{told}\n{:#?}\n{:#?}",
            self.bucket.keys(),
            self.sent()
        )
    }
}

/// The body of the message that asks for a backup.
pub(crate) fn export(job: &str, database: &str) -> String {
    let message = ExportMessage {
        job_id: job.to_owned(),
        database: database.to_owned(),
    };
    serde_json::to_string(&message).unwrap()
}

fn received<'m>(id: &'m str, body: &'m str) -> Received<'m> {
    Received {
        id,
        body,
        attempts: Some(1),
    }
}
