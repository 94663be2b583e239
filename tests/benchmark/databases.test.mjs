// The databases that are measured.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { choose, fill, prepare } from "./databases.mjs";
import { SHAPES } from "./shapes.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cache-databases-test-"));
after(() => fs.rmSync(folder, { recursive: true }));

const names = (options) => choose(options).map(({ name }) => name);

/** Makes a database of 100 KB; returns its bytes and what is known of it. */
async function made(shape, seed) {
  const file = path.join(folder, `${shape}-${seed}-${randomUUID()}`);
  const about = await fill(file, { shape, target: 100_000, seed });
  return { ...about, content: fs.readFileSync(file) };
}

for (const shape of Object.keys(SHAPES)) {
  test(`${shape} is the same in every run`, async () => assert.deepEqual(await made(shape, 7), await made(shape, 7)));
}

test("another seed makes another database", async () => assert.notDeepEqual((await made("tiny", 7)).content, (await made("tiny", 8)).content));

test("a database is as large as it was to be", async () => {
  const { database_bytes } = await made("small-rows", 7);
  assert.ok(database_bytes >= 100_000 && database_bytes < 200_000, `${database_bytes}`);
});

test("wide rows have eighty columns and the shape of many tables sixty tables", () => {
  assert.equal(SHAPES["wide-rows"]()[0].columns, 80);
  assert.equal(SHAPES.tables().length, 60);
});

test("a run has a small database, and every shape at 10 MB and 100 MB", () => {
  assert.equal(names({}).length, 9);
  assert.deepEqual(names({ wanted: ["blobs"] }), ["blobs-10mb", "blobs-100mb"]);
});

test("1 GB is measured only when it is asked for", () =>
  assert.deepEqual([names({}), names({ large: true })].map((all) => all.filter((name) => name.endsWith("1gb")).length), [0, 4]));

test("a name that no database has is refused with those there are", () =>
  assert.throws(() => choose({ wanted: ["huge"] }), /no database is called like huge; there are tiny-500kb, /));

test("a database is made once", async () => {
  const database = { name: "tiny-test", shape: "tiny", target: 50_000, seed: 7 };
  let made = 0;
  for (let n = 0; n < 2; n++) await prepare(database, folder, () => (made += 1));
  assert.equal(made, 1);
});

test("a database whose making was interrupted is made again", async () => {
  const database = { name: "interrupted", shape: "tiny", target: 50_000, seed: 7 };
  const { file } = await prepare(database, folder);
  fs.rmSync(file);
  assert.ok(fs.existsSync((await prepare(database, folder)).file));
});
