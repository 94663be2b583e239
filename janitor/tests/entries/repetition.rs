//! Whatever fails, and whenever: done again, everything ends as if nothing had failed.

use shared::delivery::Fate;
use shared::native::{Fault, Faults};

use crate::bench::{Bench, NOW, export};

/// Something of everything that a round finds.
fn busy() -> Bench {
    let bench = Bench::telling();
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
    // The databases, those of two, two steps of two deletions, the five steps of the sweep, a look for uploads, one for drills and their request, and the beginning of a comparison with the bucket; the channels, what is to be
    // reported, two reports of two steps, a start, alarms of two steps; what is due, five letters of two steps, and that
    // the round was made; each in two ways.
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), round),
        74
    );
}

#[test]
fn a_round_may_fail_at_the_bucket() {
    let round = |bench: &Bench| drop(bench.round());
    assert_eq!(
        fails_at_each(busy, |bench| bench.bucket.faults(), round),
        16
    );
}

/// A backup that is due and that a lock keeps.
fn locked() -> Bench {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 1);
    bench.bucket.lock("1/");
    bench
}

#[test]
fn a_round_may_fail_while_a_lock_keeps_a_backup() {
    let round = |bench: &Bench| drop(bench.round());
    // The databases, one of them, the mark, the lock, and twelve of the other parts; each in two ways.
    let catalogue = fails_at_each(locked, |bench| bench.catalogue.faults(), round);
    // The manifest, and a look whether it is there.
    let bucket = fails_at_each(locked, |bench| bench.bucket.faults(), round);
    assert_eq!((catalogue, bucket), (36, 4));
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
    for nth in 0..12 {
        let bench = busy();
        bench.catalogue.faults().after(nth, Fault::Before);
        let report = bench.round().report;
        assert_eq!(report.failures, 1, "{nth}");
        let jobs = report.settled + report.given_up;
        assert_eq!(jobs, if nth < 10 { 2 } else { 1 }, "{nth}");
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
    // The job, what it did with the database, its drill, the channels, what is to be reported, a report of two steps, starts, and alarms of two steps.
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), settle),
        20
    );
    assert_eq!(
        fails_at_each(busy, |bench| bench.catalogue.faults(), poison),
        4
    );
}

#[test]
fn an_event_may_fail_at_the_queue_of_events() {
    fn settle(bench: &Bench) {
        assert_eq!(bench.settled("over", "bad"), Fate::Ack);
    }
    assert_eq!(
        fails_at_each(busy, |bench| bench.events.faults(), settle),
        2
    );
}

#[test]
fn a_round_may_fail_at_what_runs_drills() {
    let round = |bench: &Bench| drop(bench.round());
    // Of the two backups that retention keeps.
    assert_eq!(fails_at_each(busy, |bench| bench.drills.faults(), round), 4);
}

#[test]
fn drills_that_cannot_be_started_stop_nothing_else() {
    let bench = busy();
    bench.drills.faults().always(Some(Fault::Before));
    let report = bench.round().report;
    assert_eq!((report.failures, report.deleted, report.settled), (2, 2, 1));
    assert_eq!((report.drilled, report.delivered), (0, 5));
}

#[test]
fn a_drill_on_demand_may_fail_at_the_catalogue_and_at_what_runs_it() {
    fn drill(bench: &Bench) {
        let body = r#"{"event":"drill","key":"1/b.sql"}"#;
        again_or_done(bench.event(body).map_err(|error| error.fate()));
    }
    let catalogue = fails_at_each(busy, |bench| bench.catalogue.faults(), drill);
    let drills = fails_at_each(busy, |bench| bench.drills.faults(), drill);
    assert_eq!((catalogue, drills), (2, 2));
}

#[test]
fn a_round_may_fail_at_the_receivers() {
    let round = |bench: &Bench| drop(bench.round());
    // Five letters.
    assert_eq!(
        fails_at_each(busy, |bench| bench.webhooks.faults(), round),
        10
    );
}

#[test]
fn a_test_may_fail_at_the_catalogue_and_at_the_queue_of_events() {
    fn test(bench: &Bench) {
        let body = r#"{"event":"test_notice","id":"one"}"#;
        again_or_done(bench.event(body).map_err(|error| error.fate()));
    }
    let catalogue = fails_at_each(busy, |bench| bench.catalogue.faults(), test);
    let events = fails_at_each(busy, |bench| bench.events.faults(), test);
    assert_eq!((catalogue, events), (4, 2));
}

#[test]
fn receivers_that_are_down_stop_nothing_else() {
    let bench = busy();
    bench.webhooks.faults().always(Some(Fault::Before));
    let report = bench.round().report;
    assert_eq!((report.failures, report.deleted, report.settled), (0, 2, 1));
    assert_eq!((report.delivered, report.postponed), (0, 5));
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
