// A dump on its way to the user: broken off and gone on with, in an envelope, and only if it is another one.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

import { startBench } from "../harness/bench.mjs";
import { scratchFolder } from "../harness/workerd.mjs";

const run = promisify(execFile);

const bench = await startBench();
after(bench.close);
const [LARGE, SMALL] = bench.names;
const folder = scratchFolder("download");
const TOKEN = ["-H", `Authorization: Bearer ${bench.token}`];
let large;
let small;

/** The address of a backup's dump. */
const address = ({ date, results: [{ database }] }, query = "") => new URL(`/download/${date}/${database}${query}`, bench.url).href;

before(async () => {
  const rows = Array.from({ length: 55 }, () => "INSERT INTO files (body) VALUES (randomblob(1000000))");
  await bench.execute(LARGE, ["CREATE TABLE files (id INTEGER PRIMARY KEY, body BLOB)", ...rows]);
  await bench.execute(SMALL, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO leaves (name) VALUES ('oak'), ('elm')"]);
  large = await bench.backUp(LARGE);
  small = await bench.backUp(SMALL);
});

/** Whether a file has the digest that the api gives for the dump. */
async function isWhole(file, backup) {
  const { headers } = await fetch(address(backup), { method: "HEAD", headers: { authorization: `Bearer ${bench.token}` } });
  const digest = createHash("sha256");
  for await (const chunk of fs.createReadStream(file)) digest.update(chunk);
  assert.equal(`sha-256=:${digest.digest("base64")}:`, headers.get("repr-digest"));
  assert.equal(fs.statSync(file).size, Number(headers.get("content-length")));
}

/** Downloads with a program until the file has so many bytes, then breaks off. */
async function breakOff(program, args, file, bytes) {
  const started = spawn(program, args, { stdio: "ignore" });
  const ended = new Promise((resolve) => started.once("exit", resolve));
  while (!fs.existsSync(file) || fs.statSync(file).size < bytes) await new Promise((resolve) => setTimeout(resolve, 5));
  started.kill("SIGKILL");
  await ended;
  return fs.statSync(file).size;
}

for (const [program, args] of [
  ["curl", (file) => ["-fsS", ...TOKEN, "--limit-rate", "40M", "-C", "-", "-o", file]],
  ["wget", (file) => ["-q", "--header", `Authorization: Bearer ${bench.token}`, "--limit-rate=40m", "-c", "-O", file]],
]) {
  test(`${program} goes on with a broken download of 100 MB, and the digest matches`, async (t) => {
    try {
      await run(program, ["--version"]);
    } catch {
      return t.skip(`${program} is not installed`);
    }
    const file = path.join(folder, `${program}.sql`);
    const had = await breakOff(program, [...args(file), address(large)], file, 20_000_000);
    const { sizeBytes } = large.results[0];
    assert.ok(sizeBytes > 100_000_000 && had < sizeBytes, `${had} of ${sizeBytes} bytes`);
    await run(program, [...args(file), address(large)]);
    await isWhole(file, large);
  });
}

test("a part has the bytes at its place", async () => {
  const whole = await bench.api.bytes(`/download/${small.date}/${SMALL}`);
  for (const [range, expected] of [["bytes=0-9", whole.subarray(0, 10)], ["bytes=100-", whole.subarray(100)], ["bytes=-7", whole.subarray(-7)]]) {
    const response = await fetch(address(small), { headers: { authorization: `Bearer ${bench.token}`, range } });
    assert.equal(response.status, 206);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), expected);
  }
});

test("an envelope is sent around the dump, and the shell's SQLite takes it as one transaction", async () => {
  const [whole, wrapped] = [await bench.api.bytes(`/download/${large.date}/${LARGE}`), await bench.api.bytes(`/download/${large.date}/${LARGE}?envelope=transaction`)];
  const [before, behind] = ["PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "COMMIT;\nPRAGMA foreign_keys=ON;\n"];
  assert.ok(wrapped.equals(Buffer.concat([Buffer.from(before), whole, Buffer.from(behind)])));
  const restored = new DatabaseSync(":memory:");
  restored.exec((await bench.api.bytes(`/download/${small.date}/${SMALL}?envelope=transaction`)).toString());
  assert.deepEqual({ ...restored.prepare("SELECT group_concat(name) AS names FROM leaves").get() }, { names: "oak,elm" });
});

test("a part of an envelope reaches over the pieces it is made of", async () => {
  const whole = await bench.api.bytes(`/download/${small.date}/${SMALL}?envelope=transaction`);
  const response = await fetch(address(small, "?envelope=transaction"), { headers: { authorization: `Bearer ${bench.token}`, range: `bytes=10-${whole.length - 10}` } });
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), whole.subarray(10, -9));
});

test("who has the dump gets nothing", async () => {
  const headers = { authorization: `Bearer ${bench.token}` };
  const etag = (await fetch(address(small), { method: "HEAD", headers })).headers.get("etag");
  const response = await fetch(address(small), { headers: { ...headers, "if-none-match": etag } });
  assert.equal(response.status, 304);
});

test("the api goes on after a download that was broken off", async () => {
  const controller = new AbortController();
  const response = await fetch(address(large, "?envelope=transaction"), { headers: { authorization: `Bearer ${bench.token}` }, signal: controller.signal });
  const reader = response.body.getReader();
  await reader.read();
  controller.abort();
  assert.equal((await bench.api.request("/health")).status, 200);
});

test("gzip is told by its first bytes, also in an envelope", async () => {
  const zipped = await startBench({ vars: { EXPORT_GZIP: "1" } });
  try {
    await zipped.execute(SMALL, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY)"]);
    const { date } = await zipped.backUp(SMALL);
    const wrapped = await zipped.api.bytes(`/download/${date}/${SMALL}?envelope=transaction`);
    const text = gunzipSync(wrapped).toString();
    assert.match(text, /^PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n-- =/);
    assert.match(text, /\nCOMMIT;\nPRAGMA foreign_keys=ON;\n$/);
  } finally {
    await zipped.close();
  }
});
