// Schemathesis against the real api on workerd: all its checks and phases, as admin, as reader and without a token.
//
// The command is in SCHEMATHESIS, the seed in CACHE_TEST_SEED (else a random one, which is printed), and CACHE_TEST_FULL has it run longer.

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { client } from "../harness/client.mjs";
import { ROOT, startSystem } from "../harness/system.mjs";
import { until } from "../harness/until.mjs";

const HERE = path.join(ROOT, "tests/schemathesis");
const ADMIN = "an admin's token";
const READER = "a reader's token";
/** Who asks, and the token. */
const ROLES = [["an admin", ADMIN], ["a reader", READER], ["nobody", null]];
const full = Boolean(process.env.CACHE_TEST_FULL);
const seed = process.env.CACHE_TEST_SEED ?? String(randomInt(2 ** 31));
/** For one role, in seconds, and cases for one operation. */
const [SECONDS, CASES] = full ? [600, 200] : [30, 25];

/** Nobody here is kept from sending wrong tokens: the checks send more of them than anybody may. */
const withoutLimit = (config) => ({ ...config, ratelimits: config.ratelimits.map((limit) => ({ ...limit, simple: { ...limit.simple, limit: 1_000_000 } })) });

/** A system with something of everything: a backup, and a dead letter. */
async function start() {
  const system = await startSystem({ token: ADMIN, secrets: { api: { READ_TOKEN: READER } }, configs: { api: withoutLimit } });
  const { METADATA_DB } = await system.worker("exporter").getEnv();
  const api = client(system.url, ADMIN);
  const { name } = system.registry.databases[0];
  await system.execute(name, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO leaves (name) VALUES ('oak')"]);
  const started = await api.request("/trigger", { method: "POST", body: JSON.stringify({ databases: [name] }) });
  const { jobId } = await started.json();
  await until("the backup ends", () => api.json(`/jobs/${jobId}`), { accept: ({ status }) => status !== "running", errors: () => [] });
  await METADATA_DB.prepare("INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) VALUES ('m', 'a queue', 'no JSON', 'it failed', 4, 1, 1)").run();
  return system;
}

/** Runs it as somebody; whether it found nothing. */
function check(url, token) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "cache-schemathesis-"));
  const command = [
    "--no-color", "--config-file", path.join(HERE, "schemathesis.toml"), "run", path.join(ROOT, "api/openapi.json"), "--url", String(url),
    "--seed", seed, "--max-time", String(SECONDS), "--max-examples", String(CASES), "--continue-on-failure", "--generation-database", "none", "--no-shrink",
    ...(token ? ["--header", `Authorization: Bearer ${token}`] : []),
  ];
  return new Promise((resolve, reject) => {
    // It writes into the folder that it runs in.
    const program = spawn(process.env.SCHEMATHESIS, command, { cwd: scratch, stdio: ["ignore", "inherit", "inherit"] });
    program.once("error", reject);
    program.once("close", (code) => resolve(code === 0));
  }).finally(() => fs.rmSync(scratch, { recursive: true, force: true }));
}

const system = await start();
const failed = [];
try {
  for (const [who, token] of ROLES) {
    console.log(`\n--- Schemathesis as ${who}; again with CACHE_TEST_SEED=${seed}`);
    if (!(await check(system.url, token))) failed.push(who);
  }
} finally {
  await system.close();
}
if (failed.length) {
  console.error(`Schemathesis found failures as ${failed.join(" and as ")}; again with CACHE_TEST_SEED=${seed}`);
  process.exit(1);
}
