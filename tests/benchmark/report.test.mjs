// The shape of what `--json` writes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compare, result } from "./figures.mjs";
import { document } from "./report.mjs";
import { TOOLS } from "./tools.mjs";

const DATABASE = { name: "tiny-500kb", shape: "tiny", size: "500kb", seed: 7, file: "/cache/tiny.sqlite", tables: 5, rows: 100, database_bytes: 4096 };

function written() {
  const results = TOOLS.map((tool) => result(DATABASE, tool, { runs: [{ seconds: 1, bytes: 10 }] }));
  const parts = { machine: { cores: 2 }, started: "2024-12-08T03:00:00.000Z", options: { runs: 1 }, databases: [DATABASE], results, ratios: compare([DATABASE], results) };
  return JSON.parse(JSON.stringify(document(parts)));
}

test("it has the machine and the results beside what they depend on", () =>
  assert.deepEqual(Object.keys(written()), ["machine", "started", "options", "databases", "results", "ratios"]));

test("it says of which seed and size a database was", () =>
  assert.deepEqual(written().databases, [{ name: "tiny-500kb", shape: "tiny", seed: 7, tables: 5, rows: 100, bytes: 4096 }]));

test("there is one result for each database, tool and sink", () =>
  assert.deepEqual(written().results.map(({ tool, sink }) => `${tool} ${sink}`).toSorted(),
    ["cache none", "cache r2", "spec none", "spec r2", "sqlite3 file", "sqlite3 none", "upload r2", "wrangler file"]));

test("every result has every figure", () => {
  const figures = ["database", "tool", "sink", "seconds", "bytes", "mb_per_second", "rows_per_second", "peak_wasm_bytes", "rows_read_per_row", "d1_queries", "r2_operations", "invocations", "error"];
  for (const found of written().results) assert.deepEqual(figures.filter((name) => !(name in found)), []);
});
