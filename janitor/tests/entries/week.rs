//! A week and a half by the moved clock: what is told, and when.

use serde_json::Value;
use shared::time::Timestamp;

use crate::bench::{Bench, NOW};

const HOUR: i64 = 3600;
const DATABASES: [&str; 3] = ["groveauth", "scout-db", "grovemusic-db"];

/// What the cron of a day does.
enum Day {
    /// Every database is backed up.
    Good,
    /// That one is not.
    Fails(&'static str),
    /// It does not run.
    Missed,
}

/// What was told since the last time, a line each.
fn told(bench: &Bench) -> Vec<String> {
    let requests = bench.webhooks.take().into_iter();
    requests
        .map(|request| {
            let Some(body) = &request.body else {
                return request.url.replace("https://hc.example/beat", "ping ");
            };
            let notice: Value = serde_json::from_str(body).unwrap();
            let list = |member: &str| {
                let alarms = notice[member].as_array().into_iter().flatten();
                let line = |alarm: &Value| {
                    let database = alarm["database"].as_str().map(|name| format!(" of {name}"));
                    format!(
                        "{}{}",
                        alarm["cause"].as_str().unwrap(),
                        database.unwrap_or_default()
                    )
                };
                alarms
                    .map(|alarm| format!("\n      {member} {}", line(alarm)))
                    .collect::<String>()
            };
            let failures = notice["failures"].as_array().into_iter().flatten();
            let failures: String = failures
                .map(|it| format!(" {}", it["database"].as_str().unwrap()))
                .collect();
            format!(
                "{}{failures}{}{}{}",
                notice["type"].as_str().unwrap(),
                list("opened"),
                list("repeated"),
                list("resolved")
            )
        })
        .collect()
}

/// The cron of a day at three, then the results.
fn run(bench: &Bench, number: usize, day: &Day) {
    let failing = match day {
        Day::Good => "",
        Day::Fails(database) => database,
        Day::Missed => return,
    };
    let job = format!("job {number}");
    let now = shared::ports::Clock::now(&bench.clock).seconds();
    let results: Vec<(&str, &str)> = DATABASES.iter().map(|name| (*name, "queued")).collect();
    bench.job(&job, &results);
    bench.write(&format!(
        "UPDATE backup_jobs SET started_at = {now} WHERE job_id = '{job}'; \
         UPDATE backup_results SET started_at = {now} WHERE job_id = '{job}'"
    ));
    for database in DATABASES {
        bench.clock.advance(20);
        let now = shared::ports::Clock::now(&bench.clock).seconds();
        let status = if database == failing {
            "failed"
        } else {
            "success"
        };
        bench.write(&format!(
            "UPDATE backup_results SET status = '{status}', completed_at = {now} WHERE job_id = '{job}' AND database_name = '{database}'"
        ));
        if status == "success" {
            bench.backup(database, now, now + 90 * 24 * HOUR);
        }
        bench.settled(&job, database);
        bench.run_events();
    }
    bench.clock.advance(-60);
}

#[test]
fn a_week_and_a_half_is_told_as_it_was() {
    let mut bench = Bench::telling();
    bench.registry.backup.schedule = "0 3 * * *".to_owned();
    bench
        .registry
        .databases
        .retain(|database| DATABASES.contains(&database.name.as_str()));
    let days = [
        Day::Good,
        Day::Fails("scout-db"),
        Day::Good,
        Day::Missed,
        Day::Good,
        Day::Fails("scout-db"),
        Day::Fails("scout-db"),
        Day::Fails("scout-db"),
        Day::Good,
        Day::Good,
    ];
    let mut timeline = String::new();
    let mut note = |bench: &Bench, minute: i64| {
        for line in told(bench) {
            let at = shared::ports::Clock::now(&bench.clock).plus_seconds(minute);
            timeline.push_str(&format!("{}  {line}\n", &at.rfc3339()[5..16]));
        }
    };
    for (number, day) in days.iter().enumerate() {
        run(&bench, number, day);
        note(&bench, 60);
        for _ in 0..24 {
            bench.clock.advance(17 * 60);
            bench.round();
            bench.run_events();
            note(&bench, 0);
            bench.clock.advance(43 * 60);
        }
    }
    let now = shared::ports::Clock::now(&bench.clock);
    assert_eq!(now, Timestamp::from_seconds(NOW + 10 * 24 * HOUR));
    insta::assert_snapshot!(timeline);
}
