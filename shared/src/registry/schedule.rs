//! Cron expressions as Cloudflare reads them: five fields, UTC, weekdays from 1 = Sunday to 7 = Saturday.

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

use crate::time::Timestamp;

const WEEKDAYS: [(&str, &str, &str); 7] = [
    ("1", "SUN", "Sunday"),
    ("2", "MON", "Monday"),
    ("3", "TUE", "Tuesday"),
    ("4", "WED", "Wednesday"),
    ("5", "THU", "Thursday"),
    ("6", "FRI", "Friday"),
    ("7", "SAT", "Saturday"),
];

/// When `expression` fires next, strictly after `after`; `None` when it never does or is no expression.
pub fn next_run(expression: &str, after: Timestamp) -> Option<Timestamp> {
    runs(expression, after).next()
}

/// When `expression` fires, strictly after `after`, and on and on; none when it is no expression. It is read once, which takes
/// longer than finding a run.
pub(super) fn runs(expression: &str, after: Timestamp) -> impl Iterator<Item = Timestamp> {
    let cron = parse(expression).ok();
    let next = move |after: Timestamp| {
        let next = cron.as_ref()?.find_next_occurrence(&after.utc(), false);
        Some(Timestamp::from_millis(next.ok()?.timestamp_millis()))
    };
    std::iter::successors(next(after), move |run| next(*run))
}

/// `expression` for people; as it is when it is an unusual one.
pub(super) fn sentence(expression: &str) -> String {
    common(expression).unwrap_or_else(|| expression.to_owned())
}

fn parse(expression: &str) -> Result<Cron, CronError> {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        // 1 is Sunday here, where the usual numbering makes it Monday.
        .alternative_weekdays(true)
        .build()
        .parse(expression)
}

/// The sentence of an hourly, daily or weekly schedule.
fn common(expression: &str) -> Option<String> {
    let fields: Vec<&str> = expression.split_ascii_whitespace().collect();
    let [minute, hour, "*", "*", weekday] = *fields.as_slice() else {
        return None;
    };
    let minute = number(minute, 59)?;
    if hour == "*" && weekday == "*" {
        return Some(match minute {
            0 => "Every hour".to_owned(),
            _ => format!("Every hour at minute {minute}"),
        });
    }
    let hour = number(hour, 23)?;
    let day = match weekday {
        "*" => "day",
        _ => {
            WEEKDAYS
                .iter()
                .find(|(number, short, _)| {
                    weekday == *number || weekday.eq_ignore_ascii_case(short)
                })?
                .2
        }
    };
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = match hour % 12 {
        0 => 12,
        hour => hour,
    };
    Some(format!("Every {day} at {hour}:{minute:02} {half} UTC"))
}

/// A plain number of at most `most`, and not a list, a range or a step.
fn number(field: &str, most: u8) -> Option<u8> {
    field.parse().ok().filter(|number| *number <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    /// The runs of `expression` after `from`, as `Sun 2024-12-15 03:00`.
    fn runs(expression: &str, from: &str, count: usize) -> Vec<String> {
        let from = DateTime::parse_from_rfc3339(from).unwrap();
        let mut moment = Timestamp::from_millis(from.timestamp_millis());
        (0..count)
            .map_while(|_| {
                moment = next_run(expression, moment)?;
                Some(moment.utc().format("%a %Y-%m-%d %H:%M").to_string())
            })
            .collect()
    }

    #[test]
    fn sunday_is_one_and_saturday_seven() {
        let first = |expression| runs(expression, "2024-12-08T03:00:00Z", 1);
        assert_eq!(first("0 3 * * 1"), ["Sun 2024-12-15 03:00"]);
        assert_eq!(first("0 3 * * 2"), ["Mon 2024-12-09 03:00"]);
        assert_eq!(first("0 3 * * 7"), ["Sat 2024-12-14 03:00"]);
    }

    #[test]
    fn every_weekday_is_the_same_by_number_and_by_name() {
        for (number, name, _) in WEEKDAYS {
            let by = |day: &str| runs(&format!("0 3 * * {day}"), "2024-12-08T03:00:00Z", 3);
            assert_eq!(by(number), by(name));
            assert_eq!(by(name), by(&name.to_lowercase()));
        }
    }

    #[test]
    fn the_next_run_is_after_the_moment_and_never_the_moment_itself() {
        let after = |from| runs("0 3 * * SUN", from, 2);
        let expected = ["Sun 2024-12-15 03:00", "Sun 2024-12-22 03:00"];
        assert_eq!(after("2024-12-08T03:00:00Z"), expected);
        assert_eq!(after("2024-12-15T02:59:59.999Z"), expected);
    }

    #[test]
    fn a_schedule_crosses_the_end_of_a_year() {
        assert_eq!(
            runs("30 23 31 12 *", "2024-12-31T23:30:00Z", 1),
            ["Wed 2025-12-31 23:30"]
        );
    }

    #[test]
    fn what_never_fires_has_no_next_run() {
        for expression in [
            "0 0 31 2 *",
            "",
            "tomorrow",
            "0 3 * * 0",
            "0 3 * * 8",
            "0 0 3 * * SUN",
        ] {
            assert_eq!(
                runs(expression, "2024-12-08T03:00:00Z", 1),
                [""; 0],
                "{expression}"
            );
        }
    }

    #[test]
    fn common_schedules_are_sentences() {
        for (expression, expected) in [
            ("0 3 * * SUN", "Every Sunday at 3:00 AM UTC"),
            ("0 3 * * 1", "Every Sunday at 3:00 AM UTC"),
            ("5 0 * * sat", "Every Saturday at 12:05 AM UTC"),
            ("30 12 * * *", "Every day at 12:30 PM UTC"),
            ("0 23 * * *", "Every day at 11:00 PM UTC"),
            ("0 * * * *", "Every hour"),
            ("17 * * * *", "Every hour at minute 17"),
        ] {
            assert_eq!(sentence(expression), expected);
        }
    }

    #[test]
    fn other_schedules_stay_as_they_are() {
        for expression in [
            "*/15 * * * *",
            "0 3 1 * *",
            "0 3 * * MON-FRI",
            "0 3,15 * * *",
            "0 * * * MON",
        ] {
            assert_eq!(sentence(expression), expression);
        }
    }
}
