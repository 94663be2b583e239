// Domain searches: two tables that point at each other, generated columns, partial indexes, views on views.

import { insert, random, second } from "./sql.mjs";

export function* statements() {
  const { below, words, pick, id } = random(8);
  yield `CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
  best_result INTEGER REFERENCES results(id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  day TEXT GENERATED ALWAYS AS (date(created_at, 'unixepoch')) VIRTUAL
)`;
  yield `CREATE TABLE results (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  domain TEXT NOT NULL,
  price_cents INTEGER,
  price TEXT GENERATED ALWAYS AS (printf('%.2f', price_cents / 100.0)) STORED,
  tld TEXT AS (substr(domain, instr(domain, '.') + 1))
)`;
  yield "CREATE TABLE audit (at INTEGER, what TEXT)";
  const jobs = Array.from({ length: 45 }, (_, n) => [n + 1, id("job"), pick(["queued", "running", "done", "failed"]), second(n * 40_000)]);
  yield* insert("jobs", ["id", "public_id", "status", "created_at"], jobs);
  yield* insert("results", ["job_id", "domain", "price_cents"],
    Array.from({ length: 400 }, () => [1 + below(45), `${words(2).replace(" ", "-")}.${pick(["com", "garden", "co.uk"])}`, below(5) ? 999 + below(9000) : null]));
  yield "UPDATE jobs SET best_result = (SELECT id FROM results WHERE job_id = jobs.id ORDER BY price_cents LIMIT 1)";
  yield "INSERT INTO jobs (id, public_id, status, created_at) VALUES (9000000000, 'far ahead', 'done', 1)";
  yield "DELETE FROM jobs WHERE id = 9000000000";
  yield "CREATE INDEX jobs_open ON jobs(created_at) WHERE status IN ('queued', 'running')";
  yield "CREATE UNIQUE INDEX results_once ON results(job_id, id DESC) WHERE price_cents > 0";
  yield "CREATE INDEX results_tld ON results(tld, price)";
  // Named so that the view on top comes first by name.
  yield "CREATE VIEW z_priced AS SELECT job_id, domain, price FROM results WHERE price_cents IS NOT NULL";
  yield "CREATE VIEW a_summary AS SELECT j.public_id, j.day, count(*) AS offers FROM jobs j JOIN z_priced p ON p.job_id = j.id GROUP BY j.id";
  yield `CREATE TRIGGER jobs_done AFTER UPDATE OF status ON jobs FOR EACH ROW WHEN new.status = 'done'
BEGIN
  INSERT INTO audit VALUES (unixepoch(), 'job ' || new.public_id || ' is done; CASE closed');
  UPDATE results SET price_cents = CASE WHEN price_cents < 0 THEN 0 ELSE price_cents END WHERE job_id = new.id;
END`;
}
