//! Some tables of a dump.

use rusqlite::Connection;
use shared::dump::{MOST_TABLES, Run, SelectionError, select};
use testkit::d1;
use testkit::restore::{RestoreError, as_one_batch, statement_by_statement};

use crate::bench::{Dumped, Source, answer};

/// Users with sessions that go with them, and posts that hold on to them.
const SHOP: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE);
    CREATE TABLE sessions (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users, title TEXT);
    CREATE TABLE log (entry TEXT);
    CREATE INDEX by_title ON posts (title);
    CREATE VIEW titles AS SELECT title FROM posts;
    CREATE TRIGGER renamed AFTER UPDATE ON users BEGIN INSERT INTO log VALUES ('renamed ' || new.name); END;
    INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob'), (9, 'Cy');
    DELETE FROM users WHERE id = 9;
    INSERT INTO sessions VALUES (10, 1), (11, 1), (12, 2);
    INSERT INTO posts VALUES (20, 1, 'On engines'), (21, NULL, 'Anonymous');
    DELETE FROM log;";
const EVERYTHING: &str = "SELECT (SELECT group_concat(id || name) FROM users), (SELECT group_concat(id || '>' || user) FROM sessions), \
    (SELECT group_concat(id || '>' || coalesce(author, '-')) FROM posts), (SELECT count(*) FROM log)";

impl Dumped {
    /// The dump of some of its tables.
    pub(crate) fn selected(&self, tables: &[&str]) -> Result<String, SelectionError> {
        let names: Vec<String> = tables.iter().map(|name| (*name).to_owned()).collect();
        let selection = select(&self.manifest, &names)?;
        let runs = selection.runs.into_iter().map(|run| match run {
            Run::Text(text) => text,
            Run::Stored(range) => {
                let at = |place: u64| usize::try_from(place).unwrap();
                self.text[at(range.start)..at(range.end)].to_owned()
            }
        });
        Ok(runs.collect())
    }
}

fn selected(source: &Source, tables: &[&str]) -> String {
    source.dump().selected(tables).unwrap()
}

/// What there is when tables of [`SHOP`] are restored over a copy of it to which `events` happened.
fn over_live(tables: &[&str], events: &str) -> Result<Connection, String> {
    let source = Source::of(SHOP);
    let live = source.restored();
    live.execute_batch(events).unwrap();
    let before = answer(&live, EVERYTHING);
    match as_one_batch(&live, &selected(&source, tables)) {
        Ok(()) => Ok(live),
        Err(error) => {
            assert_eq!(answer(&live, EVERYTHING), before, "{error}");
            Err(error.to_string())
        }
    }
}

fn names(database: &Connection) -> String {
    answer(
        database,
        "SELECT name FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY name",
    )
}

#[test]
fn a_table_comes_with_its_indexes_and_without_anything_else() {
    let database = d1::empty();
    let source = Source::of(
        "CREATE TABLE a (x); CREATE INDEX i ON a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1); CREATE VIEW v AS SELECT 1",
    );
    as_one_batch(&database, &selected(&source, &["a"])).unwrap();
    assert_eq!(names(&database), "a\ni");
    assert_eq!(answer(&database, "SELECT x FROM a"), "1");
}

#[test]
fn a_counter_and_a_trigger_come_with_their_table() {
    let database = d1::empty();
    as_one_batch(&database, &selected(&Source::of(SHOP), &["users"])).unwrap();
    assert_eq!(names(&database), "renamed\nusers");
    assert_eq!(answer(&database, "SELECT seq FROM sqlite_sequence"), "9");
}

#[test]
fn a_name_is_matched_as_sqlite_does_and_taken_once() {
    let dumped = Source::of(SHOP).dump();
    assert_eq!(
        dumped.selected(&["USERS", "users"]),
        dumped.selected(&["users"])
    );
}

#[test]
fn the_order_of_the_names_is_no_matter() {
    let dumped = Source::of(SHOP).dump();
    assert_eq!(
        dumped.selected(&["posts", "users"]),
        dumped.selected(&["users", "posts"])
    );
}

#[test]
fn any_name_will_do() {
    for name in ["it's \"x\"", "größe", "select", "a\nb", "--", "x];", "$[0]"] {
        let quoted = name.replace('"', "\"\"");
        let source = Source::of(&format!(
            "CREATE TABLE \"{quoted}\" (a REFERENCES \"{quoted}\"(b), b UNIQUE); INSERT INTO \"{quoted}\" VALUES (NULL, 1); CREATE TABLE other (x)"
        ));
        let text = selected(&source, &[name]);
        for live in [d1::empty(), source.restored()] {
            as_one_batch(&live, &text).unwrap();
            let found = answer(&live, &format!("SELECT b FROM \"{quoted}\""));
            assert_eq!(found, "1", "{name}");
        }
    }
}

#[test]
fn rows_that_follow_survive_the_restore_of_what_they_refer_to() {
    let live = over_live(&["users"], "UPDATE users SET name = 'Eve' WHERE id = 1").unwrap();
    assert_eq!(
        answer(&live, EVERYTHING),
        "1Ada,2Bob 10>1,11>1,12>2 20>1,21>- 1"
    );
    assert_eq!(answer(&live, "SELECT count(*) FROM sqlite_schema"), "9");
}

#[test]
fn a_row_that_refers_to_one_made_since_stops_the_restore() {
    let events = "INSERT INTO users VALUES (30, 'New'); INSERT INTO sessions VALUES (31, 30)";
    let error = over_live(&["users"], events).err().unwrap();
    assert!(error.contains("FOREIGN KEY constraint failed"), "{error}");
}

#[test]
fn a_table_made_since_that_follows_in_another_way_stops_the_restore() {
    let events = "CREATE TABLE later (name REFERENCES users(name) ON DELETE SET NULL); INSERT INTO later VALUES ('Ada')";
    let error = over_live(&["users"], events).err().unwrap();
    assert!(
        error.contains("rows of later would go or change with those of users"),
        "{error}"
    );
    let events = "CREATE TABLE later (u REFERENCES users(id) ON UPDATE CASCADE); INSERT INTO later VALUES (1)";
    let error = over_live(&["users"], events).err().unwrap();
    assert!(
        error.contains("rows of later would go or change with those of users"),
        "{error}"
    );
}

#[test]
fn a_trigger_made_since_stops_the_restore_where_it_would_fire() {
    let events = "CREATE TRIGGER since AFTER UPDATE ON users BEGIN DELETE FROM log; END";
    let error = over_live(&["users"], events).err().unwrap();
    assert!(
        error.contains("the trigger since of users was made since the backup"),
        "{error}"
    );
    over_live(&["posts"], events).unwrap();
}

#[test]
fn a_trigger_of_the_table_does_not_fire() {
    let live = over_live(&["users"], "").unwrap();
    assert_eq!(answer(&live, "SELECT count(*) FROM log"), "0");
}

#[test]
fn what_changes_with_a_key_stops_the_restore_only_where_it_goes_with_it() {
    let restore = |actions: &str| {
        let sql = format!(
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p {actions}); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)"
        );
        let source = Source::of(&sql);
        let live = source.restored();
        let ended = as_one_batch(&live, &selected(&source, &["p"]));
        assert_eq!(answer(&live, "SELECT p FROM c"), "1", "{actions}");
        ended.map_err(|error| error.to_string())
    };
    restore("ON UPDATE CASCADE").unwrap();
    restore("ON DELETE RESTRICT ON UPDATE CASCADE").unwrap();
    restore("ON DELETE SET NULL").unwrap();
    restore("ON DELETE SET DEFAULT").unwrap();
    restore("ON DELETE CASCADE ON UPDATE RESTRICT").unwrap();
    let error = restore("ON DELETE CASCADE ON UPDATE CASCADE").unwrap_err();
    assert!(
        error.contains("take both tables, or restore into a new database"),
        "{error}"
    );
}

#[test]
fn statement_by_statement_nothing_is_touched_that_others_refer_to() {
    let source = Source::of(SHOP);
    let live = source.restored();
    let before = answer(&live, EVERYTHING);
    let error = statement_by_statement(&live, &selected(&source, &["users"])).unwrap_err();
    assert!(
        error.to_string().contains("is not run as one transaction"),
        "{error}"
    );
    assert_eq!(answer(&live, EVERYTHING), before);
    assert_eq!(answer(&live, "SELECT count(*) FROM sqlite_schema"), "9");
    statement_by_statement(&live, &selected(&source, &["users", "sessions", "posts"])).unwrap();
    assert_eq!(answer(&live, EVERYTHING), before);
}

#[test]
fn rows_whose_parents_are_not_there_say_which_those_are() {
    let error =
        as_one_batch(&d1::empty(), &selected(&Source::of(SHOP), &["sessions"])).unwrap_err();
    assert!(matches!(error, RestoreError::Refused { .. }));
    let error = error.to_string();
    assert!(
        error.contains("rows of sessions refer to rows of users, a table that is not there"),
        "{error}"
    );
}

#[test]
fn a_table_whose_rows_refer_to_missing_tables_comes_back_where_they_still_are_missing() {
    let source = Source::of(
        "CREATE TABLE gone (id PRIMARY KEY); CREATE TABLE a (x REFERENCES gone, y); CREATE TABLE b (x); INSERT INTO a VALUES (NULL, 7); DROP TABLE gone",
    );
    let database = d1::empty();
    as_one_batch(&database, &selected(&source, &["a"])).unwrap();
    assert_eq!(names(&database), "a");
    assert_eq!(answer(&database, "SELECT y FROM a"), "7");
}

#[test]
fn rows_that_refer_to_each_other_come_back_linked() {
    let source = Source::of(
        "CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree ON DELETE CASCADE); CREATE TABLE leaf (t REFERENCES tree ON DELETE CASCADE); \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT INTO tree SELECT i, i % 40 + 1 FROM n; INSERT INTO leaf VALUES (3)",
    );
    let sum = "SELECT count(*), sum(up), (SELECT count(*) FROM leaf) FROM tree";
    for live in [d1::empty(), source.restored()] {
        live.execute_batch("CREATE TABLE IF NOT EXISTS leaf (t)")
            .unwrap();
        as_one_batch(&live, &selected(&source, &["tree"])).unwrap();
        assert!(answer(&live, sum).starts_with("40 820"));
    }
    let live = source.restored();
    as_one_batch(&live, &selected(&source, &["tree"])).unwrap();
    assert_eq!(answer(&live, sum), "40 820 1");
}

#[test]
fn long_rows_come_back_whole() {
    let source = Source::of(
        "CREATE TABLE a (x); INSERT INTO a VALUES (zeroblob(300000)); CREATE TABLE b (x)",
    );
    let database = d1::empty();
    as_one_batch(&database, &selected(&source, &["a"])).unwrap();
    assert_eq!(answer(&database, "SELECT length(x) FROM a"), "300000");
    assert_eq!(names(&database), "a");
}

#[test]
fn a_full_text_table_comes_as_a_whole() {
    let source = Source::of(
        "CREATE TABLE notes (body); CREATE VIRTUAL TABLE own USING fts5(body); CREATE VIRTUAL TABLE of_notes USING fts5(body, content=notes); \
         INSERT INTO notes VALUES ('needle'); INSERT INTO own VALUES ('needle'); INSERT INTO of_notes (of_notes) VALUES ('rebuild')",
    );
    let database = d1::empty();
    as_one_batch(&database, &selected(&source, &["own"])).unwrap();
    assert_eq!(
        answer(
            &database,
            "SELECT count(*) FROM own WHERE own MATCH 'needle'"
        ),
        "1"
    );
    let found = "SELECT count(*) FROM of_notes('needle')";
    as_one_batch(&database, &selected(&source, &["of_notes", "notes"])).unwrap();
    assert_eq!(answer(&database, found), "1");
    database
        .execute_batch("INSERT INTO of_notes (of_notes) VALUES ('delete-all')")
        .unwrap();
    as_one_batch(&database, &selected(&source, &["of_notes"])).unwrap();
    assert_eq!(answer(&database, found), "1");
    as_one_batch(&d1::empty(), &selected(&source, &["of_notes"])).unwrap();
}

#[test]
fn the_header_says_what_it_is_and_what_it_needs() {
    let text = selected(&Source::of(SHOP), &["sessions"]);
    let header: Vec<&str> = text.lines().skip(1).take(9).collect();
    assert_eq!(
        header[0],
        "-- Grove Backup: groveauth, and of it only sessions"
    );
    assert_eq!(header[3], "-- Tables: 1");
    assert_eq!(header[4], "-- Total Rows: 3");
    assert_eq!(
        header[8],
        "-- Note: Rows of sessions may refer to rows of users, which are not here: D1 takes them only where those are."
    );
    assert!(text.ends_with("-- Backup Complete\n-- Total Rows: 3\n-- ================================================\n"));
}

#[test]
fn an_unknown_table_is_answered_with_those_that_there_are() {
    let dumped = Source::of("CREATE TABLE a (x); CREATE VIEW v AS SELECT 1").dump();
    for name in ["b", "v", "", "sqlite_sequence"] {
        let error = dumped.selected(&["a", name]).unwrap_err();
        let SelectionError::Unknown { table, tables } = error else {
            panic!("{error}")
        };
        assert_eq!((table.as_str(), tables), (name, vec!["a".to_owned()]));
    }
}

#[test]
fn more_tables_than_a_request_may_read_are_refused() {
    let names: Vec<String> = (0..=MOST_TABLES).map(|n| format!("t{n}")).collect();
    let sql: String = names
        .iter()
        .map(|name| format!("CREATE TABLE {name} (x);"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let dumped = Source::of(&sql).dump();
    assert_eq!(dumped.selected(&names), Err(SelectionError::TooMany));
    assert!(dumped.selected(&names[1..]).is_ok());
}

#[test]
fn a_dump_that_does_not_say_where_tables_are_is_refused() {
    let mut dumped = Source::of("CREATE TABLE a (x)").dump();
    dumped.manifest.places = None;
    assert_eq!(dumped.selected(&["a"]), Err(SelectionError::NotWrittenDown));
}

#[test]
fn a_dump_that_is_stored_as_gzip_is_refused() {
    let mut dumped = Source::of("CREATE TABLE a (x)").dump();
    dumped.manifest.key = "2024-12-08/a.sql.gz".to_owned();
    assert_eq!(dumped.selected(&["a"]), Err(SelectionError::Compressed));
}

#[test]
fn a_dump_in_pages_says_where_the_same_statements_are() {
    let source = Source::of(SHOP);
    let dumped = source.try_dump_in_pages(100).unwrap();
    for tables in [
        &["users"][..],
        &["users", "sessions"],
        &["users", "posts", "log", "sessions"],
    ] {
        let database = source.restored();
        as_one_batch(&database, &dumped.selected(tables).unwrap()).unwrap();
        assert_eq!(
            answer(&database, EVERYTHING),
            answer(source.connection(), EVERYTHING)
        );
    }
}
