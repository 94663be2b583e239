// From what was measured to figures: medians, rates, and how they compare.

const MIB = 1024 * 1024;

/** The middle of a list of numbers, or the mean of the two in the middle. */
export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[Math.floor(half)];
}

/** The number that this part of them, from 0 to 1, does not exceed. */
export function percentile(numbers, part) {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
}

/** One row of the results: `runs` of one tool on one database, or the error that ended them. What a tool has none of is null. */
export function result({ name, rows }, { tool, sink }, { runs, error = null }) {
  const times = runs.map(({ seconds }) => seconds);
  const seconds = times.length ? median(times) : null;
  // Peaks only grow, and the other counts are the same in every run: the last run has them all.
  const { bytes = null, stored = null, counts = {} } = runs.at(-1) ?? {};
  const { peak_wasm_bytes = null, rows_read = null, rows_counted = 0, d1_queries = null, catalogue_queries = null, r2_class_a = null, r2_class_b = null, r2_free = null, queue_operations = null, subrequests = null, invocations = null } = counts;
  const reads = d1_queries ? rows_read : null;
  return {
    database: name, tool, sink,
    runs: runs.length,
    seconds, seconds_min: times.length ? Math.min(...times) : null, seconds_max: times.length ? Math.max(...times) : null,
    bytes, stored_bytes: stored, rows,
    mb_per_second: rate(bytes, seconds && seconds * 1e6), rows_per_second: tool === "upload" ? null : rate(rows, seconds),
    peak_wasm_bytes,
    rows_read: reads, rows_counted: reads === null ? null : rows_counted, rows_read_per_row: rate(reads === null ? null : reads - rows_counted, rows), d1_queries, catalogue_queries,
    r2_operations: r2_class_a === null ? null : r2_class_a + r2_class_b + r2_free, r2_class_a, r2_class_b,
    queue_operations, subrequests, invocations,
    error,
  };
}

const rate = (amount, of) => (amount === null || !of ? null : amount / of);

const seconds = (tool, sink) => (find) => find(tool, sink)?.seconds ?? null;
const times = (one, other) => (find) => {
  const [above, below] = [one(find), other(find)];
  return above === null || below === null ? null : above / below;
};
const figure = (sink, name) => (find) => find("cache", sink)?.[name] ?? null;
const producing = seconds("cache", "none");
const endToEnd = seconds("cache", "r2");
const sum = (find) => {
  const [made, uploaded] = [producing(find), seconds("upload", "r2")(find)];
  return made === null || uploaded === null ? null : made + uploaded;
};

/** What is to be reached, and for which databases that was set. */
const FLOORS = [
  { name: "producing: faster than the specification's algorithm", unit: "x", least: 4, size: "100mb", value: times(seconds("spec", "none"), producing) },
  { name: "producing: of the speed of sqlite3 .dump", unit: "x", least: 0.4, size: "100mb", value: times(seconds("sqlite3", "none"), producing) },
  { name: "end to end: faster than the specification's algorithm", unit: "x", least: 1.8, size: "100mb", value: times(seconds("spec", "r2"), endToEnd) },
  { name: "end to end: faster than wrangler d1 export --local", unit: "x", least: 2.5, size: "100mb", value: times(seconds("wrangler", "file"), endToEnd) },
  { name: "end to end: of producing and a bare upload", unit: "x", most: 1.1, size: "100mb", value: times(endToEnd, sum) },
  { name: "WebAssembly memory, producing", unit: "MiB", most: 48, value: (find) => inMib(figure("none", "peak_wasm_bytes")(find)) },
  { name: "WebAssembly memory, end to end", unit: "MiB", most: 48, value: (find) => inMib(figure("r2", "peak_wasm_bytes")(find)) },
  { name: "rows read per row", unit: "", most: 1.05, value: figure("r2", "rows_read_per_row") },
  { name: "subrequests", unit: "", most: 10, size: "500kb", value: figure("r2", "subrequests") },
];
const inMib = (bytes) => (bytes === null ? null : bytes / MIB);
const GROWTH = { name: "time from 100 MB to 1 GB", unit: "x", most: 11 };

/** Every ratio that the results allow. `reached` is null where the floor was not set for a database of that size. */
export function compare(databases, results) {
  const finder = (name) => (tool, sink) => results.find((row) => row.database === name && row.tool === tool && row.sink === sink);
  const judged = ({ name, unit, least = null, most = null }, database, value, counts) => ({
    database, name, unit, value, least, most, reached: counts ? (least === null ? value <= most : value >= least) : null,
  });
  const ratios = databases.flatMap(({ name, size }) =>
    FLOORS.map((floor) => judged(floor, name, floor.value(finder(name)), floor.size === undefined || floor.size === size)));
  const growths = databases.filter(({ size }) => size === "1gb").flatMap(({ name, shape }) =>
    ["none", "r2"].map((sink) => {
      const floor = { ...GROWTH, name: `${GROWTH.name}, ${sink === "none" ? "producing" : "end to end"}` };
      return judged(floor, name, times(() => seconds("cache", sink)(finder(name)), () => seconds("cache", sink)(finder(`${shape}-100mb`)))(), true);
    }));
  return [...ratios, ...growths].filter(({ value }) => value !== null);
}
