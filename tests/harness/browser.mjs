// A Chromium on a running system, and what is asked of every page in it.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import axe from "axe-core";
import { chromium } from "playwright-core";

/** Where a browser is, in this order. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
const QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** Starts one; without one, an error that says what to install. */
export async function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => fs.existsSync(place));
  if (!executablePath) throw new Error("There is no Chromium and no Chrome: install one (on Debian: apt-get install chromium), or name it by CHROMIUM=/path.");
  return chromium.launch({ executablePath, args: QUIET });
}

/** A page of its own session. `faults` is what the browser complained of, which is nothing as long as all is well. */
export async function openPage(browser, url, { width = 1280, height = 900, dark = false, bypassCSP = false } = {}) {
  const context = await browser.newContext({ baseURL: String(url), viewport: { width, height }, colorScheme: dark ? "dark" : "light", bypassCSP, acceptDownloads: true });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    // That a refused form answers 4xx is what its test is about.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  return { page, context, faults };
}

export async function signIn(page, token) {
  await page.goto("/sign-in");
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Asserts that axe finds nothing on a page, and that it is not wider than its window. */
export async function assertAccessible(page, what) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window, `${what} is ${wide} px wide in a window of ${window}`);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`), [], what);
}

/** Writes a picture of a page into the folder that SCREENSHOTS names, when it names one. */
export async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  fs.mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}
