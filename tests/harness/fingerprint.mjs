// What a database holds, in a form that is equal exactly when every schema object and every cell (type and bytes) is.
//
// A source is anything with `rows(sql)`, which answers arrays: `ofD1(binding)` or `ofFile(path)`.

import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

import { identifier, literal } from "./samples/sql.mjs";

/** Bytes of a value above which it is read in pieces: SQLite refuses to return a string over 2,200,000 bytes. */
const PIECE = 250_000;

export const ofD1 = (binding) => ({ rows: (sql) => binding.prepare(sql).raw() });

export function ofFile(path) {
  const database = new DatabaseSync(path, { readOnly: true });
  return {
    rows: (sql) => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement.all();
    },
    close: () => database.close(),
  };
}

/**
 * `{ schema, tables, counters }`: the objects' SQL by `type name`, each table's columns and sorted rows, and the
 * AUTOINCREMENT counters. A cell is `type:value`; a long row is given as its beginning and its hash.
 */
export async function fingerprint(source) {
  const found = await source.rows(`SELECT m.type, m.name, m.tbl_name, m.sql, l.type FROM sqlite_schema m
    LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name AND m.type = 'table'
    WHERE m.name NOT GLOB '_cf_*' AND m.name NOT GLOB 'sqlite_*' ORDER BY m.type, m.name`);
  // The tables that a full-text index keeps its parts in may be arranged differently for the same contents.
  const objects = found.filter(([, , , , kind]) => kind !== "shadow");
  const schema = {};
  const tables = {};
  for (const [type, name, table, sql, kind] of objects) {
    schema[`${type} ${name}`] = `on ${table}: ${plain(sql ?? "")}`;
    if (type === "table") tables[name] = await readTable(source, name, kind === "virtual");
  }
  const counted = await source.rows("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'");
  const counters = counted.length ? Object.fromEntries(await source.rows("SELECT name, quote(seq) FROM sqlite_sequence")) : {};
  return { schema, tables, counters };
}

/** Checks that SQLite itself makes of a database: broken pages, foreign keys, full-text indexes. Returns complaints. */
export async function complaints(source, { run } = {}) {
  const found = [];
  for (const [message] of await source.rows("PRAGMA quick_check")) if (message !== "ok") found.push(message);
  for (const [table, row, parent] of await source.rows("PRAGMA foreign_key_check")) {
    found.push(`row ${row} of ${table} has no parent in ${parent}`);
  }
  if (run) {
    for (const [name, sql] of await source.rows("SELECT m.name, m.sql FROM sqlite_schema m JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name WHERE l.type = 'virtual'")) {
      if (!/\busing\s+fts5\b/i.test(sql)) continue;
      const index = identifier(name);
      // Compares a full-text index with its text, and fails when they disagree.
      await run(`INSERT INTO ${index}(${index}, rank) VALUES ('integrity-check', 1)`).catch((error) => found.push(`${name}: ${error.message}`));
    }
  }
  return found;
}

/** How many tables, rows and cells there are, and objects that are no tables. */
export function count(print) {
  const tables = Object.values(print.tables);
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0);
  const cells = tables.reduce((sum, table) => sum + table.rows.length * table.columns.length, 0);
  return { tables: tables.length, objects: Object.keys(print.schema).length - tables.length, rows, cells };
}

/** What differs between two fingerprints, one sentence each; empty when nothing does. */
export function differences(expected, found) {
  return [
    ...compareMaps("", expected.schema, found.schema),
    ...compareMaps("the counter of ", expected.counters, found.counters),
    ...Object.keys(expected.tables).filter((name) => found.tables[name]).flatMap((name) => compareRows(name, expected.tables[name], found.tables[name])),
  ];
}

async function readTable(source, table, virtual) {
  // Generated columns count, the hidden ones of a virtual table do not. The row number of a full-text row is data.
  const declared = await source.rows(`SELECT name, hidden FROM pragma_table_xinfo(${literal(table)}) WHERE hidden <> 1 ORDER BY cid`);
  const columns = [...(virtual ? ["rowid"] : []), ...declared.map(([name]) => name)];
  const names = columns.map((_, n) => `c${n}`);
  const from = `FROM (SELECT ${columns.map((column, n) => `${identifier(column)} AS c${n}`)} FROM ${identifier(table)})`;
  const bytes = (name) => `CAST(${name} AS BLOB)`;
  const cell = (name) => `typeof(${name}) || ':' || CASE
    WHEN typeof(${name}) NOT IN ('text', 'blob') THEN quote(${name})
    WHEN length(${bytes(name)}) <= ${PIECE} THEN hex(${bytes(name)})
    ELSE length(${bytes(name)}) || ' bytes ' END`;
  const rows = (await source.rows(`SELECT ${names.map(cell)} ${from}`)).map((row) => [...row]);
  const lengths = names.map((name) => `max(CASE WHEN typeof(${name}) IN ('text', 'blob') THEN length(${bytes(name)}) END)`);
  const [found] = await source.rows(`SELECT ${lengths} ${from}`);
  const longest = Math.max(...found.map(Number));
  for (let start = 1; longest > PIECE && start <= longest; start += PIECE) {
    const piece = (name) => `CASE WHEN typeof(${name}) IN ('text', 'blob') AND length(${bytes(name)}) > ${PIECE} THEN hex(substr(${bytes(name)}, ${start}, ${PIECE})) END`;
    // The same scan as above, so the same order.
    for (const [n, row] of (await source.rows(`SELECT ${names.map(piece)} ${from}`)).entries()) {
      for (const [column, text] of row.entries()) rows[n][column] += text ?? "";
    }
  }
  return { columns, rows: rows.map(short).sort() };
}

/** Versions of SQLite write the same real in different digits; the number that the digits mean is what counts. */
const exact = (cell) => (cell.startsWith("real:") ? `real:${Object.is(Number(cell.slice(5)), -0) ? "-0" : Number(cell.slice(5))}` : cell);

function short(row) {
  const text = row.map(exact).join(" | ");
  return text.length <= 300 ? text : `${text.slice(0, 200)}… sha256 ${createHash("sha256").update(text).digest("hex")}`;
}

/** SQL without comments, with single blanks outside of quotes: `wrangler d1 execute` drops comments. */
export function plain(sql) {
  const tokens = sql.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+|[^'"`[\s/-]+|./gs) ?? [];
  const kept = tokens.map((token) => (/^(--|\/\*|\s)/.test(token) ? " " : token));
  return kept.reduce((text, token) => (token === " " && text.endsWith(" ") ? text : text + token), "").trim();
}

function compareMaps(what, expected, found) {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return names.flatMap((name) => {
    if (!(name in found)) return [`${what}${name} is missing`];
    if (!(name in expected)) return [`${what}${name} was not there before`];
    return expected[name] === found[name] ? [] : [`${what}${name} was ${expected[name]} and is ${found[name]}`];
  });
}

function compareRows(table, expected, found) {
  if (expected.rows.length !== found.rows.length) return [`${table} had ${expected.rows.length} rows and has ${found.rows.length}`];
  const at = expected.rows.findIndex((row, n) => row !== found.rows[n]);
  return at < 0 ? [] : [`${table} has a row that differs: was ${expected.rows[at]} and is ${found.rows[at]}`];
}
