// Searches paid with credits; triggers keep the balance, which must not run again when rows are restored.

import { insert, random, second } from "./sql.mjs";

export function* statements() {
  const { below, id, pick, words, next } = random(2);
  yield "CREATE TABLE accounts (id INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE, balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0), referred_by INTEGER REFERENCES accounts(id))";
  yield `CREATE TABLE credits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES accounts(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  amount INTEGER NOT NULL,
  reason TEXT NOT NULL
)`;
  yield `CREATE TABLE searches (
  id TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts(id) ON DELETE RESTRICT,
  query TEXT NOT NULL,
  filters JSON,
  price REAL,
  results INTEGER,
  created_at INTEGER NOT NULL
)`;
  yield "CREATE TABLE balance_changes (account_id INTEGER, before INTEGER, after INTEGER)";
  yield `CREATE TRIGGER credits_count AFTER INSERT ON credits BEGIN
  UPDATE accounts SET balance = balance + new.amount WHERE id = new.account_id;
END`;
  yield `CREATE TRIGGER balance_is_logged AFTER UPDATE OF balance ON accounts WHEN old.balance <> new.balance BEGIN
  INSERT INTO balance_changes VALUES (new.id, old.balance, new.balance);
  SELECT CASE WHEN new.balance > 1000000 THEN RAISE(ABORT, 'too rich; ask support') END;
END`;
  yield* insert("accounts", ["id", "handle", "referred_by"],
    Array.from({ length: 120 }, (_, n) => [n + 1, `scout-${n + 1}`, n > 3 && n % 4 === 0 ? 1 + below(n) : null]));
  yield* insert("credits", ["account_id", "amount", "reason"],
    Array.from({ length: 700 }, () => [1 + below(120), 1 + below(50), pick(["purchase", "referral", "welcome", "refund"])]));
  yield* insert("searches", ["id", "account_id", "query", "filters", "price", "results", "created_at"],
    Array.from({ length: 1500 }, (_, n) => [
      id("srch"), 1 + below(120), words(2 + below(5)), n % 3 ? JSON.stringify({ size: below(12), colours: [pick(["red", "green"]), "blue"], deep: { sale: next() < 0.5 } }) : null,
      n % 10 ? below(100000) / 100 : null, below(400), second(n * 77),
    ]));
  yield "CREATE INDEX searches_account ON searches(account_id)";
  yield "CREATE INDEX searches_colour ON searches(json_extract(filters, '$.colours[0]')) WHERE filters IS NOT NULL";
}
