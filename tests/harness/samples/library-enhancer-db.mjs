// A library: categories inside categories, and books whose text is longer than one SQL statement may be.

import { insert, random, second } from "./sql.mjs";

export function* statements() {
  const { below, words, sentence, bytes } = random(5);
  yield "CREATE TABLE categories (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES categories(id) ON DELETE RESTRICT, name TEXT NOT NULL, UNIQUE (parent_id, name))";
  yield "CREATE TABLE books (isbn TEXT PRIMARY KEY, category_id INTEGER REFERENCES categories(id), title TEXT NOT NULL, summary TEXT, full_text TEXT CHECK (full_text IS NULL OR length(full_text) > 10), cover BLOB, added_at INTEGER)";
  yield "CREATE TABLE notes (book TEXT NOT NULL REFERENCES books(isbn) ON UPDATE CASCADE ON DELETE CASCADE, page INTEGER, note TEXT)";
  // The children have smaller numbers than their parents: rows in key order do not go in one after the other.
  yield "PRAGMA defer_foreign_keys = TRUE";
  yield* insert("categories", ["id", "parent_id", "name"],
    Array.from({ length: 60 }, (_, n) => [60 - n, n === 0 ? null : 60 - Math.floor((n - 1) / 3), `${words(1)} ${n}`]));
  yield* insert("categories", ["id", "parent_id", "name"], [[1000, 1000, "its own parent"]]);
  const books = Array.from({ length: 150 }, (_, n) => [`978-${String(n).padStart(9, "0")}`, 1 + below(60), words(4), sentence(), null, n % 9 ? null : bytes(700), second(n)]);
  yield* insert("books", ["isbn", "category_id", "title", "summary", "full_text", "cover", "added_at"], books);
  yield* insert("notes", ["book", "page", "note"],
    Array.from({ length: 900 }, () => [books[below(150)][0], below(500), sentence()]));
  // D1 stores what no single INSERT can hold: it grows by updates.
  for (const [book, repeats] of [[0, 4], [1, 1], [2, 1]]) {
    const chapter = Array.from({ length: 450 }, sentence).join("\n").replaceAll("owl", "🦉").replaceAll("ivy", "l'ivy");
    yield `UPDATE books SET full_text = 'Chapter one: ' WHERE isbn = '${books[book][0]}'`;
    for (let n = 0; n < repeats; n++) {
      yield `UPDATE books SET full_text = full_text || '${chapter.replaceAll("'", "''")}' WHERE isbn = '${books[book][0]}'`;
    }
  }
  yield `UPDATE books SET cover = zeroblob(60000) || X'ff00' WHERE isbn = '${books[3][0]}'`;
  yield `UPDATE books SET cover = CAST(zeroblob(120000) || X'fe01' AS BLOB) WHERE isbn = '${books[4][0]}'`;
  yield "CREATE INDEX books_category ON books(category_id, title)";
  yield `CREATE VIEW category_paths AS WITH RECURSIVE tree(id, path) AS (
  SELECT id, name FROM categories WHERE parent_id IS NULL UNION ALL
  SELECT c.id, tree.path || ' / ' || c.name FROM categories c JOIN tree ON c.parent_id = tree.id WHERE c.id <> c.parent_id
) SELECT * FROM tree`;
}
