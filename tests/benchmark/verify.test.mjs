import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";

import { compare } from "./verify.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cache-verify-"));
test.after(() => fs.rmSync(folder, { recursive: true }));

let made = 0;
function file(sql) {
  const found = path.join(folder, `${++made}.sqlite`);
  const database = new DatabaseSync(found);
  database.exec(sql);
  database.close();
  return found;
}

const SOURCE = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL); CREATE INDEX i ON t (a)";

test("the same in two files is as many cells", () => {
  assert.deepEqual(compare(file(SOURCE), file(SOURCE)), { cells: 4 });
});

for (const [what, change, error] of [
  ["value", "UPDATE t SET b = 'y' WHERE a = 1", /1 rows of t are not/],
  ["type", "UPDATE t SET a = 1.0 WHERE a = 1", /1 rows of t are not/],
  ["NULL", "UPDATE t SET b = 'x'", /1 rows of t are not/],
  ["row more", "INSERT INTO t VALUES (3, 'z')", /t has 3 rows and not 2/],
  ["rowid", "UPDATE t SET rowid = 9 WHERE a = 2", /1 rows of t are not/],
  ["object less", "DROP INDEX i", /1 objects are not/],
]) {
  test(`another ${what} is found`, () => {
    assert.throws(() => compare(file(SOURCE), file(`${SOURCE}; ${change}`)), error);
  });
}
