//! Dated scenarios, and what the plan says of each backup.

use insta::assert_snapshot;

use crate::history::History;

#[test]
fn a_young_backup_is_kept_until_its_day() {
    let history = History::on("2025-01-10").made(&["2025-01-05"]);
    assert_snapshot!(history.plan(), @r"2025-01-05 00:00 keep   kept until 2025-03-30; the newest good backup, while none is verified");
}

#[test]
fn weekly_backups_go_after_twelve_weeks() {
    let history = History::on("2025-04-01")
        .every(7, 14, "2025-03-30")
        .verified("2025-03-30");
    assert_snapshot!(history.plan(), @r"
    2025-03-30 00:00 keep   kept until 2025-06-22; the newest verified backup
    2025-03-23 00:00 keep   kept until 2025-06-15
    2025-03-16 00:00 keep   kept until 2025-06-08
    2025-03-09 00:00 keep   kept until 2025-06-01
    2025-03-02 00:00 keep   kept until 2025-05-25
    2025-02-23 00:00 keep   kept until 2025-05-18
    2025-02-16 00:00 keep   kept until 2025-05-11
    2025-02-09 00:00 keep   kept until 2025-05-04
    2025-02-02 00:00 keep   kept until 2025-04-27
    2025-01-26 00:00 keep   kept until 2025-04-20
    2025-01-19 00:00 keep   kept until 2025-04-13
    2025-01-12 00:00 keep   kept until 2025-04-06
    2025-01-05 00:00 delete due since 2025-03-30
    2024-12-29 00:00 delete due since 2025-03-23
    ");
}

#[test]
fn a_backup_is_due_in_the_second_in_which_its_time_is_over() {
    let history = History::on("2025-03-30").made(&["2025-01-05", "2025-03-23"]);
    assert_snapshot!(history.plan(), @r"
    2025-03-23 00:00 keep   kept until 2025-06-15; the newest good backup, while none is verified
    2025-01-05 00:00 delete due since 2025-03-30
    ");
}

#[test]
fn a_backup_is_kept_to_the_last_minute() {
    let history = History::on("2025-03-29 23:59").made(&["2025-01-05", "2025-03-23"]);
    assert_snapshot!(history.plan(), @r"
    2025-03-23 00:00 keep   kept until 2025-06-15; the newest good backup, while none is verified
    2025-01-05 00:00 keep   kept until 2025-03-30
    ");
}

#[test]
fn each_backup_keeps_the_day_that_it_was_made_with() {
    let history = History::on("2025-02-01")
        .kept_for(84)
        .made(&["2025-01-05"])
        .kept_for(7)
        .made(&["2025-01-12", "2025-01-26"]);
    assert_snapshot!(history.plan(), @r"
    2025-01-26 00:00 keep   kept until 2025-02-02; the newest good backup, while none is verified
    2025-01-12 00:00 delete due since 2025-01-19
    2025-01-05 00:00 keep   kept until 2025-03-30
    ");
}

#[test]
fn no_backup_makes_an_empty_plan() {
    let history = History::on("2025-01-01");
    assert_snapshot!(history.plan(), @"");
}

#[test]
fn the_only_backup_stays_however_old() {
    let history = History::on("2030-01-01").made(&["2020-01-01"]);
    assert_snapshot!(history.plan(), @r"2020-01-01 00:00 keep   the newest good backup, while none is verified");
}

#[test]
fn the_newest_good_one_stays_while_none_is_verified() {
    let history = History::on("2030-01-01").made(&["2020-01-01", "2020-01-08"]);
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 keep   the newest good backup, while none is verified
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn the_newest_verified_one_stays_and_newer_ones_go() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08", "2020-01-15"])
        .verified("2020-01-01")
        .verified("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-15 00:00 delete due since 2020-04-08
    2020-01-08 00:00 keep   the newest verified backup
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn a_failed_drill_is_no_floor() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .drill_failed("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 delete due since 2020-04-01
    2020-01-01 00:00 keep   the newest good backup, while none is verified
    ");
}

#[test]
fn one_that_was_verified_and_then_failed_is_no_floor() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .verified("2020-01-08")
        .drill_failed("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 delete due since 2020-04-01
    2020-01-01 00:00 keep   the newest good backup, while none is verified
    ");
}

#[test]
fn when_all_are_bad_the_newest_stays() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .drill_failed("2020-01-01")
        .drill_failed("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 keep   the newest backup there is, while none is good
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn a_lost_one_is_no_floor() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .lost("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 delete due since 2020-04-01
    2020-01-01 00:00 keep   the newest good backup, while none is verified
    ");
}

#[test]
fn a_lost_one_is_no_floor_though_verified() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .verified("2020-01-08")
        .lost("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 delete due since 2020-04-01
    2020-01-01 00:00 keep   the newest good backup, while none is verified
    ");
}

#[test]
fn when_all_are_lost_their_rows_go() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .lost("2020-01-01")
        .lost("2020-01-08");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 delete due since 2020-04-01
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn of_two_of_one_second_the_later_row_is_the_floor() {
    let history = History::on("2030-01-01").made(&["2020-01-01", "2020-01-01"]);
    assert_snapshot!(history.plan(), @r"
    2020-01-01 00:00 keep   the newest good backup, while none is verified
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn a_pinned_backup_stays_however_old() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2029-12-30"])
        .pinned("2020-01-01", Some("before the migration"));
    assert_snapshot!(history.plan(), @r"
    2029-12-30 00:00 keep   kept until 2030-03-24; the newest good backup, while none is verified
    2020-01-01 00:00 keep   pinned: before the migration
    ");
}

#[test]
fn a_pin_needs_no_note() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2029-12-30"])
        .pinned("2020-01-01", None);
    assert_snapshot!(history.plan(), @r"
    2029-12-30 00:00 keep   kept until 2030-03-24; the newest good backup, while none is verified
    2020-01-01 00:00 keep   pinned
    ");
}

#[test]
fn a_pinned_lost_backup_keeps_its_row() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2029-12-30"])
        .pinned("2020-01-01", None)
        .lost("2020-01-01");
    assert_snapshot!(history.plan(), @r"
    2029-12-30 00:00 keep   kept until 2030-03-24; the newest good backup, while none is verified
    2020-01-01 00:00 keep   pinned
    ");
}

#[test]
fn a_pinned_backup_takes_its_place_in_a_rule() {
    let history = History::on("2030-01-01")
        .kept_for(0)
        .made(&["2029-12-28", "2029-12-29", "2029-12-30"])
        .pinned("2029-12-30", None)
        .last(2);
    assert_snapshot!(history.plan(), @r"
    2029-12-30 00:00 keep   pinned; keep_last: no. 1; the newest good backup, while none is verified
    2029-12-29 00:00 keep   keep_last: no. 2
    2029-12-28 00:00 delete due since 2029-12-28
    ");
}

#[test]
fn what_is_dated_in_the_future_stays() {
    let history =
        History::on("2025-01-01")
            .kept_for(0)
            .made(&["2024-12-01", "2024-12-08", "2025-01-02"]);
    assert_snapshot!(history.plan(), @r"
    2025-01-02 00:00 keep   dated in the future: 2025-01-02T00:00:00Z; kept until 2025-01-02
    2024-12-08 00:00 keep   the newest good backup, while none is verified
    2024-12-01 00:00 delete due since 2024-12-01
    ");
}

#[test]
fn what_is_dated_in_the_future_takes_no_place_in_a_rule() {
    let history = History::on("2025-01-01")
        .kept_for(0)
        .made(&["2024-12-01", "2024-12-08", "2025-01-02"])
        .last(2);
    assert_snapshot!(history.plan(), @r"
    2025-01-02 00:00 keep   dated in the future: 2025-01-02T00:00:00Z; kept until 2025-01-02
    2024-12-08 00:00 keep   keep_last: no. 1; the newest good backup, while none is verified
    2024-12-01 00:00 keep   keep_last: no. 2
    ");
}

#[test]
fn what_is_dated_in_the_future_is_no_floor() {
    let history = History::on("2025-01-01")
        .kept_for(0)
        .made(&["2024-12-01", "2025-01-02"])
        .verified("2025-01-02");
    assert_snapshot!(history.plan(), @r"
    2025-01-02 00:00 keep   dated in the future: 2025-01-02T00:00:00Z; kept until 2025-01-02
    2024-12-01 00:00 keep   the newest good backup, while none is verified
    ");
}

#[test]
fn nothing_goes_while_the_latest_backup_failed() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08", "2029-12-30"])
        .latest_failed();
    assert_snapshot!(history.plan(), @r"
    2029-12-30 00:00 keep   kept until 2030-03-24; the newest good backup, while none is verified; the latest backup failed, so nothing is deleted
    2020-01-08 00:00 keep   the latest backup failed, so nothing is deleted
    2020-01-01 00:00 keep   the latest backup failed, so nothing is deleted
    ");
}

#[test]
fn keep_last_keeps_the_newest() {
    let history = History::on("2025-01-10")
        .kept_for(0)
        .every(1, 6, "2025-01-09")
        .last(3);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 00:00 keep   keep_last: no. 1; the newest good backup, while none is verified
    2025-01-08 00:00 keep   keep_last: no. 2
    2025-01-07 00:00 keep   keep_last: no. 3
    2025-01-06 00:00 delete due since 2025-01-06
    2025-01-05 00:00 delete due since 2025-01-05
    2025-01-04 00:00 delete due since 2025-01-04
    ");
}

#[test]
fn keep_daily_keeps_the_newest_of_each_day() {
    let history = History::on("2025-01-10")
        .kept_for(0)
        .made(&[
            "2025-01-07 03:00",
            "2025-01-08 03:00",
            "2025-01-08 15:00",
            "2025-01-09 03:00",
            "2025-01-09 15:00",
        ])
        .daily(2);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 15:00 keep   keep_daily: 2025-01-09; the newest good backup, while none is verified
    2025-01-09 03:00 delete due since 2025-01-09
    2025-01-08 15:00 keep   keep_daily: 2025-01-08
    2025-01-08 03:00 delete due since 2025-01-08
    2025-01-07 03:00 delete due since 2025-01-07
    ");
}

#[test]
fn keep_daily_skips_days_without_a_backup() {
    let history = History::on("2025-03-01")
        .kept_for(0)
        .made(&["2024-11-01", "2024-12-24", "2025-01-02", "2025-02-20"])
        .daily(3);
    assert_snapshot!(history.plan(), @r"
    2025-02-20 00:00 keep   keep_daily: 2025-02-20; the newest good backup, while none is verified
    2025-01-02 00:00 keep   keep_daily: 2025-01-02
    2024-12-24 00:00 keep   keep_daily: 2024-12-24
    2024-11-01 00:00 delete due since 2024-11-01
    ");
}

#[test]
fn a_day_ends_at_midnight_of_utc() {
    let history = History::on("2025-01-10")
        .kept_for(0)
        .made(&["2025-01-08 23:59", "2025-01-09 00:00"])
        .daily(2);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 00:00 keep   keep_daily: 2025-01-09; the newest good backup, while none is verified
    2025-01-08 23:59 keep   keep_daily: 2025-01-08
    ");
}

#[test]
fn keep_weekly_begins_weeks_on_monday() {
    let history = History::on("2025-01-20")
        .kept_for(0)
        .made(&["2025-01-05", "2025-01-06", "2025-01-12", "2025-01-13"])
        .weekly(3);
    assert_snapshot!(history.plan(), @r"
    2025-01-13 00:00 keep   keep_weekly: 2025-W03; the newest good backup, while none is verified
    2025-01-12 00:00 keep   keep_weekly: 2025-W02
    2025-01-06 00:00 delete due since 2025-01-06
    2025-01-05 00:00 keep   keep_weekly: 2025-W01
    ");
}

#[test]
fn the_first_days_of_a_year_are_of_the_last_iso_week() {
    let history = History::on("2021-02-01")
        .kept_for(0)
        .made(&["2020-12-28", "2021-01-03", "2021-01-04"])
        .weekly(2);
    assert_snapshot!(history.plan(), @r"
    2021-01-04 00:00 keep   keep_weekly: 2021-W01; the newest good backup, while none is verified
    2021-01-03 00:00 keep   keep_weekly: 2020-W53
    2020-12-28 00:00 delete due since 2020-12-28
    ");
}

#[test]
fn keep_monthly_keeps_the_newest_of_each_month() {
    let history = History::on("2025-04-01")
        .kept_for(0)
        .every(7, 14, "2025-03-30")
        .monthly(3);
    assert_snapshot!(history.plan(), @r"
    2025-03-30 00:00 keep   keep_monthly: 2025-03; the newest good backup, while none is verified
    2025-03-23 00:00 delete due since 2025-03-23
    2025-03-16 00:00 delete due since 2025-03-16
    2025-03-09 00:00 delete due since 2025-03-09
    2025-03-02 00:00 delete due since 2025-03-02
    2025-02-23 00:00 keep   keep_monthly: 2025-02
    2025-02-16 00:00 delete due since 2025-02-16
    2025-02-09 00:00 delete due since 2025-02-09
    2025-02-02 00:00 delete due since 2025-02-02
    2025-01-26 00:00 keep   keep_monthly: 2025-01
    2025-01-19 00:00 delete due since 2025-01-19
    2025-01-12 00:00 delete due since 2025-01-12
    2025-01-05 00:00 delete due since 2025-01-05
    2024-12-29 00:00 delete due since 2024-12-29
    ");
}

#[test]
fn keep_yearly_keeps_the_newest_of_each_year() {
    let history = History::on("2025-06-01")
        .kept_for(0)
        .made(&[
            "2022-05-01",
            "2023-01-01",
            "2023-12-31",
            "2024-02-29",
            "2025-05-01",
        ])
        .yearly(3);
    assert_snapshot!(history.plan(), @r"
    2025-05-01 00:00 keep   keep_yearly: 2025; the newest good backup, while none is verified
    2024-02-29 00:00 keep   keep_yearly: 2024
    2023-12-31 00:00 keep   keep_yearly: 2023
    2023-01-01 00:00 delete due since 2023-01-01
    2022-05-01 00:00 delete due since 2022-05-01
    ");
}

#[test]
fn rules_add_up() {
    let history = History::on("2025-04-01")
        .kept_for(0)
        .every(7, 14, "2025-03-30")
        .last(2)
        .weekly(4)
        .monthly(3)
        .yearly(2);
    assert_snapshot!(history.plan(), @r"
    2025-03-30 00:00 keep   keep_last: no. 1; keep_weekly: 2025-W13; keep_monthly: 2025-03; keep_yearly: 2025; the newest good backup, while none is verified
    2025-03-23 00:00 keep   keep_last: no. 2; keep_weekly: 2025-W12
    2025-03-16 00:00 keep   keep_weekly: 2025-W11
    2025-03-09 00:00 keep   keep_weekly: 2025-W10
    2025-03-02 00:00 delete due since 2025-03-02
    2025-02-23 00:00 keep   keep_monthly: 2025-02
    2025-02-16 00:00 delete due since 2025-02-16
    2025-02-09 00:00 delete due since 2025-02-09
    2025-02-02 00:00 delete due since 2025-02-02
    2025-01-26 00:00 keep   keep_monthly: 2025-01
    2025-01-19 00:00 delete due since 2025-01-19
    2025-01-12 00:00 delete due since 2025-01-12
    2025-01-05 00:00 delete due since 2025-01-05
    2024-12-29 00:00 keep   keep_yearly: 2024
    ");
}

#[test]
fn a_rule_of_zero_keeps_nothing() {
    let history = History::on("2025-01-10")
        .kept_for(0)
        .every(1, 3, "2025-01-09")
        .last(0)
        .daily(0);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 00:00 keep   the newest good backup, while none is verified
    2025-01-08 00:00 delete due since 2025-01-08
    2025-01-07 00:00 delete due since 2025-01-07
    ");
}

#[test]
fn a_rule_and_the_age_are_both_told() {
    let history = History::on("2025-01-10")
        .kept_for(7)
        .every(3, 4, "2025-01-09")
        .daily(1);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 00:00 keep   kept until 2025-01-16; keep_daily: 2025-01-09; the newest good backup, while none is verified
    2025-01-06 00:00 keep   kept until 2025-01-13
    2025-01-03 00:00 delete due since 2025-01-10
    2024-12-31 00:00 delete due since 2025-01-07
    ");
}

#[test]
fn a_lost_backup_takes_no_place_in_a_rule() {
    let history = History::on("2025-01-10")
        .kept_for(0)
        .every(1, 4, "2025-01-09")
        .lost("2025-01-09")
        .last(2);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 00:00 delete due since 2025-01-09
    2025-01-08 00:00 keep   keep_last: no. 1; the newest good backup, while none is verified
    2025-01-07 00:00 keep   keep_last: no. 2
    2025-01-06 00:00 delete due since 2025-01-06
    ");
}

#[test]
fn one_with_a_failed_drill_is_kept_by_a_rule_and_takes_no_place() {
    let history = History::on("2025-01-10")
        .kept_for(0)
        .every(1, 4, "2025-01-09")
        .drill_failed("2025-01-08")
        .daily(2);
    assert_snapshot!(history.plan(), @r"
    2025-01-09 00:00 keep   keep_daily: 2025-01-09; the newest good backup, while none is verified
    2025-01-08 00:00 keep   keep_daily: 2025-01-08
    2025-01-07 00:00 keep   keep_daily: 2025-01-07
    2025-01-06 00:00 delete due since 2025-01-06
    ");
}

#[test]
fn what_a_lock_keeps_is_left_alone_for_a_day() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .locked("2020-01-01", "2029-12-31 01:00");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 keep   the newest good backup, while none is verified
    2020-01-01 00:00 keep   a lock of the bucket keeps it; tried again after 2030-01-01T01:00:00Z
    ");
}

#[test]
fn what_a_lock_kept_is_tried_again_after_a_day() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08"])
        .locked("2020-01-01", "2029-12-31");
    assert_snapshot!(history.plan(), @r"
    2020-01-08 00:00 keep   the newest good backup, while none is verified
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn a_deletion_that_was_begun_comes_to_its_end_and_fills_no_rule_and_no_floor() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01", "2020-01-08", "2020-01-15"])
        .begun("2020-01-15")
        .last(1);
    assert_snapshot!(history.plan(), @r"
    2020-01-15 00:00 delete due since some day
    2020-01-08 00:00 keep   keep_last: no. 1; the newest good backup, while none is verified
    2020-01-01 00:00 delete due since 2020-03-25
    ");
}

#[test]
fn a_deletion_that_was_begun_stops_at_the_last_backup_there_is() {
    let history = History::on("2030-01-01")
        .made(&["2020-01-01"])
        .begun("2020-01-01");
    assert_snapshot!(history.plan(), @r"2020-01-01 00:00 keep   the newest backup there is, while none is good");
}

#[test]
fn sixty_daily_backups_thin_out_as_in_restic() {
    let history = History::on("2025-01-01")
        .kept_for(7)
        .every(1, 60, "2024-12-31")
        .verified("2024-12-30")
        .daily(7)
        .weekly(5)
        .monthly(12);
    assert_snapshot!(history.plan(), @r"
    2024-12-31 00:00 keep   kept until 2025-01-07; keep_daily: 2024-12-31; keep_weekly: 2025-W01; keep_monthly: 2024-12
    2024-12-30 00:00 keep   kept until 2025-01-06; keep_daily: 2024-12-30; the newest verified backup
    2024-12-29 00:00 keep   kept until 2025-01-05; keep_daily: 2024-12-29; keep_weekly: 2024-W52
    2024-12-28 00:00 keep   kept until 2025-01-04; keep_daily: 2024-12-28
    2024-12-27 00:00 keep   kept until 2025-01-03; keep_daily: 2024-12-27
    2024-12-26 00:00 keep   kept until 2025-01-02; keep_daily: 2024-12-26
    2024-12-25 00:00 keep   keep_daily: 2024-12-25
    2024-12-24 00:00 delete due since 2024-12-31
    2024-12-23 00:00 delete due since 2024-12-30
    2024-12-22 00:00 keep   keep_weekly: 2024-W51
    2024-12-21 00:00 delete due since 2024-12-28
    2024-12-20 00:00 delete due since 2024-12-27
    2024-12-19 00:00 delete due since 2024-12-26
    2024-12-18 00:00 delete due since 2024-12-25
    2024-12-17 00:00 delete due since 2024-12-24
    2024-12-16 00:00 delete due since 2024-12-23
    2024-12-15 00:00 keep   keep_weekly: 2024-W50
    2024-12-14 00:00 delete due since 2024-12-21
    2024-12-13 00:00 delete due since 2024-12-20
    2024-12-12 00:00 delete due since 2024-12-19
    2024-12-11 00:00 delete due since 2024-12-18
    2024-12-10 00:00 delete due since 2024-12-17
    2024-12-09 00:00 delete due since 2024-12-16
    2024-12-08 00:00 keep   keep_weekly: 2024-W49
    2024-12-07 00:00 delete due since 2024-12-14
    2024-12-06 00:00 delete due since 2024-12-13
    2024-12-05 00:00 delete due since 2024-12-12
    2024-12-04 00:00 delete due since 2024-12-11
    2024-12-03 00:00 delete due since 2024-12-10
    2024-12-02 00:00 delete due since 2024-12-09
    2024-12-01 00:00 delete due since 2024-12-08
    2024-11-30 00:00 keep   keep_monthly: 2024-11
    2024-11-29 00:00 delete due since 2024-12-06
    2024-11-28 00:00 delete due since 2024-12-05
    2024-11-27 00:00 delete due since 2024-12-04
    2024-11-26 00:00 delete due since 2024-12-03
    2024-11-25 00:00 delete due since 2024-12-02
    2024-11-24 00:00 delete due since 2024-12-01
    2024-11-23 00:00 delete due since 2024-11-30
    2024-11-22 00:00 delete due since 2024-11-29
    2024-11-21 00:00 delete due since 2024-11-28
    2024-11-20 00:00 delete due since 2024-11-27
    2024-11-19 00:00 delete due since 2024-11-26
    2024-11-18 00:00 delete due since 2024-11-25
    2024-11-17 00:00 delete due since 2024-11-24
    2024-11-16 00:00 delete due since 2024-11-23
    2024-11-15 00:00 delete due since 2024-11-22
    2024-11-14 00:00 delete due since 2024-11-21
    2024-11-13 00:00 delete due since 2024-11-20
    2024-11-12 00:00 delete due since 2024-11-19
    2024-11-11 00:00 delete due since 2024-11-18
    2024-11-10 00:00 delete due since 2024-11-17
    2024-11-09 00:00 delete due since 2024-11-16
    2024-11-08 00:00 delete due since 2024-11-15
    2024-11-07 00:00 delete due since 2024-11-14
    2024-11-06 00:00 delete due since 2024-11-13
    2024-11-05 00:00 delete due since 2024-11-12
    2024-11-04 00:00 delete due since 2024-11-11
    2024-11-03 00:00 delete due since 2024-11-10
    2024-11-02 00:00 delete due since 2024-11-09
    ");
}
