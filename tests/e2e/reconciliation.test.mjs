// The catalogue and the bucket, compared: what one has lost comes back from the other, or is marked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { manifestOf, startBench } from "../harness/bench.mjs";

const bench = await startBench();
after(bench.close);

const [FIRST, SECOND, THIRD, FOURTH] = bench.names;

before(async () => {
  for (const name of bench.names) {
    await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)", "INSERT INTO leaves VALUES (1), (2)"]);
  }
});

const post = (path, body) => bench.api.request(path, { method: "POST", body });
/** The inventory without its numbers, which are the catalogue's alone. */
const inventory = async () => {
  const rows = await bench.catalogue("SELECT * FROM backup_inventory ORDER BY r2_key");
  return rows.map(({ id, ...row }) => row);
};
const run = () => bench.catalogue("SELECT value FROM janitor_state WHERE name = 'reconciliation'").then(([{ value }]) => JSON.parse(value));

/** Compares everything with the bucket, to the end; returns what that came to. */
async function reindex() {
  assert.equal((await post("/reindex")).status, 202);
  return bench.until("the comparison ends", run, ({ finishedAt }) => finishedAt);
}

/** Every row of every table goes, but those that say which migrations are applied. */
async function wipe() {
  const tables = await bench.catalogue("SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name <> 'd1_migrations'");
  const { METADATA_DB } = await bench.worker("janitor").getEnv();
  // References are looked at when the batch ends.
  await METADATA_DB.batch(["PRAGMA defer_foreign_keys = on", ...tables.map(({ name }) => `DELETE FROM ${name}`)].map((sql) => METADATA_DB.prepare(sql)));
  for (const { name } of tables) assert.deepEqual(await bench.catalogue(`SELECT * FROM ${name}`), [], name);
}

test("a wiped catalogue is rebuilt from the bucket, equal to before", async () => {
  const { jobId: both } = await bench.backUp(FIRST, SECOND);
  const { date, jobId: alone } = await bench.backUp(FIRST);
  const { backups } = await bench.api.json(`/list?database=${FIRST}`);
  assert.equal((await post(`/backups/${backups[0].id}/pin`, JSON.stringify({ note: "before the wipe" }))).status, 200);
  await bench.until("each is drilled", () => bench.catalogue("SELECT r2_key FROM backup_inventory WHERE verified_at IS NULL"), ({ length }) => !length);
  const [rows, dump, jobs] = [await inventory(), await bench.api.bytes(`/download/${date}/${SECOND}`), await Promise.all([both, alone].map(told))];
  assert.equal(rows.length, 3);
  assert.deepEqual(rows.filter(({ pin_note }) => pin_note).map(({ job_id }) => job_id), [alone]);

  await wipe();
  assert.partialDeepStrictEqual(await reindex(), { adopted: 3, lost: 0, damaged: 0, unfit: 0 });
  assert.deepEqual(await inventory(), rows);
  assert.deepEqual(await bench.api.bytes(`/download/${date}/${SECOND}`), dump);
  assert.deepEqual(await Promise.all([both, alone].map(told)), jobs);
});

/** What a rebuilt catalogue has of a job, too: not how long it took and how often it was tried. */
async function told(jobId) {
  const { status, trigger, date, databases, successful, failed, totalSizeBytes, results } = await bench.api.json(`/jobs/${jobId}`);
  const sizes = results.map(({ database, r2Key, sizeBytes, tables, rows }) => ({ database, r2Key, sizeBytes, tables, rows }));
  return { status, trigger, date, databases, successful, failed, totalSizeBytes, results: sizes.sort((a, b) => a.database.localeCompare(b.database)) };
}

test("a rebuilt catalogue that is compared again stays as it is", async () => {
  const rows = await inventory();
  assert.partialDeepStrictEqual(await reindex(), { adopted: 0, inOrder: 3 });
  assert.deepEqual(await inventory(), rows);
});

const alarmsOf = async (database, state = "open") => (await bench.api.json("/alerts"))[state].filter((alarm) => alarm.database === database).map(({ cause }) => cause);
const lost = async () => (await bench.catalogue("SELECT r2_key FROM backup_inventory WHERE lost_at IS NOT NULL")).map(({ r2_key }) => r2_key);

for (const [what, database, object, status] of [
  ["dump", THIRD, (key) => key, 410],
  // The data is there: whoever needs it gets it.
  ["manifest", FOURTH, manifestOf, 200],
]) {
  test(`a ${what} deleted by hand is found, marked and alarmed, until it is back`, async () => {
    // Another one is there: without any the database would be overdue, too.
    await bench.backUp(database);
    const { date, jobId, results: [{ r2Key }] } = await bench.backUp(database);
    const download = async () => (await bench.api.request(`/download/${date}/${database}?job=${jobId}`)).status;
    const { BACKUPS } = await bench.worker("janitor").getEnv();
    const bytes = await bench.object(object(r2Key));
    await BACKUPS.delete(object(r2Key));
    assert.partialDeepStrictEqual(await reindex(), { lost: 1 });
    assert.deepEqual(await lost(), [r2Key]);
    await bench.goRound();
    assert.deepEqual(await alarmsOf(database), ["object_lost"]);
    assert.equal(await download(), status);

    await BACKUPS.put(object(r2Key), bytes);
    assert.partialDeepStrictEqual(await reindex(), { lost: 0, foundAgain: 1, damaged: 0 });
    assert.deepEqual(await lost(), []);
    await bench.goRound();
    assert.deepEqual(await alarmsOf(database), []);
    assert.deepEqual(await alarmsOf(database, "recent"), ["object_lost"]);
    assert.equal(await download(), 200);
  });
}
