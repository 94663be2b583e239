// A site that has just begun: three posts, and a table nobody has used.

import { insert, second } from "./sql.mjs";

export function* statements() {
  yield "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT, published INTEGER NOT NULL DEFAULT 0)";
  yield "CREATE TABLE comments (id INTEGER PRIMARY KEY AUTOINCREMENT, post_id INTEGER NOT NULL REFERENCES posts(id), body TEXT NOT NULL, created_at INTEGER NOT NULL)";
  // Names that begin like internal tables, but are a user's.
  yield "CREATE TABLE scfg (key TEXT PRIMARY KEY, value)";
  yield "CREATE TABLE sqlitewannabe (id INTEGER PRIMARY KEY, v TEXT)";
  yield* insert("posts", ["id", "title", "body", "published"], [[1, "Hello", "The first post.", 1], [2, "Draft", null, 0], [5, "Third", "", 1]]);
  yield* insert("scfg", ["key", "value"], [["theme", "autumn"], ["started", second(0)]]);
  yield* insert("sqlitewannabe", ["id", "v"], [[1, "kept"]]);
}
