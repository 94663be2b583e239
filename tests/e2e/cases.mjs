// Databases that a naive dump loses something of.

import { identifier, insert } from "../harness/samples/sql.mjs";

/** Text that a splitter of statements, a shell or a transaction filter may take for its own. */
const LIKE_SQL = [
  "BEGIN TRANSACTION; DELETE FROM notes; COMMIT;",
  "begin transaction;\ncommit;",
  "COMMIT;",
  "one\r\ntwo\rthree\nfour\r\n",
  "-- no comment\n.quit\n.read /etc/passwd\n",
  "/* never ended; it''s",
  "';'; \"--\" `;` [;] '",
  "CREATE TRIGGER t AFTER INSERT ON notes BEGIN SELECT 1; END",
  "\\n \\' \\x00 %s ?1 :name @name $name",
  "PRAGMA foreign_keys=OFF;\u2028\u0085\uFEFF",
];

const VALUES = [
  "9223372036854775807", "-9223372036854775807 - 1", "9007199254740993", "1", "1.0", "-0.0", "0.1 + 0.2", "1.7976931348623157e308",
  "4.9406564584124654e-324", "123456789012345680.0", "9e999", "-9e999", "X''", "X'00ff2700'", "''", "'it''s'", "'1'", "'0x10'",
  "CAST(X'c328' AS TEXT)", "CAST(X'eda080' AS TEXT)", "CAST(X'61ff' AS TEXT)", "'a' || char(0) || 'b'", "char(0)", "char(65533)", "char(128169)", "NULL",
];

const ODD_NAMES = [
  "scfg", "sqlitewannabe", "cf_cache", "_cfg", "select", "a\"b", "it's", "[box]", "back`tick", "two words", "ünï 表", "a;b", "a--b", "a\nb", "%s", "0",
];

/**
 * `title`, what is to survive, and `statements`. Where `lost` names tables, their rows cannot be read back. `deferred` are
 * the foreign keys for which no order of single statements restores the rows, `locked` those that close a circle and
 * cannot be NULL.
 */
export const CASES = [
  {
    title: "int64, reals, infinity, BLOBs, broken UTF-8 and NUL",
    statements: [
      "CREATE TABLE cells (id INTEGER PRIMARY KEY, v)",
      ...VALUES.map((value) => `INSERT INTO cells (v) VALUES (${value})`),
      "CREATE TABLE keyed (v PRIMARY KEY) WITHOUT ROWID",
      ...VALUES.filter((value) => !["NULL", "1.0"].includes(value)).map((value) => `INSERT INTO keyed VALUES (${value})`),
      "CREATE TABLE strict_cells (i INTEGER, r REAL, t TEXT, b BLOB, a ANY) STRICT",
      "INSERT INTO strict_cells VALUES (1, 1, '1', X'31', '1'), (9223372036854775807, 1e300, CAST(X'ff' AS TEXT), X'', 1.0)",
      "CREATE TABLE by_affinity (i INTEGER, r REAL, n NUMERIC, t TEXT)",
      "INSERT INTO by_affinity VALUES ('x', 'x', '1e400', 1.0), (X'31', 5, 2.5, 9e999)",
    ],
  },
  {
    title: "names that look internal, or need quotes",
    statements: ODD_NAMES.flatMap((name) => [
      `CREATE TABLE ${identifier(name)} (${identifier(name)} INTEGER, ${identifier(`${name} 2`)} TEXT DEFAULT 'x;')`,
      ...insert(name, [name, `${name} 2`], [[1, name], [null, "two"]]),
      `CREATE INDEX ${identifier(`index of ${name}`)} ON ${identifier(name)} (${identifier(name)})`,
      `CREATE VIEW ${identifier(`view of ${name}`)} AS SELECT ${identifier(name)} AS ${identifier(name)} FROM ${identifier(name)}`,
    ]),
  },
  {
    title: "rows longer than a statement may be",
    statements: [
      "CREATE TABLE files (id INTEGER PRIMARY KEY, body BLOB NOT NULL CHECK (length(body) > 1800000), name TEXT UNIQUE)",
      "INSERT INTO files VALUES (1, randomblob(1900000), 'a'), (2, randomblob(1900000), 'b')",
      "CREATE TABLE pages (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
      "INSERT INTO pages SELECT 'quotes', replace(hex(zeroblob(450000)), '00', ''' ')",
      "INSERT INTO pages SELECT 'lines', replace(hex(zeroblob(60000)), '00', char(13, 10, 233))",
      "INSERT INTO pages SELECT 'broken', CAST(randomblob(300000) AS TEXT)",
      `CREATE TABLE wide (${Array.from({ length: 100 }, (_, n) => `c${n}`)})`,
      `INSERT INTO wide SELECT ${Array.from({ length: 100 }, (_, n) => (n % 2 ? "randomblob(9000)" : "hex(randomblob(4500))"))}`,
      // The name that a dump would choose for its own table.
      "CREATE TABLE cache_restore_scratch (c)",
      "INSERT INTO cache_restore_scratch VALUES ('mine')",
      // Short and long rows in turn.
      "CREATE TABLE mixed (id INTEGER PRIMARY KEY, v TEXT)",
      ...Array.from({ length: 9 }, (_, n) => `INSERT INTO mixed (v) VALUES (hex(randomblob(${n % 3 ? 10 : 90_000})))`),
    ],
  },
  {
    title: "full-text search, with the text inside, outside or nowhere",
    lost: ["nowhere"],
    statements: [
      "CREATE VIRTUAL TABLE inside USING fts5(title, body, lang UNINDEXED, tokenize = 'porter unicode61', prefix = '2 3')",
      "INSERT INTO inside (rowid, title, body, lang) VALUES (5, 'Walking trees', 'They walk at night', 'en'), (9, 'Bäume', NULL, 'de')",
      "INSERT INTO inside (inside, rank) VALUES ('rank', 'bm25(10.0, 5.0)')",
      "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT, words TEXT)",
      "CREATE VIRTUAL TABLE outside USING fts5(title, words, content = 'songs', content_rowid = 'id')",
      "CREATE TRIGGER songs_added AFTER INSERT ON songs BEGIN INSERT INTO outside (rowid, title, words) VALUES (new.id, new.title, new.words); END",
      "INSERT INTO songs (id, title, words) VALUES (3, 'Oak', 'leaves of oak'), (8, 'Elm', 'roots; and -- more')",
      "CREATE VIRTUAL TABLE nowhere USING fts5(body, content = '')",
      "INSERT INTO nowhere (rowid, body) VALUES (1, 'not kept')",
      "CREATE VIRTUAL TABLE vocabulary USING fts5vocab('inside', 'row')",
    ],
  },
  {
    title: "counters, triggers that must not fire, views, indexes and generated columns",
    statements: [
      "CREATE TABLE books (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL COLLATE NOCASE, pages INTEGER, half REAL GENERATED ALWAYS AS (pages / 2.0) STORED, shout TEXT AS (upper(title)))",
      "CREATE TABLE log (at INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT)",
      "CREATE TABLE emptied (id INTEGER PRIMARY KEY AUTOINCREMENT)",
      "CREATE TABLE without_id (v)",
      "CREATE TRIGGER books_added AFTER INSERT ON books BEGIN INSERT INTO log (what) VALUES ('added; ' || new.title); END",
      "CREATE TRIGGER books_gone BEFORE DELETE ON books WHEN old.pages > 1 BEGIN SELECT RAISE(ABORT, 'it is kept; really'); END",
      "INSERT INTO books (id, title, pages) VALUES (7, 'Trees', 99), (40, 'Gone', 1)",
      "DELETE FROM books WHERE id = 40",
      "INSERT INTO emptied VALUES (1000)",
      "DELETE FROM emptied",
      "INSERT INTO without_id VALUES (1), (1), (NULL)",
      "CREATE VIEW long_books AS SELECT id, title FROM books WHERE pages > 50",
      "CREATE VIEW a_view_of_a_view AS SELECT title FROM long_books",
      "CREATE TRIGGER long_books_added INSTEAD OF INSERT ON long_books BEGIN INSERT INTO books (title, pages) VALUES (new.title, 51); END",
      "CREATE UNIQUE INDEX books_once ON books(lower(title)) WHERE pages > 1",
      "CREATE INDEX books_back ON books(half DESC, title COLLATE BINARY)",
    ],
  },
  {
    title: "text that looks like SQL, like commands, or like the end of a line",
    statements: [
      "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT /* ; */ DEFAULT 'a;b--c', -- it's a comment; or is it\n  kept TEXT)",
      ...insert("notes", ["body", "kept"], LIKE_SQL.map((text) => [text, "kept"])),
      ...insert("notes", ["body", "kept"], LIKE_SQL.map((text) => [`${text}${"x".repeat(30_000)}${text}`, "kept"])),
      "CREATE TABLE \"COMMIT;\" (v)",
      "INSERT INTO \"COMMIT;\" VALUES ('COMMIT;')",
    ],
  },
  {
    title: "CASCADE, RESTRICT, SET NULL and composite foreign keys",
    statements: [
      // In the order of their names a child comes before its parent.
      "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)",
      "CREATE UNIQUE INDEX users_by_name ON users(name)",
      "CREATE TABLE a_sessions (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE)",
      "CREATE TABLE b_orders (user INTEGER NOT NULL REFERENCES users ON DELETE RESTRICT, number INTEGER, PRIMARY KEY (user, number))",
      "CREATE TABLE a_lines (user, number, text TEXT, FOREIGN KEY (user, number) REFERENCES b_orders ON DELETE CASCADE)",
      "CREATE TABLE a_names (name TEXT REFERENCES users(name) ON DELETE SET NULL)",
      "CREATE TABLE a_strict (session INTEGER NOT NULL REFERENCES a_sessions DEFERRABLE INITIALLY DEFERRED)",
      "INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, 'cyd'), (4, 'dan')",
      "INSERT INTO a_sessions VALUES (1, 1), (2, 1), (3, 2), (4, 3)",
      "INSERT INTO b_orders VALUES (1, 1), (1, 2), (2, 1)",
      "INSERT INTO a_lines VALUES (1, 1, 'x'), (1, 2, 'y'), (NULL, 9, 'z')",
      "INSERT INTO a_names VALUES ('ada'), (NULL), ('dan')",
      "INSERT INTO a_strict VALUES (1), (4)",
    ],
  },
  {
    title: "rows that refer to later rows of their table, and tables that refer to each other",
    statements: [
      "CREATE TABLE tree (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES tree ON DELETE CASCADE, name TEXT)",
      "CREATE TABLE people (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams ON DELETE SET NULL)",
      "CREATE TABLE teams (id INTEGER PRIMARY KEY, lead INTEGER NOT NULL REFERENCES people ON DELETE CASCADE)",
      "CREATE TABLE loops (id TEXT PRIMARY KEY, next TEXT REFERENCES loops)",
      "CREATE TABLE ranks (id INTEGER PRIMARY KEY, above INTEGER NOT NULL REFERENCES ranks ON DELETE RESTRICT)",
      "PRAGMA defer_foreign_keys = TRUE",
      "INSERT INTO ranks VALUES (1, 2), (2, 2), (3, 1)",
      "INSERT INTO tree VALUES (1, 5, 'leaf'), (2, 1, 'tip'), (5, NULL, 'root'), (6, 6, 'itself')",
      "INSERT INTO people VALUES (1, 10), (2, 10), (3, NULL)",
      "INSERT INTO teams VALUES (10, 1), (11, 3)",
      "INSERT INTO loops VALUES ('a', 'b'), ('b', 'c'), ('c', 'a')",
    ],
  },
  {
    title: "rows that need a later row, in their table or another, from the beginning",
    deferred: ["eggs -> hens", "kin -> kin"],
    locked: ["eggs -> hens", "kin -> kin"],
    statements: [
      "CREATE TABLE hens (id INTEGER PRIMARY KEY, egg INTEGER NOT NULL REFERENCES eggs ON DELETE CASCADE)",
      "CREATE TABLE eggs (id INTEGER PRIMARY KEY, hen INTEGER NOT NULL REFERENCES hens ON DELETE CASCADE)",
      "PRAGMA defer_foreign_keys = TRUE",
      "INSERT INTO hens VALUES (1, 2), (2, 1)",
      "INSERT INTO eggs VALUES (1, 1), (2, 2)",
      "CREATE TABLE kin (id INTEGER PRIMARY KEY, elder INTEGER NOT NULL UNIQUE REFERENCES kin ON DELETE RESTRICT)",
      "INSERT INTO kin VALUES (1, 2), (2, 1), (3, 3)",
    ],
  },
];
