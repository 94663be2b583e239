use super::*;

/// A Monday: 2024-12-09T03:00:00Z, a day after the weekly run.
const NOW: i64 = 1_733_713_200;
const DAY: i64 = 24 * HOUR;

fn registry(schedule: &str) -> Registry {
    let mut registry = Registry::embedded().unwrap();
    registry.backup.schedule = schedule.to_owned();
    registry
}

/// A database whose newest backup is an hour old, and of which nothing is the matter.
fn known() -> Known {
    Known {
        database_name: "groveauth".to_owned(),
        first_seen_at: NOW - 100 * DAY,
        was_backed_up: 1,
        newest_at: Some(NOW - HOUR),
        shrunk: None,
        drill_status: Some("passed".to_owned()),
        drill_error: None,
    }
}

fn result(status: &str) -> EndedResult {
    EndedResult {
        database_name: "groveauth".to_owned(),
        status: status.to_owned(),
        error_message: (status == "failed").then(|| "D1 is down".to_owned()),
    }
}

/// The causes, with the databases, of a weekly schedule.
fn causes(facts: &Facts) -> Vec<String> {
    causes_by("0 3 * * SUN", facts)
}

fn causes_by(schedule: &str, facts: &Facts) -> Vec<String> {
    let wanted = wanted(facts, &registry(schedule), Timestamp::from_seconds(NOW));
    let line = |alarm: &Wanted| format!("{} {}", alarm.cause.as_str(), alarm.database);
    wanted
        .iter()
        .map(|it| line(it).trim_end().to_owned())
        .collect()
}

fn of(known: Known) -> Facts {
    Facts {
        known: vec![known],
        ..Facts::default()
    }
}

fn backed_up(seconds_ago: i64) -> Facts {
    of(Known {
        newest_at: Some(NOW - seconds_ago),
        ..known()
    })
}

#[test]
fn all_is_well_where_nothing_is_the_matter() {
    let facts = Facts {
        job: Some(EndedJob {
            job_id: "job".to_owned(),
            status: "completed".to_owned(),
            error_message: None,
        }),
        results: vec![result("success"), result("failed"), result("failed")],
        ..of(known())
    };
    assert_eq!(causes(&facts), [""; 0]);
    assert_eq!(causes(&Facts::default()), [""; 0]);
}

#[test]
fn a_weekly_backup_is_overdue_after_eight_days() {
    assert_eq!(causes(&backed_up(8 * DAY - 1)), [""; 0]);
    assert_eq!(causes(&backed_up(8 * DAY)), ["overdue groveauth"]);
}

#[test]
fn a_daily_backup_is_overdue_after_thirty_hours() {
    let daily = |seconds_ago| causes_by("0 3 * * *", &backed_up(seconds_ago));
    assert_eq!(daily(30 * HOUR - 1), [""; 0]);
    assert_eq!(daily(30 * HOUR), ["overdue groveauth"]);
}

#[test]
fn a_schedule_that_pauses_is_judged_by_its_longest_pause() {
    let weekdays = registry("0 3 * * MON-FRI");
    let interval = interval(&weekdays, Timestamp::from_seconds(NOW));
    assert_eq!(interval, Some(3 * DAY));
}

#[test]
fn a_schedule_that_never_fires_makes_nothing_overdue() {
    assert_eq!(causes_by("0 0 31 2 *", &backed_up(900 * DAY)), [""; 0]);
}

#[test]
fn a_database_all_of_whose_backups_are_gone_is_overdue() {
    let facts = of(Known {
        newest_at: None,
        ..known()
    });
    assert_eq!(causes(&facts), ["overdue groveauth"]);
}

#[test]
fn a_new_database_has_until_six_hours_after_its_first_run() {
    let seen = |first_seen_at| {
        causes(&of(Known {
            was_backed_up: 0,
            newest_at: None,
            drill_status: None,
            first_seen_at,
            ..known()
        }))
    };
    // The run of Sunday was a day ago.
    assert_eq!(seen(NOW - DAY - 1), ["never_backed_up groveauth"]);
    assert_eq!(seen(NOW - DAY), [""; 0]);
    assert_eq!(seen(NOW), [""; 0]);
}

#[test]
fn the_newest_result_decides_whether_a_database_failed() {
    let results = |statuses: &[&str]| {
        causes(&Facts {
            results: statuses.iter().map(|status| result(status)).collect(),
            ..Facts::default()
        })
    };
    assert_eq!(
        results(&["failed", "success"]),
        ["database_failed groveauth"]
    );
    assert_eq!(results(&["success", "failed", "failed"]), [""; 0]);
    assert_eq!(
        results(&["failed", "failed", "failed"]),
        ["database_failed groveauth", "failing groveauth"]
    );
    assert_eq!(
        results(&["failed", "failed", "success"]),
        ["database_failed groveauth"]
    );
}

#[test]
fn a_failed_job_is_an_alarm_about_no_database() {
    let facts = Facts {
        job: Some(EndedJob {
            job_id: "job".to_owned(),
            status: "failed".to_owned(),
            error_message: Some("1 of 2 databases failed: a".to_owned()),
        }),
        ..Facts::default()
    };
    assert_eq!(causes(&facts), ["job_failed"]);
}

#[test]
fn a_job_is_stuck_an_hour_after_the_longest_deadline() {
    let mut registry = registry("0 3 * * SUN");
    let since = |registry: &Registry| stuck_since(registry, Timestamp::from_seconds(NOW)).seconds();
    assert_eq!(since(&registry), NOW - 7 * HOUR);
    registry.databases[0].deadline_hours = Some(48);
    assert_eq!(since(&registry), NOW - 49 * HOUR);
}

#[test]
fn jobs_that_are_stuck_are_one_alarm() {
    let stuck = |id: &str| StuckJob {
        job_id: id.to_owned(),
        started_at: NOW - DAY,
    };
    let facts = Facts {
        stuck: vec![stuck("one"), stuck("two")],
        ..Facts::default()
    };
    assert_eq!(causes(&facts), ["job_stuck"]);
}

#[test]
fn a_backup_that_shrank_and_one_that_does_not_restore_are_alarms() {
    let facts = of(Known {
        shrunk: Some("the table users is gone".to_owned()),
        drill_status: Some("failed".to_owned()),
        drill_error: Some("near \"x\": syntax error".to_owned()),
        ..known()
    });
    assert_eq!(
        causes(&facts),
        ["shrunk groveauth", "drill_failed groveauth"]
    );
}

#[test]
fn what_is_lost_and_what_is_damaged_are_two_alarms() {
    let faults = Faults {
        database_name: "left-long-ago".to_owned(),
        lost: 2,
        lost_key: Some("a.sql".to_owned()),
        damaged: 1,
        damaged_key: Some("b.sql".to_owned()),
        damage: Some("its size is 1".to_owned()),
    };
    let facts = Facts {
        faults: vec![faults],
        ..Facts::default()
    };
    assert_eq!(
        causes(&facts),
        ["object_lost left-long-ago", "object_damaged left-long-ago"]
    );
}

#[test]
fn dead_letters_are_an_alarm_for_each_database_and_one_for_all_that_name_none() {
    let letters = |name: Option<&str>| Letters {
        database_name: name.map(str::to_owned),
        letters: 1,
    };
    let facts = Facts {
        letters: vec![
            letters(None),
            letters(Some("no such")),
            letters(Some("groveauth")),
        ],
        ..Facts::default()
    };
    assert_eq!(causes(&facts), ["dead_letter", "dead_letter groveauth"]);
}

#[test]
fn a_sentence_is_one_line_and_ends() {
    assert_eq!(sentence("a\n  b"), "a b.");
    assert_eq!(sentence("a."), "a.");
    assert_eq!(sentence(""), ".");
}
