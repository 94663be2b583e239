// The catalogue and the bucket, compared: what one has lost comes back from the other, or is marked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { seconds, startBench } from "../harness/bench.mjs";

const bench = await startBench();
after(bench.close);

const [FIRST, SECOND, THIRD] = bench.names;

before(async () => {
  for (const name of bench.names) {
    await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)", "INSERT INTO leaves VALUES (1), (2)"]);
  }
});

const post = (path) => bench.api.request(path, { method: "POST" });
const inventory = () => bench.catalogue("SELECT r2_key, database_name, backup_date, size_bytes, table_count, row_count, created_at, expires_at, job_id, sha256, consistency FROM backup_inventory ORDER BY r2_key");

/** Compares everything with the bucket, to the end. */
async function reindex() {
  assert.equal((await post("/reindex")).status, 202);
  await bench.until("the comparison ends", () => bench.catalogue("SELECT value ->> '$.finishedAt' AS at FROM janitor_state"), ([run]) => run?.at);
}

test("a wiped catalogue is rebuilt from the bucket, equal to before", async () => {
  await bench.backUp(FIRST, SECOND);
  const { date } = await bench.backUp(FIRST);
  const before = await inventory();
  assert.equal(before.length, 3);
  for (const table of ["backup_inventory", "backup_results", "backup_jobs", "janitor_state"]) await bench.catalogue(`DELETE FROM ${table}`);
  await reindex();
  assert.deepEqual(await inventory(), before);
  const { backups } = await bench.api.json("/list");
  assert.equal(backups.length, 3);
  const download = await bench.api.request(`/download/${date}/${SECOND}`);
  assert.match(await download.text(), /Backup Complete/);
});

test("an object deleted by hand is found, and its row marked", async () => {
  const { results: [{ r2Key }] } = await bench.backUp(THIRD);
  const { BACKUPS } = await bench.worker("janitor").getEnv();
  await BACKUPS.delete(r2Key);
  await reindex();
  const lost = await bench.catalogue("SELECT r2_key FROM backup_inventory WHERE lost_at IS NOT NULL");
  assert.deepEqual(lost, [{ r2_key: r2Key }]);
});

test("a message that always failed is sent again after the fault is gone, and completes its job", async () => {
  const overdue = seconds(-100 * 3600);
  const job_id = await bench.plan([{ database_name: FIRST, status: "failed", error_message: "R2 is down", completed_at: seconds() }], { started_at: overdue, status: "failed" });
  const body = JSON.stringify({ job_id, database: FIRST });
  await bench.catalogue("INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) VALUES ('m', 'grove-backups-exports-dlq', ?, 'R2 is down', 4, 1, 1)", body);
  const { deadLetters: [letter] } = await bench.api.json("/dead-letters");
  assert.equal((await post(`/dead-letters/${letter.id}/redrive`)).status, 202);
  assert.partialDeepStrictEqual(await bench.ended(job_id), { status: "completed", successful: 1, failed: 0 });
  assert.equal((await post(`/dead-letters/${letter.id}/redrive`)).status, 409);
});
