// Random databases as files, and the exact comparison of files, by the program that has the generator.

import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { ROOT } from "./system.mjs";

const run = promisify(execFile);

/** Cargo builds it when something has changed, which `cargo xtask test` sees to beforehand. */
const program = async (...words) => {
  const cargo = ["run", "--quiet", "--package", "testkit", "--example", "databases", "--", ...words];
  return (await run(process.env.CARGO ?? "cargo", cargo, { cwd: ROOT, maxBuffer: 1 << 28 })).stdout;
};

/** Writes the databases of so many seeds from `from` on into a folder. */
export const writeDatabases = (folder, from, count) => program("write", folder, String(from), String(count));

/** The file of a seed in that folder, and the statements that made it. */
export const databaseOf = (folder, seed) => path.join(folder, `${seed}.sqlite`);
export const statementsOf = (folder, seed) => JSON.parse(fs.readFileSync(path.join(folder, `${seed}.json`), "utf8"));

/** What differs, type and byte, between the files of each pair `[expected, found]`: a list of sentences for each. */
export const compare = async (pairs) => JSON.parse(await program("compare", ...pairs.flat()));
