// Where the time of a span went, what blocked it, and the critical path: the last two as the core tells them.

/** @typedef {{busy: number, children: number, none: number, queued: number, polled: boolean}} Anatomy */

/** @param {Model} m @param {number} i @returns {Anatomy} parts that sum to its duration; without polls, only children and none */
function anatomyOf(m, i) {
  const own = { busy: 0, children: 0, none: 0, queued: 0, polled: m.polls.has(i) };
  const cover = covered(m, i);
  let k = 0;
  /** The gap from a to b: what children cover waits on them. */
  const gap = (/** @type {number} */ a, /** @type {number} */ b) => {
    while (k > 0 && cover[k - 1] > a) k -= 2;
    for (; k < cover.length && cover[k] < b; k += 2) {
      const from = Math.max(a, cover[k]), to = Math.min(b, cover[k + 1]);
      if (to > from) {
        own.children += to - from;
        own.none += from - a;
        a = to;
      }
      if (cover[k + 1] > b) break;
    }
    own.none += Math.max(0, b - a);
  };
  let at = m.start[i];
  const polls = m.polls.get(i), segments = polls?.segments ?? [];
  for (let s = 0; s < segments.length; s += 4) {
    const from = Math.min(Math.max(segments[s], at), m.end[i]), wake = segments[s + 3];
    // A future that was not polled yet was ready all the time.
    const woken = s === 0 ? at : wake >= 0 ? Math.min(Math.max(wake, at), from) : from;
    gap(at, woken);
    own.queued += from - woken;
    at = Math.min(Math.max(from, segments[s] + segments[s + 1]), m.end[i]);
    own.busy += at - from;
  }
  gap(at, m.end[i]);
  // Inside of joined segments only the total of the polls is known.
  const joined = polls?.merged ? Math.max(0, own.busy - polls.busy) : 0;
  own.busy -= joined;
  own.none += joined;
  return own;
}

/** @param {Model} m @returns {Map<string, [number, number, number][]>} by thread: start, end, span of each poll, by start */
function pollsByThread(m) {
  /** @type {Map<string, [number, number, number][]>} */
  const found = new Map();
  for (const [i, { segments }] of m.polls) {
    for (let s = 0; s < segments.length; s += 4) {
      // 0 stands for polls of several threads that were joined.
      if (!segments[s + 2]) continue;
      const thread = m.threadKey(i, segments[s + 2]);
      if (!found.has(thread)) found.set(thread, []);
      found.get(thread)?.push([segments[s], segments[s] + segments[s + 1], i]);
    }
  }
  for (const list of found.values()) list.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  return found;
}

/** @typedef {{victim: number, blocker: number, name: string, overlap: number, poll: number, exact: boolean, at: number}} Blocked */

/** @param {Model} m @param {number} threshold ns @returns {Map<number, Blocked>} by span, the worst long poll of an unrelated span that it may have waited behind, and when that poll ended */
function blockedBehind(m, threshold) {
  /** @type {Map<number, Blocked>} */
  const found = new Map();
  for (const [victim, , id, name, overlap, poll, exact] of m.data.blocked ?? []) {
    if (poll < threshold) continue;
    const blocker = m.find(id), segments = m.polls.get(blocker)?.segments ?? [];
    let at = NaN;
    for (let s = 0; s < segments.length; s += 4) if (segments[s + 1] === poll) at = segments[s] + poll;
    found.set(victim, { victim, blocker, name: shown(m.strings[name]), overlap, poll, exact: exact === 1, at });
  }
  return found;
}

/** @param {Model} m @returns {{path: Map<number, number[]>, to: Map<number, any[]>, from: Map<number, any[]>}} by span: from, to, .. on the path that decides when the longest root ends; and its hops, by either end */
function criticalPath(m) {
  const path = new Map();
  for (const [i, from, time] of m.data.critical ?? []) path.has(i) ? path.get(i).push(from, from + time) : path.set(i, [from, from + time]);
  const hops = m.data.hops ?? [];
  return { path, from: new Map(hops.map((/** @type {any[]} */ hop) => [hop[0], hop])), to: new Map(hops.map((/** @type {any[]} */ hop) => [hop[1], hop])) };
}
