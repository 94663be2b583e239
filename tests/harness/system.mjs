// The four Workers on workerd in this process, with local D1, R2 and queues, as `cargo xtask build` left them.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { createTestHarness, experimental_readRawConfig } from "wrangler";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The first answers HTTP. */
const WORKERS = ["api", "producer", "exporter", "janitor"];

/**
 * Starts the system with an empty catalogue and empty databases.
 *
 * Options: `token`, the api's API_TOKEN (null: none is configured); `vars` and `secrets`, by Worker; `configs`, by
 * Worker a function from its wrangler configuration to the one to run with; `dist`, by Worker the folder of another build.
 */
export async function startSystem({ token = "a local token", vars = {}, secrets = {}, configs = {}, dist = {} } = {}) {
  const original = Object.fromEntries(WORKERS.map((name) => [name, readConfig(name)]));
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "cache-system-"));
  const cleanUp = () => fs.rmSync(scratch, { recursive: true, force: true });
  // wrangler ends the process on a signal before anything asynchronous is done.
  process.once("exit", cleanUp);
  const ours = WORKERS.map((name) => ({
    configPath: configs[name] ? changedConfig(scratch, name, configs[name](original[name])) : configPath(name),
    prebuiltWorkerDir: dist[name] ?? path.join(ROOT, "dist", name),
    vars: vars[name],
    secrets: { ...(name === "api" && token !== null ? { API_TOKEN: token } : {}), ...secrets[name] },
  }));
  const harness = createTestHarness({ root: ROOT, workers: [...ours, { config: executorConfig(original.exporter) }] });
  const worker = (name) => harness.getWorker(`grove-backups-${name}`);
  const registry = JSON.parse(fs.readFileSync(path.join(ROOT, "shared/registry.json"), "utf8"));
  /** Runs SQL statements on a source database, by its name, as one transaction. */
  const execute = async (name, statements) => {
    const { binding } = registry.databases.find((database) => database.name === name);
    const response = await worker("executor").fetch(`http://executor/${binding}`, { method: "POST", body: JSON.stringify(statements) });
    if (!response.ok) throw new Error(await response.text());
  };
  try {
    const { url } = await harness.listen();
    await worker("api").applyD1Migrations("METADATA_DB");
    return {
      url,
      worker,
      registry,
      execute,
      logs: () => harness.getLogs(),
      debug: () => harness.debug(),
      close: () => harness.close().finally(cleanUp),
    };
  } catch (error) {
    await harness.close().catch(() => {});
    cleanUp();
    throw error;
  }
}

const configPath = (name) => path.join(ROOT, "wrangler", `${name}.jsonc`);

function readConfig(name) {
  const built = path.join(ROOT, "dist", name);
  if (!fs.existsSync(built)) throw new Error(`${built} does not exist: run \`cargo xtask build\` first`);
  return experimental_readRawConfig({ config: configPath(name) }).rawConfig;
}

/** The executor, with the exporter's databases. */
function executorConfig({ d1_databases, compatibility_date }) {
  return { name: "grove-backups-executor", main: path.join(ROOT, "tests/harness/executor.mjs"), compatibility_date, d1_databases };
}

/** Writes a changed configuration to a file of its own; its paths stay those of the original's folder. */
function changedConfig(scratch, name, config) {
  const absolute = (relative) => path.resolve(ROOT, "wrangler", relative);
  const file = path.join(scratch, `${name}.json`);
  const d1_databases = config.d1_databases?.map((database) =>
    database.migrations_dir ? { ...database, migrations_dir: absolute(database.migrations_dir) } : database);
  fs.writeFileSync(file, JSON.stringify({ ...config, main: absolute(config.main), ...(d1_databases && { d1_databases }) }));
  return file;
}
