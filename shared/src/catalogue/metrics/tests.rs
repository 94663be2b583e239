use pollster::block_on;
use rusqlite::StatementStatus;

use super::*;
use crate::native::NativeDatabase;
use crate::ports::{Database, Param};

const NOW: i64 = 1_733_626_800;
const DAY: i64 = 24 * 3600;
const YEARS: i64 = 3 * 365;
/// What makes the names of the databases of a history: `db-0` and so on.
const NAMES: &str = "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99)";

struct Bench(NativeDatabase);

impl Bench {
    fn new(sql: &str) -> Self {
        let bench = Self(NativeDatabase::catalogue());
        bench.write(sql);
        bench
    }

    fn write(&self, sql: &str) {
        self.0.connection().execute_batch(sql).unwrap();
    }

    /// 100 databases with a job, a backup and a drill on each of so many days before now. Of those with an odd number
    /// all failed, and no drill passed.
    fn history(days: i64) -> Self {
        let bench = Self::new(&format!(
            "CREATE TEMP TABLE days AS WITH RECURSIVE d(d) AS (SELECT 1 UNION ALL SELECT d + 1 FROM d WHERE d < {days}) \
             SELECT d, {NOW} - d * {DAY} AS at FROM d; \
             INSERT INTO backup_jobs (job_id, started_at, completed_at, status, trigger_type, total_databases, duration_ms) \
             SELECT 'job-' || d, at, at + 60, 'failed', 'scheduled', 100, 60000 FROM days ORDER BY d DESC; \
             INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, completed_at, duration_ms) \
             {NAMES} SELECT 'job-' || d, 'db-' || n, '', iif(n % 2, 'failed', 'success'), at, at + 5, 5000 \
             FROM days, n ORDER BY d DESC; \
             INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, job_id, row_count) \
             {NAMES} SELECT d || '/' || n, 'db-' || n, '', 1000, at + 5, at + 5, 'job-' || d, 7 \
             FROM days, n WHERE n % 2 = 0 ORDER BY d DESC; \
             INSERT INTO drills (r2_key, database_name, status, requested_at, completed_at) \
             {NAMES} SELECT d || '/' || n, 'db-' || n, iif(n % 2, 'unproved', 'passed'), at, at + 9 FROM days, n ORDER BY d DESC; \
             INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at, resolved_at) \
             SELECT d, '', '', '', 1, at, at, at FROM days; \
             INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at) \
             SELECT 'overdue', 'db-1', '', at, at, at FROM days",
        ));
        bench.write("DROP TABLE days");
        bench
    }

    fn read<T: serde::de::DeserializeOwned>(&self, statement: Statement) -> Vec<T> {
        let outcomes = block_on(self.0.batch(&[statement])).unwrap();
        outcomes.into_iter().next().unwrap().read().unwrap()
    }

    /// What is known of a database.
    fn database(&self, name: &str) -> DatabaseRow {
        let names = serde_json::json!([name]).to_string();
        let rows = self.read(of(&names));
        <[DatabaseRow; 1]>::try_from(rows)
            .unwrap()
            .into_iter()
            .next()
            .unwrap()
    }

    fn totals(&self) -> TotalsRow {
        self.read(totals()).into_iter().next().unwrap()
    }

    /// SQLite's plan of the statement, a line for each step.
    fn plan(&self, statement: Statement) -> Vec<String> {
        #[derive(Deserialize)]
        struct Step {
            detail: String,
        }
        let steps: Vec<Step> = self.read(Statement {
            sql: format!("EXPLAIN QUERY PLAN {}", statement.sql).into(),
            ..statement
        });
        steps.into_iter().map(|step| step.detail).collect()
    }

    /// The steps of SQLite's machine that the statement takes. Each row that is read costs several.
    fn steps(&self, statement: &Statement) -> i32 {
        let mut prepared = self.0.connection().prepare(&statement.sql).unwrap();
        let params = statement.params.iter().map(|param| match param {
            Param::Integer(number) => rusqlite::types::Value::from(*number),
            Param::Text(text) => rusqlite::types::Value::from(text.clone()),
            other => panic!("{other:?}"),
        });
        let mut rows = prepared.query(rusqlite::params_from_iter(params)).unwrap();
        while rows.next().unwrap().is_some() {}
        drop(rows);
        prepared.get_status(StatementStatus::VmStep)
    }
}

fn of(names: &str) -> Statement {
    databases(
        names,
        Timestamp::from_seconds(NOW - DAY),
        Timestamp::from_seconds(NOW - 3 * DAY),
    )
}

fn all_statements() -> [Statement; 3] {
    let names: Vec<String> = (0..100).map(|n| format!("db-{n}")).collect();
    [
        of(&serde_json::json!(names).to_string()),
        totals(),
        alarms(),
    ]
}

/// A result that ended five seconds after it was begun, in a job of its own.
fn result(status: &str, started: i64) -> String {
    format!(
        "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) \
         VALUES ('job-{started}', {started}, 'running', 'scheduled', 1); \
         INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, completed_at, duration_ms) \
         VALUES ('job-{started}', 'groveauth', '', '{status}', {started}, {started} + 5, 5000);"
    )
}

fn backup(created: i64) -> String {
    format!(
        "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, job_id, row_count) \
         VALUES ('{created}', 'groveauth', '', {created} % 1000, {created}, 0, 'job-{created}', 7);"
    )
}

fn drill(status: &str, completed: i64) -> String {
    format!(
        "INSERT INTO drills (r2_key, database_name, status, requested_at, completed_at) \
         VALUES ('{completed}', 'groveauth', '{status}', 0, {completed});"
    )
}

fn job(status: &str, started: i64) -> String {
    format!(
        "INSERT INTO backup_jobs (job_id, started_at, completed_at, status, trigger_type, total_databases, duration_ms) \
         VALUES ('{started}', {started}, {started} + 60, '{status}', 'manual', 1, {started});"
    )
}

#[test]
fn of_a_new_database_nothing_is_known_and_it_has_a_row() {
    let expected = DatabaseRow {
        database_name: "groveauth".to_owned(),
        ..DatabaseRow::default()
    };
    assert_eq!(Bench::new("").database("groveauth"), expected);
    assert_eq!(Bench::new("").totals(), TotalsRow::default());
}

#[test]
fn the_newest_backup_counts_with_the_result_that_made_it() {
    let sql = [
        result("success", 5001),
        backup(5001),
        backup(6002),
        backup(4003),
    ]
    .concat();
    let bench = Bench::new(&sql);
    let row = bench.database("groveauth");
    assert_eq!(row.succeeded_at, Some(6002));
    assert_eq!((row.size_bytes, row.row_count), (Some(2), Some(7)));
    assert_eq!(row.duration_ms, None);
    bench.write("DELETE FROM backup_inventory WHERE created_at = 6002");
    assert_eq!(bench.database("groveauth").duration_ms, Some(5000));
}

#[test]
fn a_backup_that_is_deleted_or_lost_is_no_success() {
    let bench = Bench::new(&[backup(1000), backup(2000), backup(3000)].concat());
    bench.write("UPDATE backup_inventory SET deleted_at = 1 WHERE created_at = 3000");
    assert_eq!(bench.database("groveauth").succeeded_at, Some(2000));
    bench.write("UPDATE backup_inventory SET lost_at = 1 WHERE created_at = 2000");
    assert_eq!(bench.database("groveauth").succeeded_at, Some(1000));
}

#[test]
fn verified_is_when_the_newest_drill_that_passed_was_through() {
    let sql = [
        drill("passed", 100),
        drill("passed", 200),
        drill("failed", 300),
    ]
    .concat();
    let row = Bench::new(&sql).database("groveauth");
    assert_eq!(row.verified_at, Some(200));
    assert_eq!(row.drill_status.as_deref(), Some("failed"));
}

#[test]
fn failures_in_a_row_end_at_a_success() {
    for (statuses, expected) in [
        (&["queued", "running"][..], None),
        (&["success"], Some(0)),
        (&["failed"], Some(1)),
        (&["failed", "success", "failed", "failed"], Some(2)),
        (&["failed", "failed", "success", "queued"], Some(0)),
        (&["success", "failed", "running"], Some(1)),
    ] {
        let results = statuses.iter().zip(100..);
        let sql: String = results.map(|(status, at)| result(status, at)).collect();
        let row = Bench::new(&sql).database("groveauth");
        assert_eq!(row.failures_in_a_row, expected, "{statuses:?}");
    }
}

#[test]
fn a_failure_counts_for_a_day_from_its_end() {
    for (started, status, failures) in [
        (NOW - 10, "failed", 1),
        (NOW - DAY - 4, "failed", 1),
        (NOW - DAY - 5, "failed", 0),
        (NOW - 10, "success", 0),
    ] {
        let row = Bench::new(&result(status, started)).database("groveauth");
        assert_eq!(row.failures, failures, "{started}");
    }
}

#[test]
fn other_databases_and_names_of_nobody_are_left_out() {
    let bench = Bench::new(&[result("failed", NOW - 10), backup(1000)].concat());
    let row = bench.database("it's \"another\"");
    assert_eq!((row.failures, row.succeeded_at), (0, None));
    assert!(bench.read::<DatabaseRow>(of("[]")).is_empty());
}

#[test]
fn the_last_success_is_of_a_job_without_failures_and_the_duration_of_the_newest_that_ended() {
    let sql = [
        job("failed", 400),
        job("completed", 300),
        job("completed", 200),
        job("running", 500),
    ];
    let totals = Bench::new(&sql.concat()).totals();
    assert_eq!(totals.succeeded_at, Some(360));
    assert_eq!(totals.duration_ms, Some(400));
}

#[test]
fn a_clock_that_was_set_back_makes_no_duration_below_0() {
    let bench = Bench::new(&[result("success", 5001), backup(5001), job("failed", 9000)].concat());
    bench.write(
        "UPDATE backup_jobs SET duration_ms = -7; UPDATE backup_results SET duration_ms = -7",
    );
    assert_eq!(bench.database("groveauth").duration_ms, Some(0));
    assert_eq!(bench.totals().duration_ms, Some(0));
}

#[test]
fn the_janitor_s_round_and_open_letters_are_known() {
    let bench = Bench::new(
        "INSERT INTO janitor_state (name, value, updated_at) VALUES ('round', '', 77), ('alarms', '', 99); \
         INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at, resolved_at) \
         VALUES ('a', '', '', '', 1, 1, 1, NULL), ('b', '', '', '', 1, 1, 1, 5), ('c', '', '', '', 1, 1, 1, NULL)",
    );
    let totals = bench.totals();
    assert_eq!((totals.round_at, totals.open_letters), (Some(77), 2));
}

#[test]
fn open_alarms_are_there_and_no_others() {
    let bench = Bench::new(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at) \
         VALUES ('overdue', 'groveauth', '', 1, 1, NULL), ('overdue', 'groveauth', '', 1, 1, 2), ('job_failed', '', '', 1, 1, NULL)",
    );
    let alarms: Vec<AlarmRow> = bench.read(alarms());
    let causes: Vec<&str> = alarms.iter().map(|it| it.cause.as_str()).collect();
    assert_eq!(causes, ["job_failed", "overdue"]);
}

#[test]
fn years_of_failures_are_counted_up_to_a_hundred() {
    let bench = Bench::history(150);
    let row = bench.database("db-1");
    assert_eq!(
        (row.failures_in_a_row, row.failures, row.verified_at),
        (Some(100), 1, None)
    );
    let row = bench.database("db-2");
    assert_eq!(
        (row.failures_in_a_row, row.succeeded_at),
        (Some(0), Some(NOW - DAY + 5))
    );
}

/// What may be walked through: names that were asked for, what a limit or a partial index bounds, and no table.
fn is_bounded(step: &str) -> bool {
    !step.starts_with("SCAN ")
        || [
            "SCAN n VIRTUAL TABLE",
            "SCAN CONSTANT ROW",
            "SCAN (subquery",
            "SCAN backup_jobs USING INDEX idx_backup_jobs_started",
            "SCAN alarms USING INDEX idx_alarms_open",
            "SCAN dead_letters USING INDEX idx_dead_letters_open",
        ]
        .iter()
        .any(|bounded| step.starts_with(bounded))
}

#[test]
fn three_years_of_a_hundred_databases_are_read_by_index_alone() {
    let bench = Bench::history(YEARS);
    for analysed in [false, true] {
        if analysed {
            bench.write("ANALYZE");
        }
        for statement in all_statements() {
            let plan = bench.plan(statement);
            assert!(plan.iter().all(|step| is_bounded(step)), "{plan:#?}");
        }
        let [databases, ..] = all_statements();
        let plan = bench.plan(databases).join("\n");
        for index in [
            "USING INDEX idx_backup_results_db (database_name=? AND started_at>?)",
            "USING INDEX idx_inventory_live (database_name=?)",
            "USING INDEX idx_drills_database (database_name=?)",
            "r USING INDEX idx_backup_results_once (job_id=? AND database_name=?)",
        ] {
            assert!(plan.contains(index), "{index}\n{plan}");
        }
    }
}

#[test]
fn three_years_cost_no_more_than_half_a_year() {
    let [half, three] = [180, YEARS].map(|days| {
        let bench = Bench::history(days);
        all_statements().map(|statement| bench.steps(&statement))
    });
    assert_eq!(half, three);
}
