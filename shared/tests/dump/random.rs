//! Random databases: whatever D1 accepts comes back as it was.

use testkit::damage::damage;
use testkit::random::{RandomDatabase, database};

use crate::bench::Source;

mod omissions;
mod selection;

/// Databases by default, and with `cargo xtask test --full`.
const COUNTS: (u64, u64) = (1_000, 10_000);
/// The same for those of which something is left out.
const FEWER: (u64, u64) = (300, 3_000);
/// The same for what takes several dumps and restores of each.
const FEWEST: (u64, u64) = (100, 3_000);
/// The same for what restores each of those several times.
const FEWEST_OF_ALL: (u64, u64) = (40, 1_000);
/// Set to a seed, this test runs that one alone.
const SEED: &str = "CACHE_TEST_SEED";
/// A table made since the backup stays, and is no fault.
const STAYS: &str = "live: the table \"table added since\" was not there before";

/// Everything that is wrong with the dumps of a database.
type Faults = fn(&RandomDatabase) -> Vec<String>;

fn faults(made: &RandomDatabase) -> Vec<String> {
    let source = Source::of("");
    made.fill(source.connection());
    let live = || {
        let live = made.build();
        damage(&live, made.seed);
        live
    };
    let mut faults = source.faults(live);
    let room = 1_000 << (made.seed % 8);
    match source.try_dump_in_pages(room) {
        Ok(dumped) => {
            let in_pages = source.faults_of(&dumped, None);
            faults.extend(
                in_pages
                    .into_iter()
                    .map(|fault| format!("in pages, {fault}")),
            );
        }
        Err(error) => faults.push(format!("in pages: {error:?}")),
    }
    faults
        .into_iter()
        .filter(|fault| !fault.ends_with(STAYS))
        .collect()
}

fn seeds(counts: (u64, u64)) -> Vec<u64> {
    if let Ok(seed) = std::env::var(SEED) {
        return vec![seed.parse().unwrap()];
    }
    let full = std::env::var_os("CACHE_TEST_FULL").is_some();
    (0..if full { counts.1 } else { counts.0 }).collect()
}

/// What `faults` finds wrong with the databases of `seeds`, the first few of them.
fn first_failures(seeds: &[u64], faults: Faults) -> Vec<String> {
    let failing = seeds.iter().filter_map(|seed| {
        let made = database(*seed);
        let faults = faults(&made);
        (!faults.is_empty()).then(|| {
            let faults: Vec<String> = faults
                .iter()
                .map(|fault| format!("  {}", fault.chars().take(600).collect::<String>()))
                .collect();
            format!("{SEED}={seed} {:?}\n{}", made.features, faults.join("\n"))
        })
    });
    failing.take(5).collect()
}

#[track_caller]
fn assert_faultless(counts: (u64, u64), faults: Faults) {
    let seeds = seeds(counts);
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = seeds
            .chunks(seeds.len().div_ceil(threads))
            .map(|chunk| scope.spawn(move || first_failures(chunk, faults)))
            .collect();
        runs.into_iter()
            .flat_map(|run| run.join().unwrap())
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_random_database_comes_back_as_it_was() {
    assert_faultless(COUNTS, faults);
}

#[test]
fn every_random_database_comes_back_without_what_is_left_out() {
    assert_faultless(FEWER, omissions::faults);
}

#[test]
fn every_random_database_has_the_same_hashes_when_it_is_restored() {
    assert_faultless(FEWEST, crate::again::faults);
}

#[test]
fn every_random_database_passes_its_drill() {
    assert_faultless(FEWEST, crate::drill::false_alarms);
}

#[test]
fn some_tables_of_every_random_database_come_back_and_no_other_changes() {
    assert_faultless(FEWEST_OF_ALL, selection::faults);
}
