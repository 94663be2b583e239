//! The keep rules: the newest backup of each of the last so many periods that have one.

use chrono::{DateTime, Datelike, Utc};

use super::{Backup, Reason, Rule};
use crate::registry::KeepRules;
use crate::time::Timestamp;

/// What each rule says of each backup, in their order, newest first.
///
/// A backup that is lost or half deleted, or that is dated in the future, is covered by no rule and takes no place. One
/// on which a drill failed is covered where a good one would be, and takes no place either: a drill must delete nothing,
/// and a bad backup must not push out a good one.
pub(super) fn kept_by(
    newest_first: &[Backup],
    rules: &KeepRules,
    now: Timestamp,
) -> Vec<Vec<Reason>> {
    let mut reasons = vec![Vec::new(); newest_first.len()];
    for (rule, places) in [
        (Rule::Last, rules.last),
        (Rule::Daily, rules.daily),
        (Rule::Weekly, rules.weekly),
        (Rule::Monthly, rules.monthly),
        (Rule::Yearly, rules.yearly),
    ] {
        let mut left = places.unwrap_or(0);
        let mut taken: Option<String> = None;
        let mut number = 1_u32;
        for (backup, reasons) in newest_first.iter().zip(&mut reasons) {
            if left == 0 {
                break;
            }
            if !backup.is_whole() || backup.is_future(now) {
                continue;
            }
            let period = period(rule, backup, number);
            if taken.as_ref() == Some(&period) {
                continue;
            }
            reasons.push(Reason::Rule(rule, period.clone()));
            if backup.is_good() {
                left -= 1;
                number = number.saturating_add(1);
                taken = Some(period);
            }
        }
    }
    reasons
}

/// How people call the period that a backup is of. The newest backups are counted instead.
fn period(rule: Rule, backup: &Backup, number: u32) -> String {
    let at: DateTime<Utc> = Timestamp::from_seconds(backup.created_at).utc();
    let week = at.iso_week();
    match rule {
        Rule::Last => format!("no. {number}"),
        Rule::Daily => at.format("%Y-%m-%d").to_string(),
        Rule::Weekly => format!("{}-W{:02}", week.year(), week.week()),
        Rule::Monthly => at.format("%Y-%m").to_string(),
        Rule::Yearly => at.format("%Y").to_string(),
    }
}
