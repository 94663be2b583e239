//! Schedules: what Cloudflare refuses is refused here, before a deployment, with the field that is wrong.

use std::iter::successors;

use chrono::{DateTime, Utc};
use shared::registry::next_run;
use shared::time::Timestamp;

/// The fields, and what each may hold.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last"),
    ("month", "1 to 12, or JAN to DEC"),
    ("weekday", "SUN to SAT"),
];

/// Runs on which Cloudflare's parser and ours must agree: more than a year of weekly ones.
const COMPARED_RUNS: usize = 60;

/// A schedule that Cloudflare takes, and whose runs Cache computes as Cloudflare does.
pub(super) fn check(expression: &str) -> Result<String, String> {
    let fields: Vec<&str> = expression.split_ascii_whitespace().collect();
    let count = fields.len();
    if count != FIELDS.len() {
        return Err(format!(
            "the schedule `{expression}` has {count} field{}; write five: minute, hour, day of the month, month, weekday",
            if count == 1 { "" } else { "s" }
        ));
    }
    for (position, (field, (name, allowed))) in fields.iter().zip(FIELDS).enumerate() {
        let mut alone = ["*"; FIELDS.len()];
        if let Some(place) = alone.get_mut(position) {
            *place = field;
        }
        if cloudflare(&alone.join(" ")).is_none() {
            if position == 4 && has_zero(field) {
                return Err(format!(
                    "the schedule `{expression}` has the weekday 0, which Cloudflare refuses (it counts from 1 = Sunday); \
                     write SUN"
                ));
            }
            return Err(format!(
                "the schedule `{expression}` has the {name} `{field}`, which Cloudflare refuses; write * or {allowed}"
            ));
        }
    }
    let tidy = fields.join(" ");
    if tidy != expression {
        return Err(format!(
            "the schedule `{expression}` has blanks too many; write `{tidy}`"
        ));
    }
    let theirs = cloudflare(expression)
        .filter(saffron::Cron::any)
        .ok_or_else(|| {
            format!("the schedule `{expression}` never comes; write a day that its months have")
        })?;
    if !same_runs(theirs, expression) {
        return Err(format!(
            "the schedule `{expression}` is one that Cache reads differently from Cloudflare; write plain numbers and \
             names, lists and rising ranges"
        ));
    }
    Ok(expression.to_owned())
}

fn cloudflare(expression: &str) -> Option<saffron::Cron> {
    expression.parse().ok()
}

fn has_zero(weekdays: &str) -> bool {
    weekdays
        .split([',', '-'])
        .any(|day| day.split(['/', '#']).next() == Some("0"))
}

fn same_runs(theirs: saffron::Cron, expression: &str) -> bool {
    let start = DateTime::<Utc>::UNIX_EPOCH;
    let theirs = theirs.iter_after(start).map(|run| run.timestamp_millis());
    let first = next_run(expression, Timestamp::from_millis(start.timestamp_millis()));
    let ours = successors(first, |run| next_run(expression, *run)).map(Timestamp::millis);
    theirs.take(COMPARED_RUNS).eq(ours.take(COMPARED_RUNS))
}
