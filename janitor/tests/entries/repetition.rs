//! Whatever fails, and whenever: done again, everything ends as if nothing had failed.

use shared::delivery::Fate;
use shared::native::{Fault, Faults};

use crate::bench::{Bench, NOW, export};

/// Something of everything that a round finds.
fn busy() -> Bench {
    let bench = Bench::new();
    bench.job(
        "stuck",
        &[
            ("queued", "queued"),
            ("left", "running"),
            ("done", "success"),
        ],
    );
    bench.lease("left", NOW - 60);
    bench.job("over", &[("good", "success"), ("bad", "failed")]);
    bench.job("empty", &[]);
    for created in 1..=3 {
        bench.backup("a", created, NOW - 1);
    }
    bench.backup("b", 1, NOW - 1);
    bench
}

/// Lets every effect of one adapter fail in turn while `act` is done, alone and with all that follow, does it again, and
/// compares with what `act` leaves when nothing fails. Answers with the number of effects.
fn fails_at_each(prepare: fn() -> Bench, adapter: fn(&Bench) -> &Faults, act: fn(&Bench)) -> usize {
    let undisturbed = prepare();
    act(&undisturbed);
    act(&undisturbed);
    let mut effects = 0;
    for fault in [Fault::Before, Fault::Despite] {
        'effects: for nth in 0.. {
            for then in [None, Some(Fault::Before)] {
                let bench = prepare();
                adapter(&bench).after(nth, fault);
                adapter(&bench).always(then);
                act(&bench);
                adapter(&bench).always(None);
                if adapter(&bench).clear() {
                    break 'effects;
                }
                act(&bench);
                assert_eq!(bench.state(), undisturbed.state(), "{fault:?} at {nth}");
            }
            effects += 1;
        }
    }
    effects
}

#[test]
fn a_round_may_fail_at_the_catalogue() {
    let round = |bench: &Bench| drop(bench.round());
    // A page, its end, two deletions, the five steps of the sweep, a look for uploads, and the beginning of a comparison with
    // the bucket; each in two ways.
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), round),
        22
    );
}

#[test]
fn a_round_may_fail_at_the_bucket() {
    let round = |bench: &Bench| drop(bench.round());
    assert_eq!(fails_at_each(busy, |bench| bench.bucket.faults(), round), 8);
}

#[test]
fn a_round_may_fail_at_the_queue() {
    let round = |bench: &Bench| drop(bench.round());
    assert_eq!(
        fails_at_each(busy, |bench| bench.exports.faults(), round),
        4
    );
}

#[test]
fn a_part_of_a_round_that_fails_is_reported_and_stops_no_other() {
    for nth in 0..9 {
        let bench = busy();
        bench.catalogue.faults().after(nth, Fault::Before);
        let report = bench.round().report;
        assert_eq!(report.failures, 1, "{nth}");
        let jobs = report.settled + report.given_up;
        assert_eq!(jobs, if nth < 7 { 2 } else { 1 }, "{nth}");
    }
}

#[test]
fn a_queue_that_is_down_stops_nothing_but_messages() {
    let bench = busy();
    bench.exports.faults().always(Some(Fault::Before));
    let report = bench.round().report;
    assert_eq!(
        (
            report.failures,
            report.deleted,
            report.settled,
            report.given_up
        ),
        (2, 2, 1, 1)
    );
}

#[test]
fn an_event_may_fail_at_the_catalogue() {
    fn settle(bench: &Bench) {
        let body = r#"{"event":"result_settled","job_id":"over","database":"bad"}"#;
        again_or_done(bench.event(body).map_err(|error| error.fate()));
    }
    fn poison(bench: &Bench) {
        let body = r#"{"event":"result_settled","job_id":"nobody","database":"bad"}"#;
        again_or_done(bench.event(body).map_err(|error| error.fate()));
    }
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), settle),
        4
    );
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), poison),
        4
    );
}

#[test]
fn a_dead_letter_may_fail_at_the_catalogue() {
    fn letter(bench: &Bench) {
        let letter = bench.dead_letter(&export("stuck", "left"));
        again_or_done(letter.map_err(|error| error.fate()));
    }
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), letter),
        4
    );
}

/// A message is either done or comes again.
fn again_or_done(fate: Result<Fate, Fate>) {
    match fate {
        Ok(fate) => assert_eq!(fate, Fate::Ack),
        Err(fate) => assert!(matches!(fate, Fate::Retry { .. })),
    }
}
