// Where the time of a span went, what blocked it, and the critical path: the last two as the core tells them.

/** @typedef {{busy: number, children: number, none: number, queued: number}} Anatomy */

/** Tells what a span did, piece by piece: without polls it is `none` where no child was open. @param {Model} m @param {number} i @param {number[]} cover when a child was open @param {(what: keyof Anatomy, from: number, to: number) => void} tell */
function eachPiece(m, i, cover, tell) {
  let at = m.start[i], k = 0;
  const gap = (/** @type {number} */ end) => {
    while (k > 0 && cover[k - 1] > at) k -= 2;
    for (; k < cover.length && cover[k] < end; k += 2) {
      const from = Math.max(at, cover[k]), to = Math.min(end, cover[k + 1]);
      if (to > from) {
        tell("none", at, from);
        tell("children", from, to);
        at = to;
      }
      if (cover[k + 1] > end) break;
    }
    if (end > at) tell("none", at, end);
    at = Math.max(at, end);
  };
  const segments = m.polls.get(i)?.segments ?? [], end = m.end[i];
  for (let s = 0; s < segments.length; s += 4) {
    const from = clamp(segments[s], at, end), wake = segments[s + 3];
    // A future that was not polled yet was ready all the time.
    if (s) gap(wake >= 0 ? clamp(wake, at, from) : from);
    tell("queued", at, from);
    at = clamp(from, segments[s] + segments[s + 1], end);
    tell("busy", from, at);
  }
  gap(end);
}

/** @param {Model} m @param {number} i @returns {Anatomy} parts that sum to its duration */
function anatomyOf(m, i) {
  const own = { busy: 0, children: 0, none: 0, queued: 0 }, polls = m.polls.get(i);
  eachPiece(m, i, covered(m, i), (what, from, to) => { own[what] += to - from; });
  // Inside of joined segments only the total of the polls is known.
  const joined = polls?.merged ? Math.max(0, own.busy - polls.busy) : 0;
  own.busy -= joined;
  own.none += joined;
  return own;
}

/** @typedef {[from: number, to: number, span: number, wake: number, thread: number]} Poll its wake-up may be NaN */

const byTime = (/** @type {Poll} */ a, /** @type {Poll} */ b) => a[0] - b[0] || b[1] - a[1];

/** @param {Model} m @param {boolean} [single] without those that were joined @returns {[string, Poll[]][]} by thread, in order; the polls by start */
function pollsByThread(m, single) {
  /** @type {Poll[]} */
  const all = [];
  for (const [i, { segments, merged }] of m.polls) {
    // Thread 0 stands for polls of several that were joined.
    for (let s = 0; s < segments.length && !(single && merged); s += 4) if (segments[s + 2]) all.push([segments[s], segments[s] + segments[s + 1], i, segments[s + 3], segments[s + 2]]);
  }
  return [...groupBy(all.sort(byTime), ([, , i, , number]) => m.threadKey(i, number))].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
}

/** @typedef {{victim: number, blocker: number, name: string, overlap: number, poll: number, exact: boolean, at: number}} Blocked */

/** @param {Model} m @param {number} threshold ns @returns {Map<number, Blocked>} by span, the worst long poll of an unrelated span that it may have waited behind, and when that poll ended */
function blockedBehind(m, threshold) {
  /** @type {Map<number, Blocked>} */
  const found = new Map();
  for (const [victim, , id, name, overlap, poll, exact] of m.data.blocked ?? []) {
    const blocker = m.find(id), segments = m.polls.get(blocker)?.segments ?? [], longest = segments.findIndex((d, s) => s % 4 === 1 && d === poll);
    if (poll >= threshold) found.set(victim, { victim, blocker, name: shown(m.strings[name]), overlap, poll, exact: exact === 1, at: segments[longest - 1] + poll });
  }
  return found;
}

/** @param {Model} m @returns {{path: Map<number, number[]>, hops: [number, number, number][]}} by span: from, to, .. on the path that decides when the longest root ends; and its hops: from, to, 1 if proven */
function criticalPath(m) {
  const pieces = groupBy(/** @type {number[][]} */ (m.data.critical ?? []), ([i]) => i);
  return { path: new Map([...pieces].map(([i, list]) => [i, list.flatMap(([, from, time]) => [from, from + time])])), hops: m.data.hops ?? [] };
}
