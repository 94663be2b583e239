//! Dumps of native databases, and restoring them in every way.

use pollster::block_on;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use shared::dump::{Dump, DumpError, DumpRequest, LARGEST_SNAPSHOT, PagedDump, dump};
use shared::manifest::Manifest;
use shared::native::{NativeDatabase, TestClock};
use shared::ports::Database;
use shared::registry::Omissions;
use shared::time::Timestamp;
use testkit::restore::{
    ForeignKeys, RestoreError, as_one_batch, statement_by_statement_with, statements,
};
use testkit::{d1, fingerprint};

/// A request for all but what is omitted.
pub(crate) fn request(omissions: &Omissions) -> DumpRequest<'_> {
    DumpRequest {
        database: "groveauth",
        database_id: "45eae4c7-8ae7-4078-9218-8e1677a4360f",
        job_id: "550e8400-e29b-41d4-a716-446655440000",
        omissions,
    }
}

/// A database to be dumped.
pub(crate) struct Source {
    pub(crate) database: NativeDatabase,
    pub(crate) omissions: Omissions,
}

/// A dump's text and manifest.
pub(crate) struct Dumped {
    pub(crate) text: String,
    pub(crate) manifest: Manifest,
}

impl Source {
    /// The database that these statements make.
    pub(crate) fn of(sql: &str) -> Self {
        let database = NativeDatabase::empty();
        database.connection().execute_batch(sql).unwrap();
        Self {
            database,
            omissions: Omissions::default(),
        }
    }

    /// The same without some tables, and without the rows of others.
    pub(crate) fn without(mut self, tables: &[&str], rows_of: &[&str]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.omissions = Omissions {
            leave_out: owned(tables),
            without_rows: owned(rows_of),
        };
        self
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.database.connection()
    }

    pub(crate) fn try_dump(&self) -> Result<Dump, DumpError> {
        let request = request(&self.omissions);
        block_on(dump(&self.database, &clock(), &request, u64::MAX))
    }

    /// The dump in pages of about `room` bytes, where each is read by another invocation that has but the checkpoint of
    /// the one before.
    pub(crate) fn try_dump_in_pages(&self, room: usize) -> Result<Dumped, DumpError> {
        let now = Timestamp::from_seconds(1_733_626_800);
        let request = request(&self.omissions);
        let mut text = String::new();
        let mut dump = block_on(PagedDump::begin(&self.database, request, now))?;
        while let Some(piece) = block_on(dump.read(room, now))? {
            let rendered = dump.render(&piece);
            text.push_str(&dump.accept(rendered));
            text.push_str(&dump.pad(room % 90));
            let checkpoint = serde_json::to_string(dump.cursor()).unwrap();
            let cursor = serde_json::from_str(&checkpoint).unwrap();
            dump = block_on(PagedDump::resume(&self.database, request, cursor))?;
        }
        let manifest = dump.manifest();
        Ok(Dumped { text, manifest })
    }

    pub(crate) fn dump(&self) -> Dumped {
        self.try_dump().unwrap().into()
    }

    /// Everything that is wrong with the dump: restored in every way into an empty database and over `live` ones, it is
    /// compared cell by cell.
    pub(crate) fn faults(&self, live: impl Fn() -> Connection) -> Vec<String> {
        match self.try_dump() {
            Ok(dump) => self.faults_of(&dump.into(), Some(&live)),
            Err(error) => vec![format!("{error:?}")],
        }
    }

    /// Everything that is wrong with a dump of it, restored into an empty database and over a live one, if there is one.
    pub(crate) fn faults_of(
        &self,
        dumped: &Dumped,
        live: Option<&dyn Fn() -> Connection>,
    ) -> Vec<String> {
        dumped.faults(self.connection(), live)
    }

    /// Fails unless the dump restores exactly, in every way: also over the same database.
    #[track_caller]
    pub(crate) fn assert_restores(&self) {
        self.assert_restores_over("");
    }

    /// The same, where `events` happened to the live database since.
    #[track_caller]
    pub(crate) fn assert_restores_over(&self, events: &str) {
        let faults = self.faults(|| {
            let live = self.restored();
            live.execute_batch(events).unwrap();
            live
        });
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// The same, where an earlier restore stopped after any of its statements.
    #[track_caller]
    pub(crate) fn assert_restores_after_any_stop(&self) {
        let dumped = self.dump();
        let mut begun = String::new();
        for statement in dumped.statements() {
            begun.push_str(&format!("{statement};\n"));
            self.assert_restores_over(&begun);
        }
    }

    /// What the dump restores in an empty database.
    pub(crate) fn restored(&self) -> Connection {
        let copy = d1::empty();
        as_one_batch(&copy, &self.dump().text).unwrap();
        copy
    }

    /// The restored answer to a query: its rows in lines, their values with blanks between.
    pub(crate) fn restored_answer(&self, sql: &str) -> String {
        answer(&self.restored(), sql)
    }
}

/// A moment at which nothing happens.
pub(crate) fn clock() -> TestClock {
    TestClock::at(Timestamp::from_seconds(1_733_626_800))
}

/// The dump of any database.
pub(crate) fn dump_of(database: &impl Database, clock: &TestClock) -> Result<Dump, DumpError> {
    let omissions = Omissions::default();
    let all = request(&omissions);
    block_on(dump(database, clock, &all, LARGEST_SNAPSHOT))
}

/// The answer to a query: its rows in lines, their values with blanks between.
pub(crate) fn answer(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let mut found = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let values = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => format!("{value:?}"),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
        });
        lines.push(values.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

impl From<Dump> for Dumped {
    fn from(dump: Dump) -> Self {
        Self {
            text: String::from_utf8(dump.body).unwrap(),
            manifest: dump.manifest,
        }
    }
}

type Way = fn(&Connection, &str) -> Result<(), RestoreError>;

impl Dumped {
    /// What differs from `expected` in databases that it makes: of an empty one, and of a live one, if there is one.
    pub(crate) fn faults(
        &self,
        expected: &Connection,
        live: Option<&dyn Fn() -> Connection>,
    ) -> Vec<String> {
        // SQLite finds fault with a text default of a number's column beside a generated one, in the source too.
        let known = fingerprint::complaints(expected);
        let expected = fingerprint::of(expected);
        let mut faults = Vec::new();
        let empty: &dyn Fn() -> Connection = &d1::empty;
        let targets = std::iter::once(("empty", empty)).chain(live.map(|live| ("live", live)));
        for (place, make) in targets {
            for (name, way) in self.ways(place == "live") {
                let target = make();
                let mut found = match way(&target, &self.text) {
                    Ok(()) => fingerprint::differences(&expected, &fingerprint::of(&target)),
                    Err(error) => vec![error.to_string()],
                };
                let complaints = fingerprint::complaints(&target);
                found.extend(
                    complaints
                        .into_iter()
                        .filter(|complaint| !known.contains(complaint)),
                );
                faults.extend(
                    found
                        .into_iter()
                        .map(|fault| format!("{name}, {place}: {fault}")),
                );
            }
        }
        faults
    }

    /// Its statements, without the comments before them.
    pub(crate) fn statements(&self) -> Vec<&str> {
        let mut found = statements(&self.text);
        for statement in &mut found {
            while let Some((_, rest)) = statement
                .split_once('\n')
                .filter(|_| statement.starts_with("--"))
            {
                *statement = rest.trim_start();
            }
        }
        found
    }

    /// Fails unless the dump has `line` as a line.
    #[track_caller]
    pub(crate) fn assert_has(&self, line: &str) {
        let found = self.text.lines().any(|found| found == line);
        assert!(found, "no line {line:?} in\n{}", self.text);
    }

    /// Fails unless the dump has lines that begin so, in this order.
    #[track_caller]
    pub(crate) fn assert_in_order(&self, beginnings: &[&str]) {
        let mut lines = self.text.lines();
        for beginning in beginnings {
            let found = lines.any(|line| line.starts_with(beginning));
            assert!(
                found,
                "{beginning:?} is not where it should be in\n{}",
                self.text
            );
        }
    }

    /// The ways in which it is promised to restore, over a live database or into an empty one.
    fn ways(&self, live: bool) -> Vec<(&'static str, Way)> {
        let is_locked = |warning: &String| warning.contains("over a live database");
        let is_locked = live && self.manifest.warnings.iter().any(is_locked);
        let alone: Way = if self.manifest.deferred.is_empty() && !is_locked {
            |target, text| statement_by_statement_with(target, text, ForeignKeys::AlwaysOn)
        } else {
            |target, text| statement_by_statement_with(target, text, ForeignKeys::AsTheDumpSays)
        };
        let batch: Way = as_one_batch;
        let ways = [("statement by statement", alone), ("as one batch", batch)];
        let count = if is_locked { 1 } else { 2 };
        ways.into_iter().take(count).collect()
    }
}
