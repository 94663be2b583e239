// Waiting for something that happens elsewhere.

import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

const EVERY_MS = 50;

/**
 * Reads until `accept` takes what was read, and returns that. After `seconds` it is an error, which says `what` was
 * waited for, what was read last, and the last `errors`.
 */
export async function until(what, read, { accept = Boolean, seconds = 30, errors = () => [] } = {}) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await read();
    if (accept(found)) return found;
    if (performance.now() >= deadline) {
      const lines = [`${what}: not within ${seconds} s. Last read: ${inspect(found, { depth: 6, breakLength: 120 })}`];
      throw new Error([...lines, ...errors().slice(-5).map((error) => `a Worker said: ${error}`)].join("\n"));
    }
    await sleep(EVERY_MS);
  }
}
