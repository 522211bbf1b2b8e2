// Text for people: what is hidden is shown, durations and values.

// Not what joins letters and emoji, which changes nothing but how they look.
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** @param {number} n @param {number} low @param {number} high @returns {number} */
const clamp = (n, low, high) => Math.min(Math.max(n, low), high);

/** @param {string} text @returns {string} with control characters and what turns the direction of writing as escapes */
function shown(text) {
  return text.replace(HIDDEN, (c) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[c] ?? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** @param {number} ns @returns {string} as `duration_text` in Rust has it */
function duration(ns) {
  if (ns < 0) return `−${duration(-ns)}`;
  const whole = (/** @type {number} */ unit) => Math.floor(ns / unit + 0.5);
  if (ns < 1e3) return `${whole(1)} ns`;
  if (ns < 999_950) return `${(whole(100) / 10).toFixed(1)} µs`;
  if (ns < 999_950_000) return `${(whole(1e5) / 10).toFixed(1)} ms`;
  if (ns < 59_995_000_000) return `${(whole(1e7) / 100).toFixed(2)} s`;
  const s = whole(1e9), [high, low] = s < 3600 ? [s, " s"] : [s / 60, " m"];
  return `${Math.floor(high / 60)} ${s < 3600 ? "m" : "h"} ${String(Math.floor(high % 60)).padStart(2, "0")}${low}`;
}

/** @param {string} text @param {number} whole what 100 % is @returns {number} nanoseconds, or NaN */
function parseDuration(text, whole) {
  const found = /^([\d.]+)\s*(ns|us|µs|ms|s|m|h|%)?$/.exec(text);
  if (!found) return NaN;
  const units = { ns: 1, us: 1e3, "µs": 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12, "%": whole / 100 };
  return Number(found[1]) * units[/** @type {keyof typeof units} */ (found[2] ?? "ns")];
}

/** @param {any} value of the data block @returns {any} as JSON has it, what would lose digits as text */
function plainValue(value) {
  if (Array.isArray(value)) return value.map(plainValue);
  return typeof value !== "object" ? value : "empty" in value ? [] : value.int ?? value.double ?? value.bytes;
}

/** @param {any} value of the data block @returns {string} */
function valueText(value) {
  const plain = plainValue(value);
  return Array.isArray(plain) ? `[${plain.map((v, k) => (value[k] === v && typeof v === "string" ? JSON.stringify(v) : v)).join(", ")}]` : String(plain);
}

/** @param {number} n @param {(k: number) => boolean} test @returns {number} how many of the first pass, where none passes after one that does not */
function countBelow(n, test) {
  let low = 0;
  for (let high = n; low < high;) {
    const middle = (low + high) >> 1;
    if (test(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @template T, K @param {Iterable<T>} all @param {(of: T) => K} keyOf @returns {Map<K, T[]>} in order */
function groupBy(all, keyOf) {
  /** @type {Map<K, T[]>} */
  const found = new Map();
  for (const of of all) {
    const key = keyOf(of), group = found.get(key);
    group ? group.push(of) : found.set(key, [of]);
  }
  return found;
}

/** @param {string} start decimal nanoseconds since 1970 @param {number} ns after it @param {boolean} utc @returns {string} */
function wallTime(start, ns, utc) {
  const at = BigInt(start) + BigInt(Math.round(ns));
  // By way of a text: the build makes `+x` of `Number(x)`, which is not for a BigInt.
  const ms = parseInt(`${at / 1_000_000n}`), shift = utc ? 0 : new Date(ms).getTimezoneOffset() * 6e4;
  return `${new Date(ms - shift).toISOString().slice(0, 19).replace("T", " ")}.${String(at % 1_000_000_000n).padStart(9, "0")}${utc ? " UTC" : ""}`;
}
