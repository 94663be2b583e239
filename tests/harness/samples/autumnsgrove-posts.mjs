// Blog posts: text that a careless dump, splitter or editor would change.

import { insert, random, second } from "./sql.mjs";

const HARD = [
  ["Emoji", "🍂🌳 Autumn’s grove 👩‍👩‍👧‍👦 flags 🇨🇭 and ñ as n\u0303"],
  ["Line ends", "unix\nwindows\r\nold mac\rtabs\tand a trailing backslash\\"],
  ["NUL", "before\0after\0"],
  ["Transactions", "First BEGIN TRANSACTION; then INSERT; and at last COMMIT; ROLLBACK; SAVEPOINT x; END;"],
  ["Only the words", "BEGIN TRANSACTION"],
  ["Comments", "-- not a comment\n/* neither; is this */ ; '' \"\" `` [] ''''"],
  ["Escapes", "\\n is not a newline, \\u0041 is not A, %s %q ?1 :name @name $name {{mustache}}"],
  ["A dump", "INSERT INTO \"posts\" (\"id\") VALUES (1);\nDROP TABLE posts;\nPRAGMA foreign_keys=OFF;"],
  ["Right to left", "\u200fשלום\u200e and مرحبا \u202eabc\u202c"],
  ["Edges of Unicode", "\u0001\u001b[31m \u007f \ufeff \ufffd \u{10ffff} \u2028 \u2029"],
  ["", ""],
];

export function* statements() {
  const { below, sentence, words, bytes } = random(6);
  yield `CREATE TABLE posts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL DEFAULT 'untitled; it''s new',
  markdown TEXT NOT NULL,
  published_at INTEGER /* NULL: a draft */
)`;
  yield "CREATE TABLE images (post_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE, name TEXT, data BLOB NOT NULL)";
  yield "CREATE TABLE tags (post_id INTEGER REFERENCES posts(id), tag TEXT, PRIMARY KEY (post_id, tag)) WITHOUT ROWID";
  yield* insert("posts", ["slug", "title", "markdown", "published_at"], HARD.map(([title, text], n) => [`hard-${n}`, title, text, n % 2 ? second(n) : null]));
  yield* insert("posts", ["slug", "title", "markdown", "published_at"],
    Array.from({ length: 60 }, (_, n) => [`post-${n}`, words(4), `# ${words(3)}\r\n\r\n${Array.from({ length: 8 }, sentence).join("\n\n")}`, second(n * 86400)]));
  // Bytes that are no UTF-8, stored as text.
  yield "INSERT INTO posts (slug, title, markdown) VALUES ('broken', CAST(X'c328a0ff' AS TEXT), CAST(X'eda080' AS TEXT))";
  yield* insert("images", ["post_id", "name", "data"],
    Array.from({ length: 25 }, (_, n) => [1 + below(60), `image ${n}.webp`, bytes(n === 0 ? 0 : 200 + below(2500))]));
  yield* insert("tags", ["post_id", "tag"], Array.from({ length: 120 }, (_, n) => [1 + (n % 60), `${words(1)} ${n}`]));
}
