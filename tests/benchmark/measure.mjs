// The runs on one database: every tool once a round, so that what else the machine does meets all of them alike.

import { result } from "./figures.mjs";
import { openRuntime } from "./runtime.mjs";
import { endPrograms } from "./programs.mjs";

/** A run that takes longer has failed. */
const PATIENCE_SECONDS = 600;
/** A tool that takes longer runs once. */
const ONCE_SECONDS = 120;

/**
 * Measures the tools on a database, and returns a result of each. `begun(tool, round)` and `done(tool, run)` tell how it
 * goes on; `opened` gets the runtime, so that an interrupted run can be cleaned up. `check(runtime)` looks at the first
 * dump that Cache has put into the bucket.
 */
export async function measureAll(database, tools, { runs, begun, done, check = () => {}, opened = () => {}, open = openRuntime, patience = PATIENCE_SECONDS }) {
  const runtime = await open(database);
  opened(runtime);
  const known = {};
  const found = new Map(tools.map((tool) => [tool, { runs: [], error: null }]));
  try {
    for (let round = 1; round <= runs; round++) {
      for (const [tool, so] of found) {
        if (so.error !== null || so.runs.some(({ seconds }) => seconds > ONCE_SECONDS)) continue;
        begun(tool, round);
        try {
          so.runs.push(await withPatience(patience, runtime, (signal) => tool.measure(runtime, database, known, signal)));
          done(tool, so.runs.at(-1));
          if (round === 1 && tool.tool === "cache" && tool.sink === "r2") await check(runtime);
        } catch (error) {
          Object.assign(so, { runs: [], error: error.message });
          done(tool, so);
        }
      }
    }
    await runtime.empty();
  } finally {
    opened(null);
    await runtime.close();
  }
  return tools.map((tool) => result(database, tool, found.get(tool)));
}

/** Does the work, or ends it when it takes too long: then workerd starts afresh. */
async function withPatience(seconds, runtime, work) {
  let over = false;
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => {
      over = true;
      reject(new Error(`not done after ${seconds} s`));
    }, seconds * 1000);
  });
  const working = work({ aborted: () => over });
  try {
    return await Promise.race([working, tooLong]);
  } finally {
    clearTimeout(timer);
    if (over) {
      endPrograms();
      await runtime.restart();
      await working.catch(() => {});
    }
  }
}
