// From runs to results, and from results to ratios.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compare, median, percentile, result } from "./figures.mjs";

const DATABASE = { name: "blobs-100mb", shape: "blobs", size: "100mb", rows: 1000 };
const CACHE = { tool: "cache", sink: "r2" };
const COUNTS = { peak_wasm_bytes: 1024 ** 2, rows_read: 2100, rows_counted: 1000, d1_queries: 5, r2_class_a: 3, r2_class_b: 2, r2_free: 1 };
const run = (seconds, counts) => ({ seconds, bytes: 4_000_000, counts });

/** The ratios of a database of that size, whose tools took so many seconds, by their names. */
function ratios(size, times, figures = {}) {
  const database = { ...DATABASE, name: `blobs-${size}`, size };
  const results = Object.entries(times).map(([key, seconds]) => {
    const [tool, sink] = key.split(" ");
    return { ...result(database, { tool, sink }, { runs: [run(seconds)] }), ...figures };
  });
  return Object.fromEntries(compare([database], results).map((ratio) => [ratio.name, ratio]));
}

test("the median is the one in the middle", () => assert.equal(median([9, 1, 2]), 2));

test("the median of an even number is between the two in the middle", () => assert.equal(median([4, 1, 2, 9]), 3));

test("a percentile is a number that was measured", () => assert.deepEqual([0, 0.5, 0.99, 1].map((part) => percentile([10, 9, 100, 1], part)), [1, 9, 100, 100]));

test("numbers are sorted as numbers", () => assert.equal(median([10, 9, 100]), 10));

test("a result has the median of its runs and the extremes", () => {
  const { seconds, seconds_min, seconds_max, runs } = result(DATABASE, CACHE, { runs: [run(2), run(8), run(4)] });
  assert.deepEqual([seconds, seconds_min, seconds_max, runs], [4, 2, 8, 3]);
});

test("a result has the rates, without the rows that were only counted", () => {
  const { mb_per_second, rows_per_second, rows_read_per_row, r2_operations } = result(DATABASE, CACHE, { runs: [run(2, COUNTS)] });
  assert.deepEqual([mb_per_second, rows_per_second, rows_read_per_row, r2_operations], [2, 500, 1.1, 6]);
});

test("what a tool has none of is null", () => {
  const { peak_wasm_bytes, rows_read_per_row, d1_queries, r2_operations, invocations } = result(DATABASE, { tool: "sqlite3", sink: "none" }, { runs: [run(2)] });
  assert.deepEqual([peak_wasm_bytes, rows_read_per_row, d1_queries, r2_operations, invocations], [null, null, null, null, null]);
});

test("a tool that failed has its error and no figures", () => {
  const { error, seconds, bytes, mb_per_second } = result(DATABASE, CACHE, { runs: [], error: "too large" });
  assert.deepEqual([error, seconds, bytes, mb_per_second], ["too large", null, null, null]);
});

test("a floor is reached or missed", () => {
  const found = ratios("100mb", { "cache none": 2, "spec none": 8, "sqlite3 none": 0.5 });
  assert.deepEqual(found["producing: faster than the specification's algorithm"].reached, true);
  assert.deepEqual(found["producing: of the speed of sqlite3 .dump"].reached, false);
});

test("end to end is compared with the sum of producing and uploading", () =>
  assert.equal(ratios("100mb", { "cache none": 2, "upload r2": 2, "cache r2": 5 })["end to end: of producing and a bare upload"].value, 1.25));

test("speed is judged where the floor was set, and shown elsewhere", () => {
  const found = ratios("10mb", { "cache none": 2, "spec none": 8 });
  assert.deepEqual(Object.values(found).map(({ value, reached }) => [value, reached]), [[4, null]]);
});

test("memory is judged at every size", () =>
  assert.equal(ratios("10mb", { "cache r2": 2 }, { peak_wasm_bytes: 49 * 1024 ** 2 })["WebAssembly memory, end to end"].reached, false));

test("a tool that failed is compared with nothing", () => {
  const failed = result(DATABASE, { tool: "spec", sink: "none" }, { runs: [], error: "too large" });
  assert.deepEqual(compare([DATABASE], [failed, result(DATABASE, { tool: "cache", sink: "none" }, { runs: [run(1)] })]), []);
});

test("the time of 1 GB is compared with that of 100 MB of the same shape", () => {
  const large = { ...DATABASE, name: "blobs-1gb", size: "1gb" };
  const results = [[DATABASE, 2], [large, 30]].map(([database, seconds]) => result(database, CACHE, { runs: [run(seconds)] }));
  const [growth] = compare([DATABASE, large], results);
  assert.deepEqual([growth.value, growth.reached], [15, false]);
});
