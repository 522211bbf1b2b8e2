// Two traces side by side: which span of one is which of the other.

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
    const known = keys.get(key);
    found[i] = known ?? keys.size;
    if (known === undefined) keys.set(key, keys.size);
  }
  return found;
}

/** @param {Model} a @param {Model} b @returns {{toB: Int32Array, onlyB: number[]}} by span of a, the span of b or -1; and what only b has */
function matchTraces(a, b) {
  /** @type {Map<string, number>} */
  const keys = new Map();
  const ofA = pathKeys(a, keys), ofB = pathKeys(b, keys);
  const places = new Map(Array.from(ofB, (key, i) => [key, i]));
  const inA = new Set(ofA);
  return {
    toB: ofA.map((key) => places.get(key) ?? -1),
    onlyB: Array.from(ofB.keys()).filter((i) => !inA.has(ofB[i])),
  };
}

/** @param {string} text of a file @returns {any} its data block: of a page, or of the JSON itself */
function dataOfFile(text) {
  const found = /<script type="application\/json" id="trace-data">([^<]*)<\/script>/.exec(text);
  return JSON.parse(found ? found[1] : text);
}
