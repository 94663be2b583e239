// workerd with one of the databases in it, the Workers that are measured, and a copy of the database for wrangler.

import { randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

import { REGISTRY, exporterModules, migrate } from "../harness/exporter.mjs";
import { ROOT } from "../harness/system.mjs";
import { place, startWorkerd } from "../harness/workerd.mjs";

const { databases: [SOURCE], catalogue: CATALOGUE, backup: { bucket: BUCKET } } = REGISTRY;
const SINKS = ["none", "r2"];

/** Starts it all; `close` removes what it has written. */
export async function openRuntime({ file, gzip = false }) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "cache-benchmark-"));
  const remove = () => fs.rmSync(scratch, { recursive: true, force: true });
  process.once("exit", remove);
  const forget = () => {
    remove();
    process.off("exit", remove);
  };
  try {
    const state = path.join(scratch, "system");
    place(file, state, SOURCE.id);
    const wrangler = forWrangler(file, path.join(scratch, "wrangler"));
    let miniflare = await start(state, gzip);
    return {
      scratch,
      wrangler,
      /** Sends a request to a Worker; an answer that is no success is an error with what it said. */
      ask: async (worker, url, options) => {
        const response = await (await miniflare.getWorker(worker)).fetch(`http://${worker}${url}`, options);
        if (!response.ok) throw new Error(await response.text());
        return response.json();
      },
      tell: async (worker, url) => (await miniflare.getWorker(worker)).fetch(`http://${worker}${url}`, { method: "POST" }),
      plan: (sink) => plan(miniflare, exporter(sink)),
      send: async (sink, job) => (await miniflare.getQueueProducer("EXPORTS", exporter(sink))).send({ job_id: job, database: SOURCE.name }, { contentType: "json" }),
      empty: () => empty(miniflare),
      download: (to) => download(miniflare, to),
      /** How large the dump in the bucket is there. */
      stored: async () => (await dumpIn(miniflare)).dump.size,
      /** Ends whatever a Worker is still doing. */
      restart: async () => {
        await miniflare.dispose();
        miniflare = await start(state, gzip);
      },
      close: async () => {
        await miniflare.dispose();
        forget();
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}

/** The Worker that exports into this sink. */
export const exporter = (sink) => `exporter-${sink}`;

async function start(state, gzip) {
  const source = (name) => ({ type: "ESModule", path: path.join(ROOT, "tests/benchmark/workers", name) });
  const modules = [...["exporter.mjs", "probe.mjs", "meter.mjs", "discard.mjs"].map(source), ...exporterModules()];
  const r2Buckets = { BACKUPS: BUCKET };
  const exporters = SINKS.map((sink) => ({
    name: exporter(sink),
    modules,
    r2Buckets,
    bindings: { SINK: sink, SOURCE: SOURCE.binding, RETRY_BASE_SECONDS: "1", RETRY_CAP_SECONDS: "1", EXPORT_GZIP: gzip ? "1" : "0" },
    // Each has a catalogue and a queue of its own.
    d1Databases: { [SOURCE.binding]: SOURCE.id, METADATA_DB: `${CATALOGUE.id}-${sink}` },
    queueProducers: { EXPORTS: { queueName: `exports-${sink}` }, EVENTS: { queueName: `events-${sink}` } },
    queueConsumers: { [`exports-${sink}`]: { maxBatchSize: 1, maxBatchTimeout: 0, maxRetries: 3 } },
  }));
  const { miniflare } = await startWorkerd({
    state,
    workers: [
      ...exporters,
      { name: "spec", modules: ["spec.mjs", "meter.mjs"].map(source), r2Buckets, d1Databases: { DB: SOURCE.id }, compatibilityFlags: ["nodejs_compat"] },
      { name: "upload", modules: ["upload.mjs", "meter.mjs"].map(source), r2Buckets },
    ],
  });
  try {
    for (const sink of SINKS) await migrate(await miniflare.getD1Database("METADATA_DB", exporter(sink)));
    const { results: [{ tables }] } = await (await miniflare.getD1Database("DB", "spec")).prepare("SELECT count(*) AS tables FROM sqlite_schema").run();
    if (!tables) throw new Error("local D1 does not find the database where it was put");
    return miniflare;
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/** A folder in which wrangler finds the same database. */
function forWrangler(file, folder) {
  place(file, path.join(folder, ".wrangler/state/v3"), SOURCE.id);
  const config = path.join(folder, "wrangler.json");
  fs.writeFileSync(config, JSON.stringify({ name: "benchmark", d1_databases: [{ binding: "DB", database_name: SOURCE.name, database_id: SOURCE.id }] }));
  return { config, database: SOURCE.name };
}

/** Writes a job with one queued result into an exporter's catalogue, and nothing else; returns its id. */
async function plan(miniflare, worker) {
  const catalogue = await miniflare.getD1Database("METADATA_DB", worker);
  const job = randomUUID();
  const now = Math.floor(Date.now() / 1000);
  const statements = [
    ...["backup_results", "backup_inventory", "backup_jobs"].map((table) => catalogue.prepare(`DELETE FROM ${table}`)),
    catalogue.prepare("INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) VALUES (?, ?, 'running', 'manual', 1)").bind(job, now),
    catalogue.prepare("INSERT INTO backup_results (job_id, database_name, database_id, status, started_at) VALUES (?, ?, ?, 'queued', ?)").bind(job, SOURCE.name, SOURCE.id, now),
  ];
  await catalogue.batch(statements);
  return job;
}

/** Writes the text of the dump in the bucket into a file. */
async function download(miniflare, to) {
  const { bucket, dump } = await dumpIn(miniflare);
  const unpacked = dump.key.endsWith(".gz") ? [createGunzip()] : [];
  await pipeline((await bucket.get(dump.key)).body, ...unpacked, fs.createWriteStream(to));
}

async function dumpIn(miniflare) {
  const bucket = await miniflare.getR2Bucket("BACKUPS", "upload");
  const { objects } = await bucket.list();
  const dump = objects.find(({ key }) => /\.sql(\.gz)?$/.test(key));
  if (!dump) throw new Error("there is no dump in the bucket");
  return { bucket, dump };
}

/** Empties the bucket. */
async function empty(miniflare) {
  const bucket = await miniflare.getR2Bucket("BACKUPS", "upload");
  const { objects } = await bucket.list();
  await bucket.delete(objects.map(({ key }) => key));
}
