// The shapes of the databases that are measured: their tables, and how a row of each looks.
//
// A table has `name`, `create` (its statements), `columns`, `share` (rows it gets a round), and `row(dice, rowid)`.

import { second } from "../harness/samples/sql.mjs";

const TABLES = 60;

/** Many small rows: one table of seven columns with an index. */
function smallRows() {
  return [{
    name: "events",
    create: [
      "CREATE TABLE events (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, kind TEXT NOT NULL, amount REAL, count INTEGER, note TEXT, created_at INTEGER NOT NULL)",
      "CREATE INDEX events_user ON events (user_id, created_at)",
    ],
    columns: 7,
    share: 500,
    row: (dice, rowid) => [rowid, user(dice), dice.pick(KINDS), dice.below(1_000_000) / 100, dice.below(50), note(dice), second(rowid)],
  }];
}

/** Wide rows: eighty columns of numbers and short texts. */
function wideRows() {
  const kinds = Array.from({ length: 79 }, (_, n) => ["INTEGER", "REAL", "TEXT"][n % 3]);
  const value = { INTEGER: (dice) => dice.below(100_000), REAL: (dice) => dice.below(1_000_000) / 1000, TEXT: (dice) => dice.words(2) };
  return [{
    name: "readings",
    create: [`CREATE TABLE readings (id INTEGER PRIMARY KEY, ${kinds.map((kind, n) => `column_${n + 1} ${kind}`).join(", ")})`],
    columns: 80,
    share: 50,
    row: (dice, rowid) => [rowid, ...kinds.map((kind) => (dice.below(20) === 0 ? null : value[kind](dice)))],
  }];
}

/** Large values: BLOBs of up to 900 KB, and texts of up to 120 KB. */
function blobs() {
  return [
    {
      name: "files",
      create: ["CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT, data BLOB NOT NULL)"],
      columns: 4,
      share: 3,
      row: (dice, rowid) => [rowid, `${dice.words(2)}.jpg`, "image/jpeg", dice.bytes(10_000 + dice.below(dice.below(900_000)))],
    },
    {
      name: "articles",
      create: ["CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT)"],
      columns: 3,
      share: 1,
      row: (dice, rowid) => [rowid, dice.sentence(), dice.words(3_000 + dice.below(15_000))],
    },
  ];
}

/** Many tables: each of its own width and share, most with an index, and two of three with a foreign key. */
function tables(count) {
  return Array.from({ length: count }, (_, n) => {
    const name = `table_${String(n + 1).padStart(2, "0")}`;
    const parent = n % 3 === 0 ? undefined : `table_${String(n).padStart(2, "0")}`;
    const extra = Array.from({ length: 2 + (n % 9) }, (_, m) => ["TEXT", "INTEGER", "REAL"][(n + m) % 3]);
    const columns = ["id INTEGER PRIMARY KEY", `parent_id INTEGER${parent ? ` REFERENCES ${parent} (id)` : ""}`, ...extra.map((kind, m) => `value_${m + 1} ${kind}`)];
    const value = { INTEGER: (dice) => dice.below(1_000_000), REAL: (dice) => dice.below(1_000_000) / 64, TEXT: (dice) => dice.words(1 + dice.below(6)) };
    return {
      name,
      create: [`CREATE TABLE ${name} (${columns.join(", ")})`, ...(n % 4 ? [`CREATE INDEX ${name}_parent ON ${name} (parent_id)`] : [])],
      columns: columns.length,
      share: 1 + (n % 5) * 3,
      // A parent's rows come earlier in each round, and its first is always there.
      row: (dice, rowid) => [rowid, parent ? 1 : dice.below(1000), ...extra.map((kind) => value[kind](dice))],
    };
  });
}

/** Shapes by name; each makes its tables. */
export const SHAPES = {
  tiny: () => tables(5),
  "small-rows": smallRows,
  "wide-rows": wideRows,
  blobs,
  tables: () => tables(TABLES),
};

const KINDS = ["view", "click", "purchase", "sign-in", "sign-out", "search"];

const user = (dice) => `user_${dice.below(50_000).toString(36).padStart(4, "0")}`;

/** Mostly none; now and then with what SQL escapes, and with what is not ASCII. */
const note = (dice) => (dice.below(3) ? null : dice.below(10) ? dice.words(3) : `it's a ${dice.words(1)} – naïve`);
