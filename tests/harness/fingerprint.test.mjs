// The comparison that everything else relies on has to notice what it claims to notice.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { DatabaseSync } from "node:sqlite";

import { complaints, differences, fingerprint, ofFile, plain } from "./fingerprint.mjs";
import { sampleStatements } from "./samples.mjs";
import { insert } from "./samples/sql.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cache-fingerprint-"));
after(() => fs.rmSync(folder, { recursive: true }));
let made = 0;

async function printOf(...statements) {
  const file = path.join(folder, `${made++}.sqlite`);
  const database = new DatabaseSync(file);
  for (const statement of statements) database.exec(statement);
  database.close();
  const source = ofFile(file);
  const print = await fingerprint(source);
  assert.deepEqual(await complaints(source), []);
  source.close();
  return print;
}

const cell = (value) => printOf("CREATE TABLE t (v)", `INSERT INTO t VALUES (${value})`);

for (const [one, other] of [
  ["1", "1.0"], ["1", "'1'"], ["'a'", "X'61'"], ["NULL", "''"], ["''", "X''"],
  ["9007199254740993", "9007199254740992"], ["9e999", "1.7976931348623157e308"], ["0.1 + 0.2", "0.3"],
  ["'a' || char(0) || 'b'", "'a' || char(0) || 'c'"], ["CAST(X'c328' AS TEXT)", "CAST(X'c329' AS TEXT)"],
  ["zeroblob(600000)", "CAST(zeroblob(599999) || X'01' AS BLOB)"],
]) {
  test(`${one} is not ${other}`, async () => {
    assert.equal(differences(await cell(one), await cell(other)).length, 1);
    assert.deepEqual(differences(await cell(one), await cell(one)), []);
  });
}

test("a missing index, a trigger that came, a row more and a counter are differences", async () => {
  const table = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v)";
  const before = await printOf(table, "INSERT INTO t VALUES (1, 1)", "CREATE INDEX i ON t(v)");
  const found = await printOf(table, "INSERT INTO t VALUES (1, 1), (7, 1)", "CREATE TRIGGER g AFTER DELETE ON t BEGIN SELECT 1; END");
  assert.equal(differences(before, found).length, 4);
});

test("a table of 100 columns has a fingerprint", async () => {
  const columns = Array.from({ length: 100 }, (_, n) => `column_${n}`);
  const print = await printOf(`CREATE TABLE wide (${columns})`, ...insert("wide", columns, [columns]));
  assert.equal(print.tables.wide.columns.length, 100);
});

test("the order of rows and comments in SQL are no differences", async () => {
  const one = await printOf("CREATE TABLE t (v -- a value\n, w)", "INSERT INTO t VALUES (1, 2), (3, 4)");
  const other = await printOf("CREATE TABLE t (v , w)", "INSERT INTO t VALUES (3, 4), (1, 2)");
  assert.deepEqual(differences(one, other), []);
  assert.equal(plain("a /* x */ '-- no' -- y\n  \"b  c\""), "a '-- no' \"b  c\"");
});

for (const file of fs.readdirSync(new URL("samples", import.meta.url)).filter((name) => name !== "sql.mjs")) {
  const name = path.basename(file, ".mjs");
  test(`the sample of ${name} is sound, the same each time, and of statements that D1 takes`, async () => {
    const statements = await sampleStatements(name);
    for (const statement of statements) assert.ok(Buffer.byteLength(statement) <= 100_000);
    const print = await printOf("BEGIN", ...statements, "COMMIT");
    assert.deepEqual(await sampleStatements(name), statements);
    assert.ok(Object.keys(print.tables).length >= 2);
  });
}
