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

import { unstable_splitSqlQuery as split } from "wrangler";

import { startBench } from "../harness/bench.mjs";
import { scratchFolder } from "../harness/workerd.mjs";

const run = promisify(execFile);

const bench = await startBench();
after(bench.close);
const [LARGE, SMALL, SHOP, EMPTY] = bench.names;
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

test("some tables go into an empty D1 and over a live one, where the rows of others that follow them stay", async () => {
  await bench.execute(SHOP, [
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)",
    "CREATE TABLE sessions (user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, body BLOB)",
    "CREATE INDEX by_name ON users (name)",
    "CREATE TRIGGER renamed AFTER UPDATE ON users BEGIN DELETE FROM sessions; END",
    "INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob')",
    "INSERT INTO sessions VALUES (1, zeroblob(150000)), (2, x'00')",
  ]);
  const shop = await bench.backUp(SHOP);
  const download = async (query) => split((await bench.api.bytes(`/download/${shop.date}/${SHOP}${query}`)).toString());
  const sources = await bench.worker("exporter").getEnv();
  const read = async (name, sql) => (await sources[bench.registry.databases.find((database) => database.name === name).binding].prepare(sql).raw())[0];
  const everything = "SELECT (SELECT group_concat(id || name) FROM users), (SELECT group_concat(user || length(body)) FROM sessions), (SELECT count(*) FROM sqlite_schema WHERE name IN ('by_name', 'renamed'))";

  await bench.execute(SHOP, ["DROP INDEX by_name", "INSERT INTO users VALUES (3, 'Eve')", "DROP TRIGGER renamed", "UPDATE users SET name = 'Mallory' WHERE id = 1"]);
  await bench.execute(SHOP, await download("?table=users"));
  assert.deepEqual(await read(SHOP, everything), ["1Ada,2Bob", "1150000,21", 2]);

  await bench.execute(SHOP, ["INSERT INTO users VALUES (9, 'New')", "INSERT INTO sessions VALUES (9, x'00')"]);
  // Checks that were deferred fail at the end of the transaction, of which a local D1 says no more than that.
  await assert.rejects(bench.execute(SHOP, await download("?table=users")));
  for (const statement of (await download("?table=users")).slice(0, 4)) await bench.execute(SHOP, [statement]).catch((error) => assert.match(error.message, /not run as one transaction/));
  assert.deepEqual(await read(SHOP, everything), ["1Ada,2Bob,9New", "1150000,21,91", 2]);

  await assert.rejects(bench.execute(EMPTY, await download("?table=sessions")), /rows of sessions refer to rows of users, a table that is not there/);
  await bench.execute(EMPTY, await download("?table=sessions&table=users"));
  assert.deepEqual(await read(EMPTY, everything), ["1Ada,2Bob", "1150000,21", 2]);
});

test("a link is followed without a token, in parts too, until it is changed", async () => {
  const { backups: [{ id }] } = await bench.api.json(`/list?database=${SMALL}`);
  const made = await bench.api.request(`/backups/${id}/link`, { method: "POST", body: JSON.stringify({ expiresIn: "5m" }) });
  assert.equal(made.status, 201);
  const { url } = await made.json();
  const file = path.join(folder, "linked.sql");
  const whole = await bench.api.bytes(`/download/${small.date}/${SMALL}`);
  fs.writeFileSync(file, whole.subarray(0, 100));
  await run("curl", ["-fsS", "-C", "-", "-o", file, url]);
  assert.deepEqual(fs.readFileSync(file), whole);
  assert.equal((await fetch(url.replace("expires=1", "expires=2"))).status, 403);
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
