// From a cron tick or a trigger to dumps in the bucket.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { manifestOf, sha256, startBench } from "../harness/bench.mjs";

const AT = new Date("2024-12-08T03:00:00Z");

const bench = await startBench();
after(bench.close);
const { names } = bench;
const [FIRST, SECOND] = names;
/** The database at place n has one table with n rows. */
const rowsOf = (name) => names.indexOf(name);

before(async () => {
  for (const name of names) {
    await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)", ...Array.from({ length: rowsOf(name) }, () => "INSERT INTO leaves DEFAULT VALUES")]);
  }
});

/** The job of the cron's tick, which comes twice at the same time. */
async function ticked() {
  await Promise.all([bench.tick(AT), bench.tick(AT)]);
  const [{ job_id }] = await bench.catalogue("SELECT job_id FROM backup_jobs WHERE trigger_type = 'scheduled'");
  const job = await bench.ended(job_id);
  await bench.drained();
  return job;
}

let scheduled;

test("a tick of the cron makes a dump and a manifest of every database", async () => {
  scheduled = await ticked();
  const keys = names.map((name) => `${scheduled.date}/${name}.sql`);
  assert.deepEqual(await bench.keys(), keys.flatMap((key) => [key, manifestOf(key)]).sort());
});

test("each manifest describes the dump beside it", async () => {
  for (const { database, r2Key } of scheduled.results) {
    const [dump, manifest] = [await bench.object(r2Key), JSON.parse(await bench.object(manifestOf(r2Key)))];
    const { jobId } = scheduled;
    assert.partialDeepStrictEqual(manifest, { database, jobId, key: r2Key, sha256: sha256(dump), sizeBytes: dump.length, totalRows: rowsOf(database) });
  }
});

test("its job is completed, with the counts of what the databases hold", () => {
  const { status, trigger, databases, successful, failed, results, totalSizeBytes } = scheduled;
  assert.deepEqual({ status, trigger, databases, successful, failed }, { status: "completed", trigger: "scheduled", databases: names.length, successful: names.length, failed: 0 });
  for (const { database, tables, rows } of results) assert.deepEqual({ tables, rows }, { tables: 1, rows: rowsOf(database) }, database);
  assert.equal(totalSizeBytes, results.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
});

test("/status tells of it", async () => {
  const { currentStatus, lastBackup, storage } = await bench.api.json("/status");
  assert.equal(currentStatus, "idle");
  assert.partialDeepStrictEqual(lastBackup, { jobId: scheduled.jobId, successful: names.length, failed: 0 });
  assert.partialDeepStrictEqual(storage, { totalBackups: names.length, totalSizeBytes: scheduled.totalSizeBytes });
});

test("a tick that comes twice is one job with one attempt at each database", async () => {
  await bench.tick(AT);
  await bench.drained();
  assert.equal((await bench.catalogue("SELECT * FROM backup_jobs")).length, 1);
  const results = await bench.catalogue("SELECT database_name, attempts FROM backup_results");
  assert.deepEqual(results.map(({ attempts }) => attempts), names.map(() => 1));
  assert.equal((await bench.keys()).length, 2 * names.length);
});

test("a trigger of two databases backs up exactly these, and keeps the reason", async () => {
  const job = await bench.ended(await bench.trigger([FIRST, SECOND], "before the migration"));
  assert.partialDeepStrictEqual(job, { status: "completed", trigger: "manual", reason: "before the migration", databases: 2, successful: 2 });
  const { backups } = await bench.api.json("/list");
  assert.deepEqual(backups.filter(({ jobId }) => jobId === job.jobId).map(({ database }) => database).sort(), [FIRST, SECOND].sort());
});

/** Two backups of a day, and the bytes of the earlier one before the later; one more where midnight came in between. */
async function twoOfADay() {
  let earlier = await bench.backUp(FIRST);
  for (;;) {
    const bytes = await bench.object(earlier.results[0].r2Key);
    await bench.execute(FIRST, ["INSERT INTO leaves DEFAULT VALUES"]);
    const later = await bench.backUp(FIRST);
    if (later.date === earlier.date) return { earlier, bytes, later };
    earlier = later;
  }
}

test("a second backup on a day stands beside the first, and leaves its bytes alone", async () => {
  const { earlier, bytes, later } = await twoOfADay();
  const { date, jobId, results: [{ r2Key }] } = later;
  assert.equal(r2Key, `${date}/${FIRST}-${jobId}.sql`);
  assert.deepEqual(await bench.object(earlier.results[0].r2Key), bytes);
  const address = `/download/${date}/${FIRST}`;
  assert.deepEqual(await bench.api.bytes(`${address}?job=${earlier.jobId}`), bytes);
  assert.deepEqual(await bench.api.bytes(address), await bench.object(r2Key));
  assert.notDeepEqual(await bench.api.bytes(address), bytes);
});
