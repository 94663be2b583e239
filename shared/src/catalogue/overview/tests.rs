use pollster::block_on;
use rusqlite::StatementStatus;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;
use crate::catalogue::views::JobView;
use crate::native::NativeDatabase;
use crate::ports::{Database, Param};

const NOW: i64 = 1_733_626_800;
const DAY: i64 = 24 * 3600;

struct Bench(NativeDatabase);

impl Bench {
    fn new() -> Self {
        Self(NativeDatabase::catalogue())
    }

    /// 100 databases, a backup and a drill of each on each of so many days before now.
    fn history(days: i64) -> Self {
        let bench = Self::new();
        bench.write(&format!(
            "CREATE TEMP TABLE days AS WITH RECURSIVE d(d) AS (SELECT 1 UNION ALL SELECT d + 1 FROM d WHERE d < {days}) \
             SELECT d, {NOW} - d * {DAY} AS at FROM d; \
             CREATE TEMP TABLE names AS WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99) \
             SELECT 'db-' || n AS name FROM n; \
             INSERT INTO backup_jobs (job_id, started_at, completed_at, status, trigger_type, total_databases) \
             SELECT 'job-' || d, at, at + 60, 'completed', 'scheduled', 100 FROM days ORDER BY d DESC; \
             INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, size_bytes, row_count) \
             SELECT 'job-' || d, name, '', 'success', at, 1000 + d, d FROM days, names ORDER BY d DESC; \
             INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, verified_at) \
             SELECT d || '/' || name, name, '', 1000, at + 5, at + 5, at + 9 FROM days, names ORDER BY d DESC; \
             INSERT INTO drills (r2_key, database_name, status, requested_at) \
             SELECT d || '/' || name, name, 'passed', at + 5 FROM days, names ORDER BY d DESC; \
             DROP TABLE days; DROP TABLE names",
        ));
        bench
    }

    fn write(&self, sql: &str) {
        self.0.connection().execute_batch(sql).unwrap();
    }

    fn read<T: DeserializeOwned>(&self, statement: Statement) -> Vec<T> {
        let outcomes = block_on(self.0.batch(&[statement])).unwrap();
        outcomes.into_iter().next().unwrap().read().unwrap()
    }

    /// A job of one database.
    fn job(&self, id: &str, started: i64, status: &str, database: &str) {
        self.write(&format!(
            "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) \
             VALUES ('{id}', {started}, '{status}', 'manual', 1); \
             INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, size_bytes, row_count) \
             VALUES ('{id}', '{database}', '', '{}', {started}, 500, 3)",
            if status == "completed" { "success" } else { status },
        ));
    }

    fn backup(&self, id: i64, database: &str, created: i64) {
        self.write(&format!(
            "INSERT INTO backup_inventory (id, r2_key, database_name, backup_date, size_bytes, created_at, expires_at) \
             VALUES ({id}, 'key-{id}', '{database}', '2024-12-08', 500, {created}, 0)"
        ));
    }

    fn mark(&self, id: i64, what: &str) {
        self.write(&format!(
            "UPDATE backup_inventory SET {what} WHERE id = {id}"
        ));
    }

    /// The ids of a page of jobs, and from behind which the next goes on when this one is not full.
    fn page(
        &self,
        filter: &JobFilter,
        before: Option<&str>,
        limit: u32,
    ) -> (Vec<String>, Option<String>) {
        let jobs: Vec<JobView> = self.read(jobs(filter, before, limit));
        let last: Vec<JobId> = self.read(last_looked_at(filter, before, limit));
        (
            jobs.into_iter().map(|job| job.job_id).collect(),
            last.into_iter().next().map(|last| last.job_id),
        )
    }

    /// The newest good and the newest verified backup.
    fn landmarks(&self, database: &str) -> (Option<i64>, Option<i64>) {
        let found: Vec<Landmark> = self.read(landmarks(&json!([database]).to_string()));
        let one = |which: fn(&Landmark) -> bool| {
            let found: Vec<i64> = found
                .iter()
                .filter(|landmark| which(landmark))
                .map(|landmark| landmark.backup.id)
                .collect();
            assert!(found.len() < 2);
            found.first().copied()
        };
        (one(|it| it.is_good != 0), one(|it| it.is_verified != 0))
    }

    fn days(&self, database: &str) -> Vec<Day> {
        let names = json!([database]).to_string();
        let since = history_begins(Timestamp::from_seconds(NOW));
        let rows: Vec<History> = self.read(history(&names, since));
        rows.first().unwrap().days().unwrap()
    }

    /// The steps of SQLite's machine that the statement takes. Each row that is read costs several.
    fn steps(&self, statement: &Statement) -> i64 {
        let mut prepared = self.0.connection().prepare(&statement.sql).unwrap();
        let params = statement.params.iter().map(|param| match param {
            Param::Integer(number) => rusqlite::types::Value::from(*number),
            Param::Text(text) => rusqlite::types::Value::from(text.clone()),
            Param::Null => rusqlite::types::Value::Null,
        });
        let mut rows = prepared.query(rusqlite::params_from_iter(params)).unwrap();
        while rows.next().unwrap().is_some() {}
        drop(rows);
        prepared.get_status(StatementStatus::VmStep).into()
    }
}

fn by_status(status: &str) -> JobFilter {
    JobFilter {
        status: Some(status.to_owned()),
        ..JobFilter::default()
    }
}

#[test]
fn pages_of_jobs_follow_each_other_also_among_jobs_of_one_second() {
    let bench = Bench::new();
    for (id, started) in [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3)] {
        bench.job(id, started, "completed", "db");
    }
    let every = JobFilter::default();
    assert_eq!(bench.page(&every, None, 2).0, ["e", "d"]);
    assert_eq!(bench.page(&every, Some("d"), 2).0, ["c", "b"]);
    assert_eq!(bench.page(&every, Some("b"), 2).0, ["a"]);
    assert_eq!(bench.page(&every, Some("a"), 2), (vec![], None));
}

#[test]
fn jobs_are_filtered_by_each_of_their_properties() {
    let bench = Bench::new();
    bench.job("a", 1, "completed", "one");
    bench.job("b", 2, "failed", "two");
    bench.write("UPDATE backup_jobs SET trigger_type = 'scheduled' WHERE job_id = 'b'");
    let by_trigger = JobFilter {
        trigger: Some("manual".to_owned()),
        ..JobFilter::default()
    };
    let by_database = JobFilter {
        database: Some("one".to_owned()),
        ..JobFilter::default()
    };
    for filter in [by_status("completed"), by_trigger, by_database] {
        assert_eq!(bench.page(&filter, None, 10).0, ["a"], "{filter:?}");
    }
    assert_eq!(bench.page(&by_status("running"), None, 10).0, [""; 0]);
}

#[test]
fn a_page_says_from_where_the_search_goes_on() {
    let bench = Bench::history(600);
    bench.job("first", 1, "failed", "db-0");
    let (found, last) = bench.page(&by_status("failed"), None, 10);
    assert_eq!((found.len(), last.as_deref()), (0, Some("job-500")));
    let (found, last) = bench.page(&by_status("failed"), last.as_deref(), 10);
    assert_eq!((found, last), (vec!["first".to_owned()], None));
}

#[test]
fn a_running_job_is_counted_from_its_results() {
    let bench = Bench::new();
    bench.job("a", 1, "running", "one");
    bench.write("UPDATE backup_results SET status = 'success'");
    bench.write(
        "INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, size_bytes) VALUES \
         ('a', 'two', '', 'success', 1, 250), ('a', 'three', '', 'failed', 1, NULL), ('a', 'four', '', 'queued', 1, NULL)",
    );
    let jobs: Vec<JobView> = bench.read(jobs(&JobFilter::default(), None, 10));
    let counts: Vec<_> = jobs
        .iter()
        .map(|job| (job.successful, job.failed, job.size_bytes))
        .collect();
    assert_eq!(counts, [(2, 1, 750)]);
}

#[test]
fn a_job_without_results_is_listed() {
    let bench = Bench::new();
    bench.job("a", 1, "running", "db");
    bench.write("DELETE FROM backup_results");
    let jobs: Vec<JobView> = bench.read(jobs(&JobFilter::default(), None, 10));
    assert_eq!(
        (jobs[0].successful, jobs[0].failed, jobs[0].size_bytes),
        (0, 0, 0)
    );
}

#[test]
fn what_is_known_is_known() {
    let bench = Bench::new();
    bench.job("a", 1, "completed", "db");
    let is_known = |statement| bench.read::<Known>(statement)[0].is_known;
    assert_eq!(
        [Some("a"), Some("b"), None].map(|id| is_known(is_job(id))),
        [1, 0, 0]
    );
    let was = [Some("db"), Some("d"), None].map(|name| is_known(was_backed_up(name)));
    assert_eq!(was, [1, 0, 0]);
}

#[test]
fn each_database_with_a_stored_backup_is_found_once() {
    let bench = Bench::new();
    for (id, name) in [(1, "b"), (2, "a"), (3, "b"), (4, "c"), (5, "d")] {
        bench.backup(id, name, id);
    }
    bench.mark(4, "deleted_at = 1");
    let names = |limit| -> Vec<String> {
        let names: Vec<Name> = bench.read(stored_databases(limit));
        names.into_iter().map(|name| name.database_name).collect()
    };
    assert_eq!(names(10), ["a", "b", "d"]);
    assert_eq!(names(2), ["a", "b"]);
    assert_eq!(Bench::new().read::<Name>(stored_databases(10)), []);
}

#[test]
fn a_good_backup_is_whole_undamaged_and_has_failed_no_drill() {
    let bench = Bench::new();
    for id in 1..=6 {
        bench.backup(id, "db", id);
    }
    assert_eq!(bench.landmarks("db"), (Some(6), None));
    bench.mark(2, "verified_at = 1");
    for (id, what) in [
        (6, "deleted_at = 1"),
        (5, "deleted_because = 'due'"),
        (4, "lost_at = 1"),
        (3, "drill_failed_at = 1, verified_at = 1"),
    ] {
        bench.mark(id, what);
    }
    assert_eq!(bench.landmarks("db"), (Some(2), Some(2)));
    bench.mark(2, "damage = 'its size is another'");
    assert_eq!(bench.landmarks("db"), (Some(1), None));
    assert_eq!(bench.landmarks("other"), (None, None));
}

#[test]
fn the_newest_verified_backup_may_be_older_than_the_newest_good_one() {
    let bench = Bench::new();
    bench.backup(1, "db", 1);
    bench.backup(2, "db", 2);
    bench.mark(1, "verified_at = 3");
    assert_eq!(bench.landmarks("db"), (Some(2), Some(1)));
}

#[test]
fn what_is_stored_is_added_up_for_each_database_in_the_order_of_the_question() {
    let bench = Bench::new();
    for (id, name) in [(1, "one"), (2, "two"), (3, "two"), (4, "two")] {
        bench.backup(id, name, 10 * id);
    }
    bench.mark(4, "deleted_at = 1");
    let stored: Vec<Stored> = bench.read(stored(r#"["two", "none", "one"]"#));
    let found: Vec<_> = stored
        .iter()
        .map(|it| {
            let name = it.database_name.as_str();
            (name, it.backups, it.size_bytes, it.oldest_at, it.newest_at)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("two", 2, 1000, Some(20), Some(30)),
            ("none", 0, 0, None, None),
            ("one", 1, 500, Some(10), Some(10))
        ]
    );
}

#[test]
fn a_day_tells_what_became_of_its_exports_and_how_large_the_newest_was() {
    let bench = Bench::new();
    let noon = NOW - NOW.rem_euclid(DAY) + DAY / 2;
    bench.job("a", noon - DAY, "completed", "db");
    bench.job("b", noon, "completed", "db");
    bench.write("UPDATE backup_results SET size_bytes = 700, row_count = NULL WHERE job_id = 'b'");
    for (id, status) in [
        ("c", "failed"),
        ("d", "running"),
        ("e", "queued"),
        ("f", "skipped"),
    ] {
        bench.job(id, noon + 60, status, "db");
    }
    let day = |date: &str, size, rows| Day {
        date: date.to_owned(),
        successful: 1,
        failed: 0,
        skipped: 0,
        unfinished: 0,
        size_bytes: Some(size),
        row_count: rows,
    };
    let today = Day {
        failed: 1,
        skipped: 1,
        unfinished: 2,
        ..day("2024-12-08", 700, None)
    };
    assert_eq!(bench.days("db"), [day("2024-12-07", 500, Some(3)), today]);
}

#[test]
fn a_day_of_failures_has_no_size() {
    let bench = Bench::new();
    bench.job("a", NOW, "failed", "db");
    let days = bench.days("db");
    assert_eq!(
        (days[0].failed, days[0].size_bytes, days[0].row_count),
        (1, None, None)
    );
}

#[test]
fn a_history_begins_twelve_weeks_before_the_end_of_today() {
    let bench = Bench::new();
    let midnight = NOW - NOW.rem_euclid(DAY);
    bench.job("in", midnight - 83 * DAY, "completed", "db");
    bench.job("out", midnight - 83 * DAY - 1, "completed", "db");
    assert_eq!(bench.days("db").len(), 1);
    assert_eq!(bench.days("other"), []);
}

#[test]
fn a_backup_has_all_of_its_row() {
    let bench = Bench::new();
    bench.backup(7, "db", 10);
    bench.mark(
        7,
        "deleted_at = 1, deleted_because = 'due', pin_note = 'why', damage = 'd', shrunk = 's'",
    );
    let found: Vec<BackupDetails> = bench.read(backup(7));
    assert_eq!(found[0].backup.r2_key, "key-7");
    assert_eq!(found[0].deleted_because.as_deref(), Some("due"));
    assert_eq!(bench.read::<BackupDetails>(backup(8)), []);
}

#[test]
fn the_drills_of_a_backup_come_newest_first_and_none_of_an_earlier_one_of_its_key() {
    let bench = Bench::new();
    bench.backup(7, "db", 10);
    bench.write(
        "INSERT INTO drills (id, r2_key, database_name, status, requested_at) VALUES \
         (1, 'key-7', 'db', 'failed', 9), (2, 'key-7', 'db', 'passed', 10), (3, 'key-8', 'db', 'passed', 11), (4, 'key-7', 'db', 'failed', 12)",
    );
    let ids = |now| -> Vec<i64> {
        let drills: Vec<DrillView> = bench.read(drills_of(7, Timestamp::from_seconds(now)));
        drills.into_iter().map(|drill| drill.id).collect()
    };
    assert_eq!(ids(20), [4, 2]);
    assert_eq!(ids(5), [4, 2, 1]);
}

/// Everything that one request asks, at its largest.
fn all_statements() -> Vec<(&'static str, Statement)> {
    let names: Vec<String> = (0..100).map(|n| format!("db-{n}")).collect();
    let names = json!(names).to_string();
    let now = Timestamp::from_seconds(NOW);
    let rare = JobFilter {
        database: Some("none".to_owned()),
        ..by_status("failed")
    };
    vec![
        ("jobs", jobs(&JobFilter::default(), Some("job-300"), 100)),
        ("rare jobs", jobs(&rare, None, 100)),
        ("last", last_looked_at(&rare, None, 100)),
        ("is job", is_job(Some("job-300"))),
        ("was backed up", was_backed_up(Some("none"))),
        ("landmarks", landmarks(&names)),
        ("history", history(&names, history_begins(now))),
        ("backup", backup(30_000)),
        ("drills", drills_of(30_000, now)),
        ("names", stored_databases(1_000)),
        ("stored", stored(&names)),
    ]
}

#[test]
fn three_years_cost_as_much_as_one() {
    let (one, three) = (Bench::history(1_010), Bench::history(3_030));
    for (name, statement) in all_statements() {
        let (before, after) = (one.steps(&statement), three.steps(&statement));
        assert!(
            after <= before + before / 20 + 100,
            "{name}: {before}, then {after}"
        );
    }
}

#[test]
fn no_database_is_read_farther_back_than_a_hundred_backups() {
    let steps = |days| {
        let bench = Bench::history(days);
        bench.write("UPDATE backup_inventory SET verified_at = NULL");
        bench.steps(&landmarks(r#"["db-1"]"#))
    };
    assert_eq!(steps(300), steps(150));
}
