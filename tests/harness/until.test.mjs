import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "./until.mjs";

test("what is accepted at last is returned", async () => {
  const values = [1, 2, 3];
  assert.equal(await until("a three comes", () => values.shift(), { accept: (value) => value === 3 }), 3);
});

test("what does not come is an error that says what was read last and what the Workers said", async () => {
  const never = until("a three comes", () => ({ two: 2 }), { accept: () => false, seconds: 0, errors: () => ["no three"] });
  await assert.rejects(never, { message: "a three comes: not within 0 s. Last read: { two: 2 }\na Worker said: no three" });
});
