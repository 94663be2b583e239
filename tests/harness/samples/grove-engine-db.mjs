// The engine: CDN files, signups, and full-text search in both ways of keeping its text.

import { insert, random, second } from "./sql.mjs";

export function* statements() {
  const { below, id, pick, words, sentence } = random(3);
  yield "CREATE TABLE cdn_files (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, title TEXT, alt_text TEXT, bytes INTEGER NOT NULL, metadata TEXT DEFAULT '{}' CHECK (json_valid(metadata)))";
  yield "CREATE TABLE signups (email TEXT PRIMARY KEY, source TEXT, confirmed BOOLEAN NOT NULL DEFAULT FALSE, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)";
  // Its text is the table's: only the index is its own.
  yield "CREATE VIRTUAL TABLE cdn_search USING fts5(title, alt_text, content='cdn_files', content_rowid='id', tokenize='porter unicode61')";
  // Its text is its own, under row numbers that nothing else knows.
  yield "CREATE VIRTUAL TABLE help_search USING fts5(topic, body, tag UNINDEXED, prefix='2 3')";
  yield "CREATE TRIGGER cdn_files_added AFTER INSERT ON cdn_files BEGIN INSERT INTO cdn_search(rowid, title, alt_text) VALUES (new.id, new.title, new.alt_text); END";
  yield `CREATE TRIGGER cdn_files_removed AFTER DELETE ON cdn_files BEGIN
  INSERT INTO cdn_search(cdn_search, rowid, title, alt_text) VALUES ('delete', old.id, old.title, old.alt_text);
END`;
  yield* insert("cdn_files", ["id", "key", "title", "alt_text", "bytes", "metadata"],
    Array.from({ length: 420 }, (_, n) => [
      n * 3 + 1, `images/${id("img")}.webp`, words(3), n % 6 ? sentence() : null, below(4_000_000), JSON.stringify({ width: below(4000), tags: [pick(["hero", "icon"])] }),
    ]));
  yield "DELETE FROM cdn_files WHERE id % 30 = 1";
  yield* insert("help_search", ["rowid", "topic", "body", "tag"],
    Array.from({ length: 90 }, (_, n) => [n * 1000 + 7, words(2), `${sentence()} ${sentence()} It's "quoted"; naïve café — ${sentence()}`, n % 2 ? "howto" : null]));
  yield "DELETE FROM help_search WHERE rowid = 7007";
  yield* insert("signups", ["email", "source", "confirmed", "created_at"],
    Array.from({ length: 300 }, (_, n) => [`early${n}@example.org`, pick(["web", "friend", null]), n % 2 === 0, new Date(second(n * 3600) * 1000).toISOString()]));
  yield "CREATE VIEW recent_signups(address, since) AS SELECT email, created_at FROM signups ORDER BY created_at DESC LIMIT 20";
  yield `CREATE TRIGGER recent_signups_added INSTEAD OF INSERT ON recent_signups BEGIN
  INSERT INTO signups(email, created_at) VALUES (new.address, new.since);
END`;
}
