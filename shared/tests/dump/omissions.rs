//! Tables that the registry leaves out, or takes without their rows.

use pollster::block_on;
use rusqlite::Connection;
use shared::dump::{DumpError, PagedDump};
use shared::registry::Omissions;
use shared::time::Timestamp;
use testkit::restore::{
    ForeignKeys, as_one_batch, statement_by_statement, statement_by_statement_with,
};
use testkit::{d1, fingerprint};

use crate::bench::{Source, answer, request};

/// Posts, and a cache of what they look like.
const BLOG: &str = "
    CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT);
    CREATE TABLE Cache (id INTEGER PRIMARY KEY AUTOINCREMENT, html TEXT);
    CREATE INDEX cache_html ON cache (html);
    CREATE TRIGGER cache_full AFTER INSERT ON cache BEGIN DELETE FROM cache WHERE id < new.id - 99; END;
    INSERT INTO posts VALUES (3, 'one'), (4, 'two'); INSERT INTO cache VALUES (7, '<p>'), (8, '<b>');";

/// Users, and their sessions, which go with them.
const LOGINS: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id REFERENCES users ON DELETE CASCADE);
    INSERT INTO users VALUES (1, 'Wren'), (2, 'Rook'); INSERT INTO sessions VALUES (11, 1), (12, 2);";

/// Fails unless the dump, from one transaction and in pages, makes what `expected` makes, restored statement by
/// statement and as one batch.
#[track_caller]
fn assert_makes(source: &Source, expected: &str) {
    let database = d1::empty();
    database.execute_batch(expected).unwrap();
    for dumped in [source.dump(), source.try_dump_in_pages(100).unwrap()] {
        let faults = dumped.faults(&database, None);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// A live database, made by these statements.
fn live(sql: &str) -> Connection {
    let live = d1::empty();
    live.execute_batch(sql).unwrap();
    live
}

/// The only warning of the dump.
#[track_caller]
fn warning(source: &Source) -> String {
    let dumped = source.dump();
    let [warning] = dumped.manifest.warnings.as_slice() else {
        panic!("{:?}", dumped.manifest.warnings);
    };
    dumped.assert_has(&format!("-- Warning: {warning}"));
    warning.clone()
}

#[test]
fn a_table_that_is_left_out_goes_with_its_indexes_its_triggers_and_its_counter() {
    let source = Source::of(BLOG).without(&["CACHE"], &[]);
    assert_makes(
        &source,
        "CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT); INSERT INTO posts VALUES (3, 'one'), (4, 'two');",
    );
    assert!(!source.dump().text.contains("html"));
}

#[test]
fn a_dump_says_what_is_left_out_and_what_is_without_rows() {
    let dumped = Source::of(BLOG).without(&["cache"], &["POSTS"]).dump();
    dumped.assert_in_order(&[
        "-- Tables: 0",
        "-- Total Rows: 0",
        "-- Left out: Cache",
        "-- Without rows: posts",
    ]);
    let manifest = dumped.manifest;
    assert_eq!(
        (manifest.left_out, manifest.without_rows),
        (vec!["Cache".to_owned()], vec!["posts".to_owned()])
    );
    assert!(manifest.tables.is_empty());
    assert!(manifest.warnings.is_empty());
}

#[test]
fn a_manifest_from_before_reads_as_one_that_leaves_nothing_out() {
    let mut manifest = serde_json::to_value(Source::of(BLOG).dump().manifest).unwrap();
    let members = manifest.as_object_mut().unwrap();
    assert!(members.remove("leftOut").is_some() && members.remove("withoutRows").is_some());
    let read: shared::manifest::Manifest = serde_json::from_value(manifest).unwrap();
    assert!(read.left_out.is_empty() && read.without_rows.is_empty());
}

#[test]
fn a_live_table_that_is_left_out_stays_as_it_is() {
    let source = Source::of(BLOG).without(&["cache"], &[]);
    let live = live(&format!(
        "{BLOG} INSERT INTO cache VALUES (20, '<i>'); DELETE FROM posts;"
    ));
    statement_by_statement(&live, &source.dump().text).unwrap();
    let expected = Source::of(&format!("{BLOG} INSERT INTO cache VALUES (20, '<i>');"));
    let faults = fingerprint::differences(
        &fingerprint::of(expected.connection()),
        &fingerprint::of(&live),
    );
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_table_without_rows_keeps_its_definition_its_indexes_its_triggers_and_its_counter() {
    let source = Source::of(BLOG).without(&[], &["cache"]);
    assert_makes(&source, &format!("{BLOG} DELETE FROM cache;"));
    let live = live(BLOG);
    statement_by_statement(&live, &source.dump().text).unwrap();
    assert_eq!(answer(&live, "SELECT count(*) FROM cache"), "0");
}

#[test]
fn rows_that_are_not_taken_are_not_even_read() {
    let source = Source::of(
        "CREATE TABLE t (a); CREATE TABLE u (a); INSERT INTO t VALUES (replace(hex(zeroblob(70000)), '0', 'x'));",
    );
    let scratch = "CREATE TABLE \"cache_restore_scratch\"";
    assert!(source.dump().text.contains(scratch));
    assert!(!source.without(&[], &["t"]).dump().text.contains(scratch));
}

#[test]
fn a_name_that_the_database_does_not_have_is_warned_of() {
    let cases = [
        (
            Source::of(BLOG).without(&["cash"], &[]),
            "databases.toml leaves out `cash`, but the database has no such table.",
        ),
        (
            Source::of(BLOG).without(&[], &["cache_html"]),
            "databases.toml takes `cache_html` without rows, but the database has no such table.",
        ),
        (
            Source::of("CREATE VIRTUAL TABLE docs USING fts5(a)").without(&["docs_data"], &[]),
            "databases.toml leaves out `docs_data`, but the database has no such table.",
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(warning(&source), expected);
        assert!(source.dump().manifest.left_out.is_empty());
    }
}

#[test]
fn what_names_a_table_that_is_left_out_stays_and_is_warned_of() {
    for (kind, sql) in [
        (
            "view `seen`",
            "CREATE VIEW seen AS SELECT count(*) AS n FROM [cache]",
        ),
        (
            "trigger `seen`",
            "CREATE TRIGGER seen AFTER UPDATE ON posts BEGIN DELETE FROM \"cache\"; END",
        ),
    ] {
        let source = Source::of(&format!("{BLOG} {sql};")).without(&["cache"], &[]);
        assert_eq!(
            warning(&source),
            format!(
                "The {kind} names `Cache`, which is left out: without such a table it does not work."
            )
        );
        assert_makes(
            &source,
            &format!(
                "CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT); INSERT INTO posts VALUES (3, 'one'), (4, 'two'); {sql};"
            ),
        );
    }
}

#[test]
fn rows_that_refer_to_a_table_that_is_left_out_come_back_where_it_is() {
    let users = "CREATE TABLE users (id INTEGER, name TEXT); CREATE UNIQUE INDEX users_id ON users (id); CREATE INDEX users_name ON users (name); INSERT INTO users VALUES (1, 'Wren');";
    let posts = "CREATE TABLE posts (id INTEGER PRIMARY KEY, by REFERENCES users (id)); INSERT INTO posts VALUES (5, 1), (6, NULL);";
    let source = Source::of(&format!("{users} {posts}")).without(&["users"], &[]);
    assert_eq!(
        warning(&source),
        "Rows of `posts` may refer to rows of `users`, which is left out: D1 takes them only where that table is there with these rows."
    );
    for change in [
        "",
        "DELETE FROM posts;",
        "DROP TABLE posts; INSERT INTO users VALUES (2, 'Rook');",
    ] {
        let live = live(&format!("{users} {posts} {change}"));
        let before = answer(&live, "SELECT * FROM users");
        statement_by_statement(&live, &source.dump().text).unwrap();
        assert_eq!(answer(&live, "SELECT * FROM users"), before);
        assert_eq!(answer(&live, "SELECT * FROM posts"), "5 1\n6 NULL");
    }
    let refused = statement_by_statement(&d1::empty(), &source.dump().text).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("FOREIGN KEY constraint failed")
    );
    let shell = d1::empty();
    statement_by_statement_with(&shell, &source.dump().text, ForeignKeys::AsTheDumpSays).unwrap();
    assert_eq!(answer(&shell, "SELECT * FROM posts"), "5 1\n6 NULL");
}

#[test]
fn a_table_that_is_left_out_but_referred_to_is_made_empty_where_there_is_none() {
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";
    let posts = "CREATE TABLE posts (id INTEGER PRIMARY KEY, by REFERENCES USERS); INSERT INTO posts VALUES (6, NULL);";
    let source = Source::of(&format!(
        "{users} INSERT INTO users VALUES (1, 'Wren'); {posts}"
    ))
    .without(&["users"], &[]);
    assert_makes(&source, &format!("{users} {posts}"));
}

/// The table left out refers to two others, which SQLite wants to be there whenever one of them is dropped.
#[test]
fn a_circle_through_a_table_that_is_left_out_comes_back_after_any_stop() {
    let tables = "
        CREATE TABLE places (id INTEGER PRIMARY KEY, up REFERENCES places ON DELETE CASCADE);
        CREATE TABLE users (id INTEGER PRIMARY KEY, last REFERENCES sessions);
        CREATE TABLE sessions (id INTEGER PRIMARY KEY, user REFERENCES users ON DELETE CASCADE, place REFERENCES places ON DELETE CASCADE, tool REFERENCES tools);
        CREATE TABLE tools (id INTEGER PRIMARY KEY, place REFERENCES places);
        INSERT INTO places VALUES (1, NULL), (2, 1); INSERT INTO users VALUES (1, NULL);";
    let source = Source::of(&format!(
        "{tables} INSERT INTO tools VALUES (1, 2); INSERT INTO sessions VALUES (1, 1, 2, 1);"
    ))
    .without(&["sessions", "tools"], &[]);
    let text = source.dump().text;
    let expected = live(tables);
    let mut begun = String::new();
    for statement in source.dump().statements() {
        begun.push_str(&format!("{statement};\n"));
        for restore in [statement_by_statement, as_one_batch] {
            let live = live(&begun);
            restore(&live, &text).unwrap();
            let faults =
                fingerprint::differences(&fingerprint::of(&expected), &fingerprint::of(&live));
            assert!(faults.is_empty(), "after {begun}: {faults:?}");
        }
    }
    let live = live(&format!(
        "{tables} INSERT INTO sessions VALUES (1, 1, 2, NULL);"
    ));
    assert!(statement_by_statement(&live, &text).is_err());
    assert_eq!(answer(&live, "SELECT count(*) FROM sessions"), "1");
}

#[test]
fn rows_whose_parents_are_not_taken_end_the_dump() {
    let source = Source::of(LOGINS).without(&[], &["users"]);
    let error = source.try_dump().unwrap_err();
    assert_eq!(
        error.to_string(),
        "rows of \"sessions\" refer to rows of \"users\", which databases.toml takes without rows, so D1 would refuse them in a \
         restore; take \"sessions\" without rows too, or \"users\" with them"
    );
    assert!(!error.is_transient());
    assert!(source.try_dump_in_pages(100).is_err());
}

#[test]
fn tables_without_rows_may_refer_to_each_other() {
    let both = Source::of(LOGINS).without(&[], &["users", "sessions"]);
    assert_makes(&both, &format!("{LOGINS} DELETE FROM users;"));
    let circle = "CREATE TABLE a (id INTEGER PRIMARY KEY, b NOT NULL REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a, up NOT NULL REFERENCES b);";
    let source = Source::of(&format!(
        "{circle} BEGIN; PRAGMA defer_foreign_keys = ON; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1, 1); COMMIT;"
    ))
    .without(&[], &["a", "b"]);
    assert!(source.dump().manifest.deferred.is_empty());
    assert_makes(&source, circle);
    let child = Source::of(LOGINS).without(&["sessions"], &["users"]);
    assert_makes(
        &child,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
    );
}

#[test]
fn a_restore_stops_before_a_live_table_that_is_left_out_would_lose_rows() {
    let source = Source::of(LOGINS).without(&["sessions"], &[]);
    assert_eq!(
        warning(&source),
        "Over a live database that has the table `sessions`, which is left out, this dump stops before it changes anything: dropping `users` would change rows of it."
    );
    let text = source.dump().text;
    let live = live(&format!("{LOGINS} INSERT INTO users VALUES (3, 'Jay');"));
    let before = fingerprint::of(&live);
    for restore in [statement_by_statement, as_one_batch] {
        let error = restore(&live, &text).unwrap_err().to_string();
        let reason = "the table sessions is left out of this dump and its rows would follow those of this table; see docs/RESTORE.md: users";
        assert!(error.contains(reason), "{error}");
        assert_eq!(fingerprint::of(&live), before);
    }
    let guard = "SELECT json_extract('{}', 'the table sessions is left out";
    let unguarded: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(guard))
        .collect();
    statement_by_statement(&self::live(LOGINS), &unguarded.join("\n")).unwrap();
    statement_by_statement_with(&live, &text, ForeignKeys::AsTheDumpSays).unwrap();
    assert_eq!(answer(&live, "SELECT count(*) FROM users"), "2");
    assert_eq!(answer(&live, "SELECT count(*) FROM sessions"), "2");
    assert_makes(
        &source,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Wren'), (2, 'Rook');",
    );
}

#[test]
fn a_restore_goes_on_where_the_live_table_that_is_left_out_does_not_follow() {
    let logins = LOGINS.replace("ON DELETE CASCADE", "");
    let source = Source::of(&logins).without(&["sessions"], &[]);
    assert_eq!(
        warning(&source),
        "Over a live database D1 may refuse this dump: rows of `sessions`, which is left out, may refer to rows of `users`."
    );
    let live = live(&format!("{logins} INSERT INTO sessions VALUES (13, 1);"));
    assert!(statement_by_statement(&live, &source.dump().text).is_err());
    as_one_batch(&live, &source.dump().text).unwrap();
    assert_eq!(answer(&live, "SELECT count(*) FROM sessions"), "3");
}

#[test]
fn a_column_that_a_table_left_out_refers_to_is_not_opened() {
    let source = Source::of(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b UNIQUE REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
         CREATE TABLE c (b REFERENCES a (b) ON UPDATE SET NULL);
         INSERT INTO b VALUES (1, NULL); INSERT INTO a VALUES (1, 1); INSERT INTO c VALUES (1); UPDATE b SET a = 1;",
    )
    .without(&["c"], &[]);
    source
        .dump()
        .assert_has("UPDATE \"b\" SET \"a\" = 1 WHERE \"id\" = 1;");
}

#[test]
fn a_full_text_table_that_is_left_out_goes_with_its_parts() {
    let source = Source::of("CREATE TABLE t (a); CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs VALUES ('words');")
        .without(&["DOCS"], &[]);
    assert_makes(&source, "CREATE TABLE t (a);");
}

#[test]
fn a_full_text_table_without_rows_keeps_its_settings() {
    let docs = "CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs (docs, rank) VALUES ('pgsz', 1000);";
    let source =
        Source::of(&format!("{docs} INSERT INTO docs VALUES ('words');")).without(&[], &["docs"]);
    assert_makes(&source, docs);
    assert!(source.dump().manifest.tables.is_empty());
}

#[test]
fn an_index_goes_with_the_table_that_has_its_text() {
    let source = Source::of(
        "CREATE TABLE t (a); CREATE TABLE docs (a); CREATE VIRTUAL TABLE search USING fts5(a, content='docs');
         CREATE TRIGGER added AFTER INSERT ON docs BEGIN INSERT INTO search (rowid, a) VALUES (new.rowid, new.a); END;
         INSERT INTO docs VALUES ('words');",
    )
    .without(&["docs"], &[]);
    assert_eq!(
        warning(&source),
        "The full-text table `search` is left out with `docs`, from which it takes its text."
    );
    assert_eq!(source.dump().manifest.left_out, ["docs", "search"]);
    assert_makes(&source, "CREATE TABLE t (a);");
}

#[test]
fn an_index_is_as_empty_as_the_table_that_has_its_text() {
    let docs = "CREATE TABLE docs (a); CREATE VIRTUAL TABLE search USING fts5(a, content='docs');";
    let filled = format!(
        "{docs} INSERT INTO docs VALUES ('words'); INSERT INTO search (search) VALUES ('rebuild');"
    );
    assert_makes(&Source::of(&filled).without(&[], &["docs"]), docs);
}

#[test]
fn an_index_without_rows_is_restored_empty_and_warned_of() {
    let source = Source::of(
        "CREATE TABLE docs (a); CREATE VIRTUAL TABLE search USING fts5(a, content='docs');
         INSERT INTO docs VALUES ('words'); INSERT INTO search (search) VALUES ('rebuild');",
    )
    .without(&[], &["search"]);
    assert_eq!(
        warning(&source),
        "The full-text table `search` is taken without rows: it is restored empty. Fill it from its text by INSERT INTO \"search\" (\"search\") VALUES ('rebuild')."
    );
    assert_eq!(source.restored_answer("SELECT a FROM docs"), "words");
    assert_eq!(source.restored_answer("SELECT * FROM search('words')"), "");
}

#[test]
fn an_index_over_a_view_that_lost_a_table_is_restored_empty_and_warned_of() {
    let source = Source::of(
        "CREATE TABLE t (a); CREATE TABLE docs (a); CREATE VIEW texts AS SELECT rowid, a FROM docs; CREATE VIEW all_texts AS SELECT rowid, a FROM texts;
         CREATE VIRTUAL TABLE search USING fts5(a, content='all_texts');",
    )
    .without(&["docs"], &[]);
    let warnings = source.dump().manifest.warnings;
    assert_eq!(warnings.len(), 2);
    assert!(warnings[1].starts_with("The full-text table `search` takes its text from `all_texts`, which needs a table that is left out: it is restored empty."));
    source.restored();
}

#[test]
fn a_dump_in_pages_begins_anew_when_something_else_is_left_out() {
    let source = Source::of(BLOG);
    let (before, now) = (Omissions::default(), Timestamp::from_seconds(1_733_626_800));
    let begun = block_on(PagedDump::begin(&source.database, request(&before), now)).unwrap();
    let without_rows = vec!["cache".to_owned()];
    let since = Omissions {
        without_rows,
        ..before.clone()
    };
    let resume = |omissions| {
        let cursor = begun.cursor().clone();
        block_on(PagedDump::resume(
            &source.database,
            request(omissions),
            cursor,
        ))
        .map(drop)
    };
    assert_eq!(resume(&before), Ok(()));
    assert_eq!(resume(&since), Err(DumpError::SchemaChanged));
}
