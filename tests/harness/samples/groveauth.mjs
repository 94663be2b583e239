// Users with their sessions and OAuth grants: everything hangs on the user and goes with it (CASCADE).

import { insert, random, second } from "./sql.mjs";

const USERS = 180;
const CLIENTS = ["grove-web", "grove-mobile", "scout", "domains"];

export function* statements() {
  const { below, id, pick, bytes, next } = random(1);
  // A child before its parent: the order of the names is not the order in which rows can go in.
  yield `CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT UNIQUE NOT NULL COLLATE NOCASE,
  name TEXT,
  avatar_hash BLOB,
  created_at INTEGER NOT NULL,
  updated_at INTEGER
)`;
  yield `CREATE TABLE oauth_clients (id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, redirect_uris TEXT NOT NULL CHECK (json_valid(redirect_uris)))`;
  yield `CREATE TABLE auth_codes (
  code TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES oauth_clients(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID`;
  yield `CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  token TEXT NOT NULL,
  ip TEXT, -- as the edge saw it; "; DROP" is no statement here
  expires_at INTEGER NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
)`;
  yield `CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT REFERENCES users(id) ON DELETE SET NULL,
  event TEXT NOT NULL,
  at INTEGER NOT NULL DEFAULT (unixepoch())
)`;
  const users = Array.from({ length: USERS }, (_, n) => [
    id("usr"), `walker${n}@example.com`, n % 7 ? `Walker ${n}` : null, n % 3 ? bytes(16) : null, second(n * 900), n % 5 ? second(n * 950) : null,
  ]);
  users[1][2] = "Seán O'Hara";
  users[2][2] = "小林 さくら";
  yield* insert("users", ["id", "email", "name", "avatar_hash", "created_at", "updated_at"], users);
  yield* insert("oauth_clients", ["id", "secret_hash", "redirect_uris"],
    CLIENTS.map((client) => [client, bytes(32), JSON.stringify([`https://${client}.example.com/callback`])]));
  yield* insert("auth_codes", ["code", "client_id", "user_id", "expires_at"],
    Array.from({ length: 60 }, (_, n) => [id("code"), pick(CLIENTS), pick(users)[0], second(n)]));
  yield* insert("sessions", ["id", "user_id", "token", "ip", "expires_at"],
    Array.from({ length: 620 }, (_, n) => [id("ses"), pick(users)[0], id("tok") + id(""), next() < 0.9 ? `10.0.${below(256)}.${below(256)}` : null, second(n * 60)]));
  yield* insert("audit_log", ["user_id", "event", "at"],
    Array.from({ length: 900 }, (_, n) => [n % 11 ? pick(users)[0] : null, pick(["login", "logout", "refresh", "revoke"]), second(n * 30)]));
  // The counter is now ahead of the rows, and has to stay there.
  yield "DELETE FROM audit_log WHERE id > 890";
  yield "CREATE INDEX sessions_user ON sessions(user_id, expires_at DESC)";
  yield "CREATE INDEX users_email_lower ON users(lower(email))";
  yield "CREATE VIEW active_users AS SELECT u.id, u.email, count(s.id) AS sessions FROM users u JOIN sessions s ON s.user_id = u.id GROUP BY u.id";
}
