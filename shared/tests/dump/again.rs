//! A database that was restored from a dump has the hashes of the dump's manifest.

use pollster::block_on;
use shared::dump::dump;
use shared::manifest::Manifest;
use shared::native::NativeDatabase;
use testkit::random::RandomDatabase;
use testkit::restore::{ForeignKeys, statement_by_statement_with};

use crate::bench::{Dumped, Source, clock, request};

/// What has to be the same: the schema, and each table's rows.
fn proof(manifest: &Manifest) -> (&str, Vec<(&str, u64, &str)>, Option<&str>) {
    let tables = manifest.tables.iter();
    let tables = tables.map(|table| (&*table.name, table.rows, &*table.sha256));
    (
        &manifest.schema_sha256,
        tables.collect(),
        manifest.rest_sha256.as_deref(),
    )
}

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
        if proof(first) != proof(second) {
            faults.push(format!("{way}: {:?}\n  {:?}", proof(first), proof(second)));
        }
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
