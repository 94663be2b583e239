// Programs that the benchmark runs.

import { spawn } from "node:child_process";

const children = new Set();

/** Ends the programs that still run. */
export function endPrograms() {
  for (const child of children) child.kill("SIGKILL");
}

/** Runs a program to its end; one that fails is an error with what it said. */
export function run(program, parameters, { stdout = "pipe", env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: ["ignore", stdout, "pipe"], env });
    children.add(child);
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    child.stdout?.on("data", (chunk) => (said += chunk));
    child.on("error", (error) => {
      children.delete(child);
      reject(error.code === "ENOENT" ? new Error(`${program} is not installed`) : error);
    });
    child.on("close", (status, signal) => {
      children.delete(child);
      if (status === 0) resolve();
      else reject(new Error(said.trim().split("\n").slice(-3).join(" ") || `${program} ended with ${status ?? signal}`));
    });
  });
}
