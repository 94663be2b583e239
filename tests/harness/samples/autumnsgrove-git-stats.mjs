// Git statistics: many small rows, and numbers at the edges of what SQLite stores.

import { asReal, insert, random, second } from "./sql.mjs";

const COMMITS = 6000;

export function* statements() {
  const { below, pick, next } = random(7);
  yield "CREATE TABLE repositories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)";
  yield "CREATE TABLE commits (repository_id INTEGER NOT NULL REFERENCES repositories(id), hour INTEGER NOT NULL, additions INTEGER, deletions INTEGER, churn REAL, author TEXT)";
  yield "CREATE TABLE extremes (id INTEGER PRIMARY KEY, n INTEGER, r REAL, untyped)";
  yield* insert("repositories", ["id", "name"], ["GroveEngine", "GroveAuth", "Scout", "Cache"].map((name, n) => [n - 1, name]));
  yield* insert("commits", ["repository_id", "hour", "additions", "deletions", "churn", "author"],
    Array.from({ length: COMMITS }, (_, n) => [below(4) - 1, second(n * 3600), below(900), n % 13 ? below(400) : null, n % 5 ? next() * 100 : asReal(below(50)), pick(["ada", "lin", null])]));
  const edges = [
    0n, -1n, 2n ** 31n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n),
    asReal(0), asReal(-0), asReal(1), 1e308, -1e308, 5e-324, 2.2250738585072014e-308, 0.1, 0.1 + 0.2, 1 / 3, asReal(1e15), asReal(123456789012345680), Infinity, -Infinity, Math.PI,
  ];
  yield* insert("extremes", ["n", "r", "untyped"], edges.map((edge) => [edge, edge, edge]));
  yield "CREATE INDEX commits_hour ON commits(repository_id, hour)";
  yield "CREATE VIEW weekly AS SELECT repository_id, hour / 604800 AS week, sum(additions) AS additions FROM commits GROUP BY 1, 2";
}
