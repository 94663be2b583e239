// Whether the dump in the bucket restores what was measured: put into a new file by the sqlite3 shell, which is compared
// with the source cell by cell, in SQL, whatever their sizes.

import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

import { identifier } from "../harness/samples/sql.mjs";
import { run } from "./programs.mjs";

/** Restores the dump that `runtime` holds; answers how many `cells` are the same, or fails and says what is not. */
export async function verify(runtime, { file }) {
  const dump = path.join(runtime.scratch, "restored.sql");
  const restored = path.join(runtime.scratch, "restored.sqlite");
  try {
    await runtime.download(dump);
    // What is not synced is faster, and a file that a crash leaves is thrown away.
    await run("sqlite3", ["-bail", "-cmd", "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", restored, `.read ${dump}`]);
    return compare(file, restored);
  } finally {
    for (const made of [dump, restored]) fs.rmSync(made, { force: true });
  }
}

/** Compares two files whose tables have a rowid. */
export function compare(file, restored) {
  const database = new DatabaseSync(restored, { readOnly: true });
  try {
    database.exec(`ATTACH '${file.replaceAll("'", "''")}' AS source`);
    const answer = (sql) => Object.values(database.prepare(sql).get())[0];
    const schema = (of) => `SELECT type, name, tbl_name, sql FROM ${of}.sqlite_schema`;
    const objects = answer(`SELECT count(*) FROM (SELECT * FROM (${schema("main")} EXCEPT ${schema("source")}) UNION ALL SELECT * FROM (${schema("source")} EXCEPT ${schema("main")}))`);
    if (objects) throw new Error(`restored, ${objects} objects are not those of the database`);
    let cells = 0;
    for (const { name } of database.prepare("SELECT name FROM source.sqlite_schema WHERE type = 'table'").all()) {
      const table = identifier(name);
      const columns = database.prepare(`SELECT name FROM pragma_table_info(?)`).all(name).map((column) => identifier(column.name));
      const rows = answer(`SELECT count(*) FROM source.${table}`);
      const found = answer(`SELECT count(*) FROM main.${table}`);
      if (rows !== found) throw new Error(`restored, ${name} has ${found} rows and not ${rows}`);
      const differ = columns.map((column) => `typeof(a.${column}) IS NOT typeof(b.${column}) OR a.${column} IS NOT b.${column}`).join(" OR ");
      const different = answer(`SELECT count(*) FROM source.${table} AS a LEFT JOIN main.${table} AS b ON b.rowid = a.rowid WHERE ${differ}`);
      if (different) throw new Error(`restored, ${different} rows of ${name} are not those of the database`);
      cells += rows * columns.length;
    }
    return { cells };
  } finally {
    database.close();
  }
}
