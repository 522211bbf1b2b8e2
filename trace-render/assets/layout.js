// What stands where: rows, time and pixels, lanes, groups, the fragment.

/**
 * @typedef {{spans: number[], total: number, end: number, open: boolean}} Group equal siblings as one row
 * @typedef {{folded: Uint8Array, focus: number, trace: number, groups: Map<number, Group> | null}} Fold
 */

/** @param {Model} m @param {Fold} fold @returns {Int32Array} spans by row, the row of a group as -1 - its first span */
function visibleRows(m, { folded, focus, trace, groups }) {
  const rows = new Int32Array(m.n + (groups?.size ?? 0)), skipped = new Set([...groups?.values() ?? []].flatMap((group) => (group.open ? [] : group.spans)));
  let count = 0;
  for (let i = Math.max(focus, 0); i < m.below(focus);) {
    const elsewhere = trace >= 0 && m.traceOf(i) !== trace;
    if (!elsewhere && groups?.has(i)) rows[count++] = -1 - i;
    if (elsewhere || skipped.has(i)) { i = m.last[i]; continue; }
    rows[count++] = i;
    i = folded[i] ? m.last[i] : i + 1;
  }
  return rows.subarray(0, count);
}

/** @param {Model} m @returns {Map<number, Group>} by first span: five or more siblings of one name and service without an error below */
function equalSiblings(m) {
  /** @type {Map<number, Group>} */
  const found = new Map();
  const failedBefore = new Int32Array(m.n + 1);
  for (let i = 0; i < m.n; i++) failedBefore[i + 1] = failedBefore[i] + Number(m.isFailed(i));
  for (let p = -1; p < m.n; p++) {
    for (const spans of groupBy(childrenOf(m, p), (c) => `${m.name[c]} ${m.service[c]}`).values()) {
      if (spans.length < 5 || spans.some((i) => failedBefore[m.last[i]] > failedBefore[i])) continue;
      found.set(spans[0], { spans, total: sumOf(spans, (i) => m.end[i] - m.start[i]), end: mostOf(spans, (i) => m.end[i]), open: false });
    }
  }
  return found;
}

/** @param {number[]} spans @param {(i: number) => number} of @returns {number} */
const sumOf = (spans, of) => spans.reduce((sum, i) => sum + of(i), 0);
/** @param {number[]} spans @param {(i: number) => number} of @returns {number} */
const mostOf = (spans, of) => spans.reduce((most, i) => Math.max(most, of(i)), 0);

/** @param {number} at of a row @returns {number} the span, of a group its first */
const spanOf = (at) => Math.max(at, -1 - at);

/** @param {Int32Array} rows @param {number} i @param {Model} m @returns {number} the row of the span, or of what hides it; -1 if neither is there */
function rowOf(rows, i, m) {
  // What is hidden in a group is not just below what hides it: then what is above it has a row.
  for (; i >= 0; i = m.parent[i]) {
    const below = countBelow(rows.length, (r) => (rows[r] < 0 ? -1.5 - rows[r] : rows[r]) <= i);
    for (let r = below - 1; r >= 0 && r > below - 3; r--) if (i < m.last[spanOf(rows[r])]) return r;
  }
  return -1;
}

/** @param {number} from ns @param {number} to ns @param {number} width px @returns {number[]} round times, about a hundred pixels apart */
function ticks(from, to, width) {
  const least = Math.max((to - from) / Math.max(1, width / 100), 1e-3), power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5].find((k) => least / power <= k) ?? 10);
  const found = [];
  for (let k = Math.ceil(from / step); k * step <= to && found.length < 500; k++) found.push(k * step);
  return found;
}

/** @typedef {{t0: number, t1: number}} View the time in sight, ns */

/** @param {number} t @param {View} view @param {number} width @returns {number} px */
function timeToX(t, view, width) {
  return (t - view.t0) / (view.t1 - view.t0) * width;
}

/** @param {View} view @param {number} total @returns {View} a window of at least 10 ns within the trace */
function clampView({ t0, t1 }, total) {
  const span = clamp(t1 - t0, 10, Math.max(total, 10)), from = clamp(t0, 0, Math.max(total, 10) - span);
  return { t0: from, t1: from + span };
}

/**
 * Rows in which nothing overlaps, a child below its parent. O(n log n) for real traces.
 * @param {Model} m @param {number} focus @param {number} trace @returns {{lane: Int32Array, lanes: number[][]}} by span, and by lane in order of start
 */
function flameLanes(m, focus, trace) {
  const lane = new Int32Array(m.n).fill(-1);
  /** @type {number[][]} */
  const lanes = [];
  const order = Array.from(lane.keys()).slice(Math.max(0, focus), m.below(focus)).filter((i) => trace < 0 || m.traceOf(i) === trace);
  for (const i of order.sort((a, b) => m.start[a] - m.start[b] || a - b)) {
    let at = (lane[m.parent[i]] ?? -1) + 1;
    while (lanes[at] && m.end[/** @type {number} */ (lanes[at].at(-1))] > m.start[i]) at++;
    lane[i] = at;
    (lanes[at] ??= []).push(i);
  }
  return { lane, lanes };
}

/** What a table tells of the spans of one key: the key, two numbers, then times; the last two where polls were timed. */
const COLUMNS = "Group,Spans,Failed,Total,Self,p50,p95,Max,Busy,Longest poll".split(",");

/**
 * @typedef {{spans: number[], cells: any[]}} TableRow its cells as COLUMNS has them
 * @param {Model} m @param {string} by name, service or attr.KEY @returns {TableRow[]}
 */
function tableRows(m, by) {
  const keyOf = (/** @type {number} */ i) => by === "name" ? m.nameOf(i) : by === "service" ? m.serviceOf(i) : shown(valueText(m.attributes(m.data.attributes[i]).find(([key]) => `attr.${key}` === by)?.[1] ?? "—"));
  return [...groupBy(m.parent.keys(), keyOf)].map(([key, spans]) => {
    const times = Float64Array.from(spans, (i) => m.end[i] - m.start[i]).sort(), at = (/** @type {number} */ share) => times[Math.ceil(share * times.length) - 1];
    return { spans, cells: [
      key, spans.length, sumOf(spans, (i) => Number(m.isFailed(i))), times.reduce((a, b) => a + b), sumOf(spans, (i) => selfTime(m, i)), at(0.5), at(0.95), at(1),
      sumOf(spans, (i) => m.polls.get(i)?.busy ?? 0), mostOf(spans, (i) => m.polls.get(i)?.longest[1] ?? 0),
    ] };
  });
}

/** @param {string} hash @returns {Record<string, string>} */
function parseFragment(hash) {
  return Object.fromEntries(new URLSearchParams(hash.slice(1)));
}

/** @param {Record<string, string>} fields @returns {string} what is set, in order */
function formatFragment(fields) {
  return String(new URLSearchParams(Object.entries(fields).filter(([, value]) => value))).replaceAll("%2C", ",");
}
