// The contracts of the ports against D1, R2, a queue and the rest of workerd. The Worker in `contract/` runs them;
// each is a subtest here.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { createTestHarness, experimental_readRawConfig } from "wrangler";

import { ROOT } from "../harness/system.mjs";

const CONFIG = path.join(ROOT, "tests/contract/wrangler.jsonc");
const BUILT = path.join(ROOT, "dist/contract");
const PORTS = ["database", "objects", "queue", "clock", "random", "isolate", "limiter", "sources", "webhooks"];

/** The receiver of webhooks, as `contract/src/webhooks.rs` has it. */
const fetchOfNode = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const { hostname, pathname } = new URL(input instanceof Request ? input.url : input);
  if (hostname !== "hooks.example") return fetchOfNode(input, init);
  if (pathname === "/echo") return new Response(`${init.method} ${init.headers.get("webhook-id") ?? ""} ${init.method === "POST" ? await init.text() : ""}`);
  if (pathname === "/busy") return new Response(null, { status: 429, headers: { "retry-after": "120" } });
  if (pathname === "/long") return new Response("x".repeat(100_000));
  if (pathname === "/silent") return new Promise(() => {});
  const status = Number(pathname.slice(1));
  return new Response(null, { status, headers: status < 400 && status >= 300 ? { location: "https://hooks.example/404" } : {} });
};

const harness = createTestHarness({
  root: ROOT,
  workers: [{ configPath: CONFIG, prebuiltWorkerDir: BUILT }],
});
/** The names of the contracts that ran, each after its port, as the native tests are called. */
const ran = [];
let url;

before(async () => {
  assert.ok(fs.existsSync(BUILT), `${BUILT} does not exist: run \`cargo xtask build --worker contract\` first`);
  ({ url } = await harness.listen());
});
after(() => harness.close());

async function get(place) {
  const response = await fetch(new URL(place, url));
  if (!response.ok) throw new Error(`${place}: ${response.status} ${await response.text()}`);
  return response.json();
}

for (const port of PORTS) {
  test(`the contracts of the port ${port}`, async (t) => {
    for (const { name, error } of await get(`/run?port=${port}`)) {
      ran.push(`${port}::${name}`);
      await t.test(name.replaceAll("_", " "), () => assert.equal(error, null));
    }
  });
}

test("the native adapters are tested against the same contracts", () => {
  assert.deepEqual(ran.toSorted(), nativeTests().toSorted());
});

test("what the queue delivers", async (t) => {
  const { QUEUE } = await harness.getWorker("grove-backups-contract").getEnv();
  await QUEUE.send({ asked: "twice more", retries: 2 });
  await QUEUE.send("no JSON", { contentType: "text" });
  const found = await get("/deliveries?count=4");
  const attempts = (text) => found.filter(({ body }) => body.includes(text)).map((delivery) => delivery.attempts);
  await t.test("a message that is retried comes again with the next number", () =>
    assert.deepEqual(attempts("twice more"), [1, 2, 3]));
  await t.test("a message that is acknowledged does not come again", () =>
    assert.deepEqual(attempts("no JSON"), [1]));
  await t.test("every delivery of a message has its id", () =>
    assert.equal(new Set(found.map(({ id }) => id)).size, 2));
  await t.test("a body that is no JSON arrives as JSON", () =>
    assert.ok(found.some(({ body }) => body === '"no JSON"')));
});

test("the contracts run at the compatibility date of the product", () => {
  const dates = [CONFIG, path.join(ROOT, "wrangler/api.jsonc")].map(
    (config) => experimental_readRawConfig({ config }).rawConfig.compatibility_date);
  assert.equal(dates[0], dates[1]);
});

/** The names of the native tests, from the test binary that `cargo xtask test` has built before. */
function nativeTests() {
  const cargo = process.env.CARGO ?? "cargo";
  const options = ["test", "--quiet", "--workspace", "--test", "native", "--", "--list", "--format", "terse"];
  return execFileSync(cargo, options, { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((line) => line.endsWith(": test"))
    .map((line) => line.slice(0, -": test".length));
}
