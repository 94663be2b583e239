//! Full-text tables come back with what they find.

use crate::bench::Source;

/// A table of texts, and an index over it that is declared so.
fn external(table: &str, options: &str) -> Source {
    Source::of(&format!(
        "CREATE TABLE docs {table}; CREATE VIRTUAL TABLE search USING fts5(title, body, content='docs'{options});
         INSERT INTO docs (rowid, title, body) VALUES (7, 'first', 'some words'), (9, 'second', 'other words'), (8, 'third', NULL);
         DELETE FROM docs WHERE rowid = 8; INSERT INTO search (search) VALUES ('rebuild');"
    ))
}

#[test]
fn an_index_with_its_own_text_comes_back_with_its_rowids() {
    let source = Source::of(
        "CREATE VIRTUAL TABLE docs USING fts5(title, body UNINDEXED, \"a column\", prefix='2 3', detail=column);
         INSERT INTO docs (rowid, title, body, \"a column\") VALUES (7, 'first', 'hidden', x'00'), (-3, 'second', NULL, 1.5);
         INSERT INTO docs (title) VALUES ('third' || char(0)), (CAST(x'ff' AS TEXT)); DELETE FROM docs WHERE rowid = 8;",
    );
    source.assert_restores();
    assert_eq!(
        source.restored_answer("SELECT rowid FROM docs('fir*')"),
        "7"
    );
    assert_eq!(
        source.restored_answer("SELECT rowid FROM docs('hidden')"),
        ""
    );
}

#[test]
fn long_text_comes_back_in_an_index_too() {
    let source = Source::of(
        "CREATE VIRTUAL TABLE docs USING fts5(a, b);
         INSERT INTO docs VALUES ('short', 1), (replace(hex(zeroblob(100000)), '00', 'word '), 2), ('last', 3);",
    );
    source.assert_restores();
    assert_eq!(source.restored_answer("SELECT b FROM docs('word')"), "2");
}

#[test]
fn settings_of_an_index_come_back() {
    let source = Source::of(
        "CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs VALUES ('words');
         INSERT INTO docs (docs, rank) VALUES ('pgsz', 1000), ('rank', 'bm25(2.0)'), ('automerge', 8);",
    );
    source.dump().assert_in_order(&[
        "CREATE VIRTUAL TABLE docs",
        "INSERT INTO \"docs\" (\"docs\", rank) VALUES ('automerge', 8);",
        "INSERT INTO \"docs\" (\"docs\", rank) VALUES ('pgsz', 1000);",
        "INSERT INTO \"docs\" (\"docs\", rank) VALUES ('rank', 'bm25(2.0)');",
        "INSERT INTO \"docs\" (rowid, \"a\")",
    ]);
    source.assert_restores();
}

#[test]
fn an_index_over_a_table_is_made_again_from_it_whatever_its_rowid_is() {
    for (table, options) in [
        (
            "(id INTEGER PRIMARY KEY, title, body)",
            ", content_rowid='id'",
        ),
        ("(id INTEGER PRIMARY KEY, title, body)", ""),
        ("(title, body)", ""),
        ("(title PRIMARY KEY, body)", ", content_rowid=_rowid_"),
    ] {
        let source = external(table, options);
        source.dump().assert_in_order(&[
            "INSERT INTO \"docs\"",
            "CREATE VIRTUAL TABLE search",
            "INSERT INTO \"search\" (\"search\") VALUES ('rebuild');",
        ]);
        assert_eq!(
            source.restored_answer("SELECT rowid, title FROM search('words')"),
            "7 first\n9 second"
        );
        source.assert_restores();
    }
}

#[test]
fn an_index_over_a_table_is_not_listed_in_the_manifest() {
    let manifest = external("(title, body)", "").dump().manifest;
    assert_eq!((manifest.tables.len(), manifest.total_rows), (1, 2));
}

#[test]
fn triggers_that_keep_an_index_up_to_date_do_so_after_the_restore_and_not_in_it() {
    let source = Source::of(
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, a); CREATE VIRTUAL TABLE search USING fts5(a, content='docs', content_rowid='id');
         CREATE TRIGGER added AFTER INSERT ON docs BEGIN INSERT INTO search (rowid, a) VALUES (new.id, new.a); END;
         CREATE TRIGGER gone AFTER DELETE ON docs BEGIN INSERT INTO search (search, rowid, a) VALUES ('delete', old.id, old.a); END;
         INSERT INTO docs VALUES (1, 'words'), (2, 'more words');",
    );
    source.assert_restores();
    let copy = source.restored();
    copy.execute_batch("DELETE FROM docs WHERE id = 1; INSERT INTO docs VALUES (3, 'new words');")
        .unwrap();
    assert_eq!(
        crate::bench::answer(&copy, "SELECT rowid FROM search('words')"),
        "2\n3"
    );
}

#[test]
fn an_index_over_a_view_is_made_again_after_the_view() {
    let source = Source::of(
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, a, b); CREATE VIEW whole AS SELECT id, a || ' ' || b AS text FROM parts;
         CREATE VIRTUAL TABLE search USING fts5(text, content='whole', content_rowid='id');
         INSERT INTO parts VALUES (4, 'one', 'word'); INSERT INTO search (search) VALUES ('rebuild');",
    );
    source.dump().assert_in_order(&[
        "CREATE VIRTUAL TABLE search",
        "CREATE VIEW whole",
        "INSERT INTO \"search\"",
    ]);
    assert_eq!(
        source.restored_answer("SELECT rowid FROM search('word')"),
        "4"
    );
    source.assert_restores();
}

#[test]
fn a_table_that_is_only_named_like_a_part_of_an_index_keeps_its_rows() {
    for table in ["docs_content", "DOCS_Content", "docs_docsize"] {
        let source = Source::of(&format!(
            "CREATE TABLE {table} (id INTEGER PRIMARY KEY, a); INSERT INTO {table} VALUES (3, 'words');
             CREATE VIRTUAL TABLE docs USING fts5(a, content='{table}', content_rowid='id', columnsize=0);
             INSERT INTO docs (docs) VALUES ('rebuild');"
        ));
        assert_eq!(source.dump().manifest.tables[0].name, table);
        source.assert_restores();
    }
}

#[test]
fn an_index_without_text_is_restored_empty_and_warned_of() {
    let source = Source::of(
        "CREATE VIRTUAL TABLE docs USING fts5(a, content='', contentless_delete=1); INSERT INTO docs (rowid, a) VALUES (1, 'words');",
    );
    let dumped = source.dump();
    let warning = "The full-text table `docs` keeps no text (content=''), so what it indexed cannot be read back: it is restored empty.";
    assert_eq!(dumped.manifest.warnings, [warning]);
    dumped.assert_has(&format!("-- Warning: {warning}"));
    assert_eq!(
        source.restored_answer("SELECT count(*) FROM docs('words')"),
        "0"
    );
    source.assert_restores();
}

#[test]
fn an_index_over_a_table_that_is_gone_is_restored_empty_and_warned_of() {
    let source = external("(title, body)", "");
    source
        .connection()
        .execute_batch("DROP TABLE docs")
        .unwrap();
    assert_eq!(
        source.dump().manifest.warnings,
        [
            "The full-text table `search` takes its text from `docs`, which does not exist: it is restored empty."
        ]
    );
    assert!(!source.dump().text.contains("rebuild"));
    source.restored();
}

#[test]
fn an_index_comes_back_over_a_live_one_of_another_kind() {
    let source = external("(title, body)", "");
    source.assert_restores_over("DROP TABLE search; CREATE VIRTUAL TABLE search USING fts5(x); INSERT INTO search VALUES ('y');");
    source.assert_restores_over(
        "DROP TABLE search; CREATE TABLE search (x); INSERT INTO search VALUES ('y');",
    );
}

#[test]
fn a_view_into_the_words_of_an_index_comes_back_after_it() {
    let source = Source::of(
        "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(docs, row); CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs VALUES ('two words');",
    );
    source.dump().assert_in_order(&[
        "CREATE VIRTUAL TABLE docs",
        "CREATE VIRTUAL TABLE vocabulary",
    ]);
    assert_eq!(
        source.restored_answer("SELECT term FROM vocabulary"),
        "two\nwords"
    );
    source.assert_restores();
}

#[test]
fn an_index_comes_back_whatever_its_name_and_its_columns_are() {
    for (name, columns, values) in [
        ("rowid", "a", "'words'"),
        ("rowid", "_rowid_", "'words'"),
        ("oid", "_rowid_, a", "'words', 'x'"),
        ("a", "oid", "'words'"),
        ("\"a \"\"b\"\" -- c\"", "\"x y\"", "'words'"),
        ("'quoted'", "[a]", "'words'"),
        ("rowid", "_rowid_, oid", "'words', 'x'"),
    ] {
        let table = format!("CREATE VIRTUAL TABLE {name} USING fts5({columns});");
        Source::of(&format!(
            "{table} INSERT INTO {name} VALUES ({values}), ({values});"
        ))
        .assert_restores();
    }
}

#[test]
fn a_virtual_table_that_d1_does_not_know_is_left_out_with_a_warning() {
    let source =
        Source::of("CREATE TABLE t (a); CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);");
    let dumped = source.dump();
    assert_eq!(
        dumped.manifest.warnings,
        ["The virtual table `boxes` is left out: D1 has no module `rtree`."]
    );
    assert!(!dumped.text.contains("CREATE VIRTUAL TABLE"));
    assert_eq!(source.restored_answer("SELECT count(*) FROM t"), "0");
}
