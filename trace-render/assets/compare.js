// Two traces side by side: which span of one is which of the other, and where the rest of the other belongs.

/** @typedef {{b: Model, toB: Int32Array, onlyB: number[]}} Other the trace compared with: by span of this one, the span of it or -1; and what only it has */

/** @param {Model} m @param {Map<string, number>} keys shared by both @returns {Int32Array} the number of each span's path: service, name and place among equal siblings, from the root down */
function pathKeys(m, keys) {
  const found = new Int32Array(m.n);
  /** @type {Map<string, number>} */
  const seen = new Map();
  for (let i = 0; i < m.n; i++) {
    const path = JSON.stringify([found[m.parent[i]] ?? -1, m.services[m.service[i]], m.strings[m.name[i]]]), ordinal = seen.get(path) ?? 0, key = path + ordinal;
    seen.set(path, ordinal + 1);
    keys.set(key, found[i] = keys.get(key) ?? keys.size);
  }
  return found;
}

/** @param {Model} a @param {Model} b @returns {Other} */
function matchTraces(a, b) {
  const keys = new Map(), ofA = pathKeys(a, keys), ofB = pathKeys(b, keys);
  const inA = new Set(ofA), inB = new Map(Array.from(ofB, (key, i) => [key, i]));
  return { b, toB: ofA.map((key) => inB.get(key) ?? -1), onlyB: Array.from(ofB.keys()).filter((i) => !inA.has(ofB[i])) };
}

/**
 * Rows with what only the other trace has below what stands above it in both.
 * @param {Model} m @param {Int32Array} plain rows without them @param {Other} other @param {Fold} fold
 * @returns {{rows: Int32Array, shift: Int32Array}} spans of the other as m.n + their number; and by plain row, how much further down it is now
 */
function withOther(m, plain, { b, toB, onlyB }, { folded }) {
  const rows = new Int32Array(plain.length + onlyB.length), shift = new Int32Array(plain.length), toA = new Int32Array(b.n).fill(-1);
  toB.forEach((i, a) => { if (i >= 0) toA[i] = a; });
  /** By span of ours: what only the other has below it, in its order. */
  const below = groupBy(onlyB, (i) => {
    while (i >= 0 && toA[i] < 0) i = b.parent[i];
    return toA[i] ?? -1;
  });
  let count = 0;
  const tell = (/** @type {number} */ at) => { for (const i of below.get(at) ?? []) rows[count++] = m.n + i; };
  /** @type {number[]} */
  const open = [];
  const close = (/** @type {number} */ until) => { while (m.last[open.at(-1) ?? -1] <= until) tell(/** @type {number} */ (open.pop())); };
  plain.forEach((at, r) => {
    close(spanOf(at));
    shift[r] = count - r;
    rows[count++] = at;
    if (at >= 0 && !folded[at]) open.push(at);
  });
  close(m.n);
  tell(-1);
  return { rows: rows.subarray(0, count), shift };
}

/** @param {string} text JSON, or the base64 of gzip that `Html::compress` writes @returns {Promise<any>} */
async function decoded(text) {
  if (/^\s*{/.test(text)) return JSON.parse(text);
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

/** @param {string} text of a file @returns {Promise<any>} its data block: of a page, or of the JSON itself */
function dataOfFile(text) {
  return decoded(/id="trace-data">([^<]*)/.exec(text)?.[1] ?? text);
}
