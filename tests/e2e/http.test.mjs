// The api from outside: who gets in, what it refuses, and whether its restore guide can be followed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { startBench } from "../harness/bench.mjs";
import { startSystem } from "../harness/system.mjs";

const run = promisify(execFile);
const PRIVATE = ["/status", "/list", "/databases", "/databases/any-db", "/backups/1", "/jobs", "/jobs/some-job", "/download/2024-12-08/any-db", "/restore-guide/any-db", "/audit", "/metrics", "/no-such-path"];

const bench = await startBench();
after(bench.close);
const [DATABASE] = bench.names;
let job;

before(async () => {
  await bench.execute(DATABASE, ["CREATE TABLE leaves (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO leaves (name) VALUES ('oak'), ('elm')"]);
  job = await bench.backUp(DATABASE);
});

/** Asserts that a response is a problem of this status and type; returns its body. */
async function problem(response, status, slug) {
  const body = await response.json();
  assert.equal(response.status, status, JSON.stringify(body));
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.partialDeepStrictEqual(body, { type: `urn:cache:problem:${slug}`, status });
  assert.ok(body.detail.length > 20);
  return body;
}

const post = (body) => bench.api.request("/trigger", { method: "POST", body });
const jobs = () => bench.catalogue("SELECT job_id FROM backup_jobs");

for (const [what, headers] of [["no token", {}], ["a wrong token", { authorization: "Bearer another" }], ["half of the token", { authorization: `Bearer ${bench.token.slice(0, 5)}` }]]) {
  test(`with ${what} every private address answers 401, the same for all`, async () => {
    for (const [n, address] of PRIVATE.entries()) {
      // Nobody is to have sent too many.
      const response = await fetch(new URL(address, bench.url), { headers: { ...headers, "cf-connecting-ip": `192.0.2.${n}` } });
      await problem(response, 401, "unauthorized");
      assert.match(response.headers.get("www-authenticate"), /^Bearer /);
    }
    await problem(await fetch(new URL("/trigger", bench.url), { method: "POST", headers: { ...headers, "cf-connecting-ip": "192.0.2.100" } }), 401, "unauthorized");
    assert.equal((await jobs()).length, 1);
  });
}

test("the eleventh wrong token of a minute from one address has to wait, and nobody else", async () => {
  const wrong = (address) => fetch(new URL("/status", bench.url), { headers: { authorization: "Bearer wrong", "cf-connecting-ip": address } });
  for (let n = 0; n < 10; n++) assert.equal((await wrong("198.51.100.1")).status, 401);
  await problem(await wrong("198.51.100.1"), 429, "too-many-requests");
  assert.equal((await wrong("198.51.100.2")).status, 401);
  assert.equal((await bench.api.request("/status")).status, 200);
});

test("a browser gets a session by a form, and a change for another site is refused", async () => {
  const post = (path, headers, body) => fetch(new URL(path, bench.url), { method: "POST", redirect: "manual", headers, body });
  assert.equal((await fetch(new URL("/dashboard", bench.url), { redirect: "manual" })).headers.get("location"), "/sign-in");
  const signedIn = await post("/sign-in", { "sec-fetch-site": "same-origin" }, new URLSearchParams({ token: bench.token }));
  assert.equal(signedIn.status, 303);
  const [cookie] = signedIn.headers.get("set-cookie").split(";");
  assert.equal((await fetch(new URL("/dashboard", bench.url), { headers: { cookie } })).status, 200);
  await problem(await post("/trigger", { cookie, "sec-fetch-site": "cross-site" }), 403, "cross-site");
  assert.equal((await jobs()).length, 1);
});

test("a download is in the audit log", async () => {
  await bench.api.bytes(`/download/${job.date}/${DATABASE}`);
  const { entries: [entry] } = await bench.api.json("/audit?limit=1");
  assert.partialDeepStrictEqual(entry, { actor: "admin", method: "GET", path: `/download/${job.date}/${DATABASE}`, status: 200 });
});

test("the metrics of a backup are text for Prometheus, and only of what there is", async () => {
  const response = await bench.api.request("/metrics");
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).trimEnd().split("\n");
  const samples = new Map(lines.filter((line) => !line.startsWith("# ")).map((line) => line.split(" ")));
  for (const [name, value] of samples) assert.match(`${name} ${value}`, /^[a-z_0-9]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? \d+(\.\d+)?$/);
  const [backup] = await bench.catalogue("SELECT created_at, size_bytes, row_count FROM backup_inventory");
  const of = (family, name = DATABASE) => samples.get(`cache_database_${family}{database="${name}"}`);
  assert.equal(of("last_success_timestamp_seconds"), String(backup.created_at));
  assert.equal(of("backup_size_bytes"), String(backup.size_bytes));
  assert.equal(of("backup_rows"), "2");
  assert.equal(of("failures_in_a_row"), "0");
  assert.equal(samples.get("backup_total_size_bytes"), String(backup.size_bytes));
  assert.equal(samples.get("backup_databases_count"), String(bench.names.length));
  assert.equal(samples.get("backup_failures_24h"), "0");
  assert.ok(Math.abs(Number(samples.get("backup_last_success_timestamp")) - backup.created_at) < 60);
  assert.equal(of("last_success_timestamp_seconds", bench.names[1]), undefined);
});

test("GET / and GET /health are open, and name no database", async () => {
  for (const address of ["/", "/health"]) {
    const response = await fetch(new URL(address, bench.url));
    assert.equal(response.status, 200);
    const text = await response.text();
    for (const { name, id } of bench.registry.databases) assert.ok(!text.includes(name) && !text.includes(id), address);
  }
});

test("where no token is configured every private address answers 503 and says how to set one", async () => {
  const closed = await startSystem({ token: null });
  try {
    for (const address of PRIVATE) {
      const response = await fetch(new URL(address, closed.url), { headers: { authorization: "Bearer " } });
      assert.match((await problem(response, 503, "not-configured")).detail, /wrangler secret put API_TOKEN/);
    }
    for (const address of ["/", "/health"]) assert.equal((await fetch(new URL(address, closed.url))).status, 200);
  } finally {
    await closed.close();
  }
});

for (const [what, body, status, slug] of [
  ["no JSON", "{", 400, "invalid-json"],
  ["no UTF-8", new Uint8Array([0x22, 0xc3, 0x28, 0x22]), 400, "invalid-json"],
  ["a list", '["any-db"]', 422, "invalid-body"],
  ["an empty list of databases", '{"databases":[]}', 422, "invalid-body"],
  ["databases that are no list", '{"databases":"any-db"}', 422, "invalid-body"],
  ["an unknown field", '{"database":"any-db"}', 422, "invalid-body"],
  ["an unknown database beside a known one", JSON.stringify({ databases: [DATABASE, "nowhere"] }), 422, "unknown-database"],
  ["a reason that is no text", '{"reason":1}', 422, "invalid-body"],
  ["65 KB of blanks", " ".repeat(65 * 1024), 413, "body-too-large"],
  ["65 KB of reason", JSON.stringify({ reason: "x".repeat(65 * 1024) }), 413, "body-too-large"],
]) {
  test(`POST /trigger with ${what} is refused with ${status}, and starts nothing`, async () => {
    await problem(await post(body), status, slug);
    assert.equal((await jobs()).length, 1);
  });
}

for (const [address, status, slug] of [
  ["/download/yesterday/any-db", 400, "invalid-parameter"],
  ["/download/2024-02-30/any-db", 400, "invalid-parameter"],
  ["/download/2024-12-08/any-db?job=leaves&job=leaves", 400, "invalid-parameter"],
  ["/download/%ff/any-db", 400, "invalid-parameter"],
  ["/download/..%2f..%2fetc/any-db", 400, "invalid-parameter"],
  [`/download/2024-12-08/${DATABASE}`, 404, "no-such-backup"],
  ["/download/2024-12-08/nowhere", 404, "no-such-database"],
  ["/list?limit=0", 400, "invalid-parameter"],
  ["/list?database=nowhere", 404, "no-such-database"],
  ["/list?since=2024-12-08", 400, "invalid-parameter"],
  ["/jobs/'%20OR%201=1%20--", 404, "no-such-job"],
  ["/restore-guide/nowhere", 404, "no-such-database"],
  ["/backups", 404, "no-such-path"],
  ["/trigger", 405, "method-not-allowed"],
]) {
  test(`GET ${address} is refused with ${status}`, async () => {
    await problem(await bench.api.request(address), status, slug);
  });
}

test("a dump comes with its length, its name and its bytes", async () => {
  const response = await bench.api.request(`/download/${job.date}/${DATABASE}`);
  const dump = await bench.object(job.results[0].r2Key);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), dump);
  assert.equal(response.headers.get("content-length"), String(dump.length));
  assert.equal(response.headers.get("content-disposition"), `attachment; filename="${DATABASE}-${job.date}.sql"; filename*=UTF-8''${DATABASE}-${job.date}.sql`);
});

/** Runs `use` in an empty folder, with the guide and a function that runs one of its steps there. */
async function withGuide(use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cache-guide-"));
  const follow = (step) => run("sh", ["-c", step.replace(/^\d+\. [^:]+: /, "")], { cwd: folder, env: { ...process.env, API_TOKEN: bench.token } });
  try {
    const { restoreInstructions } = await bench.api.json(`/restore-guide/${DATABASE}`);
    await use({ ...restoreInstructions, folder, follow });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test("the restore guide's wrangler commands are remote ones, and name the file that its download writes", () => withGuide(async ({ method1_wrangler: { steps }, folder, follow }) => {
  await follow(steps[0]);
  const [file, ...others] = fs.readdirSync(folder);
  assert.deepEqual(others, []);
  assert.deepEqual(fs.readFileSync(path.join(folder, file)), await bench.object(job.results[0].r2Key));
  const executes = steps.filter((step) => step.includes("d1 execute"));
  assert.ok(executes.every((step) => step.includes(" --remote ")));
  assert.equal(executes.filter((step) => step.includes(`--file=${file}`)).length, 2);
}));

test("the restore guide's sqlite3 commands restore the backup as they are", async (t) => {
  if (!(await run("sqlite3", ["--version"]).catch(() => null))) return t.skip("there is no sqlite3 command here");
  await withGuide(async ({ method3_sqlite3: { steps: [download, , restore, verify] }, folder, follow }) => {
    for (const step of [download, restore]) await follow(step);
    assert.equal((await follow(verify)).stdout, "ok\n");
    const [database] = fs.readdirSync(folder).filter((file) => file.endsWith(".sqlite"));
    assert.equal((await follow(`sqlite3 ${database} "SELECT name FROM leaves"`)).stdout, "oak\nelm\n");
  });
});
