// Music: composite keys, tables without row numbers, columns with awkward names.

import { asReal, insert, random } from "./sql.mjs";

export function* statements() {
  const { below, words, next, pick } = random(4);
  yield "CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT NOT NULL)";
  yield "CREATE TABLE albums (artist_id INTEGER NOT NULL REFERENCES artists(id), number INTEGER NOT NULL, title TEXT NOT NULL, PRIMARY KEY (artist_id, number)) WITHOUT ROWID";
  yield `CREATE TABLE tracks (
  artist_id INTEGER NOT NULL, album INTEGER NOT NULL, position INTEGER NOT NULL,
  title TEXT NOT NULL, seconds REAL NOT NULL, "order by" TEXT, [select] INTEGER, \`it's\` TEXT, "quo""ted" BLOB,
  PRIMARY KEY (album, position, artist_id),
  FOREIGN KEY (artist_id, album) REFERENCES albums(artist_id, number) ON DELETE CASCADE
) WITHOUT ROWID`;
  yield 'CREATE TABLE "play list" (name TEXT COLLATE NOCASE, at INT, artist_id INTEGER, album INTEGER, position INTEGER, PRIMARY KEY (name, at DESC))';
  yield "CREATE TABLE loose (anything, v ANY, d DECIMAL(10, 2))";
  yield "CREATE TABLE strictly (id INTEGER PRIMARY KEY, v ANY, t TEXT, r REAL, i INT, b BLOB) STRICT";
  yield* insert("artists", ["id", "name"], Array.from({ length: 40 }, (_, n) => [n + 1, words(2)]));
  const albums = Array.from({ length: 110 }, (_, n) => [1 + (n % 40), 1 + Math.floor(n / 40), words(3)]);
  yield* insert("albums", ["artist_id", "number", "title"], albums);
  yield* insert("tracks", ["artist_id", "album", "position", "title", "seconds", "order by", "select", "it's", 'quo"ted'],
    albums.flatMap(([artist, album]) => Array.from({ length: 9 }, (_, n) => [
      artist, album, n + 1, words(2), asReal(120 + below(240)), n % 4 ? null : "x", below(9), "it's", n % 5 ? null : new Uint8Array([0, n, 255]),
    ])));
  yield* insert("play list", ["name", "at", "artist_id", "album", "position"],
    Array.from({ length: 200 }, (_, n) => [pick(["Évening", "evening", "Morning"]), n, 1 + below(40), 1, 1 + below(9)]));
  const mixed = [null, 0, -1, asReal(1), 1.5, "1", "1.0", "", "text", new Uint8Array(), new Uint8Array([49]), 2n ** 53n + 1n, next()];
  yield* insert("loose", ["anything", "v", "d"], mixed.map((value) => [value, value, value]));
  yield* insert("strictly", ["v", "t", "r", "i", "b"], mixed.map((value) => [value, "t", asReal(3), 3, new Uint8Array([3])]));
  yield "CREATE UNIQUE INDEX \"odd index; name\" ON tracks(title COLLATE NOCASE, artist_id, album, position)";
}
