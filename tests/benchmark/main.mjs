// The benchmark: every tool on every database, a table at the end, and the same as JSON.

import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { heading, interactive, number, paint, say } from "../demo/terminal.mjs";
import { choose, prepare } from "./databases.mjs";
import { compare } from "./figures.mjs";
import { describeMachine } from "./machine.mjs";
import { measureAll } from "./measure.mjs";
import { document, printRatios, printResults } from "./report.mjs";
import { endPrograms } from "./programs.mjs";
import { TOOLS } from "./tools.mjs";
import { verify } from "./verify.mjs";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    verify: { type: "boolean", default: false },
    gzip: { type: "boolean", default: false },
    large: { type: "boolean", default: false },
    runs: { type: "string" },
    json: { type: "string" },
    cache: { type: "string" },
    database: { type: "string", multiple: true, default: [] },
    tool: { type: "string", multiple: true, default: [] },
  },
});

let runtime = null;
let stopping = false;

async function stop(status) {
  if (stopping) process.exit(status);
  stopping = true;
  endPrograms();
  // What it leaves is removed as the process exits.
  await runtime?.close().catch(() => {});
  process.exit(status);
}
process.on("SIGINT", () => stop(130));
process.on("SIGTERM", () => stop(143));

try {
  await benchmark();
} catch (error) {
  if (!stopping) console.error(`\n${paint("red", "error:")} ${error.message}`);
  await stop(1);
}

async function benchmark() {
  const { quick, large } = values;
  const options = { quick, large, runs: Number(values.runs ?? (quick ? 1 : 3)), gzip: values.gzip, databases: values.database, tools: values.tool };
  const tools = TOOLS.filter(({ tool }) => options.tools.length === 0 || options.tools.includes(tool));
  const started = new Date().toISOString();
  const machine = describeMachine();
  say(`${machine.cpu}, ${machine.cores} cores, load ${machine.load_average.toFixed(2)}; workerd ${machine.workerd}, commit ${machine.commit}`);
  const databases = [];
  const results = [];
  for (const chosen of choose({ quick, large, wanted: options.databases })) {
    heading(chosen.name);
    const database = await prepare(chosen, path.join(values.cache, "databases"), () => say("  making it, which is done once"));
    databases.push(database);
    results.push(...(await measureAll({ ...database, gzip: values.gzip }, tools, { runs: options.runs, ...progress(options.runs), ...(values.verify && { check: restores(database) }), opened: (opened) => (runtime = opened) })));
  }
  const ratios = compare(databases, results);
  printResults(databases, results);
  printRatios(databases, ratios);
  if (values.json) {
    fs.writeFileSync(values.json, `${JSON.stringify(document({ machine, started, options, databases, results, ratios }), null, 2)}\n`);
    say(`\nWritten to ${values.json}`);
  }
}

/** Says whether a dump restores the database; one that does not ends the tool's runs. */
function restores(database) {
  return async (runtime) => {
    const { cells } = await verify(runtime, database);
    say(`  ${"".padEnd(16)}restored: all ${number(cells)} cells are the same`);
  };
}

/** A line for each run; on a terminal it stands there while the run lasts. */
function progress(runs) {
  const line = ({ tool, sink }, round) => `  ${`${tool}, ${sink}`.padEnd(16)}${runs > 1 ? `run ${round} of ${runs}  ` : ""}`;
  let current = "";
  return {
    begun: (tool, round) => {
      current = line(tool, round);
      if (interactive) process.stdout.write(current);
    },
    done: (_, { seconds, bytes, error }) => {
      if (stopping) return;
      const outcome = error ? `${paint("red", "failed")}: ${error}` : `${seconds.toFixed(3).padStart(8)} s  ${number(bytes).padStart(13)} bytes`;
      say(interactive ? outcome : current + outcome);
    },
  };
}
