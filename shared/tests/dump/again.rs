//! A database that was restored from a dump has the hashes of the dump's manifest.

use pollster::block_on;
use shared::drill::differences;
use shared::dump::dump;
use shared::manifest::Manifest;
use shared::native::NativeDatabase;
use testkit::random::RandomDatabase;
use testkit::restore::{ForeignKeys, statement_by_statement_with};

use crate::bench::{Dumped, Source, clock, request};

pub(crate) fn restored(dumped: &Dumped) -> Source {
    let database = NativeDatabase::empty();
    let foreign_keys = match dumped.manifest.deferred.is_empty() {
        true => ForeignKeys::AlwaysOn,
        false => ForeignKeys::AsTheDumpSays,
    };
    statement_by_statement_with(database.connection(), &dumped.text, foreign_keys).unwrap();
    Source {
        database,
        ..Source::of("")
    }
}

/// What differs when a random database is restored and dumped again.
pub(crate) fn faults(made: &RandomDatabase) -> Vec<String> {
    let source = Source::of("");
    made.fill(source.connection());
    let room = 1_000 << (made.seed % 8);
    let mut faults = Vec::new();
    let mut compare = |way: &str, first: &Manifest, second: &Manifest| {
        let found = differences(first, second).unwrap();
        faults.extend(found.iter().map(|found| format!("{way}: {found}")));
    };
    if let Ok(first) = source.try_dump() {
        let first = Dumped::from(first);
        let copy = restored(&first);
        let again = block_on(dump(
            &copy.database,
            &clock(),
            &request(&copy.omissions),
            u64::MAX,
        ));
        compare("at once", &first.manifest, &again.unwrap().manifest);
    }
    if let Ok(first) = source.try_dump_in_pages(room) {
        let again = restored(&first).try_dump_in_pages(300_000 - room).unwrap();
        compare("in pages", &first.manifest, &again.manifest);
    }
    faults
}
