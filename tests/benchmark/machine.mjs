// What the figures depend on.

import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import { execFileSync } from "node:child_process";

import { ROOT } from "../harness/system.mjs";

const require = createRequire(import.meta.url);

/** The machine and the versions of what is measured; the load is that of the minute before. */
export function describeMachine() {
  const wrangler = createRequire(require.resolve("wrangler"));
  return {
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load_average: os.loadavg()[0],
    node: process.version,
    wrangler: version(require.resolve("wrangler/package.json")),
    workerd: version(createRequire(wrangler.resolve("miniflare")).resolve("workerd/package.json")),
    sqlite3: said("sqlite3", ["--version"])?.split(" ")[0] ?? null,
    commit: said("git", ["-C", ROOT, "describe", "--always", "--dirty", "--exclude=*"]),
  };
}

const version = (file) => JSON.parse(fs.readFileSync(file, "utf8")).version;

/** What a program says, or null where there is none. */
function said(program, parameters) {
  try {
    return execFileSync(program, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}
