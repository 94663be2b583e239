// What is restored is what was backed up, however it is restored.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { manifestOf, startBench } from "../harness/bench.mjs";
import { fingerprint, ofD1 } from "../harness/fingerprint.mjs";
import { WAYS, oneByOne, restoreEverywhere } from "../harness/restore.mjs";
import { CASES } from "./cases.mjs";

const LONGEST_STATEMENT = 100_000;
const ONE_BY_ONE = "live D1, statement by statement";
const EVERY_WAY = { ...WAYS, [ONE_BY_ONE]: oneByOne };

const bench = await startBench();
after(bench.close);
/** Each case in a database of its own. */
const cases = CASES.slice(0, bench.names.length).map((one, n) => ({ ...one, ...bench.registry.databases[n] }));
const restored = new Map();

before(async () => {
  const env = await bench.worker("exporter").getEnv();
  const sources = [];
  for (const { name, binding, statements, lost } of cases) {
    await bench.execute(name, statements);
    sources.push({ name, database: env[binding], print: without(lost, await fingerprint(ofD1(env[binding]))) });
  }
  await bench.backUp(...cases.map(({ name }) => name));
  for (const one of await restoreEverywhere({ sources, api: bench.api, execute: bench.execute, ways: EVERY_WAY })) restored.set(one.name, one);
});

/** A fingerprint without the rows of tables that cannot be read back. */
function without(lost = [], print) {
  for (const table of lost) print.tables[table].rows = [];
  return print;
}

for (const { name, title, deferred } of cases) {
  for (const way of Object.keys(EVERY_WAY).filter((way) => !(deferred && way === ONE_BY_ONE))) {
    test(`${title}: ${way}`, (t) => {
      const { found, skipped } = restored.get(name).outcomes[way];
      if (skipped) return t.skip(skipped);
      assert.deepEqual(found, []);
    });
  }
}

const statements = () => [...restored.values()].flatMap((one) => one.statements);

test("no statement of any dump is longer than D1 takes", () => {
  assert.ok(statements().length > 300);
  assert.deepEqual(statements().filter((statement) => Buffer.byteLength(statement) > LONGEST_STATEMENT), []);
});

test("no value in any dump has the words that D1 refuses and wrangler cuts out", () => {
  // A table may have the name, and then there is no other way to write it.
  const values = statements().map((statement) => statement.replace(/^-- .*$/gm, "").replaceAll('"COMMIT;"', ""));
  assert.deepEqual(values.filter((text) => /BEGIN TRANSACTION|COMMIT;/.test(text)), []);
});

const manifest = async (name) => JSON.parse(await bench.object(manifestOf(`${restored.get(name).date}/${name}.sql`)));

test("a manifest warns of rows that are lost, of circles that cannot be opened, and of nothing else", async () => {
  for (const { name, lost = [], locked = [] } of cases) {
    const warnings = (await manifest(name)).warnings.map((warning) => /`(.*)` keeps no text|foreign key (.*) closes a circle/.exec(warning)?.slice(1).find(Boolean) ?? warning);
    assert.deepEqual(warnings, [...lost, ...locked], name);
  }
});

test("a manifest names the foreign keys that need one transaction, and no other", async () => {
  for (const { name, deferred = [] } of cases) assert.deepEqual((await manifest(name)).deferred, deferred, name);
});
