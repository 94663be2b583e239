// What the demo says of the restoring: each way as it is done, then how every database came out of it.

import { count } from "../harness/fingerprint.mjs";
import { WAYS } from "../harness/restore.mjs";
import { bytes, note, number, paint, say, table } from "./terminal.mjs";

const DESCRIPTIONS = {
  "new D1": "into new, empty D1 databases with `wrangler d1 execute --file`",
  "live D1": "over the live databases, half of whose rows were deleted first",
  sqlite3: "with the sqlite3 shell",
};

/** Says that all databases were restored in a way. */
export function tell(way, [first], seconds) {
  if (!first?.skipped) say(`  ${DESCRIPTIONS[way]} (${seconds.toFixed(1)} s)`);
}

/** The table of databases and ways, and what differs. */
export function report(sources, restored) {
  const verdict = ({ found, skipped }) => (skipped ? paint("yellow", "skipped") : found.length ? paint("red", "DIFFERS") : paint("green", "same"));
  table(
    ["database", "tables", "rows", "cells", "dump", ...Object.keys(WAYS)],
    sources.map(({ name, print }, n) => {
      const { tables, rows, cells } = count(print);
      return [name, number(tables), number(rows), number(cells), bytes(restored[n].size), ...Object.keys(WAYS).map((way) => verdict(restored[n].outcomes[way]))];
    }),
  );
  for (const { name, outcomes } of restored) {
    for (const [way, { found }] of Object.entries(outcomes)) for (const line of found.slice(0, 5)) note(`${name}, ${way}: ${line}`);
  }
  const skipped = restored[0]?.outcomes.sqlite3.skipped;
  if (skipped) note(skipped);
  const total = sources.map(({ print }) => count(print)).reduce((a, b) => ({ rows: a.rows + b.rows, cells: a.cells + b.cells, tables: a.tables + b.tables, objects: a.objects + b.objects }));
  const ways = Object.keys(WAYS).length - (skipped ? 1 : 0);
  const bad = restored.flatMap(({ outcomes }) => Object.values(outcomes)).filter(({ found }) => found.length).length;
  const checked = `${number(total.cells)} cells of ${number(total.rows)} rows in ${total.tables} tables, and ${total.objects} indexes, views and triggers, ${ways} times`;
  say(bad ? paint("red", `\n${bad} of the restored databases differ from their source.`) : paint("green", `\nEvery restored database is the same as its source: ${checked}.`));
}
