// A SQLite file into an empty D1 database, every value with its exact type and bytes.

import { DatabaseSync } from "node:sqlite";

import { differences, fingerprint, ofD1, ofFile } from "../harness/fingerprint.mjs";
import { identifier, literal } from "../harness/samples/sql.mjs";

/** A value longer than this is bound: a statement's text may have 100,000 bytes. */
const LONG = 20_000;
const STATEMENT = 80_000;
/** Text and parameters that go into one transaction; most files fit one, where foreign keys need no order. */
const BATCH = 8_000_000;

/** Loads `file` into `database`, or says in a sentence why it cannot. */
export async function importFile(file, database) {
  let source;
  try {
    source = new DatabaseSync(file, { readOnly: true });
    const [[encoding]] = rows(source, "PRAGMA encoding");
    if (encoding !== "UTF-8") throw new Error(`it stores text as ${encoding}, and D1 stores UTF-8`);
    for (const batch of batches(statements(source))) {
      await database.batch([{ sql: "PRAGMA defer_foreign_keys = TRUE", values: [] }, ...batch].map(({ sql, values }) => database.prepare(sql).bind(...values)));
    }
  } catch (error) {
    throw new Error(`${file} cannot be imported: ${error.message}`);
  } finally {
    source?.close();
  }
  const original = ofFile(file);
  const [difference] = differences(await fingerprint(original), await fingerprint(ofD1(database)));
  original.close();
  if (difference) throw new Error(`${file} was not imported exactly: ${difference}`);
}

function* statements(source) {
  const objects = rows(source, `SELECT m.type, m.name, m.sql, l.type FROM sqlite_schema m
    LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name AND m.type = 'table'
    WHERE m.sql IS NOT NULL AND m.name NOT GLOB 'sqlite_*' ORDER BY m.rowid`);
  const internal = objects.find(([, name]) => name.startsWith("_cf_"));
  if (internal) throw new Error(`D1 keeps names like ${internal[1]} for itself`);
  const tables = parentsFirst(source, objects.filter(([type, , , kind]) => type === "table" && kind === "table"));
  const virtual = objects.filter(([, , , kind]) => kind === "virtual");
  for (const [, , sql] of tables) yield { sql, values: [] };
  for (const [, name] of tables) yield* inserts(source, name, []);
  if (rows(source, "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").length) {
    for (const [name, counter] of rows(source, "SELECT name, quote(seq) FROM sqlite_sequence")) {
      yield { sql: `DELETE FROM sqlite_sequence WHERE name = ${literal(name)}`, values: [] };
      yield { sql: `INSERT INTO sqlite_sequence (name, seq) VALUES (${literal(name)}, ${counter})`, values: [] };
    }
  }
  for (const [, name, sql] of virtual) yield* fullText(source, name, sql);
  for (const type of ["index", "view", "trigger"]) {
    for (const [, , sql] of objects.filter(([found]) => found === type)) yield { sql, values: [] };
  }
}

function* fullText(source, name, sql) {
  if (!/\busing\s+fts5\b/i.test(sql)) throw new Error(`its table ${name} is virtual, and D1 knows of these only FTS5`);
  const content = /\bcontent\s*=\s*(''|""|\S+)/i.exec(sql)?.[1];
  if (content === "''" || content === '""') throw new Error(`its full-text table ${name} keeps no text, so there is nothing to copy`);
  yield { sql, values: [] };
  if (content) yield { sql: `INSERT INTO ${identifier(name)}(${identifier(name)}) VALUES ('rebuild')`, values: [] };
  else yield* inserts(source, name, ["rowid"]);
}

/** Tables so that what a row refers to is there first; where tables refer to each other in a circle, as they come. */
function parentsFirst(source, tables) {
  const byName = new Map(tables.map((table) => [table[1].toLowerCase(), table]));
  const sorted = new Set();
  const visit = (table, above) => {
    if (sorted.has(table) || above.includes(table)) return;
    for (const [parent] of rows(source, `SELECT DISTINCT lower("table") FROM pragma_foreign_key_list(${literal(table[1])})`)) {
      if (byName.has(parent)) visit(byName.get(parent), [...above, table]);
    }
    sorted.add(table);
  };
  for (const table of tables) visit(table, []);
  return [...sorted];
}

/** INSERT statements with as many rows as a statement holds. */
function* inserts(source, table, hidden) {
  const columns = [...hidden, ...rows(source, `SELECT name FROM pragma_table_xinfo(${literal(table)}) WHERE hidden = 0 ORDER BY cid`).map(([name]) => name)];
  const head = `INSERT INTO ${identifier(table)} (${columns.map(identifier).join(", ")}) VALUES `;
  const cells = columns.map(identifier).map((column) =>
    `CASE typeof(${column}) WHEN 'text' THEN 'CAST(X''' || hex(CAST(${column} AS BLOB)) || ''' AS TEXT)' ELSE quote(${column}) END`);
  let statement = { sql: "", values: [] };
  for (const row of rows(source, `SELECT ${cells.join(", ")} FROM ${identifier(table)}`)) {
    const values = [];
    const whole = row.reduce((sum, cell) => sum + cell.length, 0);
    const long = whole > STATEMENT ? STATEMENT / 2 / row.length : LONG;
    const tuple = `(${row.map((cell) => (cell.length > long ? bound(cell, values) : cell)).join(", ")})`;
    if (statement.sql && (statement.sql.length + tuple.length > STATEMENT || statement.values.length + values.length > 50)) {
      yield statement;
      statement = { sql: "", values: [] };
    }
    statement = { sql: statement.sql ? `${statement.sql}, ${tuple}` : head + tuple, values: [...statement.values, ...values] };
  }
  if (statement.sql) yield statement;
}

/** A long literal as a parameter: only texts and BLOBs are longer than a number ever is. */
function bound(cell, values) {
  values.push(Buffer.from(/X'([0-9A-F]*)'/.exec(cell)[1], "hex"));
  return cell.startsWith("CAST") ? "CAST(? AS TEXT)" : "?";
}

function* batches(all) {
  let batch = [];
  let size = 0;
  for (const statement of all) {
    batch.push(statement);
    size += statement.sql.length + statement.values.reduce((sum, value) => sum + value.length, 0);
    if (size > BATCH) {
      yield batch;
      batch = [];
      size = 0;
    }
  }
  if (batch.length) yield batch;
}

function rows(source, sql) {
  const statement = source.prepare(sql);
  statement.setReturnArrays(true);
  return statement.all();
}
