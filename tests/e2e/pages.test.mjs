// A database that does not fit one transaction, exported by several invocations.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { manifestOf, sha256, startBench } from "../harness/bench.mjs";
import { fingerprint, ofD1 } from "../harness/fingerprint.mjs";
import { restoreEverywhere } from "../harness/restore.mjs";

/** Each invocation stores one part and leaves the rest to the next. */
const bench = await startBench({ vars: { EXPORT_TIMEOUT_MS: "0" } });
after(bench.close);
const [{ name, binding }] = bench.registry.databases;
const database = (await bench.worker("exporter").getEnv())[binding];

const STATEMENTS = [
  "CREATE TABLE albums (id INTEGER PRIMARY KEY, title TEXT NOT NULL, parent INTEGER REFERENCES albums(id) ON DELETE CASCADE)",
  "CREATE TABLE photos (path TEXT, size INTEGER, album INTEGER REFERENCES albums(id), body BLOB, PRIMARY KEY (path COLLATE NOCASE DESC, size)) WITHOUT ROWID",
  "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4000) INSERT INTO albums SELECT x, 'album ' || x || ' ü', CASE WHEN x < 4000 AND x % 3 = 0 THEN x + 1 END FROM n",
  ...Array.from({ length: 6 }, (_, n) => `WITH RECURSIVE n(x) AS (SELECT ${n * 200} UNION ALL SELECT x + 1 FROM n WHERE x < ${n * 200 + 199}) INSERT INTO photos SELECT 'p' || (x % 90), x, 1 + x, randomblob(15000) FROM n`),
  "INSERT INTO photos VALUES ('large', 1, 1, randomblob(1500000)), ('NUL', 2, 2, CAST(X'610062' AS TEXT)), ('broken', 3, 3, CAST(X'c328' AS TEXT))",
  "CREATE VIRTUAL TABLE found USING fts5(title, content='albums', content_rowid='id')",
  "INSERT INTO found(found) VALUES ('rebuild')",
  "CREATE INDEX photos_album ON photos(album)",
];

let print;
let job;
let key;

test("a database that does not fit one transaction is backed up, by several invocations", async () => {
  for (const statement of STATEMENTS) await bench.execute(name, [statement]);
  print = await fingerprint(ofD1(database));
  job = await bench.ended(await bench.trigger([name]), 120);
  const [result] = job.results;
  assert.equal(result.status, "success", result.error);
  assert.ok(result.attempts >= 4, `${result.attempts} invocations`);
  assert.equal(result.progress, undefined);
  // More than the part that it fills, and far from the 128 MB of a Worker.
  assert.ok(result.peakWasmBytes > 8 * 1024 * 1024 && result.peakWasmBytes < 100_000_000, `${result.peakWasmBytes} bytes`);
  key = result.r2Key;
});

test("its manifest says that it is paged, and is true", async () => {
  const manifest = JSON.parse(await bench.object(manifestOf(key)));
  const dump = await bench.object(key);
  assert.equal(manifest.consistency, "paged");
  assert.equal(manifest.sizeBytes, dump.length);
  assert.equal(manifest.sha256, sha256(dump));
  for (const { name: table, offset } of manifest.tables) assert.ok(dump.subarray(0, offset).toString().trimEnd().split("\n").at(-2).endsWith(table), table);
  assert.deepEqual(manifest.tables.map(({ name: table, rows }) => [table, rows]), [["albums", 4000], ["photos", 1203]]);
});

test("nothing is left of the way there", async () => {
  assert.deepEqual(await bench.catalogue("SELECT * FROM export_checkpoints"), []);
});

test("it restores in every way", async () => {
  const [{ outcomes }] = await restoreEverywhere({ sources: [{ name, database, print }], api: bench.api, execute: bench.execute });
  for (const [way, { found, skipped }] of Object.entries(outcomes)) if (!skipped) assert.deepEqual(found, [], way);
});
