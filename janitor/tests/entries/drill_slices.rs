//! The slices of a restore drill: what is recorded of them, and what becomes of the backup.

use janitor::{DrillRunError, Next};
use pollster::block_on;
use shared::catalogue::drills::{End, end};
use shared::drill::Engine;
use shared::manifest::{drill_key, manifest_key};
use shared::native::{Fault, Faults, NativeEngine};
use shared::ports::{Database, DatabaseError, ObjectStore, Outcome, Statement};
use shared::reconciliation::drilled;
use shared::time::Timestamp;

use crate::bench::{Bench, NOW};
use crate::drills::{KEY, note, outcome, queued, run, slice};

#[test]
fn a_good_backup_passes_and_is_verified() {
    let bench = queued();
    bench.write("UPDATE backup_inventory SET drill_failed_at = 1");
    run(&bench);
    assert_eq!(outcome(&bench), format!("passed null; {NOW} null"));
    assert_eq!(
        note(&bench).unwrap(),
        r#"{"status":"passed","completedAt":"2024-12-08T03:00:00Z","durationMs":0,"error":null}"#
    );
    let bytes = bench.read("SELECT total_bytes FROM drills WHERE done_bytes = total_bytes");
    assert_ne!(bytes, "");
}

#[test]
fn a_drill_says_how_far_it_is_and_how_long_it_took() {
    let bench = queued();
    let engine = NativeEngine::empty();
    bench.clock.advance(5);
    assert_eq!(slice(&bench, &engine).unwrap(), Next::Continue);
    let running =
        bench.read("SELECT status, started_at, done_bytes = total_bytes, failures FROM drills");
    assert_eq!(running, format!("running {} 1 0", NOW + 5));
    bench.clock.advance(90);
    while slice(&bench, &engine).unwrap() != Next::Done {}
    let ended = bench.read("SELECT started_at, completed_at, duration_ms FROM drills");
    assert_eq!(ended, format!("{} {} 90000", NOW + 5, NOW + 95));
    assert!(note(&bench).unwrap().contains(r#""durationMs":90000"#));
}

#[test]
fn a_damaged_backup_fails_and_is_no_longer_good() {
    let bench = queued();
    let dump = block_on(bench.bucket.get(KEY)).unwrap().unwrap();
    let dump = String::from_utf8(dump).unwrap().replace("Ada", "Bda");
    bench.bucket.place(KEY, dump.as_bytes());
    bench.write("UPDATE backup_inventory SET verified_at = 1");
    run(&bench);
    let error = "the dump has not the hash of the manifest";
    assert_eq!(outcome(&bench), format!("failed {error}; 1 {NOW}"));
    let note = note(&bench).unwrap();
    assert!(note.contains(error));
    assert_eq!(drilled(note.as_bytes()), (None, Some(NOW)));
}

#[test]
fn a_backup_without_a_manifest_of_its_own_fails() {
    let bench = queued();
    let manifest = block_on(bench.bucket.get(&manifest_key(KEY))).unwrap();
    let manifest = String::from_utf8(manifest.unwrap()).unwrap();
    let other = manifest.replace(KEY, "2024-12-08/other.sql");
    for (body, error) in [
        (None, "the manifest is not in the bucket"),
        (
            Some("{"),
            "the manifest does not read: EOF while parsing an object at line 1 column 1",
        ),
        (Some(other.as_str()), "the manifest is that of another dump"),
    ] {
        let bench = queued();
        match body {
            Some(body) => bench.bucket.place(&manifest_key(KEY), body.as_bytes()),
            None => bench.bucket.lose(&manifest_key(KEY)),
        }
        run(&bench);
        assert_eq!(outcome(&bench), format!("failed {error}; null {NOW}"));
    }
}

#[test]
fn what_no_drill_can_tell_is_unproved_and_changes_nothing_of_the_backup() {
    let bench = queued();
    let manifest = block_on(bench.bucket.get(&manifest_key(KEY))).unwrap();
    let manifest = String::from_utf8(manifest.unwrap()).unwrap();
    for (from, to) in [
        (r#""format":1"#, r#""format":99"#),
        (r#""deferred":[]"#, r#""deferred":["a -> b"]"#),
    ] {
        let bench = queued();
        let other = manifest.replace(from, to);
        assert_ne!(other, manifest);
        bench.bucket.place(&manifest_key(KEY), other.as_bytes());
        bench.write("UPDATE backup_inventory SET verified_at = 1, drill_failed_at = 2");
        run(&bench);
        let outcome = outcome(&bench);
        assert!(
            outcome.starts_with("unproved ") && outcome.ends_with("; 1 2"),
            "{outcome}"
        );
        assert_eq!(drilled(note(&bench).unwrap().as_bytes()), (None, None));
    }
}

#[test]
fn a_backup_that_goes_before_its_drill_is_unproved() {
    for mark in ["deleted_at = 1", "deleted_because = 'its time is over'"] {
        let bench = queued();
        bench.write(&format!("UPDATE backup_inventory SET {mark}"));
        assert_eq!(slice(&bench, &NativeEngine::empty()).unwrap(), Next::Done);
        assert_eq!(
            outcome(&bench),
            "unproved the backup was deleted meanwhile; null null"
        );
        assert_eq!(note(&bench), None);
    }
}

/// While its drill is at work, retention deletes the backup.
struct Deleted<'a> {
    bench: &'a Bench,
    engine: NativeEngine,
}

impl Database for Deleted<'_> {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        self.engine.batch(statements).await
    }
}

impl Engine for Deleted<'_> {
    async fn kept(&self) -> Result<Option<String>, DatabaseError> {
        let gone = "UPDATE backup_inventory SET deleted_because = 'due', deleted_at = 1";
        self.bench.write(gone);
        self.bench.bucket.lose(KEY);
        self.engine.kept().await
    }
    async fn run_and_keep(
        &self,
        statements: &[Statement],
        state: &str,
    ) -> Result<(), DatabaseError> {
        self.engine.run_and_keep(statements, state).await
    }
}

#[test]
fn a_backup_that_goes_during_its_drill_is_unproved_and_leaves_no_note() {
    let bench = queued();
    let engine = Deleted {
        bench: &bench,
        engine: NativeEngine::empty(),
    };
    assert_eq!(slice(&bench, &engine).unwrap(), Next::Done);
    let expected = "unproved the backup was deleted meanwhile; null null";
    assert_eq!(outcome(&bench), expected);
    assert_eq!(note(&bench), None);
}

#[test]
fn a_backup_whose_row_is_gone_is_unproved() {
    let bench = queued();
    bench.write("DELETE FROM backup_inventory");
    run(&bench);
    let status = bench.read("SELECT status FROM drills");
    assert_eq!(status, "unproved");
}

#[test]
fn a_drill_that_is_over_is_done_whoever_asks() {
    let bench = queued();
    run(&bench);
    let before = (outcome(&bench), note(&bench));
    bench.clock.advance(60);
    assert_eq!(slice(&bench, &NativeEngine::empty()).unwrap(), Next::Done);
    assert_eq!((outcome(&bench), note(&bench)), before);
}

#[test]
fn the_end_of_a_drill_is_recorded_once() {
    let bench = queued();
    for (status, now) in [("passed", NOW), ("failed", NOW + 1), ("passed", NOW + 2)] {
        let end = end(
            KEY,
            &End {
                status,
                error: None,
                now: Timestamp::from_seconds(now),
                duration_ms: 1,
            },
        );
        block_on(bench.catalogue.run(end)).unwrap();
        assert_eq!(outcome(&bench), format!("passed null; {NOW} null"));
    }
}

#[test]
fn the_note_of_the_drill_before_is_replaced() {
    let bench = queued();
    bench.bucket.place(&drill_key(KEY), b"{}");
    run(&bench);
    assert!(note(&bench).unwrap().contains("passed"));
}

#[test]
fn a_lock_that_keeps_the_old_note_does_not_keep_the_drill_from_ending() {
    let bench = queued();
    bench.bucket.place(&drill_key(KEY), b"{}");
    bench.bucket.lock("2024");
    run(&bench);
    assert_eq!(outcome(&bench), format!("passed null; {NOW} null"));
    assert_eq!(note(&bench).unwrap(), "{}");
}

#[test]
fn a_drill_that_does_not_get_on_waits_longer_and_longer_and_fails_in_the_end() {
    let bench = queued();
    let engine = NativeEngine::empty();
    engine.faults().always(Some(Fault::Before));
    let mut waits = Vec::new();
    while let Next::Again { after_seconds } = slice(&bench, &engine).unwrap() {
        waits.push(after_seconds);
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900, 900]);
    let why = "the slice did not get on: the drill's database did not answer: the database is unavailable: a fault of the test";
    let expected = format!("failed could not be finished: {why}; null {NOW}");
    assert_eq!(outcome(&bench), expected);
    assert!(note(&bench).unwrap().contains("could not be finished"));
}

#[test]
fn a_drill_whose_slices_break_off_fails_in_the_end() {
    let bench = queued();
    bench.write("UPDATE drills SET failures = 10");
    assert_eq!(slice(&bench, &NativeEngine::empty()).unwrap(), Next::Done);
    let error = "could not be finished: each of its slices broke off";
    assert_eq!(outcome(&bench), format!("failed {error}; null {NOW}"));
}

#[test]
fn a_slice_that_gets_on_forgives_those_before() {
    let bench = queued();
    let engine = NativeEngine::empty();
    bench.write("UPDATE drills SET failures = 8, error_message = 'no answer'");
    engine.faults().next(Fault::Before);
    assert_eq!(
        slice(&bench, &engine).unwrap(),
        Next::Again { after_seconds: 900 }
    );
    assert_eq!(slice(&bench, &engine).unwrap(), Next::Continue);
    let failures = bench.read("SELECT failures, error_message FROM drills");
    assert_eq!(failures, "0 null");
}

#[test]
fn a_bucket_that_takes_no_note_does_not_keep_what_is_proved_from_being_recorded() {
    let bench = queued();
    let engine = NativeEngine::empty();
    // All but the last slice, which reads the manifest and then writes.
    for _ in 0..2 {
        assert_eq!(slice(&bench, &engine).unwrap(), Next::Continue);
    }
    for _ in 1..10 {
        bench.bucket.faults().after(1, Fault::Before);
        let next = slice(&bench, &engine).unwrap();
        assert!(matches!(next, Next::Again { .. }));
    }
    bench.bucket.faults().after(1, Fault::Before);
    assert_eq!(slice(&bench, &engine).unwrap(), Next::Done);
    assert_eq!(outcome(&bench), format!("passed null; {NOW} null"));
}

#[test]
fn a_catalogue_that_does_not_answer_leaves_the_drill_to_be_gone_on_with() {
    let bench = queued();
    let engine = NativeEngine::empty();
    bench.catalogue.faults().always(Some(Fault::Before));
    let error = slice(&bench, &engine).unwrap_err();
    assert!(matches!(error, DrillRunError::Begin(_)));
    assert_eq!(error.after_seconds(), 60);
    bench.catalogue.faults().always(None);
    // What did not work is not lost where it cannot be recorded.
    engine.faults().next(Fault::Before);
    bench.catalogue.faults().after(1, Fault::Before);
    let error = slice(&bench, &engine).unwrap_err();
    assert!(matches!(error, DrillRunError::Advance(_)));
    run(&bench);
    assert!(outcome(&bench).starts_with("passed"));
}

/// Lets every effect of one adapter fail in turn while a drill runs, and compares with what it leaves when nothing fails.
fn fails_at_each(prepare: fn() -> Bench, adapter: fn(&Bench) -> &Faults) -> usize {
    let undisturbed = prepare();
    run(&undisturbed);
    let expected = (outcome(&undisturbed), note(&undisturbed));
    let mut effects = 0;
    for fault in [Fault::Before, Fault::Despite] {
        for nth in 0.. {
            let bench = prepare();
            adapter(&bench).after(nth, fault);
            run(&bench);
            if adapter(&bench).clear() {
                break;
            }
            // Once more, as an alarm that comes twice.
            run(&bench);
            assert_eq!(
                (outcome(&bench), note(&bench)),
                expected,
                "{fault:?} at {nth}"
            );
            effects += 1;
        }
    }
    effects
}

/// A queued drill of a backup that had one before.
fn queued_again() -> Bench {
    let bench = queued();
    bench.bucket.place(&drill_key(KEY), b"{}");
    bench
}

#[test]
fn a_drill_may_fail_at_the_catalogue() {
    // The beginning of three slices, two that got on, and the end; each in two ways.
    assert_eq!(fails_at_each(queued, |bench| bench.catalogue.faults()), 12);
}

#[test]
fn a_drill_may_fail_at_the_bucket() {
    // Three manifests, the dump, its size, and the note; each in two ways.
    assert_eq!(fails_at_each(queued, |bench| bench.bucket.faults()), 12);
    // The note is there, is taken away, and is written.
    assert_eq!(
        fails_at_each(queued_again, |bench| bench.bucket.faults()),
        16
    );
}
