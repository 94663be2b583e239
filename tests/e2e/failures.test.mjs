// A database that cannot be backed up fails alone, and is heard of.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startBench } from "../harness/bench.mjs";

/** Its binding is missing: a deployment that is half done. Every attempt fails, and the next might not. */
const UNBOUND = { name: "scout-db", binding: "SCOUT_DB" };
/** An INSERT with the names of its columns is longer than any that D1 takes: no attempt can succeed. */
const BROKEN = "grove-engine-db";
const ENDLESS = `CREATE TABLE endless (${Array.from({ length: 100 }, (_, n) => `c${n}${"x".repeat(970)}`)})`;

const bench = await startBench({ exporter: without(UNBOUND.binding) });
after(bench.close);
const names = bench.registry.databases.map(({ name }) => name);
const healthy = names.filter((name) => ![UNBOUND.name, BROKEN].includes(name));

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

function without(binding) {
  return (config) => ({ ...config, d1_databases: config.d1_databases.filter((database) => database.binding !== binding) });
}

test("the other databases are backed up at the first attempt", async () => {
  for (const name of healthy) assert.partialDeepStrictEqual(resultOf(name), { status: "success", attempts: 1, error: null });
  const { backups } = await bench.api.json("/list");
  assert.deepEqual(backups.map(({ database }) => database).sort(), [...healthy].sort());
});

test("a database without a binding is tried four times, then says which binding is missing", () => {
  const { status, attempts, error, r2Key } = resultOf(UNBOUND.name);
  assert.deepEqual({ status, attempts, r2Key }, { status: "failed", attempts: 4, r2Key: null });
  assert.match(error, /SCOUT_DB/);
});

test("its message is a dead letter, with its attempts and why they failed", async () => {
  const [letter, ...others] = await lettersOf(UNBOUND.name);
  assert.deepEqual(others, []);
  assert.deepEqual(JSON.parse(letter.body), { job_id: job.jobId, database: UNBOUND.name });
  assert.partialDeepStrictEqual(letter, { queue: "grove-backups-exports-dlq", attempts: 4, error_message: resultOf(UNBOUND.name).error });
});

test("a database that no dump can restore fails at the first attempt, and says what to change", async () => {
  const { status, attempts, error } = resultOf(BROKEN);
  assert.deepEqual({ status, attempts }, { status: "failed", attempts: 1 });
  assert.match(error, /"endless" cannot be restored.*shorten its definition/);
  assert.deepEqual(await lettersOf(BROKEN), []);
});

test("the job has failed, and counts both", () => {
  const { status, databases, successful, failed } = job;
  assert.deepEqual({ status, databases, successful, failed }, { status: "failed", databases: 9, successful: 7, failed: 2 });
});

test("/status says that the last backup has failed", async () => {
  const { lastBackup, recentJobs, currentStatus } = await bench.api.json("/status");
  assert.partialDeepStrictEqual(lastBackup, { jobId: job.jobId, status: "failed", successful: 7, failed: 2 });
  assert.deepEqual(recentJobs[0].databases, { successful: 7, failed: 2, total: 9 });
  assert.equal(currentStatus, "idle");
});

test("each failed attempt is one line of the exporter's log", () => {
  const lines = bench.errors().map((line) => JSON.parse(line)).filter(({ operation }) => operation === "back up a database");
  assert.equal(lines.filter(({ error }) => error.includes("SCOUT_DB")).length, 4);
  assert.equal(lines.filter(({ causes }) => causes.some((cause) => cause.includes("endless"))).length, 1);
});

test("nothing of a failed database is in the bucket", async () => {
  const keys = await bench.keys();
  assert.deepEqual(keys.filter((key) => key.includes(UNBOUND.name) || key.includes(BROKEN)), []);
});
