// The file for Perfetto, made in the page: what `Perfetto` in Rust writes. A test compares them.

/** @param {Poll[] | undefined} polls in order of their starts @param {number} at @returns {Poll | undefined} the last that holds the moment */
function pollAt(polls = [], at) {
  const begun = countBelow(polls.length, (k) => polls[k][0] <= at);
  return polls.slice(Math.max(0, begun - 256), begun).findLast(([, to]) => at <= to);
}

/** @param {Model} m @param {number} i @returns {object} what there is to tell of a span, but for its attributes and events */
function spanFields(m, i) {
  const polls = m.polls.get(i), message = m.messageOf(i), links = m.linksOf(i);
  return {
    "trace_id": m.data.traces[m.traceOf(i)], "span_id": m.id(i), "parent_id": (m.parents.get(i)?.[0] ?? m.id(m.data.parent[i])) || undefined,
    "outcome": m.outcome[i] ? OUTCOMES[m.outcome[i]].replace(" ", "_") : undefined, "polls": polls?.count, "busy_ns": polls?.busy,
    "status": ["", "OK", "ERROR"][m.data.statuses[i]] + (message === undefined ? "" : `: ${m.strings[message]}`) || undefined,
    "links": links[0] && links.map((/** @type {any[]} */ l) => `${l[0]}/${l[1]}`),
  };
}

/** @param {Model} m @returns {string} */
function perfettoText(m) {
  /** @type {object[]} */
  const events = [];
  const put = (/** @type {string} */ ph, /** @type {string} */ cat, /** @type {string} */ name, /** @type {number} */ service, /** @type {number} */ tid, /** @type {number} */ at, /** @type {object} */ more) => events.push({ "ph": ph, "cat": cat, "name": name, "pid": service + 1, "tid": tid, "ts": Math.max(at, 0) / 1e3, ...more });
  const putName = (/** @type {string} */ of, /** @type {number} */ service, /** @type {number} */ tid, /** @type {string} */ name) => put("M", "__metadata", of, service, tid, 0, { "args": { "name": name } });
  const nameOf = (/** @type {number} */ i) => m.strings[m.name[i]];
  m.services.forEach((/** @type {string} */ name, /** @type {number} */ s) => putName("process_name", s, 0, name || "spans"));

  /** @type {Poll[][]} */
  const bySpan = [];
  const threads = pollsByThread(m, true);
  for (const [key, [[, , i, , tid]]] of threads) putName("thread_name", m.service[i], tid, m.threads.get(key) ?? `thread ${tid}`);
  for (const poll of threads.flatMap(([, polls]) => polls).sort(byTime)) {
    const [from, to, i, , tid] = poll;
    (bySpan[i] ??= []).push(poll);
    put("X", "poll", nameOf(i), m.service[i], tid, from, { "dur": (to - from) / 1e3, "args": { "span_id": m.id(i) } });
  }
  let flows = 0;
  const flow = (/** @type {string} */ what, /** @type {Poll} */ a, /** @type {Poll} */ b) => {
    flows++;
    put("s", "poll", what, m.service[a[2]], a[4], a[0], { "id": flows });
    put("f", "poll", what, m.service[b[2]], b[4], b[0], { "id": flows, "bp": "e" });
  };
  bySpan.forEach((polls, i) => {
    polls.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const e of m.eventsOf(i)) {
      const poll = pollAt(polls, e[1]);
      if (poll) put("i", "event", m.strings[e[0]], m.service[i], poll[4], e[1], { "s": "t" });
    }
  });
  bySpan.forEach((polls, i) => {
    const first = polls[0], start = pollAt(bySpan[m.parent[i]], m.start[i]);
    // A future that is polled where it is made needs no arrow.
    if (start && (start[4] !== first[4] || start[1] < first[0])) flow("spawn", start, first);
    for (const link of m.linksOf(i)) {
      const before = bySpan[m.find(link[1])]?.findLast(([from]) => from <= first[0]);
      if (before) flow("link", before, first);
    }
    for (const poll of polls) {
      if (!(poll[3] >= 0)) continue;
      const [waker, more] = threads.filter(([, of]) => m.service[of[0][2]] === m.service[i]).map(([, of]) => pollAt(of, poll[3])).filter((of) => of);
      if (waker && !more && waker[2] !== i && waker[0] <= poll[0]) flow("wake", waker, poll);
    }
  });

  /** @type {Map<number, number>} */
  const changed = new Map(m.data.lanes);
  /** @type {number[]} */
  const lanes = [];
  for (let i = 0; i < m.n; i++) lanes[i] = changed.get(i) ?? lanes[m.parent[i]];
  const ofSpan = (/** @type {string} */ ph, /** @type {number} */ i, /** @type {number} */ at, name = nameOf(i), /** @type {object | undefined} */ args = undefined) =>
    put(ph, "span", name, m.service[i], m.service[i] + 1, at, { "id2": { "local": `0x${lanes[i].toString(16)}` }, "args": args });
  /** @type {number[]} */
  const open = [];
  const close = (/** @type {number} */ next) => {
    for (let top; (top = open.at(-1)) !== undefined && (lanes[top] !== lanes[next] || m.end[next] > m.end[top]); open.pop()) if (m.outcome[top] !== OPEN) ofSpan("e", top, m.end[top]);
  };
  for (const i of Array.from(lanes.keys()).sort((a, b) => lanes[a] - lanes[b] || m.start[a] - m.start[b] || m.end[b] - m.end[a] || a - b)) {
    close(i);
    open.push(i);
    ofSpan("b", i, m.start[i], nameOf(i), { ...spanFields(m, i), ...plainAttributes(m, m.data.attributes[i]) });
    for (const e of m.eventsOf(i)) ofSpan("n", i, e[1], m.strings[e[0]], plainAttributes(m, e[2]));
  }
  close(-1);
  return JSON.stringify({ "displayTimeUnit": "ns", "otherData": { "generator": m.data.generator, "start_unix_nano": m.data.start }, "traceEvents": events });
}
