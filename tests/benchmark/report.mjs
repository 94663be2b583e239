// What a run prints, and what it writes as JSON.

import { bytes, heading, number, paint, say, table } from "../demo/terminal.mjs";

/** The object that `--json` writes. */
export const document = ({ machine, started, options, databases, results, ratios }) => ({
  machine,
  started,
  options,
  databases: databases.map(({ name, shape, seed, tables, rows, database_bytes }) => ({ name, shape, seed, tables, rows, bytes: database_bytes })),
  results,
  ratios,
});

const HEAD = ["tool, sink", "seconds", "MB/s", "rows/s", "dump", "stored", "wasm", "D1 queries", "rows read/row", "R2 ops", "invocations"];

/** One table a database. */
export function printResults(databases, results) {
  for (const { name, rows, tables, database_bytes } of databases) {
    const found = results.filter((row) => row.database === name);
    if (found.length === 0) continue;
    heading(`${name}: ${number(rows)} rows in ${tables} tables, ${bytes(database_bytes)}`);
    const failed = found.filter(({ error }) => error !== null);
    table(HEAD, found.filter(({ seconds }) => seconds !== null).map(cells));
    for (const { tool, sink, error } of failed) say(`${paint("red", "failed")} ${tool}, ${sink}: ${error}`);
  }
}

function cells({ tool, sink, seconds, mb_per_second, rows_per_second, bytes: dump, stored_bytes, peak_wasm_bytes, d1_queries, rows_read_per_row, r2_operations, invocations }) {
  const or = (value, write) => (value === null ? "-" : write(value));
  return [
    `${tool}, ${sink}`,
    seconds.toFixed(seconds < 10 ? 3 : 1),
    or(mb_per_second, (value) => value.toFixed(1)),
    or(rows_per_second, (value) => number(Math.round(value))),
    or(dump, bytes),
    or(stored_bytes, bytes),
    or(peak_wasm_bytes, bytes),
    or(d1_queries, number),
    or(rows_read_per_row, (value) => value.toFixed(3)),
    or(r2_operations, number),
    or(invocations, number),
  ];
}

/** Each ratio beside what is to be reached. */
export function printRatios(databases, ratios) {
  for (const { name } of databases) {
    const found = ratios.filter(({ database }) => database === name);
    if (found.length === 0) continue;
    heading(`${name}: compared`);
    for (const ratio of found) say(`${verdict(ratio)}  ${shown(ratio).padStart(10)}  ${ratio.name} (${bound(ratio)})`);
  }
  const judged = ratios.filter(({ reached }) => reached !== null);
  const reached = judged.filter(({ reached: yes }) => yes).length;
  say(`\n${reached} of ${judged.length} floors reached. Those of speed are set for 100 MB; elsewhere the ratio is only shown.`);
}

const verdict = ({ reached }) => (reached === null ? "       " : reached ? paint("green", "reached") : paint("red", "missed "));
const shown = ({ value, unit }) => `${value.toFixed(2)}${unit === "x" ? "x" : unit && ` ${unit}`}`;
const bound = ({ least, most, unit }) => `${least === null ? "at most" : "at least"} ${least ?? most}${unit === "x" ? "x" : unit && ` ${unit}`}`;
