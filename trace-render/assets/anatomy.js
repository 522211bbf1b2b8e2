// Where the time of a span went, what blocked it, and the critical path.

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
  const segments = m.polls.get(i)?.segments ?? [];
  for (let s = 0; s < segments.length; s += 4) {
    const from = Math.min(Math.max(segments[s], at), m.end[i]), wake = segments[s + 3];
    // A future that was not polled yet was ready all the time.
    const woken = s === 0 ? at : wake ? Math.min(Math.max(wake, at), from) : from;
    gap(at, woken);
    own.queued += from - woken;
    at = Math.min(Math.max(from, segments[s] + segments[s + 1]), m.end[i]);
    own.busy += at - from;
  }
  gap(at, m.end[i]);
  return own;
}

/** @param {Model} m @returns {Map<number, [number, number, number][]>} by thread: end, start, span of each poll, by end */
function pollsByThread(m) {
  /** @type {Map<number, [number, number, number][]>} */
  const found = new Map();
  for (const [i, { segments }] of m.polls) {
    for (let s = 0; s < segments.length; s += 4) {
      // 0 stands for polls of several threads that were joined.
      if (!segments[s + 2]) continue;
      const list = found.get(segments[s + 2]) ?? [];
      if (!list.length) found.set(segments[s + 2], list);
      list.push([segments[s] + segments[s + 1], segments[s], i]);
    }
  }
  for (const list of found.values()) list.sort((a, b) => a[0] - b[0]);
  return found;
}

/** @typedef {{victim: number, blocker: number, name: string, overlap: number, poll: number, exact: boolean}} Blocked */

/** @param {Model} m @param {number} threshold ns @returns {Map<number, Blocked>} by span, the worst long poll of an unrelated span that it may have waited behind */
function blockedBehind(m, threshold) {
  /** @type {Map<number, Blocked>} */
  const found = new Map();
  for (const [i, , id, name, overlap, poll, exact] of m.data.blocked ?? []) if (poll >= threshold) found.set(i, { victim: i, blocker: m.find(id), name: shown(m.strings[name]), overlap, poll, exact: exact === 1 });
  if (m.data.blocked) return found;
  const threads = pollsByThread(m);
  const related = (/** @type {number} */ a, /** @type {number} */ b) => (a <= b && b < m.last[a]) || (b <= a && a < m.last[b]);
  for (const [i, { segments }] of m.polls) {
    let gap = segments[0] + segments[1];
    for (let s = 4; s < segments.length; s += 4) {
      const from = segments[s], list = threads.get(segments[s + 2]) ?? [];
      let low = 0, high = list.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (list[middle][0] <= from) low = middle + 1;
        else high = middle;
      }
      for (let p = low - 1; p >= 0 && from - list[p][0] < 1e6; p--) {
        const [pollEnd, pollStart, blocker] = list[p];
        const overlap = pollEnd - Math.max(pollStart, gap, segments[s + 3] || 0);
        if (pollEnd - pollStart < threshold || overlap <= 0 || related(i, blocker)) continue;
        if (overlap > (found.get(i)?.overlap ?? 0)) found.set(i, { victim: i, blocker, name: m.nameOf(blocker), overlap, poll: pollEnd - pollStart, exact: false });
      }
      gap = from + segments[s + 1];
    }
  }
  return found;
}

/** @param {Model} m @param {number} root @returns {Map<number, number[]>} by span: from, to, .. on the path that decides when `root` ends: the last-finishing child, again and again */
function criticalPath(m, root) {
  /** @type {Map<number, number[]>} */
  const path = new Map();
  for (const [i, from, time] of m.data.critical ?? []) (path.get(i) ?? (path.set(i, []).get(i) ?? [])).push(from, from + time);
  if (path.size) return path;
  const stack = root < 0 ? [] : [[root, m.start[root], m.end[root]]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [i, low, high] = next;
    let at = high;
    /** @type {number[]} */
    const own = [];
    for (const c of childrenOf(m, i).sort((a, b) => m.end[b] - m.end[a])) {
      const to = Math.min(m.end[c], at), from = Math.max(m.start[c], low);
      if (from >= to) continue;
      if (at > to) own.push(to, at);
      stack.push([c, from, to]);
      at = from;
      if (at <= low) break;
    }
    if (at > low || !own.length) own.push(low, at);
    path.set(i, own);
  }
  return path;
}
