// Alarms on the real runtime: whatever a receiver does at first, each alarm arrives once.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { seconds, startBench } from "../harness/bench.mjs";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** What a receiver does at its first request; at the others it takes what it gets. */
const AT_FIRST = {
  hangs: () => new Promise(() => {}),
  busy: () => new Response("slow down", { status: 429, headers: { "retry-after": "6" } }),
  broken: () => new Response("a fault", { status: 500 }),
  moved: () => new Response(null, { status: 301, headers: { location: "https://hooks.example/elsewhere" } }),
};

/** Every request that left the Workers: `receiver`, `headers`, `body`, and whether it was `taken`. */
const requests = [];
const fetchOfNode = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.hostname !== "hooks.example") return fetchOfNode(input, init);
  const receiver = url.pathname.slice(1);
  const isFirst = !requests.some((request) => request.receiver === receiver);
  const fails = isFirst && Object.hasOwn(AT_FIRST, receiver);
  const text = init.method === "POST" ? await init.text() : "";
  requests.push({ receiver, search: url.search, headers: Object.fromEntries(init.headers), text, body: text && JSON.parse(text), taken: !fails });
  return fails ? AT_FIRST[receiver]() : new Response("ok");
};

const bench = await startBench({
  secrets: { janitor: { DISCORD_WEBHOOK_URL: "https://hooks.example/discord", WEBHOOK_URL: "https://hooks.example/signed", WEBHOOK_SECRET: SECRET, HEARTBEAT_URL: "https://hooks.example/beat" } },
});
after(bench.close);

const [FIRST, SECOND, THIRD] = bench.names;
const of = (receiver) => requests.filter((request) => request.receiver === receiver);
const taken = (receiver, type) => of(receiver).filter((request) => request.taken && request.body.type === type);
const addChannel = (url) =>
  bench.catalogue("INSERT INTO alert_config (webhook_url, created_at, updated_at) VALUES (?, 1, 1) RETURNING id", url);
const deliveries = async () => (await bench.api.json("/alerts/deliveries")).deliveries;
const allDelivered = () => bench.until("everything is delivered", deliveries, (found) => found.every(({ status }) => status === "delivered"), 90);

before(async () => {
  for (const receiver of Object.keys(AT_FIRST)) await addChannel(`https://hooks.example/${receiver}`);
  await bench.catalogue(
    "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, lost_at) VALUES ('2024-12-08/lost.sql', ?, '2024-12-08', 1, ?, ?, ?)",
    FIRST, seconds(), seconds(1e6), seconds());
  await bench.goRound();
  await allDelivered();
});

test("an alarm is listed while it is open", async () => {
  const { open } = await bench.api.json("/alerts");
  assert.deepEqual(open.filter(({ cause }) => cause === "object_lost").map(({ database }) => database), [FIRST]);
  assert.equal((await bench.api.json("/status")).alarms, open.length);
});

for (const receiver of Object.keys(AT_FIRST)) {
  test(`a receiver that is at first ${receiver} gets the alarm once`, () => {
    assert.equal(of(receiver).length, 2);
    const [notice, ...others] = taken(receiver, "alarms");
    assert.deepEqual(others, []);
    assert.equal(notice.body.opened.filter(({ cause }) => cause === "object_lost").length, 1);
  });

  test(`a receiver that is at first ${receiver} can tell the second attempt by its id`, () => {
    const [first, second] = of(receiver).map(({ headers }) => headers["webhook-id"]);
    assert.ok(first);
    assert.equal(first, second);
  });
}

test("a redirect is not followed", () => assert.deepEqual(of("elsewhere"), []));

test("a receiver that asks for time gets it", async () => {
  const [{ id }] = await bench.catalogue("SELECT id FROM alert_config WHERE webhook_url LIKE '%/busy'");
  const [{ attempts, created_at, delivered_at }] = await bench.catalogue("SELECT * FROM outbox WHERE channel = ?", `config:${id}`);
  assert.equal(attempts, 2);
  assert.ok(delivered_at - created_at >= 6);
});

test("another round tells nothing new, and an alarm that is over is told once", async () => {
  const before = requests.length;
  await bench.goRound();
  assert.equal(requests.length, before);
  await bench.catalogue("UPDATE backup_inventory SET lost_at = NULL, created_at = ? WHERE r2_key = '2024-12-08/lost.sql'", seconds());
  await bench.goRound();
  await bench.goRound();
  await allDelivered();
  const over = taken("broken", "alarms").flatMap(({ body }) => body.resolved).filter(({ cause }) => cause === "object_lost");
  assert.equal(over.length, 1);
});

test("a job that failed is told by the event of its last result, to people and programs and the dead man's switch", async () => {
  const job = await bench.plan([{ database_name: SECOND, status: "failed", completed_at: seconds(), error_message: "a_b failed" }], { trigger_type: "scheduled" });
  await bench.sendEvent({ event: "result_settled", job_id: job, database: SECOND });
  await bench.until("the report arrives", () => taken("signed", "backup_failed"), ({ length }) => length);
  await allDelivered();
  const [report, ...others] = taken("signed", "backup_failed");
  assert.deepEqual(others, []);
  assert.equal(report.body.jobId, job);
  assert.deepEqual(report.body.failures, [{ database: SECOND, error: "a_b failed" }]);
  const embeds = of("discord").at(-1).body.embeds;
  assert.equal(embeds[0].title, "⚠ Cache Backup Partially Failed");
  assert.match(embeds[1].description, /a\\_b failed/);
  assert.equal(of("discord").at(-1).search, "?wait=true");
  assert.equal(of("beat/fail").length, 1);
  assert.equal(taken("signed", "alarms").some(({ body }) => body.opened.some(({ cause }) => cause === "job_failed")), false);
});

test("a test that is asked for arrives everywhere, signed where there is a secret", async () => {
  const response = await bench.api.request("/alerts/test", { method: "POST" });
  assert.equal(response.status, 202);
  const { noticeId } = await response.json();
  await bench.until("the test arrives", () => taken("signed", "test"), ({ length }) => length);
  const [{ headers, text }] = taken("signed", "test");
  assert.equal(headers["webhook-id"], noticeId);
  const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${noticeId}.${headers["webhook-timestamp"]}.${text}`).digest("base64");
  assert.equal(headers["webhook-signature"], `v1,${signature}`);
  await allDelivered();
  for (const receiver of Object.keys(AT_FIRST)) assert.equal(taken(receiver, "test").length, 1);
});

test("an address inside of a network is never asked, and its letter says why", async () => {
  const [{ id }] = await addChannel("https://169.254.169.254/latest/meta-data");
  await bench.api.request("/alerts/test", { method: "POST" });
  const find = async () => (await deliveries()).filter(({ channel, attempts }) => channel === `config:${id}` && attempts > 0);
  const [{ status, lastError }] = await bench.until("the letter is tried", find, ([found]) => found?.lastError?.includes("public"));
  assert.equal(status, "waiting");
  assert.match(lastError, /its host is not a public one/);
  await bench.catalogue("DELETE FROM alert_config WHERE id = ?", id);
});

test("a call finds a janitor that is silent and has it make a round", async () => {
  await bench.catalogue("UPDATE janitor_state SET updated_at = ? WHERE name = 'round'", seconds(-3 * 3600));
  await bench.catalogue("DELETE FROM janitor_state WHERE name = 'round_asked'");
  await bench.api.json("/status");
  const made = () => bench.catalogue("SELECT updated_at FROM janitor_state WHERE name = 'round'");
  await bench.until("the janitor makes its round", made, ([{ updated_at }]) => updated_at > seconds(-60));
});

test("a backup much smaller than the one before opens an alarm, which the next one like it resolves", async () => {
  const shrunk = async (state) => (await bench.api.json("/alerts"))[state].filter(({ cause }) => cause === "shrunk");
  await bench.execute(THIRD, [
    "CREATE TABLE leaves (id INTEGER PRIMARY KEY)",
    "INSERT INTO leaves WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 200) SELECT id FROM n",
  ]);
  await bench.backUp(THIRD);
  await bench.execute(THIRD, ["DELETE FROM leaves WHERE id > 50"]);
  await bench.backUp(THIRD);
  const [alarm, ...others] = await bench.until("the alarm opens", () => shrunk("open"), ({ length }) => length);
  assert.deepEqual(others, []);
  assert.equal(alarm.database, THIRD);
  assert.match(alarm.summary, /the rows fell from 200 to 50/);
  await bench.until("it is told", () => taken("signed", "alarms").flatMap(({ body }) => body.opened).filter(({ cause }) => cause === "shrunk"), ({ length }) => length);
  await bench.backUp(THIRD);
  await bench.until("the alarm is over", () => shrunk("recent"), ({ length }) => length);
  assert.deepEqual(await shrunk("open"), []);
});
