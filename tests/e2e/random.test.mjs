// Random databases that D1 takes come back as they were, through the exporter and local D1 themselves.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { unstable_splitSqlQuery as split } from "wrangler";

import { compare, databaseOf, statementsOf, writeDatabases } from "../harness/databases.mjs";
import { REGISTRY, exporterIn, exporterWorker } from "../harness/exporter.mjs";
import { ROOT } from "../harness/system.mjs";
import { databaseFile, place, scratchFolder, startWorkerd } from "../harness/workerd.mjs";

/** How many by default, and with `cargo xtask test --full`. */
const COUNT = process.env.CACHE_TEST_FULL ? 200 : 20;
/** Set to a seed, that one alone is tried, in all ways. */
const SEED = process.env.CACHE_TEST_SEED;
/** Of so many databases one may be such that D1 does not hold it. */
const ONE_REFUSED_OF = 20;
/** How many go through one workerd. */
const AT_ONCE = 36;
const PATIENCE_SECONDS = 120;

/** How a database is read and stored, and the exporter's variables that make it so. */
const READINGS = {
  snapshot: { SNAPSHOT_MAX_BYTES: String(64 << 20) },
  paged: { SNAPSHOT_MAX_BYTES: "0" },
  snapshot_gzip: { SNAPSHOT_MAX_BYTES: String(64 << 20), EXPORT_GZIP: "1" },
  paged_gzip: { SNAPSHOT_MAX_BYTES: "0", EXPORT_GZIP: "1" },
};
/** How a dump is run, and the executor's address for it. */
const RUNS = { "as one batch": "", "statement by statement": "?alone" };

const seeds = SEED === undefined ? Array.from({ length: COUNT }, (_, seed) => seed) : [Number(SEED)];
const files = scratchFolder("random");
/** Each `{ seed, reading }`, and later what became of it: `faults`, `refusal` of D1, and `skipped` ways of running it. */
const backups = seeds.flatMap((seed) => {
  const all = Object.keys(READINGS);
  const readings = SEED === undefined ? [all[seed % all.length]] : all;
  return readings.map((reading) => ({ seed, reading, faults: [], skipped: 0 }));
});

before(async () => {
  await writeDatabases(files, seeds[0], seeds.length);
  for (const some of chunks(backups, AT_ONCE)) await goRound(some);
  const faulty = backups.filter(({ faults }) => faults.length);
  if (faulty.length) await askD1(faulty);
});

/** What is wrong with each, and how to try it again. */
const named = (all) => all.map(({ seed, reading, faults, refusal }) => {
  const replay = `CACHE_TEST_SEED=${seed} node_modules/.bin/node --disable-warning=ExperimentalWarning --test tests/e2e/random.test.mjs`;
  return `${replay} (${reading})\n  ${[refusal, ...faults].filter(Boolean).join("\n  ").slice(0, 2000)}`;
}).join("\n");

test("every random database comes back as it was", (t) => {
  const restored = backups.length * Object.keys(RUNS).length - backups.reduce((sum, { skipped }) => sum + skipped, 0);
  t.diagnostic(`${backups.length} backups of ${seeds.length} databases, ${backups.filter(({ reading }) => reading.startsWith("paged")).length} of them in pages, ${backups.filter(({ reading }) => reading.endsWith("gzip")).length} as gzip, ${restored} restores; ${backups.length * 2 - restored} dumps need one transaction`);
  const failed = backups.filter(({ faults, refusal }) => faults.length && !refusal);
  assert.ok(!failed.length, named(failed));
});

test("D1 takes the databases that are made up, but for very few", (t) => {
  const refused = backups.filter(({ refusal }) => refusal);
  t.diagnostic(`D1 does not take ${refused.length} of them${refused.length ? `\n${named(refused)}` : ""}`);
  assert.ok(refused.length * ONE_REFUSED_OF <= backups.length, named(refused));
});

/** Backs these up and restores them, in a workerd of their own, and compares what it leaves. */
async function goRound(some) {
  const state = scratchFolder("random-state");
  const exporters = exportersOf(some);
  for (const backup of some) place(databaseOf(files, backup.seed), state, sourceOf(backup));
  const workerd = await startWorkerd({ state, workers: [...exporters.map(({ worker }) => worker), executorWorker(some)] });
  try {
    await Promise.all(exporters.map((exporter) => backUp(workerd, exporter)));
    const executor = await workerd.miniflare.getWorker("executor");
    for (const backup of some.filter(({ dump }) => dump)) await restore(executor, backup);
  } finally {
    await workerd.miniflare.dispose();
  }
  const restored = some.flatMap((backup) => (backup.runs ?? []).map((run) => ({ backup, run })));
  const differences = await compare(restored.map(({ backup, run }) => [databaseOf(files, backup.seed), databaseFile(state, targetOf(backup, run))]));
  restored.forEach(({ backup, run }, n) => backup.faults.push(...differences[n].map((difference) => `${run}: ${difference}`)));
}

/** As many exporters as are needed: each knows the registry's databases, and stands for as many random ones. */
function exportersOf(some) {
  return Object.keys(READINGS).flatMap((reading) =>
    chunks(some.filter((backup) => backup.reading === reading), REGISTRY.databases.length).map((mine, n) => {
      const name = `${reading}-${n}`;
      const databases = REGISTRY.databases.slice(0, mine.length);
      const sources = Object.fromEntries(databases.map(({ binding }, index) => [binding, sourceOf(mine[index])]));
      return { name, mine, databases, worker: exporterWorker({ name, sources, vars: READINGS[reading] }) };
    }),
  );
}

/** A Worker that is bound to an empty database for each dump and way of running it. */
function executorWorker(some) {
  const targets = some.flatMap((backup) => Object.keys(RUNS).map((run) => targetOf(backup, run)));
  return { name: "executor", modules: [{ type: "ESModule", path: `${ROOT}/tests/harness/executor.mjs` }], d1Databases: Object.fromEntries(targets.map((target) => [target, target])) };
}

const sourceOf = ({ seed, reading }) => `${reading}_${seed}`;
const targetOf = (backup, run) => `${sourceOf(backup)}_${run.replaceAll(" ", "_")}`;

/** Lets an exporter back up all of its databases. */
async function backUp(workerd, { name, mine, databases }) {
  const exporter = await exporterIn(workerd, name);
  const job = await exporter.plan(databases);
  await exporter.send(job, ...databases);
  await exporter.ended(job, PATIENCE_SECONDS).catch((error) => mine[0].faults.push(error.message));
  const results = await exporter.results(job);
  for (const [n, backup] of mine.entries()) {
    const { status, r2_key, error_message } = results[n];
    if (status !== "success") {
      backup.faults.push(`is ${status}, not backed up: ${error_message}`);
      continue;
    }
    const manifest = JSON.parse(await exporter.object(r2_key.replace(/\.sql(\.gz)?$/, ".manifest.json")));
    assert.ok(backup.reading.startsWith(manifest.consistency));
    assert.equal(r2_key.endsWith(".gz"), backup.reading.endsWith("gzip"));
    const object = await exporter.object(r2_key);
    backup.dump = (r2_key.endsWith(".gz") ? gunzipSync(object) : object).toString();
    // Keys that are checked at the end need an end for all statements together.
    backup.runs = Object.keys(RUNS).filter((run) => !manifest.deferred.length || run === "as one batch");
    backup.skipped = Object.keys(RUNS).length - backup.runs.length;
  }
}

async function restore(executor, backup) {
  const statements = JSON.stringify(split(backup.dump));
  for (const run of backup.runs) {
    const response = await executor.fetch(`http://executor/${targetOf(backup, run)}${RUNS[run]}`, { method: "POST", body: statements });
    const answer = await response.text();
    if (!response.ok) backup.faults.push(`${run}: ${answer}`);
  }
}

/** Finds out whether D1 itself takes the statements that made what has gone wrong. */
async function askD1(faulty) {
  const workerd = await startWorkerd({ state: scratchFolder("random-made"), workers: [executorWorker(faulty)] });
  try {
    const executor = await workerd.miniflare.getWorker("executor");
    for (const backup of faulty) {
      const statements = ["PRAGMA defer_foreign_keys = TRUE", ...statementsOf(files, backup.seed)];
      const response = await executor.fetch(`http://executor/${targetOf(backup, "as one batch")}`, { method: "POST", body: JSON.stringify(statements) });
      const answer = await response.text();
      if (!response.ok) backup.refusal = `D1 does not take its statements: ${answer}`;
    }
  } finally {
    await workerd.miniflare.dispose();
  }
}

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size));
}
