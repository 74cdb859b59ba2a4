/** The leaves of the OSCQuery tree as flat rows, and how a row's value is written. */

const PREFIX = "/vj/";
const SIGNS = {deg: "°", x: "×"};

/**
 * @typedef {object} Row
 * @property {string} name `feedback/amount`
 * @property {string} label `feedback: amount`
 * @property {"float"|"int"|"switch"|"choice"|"text"|"trigger"} kind
 * @property {number} low
 * @property {number} high
 * @property {string[]} choices of a choice; of a text, what may be meant
 * @property {*} start the show's start value
 * @property {string} unit
 * @property {string} help
 * @property {boolean} trigger
 */

/** @returns {Map<string, Row>} of the node `/vj`, in its order */
export function flatten(tree) {
  const rows = new Map();
  const walk = node => {
    if (node.TYPE !== undefined) {
      const row = rowOf(node);
      rows.set(row.name, row);
    }
    for (const child of Object.values(node.CONTENTS || {})) walk(child);
  };
  walk(tree);
  return rows;
}

function rowOf(node) {
  const name = node.FULL_PATH.slice(PREFIX.length);
  const range = (node.RANGE && node.RANGE[0]) || {};
  const start = first(node.DEFAULT_VALUE !== undefined ? node.DEFAULT_VALUE : node.VALUE);
  const kind = kindOf(node, start);
  return {
    name,
    label: name.replace(/^effects\//, "").replace(/\//g, ": ").replace(/_/g, " "),
    kind,
    low: range.MIN !== undefined ? range.MIN : 0,
    high: range.MAX !== undefined ? range.MAX : 1,
    choices: kind === "switch" ? [] : range.VALS || [],
    start,
    unit: first(node.UNIT) || "",
    help: node.DESCRIPTION || "",
    trigger: kind === "trigger",
  };
}

/** A choice has its start among what may be chosen; a text may suggest values and hold another. */
function kindOf(node, start) {
  const range = (node.RANGE && node.RANGE[0]) || {};
  if (node.TYPE === "f") return "float";
  if (node.TYPE === "i") return "int";
  if (node.TYPE === "T" || node.TYPE === "F") return "switch";
  if (node.TYPE === "N" || node.TYPE === "I") return "trigger";
  return range.VALS && range.VALS.includes(start) ? "choice" : "text";
}

const first = value => (Array.isArray(value) ? value[0] : value);

export const isNumber = row => row.kind === "float" || row.kind === "int";

/** A fader of a hundred thousand steps cannot be aimed with: such a number is typed. */
export const isWide = row => row.kind === "int" && row.high - row.low > 100000;

/** Digits after the point that a finger can tell apart. */
function digits(row) {
  const span = row.high - row.low;
  return row.kind === "int" || span > 150 ? 0 : span > 15 ? 1 : span > 1 ? 2 : 2;
}

/** `0.45`, `12.5°`, `-3 s` */
export function written(row, value) {
  if (typeof value !== "number") return value === undefined || value === null ? "" : String(value);
  const number = value.toFixed(digits(row)).replace(/^-(0(?:\.0*)?)$/, "$1");
  if (row.unit in SIGNS) return number + SIGNS[row.unit];
  return row.unit && row.unit.length <= 5 && row.unit !== "frame"
    ? `${number} ${row.unit}`
    : number;
}

/** Where a value lies between low (0) and high (1). */
export const share = (row, value) =>
  Math.min(1, Math.max(0, (value - row.low) / (row.high - row.low || 1)));

/** The value within the range, whole where the row is whole. */
export function fitted(row, value) {
  const inside = Math.min(row.high, Math.max(row.low, value));
  return row.kind === "int" ? Math.round(inside) : inside;
}
