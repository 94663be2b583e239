// A message that always fails: it is a dead letter, and sent again after the fault is gone, it completes its job.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startBench } from "../harness/bench.mjs";

const HOOK = "https://hooks.example/reports";

/** The reports that left the Workers, in the order in which they came. */
const reports = [];
const fetchOfNode = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.href !== HOOK) return fetchOfNode(input, init);
  const body = JSON.parse(await init.text());
  if (body.type.startsWith("backup_")) reports.push(body);
  return new Response("ok");
};

const bench = await startBench();
after(bench.close);
const [BROKEN, HEALTHY] = bench.names;
const attempts = 1 + bench.registry.backup.max_retries;
/** The catalogue takes no backup of this database. */
const FAULT = `CREATE TRIGGER fault BEFORE INSERT ON backup_inventory WHEN NEW.database_name = '${BROKEN}' BEGIN SELECT RAISE(ABORT, 'this is the fault'); END`;

const redrive = (id) => bench.api.request(`/dead-letters/${id}/redrive`, { method: "POST" });
const backups = () => bench.catalogue("SELECT job_id, r2_key FROM backup_inventory WHERE database_name = ?", BROKEN);
const dumps = async () => (await bench.keys()).filter((key) => key.endsWith(`/${BROKEN}.sql`) || key.includes(`/${BROKEN}-`));

let job;
let letter;

before(async () => {
  await bench.catalogue("INSERT INTO alert_config (webhook_url, notify_on_success, created_at, updated_at) VALUES (?, 1, 1, 1)", HOOK);
  for (const name of [BROKEN, HEALTHY]) await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)"]);
  await bench.catalogue(FAULT);
  job = await bench.backUp(BROKEN, HEALTHY);
});

test("its job has failed, and says so once", async () => {
  assert.partialDeepStrictEqual(job, { status: "failed", successful: 1, failed: 1 });
  const { status, error } = job.results.find(({ database }) => database === BROKEN);
  assert.equal(status, "failed");
  assert.match(error, /this is the fault/);
  await bench.until("the report arrives", () => reports, ({ length }) => length);
  assert.deepEqual(reports.map(({ type, jobId }) => [type, jobId]), [["backup_failed", job.jobId]]);
});

test("it is listed, with how often and why it failed, and there is an alarm about it", async () => {
  const { deadLetters } = await bench.api.json("/dead-letters");
  [letter] = deadLetters;
  assert.deepEqual(deadLetters, [letter]);
  assert.partialDeepStrictEqual(letter, { jobId: job.jobId, database: BROKEN, attempts, resolution: null });
  assert.deepEqual(JSON.parse(letter.body), { job_id: job.jobId, database: BROKEN });
  assert.match(letter.error, /this is the fault/);
  const { open } = await bench.api.json("/alerts");
  assert.ok(open.some(({ cause, database }) => cause === "dead_letter" && database === BROKEN), JSON.stringify(open));
});

test("sent again after the fault is gone, it completes its job, and there is one backup", async () => {
  await bench.catalogue("DROP TRIGGER fault");
  const response = await redrive(letter.id);
  assert.equal(response.status, 202, await response.clone().text());
  assert.partialDeepStrictEqual(await bench.ended(job.jobId), { status: "completed", databases: 2, successful: 2, failed: 0 });
  const [{ job_id, r2_key }, ...others] = await backups();
  assert.deepEqual(others, []);
  assert.equal(job_id, job.jobId);
  assert.deepEqual((await dumps()).filter((key) => key.endsWith(".sql")), [r2_key]);
  assert.equal((await bench.catalogue("SELECT id FROM backup_jobs")).length, 1);
});

test("its job's end is told again, once", async () => {
  await bench.until("the second report arrives", () => reports, ({ length }) => length > 1);
  await bench.goRound();
  assert.deepEqual(reports.map(({ type, jobId }) => [type, jobId]), [["backup_failed", job.jobId], ["backup_completed", job.jobId]]);
});

test("a letter is sent again once", async () => {
  assert.equal((await redrive(letter.id)).status, 409);
  assert.deepEqual((await bench.api.json("/dead-letters")).deadLetters, []);
  await bench.drained();
  assert.equal((await backups()).length, 1);
});

test("the alarms about it are over", async () => {
  await bench.goRound();
  const { open } = await bench.api.json("/alerts");
  assert.deepEqual(open.filter(({ database }) => database === BROKEN || database === null), []);
});
