// What the demo prints.

import { styleText, stripVTControlCharacters } from "node:util";

export const interactive = Boolean(process.stdout.isTTY);
const coloured = interactive && !process.env.NO_COLOR;

export const paint = (colour, text) => (coloured ? styleText(colour, text, { validateStream: false }) : text);
export const say = (text) => console.log(text);
export const note = (text) => console.log(`  ${paint("yellow", "!")} ${text}`);
export const heading = (text) => console.log(`\n${paint("bold", text)}`);
export const number = (value) => value.toLocaleString("en");

export const bytes = (size) => (size < 1024 ? `${size} B` : size < 1024 ** 2 ? `${(size / 1024).toFixed(0)} KB` : `${(size / 1024 ** 2).toFixed(1)} MB`);

/** A table with its first column left and the others right aligned. */
export function table(head, rows) {
  const width = (text) => stripVTControlCharacters(text).length;
  const widths = head.map((_, n) => Math.max(...[head, ...rows].map((row) => width(row[n]))));
  const line = (row) => row.map((text, n) => {
    const blanks = " ".repeat(widths[n] - width(text));
    return n === 0 ? text + blanks : blanks + text;
  }).join("  ");
  say(paint("dim", line(head)));
  for (const row of rows) say(line(row));
}
