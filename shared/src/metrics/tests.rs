use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::*;

/// A Monday: 2024-12-09T03:00:00Z, a day after the weekly run.
const NOW: Timestamp = Timestamp::from_seconds(1_733_713_200);
const SUNDAY: i64 = 1_733_626_800;
/// The alert rules that ship.
const RULES: &str = include_str!("../../../docs/alerts/prometheus.yml");
const GRAFANA: &str = include_str!("../../../docs/alerts/grafana.json");

fn rendered(recorded: &Recorded) -> String {
    render(recorded, &Registry::embedded().unwrap(), NOW)
}

fn database(name: &str) -> DatabaseRow {
    DatabaseRow {
        database_name: name.to_owned(),
        ..DatabaseRow::default()
    }
}

fn alarm(cause: &str, database: &str) -> AlarmRow {
    AlarmRow {
        cause: cause.to_owned(),
        database_name: database.to_owned(),
    }
}

/// A database of which all is known.
fn known() -> DatabaseRow {
    DatabaseRow {
        succeeded_at: Some(SUNDAY + 5),
        size_bytes: Some(212_400),
        row_count: Some(1234),
        duration_ms: Some(5_040),
        verified_at: Some(SUNDAY + 600),
        drill_status: Some("passed".to_owned()),
        failures_in_a_row: Some(0),
        ..database("groveauth")
    }
}

/// Two databases of which the same is known.
fn two_of(row: DatabaseRow) -> Recorded {
    let other = DatabaseRow {
        database_name: "scout-db".to_owned(),
        ..row.clone()
    };
    Recorded {
        databases: vec![row, other],
        ..Recorded::default()
    }
}

/// One database of which all is known, one that only ever failed, one that is new.
fn recorded() -> Recorded {
    Recorded {
        databases: vec![
            known(),
            DatabaseRow {
                failures_in_a_row: Some(2),
                failures: 1,
                ..database("scout-db")
            },
            database("grove-engine-db"),
        ],
        totals: TotalsRow {
            succeeded_at: Some(SUNDAY - 604_755),
            duration_ms: Some(45_000),
            round_at: Some(1_733_710_020),
            open_letters: 3,
        },
        alarms: vec![
            alarm("database_failed", "scout-db"),
            alarm("job_failed", ""),
        ],
    }
}

/// A sample: its name, its labels, its value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads the text as strictly as the format is written down; a text that it does not allow is an error.
fn parse(text: &str) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    let (mut heads, mut family) = (BTreeSet::new(), String::new());
    let Some(lines) = text.strip_suffix('\n') else {
        return Err("the last line has no end".to_owned());
    };
    let mut lines = lines.split('\n');
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, _) = help.split_once(' ').ok_or("a help without a text")?;
            let kind = format!("# TYPE {name} gauge");
            if lines.next() != Some(kind.as_str()) || !heads.insert(name.to_owned()) {
                return Err(format!("the head of {name}"));
            }
            name.clone_into(&mut family);
            continue;
        }
        let sample = sample(line).ok_or(line)?;
        if sample.0 != family {
            return Err(format!("{line} is in the family {family}"));
        }
        samples.push(sample);
    }
    let series: BTreeSet<_> = samples.iter().map(|it| (&it.0, &it.1)).collect();
    match series.len() == samples.len() {
        true => Ok(samples),
        false => Err("a series twice".to_owned()),
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// `name{labels} value`.
fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, quoted) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut chars = quoted.chars();
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => value.push(match chars.next()? {
                        'n' => '\n',
                        it @ ('\\' | '"') => it,
                        _ => return None,
                    }),
                    it => value.push(it),
                }
            }
            if !is_name(label) {
                return None;
            }
            labels.push((label.to_owned(), value));
            rest = chars.as_str();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ')?;
    let is_plain = value
        .chars()
        .all(|it| it.is_ascii_digit() || it == '.' || it == '-');
    let value = value.parse().ok().filter(|_| is_plain && is_name(name))?;
    Some((name.to_owned(), labels, value))
}

/// The value of the sample, if there is exactly one of that name.
fn value(recorded: &Recorded, name: &str) -> Option<f64> {
    let samples = parse(&rendered(recorded)).unwrap();
    let mut named = samples.iter().filter(|sample| sample.0 == name);
    let value = named.next().map(|sample| sample.2);
    value.filter(|_| named.next().is_none())
}

#[test]
fn the_text_is_what_it_is() {
    assert_snapshot!(rendered(&recorded()));
}

#[test]
fn every_line_is_a_comment_or_a_sample_of_the_family_above() {
    for recorded in [recorded(), Recorded::default()] {
        assert!(!parse(&rendered(&recorded)).unwrap().is_empty());
    }
}

#[test]
fn the_check_itself_refuses_what_the_format_does_not_allow() {
    let head = "# HELP a b\n# TYPE a gauge\n";
    assert!(parse(&format!("{head}a{{b=\"c\"}} 1\na 2.5\n")).is_ok());
    for wrong in [
        "a 1",
        "a\n",
        "b 1\n",
        "a  1\n",
        "a x\n",
        "a{b=c} 1\n",
        "a{b=\"c} 1\n",
        "a{b=\"\\t\"} 1\n",
        "a{b=\"c\",} 1\n",
        "a{1b=\"c\"} 1\n",
        "a 1\na 2\n",
        "\n",
        "a 1\n# HELP a b\n# TYPE a gauge\n",
        "a NaN\n",
        "# a comment\n",
    ] {
        assert!(parse(&format!("{head}{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn a_hostile_name_stays_inside_its_label() {
    let name = "a\"} 1\nbackup_databases_count 0\n\\n, ü \\";
    let row = DatabaseRow {
        database_name: name.to_owned(),
        ..known()
    };
    let hostile = Recorded {
        databases: vec![row],
        alarms: vec![alarm(name, name)],
        ..Recorded::default()
    };
    let samples = parse(&rendered(&hostile)).unwrap();
    let named = samples
        .iter()
        .flat_map(|it| &it.1)
        .filter(|it| it.1 == name);
    assert_eq!(named.count(), 8);
    assert_eq!(value(&hostile, "backup_databases_count"), Some(9.0));
}

#[test]
fn what_is_not_known_has_no_sample_and_no_head() {
    let recorded = Recorded {
        databases: vec![database("groveauth")],
        ..Recorded::default()
    };
    let text = rendered(&recorded);
    for absent in [
        "backup_last_success_timestamp",
        "backup_last_duration_ms",
        "backup_total_size_bytes",
        "cache_database_",
        "cache_alarms_open",
        "cache_janitor_last_round_timestamp_seconds",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
}

#[test]
fn what_is_known_to_be_none_is_0() {
    let recorded = Recorded {
        databases: vec![database("groveauth")],
        ..Recorded::default()
    };
    assert_eq!(value(&recorded, "backup_failures_24h"), Some(0.0));
    assert_eq!(value(&recorded, "cache_dead_letters_open"), Some(0.0));
    let text = rendered(&recorded);
    for status in DRILLS {
        assert!(text.contains(&format!("cache_drills{{status=\"{status}\"}} 0\n")));
    }
}

#[test]
fn the_total_is_of_the_newest_backup_of_each_database() {
    let mut recorded = two_of(known());
    recorded.databases.push(database("grove-engine-db"));
    assert_eq!(value(&recorded, "backup_total_size_bytes"), Some(424_800.0));
}

#[test]
fn failures_of_all_databases_add_up() {
    let recorded = two_of(DatabaseRow {
        failures: 2,
        ..known()
    });
    assert_eq!(value(&recorded, "backup_failures_24h"), Some(4.0));
}

#[test]
fn a_total_beyond_all_measure_is_no_panic() {
    let recorded = two_of(DatabaseRow {
        size_bytes: Some(u64::MAX),
        failures: u64::MAX,
        ..known()
    });
    assert!(value(&recorded, "backup_total_size_bytes").is_some());
}

#[test]
fn a_duration_is_in_seconds_with_its_milliseconds() {
    for (millis, text) in [
        (0, "0.000"),
        (7, "0.007"),
        (5_040, "5.040"),
        (61_000, "61.000"),
    ] {
        assert_eq!(seconds(millis), text);
    }
}

#[test]
fn the_expected_interval_is_the_schedule_s() {
    let mut registry = Registry::embedded().unwrap();
    for (schedule, line) in [
        ("0 3 * * SUN", "cache_expected_interval_seconds 604800\n"),
        ("0 3 * * *", "cache_expected_interval_seconds 86400\n"),
    ] {
        registry.backup.schedule = schedule.to_owned();
        assert!(render(&Recorded::default(), &registry, NOW).contains(line));
    }
}

#[test]
fn a_schedule_that_never_fires_expects_nothing() {
    let mut registry = Registry::embedded().unwrap();
    registry.backup.schedule = "0 3 31 2 *".to_owned();
    assert!(!render(&Recorded::default(), &registry, NOW).contains("interval"));
}

/// The names in these expressions that must be those of metrics.
fn metrics_in<'text>(expressions: impl Iterator<Item = &'text str>) -> BTreeSet<&'text str> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let words = expressions.flat_map(|line| line.split(move |it| !is_part(it)));
    words
        .filter(|word| word.starts_with("cache_") || word.starts_with("backup_"))
        .collect()
}

fn assert_there(words: &BTreeSet<&str>) {
    let samples = parse(&rendered(&recorded())).unwrap();
    let there: BTreeSet<&str> = samples.iter().map(|it| it.0.as_str()).collect();
    assert!(words.len() >= 5, "{words:?}");
    assert_eq!(words.difference(&there).count(), 0, "{words:?}");
}

#[test]
fn the_alert_rules_use_only_what_is_there() {
    let expressions = RULES
        .lines()
        .filter(|line| line.trim_start().starts_with("expr:"));
    assert_there(&metrics_in(expressions));
}

#[test]
fn the_dashboard_of_grafana_uses_only_what_is_there() {
    let dashboard: serde_json::Value = serde_json::from_str(GRAFANA).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    assert_there(&metrics_in(targets.map(|it| it["expr"].as_str().unwrap())));
}
