//! How SQLite runs the janitor's statements: it never reads a whole table that grows with time.

use pollster::block_on;

use super::{alarms, drills, outbox, reconciliation, reports, retention, settlement, sweep};
use crate::native::NativeDatabase;
use crate::ports::{Database, Statement};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_733_626_800);

/// SQLite's plan of the statement, a line for each step.
fn plan(statement: Statement) -> Vec<String> {
    let explained = Statement {
        sql: format!("EXPLAIN QUERY PLAN {}", statement.sql).into(),
        ..statement
    };
    let outcomes = block_on(NativeDatabase::catalogue().batch(&[explained])).unwrap();
    let details = outcomes[0].rows.iter().map(|row| row["detail"].as_str());
    details.map(|detail| detail.unwrap().to_owned()).collect()
}

/// Whether the plan has a step that uses the index and none that reads all of a table.
fn uses(statement: Statement, index: &str) -> bool {
    let plan = plan(statement);
    let whole = [
        "SCAN backup_jobs",
        "SCAN backup_results",
        "SCAN backup_inventory",
        "SCAN b",
        "SCAN n",
        "SCAN j",
        "SCAN r",
        "SCAN e",
        "SCAN d",
        "SCAN k",
        "SCAN o",
        "SCAN alarms",
        "SCAN outbox",
        "SCAN drills",
        "SCAN dead_letters",
        "SCAN janitor_state",
    ];
    plan.iter().any(|step| step.contains(index))
        && !plan.iter().any(|step| whole.contains(&step.as_str()))
}

#[test]
fn retention_finds_what_is_due_by_its_moment() {
    let due = retention::databases_with_due(NOW);
    assert!(uses(due, "idx_inventory_expires (expires_at<?)"));
    let live = retention::live("groveauth", 100);
    assert!(uses(live, "idx_inventory_live (database_name=?)"));
}

#[test]
fn a_deletion_finds_its_row_and_the_latest_result() {
    let latest = retention::latest("groveauth");
    assert!(uses(latest, "idx_backup_results_db (database_name=?)"));
    let begin = || retention::begin(1, "due");
    assert!(uses(begin(), "idx_backup_results_db (database_name=?)"));
    for statement in [
        begin(),
        retention::deleted(1, NOW),
        retention::locked(1, true, NOW),
    ] {
        assert!(uses(statement, "USING INTEGER PRIMARY KEY (rowid=?)"));
    }
}

#[test]
fn settling_reads_the_results_of_the_job_alone() {
    for statement in [settlement::settle("job"), settlement::settle_all()] {
        assert!(uses(statement, "idx_backup_results"));
    }
    assert!(uses(settlement::settle_all(), "idx_backup_jobs_status"));
}

#[test]
fn failing_a_result_finds_it_by_job_and_database() {
    let fail = settlement::fail("job", "groveauth", "reason", NOW);
    assert!(uses(fail, "idx_backup_results_once"));
}

#[test]
fn the_sweep_reads_what_runs() {
    let queued = sweep::queued_since(NOW, 500);
    assert!(uses(queued, "idx_backup_jobs_status (status=?)"));
    let taken_back = sweep::take_back(NOW, NOW, 500);
    assert!(uses(taken_back, "idx_backup_results_running"));
    let overdue = sweep::end_overdue("{}".to_owned(), 3600, NOW, NOW, 500);
    assert!(uses(overdue, "idx_backup_jobs_status (status=?)"));
    let empty = settlement::give_up_empty(NOW, NOW);
    assert!(uses(empty, "idx_backup_jobs_status (status=?)"));
}

#[test]
fn alarms_read_the_newest_of_each_database() {
    let names = r#"["groveauth"]"#;
    let results = alarms::newest_results(names);
    assert!(uses(results, "idx_backup_results_db (database_name=?)"));
    assert!(uses(alarms::newest_ended_job(), "idx_backup_jobs_started"));
    assert!(uses(
        alarms::known(names),
        "idx_inventory_live (database_name=?)"
    ));
    assert!(uses(
        alarms::known(names),
        "idx_inventory_db (database_name=?)"
    ));
    assert!(uses(
        alarms::known(names),
        "idx_drills_database (database_name=?)"
    ));
    let running = alarms::running_since(NOW);
    assert!(uses(running, "idx_backup_jobs_status (status=?)"));
}

#[test]
fn alarms_read_what_is_open_and_what_is_at_fault() {
    assert!(uses(alarms::faults(), "idx_inventory_faults"));
    assert!(uses(alarms::open_letters(), "idx_dead_letters_open"));
    assert!(uses(alarms::open(), "idx_alarms_open"));
    let opened = alarms::open_one("mark", "overdue", "groveauth", "late", NOW);
    assert!(uses(opened, "USING PRIMARY KEY (name=?)"));
    let told = reports::alarms_told("job", NOW);
    assert!(uses(told, "idx_alarms_open"));
}

#[test]
fn reports_read_the_jobs_that_are_not_reported() {
    let unreported = reports::unreported(20);
    assert!(uses(unreported, "idx_backup_jobs_unreported"));
    assert!(uses(reports::results("job"), "idx_backup_results"));
    let begun = reports::begun("heartbeat");
    assert!(uses(begun, "idx_backup_jobs_status (status=?)"));
    assert!(uses(
        reports::supersede_start("job"),
        "idx_outbox_once (notice_id=?)"
    ));
}

#[test]
fn letters_are_found_by_when_they_are_due() {
    let due = outbox::due(NOW, 10);
    assert!(uses(due, "idx_outbox_due (next_attempt_at<?)"));
}

#[test]
fn reconciliation_reads_rows_by_their_keys() {
    let rows = reconciliation::rows(Some("a"), Some("b"), 100);
    assert!(uses(rows, "(r2_key>? AND r2_key<?)"));
    let neighbours = || reconciliation::neighbours("job", "a");
    assert!(uses(neighbours(), "idx_backup_results_once"));
    assert!(uses(neighbours(), "idx_inventory_live"));
    for mark in [
        reconciliation::shrunk(1, None),
        reconciliation::lost(1, NOW),
        reconciliation::found_again(1),
        reconciliation::damage(1, None),
    ] {
        assert!(uses(mark, "INTEGER PRIMARY KEY (rowid=?)"));
    }
}

#[test]
fn drills_are_found_by_their_dumps() {
    let end = drills::End {
        status: "passed",
        error: None,
        now: NOW,
        duration_ms: 1,
    };
    let [begin, _] = drills::begin("a", NOW);
    let [backup, drill, there] = drills::end("a", &end);
    for open in [
        begin,
        drills::progress("a", 1, NOW),
        drills::stumble("a", "reason"),
        drill,
    ] {
        assert!(uses(open, "idx_drills_open (r2_key=?)"));
    }
    for row in [backup, there, drills::request("a", NOW)] {
        assert!(uses(row, "sqlite_autoindex_backup_inventory_1 (r2_key=?)"));
    }
    let first = drills::request_first("job", "groveauth", NOW);
    assert!(uses(first, "idx_backup_results_once"));
    let queued = drills::queued_of("job", "groveauth");
    assert!(uses(queued, "idx_backup_results_once"));
}

#[test]
fn wanted_drills_are_found_without_reading_all_backups() {
    assert!(uses(drills::wanted(NOW, 20), "idx_inventory_undrilled"));
    let monthly = || drills::monthly(NOW, 20);
    assert!(uses(monthly(), "idx_inventory_live (database_name>?)"));
    assert!(uses(monthly(), "idx_drills_backup (r2_key=?)"));
    assert!(uses(drills::to_restart(NOW, 20), "idx_drills_open"));
}
