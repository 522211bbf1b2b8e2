// The trace: the data block as columns, and the tree.

const KINDS = ["internal", "server", "client", "producer", "consumer"];
const OUTCOMES = ["ok", "error", "panicked", "cancelled", "never polled", "open"];
const MARKS = ["", "✖", "⚡", "◇", "◌", "▷"];
const [OK, ERROR, PANICKED, CANCELLED, NEVER_POLLED, OPEN] = [0, 1, 2, 3, 4, 5];

/**
 * @typedef {{count: number, busy: number, merged: boolean, longest: number[] | undefined, segments: number[]}} Polls start, duration, thread and wake-up or NaN of each poll
 * @typedef {ReturnType<typeof makeModel>} Model
 */

/** @param {any} data the data block, described in `data_block.rs` */
function makeModel(data) {
  if (data?.v !== 1) throw new Error(`The data of this page has version ${data?.v}; this viewer knows version 1.`);
  /** @type {string[]} */
  const strings = data.strings;
  const n = data.depth.length;
  const depth = Int32Array.from(data.depth);
  const start = Float64Array.from(data.start_ns);
  const name = Int32Array.from(data.name);
  if (start.length !== n || name.length !== n || data.ids.length !== 16 * n) throw new Error("Damaged data: columns differ.");
  const dur = Float64Array.from(data.duration_ns, (/** @type {number | null} */ d) => d ?? NaN);
  const part = Int32Array.from(data.part ?? new Array(n).fill(0));
  let total = 0;
  for (let i = 0; i < n; i++) total = Math.max(total, start[i], start[i] + (dur[i] || 0));
  const end = new Float64Array(n);
  const outcome = new Uint8Array(n);
  const parent = new Int32Array(n).fill(-1);
  const last = new Int32Array(n).fill(n);
  const kids = new Int32Array(n);
  /** @type {number[]} */
  const open = [];
  for (let i = 0; i < n; i++) {
    end[i] = Number.isNaN(dur[i]) ? total : Math.max(start[i], start[i] + dur[i]);
    const o = Number(data.outcomes[i]);
    outcome[i] = o === OK && data.statuses[i] === "2" ? ERROR : o;
    while (open.length && depth[open[open.length - 1]] >= depth[i]) last[/** @type {number} */ (open.pop())] = i;
    if (depth[i] !== open.length) throw new Error(`Damaged data: span ${i} has no place in the tree.`);
    if (open.length) kids[parent[i] = open[open.length - 1]]++;
    open.push(i);
  }
  const value = (/** @type {number} */ v) => (v < 0 ? data.values[-1 - v] : strings[v]);
  /** @type {string[]} */
  const services = data.services;
  const service = Int32Array.from(part, (p) => data.parts[p][3]);
  const threads = new Map((data.threads ?? []).map((/** @type {any[]} */ [p, number, name]) => [`${data.parts[p][3]} ${number}`, name]));
  const pairs = (/** @type {any[][] | undefined} */ list) => new Map((list ?? []).map(([i, ...rest]) => [i, rest]));
  /** @type {Map<number, Polls>} */
  const polls = new Map();
  for (const [i, packed, ...rest] of data.polls ?? []) {
    const segments = new Array(packed.length);
    let at = start[i], busy = 0, most = 0;
    for (let s = 0; s < packed.length; s += 4) {
      const from = at + packed[s], d = packed[s + 1];
      segments[s] = from;
      segments[s + 1] = d;
      segments[s + 2] = packed[s + 2];
      segments[s + 3] = packed[s + 3] < 0 ? NaN : from - packed[s + 3];
      at = from + d;
      busy += d;
      if (d > segments[most + 1]) most = s;
    }
    const [count = packed.length / 4, total = busy, ...longest] = rest;
    polls.set(i, { count, busy: total, merged: longest[3] === 1, longest: longest.length ? longest.slice(0, 3) : packed.length ? segments.slice(most, most + 3) : undefined, segments });
  }
  const traceOf = (/** @type {number} */ i) => data.parts[part[i]][0];
  const count = (/** @type {number[]} */ ...of) => outcome.reduce((sum, o) => sum + Number(of.includes(o)), 0);
  /** @type {Map<string, number> | undefined} */
  let ids;
  const id = (/** @type {number} */ i) => (i < 0 ? "" : data.ids.slice(16 * i, 16 * i + 16));
  return {
    data, strings, n, depth, start, dur, end, name, part, total, outcome, parent, last, kids, services, service, polls, value, traceOf, id,
    /** @param {number} i @param {number} number @returns {string} what tells threads of different processes apart */
    threadKey: (i, number) => `${service[i]} ${number}`,
    threads,
    threadName: (/** @type {string} */ key) => threads.has(key) ? shown(threads.get(key)) : `thread ${key.split(" ")[1]}${services.length > 1 ? ` of ${shown(services[parseInt(key)])}` : ""}`,
    messages: pairs(data.messages), parents: pairs(data.parents), events: pairs(data.events), links: pairs(data.links), dropped: pairs(data.dropped), givenUp: pairs(data.given_up),
    failed: count(ERROR, PANICKED), cancelled: count(CANCELLED),
    /** @param {string} of @returns {number} the first span of this id, or -1 */
    find(of) {
      if (!ids) {
        ids = new Map();
        for (let i = n - 1; i >= 0; i--) ids.set(id(i), i);
      }
      return ids.get(of) ?? -1;
    },
    isFailed: (/** @type {number} */ i) => outcome[i] === ERROR || outcome[i] === PANICKED,
    nameOf: (/** @type {number} */ i) => shown(strings[name[i]]) || "(no name)",
    serviceOf: (/** @type {number} */ i) => shown(services[service[i]]),
    /** @param {any} list @returns {[string, any][]} */
    attributes(list) {
      /** @type {[string, any][]} */
      const found = [];
      for (let a = 0; list && a < list.length; a += 2) found.push([strings[list[a]], value(list[a + 1])]);
      return found;
    },
  };
}

/** @param {Model} m @param {number} i @returns {number[]} its children, in order of start */
function childrenOf(m, i) {
  const found = [];
  for (let c = i + 1; c < m.last[i]; c = m.last[c]) found.push(c);
  return found;
}

/** @param {Model} m @param {number} i @returns {number[]} from, to, from, to: when a child was open, within its own time */
function covered(m, i) {
  /** @type {number[]} */
  const found = [];
  for (let c = i + 1; c < m.last[i]; c = m.last[c]) {
    const from = Math.max(m.start[c], m.start[i]), to = Math.min(m.end[c], m.end[i]);
    if (to <= from) continue;
    const top = found.length - 1;
    if (top > 0 && from <= found[top]) found[top] = Math.max(found[top], to);
    else found.push(from, to);
  }
  return found;
}

/** @param {Model} m @param {number} i @returns {number} time in which no child was open */
function selfTime(m, i) {
  let own = m.end[i] - m.start[i];
  const list = covered(m, i);
  for (let k = 0; k < list.length; k += 2) own -= list[k + 1] - list[k];
  return own;
}
