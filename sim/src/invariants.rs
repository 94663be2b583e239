//! What must be true when all is at rest. What must be true at every moment is where it could become untrue: in
//! `adapters` and `ledger`.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use shared::manifest::manifest_key;
use shared::time::Timestamp;

use crate::ledger::restored;
use crate::report::Figures;
use crate::world::{WEBHOOK, World};

/// What is not at rest yet, if anything.
pub(crate) fn unfinished(world: &World) -> Option<String> {
    const OPEN: [(&str, &str); 8] = [
        (
            "running jobs",
            "SELECT job_id FROM backup_jobs WHERE status = 'running'",
        ),
        (
            "jobs that are not reported",
            "SELECT job_id FROM backup_jobs WHERE reported_at IS NULL",
        ),
        (
            "unfinished results",
            "SELECT job_id || ' ' || database_name FROM backup_results WHERE status IN ('queued', 'running')",
        ),
        (
            "letters",
            "SELECT notice_id || ' ' || coalesce(last_error, '') FROM outbox WHERE next_attempt_at IS NOT NULL",
        ),
        (
            "drills",
            "SELECT r2_key || ' ' || coalesce(error_message, '') FROM drills WHERE status IN ('queued', 'running')",
        ),
        (
            "checkpoints",
            "SELECT job_id || ' ' || database_name FROM export_checkpoints",
        ),
        (
            "a reconciliation",
            "SELECT value FROM janitor_state WHERE name = 'reconciliation' AND json_extract(value, '$.finishedAt') IS NULL",
        ),
        (
            "undrilled backups",
            "SELECT r2_key FROM backup_inventory b WHERE deleted_at IS NULL AND deleted_because IS NULL AND verified_at IS NULL \
          AND drill_failed_at IS NULL AND NOT EXISTS (SELECT 1 FROM drills d WHERE d.r2_key = b.r2_key)",
        ),
    ];
    let connection = world.catalogue.reader();
    OPEN.iter().find_map(|(what, sql)| {
        let found = texts(connection, sql);
        let first = found.first()?;
        Some(format!("{} {what}, the first {first}", found.len()))
    })
}

/// How many results there are.
pub(crate) fn results(world: &World) -> u64 {
    number(
        world.catalogue.reader(),
        "SELECT count(*) FROM backup_results",
    )
}

/// Adds what the catalogue counts.
pub(crate) fn count(world: &World, figures: &mut Figures) {
    let number = |sql| number(world.catalogue.reader(), sql);
    figures.jobs = number("SELECT count(*) FROM backup_jobs");
    figures.failed_jobs = number("SELECT count(*) FROM backup_jobs WHERE status = 'failed'");
    figures.expired = number("SELECT count(*) FROM backup_inventory WHERE deleted_at IS NOT NULL");
    figures.drills = number("SELECT count(*) FROM drills WHERE status = 'passed'");
    figures.failed_drills = number("SELECT count(*) FROM drills WHERE status <> 'passed'");
    figures.alarms = number("SELECT count(*) FROM alarms");
}

/// Of what was planned when nothing failed any more, everything succeeded.
pub(crate) fn last_job(world: &World, planned: Timestamp) {
    let sql = "SELECT r.database_name || ': ' || r.status || ' ' || coalesce(r.error_message, '') FROM backup_results r \
               JOIN backup_jobs j USING (job_id) WHERE j.started_at >= ?1 AND r.status <> 'success'";
    for found in texts_with(world.catalogue.reader(), sql, planned.seconds()) {
        world
            .sim
            .violate("what is right again makes backups", || found);
    }
}

/// Checks everything.
pub(crate) fn at_rest(world: &World) {
    if world.sim.violation().is_some() {
        return;
    }
    world.ledger.check_new(&world.sim, &world.objects);
    jobs(world);
    backups(world);
    catalogue_and_bucket(world);
    alarms(world);
    told(world);
}

/// Every job ends, and its counts equal its results.
fn jobs(world: &World) {
    let connection = world.catalogue.reader();
    let wrong = texts(
        connection,
        "SELECT j.job_id FROM backup_jobs j LEFT JOIN (SELECT job_id, count(*) AS total, sum(status = 'success') AS good, \
         sum(status = 'failed') AS bad, sum(CASE WHEN status = 'success' THEN size_bytes ELSE 0 END) AS size FROM backup_results \
         GROUP BY job_id) r ON r.job_id = j.job_id WHERE j.status = 'running' OR j.completed_at IS NULL \
         OR j.total_databases <> r.total OR j.successful_count <> r.good OR j.failed_count <> r.bad \
         OR j.total_size_bytes <> r.size OR (j.status = 'completed') <> (r.bad = 0)",
    );
    for job in wrong {
        world
            .sim
            .violate("every job ends and its counts equal its results", || job);
    }
    for job in world.ledger.promised_jobs() {
        let found: Option<i64> = connection
            .query_row(
                "SELECT 1 FROM backup_jobs WHERE job_id = ?1",
                params![job],
                |row| row.get(0),
            )
            .optional()
            .unwrap_or_default();
        if found.is_none() {
            world
                .sim
                .violate("a job that was promised is there", || job);
        }
    }
}

/// Acknowledged backups are there, and what is verified restores.
fn backups(world: &World) {
    let connection = world.catalogue.reader();
    let keys: BTreeSet<String> = world.objects.keys().into_iter().collect();
    let verified: BTreeSet<String> = texts(
        connection,
        "SELECT r2_key FROM backup_inventory WHERE verified_at IS NOT NULL AND deleted_at IS NULL AND deleted_because IS NULL",
    )
    .into_iter()
    .collect();
    let read = |key: &str| {
        let body = crate::world::immediately(shared::ports::ObjectStore::get(&world.objects, key));
        body.ok().flatten()
    };
    for backup in world.ledger.backups() {
        if backup.is_gone {
            continue;
        }
        let is_there = keys.contains(&backup.key) && keys.contains(&manifest_key(&backup.key));
        let is_same = read(&backup.key).is_some_and(|body| body == *backup.body);
        if !is_there || !is_same {
            world
                .sim
                .violate("no acknowledged backup is missing", || backup.key.clone());
        }
    }
    for key in verified {
        let body = read(&key).unwrap_or_default();
        if let Err(why) = restored(&key, &body) {
            world
                .sim
                .violate("nothing is verified that does not restore", || {
                    format!("{key}: {why}")
                });
        }
    }
    for source in &*world.sources {
        world
            .ledger
            .check_floor(&world.sim, &world.objects, &source.name);
    }
}

/// Catalogue and bucket agree.
fn catalogue_and_bucket(world: &World) {
    const PROMISE: &str = "catalogue and bucket agree after reconciliation";
    let connection = world.catalogue.reader();
    let keys: BTreeSet<String> = world.objects.keys().into_iter().collect();
    let live: BTreeSet<String> = texts(
        connection,
        "SELECT r2_key FROM backup_inventory WHERE deleted_at IS NULL",
    )
    .into_iter()
    .collect();
    // A deletion that has begun waits while the latest backup of its database failed, or a rule keeps what it was.
    let whole = texts(
        connection,
        "SELECT r2_key FROM backup_inventory WHERE deleted_at IS NULL AND deleted_because IS NULL",
    );
    for key in &whole {
        for object in [key.clone(), manifest_key(key)] {
            if !keys.contains(&object) {
                world.sim.violate(PROMISE, || {
                    format!("a row has {object}, the bucket has not")
                });
            }
        }
    }
    let is_known = |key: &String| {
        let dump = key
            .strip_suffix(".manifest.json")
            .map(|beginning| format!("{beginning}.sql"));
        dump.is_none_or(|dump| live.contains(&dump) || live.contains(&format!("{dump}.gz")))
    };
    if let Some(key) = keys.iter().find(|key| !is_known(key)) {
        world.sim.violate(PROMISE, || {
            format!("the bucket has {key}, no row has its dump")
        });
    }
    let wrong = texts(
        connection,
        "SELECT r2_key || ': ' || coalesce(damage, 'lost') FROM backup_inventory \
         WHERE deleted_at IS NULL AND (damage IS NOT NULL OR lost_at IS NOT NULL)",
    );
    for found in wrong {
        world.sim.violate(PROMISE, || found);
    }
}

/// The alarms that are open are those that should be.
fn alarms(world: &World) {
    const PROMISE: &str = "every failure has an alarm";
    let connection = world.catalogue.reader();
    let missing = texts(
        connection,
        "WITH wanted (cause, name) AS ( \
         SELECT 'database_failed', database_name FROM (SELECT database_name, status, row_number() OVER (PARTITION BY database_name \
         ORDER BY completed_at DESC, id DESC) AS place FROM backup_results WHERE status IN ('success', 'failed')) \
         WHERE place = 1 AND status = 'failed' UNION ALL \
         SELECT 'dead_letter', coalesce(database_name, '') FROM dead_letters WHERE resolved_at IS NULL GROUP BY 2) \
         SELECT cause || ' ' || name FROM wanted WHERE NOT EXISTS (SELECT 1 FROM alarms a WHERE a.cause = wanted.cause \
         AND a.database_name = wanted.name AND a.resolved_at IS NULL)",
    );
    for found in missing {
        world
            .sim
            .violate(PROMISE, || format!("{found} is not open"));
    }
}

/// An alarm that is open although there is no reason any more; the next round ends it.
pub(crate) fn stale(world: &World) -> Option<String> {
    let stale = texts(
        world.catalogue.reader(),
        "SELECT cause || ' ' || database_name || ': ' || summary FROM alarms WHERE resolved_at IS NULL AND \
         ((cause IN ('job_failed', 'database_failed', 'failing', 'overdue', 'never_backed_up', 'job_stuck', 'object_lost', 'object_damaged')) \
         OR (cause = 'dead_letter' AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE resolved_at IS NULL)))",
    );
    let first = stale.first()?;
    Some(format!("an alarm without a reason: {first}"))
}

/// Every failure was told to who listens, and every alarm.
fn told(world: &World) {
    const PROMISE: &str = "every failure was told";
    let connection = world.catalogue.reader();
    let arrived = world.arrived.borrow();
    let bodies: Vec<Value> = arrived
        .iter()
        .filter(|arrived| arrived.request.url == WEBHOOK)
        .filter_map(|arrived| serde_json::from_str(arrived.request.body.as_deref()?).ok())
        .collect();
    // What its receiver refused eight times is given up, and says so.
    let given_up = number(
        connection,
        "SELECT count(*) FROM outbox WHERE channel = 'webhook' AND delivered_at IS NULL AND attempts >= 8",
    );
    if given_up > 0 {
        return;
    }
    let names = |body: &Value, list: &str, database: &str| {
        let list = body[list].as_array();
        list.is_some_and(|list| list.iter().any(|it| it["database"] == database))
    };
    let failed =
        "SELECT r.job_id || '|' || r.database_name FROM backup_results r WHERE r.status = 'failed'";
    for found in texts(connection, failed) {
        let (job, database) = found.split_once('|').unwrap_or_default();
        let is_told = bodies.iter().any(|body| {
            body["type"] == "backup_failed"
                && body["jobId"] == job
                && names(body, "failures", database)
        });
        if !is_told {
            world
                .sim
                .violate(PROMISE, || format!("{database} of job {job}"));
        }
    }
    let alarms = "SELECT cause || '|' || database_name FROM alarms WHERE cause NOT IN ('job_failed', 'database_failed')";
    for found in texts(connection, alarms) {
        let (cause, database) = found.split_once('|').unwrap_or_default();
        let is_of = |alarm: &Value| {
            alarm["cause"] == cause && alarm["database"].as_str().unwrap_or_default() == database
        };
        let is_told = bodies.iter().any(|body| {
            body["opened"]
                .as_array()
                .is_some_and(|list| list.iter().any(is_of))
        });
        if !is_told {
            world
                .sim
                .violate(PROMISE, || format!("the alarm {cause} {database}"));
        }
    }
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect()
    };
    read().expect("a query of the invariants is right")
}

fn texts_with(connection: &Connection, sql: &str, parameter: i64) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![parameter], |row| row.get(0))?;
        rows.collect()
    };
    read().expect("a query of the invariants is right")
}

fn number(connection: &Connection, sql: &str) -> u64 {
    let read = || -> rusqlite::Result<i64> {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_row([], |row| row.get(0))
    };
    let number = read().expect("a query of the invariants is right");
    u64::try_from(number).unwrap_or_default()
}
