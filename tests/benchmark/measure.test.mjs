// How the runs on a database go on, with tools that only pretend.

import assert from "node:assert/strict";
import { test } from "node:test";

import { measureAll } from "./measure.mjs";

const DATABASE = { name: "tiny", rows: 10 };
const run = (seconds) => ({ seconds, bytes: 100 });

/** Measures tools by the functions that do their work; returns the results, and what happened in order. */
async function measure(works, { runs = 2, patience } = {}) {
  const happened = [];
  const tools = Object.entries(works).map(([tool, measure]) => ({ tool, sink: "none", measure }));
  const runtime = { empty: async () => {}, restart: async () => void happened.push("restart"), close: async () => void happened.push("close") };
  const results = await measureAll(DATABASE, tools, {
    runs, patience, open: async () => runtime, begun: ({ tool }, round) => happened.push(`${tool} ${round}`), done: () => {},
  });
  return { results, happened };
}

test("the tools take turns", async () =>
  assert.deepEqual((await measure({ one: () => run(1), two: () => run(2) })).happened, ["one 1", "two 1", "one 2", "two 2", "close"]));

test("a tool that fails is a result with an error, and the others go on", async () => {
  const { results, happened } = await measure({ one: () => Promise.reject(new Error("too large")), two: () => run(2) });
  assert.deepEqual(results.map(({ tool, seconds, error }) => [tool, seconds, error]), [["one", null, "too large"], ["two", 2, null]]);
  assert.deepEqual(happened, ["one 1", "two 1", "two 2", "close"]);
});

test("a tool that takes minutes runs once", async () => {
  const { results: [{ runs, seconds }] } = await measure({ one: () => run(121) });
  assert.deepEqual([runs, seconds], [1, 121]);
});

test("a tool that does not end has failed, and workerd starts afresh", async () => {
  const endless = (runtime, database, known, { aborted }) => new Promise((_, reject) => {
    const look = () => (aborted() ? reject(new Error("ended")) : setImmediate(look));
    look();
  });
  const { results: [{ error }], happened } = await measure({ one: endless }, { patience: 0.001 });
  assert.equal(error, "not done after 0.001 s");
  assert.deepEqual(happened, ["one 1", "restart", "close"]);
});
