// The databases that are measured: made once from a seed, and kept as SQLite files in the cache folder.

import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";

import { random } from "../harness/samples/sql.mjs";
import { SHAPES } from "./shapes.mjs";

/** Raise it when a shape or the way of filling changes: files of before are then made again. */
const VERSION = 1;
const SEED = 20_241_208;

const MB = 1_000_000;
const EVERY_SHAPE = ["small-rows", "wide-rows", "blobs", "tables"];
const TINY = database("tiny", "500kb", MB / 2);
const of = (size, bytes) => EVERY_SHAPE.map((shape) => database(shape, size, bytes));

function database(shape, size, target) {
  return { name: `${shape}-${size}`, shape, size, target, seed: SEED };
}

/** The databases of a run, smallest first; only those whose names contain one of `wanted`, if there are any. */
export function choose({ quick = false, large = false, wanted = [] }) {
  const all = quick ? [TINY, ...of("2mb", 2 * MB)] : [TINY, ...of("10mb", 10 * MB), ...of("100mb", 100 * MB), ...(large ? of("1gb", 1000 * MB) : [])];
  const chosen = all.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`no database is called like ${wanted.join(" or ")}; there are ${all.map(({ name }) => name).join(", ")}`);
  return chosen;
}

/** The database with its `file` and what is in it; `making` is told when the file has to be made first. */
export async function prepare(database, folder, making = () => {}) {
  const base = path.join(folder, `${database.name}-v${VERSION}-seed${database.seed}`);
  const [file, note] = [`${base}.sqlite`, `${base}.json`];
  if (!fs.existsSync(note) || !fs.existsSync(file)) {
    making();
    fs.mkdirSync(folder, { recursive: true });
    // Under another name until it is whole: a file that was interrupted is made again.
    const unfinished = `${base}.${process.pid}.unfinished`;
    const remove = () => fs.rmSync(unfinished, { force: true });
    process.once("exit", remove);
    try {
      fs.writeFileSync(note, JSON.stringify(await fill(unfinished, database)));
      fs.renameSync(unfinished, file);
    } finally {
      remove();
      process.off("exit", remove);
    }
  }
  return { ...database, file, ...JSON.parse(fs.readFileSync(note, "utf8")) };
}

/** Writes the database into a new file, round after round until it is large enough. */
export async function fill(file, { shape, target, seed }) {
  const dice = random(seed);
  const sqlite = new DatabaseSync(file);
  sqlite.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN");
  const tables = SHAPES[shape]();
  const inserts = tables.map(({ name, create, columns }) => {
    for (const statement of create) sqlite.exec(statement);
    return sqlite.prepare(`INSERT INTO ${name} VALUES (${Array(columns).fill("?").join(", ")})`);
  });
  const pages = sqlite.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size");
  let rounds = 0;
  for (; pages.get().bytes < target; rounds++) {
    for (const [n, { share, row }] of tables.entries()) {
      for (let k = 1; k <= share; k++) inserts[n].run(...row(dice, rounds * share + k));
    }
    // So that Ctrl-C is heard.
    await turn();
  }
  sqlite.exec("COMMIT");
  sqlite.close();
  const rows = tables.reduce((sum, { share }) => sum + share * rounds, 0);
  return { tables: tables.length, rows, database_bytes: fs.statSync(file).size };
}
