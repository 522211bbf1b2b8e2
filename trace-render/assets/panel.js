// The panel: everything about one span, as text.

/** @typedef {any} Part what an element has: a child, attributes, a list of both; or nothing at all, if it is not so */

/** @param {Element} node @param {...Part} parts @returns {Element} */
function add(node, ...parts) {
  for (const part of parts.flat(9)) {
    if (part?.constructor === Object) setAll(node, part);
    else if (part) node.append(part);
  }
  return node;
}

/** @param {string} name its tag, and behind a point its classes @param {...Part} parts */
function el(name, ...parts) {
  const [tag, kind] = name.split("."), made = document.createElement(tag);
  if (kind) made.className = kind;
  add(made, parts);
  return made;
}

/** @param {Element} node @param {...Part} parts in place of those that it has */
function refill(node, ...parts) {
  node.replaceChildren();
  add(node, parts);
}

/** @param {Element} node @param {Record<string, any>} attributes `undefined` and `false` are none */
function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) (value ?? false) === false ? node.removeAttribute(name) : node.setAttribute(name, value);
}

/** @param {string} label @param {() => void} action @param {Record<string, string>} [attributes] */
function button(label, action, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, label);
  on(made, "click", action);
  return made;
}

/** @param {any} value @returns {Node} a link for the two schemes of the web, else text */
function valueNode(value) {
  const text = valueText(value), safe = shown(text), made = el("bdi", safe.slice(0, 2e4), safe.length > 2e4 && `… (${safe.length} characters)`);
  return typeof value === "string" && /^https?:\/\/\S{1,4000}$/i.test(text) && safe === text ? el("a", { href: text, rel: "noreferrer noopener", target: "_blank" }, made) : made;
}

/** @param {Part[]} pairs of words and what they are about */
const pairsNode = (pairs) => el("dl", pairs.filter(Boolean).map(([key, value]) => [el("dt", el("bdi", shown(key))), el("dd", value)]));

/** @param {number} share @returns {string} never nothing or all of it where it is not */
const percent = (share) => `${share > 0 && share < 0.005 ? "<1" : share === 1 ? 100 : Math.min(Math.round(share * 100), 99)} %`;

/** Where the time of a span went, as a bar and in words. @param {number} i @returns {HTMLElement} */
function anatomyNode(i) {
  const { busy, children, none, queued } = anatomyOf(m, i), total = m.end[i] - m.start[i];
  const parts = /** @type {[string, string, number][]} */ (m.polls.has(i)
    ? [["busy", "busy", busy], ["kids", "waiting on children", children], ["none", "waiting, no span", none], ["queue", "ready, not polled", queued]]
    : [["busy", "no child open", none], ["kids", "a child open", children]]).filter(([, , ns]) => ns || !total);
  const bar = el("div.anatomy"), words = el("div.keys");
  for (const [kind, word, ns] of parts) {
    const part = el(`i.${kind}`);
    part.style.flexGrow = String(ns / total || 1);
    bar.append(part);
    words.append(el("span", el(`i.${kind}`), ` ${word} ${duration(ns)}`, total && ` (${percent(ns / total)})`));
  }
  return el("div", bar, words);
}

/** @param {number} n @param {string} what @returns {string} */
const countOf = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** @param {Model} m @param {number} i @returns {string} what the row's marks say, in words */
function describe(m, i) {
  const polls = m.polls.get(i), events = m.eventsOf(i).length;
  return [
    m.nameOf(i), m.serviceOf(i), m.outcome[i] !== OPEN && duration(m.dur[i]),
    ...(polls ? [`waiting ${Math.round(100 - polls.busy / Math.max(m.dur[i], 1) * 100)} %`, `${polls.count} polls`, polls.count && `longest ${duration(polls.longest[1])}`] : []),
    m.outcome[i] && OUTCOMES[m.outcome[i]], shown(m.strings[m.messageOf(i) ?? -1] ?? "").slice(0, 200), events && countOf(events, "event"),
  ].filter(Boolean).join(", ");
}

/** Draws the panel of the selected span */
function renderPanel() {
  const i = app.sel;
  ui.panel.hidden = !app.panelOpen || i < 0;
  if (ui.panel.hidden) return;
  const list = (/** @type {any} */ of) => pairsNode(m.attributes(of).map(([key, value]) => [key, valueNode(value)]));
  const go = (/** @type {number} */ to, other = "") => (to < 0 ? el("code", other) : button(m.nameOf(to), () => select(to, true), { class: "link" }));
  const missing = m.parents.get(i), place = m.data.places[m.data.place[i]], message = m.messageOf(i), polls = m.polls.get(i), gone = m.givenUp.get(i), blocked = facts.blocked().get(i), dropped = m.dropped.get(i);
  const victims = [...facts.blocked().values()].filter((of) => of.blocker === i), events = m.eventsOf(i), links = m.linksOf(i), mark = MARKS[m.outcome[i]], { b, toB } = app.other ?? {}, other = toB?.[i] ?? -1;
  /** What there is, below a heading. @param {any} there @param {string} title @param {() => Part} content */
  const section = (there, title, content) => there && [el("h3", title), content()];
  refill(
    ui.panel,
    el("div.head", el("h2", el("bdi", m.nameOf(i))), button("✕", closePanel, { "aria-label": "Close the panel" })),
    message !== undefined && el("p.bad", `${mark} `, el("bdi", shown(m.strings[message]))),
    anatomyNode(i),
    gone && el("p", ["Dropped", "Dropped in its parent's poll", "Dropped with its parent", "Dropped from outside"][gone[0]], gone[1] >= 0 && [", while it waited in ", go(gone[1])], "."),
    blocked && el("p", `${blocked.exact ? "Waited" : "Up to"} ${duration(blocked.overlap)} behind a ${duration(blocked.poll)} poll of `, go(blocked.blocker, blocked.name), " on the same thread.", !blocked.exact && " A hint: it may have been ready later, or another thread free."),
    victims[0] && el("p", `Held up ${countOf(victims.length, "span")}, ${duration(victims.reduce((sum, of) => sum + of.overlap, 0))} in total.`),
    pairsNode([
      ["Service", m.serviceOf(i) || "—"], ["Duration", timeText(m, i) + (m.outcome[i] === OPEN ? "" : ` (${m.dur[i].toLocaleString("en")} ns)`)],
      ["Start", `+${duration(m.start[i])} · ${wallTime(m.data.start, m.start[i], !app.local)}`], ["Outcome", [mark && `${mark} `, OUTCOMES[m.outcome[i]]]], ["Kind", KINDS[m.data.kinds[i]]], ["Span", el("code", m.id(i))],
      ["Parent", missing ? [el("code", missing[0]), missing[1] ? " in another process" : " not in this trace"] : go(m.data.parent[i], "none")],
      place && ["Code", el("code", shown(`${m.strings[place[0]]}:${place[1]}`))],
    ]),
    polls && section(polls, "Polls", () => pairsNode([
      ["Count", String(polls.count)], ["Busy", duration(polls.busy)], polls.count && ["Longest", `${duration(polls.longest[1])} on ${m.threadName(m.threadKey(i, polls.longest[2]))}`],
      polls.merged && ["Note", "neighbouring polls are drawn as one"],
    ])),
    b && section(b, "Compared", () => el("p", other < 0 ? "Only in this trace." : `${timeText(b, other)} in the other: ${deltaText(i)}`)),
    section(m.data.attributes[i], "Attributes", () => list(m.data.attributes[i])),
    section(events[0], `Events (${events.length})`, () => events.slice(0, 500).map((/** @type {any[]} */ e) => el("div.item", el("bdi", shown(m.strings[e[0]])), el("span.faint", ` +${duration(e[1] - m.start[i])}`), list(e[2])))),
    section(links[0], `Links (${links.length})`, () => links.slice(0, 500).map((/** @type {any[]} */ l) => el("div.item", go(m.find(l[1]), `${l[0]} / ${l[1]}`), list(l[4])))),
    dropped && el("p.faint", `Not recorded: ${dropped[0]} attributes, ${dropped[1]} events, ${dropped[2]} links.`),
    section(1, "Resource", () => list(m.resourceOf(i))),
    el("p", button("Copy link", copyLink), " ", button("Copy JSON", copyJson)),
  );
}

/** @param {number} i @returns {object} the span as a person would write it down */
function spanJson(i) {
  return {
    "name": m.strings[m.name[i]], "service": m.services[m.service[i]], "kind": KINDS[m.data.kinds[i]], "start_unix_nano": String(BigInt(m.data.start) + BigInt(m.start[i])), "duration_ns": m.data.duration_ns[i],
    ...spanFields(m, i), "attributes": plainAttributes(m, m.data.attributes[i]),
    "events": m.eventsOf(i).map((/** @type {any[]} */ e) => ({ "name": m.strings[e[0]], "at_ns": e[1], "attributes": plainAttributes(m, e[2]) })),
  };
}

/** @param {number} i @returns {string} how much longer than the other trace's span it is */
function deltaText(i) {
  const { b, toB } = app.other ?? {};
  if (!b || !toB || toB[i] < 0) return "A only";
  const delta = m.dur[i] - b.dur[toB[i]];
  return isNaN(delta) ? "—" : (delta > 0 ? "+" : "") + duration(delta);
}
