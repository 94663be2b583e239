// A running system with what end-to-end tests ask of it again and again.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";

import { client } from "./client.mjs";
import { startSystem } from "./system.mjs";
import { until } from "./until.mjs";

const TOKEN = "a token of the tests";
/** The janitor's. */
const HOURLY = "17 * * * *";

/** Retries come after a second instead of minutes, and no queue waits for its batch to fill. */
const QUICK_RETRIES = { RETRY_BASE_SECONDS: "1", RETRY_CAP_SECONDS: "1" };
const withQuickQueues = (config) => {
  const consumers = config.queues.consumers.map((consumer) => ({ ...consumer, max_batch_timeout: 0, retry_delay: 1 }));
  return { ...config, queues: { ...config.queues, consumers } };
};

/** Starts a system for tests. `exporter` changes that Worker's configuration, `vars` are variables of it, `secrets` those of each Worker. */
export async function startBench({ exporter = (config) => config, vars = {}, secrets = {} } = {}) {
  const system = await startSystem({
    token: TOKEN,
    vars: { exporter: { ...QUICK_RETRIES, ...vars } },
    secrets,
    configs: { exporter: (config) => withQuickQueues(exporter(config)), janitor: withQuickQueues },
  });
  const { METADATA_DB, BACKUPS, EXPORTS, EVENTS } = await system.worker("exporter").getEnv();
  const api = client(system.url, TOKEN);
  const errors = () => system.logs().filter(({ level }) => level === "error").map(({ message }) => message);

  const wait = (what, read, accept, seconds) => until(what, read, { accept, seconds, errors });
  /** The rows that a statement on the catalogue answers. */
  const catalogue = async (sql, ...values) => (await METADATA_DB.prepare(sql).bind(...values).all()).results;
  const insert = (table, row) => {
    const columns = Object.keys(row);
    return catalogue(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`, ...Object.values(row));
  };
  /** Writes a running job and its results, which are queued now unless told, and sends nothing. Returns the job's id. */
  const plan = async (results, job = {}) => {
    const [job_id, started_at] = [randomUUID(), seconds()];
    await insert("backup_jobs", { job_id, started_at, status: "running", trigger_type: "manual", total_databases: results.length, ...job });
    for (const result of results) await insert("backup_results", { job_id, database_id: "an id", status: "queued", started_at, ...result });
    return job_id;
  };
  const send = (...bodies) => EXPORTS.sendBatch(bodies.map((body) => ({ body, contentType: "json" })));

  /** The keys of the bucket's objects, but for what drills write beside dumps, which they do at any time. */
  const keys = async () => (await BACKUPS.list()).objects.map(({ key }) => key).filter((key) => !key.endsWith(".drill.json"));
  /** An object's bytes; null when there is none. */
  const object = async (key) => {
    const found = await BACKUPS.get(key);
    return found && Buffer.from(await found.arrayBuffer());
  };

  const tick = (scheduledTime) => system.worker("producer").scheduled({ cron: system.registry.backup.schedule, scheduledTime });
  const goRound = () => system.worker("janitor").scheduled({ cron: HOURLY });
  /** Orders a backup of these databases; returns the job's id. */
  const trigger = async (databases, reason) => {
    const response = await api.request("/trigger", { method: "POST", body: JSON.stringify({ databases, reason }) });
    const answer = await response.json();
    assert.equal(response.status, 202, JSON.stringify(answer));
    return answer.jobId;
  };
  /** The job as the api has it, once it has ended. */
  const ended = (jobId, patience) => wait(`job ${jobId} ends`, () => api.json(`/jobs/${jobId}`), ({ status }) => status !== "running", patience);
  const backUp = async (...databases) => ended(await trigger(databases));

  /**
   * Waits until the exporter has processed every message that is in its queue now. Locally it gets them in order, one
   * at a time, so a message that is recorded as senseless comes after all of them.
   */
  const drained = async () => {
    const mark = `mark ${randomUUID()}`;
    await send(mark);
    await wait("the exporter comes to the end of its queue", () => catalogue("DELETE FROM dead_letters WHERE body = ? RETURNING id", JSON.stringify(mark)), ({ length }) => length);
  };

  return {
    ...system, token: TOKEN, names: system.registry.databases.map(({ name }) => name), api, errors, until: wait, catalogue, plan, send, sendEvent: (body) => EVENTS.send(body, { contentType: "json" }),
    keys, object, tick, goRound, trigger, ended, backUp, drained,
  };
}

/** Now in Unix seconds, or as many seconds later. */
export const seconds = (later = 0) => Math.floor(Date.now() / 1000) + later;

export const manifestOf = (key) => key.replace(/\.sql$/, ".manifest.json");

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A table that cannot be backed up: an INSERT with the names of its columns is longer than any that D1 takes. */
export const ENDLESS = `CREATE TABLE endless (${Array.from({ length: 100 }, (_, n) => `c${n}${"x".repeat(970)}`)})`;
