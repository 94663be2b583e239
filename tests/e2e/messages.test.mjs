// Messages that come twice, that make no sense, or that find their database busy.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { seconds, startBench } from "../harness/bench.mjs";

/** Longer than the exporter puts a message back for: half a minute. */
const PUT_BACK_SECONDS = 60;

const bench = await startBench();
after(bench.close);
/** Tests share these; those that wait have one each. */
const [FIRST, SECOND, THIRD, FOURTH] = bench.names;

before(async () => {
  for (const name of bench.names) await bench.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)"]);
});

const message = (job_id, database) => ({ job_id, database });
const backupsOf = (jobId) => bench.catalogue("SELECT * FROM backup_inventory WHERE job_id = ?", jobId);
const resultsOf = (jobId) => bench.catalogue("SELECT * FROM backup_results WHERE job_id = ? ORDER BY id", jobId);
const letterOf = (body) => bench.until("a dead letter is written", () => bench.catalogue("SELECT * FROM dead_letters WHERE body = ?", JSON.stringify(body)), ({ length }) => length);

/** A result that another exporter holds, until so many seconds from now. */
const held = (database, later) => ({ database_name: database, status: "running", attempts: 1, lease_token: "another's", lease_expires_at: seconds(later) });
/** The lease of a result ends, and it is nobody's business any more. */
const endLease = (jobId) => bench.catalogue("UPDATE backup_results SET lease_expires_at = ? WHERE job_id = ?", seconds(-1), jobId);

test("a message that comes twice is one backup", async () => {
  const jobId = await bench.trigger([FIRST]);
  await bench.send(message(jobId, FIRST), message(jobId, FIRST));
  await bench.ended(jobId);
  await bench.drained();
  assert.equal((await backupsOf(jobId)).length, 1);
  const [{ attempts, status }] = await resultsOf(jobId);
  assert.deepEqual({ attempts, status }, { attempts: 1, status: "success" });
  assert.equal((await bench.keys()).filter((key) => key.includes(`/${FIRST}`)).length, 2);
});

test("an old message leaves an ended result as it is", async () => {
  const job = await bench.backUp(FIRST);
  await bench.send(message(job.jobId, FIRST));
  await bench.drained();
  assert.deepEqual(await bench.api.json(`/jobs/${job.jobId}`), job);
});

const SENSELESS = [
  ["a text", "back up everything"],
  ["a number", 42],
  ["null", null],
  ["a list", [message("a job", FIRST)]],
  ["an object without the fields", { job: "a job" }],
  ["a field of another type", message(7, FIRST)],
  ["text that tries to be SQL", "'); DROP TABLE backup_jobs; --"],
];

for (const [what, body] of SENSELESS) {
  test(`${what} is recorded as a dead letter at the first delivery`, async () => {
    await bench.send(body);
    const [{ queue, attempts, job_id, error_message }] = await letterOf(body);
    assert.deepEqual({ queue, attempts, job_id }, { queue: "grove-backups-exports", attempts: 1, job_id: null });
    assert.match(error_message, /is no export message/);
  });
}

test("a message of an unknown job is recorded with the names that it has", async () => {
  const body = message(randomUUID(), FIRST);
  await bench.send(body);
  const [{ job_id, database_name, error_message }] = await letterOf(body);
  assert.deepEqual({ job_id, database_name }, { job_id: body.job_id, database_name: FIRST });
  assert.match(error_message, /no result of job/);
});

test("a message of a database that its job does not have is recorded, and the job goes on", async () => {
  const jobId = await bench.trigger([SECOND]);
  const body = message(jobId, "no-such-db");
  await bench.send(body);
  assert.match((await letterOf(body))[0].error_message, /no-such-db/);
  assert.partialDeepStrictEqual(await bench.ended(jobId), { status: "completed", successful: 1 });
});

test("a database that has left the registry fails alone, and says so", async () => {
  const jobId = await bench.plan([{ database_name: "gone-db" }, { database_name: SECOND }]);
  await bench.send(message(jobId, "gone-db"), message(jobId, SECOND));
  const job = await bench.ended(jobId);
  assert.partialDeepStrictEqual(job, { status: "failed", successful: 1, failed: 1 });
  assert.match(job.results[0].error, /no longer has the database/);
});

test("a body that JSON cannot hold is recorded", async () => {
  const { EXPORTS } = await bench.worker("janitor").getEnv();
  await EXPORTS.send(12345678901n, { contentType: "v8" });
  const [{ error_message }] = await bench.until("a dead letter is written", () => bench.catalogue("SELECT * FROM dead_letters WHERE body LIKE '%12345678901%'"), ({ length }) => length);
  assert.match(error_message, /is no export message/);
});

test("an event that makes no sense is recorded, and the next one counts", async () => {
  const unknown = { event: "result_settled", job_id: randomUUID(), database: FIRST };
  await bench.sendEvent("no event");
  await bench.sendEvent(unknown);
  assert.equal((await letterOf("no event"))[0].queue, "grove-backups-events");
  assert.match((await letterOf(unknown))[0].error_message, /names no job/);
  assert.equal((await bench.backUp(FIRST)).status, "completed");
});

test("after all of it the exporter works", async () => {
  const job = await bench.backUp(...bench.names);
  assert.partialDeepStrictEqual(job, { status: "completed", successful: bench.names.length, failed: 0 });
  assert.deepEqual(job.results.map(({ attempts }) => attempts), bench.names.map(() => 1));
});

// Those that wait do so side by side.
describe("a lease", { concurrency: true }, () => {
  test("that ran out is taken over", async () => {
    const jobId = await bench.plan([held(FIRST, -1)]);
    await bench.send(message(jobId, FIRST));
    assert.partialDeepStrictEqual(await bench.ended(jobId), { status: "completed", successful: 1 });
    const [{ attempts, lease_token }] = await resultsOf(jobId);
    assert.deepEqual({ attempts, lease_token }, { attempts: 2, lease_token: null });
  });

  test("that is held makes a second message wait, which then makes the backup", async () => {
    const jobId = await bench.plan([held(SECOND, 3600)]);
    await bench.send(message(jobId, SECOND));
    await bench.drained();
    assert.partialDeepStrictEqual((await resultsOf(jobId))[0], { status: "running", attempts: 1, lease_token: "another's" });
    await endLease(jobId);
    const job = await bench.ended(jobId, PUT_BACK_SECONDS);
    assert.partialDeepStrictEqual(job.results[0], { status: "success", attempts: 2 });
  });

  test("of another job's export makes a backup of the same database wait", async () => {
    const other = await bench.plan([held(THIRD, 3600)]);
    const jobId = await bench.plan([{ database_name: THIRD }, { database_name: FOURTH }]);
    await bench.send(message(jobId, THIRD), message(jobId, FOURTH));
    await bench.drained();
    assert.deepEqual((await resultsOf(jobId)).map(({ status, attempts }) => ({ status, attempts })), [{ status: "queued", attempts: 0 }, { status: "success", attempts: 1 }]);
    await endLease(other);
    assert.partialDeepStrictEqual(await bench.ended(jobId, PUT_BACK_SECONDS), { status: "completed", successful: 2 });
  });
});

test("none of the senseless messages came again", async () => {
  const letters = await bench.catalogue("SELECT attempts FROM dead_letters");
  assert.equal(letters.length, SENSELESS.length + 5);
  assert.ok(letters.every(({ attempts }) => attempts === 1));
});
