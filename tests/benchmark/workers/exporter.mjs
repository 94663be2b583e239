// The exporter as `cargo xtask build` left it, with every binding counted. With SINK "none" its bucket discards.

import { peakWasmBytes } from "./probe.mjs";
import Exporter from "../../../dist/exporter/index.js";
import { R2Bucket } from "./discard.mjs";
import { metered, newCounts } from "./meter.mjs";

const POLL_MS = 10;
/** An answer comes at least this often, so that who waits sees that the Worker lives. */
const ANSWER_MS = 5000;

let counts = newCounts();
let discarding = new R2Bucket();
let running = 0;

export default {
  async queue(batch, env, context) {
    counts.invocations += 1;
    running += 1;
    try {
      const bindings = env.SINK === "none" ? { ...env, BACKUPS: discarding } : env;
      await new Exporter(context, metered(bindings, counts, { source: env.SOURCE })).queue(batch);
    } finally {
      running -= 1;
    }
  },

  /** POST /reset forgets what was counted; GET /ended?job=ID answers how a job ended, or null if it has not yet. */
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/reset") {
      counts = newCounts();
      discarding = new R2Bucket();
      return new Response("done");
    }
    const job = url.searchParams.get("job");
    for (let waited = 0; waited < ANSWER_MS; waited += POLL_MS) {
      // Nothing is asked while an export runs: it would take its time.
      const result = running ? null : await resultOf(env.METADATA_DB, job);
      const ended = result && (result.error_message !== null || !["queued", "running"].includes(result.status));
      if (ended) return Response.json({ ...result, counts: { ...counts, peak_wasm_bytes: peakWasmBytes() } });
      await scheduler.wait(POLL_MS);
    }
    return Response.json(null);
  },
};

const resultOf = (catalogue, job) =>
  catalogue.prepare("SELECT status, error_message, size_bytes, row_count FROM backup_results WHERE job_id = ?").bind(job).first();
