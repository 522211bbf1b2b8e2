// Two traces side by side: which span of one is which of the other, and where the rest of the other belongs.

/** @typedef {{b: Model, toB: Int32Array, onlyB: number[]}} Other the trace compared with: by span of this one, the span of it or -1; and what only it has */

/** @param {Model} m @param {Map<string, number>} keys shared by both @returns {Int32Array} the number of each span's path: service, name and place among equal siblings, from the root down */
function pathKeys(m, keys) {
  const found = new Int32Array(m.n);
  /** @type {Map<string, number>} */
  const seen = new Map();
  for (let i = 0; i < m.n; i++) {
    const above = m.parent[i] < 0 ? -1 : found[m.parent[i]];
    const path = JSON.stringify([above, m.services[m.service[i]], m.strings[m.name[i]]]);
    const ordinal = seen.get(path) ?? 0;
    seen.set(path, ordinal + 1);
    const key = `${path}${ordinal}`;
    if (!keys.has(key)) keys.set(key, keys.size);
    found[i] = /** @type {number} */ (keys.get(key));
  }
  return found;
}

/** @param {Model} a @param {Model} b @returns {Other} */
function matchTraces(a, b) {
  const keys = new Map();
  const ofA = pathKeys(a, keys), ofB = pathKeys(b, keys);
  const inA = new Set(ofA), inB = new Map(Array.from(ofB, (key, i) => [key, i]));
  return { b, toB: ofA.map((key) => inB.get(key) ?? -1), onlyB: Array.from(ofB.keys()).filter((i) => !inA.has(ofB[i])) };
}

/**
 * Rows with what only the other trace has below what stands above it in both.
 * @param {Model} m @param {Int32Array} plain rows without them @param {Other} other @param {Fold} fold
 * @returns {{rows: Int32Array, shift: Int32Array}} spans of the other as m.n + their number; and by plain row, how much further down it is now
 */
function withOther(m, plain, { b, toB, onlyB }, { folded }) {
  const rows = new Int32Array(plain.length + onlyB.length), shift = new Int32Array(plain.length);
  const toA = new Int32Array(b.n).fill(-1);
  toB.forEach((i, a) => { if (i >= 0) toA[i] = a; });
  /** By span of ours: what only the other has below it, in its order. @type {Map<number, number[]>} */
  const below = new Map();
  for (const i of onlyB) {
    let above = b.parent[i];
    while (above >= 0 && toA[above] < 0) above = b.parent[above];
    const at = above < 0 ? -1 : toA[above];
    below.has(at) ? below.get(at)?.push(i) : below.set(at, [i]);
  }
  let count = 0;
  /** @type {number[]} */
  const open = [];
  const close = (/** @type {number} */ until) => {
    while (open.length && m.last[open[open.length - 1]] <= until) for (const i of below.get(/** @type {number} */ (open.pop())) ?? []) rows[count++] = m.n + i;
  };
  plain.forEach((at, r) => {
    const i = at < 0 ? -1 - at : at;
    close(i);
    shift[r] = count - r;
    rows[count++] = at;
    if (at >= 0 && !folded[i]) open.push(i);
  });
  close(m.n);
  for (const i of below.get(-1) ?? []) rows[count++] = m.n + i;
  return { rows: rows.subarray(0, count), shift };
}

/** @param {string} text JSON, or the base64 of gzip that `Html::compress` writes @returns {Promise<any>} */
async function decoded(text) {
  if (/^\s*{/.test(text)) return JSON.parse(text);
  const raw = atob(text.trim()), bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

/** @param {string} text of a file @returns {Promise<any>} its data block: of a page, or of the JSON itself */
function dataOfFile(text) {
  return decoded(/<script type="application\/json" id="trace-data">([^<]*)<\/script>/.exec(text)?.[1] ?? text);
}
