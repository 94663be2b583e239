// How fast the api answers with a long history: 50 clients at once, each of which asks again as soon as it is answered.

import fs from "node:fs";
import { Agent, get } from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";

import { unstable_splitSqlQuery as split } from "wrangler";

import { heading, number, paint, say, table } from "../demo/terminal.mjs";
import { ROOT, startSystem } from "../harness/system.mjs";
import { describeMachine } from "./machine.mjs";
import { percentile } from "./figures.mjs";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "2000" },
    clients: { type: "string", default: "50" },
    json: { type: "string" },
    api: { type: "string" },
  },
});
const [requests, clients] = [Number(values.requests), Number(values.clients)];

const TOKEN = "a token of the benchmark";
/** Of 100 databases, three years of days, of which the registry keeps twelve weeks. */
const HISTORY = { databases: 100, days: 3 * 365, kept: 84 };
const MOST_MS = 50;

const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
/** Every address that reads the catalogue, with everything that makes it read more. */
const ENDPOINTS = [
  "/health",
  "/status",
  "/dashboard",
  "/list",
  "/list?limit=100",
  "/list?limit=100&offset=5000",
  "/list?database=db-042",
  `/list?date=${day(3)}`,
  "/jobs",
  "/jobs/00000000-0000-4000-8000-000000000007",
  "/databases",
  "/databases/db-042",
  "/backups/100",
  "/alerts",
  "/alerts/deliveries",
  "/dead-letters?state=all",
  "/retention?database=db-042",
  "/restore-guide/db-042",
  "/audit",
  "/metrics",
];

let system;
try {
  const machine = describeMachine();
  say(`${machine.cpu}, ${machine.cores} cores, load ${machine.load_average.toFixed(2)}; workerd ${machine.workerd}, commit ${machine.commit}`);
  system = await startSystem({ token: TOKEN, dist: { api: values.api } });
  await fill();
  const results = [];
  for (const endpoint of ENDPOINTS) results.push(await measure(endpoint));
  report(results);
  if (values.json) fs.writeFileSync(values.json, `${JSON.stringify({ machine, history: HISTORY, clients, results }, null, 2)}\n`);
} catch (error) {
  console.error(`\n${paint("red", "error:")} ${error.message}`);
  process.exitCode = 1;
} finally {
  await system?.close();
}
process.exit();

/** Writes the history into the catalogue. */
async function fill() {
  const { METADATA_DB } = await system.worker("api").getEnv();
  const numbers = { ...HISTORY, now: Math.floor(Date.now() / 1000) };
  const sql = fs.readFileSync(path.join(ROOT, "tests/harness/history.sql"), "utf8").replace(/:(databases|days|kept|now)\b/g, (_, word) => numbers[word]);
  for (const statement of split(sql)) await METADATA_DB.prepare(statement).run();
  const { results } = await METADATA_DB.prepare("SELECT (SELECT count(*) FROM backup_results) AS results, (SELECT count(*) FROM backup_inventory WHERE deleted_at IS NULL) AS stored").all();
  say(`${number(results[0].results)} backups of ${HISTORY.databases} databases in ${number(HISTORY.days)} days, of which ${number(results[0].stored)} are stored; ${clients} clients`);
}

/** Asks for it again and again; the first answers, for which the runtime compiles, do not count. */
async function measure(endpoint) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const ask = () => once(agent, endpoint);
  await Promise.all(Array.from({ length: clients }, ask));
  const times = [];
  let left = requests;
  let bytes = 0;
  const started = performance.now();
  const client = async () => {
    while (left-- > 0) {
      const before = performance.now();
      bytes = await ask();
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  const alone = [];
  const single = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 50; n++) {
    const before = performance.now();
    await once(single, endpoint);
    alone.push(performance.now() - before);
  }
  single.destroy();
  return { endpoint, bytes, per_second: requests / seconds, p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99), alone_p50_ms: percentile(alone, 0.5) };
}

function once(agent, endpoint) {
  return new Promise((resolve, reject) => {
    const request = get(new URL(endpoint, system.url), { agent, headers: { authorization: `Bearer ${TOKEN}` } }, (response) => {
      let bytes = 0;
      response.on("data", (chunk) => (bytes += chunk.length));
      response.on("end", () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${endpoint} answered ${response.statusCode}`))));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

function report(results) {
  heading("Read endpoints");
  const cells = ({ endpoint, bytes, per_second, p50_ms, p99_ms, alone_p50_ms }) =>
    [endpoint, number(bytes), per_second.toFixed(0), p50_ms.toFixed(1), paint(p99_ms <= MOST_MS ? "green" : "red", p99_ms.toFixed(1)), alone_p50_ms.toFixed(1)];
  table(["address", "bytes", "a second", "p50 ms", "p99 ms", "alone, p50 ms"], results.map(cells));
  const reached = results.filter(({ p99_ms }) => p99_ms <= MOST_MS).length;
  say(`\n${reached} of ${results.length} have a p99 of at most ${MOST_MS} ms.`);
}
