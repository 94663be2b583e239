// workerd on a folder that outlives it, with Workers of one's choice, and the files in which it keeps databases.

import { createHash, createHmac } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

import { experimental_readRawConfig } from "wrangler";

import { ROOT } from "./system.mjs";

// The one that wrangler runs on, so that both find the same files.
const { Miniflare, convertV4MiniflareOptions } = createRequire(createRequire(import.meta.url).resolve("wrangler"))("miniflare");

/**
 * Starts these Workers, which keep everything in the folder `state`. Of what is returned, `miniflare` has their bindings,
 * `errors` answers what they have complained of, and `kill` ends workerd without letting it finish anything.
 */
export async function startWorkerd({ state, workers }) {
  const { compatibility_date: compatibilityDate } = experimental_readRawConfig({ config: path.join(ROOT, "wrangler/exporter.jsonc") }).rawConfig;
  const errors = [];
  const programs = [];
  const notice = ({ process: program }) => programs.push(program);
  diagnostics.subscribe("child_process", notice);
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    resourcePersistencePath: state,
    handleStructuredLogs: ({ level, message }) => level === "error" && errors.push(message),
    workers: workers.map((worker) => ({ compatibilityDate, modulesRoot: ROOT, ...worker })),
  }));
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose();
    throw error;
  } finally {
    diagnostics.unsubscribe("child_process", notice);
  }
  const kill = async () => {
    const workerd = programs.find(({ spawnfile }) => path.basename(spawnfile).startsWith("workerd"));
    const ended = once(workerd, "exit");
    workerd.kill("SIGKILL");
    const [, signal] = await ended;
    // Nobody is to start it again in its place.
    await miniflare.dispose();
    return signal;
  };
  return { miniflare, errors: () => errors, kill };
}

/** The file of a local D1 database. */
export const databaseFile = (state, id) => storage(state, "d1", "D1DatabaseObject", id);

/** The file in which a local R2 bucket keeps what it knows of its objects and uploads. */
export const bucketFile = (state, name) => storage(state, "r2", "R2BucketObject", name);

/** Puts a SQLite file where local D1 keeps a database. */
export function place(file, state, id) {
  const target = databaseFile(state, id);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.copyFileSync(file, target);
}

/** A folder of its own for somebody, which goes when this process does. */
export function scratchFolder(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `cache-${name}-`));
  process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Local D1 and R2 are Durable Objects; workerd derives the id of one from its class and name, and the file from the id. */
function storage(state, folder, kind, name) {
  const key = createHash("sha256").update(`miniflare-${kind}`).digest();
  const hash = (data) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const id = Buffer.concat([hash(name), hash(hash(name))]).toString("hex");
  return path.join(state, folder, `miniflare-${kind}`, `${id}.sqlite`);
}
