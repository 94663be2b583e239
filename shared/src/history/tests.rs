use super::*;

/// Sunday, 2024-12-08T03:00:00Z: a run of the schedule that ships.
const SUNDAY: i64 = 1_733_626_800;
/// The Wednesday after.
const NOW: Timestamp = Timestamp::from_seconds(SUNDAY + 3 * DAY + 9 * 3_600);

fn registry(schedule: &str) -> Registry {
    let mut registry = Registry::embedded().unwrap();
    registry.backup.schedule = schedule.to_owned();
    registry
}

fn week(week: i64, success: u64, failed: u64, unfinished: u64) -> WeekRow {
    WeekRow {
        database_name: "groveauth".to_owned(),
        week,
        success,
        failed,
        unfinished,
        size_bytes: (success > 0).then_some(1_000),
    }
}

fn day(at: i64, successful: u64, failed: u64) -> overview::Day {
    overview::Day {
        date: Timestamp::from_seconds(at).date(),
        successful,
        failed,
        skipped: 0,
        unfinished: 0,
        size_bytes: None,
        row_count: None,
    }
}

/// The outcomes of the weeks of these rows.
fn weeks(schedule: &str, rows: &[WeekRow], known: Option<i64>) -> Vec<Outcome> {
    let weeks = Weeks::until(&registry(schedule), NOW);
    let of = weeks.of(rows.iter(), known);
    of.into_iter().map(|week| week.outcome).collect()
}

const WEEKLY: &str = "0 3 * * SUN";
const DAILY: &str = "0 3 * * *";

#[test]
fn the_newest_week_of_a_weekly_schedule_begins_with_its_last_run() {
    let weeks = Weeks::until(&registry(WEEKLY), NOW).of([].iter(), None);
    assert_eq!(weeks.len(), 12);
    assert_eq!(weeks[11].from, Timestamp::from_seconds(SUNDAY));
    assert_eq!(weeks[0].from, Timestamp::from_seconds(SUNDAY - 11 * WEEK));
}

#[test]
fn of_a_database_that_nobody_knows_nothing_was_due() {
    assert_eq!(weeks(WEEKLY, &[], None), [Outcome::NotDue; 12]);
}

#[test]
fn a_week_without_a_run_is_a_gap() {
    let rows: Vec<WeekRow> = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
        .map(|number| week(number, 1, 0, 0))
        .into();
    let mut expected = [Outcome::Success; 12];
    expected[6] = Outcome::Gap;
    assert_eq!(weeks(WEEKLY, &rows, Some(0)), expected);
}

#[test]
fn before_a_database_was_known_there_is_no_gap() {
    let known = SUNDAY - 2 * WEEK - DAY;
    let outcomes = weeks(WEEKLY, &[], Some(known));
    assert_eq!(outcomes[..9], [Outcome::NotDue; 9]);
    assert_eq!(outcomes[9..], [Outcome::Gap; 3]);
}

#[test]
fn what_ran_before_the_registry_was_seen_is_shown_and_so_are_gaps_after_it() {
    let outcomes = weeks(WEEKLY, &[week(4, 1, 0, 0)], Some(SUNDAY));
    assert_eq!(outcomes[..4], [Outcome::NotDue; 4]);
    assert_eq!(outcomes[4], Outcome::Success);
    assert_eq!(outcomes[5..], [Outcome::Gap; 7]);
}

#[test]
fn a_failure_is_no_gap_and_a_success_after_it_mends_it() {
    let rows = [week(9, 0, 2, 0), week(10, 1, 2, 0), week(11, 0, 0, 1)];
    let outcomes = weeks(WEEKLY, &rows, Some(SUNDAY - 2 * WEEK));
    assert_eq!(
        outcomes[9..],
        [Outcome::Failed, Outcome::Success, Outcome::Running]
    );
}

#[test]
fn a_week_of_a_daily_schedule_says_how_many_of_its_days_have_a_backup() {
    let rows = [week(9, 7, 0, 0), week(10, 5, 1, 0), week(11, 7, 0, 0)];
    let outcomes = weeks(DAILY, &rows, Some(0));
    assert_eq!(
        outcomes[8..],
        [
            Outcome::Gap,
            Outcome::Success,
            Outcome::Partly(5, 7),
            Outcome::Success
        ]
    );
}

#[test]
fn a_run_that_was_due_a_moment_ago_is_not_late_yet() {
    let at = |now: i64| {
        let weeks = Weeks::until(&registry(WEEKLY), Timestamp::from_seconds(now));
        weeks.of([].iter(), Some(0))[11].outcome
    };
    assert_eq!(at(SUNDAY + LATE_SECONDS - 1), Outcome::NotDue);
    assert_eq!(at(SUNDAY + LATE_SECONDS), Outcome::Gap);
}

#[test]
fn a_schedule_of_once_a_year_has_weeks_that_end_now() {
    let weeks = Weeks::until(&registry("0 3 1 1 *"), NOW);
    assert_eq!(weeks.since(), NOW.plus_seconds(-SPAN));
}

#[test]
fn an_hourly_schedule_has_one_due_run_a_day() {
    let runs = due(&registry("17 * * * *"), NOW.seconds() - SPAN, NOW);
    assert_eq!(runs.len(), 84);
    assert!(
        runs.windows(2)
            .all(|pair| (DAY / 2..=DAY + DAY / 2).contains(&(pair[1] - pair[0])))
    );
}

#[test]
fn a_calendar_is_of_twelve_weeks_from_monday_to_sunday_and_ends_with_this_one() {
    let days = Calendar::until(NOW).days(&registry(WEEKLY), &[], None, NOW);
    assert_eq!(days.len(), 12);
    assert!(days.iter().all(|week| week.len() == 7));
    assert_eq!(days[11][0].from.date(), "2024-12-09");
    assert_eq!(days[11][6].from.date(), "2024-12-15");
    assert_eq!(days[0][0].from.date(), "2024-09-23");
    assert_eq!(days[11][2].outcome, Some(Outcome::NotDue));
    assert_eq!(days[11][3].outcome, None);
}

#[test]
fn a_calendar_of_a_monday_begins_its_last_week_on_that_day() {
    let monday = Timestamp::from_seconds(SUNDAY + DAY);
    let days = Calendar::until(monday).days(&registry(WEEKLY), &[], None, monday);
    assert_eq!(days[11][0].from.date(), "2024-12-09");
}

#[test]
fn a_day_without_the_run_that_was_due_is_a_gap_and_the_others_are_not() {
    let rows = [
        day(SUNDAY - 2 * WEEK, 1, 0),
        day(SUNDAY, 0, 1),
        day(SUNDAY + DAY, 2, 0),
    ];
    let days = Calendar::until(NOW).days(&registry(WEEKLY), &rows, None, NOW);
    assert_eq!(days[8][6].outcome, Some(Outcome::Success));
    assert_eq!(days[9][6].outcome, Some(Outcome::Gap));
    assert_eq!(days[9][5].outcome, Some(Outcome::NotDue));
    assert_eq!(days[10][6].outcome, Some(Outcome::Failed));
    assert_eq!(days[11][0].outcome, Some(Outcome::Success));
    assert_eq!(days[7][6].outcome, Some(Outcome::NotDue));
}
