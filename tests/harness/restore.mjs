// Restoring dumps in the ways a user has, each time compared with what the source held.
//
// A way takes `{ name, database, print, dump, folder, execute }`: a source's name, its live database and the fingerprint
// it had, the dump's file, a folder for what the way makes, and `execute` of the system. It answers `{ found }`, what
// differs, or `{ found: [], skipped }` with the reason why it cannot be tried here.

import { execFile } from "node:child_process";
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { unstable_splitSqlQuery as split } from "wrangler";

import { complaints, differences, fingerprint, ofD1, ofFile } from "./fingerprint.mjs";
import { identifier } from "./samples/sql.mjs";
import { ROOT } from "./system.mjs";

const run = promisify(execFile);
const MOST_OUTPUT = 1 << 28;
/** How many restores run at once: most start a process of their own. */
const AT_ONCE = 2;

/** The ways, by a short name. */
export const WAYS = { "new D1": intoNewDatabase, "live D1": overLiveDatabase, sqlite3: withShell };

/**
 * Restores the newest dump of each source in each way. One entry for each source: its `name`, the `date` and `size` of
 * the dump, its `statements`, and `outcomes` by way. `done(way, outcomes, seconds)` is told when all sources went a way.
 */
export async function restoreEverywhere({ sources, api, execute, ways = WAYS, done = () => {} }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cache-restore-"));
  const cleanUp = () => fs.rmSync(folder, { recursive: true, force: true });
  process.once("exit", cleanUp);
  try {
    const dumps = [];
    for (const { name } of sources) dumps.push(await download(api, folder, name));
    const restored = dumps.map((dump) => ({ ...dump, outcomes: {} }));
    for (const [way, restore] of Object.entries(ways)) {
      const started = performance.now();
      const outcomes = await inParallel(sources, (source, n) => attempt(() => restore({ ...source, ...dumps[n], folder, execute })));
      outcomes.forEach((outcome, n) => (restored[n].outcomes[way] = outcome));
      done(way, outcomes, (performance.now() - started) / 1000);
    }
    return restored;
  } finally {
    cleanUp();
  }
}

async function download(api, folder, name) {
  const { backups } = await api.json(`/list?database=${encodeURIComponent(name)}`);
  if (!backups.length) throw new Error(`/list shows no backup of ${name}`);
  const [{ date }] = backups;
  const content = await api.bytes(`/download/${date}/${encodeURIComponent(name)}`);
  const dump = path.join(folder, `${name}-${date}.sql`);
  fs.writeFileSync(dump, content);
  return { name, date, size: content.length, dump, statements: split(content.toString()) };
}

async function attempt(restore) {
  try {
    return await restore();
  } catch (error) {
    // A command's own words are more telling than that it failed.
    return { found: [`could not be restored: ${(error.stderr || error.message).trim().slice(0, 600)}`] };
  }
}

/** With wrangler into a database that does not exist yet. */
async function intoNewDatabase({ name, dump, folder, print }) {
  const home = path.join(folder, `new-${name}`);
  const config = path.join(folder, `${name}.json`);
  const d1_databases = [{ binding: "RESTORED", database_name: name, database_id: "00000000-0000-4000-8000-000000000000" }];
  fs.writeFileSync(config, JSON.stringify({ name: "restore", compatibility_date: "2026-11-01", d1_databases }));
  await run(process.execPath, [
    path.join(ROOT, "node_modules/wrangler/bin/wrangler.js"),
    "d1", "execute", name, "--local", "--yes", `--file=${dump}`, `--persist-to=${home}`, `--config=${config}`,
  ], { cwd: folder, maxBuffer: MOST_OUTPUT, env: { ...process.env, WRANGLER_LOG: "error" } });
  const [file] = fs.globSync("v3/d1/**/*.sqlite", { cwd: home }).filter((found) => !found.endsWith("metadata.sqlite"));
  if (!file) throw new Error("wrangler left no database");
  return compareFile(path.join(home, file), print);
}

/** Over the live database, damaged before, as one transaction. */
async function overLiveDatabase(source) {
  return overDamaged(source, () => source.execute(source.name, source.statements));
}

/** Over the live database, damaged before, each statement for itself: a part of an import may be all that happens. */
export async function oneByOne(source) {
  return overDamaged(source, async () => {
    for (const statement of source.statements) await source.execute(source.name, [statement]);
  });
}

async function overDamaged({ name, database, print, execute }, restore) {
  await damage(name, print, execute);
  if (!differences(print, await fingerprint(ofD1(database))).length) return { found: ["could not be damaged, so nothing was proved"] };
  await restore();
  const source = ofD1(database);
  const found = differences(print, await fingerprint(source));
  return { found: [...found, ...(await complaints(source, { run: (sql) => database.prepare(sql).run() }))] };
}

/** With the shell of SQLite into a file. */
async function withShell({ name, dump, folder, print }) {
  const version = await run("sqlite3", ["--version"]).catch(() => null);
  if (!version) return { found: [], skipped: "There is no sqlite3 command here, so the dumps were not restored with it." };
  const file = path.join(folder, `shell-${name}.sqlite`);
  await run("sqlite3", ["-bail", "-cmd", "PRAGMA synchronous=OFF", file, `.read '${dump}'`], { maxBuffer: MOST_OUTPUT });
  return compareFile(file, print);
}

/** Deletes half of every table, as far as the foreign keys let it, and every index, view and trigger. */
async function damage(name, print, execute) {
  const objects = Object.keys(print.schema).map((object) => [object.slice(0, object.indexOf(" ")), object.slice(object.indexOf(" ") + 1)]);
  const drops = objects.filter(([type]) => type !== "table").map(([type, name]) => `DROP ${type} ${identifier(name)}`);
  const deletes = Object.entries(print.tables).map(([table, { columns }]) => {
    const column = identifier(columns[0]);
    return `DELETE FROM ${identifier(table)} WHERE ${column} IN (SELECT ${column} FROM ${identifier(table)} ORDER BY 1 LIMIT (SELECT (count(*) + 1) / 2 FROM ${identifier(table)}))`;
  });
  const stray = "CREATE INDEX added_after_the_backup ON";
  const [table] = Object.entries(print.tables).find(([name]) => !print.schema[`table ${name}`].includes("VIRTUAL")) ?? [];
  const additions = table ? [`${stray} ${identifier(table)} (${identifier(print.tables[table].columns[0])})`] : [];
  // What RESTRICT forbids stays; there is enough left to damage.
  for (const sql of [...drops, ...deletes, ...additions]) await execute(name, [sql]).catch(() => {});
}

async function compareFile(file, print) {
  const source = ofFile(file);
  const written = new DatabaseSync(file);
  try {
    return { found: [...differences(print, await fingerprint(source)), ...(await complaints(source, { run: async (sql) => written.exec(sql) }))] };
  } finally {
    source.close();
    written.close();
  }
}

/** The results of `job` for each item, in order, at most `AT_ONCE` under way. */
async function inParallel(items, job) {
  const results = [];
  const next = items.entries();
  const worker = async () => {
    for (const [n, item] of next) results[n] = await job(item, n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
