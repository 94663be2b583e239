// An export in pages ends as if nothing had happened, however often workerd is killed meanwhile.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { manifestOf, sha256 } from "../harness/bench.mjs";
import { REGISTRY, exporterIn, exporterWorker } from "../harness/exporter.mjs";
import { random } from "../harness/samples/sql.mjs";
import { bucketFile, place, scratchFolder, startWorkerd } from "../harness/workerd.mjs";

/** The moments are drawn from it, as parts of the time that an export takes here. */
const SEED = Number(process.env.CACHE_TEST_SEED ?? 1);
const KILLS = 20;
/** Enough, unless most kills miss. */
const MOST_EXPORTS = 40;
const PATIENCE_SECONDS = 60;

const NAME = "killed";
const [SOURCE] = REGISTRY.databases;
/** An invocation comes to one or two parts. */
const WORKER = exporterWorker({ name: NAME, sources: { [SOURCE.binding]: SOURCE.id }, vars: { EXPORT_TIMEOUT_MS: "250" } });
const PART_BYTES = 8 << 20;

const numbers = (count) => `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${count})`;
/** Its dump has 37 MB, in five parts. */
const STATEMENTS = [
  "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)",
  "CREATE TABLE pages (path TEXT, version INTEGER, body BLOB, PRIMARY KEY (path DESC, version)) WITHOUT ROWID",
  `${numbers(45_000)} INSERT INTO notes SELECT x, printf('%0400d', x * 7919) FROM n`,
  `${numbers(15_000)} INSERT INTO pages SELECT 'p' || (x % 97), x, CAST(printf('%0500d', x * 7919) AS BLOB) FROM n`,
  "CREATE INDEX pages_version ON pages(version)",
];

/** How far an export has come, as the catalogue has it. */
const PHASES = { start: "before the first checkpoint", first: "within the first part", between: "between parts", last: "after the last part" };
const OVER = "after its end";

const { next } = random(SEED);
const folder = scratchFolder("kills");
const state = path.join(folder, "state");
/** Where local R2 keeps the bytes of parts and of objects. */
const PARTS = path.join(state, "r2", NAME, "blobs");
const hits = new Map();
/** What the exports that were killed have left. */
const backups = [];
let workerd;
let exporter;
let undisturbed;
/** How many milliseconds an export may take, as far as is known. */
let pace;

before(async () => {
  place(makeSource(path.join(folder, "source.sqlite")), state, SOURCE.id);
  await start();
  undisturbed = await inPeace();
  pace = undisturbed.ms;
});
after(() => workerd?.miniflare.dispose());

test(`however it is killed, ${KILLS} times and in every phase, an export ends`, async (t) => {
  const { ms, parts, attempts } = undisturbed;
  t.diagnostic(`seed ${SEED}; undisturbed, ${parts} parts take ${attempts} invocations and ${ms.toFixed()} ms`);
  while (!enough()) {
    assert.ok(backups.length < MOST_EXPORTS, `${kills()} kills have hit: ${JSON.stringify([...hits])}`);
    const moments = await amidKills();
    t.diagnostic(`export ${backups.length} is killed ${moments.length} times: ${moments.map(({ parts, delay, phase }) => `${delay.toFixed(1)} ms after ${parts ? `${parts} more parts` : "the message"} (${phase})`).join(", ")}`);
  }
  t.diagnostic(`${kills()} kills of ${backups.length} exports: ${[...hits].map(([phase, count]) => `${count} ${phase}`).join(", ")}`);
});

test("each dump is that of an undisturbed export, but for its time and its job", () => {
  for (const { job, dump } of backups) assert.equal(dump.difference, null, job);
});

test("each manifest is true, and that of an undisturbed export", () => {
  for (const { job, dump, manifest } of backups) {
    assert.partialDeepStrictEqual(manifest, { jobId: job, sizeBytes: dump.size, sha256: dump.sha256, consistency: "paged" });
    assert.deepEqual(manifest.tables, undisturbed.manifest.tables);
  }
});

test("each is recorded once, and nothing else is in the bucket", async () => {
  const results = await exporter.catalogue("SELECT r2_key AS key, job_id FROM backup_results ORDER BY key");
  assert.deepEqual(await exporter.catalogue("SELECT r2_key AS key, job_id FROM backup_inventory ORDER BY key"), results);
  assert.equal(results.length, 1 + backups.length);
  assert.deepEqual((await exporter.keys()).sort(), results.flatMap(({ key }) => [key, manifestOf(key)]).sort());
});

test("no checkpoint and no dead letter is left", async () => {
  assert.deepEqual(await exporter.catalogue("SELECT * FROM export_checkpoints"), []);
  assert.deepEqual(await exporter.catalogue("SELECT * FROM dead_letters"), []);
});

test("no upload that has parts is left, and none without for each kill that came before the first checkpoint", async () => {
  await workerd.miniflare.dispose();
  const bucket = new DatabaseSync(bucketFile(state, NAME), { readOnly: true });
  // In state 0 an upload is neither completed nor aborted.
  const unfinished = bucket.prepare("SELECT count(part_number) AS parts FROM _mf_multipart_uploads u LEFT JOIN _mf_multipart_parts USING (upload_id) WHERE u.state = 0 GROUP BY u.upload_id").all();
  bucket.close();
  assert.deepEqual(unfinished.filter(({ parts }) => parts), []);
  assert.ok(unfinished.length <= hits.get(PHASES.start), `${unfinished.length} uploads`);
});

const kills = () => Object.values(PHASES).reduce((sum, phase) => sum + (hits.get(phase) ?? 0), 0);
const enough = () => kills() >= KILLS && Object.values(PHASES).every((phase) => hits.has(phase));

async function start() {
  workerd = await startWorkerd({ state, workers: [WORKER] });
  exporter = await exporterIn(workerd, NAME);
}

/** An export that nobody disturbs, and how long it takes. */
async function inPeace() {
  const job = await exporter.plan([SOURCE]);
  const started = performance.now();
  await exporter.send(job, SOURCE);
  await exporter.ended(job, PATIENCE_SECONDS);
  const ms = performance.now() - started;
  const { body, ...backup } = await backupOf(job);
  return { ...backup, text: comparable(body), ms, parts: Math.ceil(body.length / PART_BYTES) };
}

/** An export that is killed again and again before it ends; the moments at which it was, and what it was about then. */
async function amidKills() {
  const job = await exporter.plan([SOURCE]);
  const moments = [];
  for (let phase; ![PHASES.last, OVER].includes(phase) && !enough(); ) {
    const moment = chooseMoment(await partsOf(job));
    const come = moment.parts ? partsCome(moment.parts) : null;
    await exporter.send(job, SOURCE);
    await come;
    await sleep(moment.delay);
    assert.equal(await workerd.kill(), "SIGKILL");
    await start();
    phase = await phaseOf(job);
    hits.set(phase, (hits.get(phase) ?? 0) + 1);
    moments.push({ ...moment, phase });
    // It was faster than thought.
    if (phase === OVER) pace *= 0.9;
    // As if its time had passed.
    await exporter.catalogue("UPDATE backup_results SET lease_expires_at = 0 WHERE status = 'running'");
  }
  await exporter.send(job, SOURCE);
  await exporter.ended(job, PATIENCE_SECONDS);
  const { body, manifest } = await backupOf(job);
  backups.push({ job, manifest, dump: { size: body.length, sha256: sha256(body), difference: difference(undisturbed.text, comparable(body)) } });
  return moments;
}

/**
 * When to kill: so many milliseconds after the message was sent or, where it says `parts`, after so many more came into
 * the bucket. The beginning and the end of an export are short, so they are aimed at more often than they take.
 */
function chooseMoment(parts) {
  const missing = undisturbed.parts - (parts ?? 0);
  const [aim, chance] = [next(), next()];
  if (aim < 0.35) return { parts: missing, delay: (chance * pace) / 100 };
  if (parts === null && aim < 0.6) return { parts: 0, delay: (chance * pace) / 20 };
  return { parts: 0, delay: (chance * pace * (missing - 0.5)) / undisturbed.parts };
}

/** So many more parts come, each as a file that has its last name when it is whole. */
function partsCome(count) {
  const whole = () => fs.readdirSync(PARTS).filter((name) => !name.endsWith(".tmp")).length;
  const all = whole() + count;
  return new Promise((resolve, reject) => {
    const watcher = fs.watch(PARTS, { signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000) });
    watcher.on("error", reject).on("change", () => {
      if (whole() < all) return;
      watcher.close();
      resolve();
    });
    watcher.on("close", () => reject(new Error([`${count} more parts did not come within ${PATIENCE_SECONDS} s`, ...workerd.errors()].join("\n"))));
  });
}

/** How many parts the catalogue knows to be stored; null before there is a checkpoint. */
async function partsOf(job) {
  const [found] = await exporter.catalogue("SELECT json_array_length(state, '$.tags') AS parts FROM export_checkpoints WHERE job_id = ?", job);
  return found?.parts ?? null;
}

async function phaseOf(job) {
  const [{ status }] = await exporter.results(job);
  if (status === "success") return OVER;
  const parts = await partsOf(job);
  if (parts === null) return PHASES.start;
  if (parts === undisturbed.parts) return PHASES.last;
  return parts ? PHASES.between : PHASES.first;
}

/** What there is of a job that has succeeded. */
async function backupOf(job) {
  const [{ status, error_message, attempts, r2_key }] = await exporter.results(job);
  assert.equal(status, "success", error_message);
  return { attempts, body: await exporter.object(r2_key), manifest: JSON.parse(await exporter.object(manifestOf(r2_key))) };
}

/** A dump without what names its time, its job or, with the digits of that time, its size. */
const comparable = (body) => body.toString("latin1").replace(/^-- (Generated|Job ID|Duration|Size): .*$/gm, "-- $1");

/** The first lines of two texts that differ; null when none do. */
function difference(expected, found) {
  if (expected === found) return null;
  const [lines, others] = [expected.split("\n"), found.split("\n")];
  const at = lines.findIndex((line, n) => line !== others[n]);
  return `line ${at + 1} of ${lines.length} and ${others.length}: ${lines[at]?.slice(0, 200)} | ${others[at]?.slice(0, 200)}`;
}

function makeSource(file) {
  const source = new DatabaseSync(file);
  for (const statement of STATEMENTS) source.exec(statement);
  source.close();
  return file;
}
