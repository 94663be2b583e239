// What is measured: each tool does its work once and says how long it took.

import fs from "node:fs";
import path from "node:path";

import { ROOT } from "../harness/system.mjs";
import { run } from "./programs.mjs";
import { exporter } from "./runtime.mjs";

const WRANGLER = path.join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/**
 * The tools, in the order of a round. `measure(runtime, database, known)` answers `seconds`, `bytes` and, of Workers,
 * `counts`; `known` remembers over the runs of one database what tools want to know of each other.
 */
export const TOOLS = [
  { tool: "cache", sink: "none", measure: cache("none") },
  { tool: "spec", sink: "none", measure: spec("none") },
  { tool: "sqlite3", sink: "none", measure: sqliteToNowhere },
  { tool: "cache", sink: "r2", measure: cache("r2") },
  { tool: "spec", sink: "r2", measure: spec("r2") },
  { tool: "upload", sink: "r2", measure: upload },
  { tool: "wrangler", sink: "file", measure: wrangler },
  { tool: "sqlite3", sink: "file", measure: sqliteToFile },
];

/** From the message in the queue until the result has ended and nothing runs. */
function cache(sink) {
  return async (runtime, database, known, { aborted }) => {
    const worker = exporter(sink);
    await runtime.empty();
    await runtime.tell(worker, "/reset");
    const job = await runtime.plan(sink);
    let ended = null;
    const seconds = await timed(async () => {
      await runtime.send(sink, job);
      while (ended === null && !aborted()) ended = await runtime.ask(worker, `/ended?job=${job}`);
    });
    if (ended?.status !== "success") throw new Error(ended?.error_message ?? "it did not end");
    if (ended.row_count !== database.rows) throw new Error(`the dump has ${ended.row_count} rows, and the database ${database.rows}`);
    known.dumpBytes = ended.size_bytes;
    return { seconds, bytes: ended.size_bytes, stored: sink === "r2" ? await runtime.stored() : null, counts: ended.counts };
  };
}

function spec(sink) {
  return async (runtime, database, known) => {
    await runtime.empty();
    let answer;
    const seconds = await timed(async () => {
      answer = await runtime.ask("spec", `/?sink=${sink}`);
    });
    known.specBytes = answer.bytes;
    return { seconds, ...answer };
  };
}

/** As many bytes as the dump has; where there is none, as the specification's or the database. */
async function upload(runtime, database, known) {
  const bytes = known.dumpBytes ?? known.specBytes ?? database.database_bytes;
  await runtime.empty();
  let answer;
  const seconds = await timed(async () => {
    answer = await runtime.ask("upload", `/?bytes=${bytes}`);
  });
  if (answer.bytes !== bytes) throw new Error(`${answer.bytes} bytes arrived instead of ${bytes}`);
  return { seconds, ...answer };
}

async function wrangler(runtime) {
  const { config, database } = runtime.wrangler;
  const output = path.join(runtime.scratch, "wrangler.sql");
  const parameters = [WRANGLER, "d1", "export", database, "--local", "--config", config, "--output", output];
  const seconds = await timed(() => run(process.execPath, parameters, { env: { ...process.env, WRANGLER_LOG: "error" } }));
  return { seconds, bytes: takeSize(output) };
}

async function sqliteToFile(runtime, { file }) {
  const output = path.join(runtime.scratch, "sqlite3.sql");
  const stdout = fs.openSync(output, "w");
  try {
    const seconds = await timed(() => run("sqlite3", [file, ".dump"], { stdout }));
    return { seconds, bytes: takeSize(output) };
  } finally {
    fs.closeSync(stdout);
  }
}

async function sqliteToNowhere(runtime, database, known) {
  // What goes nowhere is counted once, as a file.
  known.sqliteBytes ??= (await sqliteToFile(runtime, database)).bytes;
  return { seconds: await timed(() => run("sqlite3", [database.file, ".dump"], { stdout: "ignore" })), bytes: known.sqliteBytes };
}

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Bytes of a file that is then removed. */
function takeSize(file) {
  const { size } = fs.statSync(file);
  fs.rmSync(file);
  return size;
}
