//! Each fault of a registry: its line and the fix, word for word.

use shared::registry::{Omissions, Priority, Registry};

use super::{FILE, read};
use crate::workspace::path;

/// A sound registry, of which each test replaces some lines.
const SOUND: &str = r#"[backup]
schedule = "0 3 * * SUN"
retention_weeks = 12
bucket = "grove-backups"
concurrency = 3
export_timeout_ms = 30000
max_retries = 3
[catalogue]
name = "records-db"
id = "00000000-0000-0000-0000-000000000000"
[[databases]]
name = "one"
id = "11111111-1111-4111-8111-111111111111"
binding = "ONE_DB"
description = "The first"
priority = "critical"
estimated_size = "1 KB"
[[databases]]
name = "two"
id = "22222222-2222-4222-8222-222222222222"
binding = "TWO_DB"
description = "The second"
priority = "normal"
estimated_size = "2 KB"
"#;

/// The sound registry with other lines in the places of some.
fn with(changes: &[(usize, &str)]) -> Result<Registry, Vec<String>> {
    let mut lines: Vec<&str> = SOUND.lines().collect();
    for (line, text) in changes {
        lines[line - 1] = text;
    }
    read(&lines.join("\n")).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// What is wrong when `line` is `text`.
fn faults(line: usize, text: &str) -> Vec<String> {
    with(&[(line, text)]).unwrap_err()
}

/// The one thing that is wrong when `line` is `text`.
fn fault(line: usize, text: &str) -> String {
    let faults = faults(line, text);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

/// Why the schedule is refused.
fn schedule_fault(schedule: &str) -> String {
    fault(2, &format!("schedule = \"{schedule}\""))
}

#[test]
fn the_registry_in_the_checkout_is_sound() {
    let text = std::fs::read_to_string(path(FILE)).unwrap();
    assert_eq!(read(&text).map(|_| ()), Ok(()));
}

#[test]
fn a_sound_registry_is_read_as_it_is_written() {
    let registry = with(&[]).unwrap();
    assert_eq!(registry.backup.schedule, "0 3 * * SUN");
    assert_eq!(registry.backup.retention_weeks, 12);
    assert_eq!(registry.catalogue.name, "records-db");
    let names: Vec<_> = registry.databases.iter().map(|found| &found.name).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(registry.databases[0].priority, Priority::Critical);
    assert_eq!(registry.databases[1].estimated_size, "2 KB");
}

#[test]
fn a_name_given_twice_is_refused() {
    assert_eq!(
        fault(19, r#"name = "one""#),
        "databases.toml:19: the name `one` is taken by line 12; remove one of the two sections, or correct its name"
    );
    assert!(fault(12, r#"name = "records-db""#).contains("is taken by line 9"));
}

#[test]
fn a_binding_given_twice_is_refused() {
    assert_eq!(
        fault(21, r#"binding = "ONE_DB""#),
        "databases.toml:21: the binding `ONE_DB` is taken by line 14; choose another"
    );
}

#[test]
fn an_id_given_twice_is_refused() {
    assert_eq!(
        fault(20, r#"id = "11111111-1111-4111-8111-111111111111""#),
        "databases.toml:20: the id `11111111-1111-4111-8111-111111111111` is taken by line 13; copy the right one from \
         `npx wrangler d1 list`"
    );
}

#[test]
fn an_id_that_is_no_uuid_is_refused() {
    assert_eq!(
        fault(13, r#"id = "TODO_CREATE_THIS""#),
        "databases.toml:13: the id `TODO_CREATE_THIS` is no UUID in lower-case letters; copy it from `npx wrangler d1 list`"
    );
    for id in [
        "",
        "1111111111114111811111111111111g",
        "{11111111-1111-4111-8111-111111111111}",
    ] {
        assert!(fault(13, &format!("id = \"{id}\"")).contains("no UUID"));
    }
    assert!(fault(10, r#"id = "AAAAAAAA-1111-4111-8111-111111111111""#).contains("lower-case"));
}

#[test]
fn the_placeholder_id_is_for_the_catalogue_only() {
    assert_eq!(
        fault(13, r#"id = "00000000-0000-0000-0000-000000000000""#),
        "databases.toml:13: the id `00000000-0000-0000-0000-000000000000` is a placeholder; copy the database's own from \
         `npx wrangler d1 list`"
    );
}

#[test]
fn a_name_that_is_no_safe_key_is_refused() {
    assert_eq!(
        fault(12, r#"name = "../one""#),
        "databases.toml:12: the name `../one` cannot be part of a key; write 1 to 63 lower-case letters, digits, dots, \
         hyphens and underscores, a letter or digit first"
    );
    let long = "a".repeat(64);
    for name in [
        "", "One", "-one", ".one", "one/two", "one two", "ö", "one\\n", &long,
    ] {
        assert!(fault(12, &format!("name = \"{name}\"")).contains("cannot be part of a key"));
    }
    assert!(fault(12, r#"name = "one..two""#).ends_with("write single dots"));
    assert!(fault(12, r#"name = "one.sql""#).ends_with("leave out the `.sql`"));
    assert!(with(&[(12, &format!("name = \"{}\"", &long[1..]))]).is_ok());
    assert!(with(&[(12, r#"name = "0.one_two-3""#)]).is_ok());
}

#[test]
fn a_binding_that_is_no_identifier_is_refused() {
    assert_eq!(
        fault(14, r#"binding = "one-db""#),
        "databases.toml:14: the binding `one-db` is no identifier; write capital letters, digits and underscores, a letter \
         first, such as `GROVEAUTH_DB`"
    );
    for binding in ["", "1DB", "_DB", "Db"] {
        assert!(fault(14, &format!("binding = \"{binding}\"")).contains("no identifier"));
    }
}

#[test]
fn a_binding_that_the_workers_have_already_is_refused() {
    assert_eq!(
        fault(14, r#"binding = "METADATA_DB""#),
        "databases.toml:14: the binding `METADATA_DB` is one of Cache's own; choose another, such as `METADATA_DB_SOURCE`"
    );
    for binding in [
        "BACKUPS",
        "EXPORTS",
        "EVENTS",
        "API_TOKEN",
        "RETRY_CAP_SECONDS",
    ] {
        assert!(fault(14, &format!("binding = \"{binding}\"")).contains("Cache's own"));
    }
}

#[test]
fn an_unknown_priority_is_refused() {
    assert_eq!(
        fault(16, r#"priority = "urgent""#),
        "databases.toml:16: the priority `urgent` is unknown; write critical, high or normal"
    );
}

#[test]
fn the_weekday_zero_is_refused_as_cloudflare_does() {
    for schedule in ["0 3 * * 0", "0 3 * * 2,0", "0 3 * * 0-3", "0 3 * * 0/2"] {
        assert_eq!(
            schedule_fault(schedule),
            format!(
                "databases.toml:2: the schedule `{schedule}` has the weekday 0, which Cloudflare refuses (it counts from \
                 1 = Sunday); write SUN"
            )
        );
    }
}

#[test]
fn a_schedule_that_cloudflare_refuses_is_refused_with_the_field_that_is_wrong() {
    assert_eq!(
        schedule_fault("60 3 * * SUN"),
        "databases.toml:2: the schedule `60 3 * * SUN` has the minute `60`, which Cloudflare refuses; write * or 0 to 59"
    );
    for (schedule, field) in [
        ("0 24 * * *", "the hour `24`"),
        ("0 3 32 * *", "the day of the month `32`"),
        ("0 3 * 13 *", "the month `13`"),
        ("0 3 * * 8", "the weekday `8`"),
        ("0 3 * * SUNDAY", "the weekday `SUNDAY`"),
        ("0 3 ? * SUN", "the day of the month `?`"),
        ("0 3 * * MON,", "the weekday `MON,`"),
        ("*/0 3 * * MON", "the minute `*/0`"),
    ] {
        assert!(
            schedule_fault(schedule).contains(field),
            "{}",
            schedule_fault(schedule)
        );
    }
}

#[test]
fn a_schedule_has_five_fields() {
    assert_eq!(
        schedule_fault("@weekly"),
        "databases.toml:2: the schedule `@weekly` has 1 field; write five: minute, hour, day of the month, month, weekday"
    );
    assert!(schedule_fault("0 0 3 * * SUN").contains("has 6 fields"));
    assert!(schedule_fault("").contains("has 0 fields"));
    assert!(schedule_fault(" 0 3 * * SUN").ends_with("write `0 3 * * SUN`"));
}

#[test]
fn a_schedule_that_never_comes_is_refused() {
    assert_eq!(
        schedule_fault("0 3 31 2 *"),
        "databases.toml:2: the schedule `0 3 31 2 *` never comes; write a day that its months have"
    );
}

#[test]
fn a_schedule_whose_runs_we_would_compute_differently_is_refused() {
    assert_eq!(
        schedule_fault("0 3 * * FRI-MON"),
        "databases.toml:2: the schedule `0 3 * * FRI-MON` is one that Cache reads differently from Cloudflare; write plain \
         numbers and names, lists and rising ranges"
    );
}

#[test]
fn usual_schedules_are_taken() {
    for schedule in [
        "0 3 * * SUN",
        "0 3 * * sun",
        "0 3 * * 1",
        "0 3 * * 7",
        "0 3 * * MON-FRI",
        "0 3 * * 2,4,6",
        "*/15 * * * *",
        "0 */6 * * *",
        "17 * * * *",
        "0 3 1 * *",
        "0 3 1,15 JAN-JUN *",
        "0 3 L * *",
        "0 3 29 2 *",
        "0 3 1 * MON",
    ] {
        let registry = with(&[(2, &format!("schedule = \"{schedule}\""))]);
        assert_eq!(
            registry.map(|found| found.backup.schedule).as_deref(),
            Ok(schedule)
        );
    }
}

#[test]
fn numbers_have_bounds() {
    assert_eq!(
        fault(3, "retention_weeks = 5201"),
        "databases.toml:3: `retention_weeks` must be a whole number from 0 to 5200, without quotes"
    );
    assert_eq!(
        fault(3, "retention_weeks = 1\nkeep_daily = -1"),
        "databases.toml:4: `keep_daily` must be a whole number from 0 to 5200, without quotes"
    );
    assert_eq!(
        fault(5, "concurrency = 21"),
        "databases.toml:5: `concurrency` must be a whole number from 1 to 20, without quotes"
    );
    assert_eq!(
        fault(6, "export_timeout_ms = 900000"),
        "databases.toml:6: `export_timeout_ms` must be a whole number from 1000 to 840000, without quotes"
    );
    assert_eq!(
        fault(7, "max_retries = 101"),
        "databases.toml:7: `max_retries` must be a whole number from 0 to 100, without quotes"
    );
    for concurrency in ["0", "-1", "1.5", "\"3\"", "true", "99999999999999999999"] {
        assert!(fault(5, &format!("concurrency = {concurrency}")).contains("from 1 to 20"));
    }
    assert!(with(&[(7, "max_retries = 0"), (5, "concurrency = 0x14")]).is_ok());
}

#[test]
fn a_database_may_have_a_deadline_of_its_own() {
    let own = "estimated_size = \"1 KB\"\ndeadline_hours = 48";
    let registry = with(&[(17, own), (7, "max_retries = 3\ndeadline_hours = 12")]).unwrap();
    assert_eq!(registry.backup.deadline_hours, 12);
    assert_eq!(registry.databases[0].deadline_hours, Some(48));
    assert_eq!(registry.databases[1].deadline_hours, None);
    assert_eq!(with(&[]).unwrap().backup.deadline_hours, 6);
}

#[test]
fn a_deadline_is_an_hour_to_a_week() {
    assert_eq!(
        fault(17, "deadline_hours = 169\nestimated_size = \"1 KB\""),
        "databases.toml:17: `deadline_hours` must be a whole number from 1 to 168, without quotes"
    );
    assert!(fault(7, "max_retries = 3\ndeadline_hours = 0").contains("from 1 to 168"));
}

#[test]
fn the_dumps_of_a_database_may_be_gzip() {
    let registry = with(&[(17, "estimated_size = \"1 KB\"\ngzip = true")]).unwrap();
    assert!(registry.databases[0].gzip && !registry.databases[1].gzip);
    assert_eq!(
        fault(17, "gzip = \"yes\"\nestimated_size = \"1 KB\""),
        "databases.toml:17: `gzip` must be true or false, without quotes"
    );
}

#[test]
fn a_bucket_name_that_r2_refuses_is_refused() {
    assert_eq!(
        fault(4, r#"bucket = "Grove_Backups""#),
        "databases.toml:4: R2 refuses `Grove_Backups` as a bucket's name; write 3 to 63 lower-case letters, digits and \
         hyphens, no hyphen at either end"
    );
    for bucket in ["", "ab", "-abc", "abc-"] {
        assert!(fault(4, &format!("bucket = \"{bucket}\"")).contains("R2 refuses"));
    }
}

#[test]
fn a_missing_field_is_reported_at_its_section() {
    assert_eq!(
        fault(20, ""),
        "databases.toml:18: `id` is missing from [[databases]]; add it"
    );
    assert_eq!(
        fault(2, ""),
        "databases.toml:1: `schedule` is missing from [backup]; add it"
    );
}

#[test]
fn an_unknown_field_is_reported_with_those_there_are() {
    assert_eq!(
        faults(15, r#"descripton = "The first""#),
        [
            "databases.toml:11: `description` is missing from [[databases]]; add it",
            "databases.toml:15: [[databases]] has no `descripton`; it has name, id, binding, description, priority, \
             estimated_size, deadline_hours, retention_weeks, keep_last, keep_daily, keep_weekly, keep_monthly, keep_yearly, gzip, leave_out, without_rows",
        ]
    );
    let text = format!("{SOUND}[alerts]\n");
    let found = read(&text).unwrap_err();
    assert_eq!(
        found[0].to_string(),
        "databases.toml:25: the file has no `alerts`; it has backup, catalogue, databases"
    );
}

#[test]
fn a_database_may_leave_out_tables_and_the_rows_of_others() {
    let lists = "estimated_size = \"1 KB\"\nleave_out = [\"cache\", 'a \"b\"']\nwithout_rows = [\"sessions\"]";
    let registry = with(&[(17, lists)]).unwrap();
    let omissions = &registry.databases[0].omissions;
    assert_eq!(omissions.leave_out, ["cache", "a \"b\""]);
    assert_eq!(omissions.without_rows, ["sessions"]);
    assert_eq!(registry.databases[1].omissions, Omissions::default());
}

/// What is wrong with lists of tables in the lines 17 and after.
fn list_fault(lists: &str) -> String {
    fault(17, &format!("{lists}\nestimated_size = \"1 KB\""))
}

#[test]
fn a_table_may_be_named_once() {
    assert_eq!(
        list_fault("leave_out = [\n  \"cache\",\n  \"Cache\",\n]"),
        "databases.toml:19: the table `Cache` is in `leave_out` twice, first in line 18; remove one of the two"
    );
    assert_eq!(
        list_fault("leave_out = [\"cache\"]\nwithout_rows = [\"CACHE\"]"),
        "databases.toml:18: the table `CACHE` is in `leave_out` too, in line 17; keep it in one of the two"
    );
    assert!(with(&[(17, "leave_out = [\"ä\", \"Ä\"]\nestimated_size = \"1 KB\"")]).is_ok());
}

#[test]
fn a_list_of_tables_has_names() {
    assert_eq!(
        list_fault("leave_out = \"cache\""),
        "databases.toml:17: `leave_out` must be a list, such as `leave_out = [\"one\", \"two\"]`"
    );
    assert_eq!(
        list_fault("without_rows = [\n1]"),
        "databases.toml:18: `without_rows` must be a list of texts in quotes"
    );
    assert_eq!(
        list_fault("leave_out = [\"\"]"),
        "databases.toml:17: a table's name is empty; write one, or remove it"
    );
    assert_eq!(
        list_fault("leave_out = [\"SQLite_stat1\"]"),
        "databases.toml:17: the table `SQLite_stat1` is not a user's, and never in a dump; remove it"
    );
}

#[test]
fn a_text_without_quotes_around_a_number_is_refused() {
    assert_eq!(
        fault(15, "description = 1"),
        "databases.toml:15: `description` must be a text in quotes"
    );
}

#[test]
fn a_registry_without_databases_is_refused() {
    let none: Vec<&str> = SOUND.lines().take(10).collect();
    assert_eq!(
        read(&none.join("\n")).unwrap_err()[0].to_string(),
        "databases.toml:1: there is nothing to back up; add a section [[databases]]"
    );
    let empty = format!("databases = []\n{}", none.join("\n"));
    assert!(
        read(&empty).unwrap_err()[0]
            .to_string()
            .contains("nothing to back up")
    );
}

#[test]
fn a_section_of_the_wrong_kind_is_refused() {
    let one: String = SOUND.lines().take(17).collect::<Vec<_>>().join("\n");
    let found = read(&one.replace("[[databases]]", "[databases]")).unwrap_err();
    assert_eq!(
        found[0].to_string(),
        "databases.toml:11: write [[databases]], with two brackets, above each of them"
    );
}

#[test]
fn every_section_that_is_missing_is_named() {
    let found: Vec<_> = read("")
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "databases.toml:1: there is no section [backup]; add it",
            "databases.toml:1: there is no section [catalogue]; add it",
            "databases.toml:1: there is nothing to back up; add a section [[databases]]",
        ]
    );
}

#[test]
fn what_is_not_toml_is_reported_line_by_line() {
    let found = with(&[(4, "bucket = grove"), (12, "name \"one\"")]).unwrap_err();
    assert_eq!(
        found[0],
        "databases.toml:4: this is not TOML (string values must be quoted, expected literal string); write lines such as \
         `name = \"text\"`, `number = 12` and `[section]`"
    );
    assert!(
        found[1].starts_with("databases.toml:12: this is not TOML"),
        "{found:?}"
    );
}

const NOTHING_KEPT: &str = "set `retention_weeks` to 1 or more, or one of `keep_last`, `keep_daily`, \
                            `keep_weekly`, `keep_monthly`, `keep_yearly`";

#[test]
fn a_policy_that_would_keep_nothing_is_refused() {
    let refused = format!("databases.toml:1: [backup] would keep no backup: {NOTHING_KEPT}");
    assert_eq!(fault(3, "retention_weeks = 0"), refused);
    assert_eq!(fault(3, "retention_weeks = 0\nkeep_weekly = 0"), refused);
}

#[test]
fn a_database_of_which_nothing_would_be_kept_is_refused_by_name() {
    let refused =
        |line| format!("databases.toml:{line}: no backup of `two` would be kept: {NOTHING_KEPT}");
    let weeks = "estimated_size = \"2 KB\"\nretention_weeks = 0";
    assert_eq!(fault(24, weeks), refused(18));
    let overridden = format!("{weeks}\nkeep_last = 0");
    let found = with(&[(3, "retention_weeks = 1\nkeep_last = 3"), (24, &overridden)]);
    assert_eq!(found.unwrap_err(), [refused(19)]);
}

#[test]
fn keep_rules_are_read_for_all_databases_and_for_one() {
    let registry = with(&[
        (3, "retention_weeks = 0\nkeep_daily = 7\nkeep_monthly = 12"),
        (
            17,
            "estimated_size = \"1 KB\"\nretention_weeks = 4\nkeep_daily = 0",
        ),
    ])
    .unwrap();
    let rules = |name| {
        let rules = registry.keep_rules(name);
        (rules.daily, rules.monthly, registry.retention_weeks(name))
    };
    assert_eq!(rules("one"), (Some(0), Some(12), 4));
    assert_eq!(rules("two"), (Some(7), Some(12), 0));
}

#[test]
fn a_field_given_twice_is_refused() {
    assert_eq!(
        fault(4, "concurrency = 4"),
        "databases.toml:5: this is there twice; remove one of the two"
    );
}

#[test]
fn everything_that_is_wrong_is_reported_at_once_and_in_order() {
    let found = with(&[
        (21, r#"binding = "ONE_DB""#),
        (2, r#"schedule = "0 3 * * 0""#),
        (16, r#"priority = "urgent""#),
        (10, r#"id = "later""#),
        (3, "retention_weeks = 5201"),
    ])
    .unwrap_err();
    let lines: Vec<&str> = found
        .iter()
        .filter_map(|fault| fault.split(':').nth(1))
        .collect();
    assert_eq!(lines, ["2", "3", "10", "16", "21"]);
}
