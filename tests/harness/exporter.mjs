// The exporter alone on workerd, without the Workers around it: with sources of one's choice, a catalogue, a bucket and a
// queue of its own.

import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { unstable_splitSqlQuery as split } from "wrangler";

import { ROOT } from "./system.mjs";
import { until } from "./until.mjs";

const BUILT = path.join(ROOT, "dist/exporter");

export const REGISTRY = JSON.parse(fs.readFileSync(path.join(ROOT, "shared/registry.json"), "utf8"));

/** The exporter's modules, as `cargo xtask build` left them; the first is its entry. */
export function exporterModules() {
  if (!fs.existsSync(BUILT)) throw new Error(`${BUILT} does not exist: run \`cargo xtask build\` first`);
  const file = (type) => (name) => ({ type, path: path.join(BUILT, name) });
  const built = fs.readdirSync(BUILT);
  return [...built.filter((name) => name.endsWith(".js")).map(file("ESModule")), ...built.filter((name) => name.endsWith(".wasm")).map(file("CompiledWasm"))];
}

/**
 * What workerd is to start as the exporter `name`. `sources` are ids of databases by binding, `vars` variables; `bucket` and
 * the catalogue are called by its name.
 */
export const exporterWorker = ({ name, sources, vars = {} }) => ({
  name,
  modules: exporterModules(),
  bindings: { RETRY_BASE_SECONDS: "1", RETRY_CAP_SECONDS: "1", ...vars },
  d1Databases: { ...sources, METADATA_DB: `catalogue-${name}` },
  r2Buckets: { BACKUPS: name },
  queueProducers: { EXPORTS: { queueName: `exports-${name}` }, EVENTS: { queueName: `events-${name}` } },
  queueConsumers: { [`exports-${name}`]: { maxBatchSize: 1, maxBatchTimeout: 0, maxRetries: REGISTRY.backup.max_retries } },
});

/** What one asks of an exporter that runs. */
export async function exporterIn({ miniflare, errors }, name) {
  const database = await miniflare.getD1Database("METADATA_DB", name);
  const bucket = await miniflare.getR2Bucket("BACKUPS", name);
  const queue = await miniflare.getQueueProducer("EXPORTS", name);
  await migrate(database);

  /** The rows that a statement on the catalogue answers. */
  const catalogue = async (sql, ...values) => (await database.prepare(sql).bind(...values).all()).results;
  /** Writes a job with a queued result for each database, and sends nothing; returns its id. */
  const plan = async (databases) => {
    const [job, now] = [randomUUID(), Math.floor(Date.now() / 1000)];
    await catalogue("INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) VALUES (?, ?, 'running', 'manual', ?)", job, now, databases.length);
    for (const { name: database, id } of databases) {
      await catalogue("INSERT INTO backup_results (job_id, database_name, database_id, status, started_at) VALUES (?, ?, ?, 'queued', ?)", job, database, id, now);
    }
    return job;
  };
  const send = (job_id, ...databases) => queue.sendBatch(databases.map(({ name: database }) => ({ body: { job_id, database }, contentType: "json" })));
  /** The results of a job. */
  const results = (job) => catalogue("SELECT * FROM backup_results WHERE job_id = ? ORDER BY id", job);
  /** The same once each has ended or failed for the first time. */
  const ended = (job, seconds) =>
    until(`the results of job ${job} end`, () => results(job), { seconds, errors, accept: (found) => found.every(({ status, error_message }) => !["queued", "running"].includes(status) || error_message !== null) });
  /** An object's bytes; null when there is none. */
  const object = async (key) => {
    const found = await bucket.get(key);
    return found && Buffer.from(await found.arrayBuffer());
  };
  const keys = async () => (await bucket.list()).objects.map(({ key }) => key);
  return { catalogue, plan, send, results, ended, object, keys };
}

/** Applies the migrations, unless somebody has. */
export async function migrate(catalogue) {
  if (await catalogue.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'backup_jobs'").first()) return;
  const folder = path.join(ROOT, "migrations");
  for (const name of fs.readdirSync(folder).sort()) {
    const statements = split(fs.readFileSync(path.join(folder, name), "utf8"));
    await catalogue.batch(statements.map((sql) => catalogue.prepare(sql)));
  }
}
