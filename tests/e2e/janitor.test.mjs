// The janitor's hourly round: what is due goes, what got stuck goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ENDLESS, manifestOf, seconds, startBench } from "../harness/bench.mjs";

const HOUR = 3600;

const bench = await startBench();
after(bench.close);

const [FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH] = bench.names;

before(async () => {
  for (const name of bench.names) await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)"]);
});

/** Makes a backup whose time is over; returns its key. */
async function expired(database) {
  const { jobId, results: [{ r2Key }] } = await bench.backUp(database);
  await bench.catalogue("UPDATE backup_inventory SET expires_at = ? WHERE job_id = ?", seconds(-1), jobId);
  return r2Key;
}

const isStored = async (key) => {
  const keys = await bench.keys();
  return [key, manifestOf(key)].map((object) => keys.includes(object));
};
const listed = async (database) => (await bench.api.json(`/list?database=${database}`)).backups.map(({ r2Key }) => r2Key);
/** What `GET /retention` says of the backup of that key, and why. */
const planned = async (database, key) => {
  const { databases: [{ backups }] } = await bench.api.json(`/retention?database=${database}`);
  const { verdict, reasons } = backups.find(({ r2Key }) => r2Key === key);
  return [verdict, ...reasons];
};

test("a backup is kept for as many weeks as the registry says", async () => {
  const { date } = await bench.backUp(FIRST);
  const [{ createdAt, expiresAt }] = (await bench.api.json(`/list?database=${FIRST}&date=${date}`)).backups;
  assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), bench.registry.backup.retention_weeks * 7 * 24 * HOUR * 1000);
});

test("an expired backup goes with its manifest, and the newest one stays although expired", async () => {
  const [old, newest] = [await expired(SECOND), await expired(SECOND)];
  const [[goes], [stays]] = [await planned(SECOND, old), await planned(SECOND, newest)];
  assert.deepEqual([goes, stays], ["delete", "keep"]);
  await bench.goRound();
  assert.deepEqual(await isStored(old), [false, false]);
  assert.deepEqual(await isStored(newest), [true, true]);
  assert.deepEqual(await listed(SECOND), [newest]);
});

test("a deleted backup can no longer be downloaded, and its row says when it went", async () => {
  const [{ job_id, backup_date, deleted_at }, ...others] = await bench.catalogue("SELECT * FROM backup_inventory WHERE deleted_at IS NOT NULL");
  assert.deepEqual(others, []);
  assert.ok(Math.abs(deleted_at - seconds()) < 60);
  const response = await bench.api.request(`/download/${backup_date}/${SECOND}?job=${job_id}`);
  assert.equal(response.status, 404);
});

const pin = (id, verb, body) => bench.api.request(`/backups/${id}/${verb}`, { method: "POST", body });

test("a pinned backup stays, and goes once it is unpinned; the plan and the row say why", async () => {
  const [pinned, newest] = [await expired(FIFTH), await expired(FIFTH)];
  const { id } = (await bench.api.json(`/list?database=${FIFTH}`)).backups.find(({ r2Key }) => r2Key === pinned);
  assert.equal((await pin(id, "pin", JSON.stringify({ note: "before the migration" }))).status, 200);
  assert.deepEqual(await planned(FIFTH, pinned), ["keep", "pinned: before the migration"]);
  assert.ok((await bench.keys()).includes(pinned.replace(/\.sql$/, ".pin.json")));
  await bench.goRound();
  assert.deepEqual(await listed(FIFTH), [newest, pinned]);

  assert.equal((await pin(id, "unpin")).status, 200);
  const [verdict, reason] = await planned(FIFTH, pinned);
  assert.equal(verdict, "delete");
  await bench.goRound();
  assert.deepEqual(await isStored(pinned), [false, false]);
  assert.deepEqual(await listed(FIFTH), [newest]);
  const [row] = await bench.catalogue("SELECT deleted_because FROM backup_inventory WHERE id = ?", id);
  assert.deepEqual(row, { deleted_because: reason });
  assert.equal((await pin(id, "pin")).status, 409);
});

test("nothing goes of a database whose latest backup failed", async () => {
  const [old, newest] = [await expired(SIXTH), await expired(SIXTH)];
  await bench.execute(SIXTH, [ENDLESS]);
  assert.equal((await bench.backUp(SIXTH)).status, "failed");
  assert.deepEqual(await planned(SIXTH, old), ["keep", "the latest backup failed, so nothing is deleted"]);
  await bench.goRound();
  assert.deepEqual(await listed(SIXTH), [newest, old]);
});

test("the last good backup outlives later failures", async () => {
  const last = await expired(THIRD);
  await bench.plan([{ database_name: THIRD, status: "failed", completed_at: seconds() }]);
  await bench.goRound();
  assert.deepEqual(await isStored(last), [true, true]);
});

test("a backup whose objects are gone already is recorded as deleted", async () => {
  const [old] = [await expired(FOURTH), await expired(FOURTH)];
  const { BACKUPS } = await bench.worker("janitor").getEnv();
  await BACKUPS.delete([old, manifestOf(old)]);
  await bench.goRound();
  assert.equal((await listed(FOURTH)).includes(old), false);
});

test("a queued result whose message was lost is sent again, and completes", async () => {
  const since = { started_at: seconds(-2 * HOUR) };
  const jobId = await bench.plan([{ database_name: FIRST, ...since }], since);
  await bench.goRound();
  assert.partialDeepStrictEqual(await bench.ended(jobId), { status: "completed", successful: 1, failed: 0 });
});

test("a result whose exporter is gone is taken back, and completes", async () => {
  const lost = { status: "running", attempts: 1, lease_token: "nobody's", lease_expires_at: seconds(-120) };
  const jobId = await bench.plan([{ database_name: SECOND, ...lost }]);
  await bench.goRound();
  const job = await bench.ended(jobId);
  assert.partialDeepStrictEqual(job.results[0], { status: "success", attempts: 2 });
});

test("a job whose results have all ended is settled, although no event said so", async () => {
  const jobId = await bench.plan([{ database_name: THIRD, status: "success", size_bytes: 7, completed_at: seconds() }]);
  await bench.goRound();
  assert.partialDeepStrictEqual(await bench.api.json(`/jobs/${jobId}`), { status: "completed", successful: 1, totalSizeBytes: 7 });
});

test("a job that never got a result has failed", async () => {
  const jobId = await bench.plan([], { started_at: seconds(-2 * HOUR), total_databases: 1 });
  await bench.goRound();
  assert.equal((await bench.api.json(`/jobs/${jobId}`)).status, "failed");
});

/** What drills write, they write at any time. */
const INVENTORY = "SELECT id, r2_key, created_at, expires_at, deleted_at, pinned_at, locked_at, lost_at, damage, shrunk FROM backup_inventory";

test("a round on a sound system changes nothing", async () => {
  const state = async () => [await bench.keys(), await bench.catalogue(INVENTORY), await bench.catalogue("SELECT * FROM backup_results"), await bench.catalogue("SELECT * FROM backup_jobs")];
  const before = await state();
  await bench.goRound();
  await bench.drained();
  assert.deepEqual(await state(), before);
});
