//! What every run must be, and seeds that once broke a promise.

use sim::run;

#[track_caller]
fn assert_kept(seed: u64) {
    let outcome = run(seed, false);
    assert_eq!(
        outcome.violation, None,
        "cargo xtask sim --from {seed} --trace"
    );
}

#[test]
fn a_seed_is_the_same_run_to_the_last_event() {
    for seed in [3, 104] {
        let (first, _, again) = (run(seed, true), run(seed + 1, false), run(seed, true));
        assert_eq!(first.trace, again.trace);
        assert_eq!(first, again);
    }
}

#[test]
fn a_trace_changes_nothing() {
    let (silent, told) = (run(5, false), run(5, true));
    assert_eq!((silent.hash, silent.figures), (told.hash, told.figures));
}

#[test]
fn seeds_beside_each_other_are_different_runs() {
    assert_ne!(run(1, false).hash, run(2, false).hash);
}

#[test]
fn runs_fail_crash_and_back_up() {
    let mut sum = sim::Figures::default();
    for seed in 1000..1010 {
        assert_kept(seed);
        sum.add(&run(seed, false).figures);
    }
    assert!(
        sum.backups > 50 && sum.crashes > 10 && sum.expired > 10,
        "{sum}"
    );
    assert!(sum.faults.len() >= 5, "{sum}");
}

/// Crash behind the manifest: the backup is adopted from the bucket after its job failed.
#[test]
fn seed_25_adopts_what_a_dead_letter_gave_up() {
    assert_kept(25);
}

/// An evaluation of alarms that read before a backup was recorded opens one late; the next round ends it.
#[test]
fn seed_39_ends_an_alarm_that_was_opened_late() {
    assert_kept(39);
}

/// A manifest that was read wrong is no lasting damage.
#[test]
fn seed_104_forgets_damage_that_was_a_wrong_read() {
    assert_kept(104);
}

/// A backup was stored at the key of one whose deletion was half done, and went with it.
#[test]
fn seeds_300_376_and_894_use_no_key_again() {
    for seed in [300, 376, 894] {
        assert_kept(seed);
    }
}

/// A deletion that was half done waits while the latest backup failed, and was called a loss.
#[test]
fn seeds_616_1466_and_1645_lose_nothing_that_is_being_deleted() {
    for seed in [616, 1466, 1645] {
        assert_kept(seed);
    }
}
