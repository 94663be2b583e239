// A port that a person can remember, in front of the harness, which always takes a free one.

import net from "node:net";

const USUAL = 8787;

/** Forwards `wanted` (or the usual port, or a free one when that is taken) to `target`. */
export async function openPort(target, wanted) {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted > 0 && wanted < 65536)) throw new Error("--port needs a number from 1 to 65535");
  const connections = new Set();
  const server = net.createServer((incoming) => {
    const outgoing = net.connect(Number(target.port), target.hostname);
    for (const [from, to] of [[incoming, outgoing], [outgoing, incoming]]) {
      connections.add(from);
      from.pipe(to);
      // Either side may hang up at any time; the other then has nobody to talk to.
      from.on("error", () => to.destroy());
      from.on("close", () => {
        connections.delete(from);
        to.destroy();
      });
    }
  });
  const listen = (number) => new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(number, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  try {
    await listen(wanted ?? USUAL);
  } catch (error) {
    if (error.code === "EACCES") throw new Error(`port ${wanted} needs more rights than you have: choose one above 1023`);
    if (error.code !== "EADDRINUSE") throw error;
    if (wanted !== undefined) throw new Error(`port ${wanted} is in use, perhaps by another demo: stop that or give another --port`);
    await listen(0);
  }
  return {
    url: `http://localhost:${server.address().port}/`,
    close: () => {
      for (const connection of connections) connection.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
