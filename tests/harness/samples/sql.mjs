// SQL text from JavaScript values, and values that look random but are the same in every run.

/** A literal that SQLite reads back as exactly this value. `{ sql }` is taken as it is. */
export function literal(value) {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "bigint") return integer(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : real(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  if (value instanceof Uint8Array) return `X'${hex(value)}'`;
  if (typeof value === "object") return value.sql;
  // A NUL would end the literal.
  return value.includes("\0") ? `CAST(X'${hex(Buffer.from(value))}' AS TEXT)` : `'${value.replaceAll("'", "''")}'`;
}

/** A real, also where JavaScript knows no difference: `real(1)` is 1.0. */
export const asReal = (value) => ({ sql: real(value) });

export const identifier = (name) => `"${name.replaceAll('"', '""')}"`;

/** INSERT statements of many rows each, all under D1's 100,000 bytes. `rows` are arrays in the order of `columns`. */
export function insert(table, columns, rows) {
  const head = `INSERT INTO ${identifier(table)} (${columns.map(identifier).join(", ")}) VALUES\n`;
  const statements = [];
  let body = "";
  for (const row of rows) {
    const tuple = `(${row.map(literal).join(", ")})`;
    if (body && Buffer.byteLength(head) + Buffer.byteLength(body) + Buffer.byteLength(tuple) > 90_000) {
      statements.push(head + body);
      body = "";
    }
    body += body ? `,\n${tuple}` : tuple;
  }
  if (body) statements.push(head + body);
  return statements;
}

/** Numbers from a seed (mulberry32): `next()` in [0, 1), `below(n)`, `pick(list)`, `words(n)`, `sentence()`, `bytes(n)`. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  const words = (count) => Array.from({ length: count }, () => pick(WORDS)).join(" ");
  return {
    next,
    below,
    pick,
    words,
    sentence: () => {
      const text = words(6 + below(12));
      return `${text[0].toUpperCase()}${text.slice(1)}.`;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
    id: (prefix) => `${prefix}_${Array.from({ length: 16 }, () => "0123456789abcdef"[below(16)]).join("")}`,
  };
}

/** An instant of the sample year, in Unix seconds. */
export const second = (offset) => 1_700_000_000 + offset;

function integer(value) {
  // The literal 9223372036854775808 is a real before the minus is applied.
  return value === -(2n ** 63n) ? "(-9223372036854775807 - 1)" : String(value);
}

function real(value) {
  if (value === Infinity) return "9.0e+999";
  if (value === -Infinity) return "-9.0e+999";
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");

const WORDS = `acorn amber ash autumn bark beech berry birch bloom bough bramble branch brook canopy cedar clover creek dawn
dew dusk elder elm ember fern field finch forest frost garden glade grove harvest hazel hedge heron hollow ivy juniper
lantern larch leaf lichen linden maple meadow mist moon moss mushroom nest oak orchard owl path pebble pine pond poplar
rain reed river robin root rowan rush sap seed shade slope sparrow spring spruce squirrel stone stream thicket thistle
thorn timber trail twig valley vine walnut willow wind winter wren yew`.split(/\s+/);
