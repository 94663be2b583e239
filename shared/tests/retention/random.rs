//! Random histories and policies. A failing run prints the case; `PROPTEST_RNG_SEED=NUMBER` makes a run repeatable.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shared::registry::KeepRules;
use shared::retention::{Backup, Decision, Verdict, plan};
use shared::time::Timestamp;

use crate::history::{DAY, backup};

const NOW: i64 = 1_733_626_800;
const HOUR: i64 = 3600;

/// A backup of the last two years, or of the week to come.
fn any_backup() -> impl Strategy<Value = Backup> {
    let flag = |percent: u32| prop::bool::weighted(f64::from(percent) / 100.0);
    let moment = (-8 * 2200_i64..168).prop_map(|hours| NOW + hours * HOUR);
    let flags = (flag(30), flag(20), flag(10), flag(10), flag(10), flag(5));
    (moment, 0..200_i64, flags).prop_map(|(created, days, flags)| {
        let (verified, failed, pinned, lost, locked, begun) = flags;
        let mut backup = backup(0, created, days);
        backup.verified_at = verified.then_some(created);
        backup.drill_failed_at = failed.then_some(created);
        backup.pinned_at = pinned.then_some(created);
        backup.lost_at = lost.then_some(created);
        backup.locked_at = locked.then_some(NOW - 30 * HOUR + (created % 60) * HOUR);
        // A backup that is being deleted cannot be pinned.
        backup.deleted_because = (begun && !pinned).then(|| "begun".to_owned());
        backup
    })
}

fn any_history() -> impl Strategy<Value = Vec<Backup>> {
    prop::collection::vec(any_backup(), 0..60).prop_map(|mut backups| {
        for (id, backup) in (1..).zip(&mut backups) {
            backup.id = id;
        }
        backups
    })
}

fn any_rules() -> impl Strategy<Value = KeepRules> {
    let rule = || prop::option::weighted(0.4, 0..12_u32);
    (rule(), rule(), rule(), rule(), rule()).prop_map(|(last, daily, weekly, monthly, yearly)| {
        KeepRules {
            last,
            daily,
            weekly,
            monthly,
            yearly,
        }
    })
}

fn decide(backups: &[Backup], failed: bool, rules: &KeepRules) -> Vec<Decision> {
    plan(
        backups.to_vec(),
        failed,
        rules,
        Timestamp::from_seconds(NOW),
    )
}

fn deleted(decisions: &[Decision]) -> BTreeSet<i64> {
    decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Delete)
        .map(|decision| decision.backup.id)
        .collect()
}

/// The rows that may never be deleted, found another way than the plan does: the newest by a key that puts verified ones
/// before good ones before bad ones.
fn floor(backups: &[Backup]) -> Option<i64> {
    let there = backups
        .iter()
        .filter(|backup| backup.lost_at.is_none() && backup.created_at <= NOW);
    let rank = |backup: &&Backup| {
        let whole = backup.deleted_because.is_none();
        let good = whole && backup.drill_failed_at.is_none();
        let verified = good && backup.verified_at.is_some();
        (verified, good, whole, backup.created_at, backup.id)
    };
    there.max_by_key(rank).map(|backup| backup.id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_floor_no_pin_no_future_and_nothing_before_its_time_is_deleted(
        backups in any_history(), rules in any_rules()
    ) {
        let gone = deleted(&decide(&backups, false, &rules));
        if let Some(floor) = floor(&backups) {
            prop_assert!(!gone.contains(&floor), "the floor {floor} of {backups:#?}");
        }
        for backup in backups.iter().filter(|backup| gone.contains(&backup.id)) {
            prop_assert!(backup.pinned_at.is_none());
            prop_assert!(backup.created_at <= NOW);
            prop_assert!(backup.expires_at <= NOW || backup.deleted_because.is_some());
        }
    }

    #[test]
    fn nothing_is_deleted_while_the_latest_backup_failed(backups in any_history(), rules in any_rules()) {
        prop_assert_eq!(deleted(&decide(&backups, true, &rules)), BTreeSet::new());
    }

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_the_rows(
        (backups, shuffled) in any_history().prop_flat_map(|backups| {
            (Just(backups.clone()), Just(backups).prop_shuffle())
        }),
        rules in any_rules(), failed in any::<bool>()
    ) {
        prop_assert_eq!(decide(&backups, failed, &rules), decide(&shuffled, failed, &rules));
    }

    #[test]
    fn each_backup_is_decided_once_and_for_a_reason(backups in any_history(), rules in any_rules()) {
        let decisions = decide(&backups, false, &rules);
        let decided: BTreeSet<i64> = decisions.iter().map(|decision| decision.backup.id).collect();
        prop_assert_eq!(decided.len(), backups.len());
        prop_assert_eq!(decisions.len(), backups.len());
        prop_assert!(decisions.iter().all(|decision| !decision.reasons.is_empty()));
    }

    #[test]
    fn to_keep_more_never_deletes_more(backups in any_history(), rules in any_rules(), more in any_rules()) {
        let sum = |rule: Option<u32>, more: Option<u32>| Some(rule.unwrap_or(0) + more.unwrap_or(0));
        let larger = KeepRules {
            last: sum(rules.last, more.last),
            daily: sum(rules.daily, more.daily),
            weekly: sum(rules.weekly, more.weekly),
            monthly: sum(rules.monthly, more.monthly),
            yearly: sum(rules.yearly, more.yearly),
        };
        let (fewer, gone) = (deleted(&decide(&backups, false, &larger)), deleted(&decide(&backups, false, &rules)));
        prop_assert!(fewer.is_subset(&gone), "{fewer:?} of {gone:?}");
    }

    #[test]
    fn what_stays_stays_once_the_rest_is_gone(backups in any_history(), rules in any_rules()) {
        let gone = deleted(&decide(&backups, false, &rules));
        let left: Vec<Backup> = backups.into_iter().filter(|backup| !gone.contains(&backup.id)).collect();
        prop_assert_eq!(deleted(&decide(&left, false, &rules)), BTreeSet::new());
    }

    #[test]
    fn each_rule_keeps_as_many_good_backups_as_it_says_while_there_are_so_many(
        count in 1..20_u32, days in prop::collection::btree_set(1..400_i64, 1..60)
    ) {
        let backups: Vec<Backup> = (1..).zip(&days).map(|(id, day)| backup(id, NOW - day * DAY, 0)).collect();
        let daily = KeepRules { daily: Some(count), ..KeepRules::default() };
        let kept = backups.len() - deleted(&decide(&backups, false, &daily)).len();
        prop_assert_eq!(kept, backups.len().min(usize::try_from(count).unwrap()));
    }
}
