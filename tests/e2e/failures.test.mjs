// A database that cannot be backed up fails alone, and is heard of.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ENDLESS, startBench } from "../harness/bench.mjs";

/** The binding of the first database is missing, as in a deployment that is half done: an attempt fails, the next might not. */
const withoutTheFirst = ({ d1_databases: [catalogue, , ...others], ...config }) => ({ ...config, d1_databases: [catalogue, ...others] });

const bench = await startBench({ exporter: withoutTheFirst });
after(bench.close);
const [{ name: UNBOUND, binding: MISSING }] = bench.registry.databases;
const [, BROKEN, ...healthy] = bench.names;
const attempts = 1 + bench.registry.backup.max_retries;

let job;
const resultOf = (name) => job.results.find(({ database }) => database === name);
const lettersOf = (name) => bench.catalogue("SELECT * FROM dead_letters WHERE job_id = ? AND database_name = ?", job.jobId, name);

before(async () => {
  for (const name of healthy) await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)"]);
  await bench.execute(BROKEN, [ENDLESS]);
  await bench.tick(new Date("2024-12-08T03:00:00Z"));
  const [{ job_id }] = await bench.catalogue("SELECT job_id FROM backup_jobs");
  job = await bench.ended(job_id);
});

test("the other databases are backed up at the first attempt", async () => {
  for (const name of healthy) assert.partialDeepStrictEqual(resultOf(name), { status: "success", attempts: 1, error: null });
  const { backups } = await bench.api.json("/list");
  assert.deepEqual(backups.map(({ database }) => database).sort(), [...healthy].sort());
});

test("a database without a binding is tried as often as the registry says, then says which binding is missing", () => {
  const result = resultOf(UNBOUND);
  assert.partialDeepStrictEqual(result, { status: "failed", attempts, r2Key: null });
  assert.match(result.error, new RegExp(`\\b${MISSING}\\b`));
});

test("its message is a dead letter, with its attempts and why they failed", async () => {
  const [letter, ...others] = await lettersOf(UNBOUND);
  assert.deepEqual(others, []);
  assert.deepEqual(JSON.parse(letter.body), { job_id: job.jobId, database: UNBOUND });
  assert.partialDeepStrictEqual(letter, { queue: "grove-backups-exports-dlq", attempts, error_message: resultOf(UNBOUND).error });
});

test("a database that no dump can restore fails at the first attempt, and says what to change", async () => {
  const result = resultOf(BROKEN);
  assert.partialDeepStrictEqual(result, { status: "failed", attempts: 1 });
  assert.match(result.error, /"endless" cannot be backed up.*shorten its definition/);
  assert.deepEqual(await lettersOf(BROKEN), []);
});

test("the job has failed, and counts both", () => {
  assert.partialDeepStrictEqual(job, { status: "failed", databases: bench.names.length, successful: healthy.length, failed: 2 });
});

test("/status says that the last backup has failed", async () => {
  const { lastBackup, recentJobs, currentStatus } = await bench.api.json("/status");
  assert.partialDeepStrictEqual(lastBackup, { jobId: job.jobId, status: "failed", successful: healthy.length, failed: 2 });
  assert.deepEqual(recentJobs[0].databases, { successful: healthy.length, failed: 2, total: bench.names.length });
  assert.equal(currentStatus, "idle");
});

test("each failed attempt is one line of the exporter's log", async () => {
  const lines = () => bench.errors().map((line) => JSON.parse(line)).filter(({ operation }) => operation === "back up a database");
  const all = await bench.until("the exporter's log is here", lines, ({ length }) => length > attempts);
  assert.equal(all.filter(({ error }) => error.includes(MISSING)).length, attempts);
  assert.equal(all.filter(({ causes }) => causes.some((cause) => cause.includes("endless"))).length, 1);
});

test("nothing of a failed database is in the bucket", async () => {
  const keys = await bench.keys();
  assert.deepEqual(keys.filter((key) => key.includes(`/${UNBOUND}`) || key.includes(`/${BROKEN}`)), []);
});
