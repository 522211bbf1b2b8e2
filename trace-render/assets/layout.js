// What stands where: rows, time and pixels, lanes, groups, the fragment.

/**
 * @typedef {{spans: number[], total: number, end: number, open: boolean}} Group equal siblings as one row
 * @typedef {{folded: Uint8Array, focus: number, trace: number, groups: Map<number, Group> | null}} Fold
 */

/** @param {Model} m @param {Fold} fold @returns {Int32Array} spans by row, the row of a group as -1 - its first span */
function visibleRows(m, { folded, focus, trace, groups }) {
  const rows = new Int32Array(m.n + (groups?.size ?? 0));
  const skipped = new Set();
  if (groups) for (const group of groups.values()) if (!group.open) group.spans.forEach((i) => skipped.add(i));
  let count = 0;
  const end = focus < 0 ? m.n : m.last[focus];
  for (let i = Math.max(focus, 0); i < end;) {
    if (trace >= 0 && m.depth[i] === 0 && m.traceOf(i) !== trace) { i = m.last[i]; continue; }
    if (groups?.has(i)) rows[count++] = -1 - i;
    if (skipped.has(i)) { i = m.last[i]; continue; }
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
    if (p >= 0 && m.kids[p] < 5) continue;
    /** @type {Map<string, number[]>} */
    const byName = new Map();
    for (let c = p + 1; c < (p < 0 ? m.n : m.last[p]); c = m.last[c]) {
      const key = `${m.name[c]} ${m.service[c]}`;
      byName.has(key) ? byName.get(key)?.push(c) : byName.set(key, [c]);
    }
    for (const spans of byName.values()) {
      if (spans.length < 5 || spans.some((i) => failedBefore[m.last[i]] > failedBefore[i])) continue;
      const total = spans.reduce((sum, i) => sum + (m.end[i] - m.start[i]), 0);
      found.set(spans[0], { spans, total, end: spans.reduce((end, i) => Math.max(end, m.end[i]), 0), open: false });
    }
  }
  return found;
}

/** @param {Int32Array} rows @param {number} i @param {Model} m @returns {number} the row of the span, or of what hides it; -1 if neither is there */
function rowOf(rows, i, m) {
  // What is hidden in a group is not just below what hides it: then what is above it has a row.
  for (; i >= 0; i = m.parent[i]) {
    const low = countBelow(rows.length, (r) => (rows[r] < 0 ? -1.5 - rows[r] : rows[r]) <= i);
    for (let r = low - 1; r >= 0 && r > low - 3; r--) {
      const at = rows[r] < 0 ? -1 - rows[r] : rows[r];
      if (at <= i && i < m.last[at]) return r;
    }
  }
  return -1;
}

/** @param {number} from ns @param {number} to ns @param {number} width px @returns {number[]} round times, about a hundred pixels apart */
function ticks(from, to, width) {
  const least = (to - from) / Math.max(1, width / 100);
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-3)));
  const step = power * (least / power <= 1 ? 1 : least / power <= 2 ? 2 : least / power <= 5 ? 5 : 10);
  const found = [];
  for (let k = Math.ceil(from / step); k * step <= to && found.length < 500; k++) found.push(k * step);
  return found;
}

/** @param {number} t @param {{t0: number, t1: number}} view @param {number} width @returns {number} px */
function timeToX(t, view, width) {
  return (t - view.t0) / (view.t1 - view.t0) * width;
}

/** @param {{t0: number, t1: number}} view @param {number} total @returns {{t0: number, t1: number}} a window of at least 10 ns within the trace */
function clampView({ t0, t1 }, total) {
  const span = clamp(t1 - t0, 10, Math.max(total, 10));
  const from = clamp(t0, 0, Math.max(total, 10) - span);
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
  /** @type {number[]} */
  const ends = [];
  const order = [];
  for (let i = Math.max(0, focus); i < (focus < 0 ? m.n : m.last[focus]); i++) if (trace < 0 || m.traceOf(i) === trace) order.push(i);
  order.sort((a, b) => m.start[a] - m.start[b] || a - b);
  for (const i of order) {
    let at = m.parent[i] >= 0 && lane[m.parent[i]] >= 0 ? lane[m.parent[i]] + 1 : 0;
    while (at < ends.length && ends[at] > m.start[i]) at++;
    lane[i] = at;
    ends[at] = m.end[i];
    (lanes[at] ??= []).push(i);
  }
  for (let at = 0; at < lanes.length; at++) lanes[at] ??= [];
  return { lane, lanes };
}

/**
 * @typedef {{key: string, spans: number[], count: number, total: number, self: number, busy: number, p50: number, p95: number, max: number, poll: number, errors: number}} TableRow
 * @param {Model} m @param {string} by name, service or attr.KEY @returns {TableRow[]}
 */
function tableRows(m, by) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  const key = by.startsWith("attr.") ? by.slice(5) : "";
  for (let i = 0; i < m.n; i++) {
    const of = by === "name" ? m.nameOf(i) : by === "service" ? m.serviceOf(i) : shown(valueText(m.attributes(m.data.attributes[i]).find(([k]) => k === key)?.[1] ?? "—"));
    groups.has(of) ? groups.get(of)?.push(i) : groups.set(of, [i]);
  }
  return [...groups].map(([key, spans]) => {
    const times = Float64Array.from(spans, (i) => m.end[i] - m.start[i]).sort();
    const at = (/** @type {number} */ share) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
    const sum = (/** @type {(i: number) => number} */ of) => spans.reduce((total, i) => total + of(i), 0);
    return {
      key, spans, count: spans.length, total: sum((i) => m.end[i] - m.start[i]), self: sum((i) => selfTime(m, i)),
      busy: sum((i) => m.polls.get(i)?.busy ?? 0), p50: at(0.5), p95: at(0.95), max: times[times.length - 1],
      poll: spans.reduce((most, i) => Math.max(most, m.polls.get(i)?.longest?.[1] ?? 0), 0), errors: sum((i) => Number(m.isFailed(i))),
    };
  });
}

/** @param {string} hash @returns {Record<string, string>} */
function parseFragment(hash) {
  return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
}

/** @param {Record<string, string | undefined>} fields @returns {string} what is set, in order */
function formatFragment(fields) {
  const kept = Object.entries(fields).filter((entry) => entry[1]);
  return kept.map(([key, value]) => `${key}=${encodeURIComponent(value ?? "").replaceAll("%2C", ",")}`).join("&");
}
