// The trace: the data block as columns, and the tree.

const KINDS = ["internal", "server", "client", "producer", "consumer"];
const OUTCOMES = ["ok", "error", "panicked", "cancelled", "never polled", "open"];
const MARKS = ["", "✖", "⚡", "◇", "◌", "▷"];
const ERROR = 1, PANICKED = 2, CANCELLED = 3, NEVER_POLLED = 4, OPEN = 5;

/**
 * @typedef {{count: number, busy: number, merged: boolean, longest: number[], segments: number[]}} Polls start, duration, thread and wake-up or NaN of each poll; start, duration and thread of the longest
 * @typedef {ReturnType<typeof makeModel>} Model
 */

/** @param {any} data the data block, described in `data_block.rs` */
function makeModel(data) {
  if (data?.v !== 1) throw new Error(`The data has version ${data?.v}; this viewer knows 1.`);
  const { strings, services, start_ns: start, name, depth } = /** @type {Record<string, any>} */ (data), n = depth.length;
  const dur = Float64Array.from(data.duration_ns, (/** @type {number | null} */ d) => d ?? NaN), end = new Float64Array(n);
  const [outcome, parent, last, kids, service] = Array.from({ length: 5 }, () => new Int32Array(n));
  let total = 0;
  for (let i = 0; i < n; i++) total = Math.max(total, start[i] + Math.max(dur[i] || 0, 0));
  /** @type {number[]} */
  const open = [];
  const close = (/** @type {number} */ level, /** @type {number} */ i) => { for (const above of open.splice(level)) last[above] = i; };
  for (let i = 0; i < n; i++) {
    const told = Number(data.outcomes[i]);
    end[i] = isNaN(dur[i]) ? total : Math.max(start[i], start[i] + dur[i]);
    outcome[i] = told || Number(data.statuses[i] === "2");
    service[i] = data.parts[partOf(data, i)][3];
    if (!(depth[i] <= open.length)) throw new Error(`Damaged: span ${i} has no place in the tree.`);
    close(depth[i], i);
    parent[i] = open.at(-1) ?? -1;
    kids[parent[i]]++;
    open.push(i);
  }
  close(0, n);
  const pairs = (/** @type {any[][] | undefined} */ list) => new Map((list ?? []).map(([i, ...rest]) => [i, rest]));
  /** @type {Map<number, Polls>} */
  const polls = new Map();
  for (const [i, packed, ...rest] of data.polls ?? []) {
    const segments = [...packed];
    let at = start[i], busy = 0, most = 0;
    for (let s = 0; s < packed.length; s += 4) {
      const from = at + packed[s], d = packed[s + 1];
      segments[s] = from;
      segments[s + 3] = packed[s + 3] < 0 ? NaN : from - packed[s + 3];
      at = from + d;
      busy += d;
      if (d > segments[most + 1]) most = s;
    }
    const [count = packed.length / 4, total = busy, ...longest] = rest;
    polls.set(i, { count, busy: total, merged: longest[3] === 1, longest: longest.length ? longest : segments.slice(most, most + 3), segments });
  }
  const threads = new Map((data.threads ?? []).map((/** @type {any[]} */ [p, number, name]) => [`${data.parts[p][3]} ${number}`, name]));
  const id = (/** @type {number} */ i) => (i < 0 ? "" : data.ids.slice(16 * i, 16 * i + 16));
  const value = (/** @type {number} */ v) => (v < 0 ? data.values[-1 - v] : strings[v]);
  const [messages, events, links] = [data.messages, data.events, data.links].map(pairs);
  /** @type {Map<string, number> | undefined} */
  let ids;
  return {
    data, strings, n, depth, start, dur, end, name, total, outcome, parent, last, kids, services, service, polls, threads, value, id,
    /** What tells threads of different processes apart. @param {number} i @param {number} number */
    threadKey: (i, number) => `${service[i]} ${number}`,
    threadName: (/** @type {string} */ key) => shown(threads.get(key) ?? `thread ${key.split(" ")[1]}${services.length > 1 ? ` of ${services[parseInt(key)]}` : ""}`),
    parents: pairs(data.parents), dropped: pairs(data.dropped), givenUp: pairs(data.given_up),
    failed: outcome.filter((o) => o === ERROR || o === PANICKED).length, cancelled: outcome.filter((o) => o === CANCELLED).length,
    /** @param {string} of @returns {number} the first span of this id, or -1 */
    find: (of) => (ids ??= new Map(Array.from({ length: n }, (_, k) => [id(n - 1 - k), n - 1 - k]))).get(of) ?? -1,
    /** Where what is below a span ends; of -1, all. @param {number} i */
    below: (i) => (i < 0 ? n : last[i]),
    traceOf: (/** @type {number} */ i) => data.parts[partOf(data, i)][0],
    resourceOf: (/** @type {number} */ i) => data.parts[partOf(data, i)][2],
    isFailed: (/** @type {number} */ i) => outcome[i] === ERROR || outcome[i] === PANICKED,
    nameOf: (/** @type {number} */ i) => shown(strings[name[i]]) || "(no name)",
    serviceOf: (/** @type {number} */ i) => shown(services[service[i]]),
    /** Number of the text. @param {number} i @returns {number | undefined} */
    messageOf: (i) => messages.get(i)?.[0],
    eventsOf: (/** @type {number} */ i) => events.get(i)?.[0] ?? [],
    linksOf: (/** @type {number} */ i) => links.get(i)?.[0] ?? [],
    /** @param {any} list @returns {[string, any][]} */
    attributes: (list) => (list || []).flatMap((/** @type {number} */ key, /** @type {number} */ k) => (k % 2 ? [] : [[strings[key], value(list[k + 1])]])),
  };
}

/** @param {Model} m @param {any} list @returns {object} as JSON has them */
const plainAttributes = (m, list) => Object.fromEntries(m.attributes(list).map(([key, value]) => [key, plainValue(value)]));

/** @param {any} data @param {number} i @returns {number} */
const partOf = (data, i) => data.part?.[i] ?? 0;

/** @param {Model} m @param {number} i @returns {number[]} its children, in order of start; of -1, the roots */
function childrenOf(m, i) {
  const found = [];
  for (let c = i + 1; c < m.below(i); c = m.last[c]) found.push(c);
  return found;
}

/** @param {Model} m @param {number} i @returns {number[]} from, to, from, to: when a child was open, within its own time */
function covered(m, i) {
  /** @type {number[]} */
  const found = [];
  for (let c = i + 1; c < m.last[i]; c = m.last[c]) {
    const from = Math.max(m.start[c], m.start[i]), to = Math.min(m.end[c], m.end[i]), top = found.length - 1;
    if (to <= from) continue;
    if (from <= found[top]) found[top] = Math.max(found[top], to);
    else found.push(from, to);
  }
  return found;
}

/** @param {Model} m @param {number} i @returns {number} time in which no child was open */
const selfTime = (m, i) => covered(m, i).reduce((own, t, k) => own + (k % 2 ? -t : t), m.end[i] - m.start[i]);
