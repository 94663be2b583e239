// Restore drills: a backup is verified when its dump was restored and found to be what its manifest says.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { manifestOf, startBench } from "../harness/bench.mjs";

const bench = await startBench();
after(bench.close);
const [SMALL, LARGE, EVERYTHING, DAMAGED] = bench.names;

const drillOf = (key) => key.replace(/\.sql$/, ".drill.json");

/** The newest drill of a dump, when it has ended; one after that of the number `after`. */
const drilled = (key, { seconds = 60, after = 0 } = {}) => bench.until(`the drill of ${key}`,
  async () => (await bench.catalogue("SELECT * FROM drills WHERE r2_key = ? AND id > ? ORDER BY id DESC LIMIT 1", key, after))[0],
  (drill) => drill && !["queued", "running"].includes(drill.status), seconds);

const backup = async (key) => (await bench.catalogue("SELECT * FROM backup_inventory WHERE r2_key = ?", key))[0];

/** Backs a database up; the key of its dump. */
const backUp = async (database) => (await bench.backUp(database)).results[0].r2Key;

/** Has the drill of a dump made once more. */
async function drillAgain(key) {
  const { id: after } = await drilled(key);
  const { id } = await backup(key);
  assert.equal((await bench.api.request(`/backups/${id}/drill`, { method: "POST" })).status, 202);
  return drilled(key, { after });
}

before(async () => {
  await bench.execute(SMALL, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO leaves (name) VALUES ('oak'), ('elm')"]);
  await bench.execute(DAMAGED, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO leaves (name) VALUES ('oak'), ('elm')"]);
  const some = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO acorns (tree, weight, note) SELECT i % 97, i * 0.25, 'note ' || i FROM n";
  await bench.execute(LARGE, ["CREATE TABLE acorns (id INTEGER PRIMARY KEY, tree INTEGER, weight REAL, note TEXT)", ...Array.from({ length: 40 }, () => some)]);
  await bench.execute(EVERYTHING, [
    "CREATE TABLE trees (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, parent INTEGER REFERENCES trees(id))",
    "CREATE TABLE nests (tree INTEGER REFERENCES trees(id) ON DELETE CASCADE, egg BLOB, PRIMARY KEY (tree, egg)) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE words USING fts5(body)",
    "CREATE VIEW tall AS SELECT name FROM trees",
    "CREATE TRIGGER grown AFTER INSERT ON trees BEGIN INSERT INTO words (body) VALUES (new.name); END",
    "CREATE INDEX by_name ON trees (name COLLATE NOCASE)",
    "INSERT INTO trees (id, name, parent) VALUES (9, 'oak', NULL), (2, 'it''s; an elm', 9)",
    "INSERT INTO nests VALUES (9, X'00ff'), (2, randomblob(300000))",
  ]);
});

test("a backup is verified by itself, and the bucket says so too", async () => {
  const key = await backUp(SMALL);
  const drill = await drilled(key);
  assert.partialDeepStrictEqual(drill, { status: "passed", error_message: null, database_name: SMALL });
  assert.ok((await backup(key)).verified_at >= drill.requested_at);
  assert.equal(JSON.parse(await bench.object(drillOf(key))).status, "passed");
  const { backups: [{ verifiedAt }] } = await bench.api.json(`/list?database=${SMALL}`);
  assert.ok(Date.parse(verifiedAt) > 0);
});

test("a database with everything that D1 has is verified", async () => {
  const key = await backUp(EVERYTHING);
  assert.partialDeepStrictEqual(await drilled(key), { status: "passed", error_message: null });
});

test("a large dump in parts is verified, slice by slice", async (t) => {
  const key = await backUp(LARGE);
  const drill = await drilled(key, { seconds: 240 });
  assert.partialDeepStrictEqual(drill, { status: "passed", error_message: null });
  const { size_bytes, consistency } = await backup(key);
  assert.equal(consistency, "paged");
  assert.equal(drill.done_bytes, size_bytes);
  t.diagnostic(`${size_bytes} bytes in ${drill.duration_ms} ms: ${(size_bytes / drill.duration_ms / 1000).toFixed(1)} MB/s`);
});

test("a dump with one byte changed fails its drill, opens an alarm, and is not deleted", async () => {
  const key = await backUp(DAMAGED);
  assert.equal((await drilled(key)).status, "passed");
  const { BACKUPS } = await bench.worker("exporter").getEnv();
  const dump = await bench.object(key);
  const at = dump.indexOf("'oak'") + 1;
  dump[at] ^= 1;
  await BACKUPS.put(key, dump);
  const drill = await drillAgain(key);
  assert.equal(drill.status, "failed");
  assert.match(drill.error_message, /hash/);
  const { verified_at, drill_failed_at } = await backup(key);
  assert.ok(drill_failed_at >= verified_at);
  await bench.goRound();
  const { open } = await bench.api.json("/alerts");
  assert.ok(open.some(({ cause, database }) => cause === "drill_failed" && database === DAMAGED));
  const keys = await bench.keys();
  assert.ok(keys.includes(key) && keys.includes(manifestOf(key)));
});

test("a drill that was begun and lost is begun again", async () => {
  const key = await backUp(SMALL);
  await drilled(key);
  await bench.catalogue("UPDATE drills SET status = 'running', completed_at = NULL, requested_at = 1, started_at = 1, progress_at = 1 WHERE r2_key = ?", key);
  await bench.goRound();
  assert.equal((await drilled(key)).status, "passed");
});
