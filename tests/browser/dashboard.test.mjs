// The dashboard in a real browser: what an operator does, and that every page can be used by everybody.

import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";

import { seconds, startBench } from "../harness/bench.mjs";
import { assertAccessible, openPage, picture, signIn, startBrowser } from "../harness/browser.mjs";
import { sampleStatements } from "../harness/samples.mjs";

const READ_TOKEN = "a token to look only";
const WEEK = 7 * 86_400;

const bench = await startBench({ secrets: { api: { READ_TOKEN } } });
const browser = await startBrowser();
after(async () => {
  await browser.close();
  await bench.close();
});

const [DATABASE, LETTERS] = bench.names;
const { page, context, faults } = await openPage(browser, bench.url);
let backup;

/** What the samples of the databases come to. */
const KILOBYTES = [146, 223, 113, 71, 821, 107, 307, 21, 2];

/** Twelve weeks of results, written straight into the catalogue: nobody waits so long. One run is missing, one has failed. */
async function writeHistory() {
  const sunday = (Math.floor((seconds() - 3 * 3600 - 3 * 86_400) / WEEK)) * WEEK + 3 * 86_400 + 3 * 3600;
  for (let week = 11; week >= 0; week--) {
    if (week === 6) continue;
    const at = sunday - week * WEEK;
    const job_id = `00000000-0000-4000-8000-0000000000${String(week).padStart(2, "0")}`;
    const failed = week === 9 ? bench.names[3] : null;
    await bench.catalogue(
      `INSERT INTO backup_jobs (job_id, started_at, completed_at, status, trigger_type, total_databases, successful_count, failed_count, total_size_bytes, duration_ms, reported_at)
       VALUES (?1, ?2, ?2 + 42, ?3, 'scheduled', 9, ?4, ?5, 2100000, 42000, ?2)`, job_id, at, failed ? "failed" : "completed", failed ? 8 : 9, failed ? 1 : 0);
    await bench.catalogue(
      `INSERT INTO backup_results (job_id, database_name, database_id, status, attempts, size_bytes, table_count, row_count, started_at, completed_at, duration_ms, error_message)
       SELECT ?1, value, 'an id', iif(value = ?3, 'failed', 'success'), 1, iif(value = ?3, NULL, (?6 ->> key) * (1000 - CAST(?4 AS INTEGER) * (key + 2))), 5, 1700 - ?4 * 9, ?2, ?2 + 9, 900,
       iif(value = ?3, 'the rows could not be read: D1 is overloaded', NULL) FROM json_each(?5)`, job_id, at, failed, week, JSON.stringify(bench.names), JSON.stringify(KILOBYTES));
  }
  await bench.catalogue("INSERT INTO registered_databases SELECT value, ?1 FROM json_each(?2) WHERE true ON CONFLICT (database_name) DO UPDATE SET first_seen_at = excluded.first_seen_at",
    sunday - 13 * WEEK, JSON.stringify(bench.names));
}

before(async () => {
  for (const name of bench.names) await bench.execute(name, await sampleStatements(name));
  await writeHistory();
  for (const [id, message] of [[1, "a message that nobody understands"], [2, "another one"]]) {
    await bench.catalogue(
      "INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) VALUES (?, 'grove-backups-events', ?, ?, 4, ?, ?)",
      `message-${id}`, JSON.stringify({ event: "round" }), message, seconds(-7200), seconds(-3600));
  }
});

test("a wrong token is told on the page, and a right one leads to the page that was asked for", async () => {
  await page.goto("/dashboard/jobs");
  assert.match(page.url(), /\/sign-in\?next=/);
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.match(await page.getByRole("alert").innerText(), /not one that is configured/);
  await page.getByLabel("Token").fill(bench.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/dashboard/jobs");
});

test("a backup is started with the keyboard alone, and watched until it is done", async () => {
  await page.goto("/dashboard/trigger");
  assert.equal(await page.getByRole("checkbox", { checked: true }).count(), bench.names.length);
  await page.getByLabel(/^Reason/).focus();
  await page.keyboard.type("before the move");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Back up");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/dashboard/jobs/*");
  assert.match(await page.locator("main").innerText(), /before the move/);
  // The page renews itself; nothing here does.
  await page.getByRole("heading", { name: `Completed: ${bench.names.length} databases backed up` }).waitFor({ timeout: 120_000 });
});

test("from the job it is two steps to the bytes of a dump", async () => {
  await page.getByRole("link", { name: `The backup of ${DATABASE}` }).click();
  backup = page.url().replace(/\?.*/, "");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download", exact: true }).click()]);
  const [{ r2_key }] = await bench.catalogue("SELECT r2_key FROM backup_inventory WHERE id = ?", backup.split("/").at(-1));
  assert.deepEqual(fs.readFileSync(await download.path()), await bench.object(r2_key));
});

test("a backup is pinned with a note, and unpinned", async () => {
  await page.getByLabel(/^Why it is to stay/).fill("the last one of <old>");
  await page.getByRole("button", { name: "Pin" }).click();
  assert.match(await page.getByRole("status").innerText(), /Pinned/);
  assert.match(await page.locator("main").innerText(), /the last one of <old>/);
  await page.getByRole("button", { name: "Unpin" }).click();
  assert.match(await page.getByRole("status").innerText(), /Unpinned/);
});

test("a drill is asked for, and its result appears by itself", async () => {
  await page.getByRole("button", { name: /for a test/ }).click();
  assert.match(await page.getByRole("status").innerText(), /being restored/);
  await page.getByRole("heading", { name: /stored and verified/ }).waitFor({ timeout: 60_000 });
});

test("a dead letter is sent again, and another one discarded with a note", async () => {
  await page.goto("/dashboard/dead-letters");
  await page.getByRole("button", { name: "Send again: letter 1" }).click();
  assert.match(await page.getByRole("status").innerText(), /Sent again/);
  await page.getByText("Discard it", { exact: true }).click();
  await page.getByLabel(/^Why, for/).fill("nobody needs it");
  await page.getByRole("button", { name: "Discard: letter 2" }).click();
  assert.match(await page.getByRole("status").innerText(), /Discarded/);
  const letters = await bench.catalogue("SELECT resolution, note FROM dead_letters WHERE id <= 2 ORDER BY id");
  assert.deepEqual(letters, [{ resolution: "redriven", note: null }, { resolution: "discarded", note: "nobody needs it" }]);
  await bench.goRound();
});

test("each of these changes is in the audit log", async () => {
  const { entries } = await bench.api.json("/audit?limit=50");
  const paths = entries.filter(({ actor }) => actor === "admin").map(({ path }) => path);
  const { pathname } = new URL(backup);
  for (const change of ["/dashboard/trigger", `${pathname}/pin`, `${pathname}/unpin`, `${pathname}/drill`, "/dashboard/dead-letters/1/redrive", "/dashboard/dead-letters/2/discard"]) assert.ok(paths.includes(change), change);
});

const pages = () => [
  ["overview", "/dashboard"], ["database", `/dashboard/databases/${LETTERS}`], ["jobs", "/dashboard/jobs"], ["backup", new URL(backup).pathname],
  ["restore", `/dashboard/restore/${DATABASE}`], ["alarms", "/dashboard/alarms"], ["dead-letters", "/dashboard/dead-letters?state=all"],
  ["trigger", "/dashboard/trigger"], ["audit", "/dashboard/audit"], ["missing", "/dashboard/nowhere"],
];

for (const dark of [false, true]) {
  for (const width of [320, 1920]) {
    test(`axe has nothing to say of any page, ${dark ? "dark" : "light"}, at ${width} px`, async () => {
      const own = await openPage(browser, bench.url, { width, dark });
      const suffix = `${dark ? "dark" : "light"}-${width}`;
      await own.page.goto("/sign-in");
      await assertAccessible(own.page, "sign-in");
      await picture(own.page, `sign-in-${suffix}`);
      await signIn(own.page, bench.token);
      for (const [name, address] of pages()) {
        await own.page.goto(address);
        await assertAccessible(own.page, `${name} ${suffix}`);
        await picture(own.page, `${name}-${suffix}`);
      }
      assert.deepEqual(own.faults, []);
      await own.context.close();
    });
  }
}

test("a reader sees the pages and no form that changes something", async () => {
  const own = await openPage(browser, bench.url);
  await signIn(own.page, READ_TOKEN);
  for (const [name, address] of pages()) {
    await own.page.goto(address);
    assert.deepEqual(await own.page.getByRole("button").allInnerTexts(), ["Sign out"], name);
    assert.equal(await own.page.getByRole("link", { name: "Download" }).count(), 0);
  }
  await own.context.close();
});

test("after signing out no page is shown any more", async () => {
  await page.goto("/dashboard");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");
  for (const [, address] of pages()) {
    await page.goto(address);
    assert.match(page.url(), /\/sign-in/);
  }
  await context.close();
});

test("the browser had nothing to complain of", () => assert.deepEqual(faults, []));
