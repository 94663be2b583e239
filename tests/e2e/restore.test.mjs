// What is restored is what was backed up, however it is restored.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { manifestOf, startBench } from "../harness/bench.mjs";
import { complaints, fingerprint, ofD1 } from "../harness/fingerprint.mjs";
import { WAYS, oneByOne, restoreEverywhere } from "../harness/restore.mjs";
import { CASES } from "./cases.mjs";

const LONGEST_STATEMENT = 100_000;
const EVERY_WAY = { ...WAYS, "live D1, one by one": oneByOne };

const bench = await startBench();
after(bench.close);
const restored = new Map();

before(async () => {
  const env = await bench.worker("exporter").getEnv();
  const sources = [];
  for (const { name, binding } of bench.registry.databases) {
    await bench.execute(name, CASES[name].statements);
    sources.push({ name, database: env[binding], print: without(CASES[name].lost, await fingerprint(ofD1(env[binding]))) });
  }
  await bench.backUp(...Object.keys(CASES));
  const ways = Object.fromEntries(Object.entries(EVERY_WAY).map(([way, restore]) => [way, applicable(restore)]));
  for (const one of await restoreEverywhere({ sources, api: bench.api, execute: bench.execute, ways })) restored.set(one.name, one);
});

/** A fingerprint without the rows of tables that cannot be read back. */
function without(lost = [], print) {
  for (const table of lost) print.tables[table].rows = [];
  return print;
}

const applicable = (restore) => (source) => {
  const needsMore = restore === oneByOne && CASES[source.name].needsOneTransaction;
  return needsMore ? { found: [], skipped: "No order of single statements restores it." } : restore(source);
};

for (const [name, { title }] of Object.entries(CASES)) {
  for (const way of Object.keys(EVERY_WAY)) {
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

test("a manifest says which rows are lost", async () => {
  const { warnings } = await manifest("grovemusic-db");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /`nowhere` keeps no text/);
});

test("a manifest says for which tables one transaction is needed, and only for those", async () => {
  for (const [name, { needsOneTransaction }] of Object.entries(CASES)) {
    assert.deepEqual((await manifest(name)).deferred, needsOneTransaction ? ["hens -> eggs", "kin -> kin"] : [], name);
  }
});
