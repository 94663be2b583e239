// The demo: the whole system on this machine, from a cron tick to restored databases that are compared cell by cell.

import path from "node:path";
import { parseArgs } from "node:util";

import { client } from "../harness/client.mjs";
import { complaints, count, fingerprint, ofD1 } from "../harness/fingerprint.mjs";
import { restoreEverywhere } from "../harness/restore.mjs";
import { sampleStatements } from "../harness/samples.mjs";
import { startSystem } from "../harness/system.mjs";
import { importFile } from "./import.mjs";
import { openPort } from "./port.mjs";
import { followJob } from "./progress.mjs";
import { report, tell } from "./restore.mjs";
import { heading, note, number, paint, say } from "./terminal.mjs";

const TOKEN = "demo-token";

const { values: options } = parseArgs({
  options: { once: { type: "boolean" }, import: { type: "string" }, port: { type: "string" } },
});

let system;
let port;
let stopping = false;

async function stop(status) {
  if (stopping) process.exit(status);
  stopping = true;
  await port?.close();
  await system?.close();
  process.exit(status);
}
process.on("SIGINT", () => stop(130));
process.on("SIGTERM", () => stop(143));

try {
  const same = await demo();
  if (options.once || !same) await stop(same ? 0 : 1);
} catch (error) {
  console.error(`\n${paint("red", "error:")} ${error.message}`);
  for (const entry of system?.logs().filter(({ level }) => level === "error").slice(-5) ?? []) note(`a Worker said: ${entry.message}`);
  if (process.env.CACHE_DEMO_TRACE) console.error(error);
  await stop(1);
}

/** Runs all of it; true when every restored database is the same as its source. */
async function demo() {
  heading("Starting the four Workers");
  system = await startSystem({ token: TOKEN });
  port = await openPort(system.url, options.port === undefined ? undefined : Number(options.port));
  const api = client(port.url, TOKEN);
  say(`The api Worker answers at ${paint("cyan", port.url)}`);

  heading("Filling the databases");
  const sources = await fill();

  heading("Firing the weekly cron");
  const { schedule } = system.registry.backup;
  const before = new Set((await api.json("/status")).recentJobs.map(({ jobId }) => jobId));
  await system.worker("producer").scheduled({ cron: schedule, scheduledTime: new Date() });
  const planned = (await api.json("/status")).recentJobs.find(({ jobId }) => !before.has(jobId));
  if (!planned) throw new Error("the cron fired, but /status shows no new job");
  say(`Cron ${schedule} planned job ${planned.jobId}`);
  const job = await followJob(api, planned.jobId, sources.map(({ name }) => name));

  heading("What /status says");
  say(JSON.stringify(await api.json("/status"), null, 2));
  if (job.status !== "completed") {
    for (const { database, error } of job.results.filter(({ status }) => status !== "success")) note(`${database}: ${error ?? "not backed up"}`);
    throw new Error(`the job ended as ${job.status}`);
  }

  heading("Downloading every dump and restoring it three ways");
  const restored = await restoreEverywhere({ sources, api, execute: system.execute, done: tell });
  report(sources, restored);
  const same = restored.every(({ outcomes }) => Object.values(outcomes).every(({ found }) => found.length === 0));
  if (!options.once && same) serve(sources[0], restored[0]);
  return same;
}

/** Fills every database and remembers what is in it. */
async function fill() {
  const env = await system.worker("exporter").getEnv();
  const sources = [];
  for (const [index, { name, binding }] of system.registry.databases.entries()) {
    const database = env[binding];
    const file = index === 0 ? options.import : undefined;
    if (file) await importFile(file, database);
    else await system.execute(name, await sampleStatements(name));
    const source = { name, database, print: await fingerprint(ofD1(database)) };
    const wrong = await complaints(ofD1(database));
    if (wrong.length) throw new Error(`${name} is not sound to begin with: ${wrong[0]}`);
    sources.push(source);
    const { tables, rows, objects } = count(source.print);
    say(`  ${name.padEnd(24)}${number(rows).padStart(8)} rows in ${tables} tables, ${objects} other objects${file ? `, from ${path.basename(file)}` : ""}`);
  }
  return sources;
}

function serve({ name }, { date }) {
  heading("Serving until Ctrl-C");
  say(`Dashboard   ${paint("cyan", new URL("/dashboard", port.url).href)}`);
  say(`Token       ${paint("cyan", TOKEN)} (a browser asks for it)`);
  for (const route of ["/status", "/list", `/download/${date}/${name}`]) say(`  curl -H 'Authorization: Bearer ${TOKEN}' ${new URL(route, port.url)}`);
  say(`  curl -H 'Authorization: Bearer ${TOKEN}' -X POST ${new URL("/trigger", port.url)}`);
}
