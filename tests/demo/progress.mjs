// A job while it runs: a picture that is redrawn on a terminal, a line for each change elsewhere.

import { setTimeout as sleep } from "node:timers/promises";

import { bytes, interactive, number, paint, say } from "./terminal.mjs";

const EVERY_MS = 150;
/** A job whose picture does not change for this long will not end. */
const PATIENCE_MS = 120_000;

const MARKS = { queued: ["dim", "·"], running: ["cyan", "◐"], success: ["green", "✓"], failed: ["red", "✗"], skipped: ["yellow", "-"] };
const SPINNER = ["◐", "◓", "◑", "◒"];

/** Shows the job until it has ended, and returns it. */
export async function followJob(api, jobId, names) {
  const show = interactive ? redraw() : changes();
  let last = "";
  let changed = Date.now();
  for (let tick = 0; ; tick++) {
    const job = await api.json(`/jobs/${jobId}`);
    const results = new Map(job.results.map((result) => [result.database, result]));
    show(names.map((name) => ({ name, ...(results.get(name) ?? { status: "queued" }) })), tick);
    if (job.status !== "running") return job;
    const now = JSON.stringify(job);
    if (now !== last) changed = Date.now();
    else if (Date.now() - changed > PATIENCE_MS) throw new Error(`the job has stood still for ${PATIENCE_MS / 1000} s`);
    last = now;
    await sleep(EVERY_MS);
  }
}

function line({ name, status, sizeBytes, rows, durationMs, error }, tick) {
  const [colour, mark] = MARKS[status] ?? ["red", "?"];
  const facts = status === "success" ? `${number(rows ?? 0).padStart(8)} rows  ${bytes(sizeBytes ?? 0).padStart(8)}  ${number(durationMs ?? 0).padStart(6)} ms` : (error ?? status);
  return `  ${paint(colour, status === "running" ? SPINNER[tick % SPINNER.length] : mark)} ${name.padEnd(24)}${facts}`;
}

function redraw() {
  let drawn = 0;
  return (rows, tick) => {
    const done = rows.filter(({ status }) => status === "success" || status === "failed" || status === "skipped").length;
    const width = 30;
    const full = Math.round((width * done) / rows.length);
    const bar = `  ${paint("green", "█".repeat(full))}${paint("dim", "░".repeat(width - full))} ${done} of ${rows.length}`;
    const lines = [...rows.map((row) => line(row, tick)), bar].map(cut);
    // Up to the first line drawn, then each line over the old one and the rest of it erased.
    process.stdout.write((drawn ? `\x1b[${drawn}A` : "") + lines.map((text) => `${text}\x1b[K\n`).join(""));
    drawn = lines.length;
  };
}

/** A line that wraps would break the redrawing. Colours are at its beginning only. */
const cut = (text) => (text.length > (process.stdout.columns ?? 80) + 12 ? `${text.slice(0, (process.stdout.columns ?? 80) - 2)}…` : text);

function changes() {
  const seen = new Map();
  return (rows) => {
    for (const row of rows) {
      if (seen.get(row.name) !== row.status && row.status !== "queued") say(line(row, 0));
      seen.set(row.name, row.status);
    }
  };
}
