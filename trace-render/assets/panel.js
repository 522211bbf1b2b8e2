// The panel: everything about one span, as text.

/** @param {string} name its tag, and behind a point its classes @param {...(Node | string | Record<string, any>)} rest children, and attributes */
function el(name, ...rest) {
  const [tag, kind] = name.split("."), made = document.createElement(tag);
  if (kind) made.className = kind;
  for (const of of rest) of instanceof Node || typeof of === "string" ? made.append(of) : setAll(made, of);
  return made;
}

/** @param {Element} node @param {Record<string, any>} attributes `undefined` and `false` are none, `true` is one without a value */
function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) value === undefined || value === false ? node.removeAttribute(name) : node.setAttribute(name, value === true ? "" : String(value));
}

/** @param {string} label @param {() => void} action @param {Record<string, string>} [attributes] */
function button(label, action, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}

/** @param {any} value @returns {Node} a link for the two schemes of the web, else text */
function valueNode(value) {
  const text = valueText(value), safe = shown(text);
  const made = el("bdi", safe.length > 2e4 ? `${safe.slice(0, 2e4)}… (${safe.length} characters)` : safe);
  return typeof value === "string" && /^https?:\/\/[^\s]+$/i.test(text) && safe === text && text.length < 4e3 ? el("a", { href: text, rel: "noreferrer noopener", target: "_blank" }, made) : made;
}

/** @param {[string, Node | string][]} pairs */
function pairsNode(pairs) {
  return el("dl", ...pairs.flatMap(([key, value]) => [el("dt", el("bdi", shown(key))), el("dd", value)]));
}

/** @param {number} i @param {number} total @returns {[string, string, number][]} class, words and time of each part that is there */
function anatomyParts(i, total) {
  const a = anatomyOf(m, i);
  /** @type {[string, string, number][]} */
  const parts = m.polls.has(i)
    ? [["busy", "busy", a.busy], ["kids", "waiting on children", a.children], ["none", "waiting, no span", a.none], ["queue", "ready, not polled", a.queued]]
    : [["busy", "no child open", a.none], ["kids", "a child open", a.children]];
  return parts.filter(([, , ns]) => ns > 0 || total === 0);
}

/** @param {number} share @returns {string} never nothing or all of it where it is not */
function percent(share) {
  return share > 0 && share < 0.005 ? "<1 %" : share < 1 && share >= 0.995 ? ">99 %" : `${Math.round(share * 100)} %`;
}

/** @param {number} i @returns {HTMLElement} */
function anatomyNode(i) {
  const total = m.end[i] - m.start[i];
  const parts = anatomyParts(i, total);
  const bar = el("div.anatomy", { "aria-hidden": "true" });
  for (const [kind, , ns] of parts) {
    const part = el("i", { class: kind });
    part.style.flexGrow = String(total ? ns / total : 1);
    bar.append(part);
  }
  const words = parts.map(([kind, word, ns]) => el("span.key", el("i", { class: kind }), ` ${word} ${duration(ns)}${total ? ` (${percent(ns / total)})` : ""}`));
  return el("div", bar, el("div.keys", ...words));
}

/** @param {Model} m @param {number} i @returns {string} what the row's marks say, in words */
function describe(m, i) {
  const polls = m.polls.get(i);
  const parts = [m.nameOf(i), m.serviceOf(i), m.outcome[i] === OPEN ? "" : duration(m.dur[i])];
  if (polls) parts.push(`waiting ${Math.round(100 - polls.busy / Math.max(m.dur[i], 1) * 100)} %`, `${polls.count} polls`, polls.longest ? `longest ${duration(polls.longest[1])}` : "");
  if (m.outcome[i] !== OK) parts.push(OUTCOMES[m.outcome[i]]);
  if (m.messages.has(i)) parts.push(shown(m.strings[m.messages.get(i)?.[0]]).slice(0, 200));
  const events = m.events.get(i)?.[0].length ?? 0;
  if (events) parts.push(`${events} event${events > 1 ? "s" : ""}`);
  return parts.filter(Boolean).join(", ");
}

/** Draws the panel of the selected span */
function renderPanel() {
  const i = app.sel;
  ui.panel.hidden = !app.panelOpen || i < 0;
  if (ui.panel.hidden) return;
  const section = (/** @type {string} */ title, /** @type {Node[]} */ ...content) => el("section", el("h3", title), ...content);
  const list = (/** @type {any} */ of) => pairsNode(m.attributes(of).map(([key, value]) => [key, valueNode(value)]));
  const jump = (/** @type {number} */ to, /** @type {string} */ label) => button(label, () => select(to, true), { class: "link" });
  const missing = m.parents.get(i);
  const place = m.data.places[m.data.place[i]];
  /** @type {[string, Node | string][]} */
  const told = [
    ["Service", m.serviceOf(i) || "—"],
    ["Duration", m.outcome[i] === OPEN ? "open" : `${duration(m.dur[i])} (${m.dur[i].toLocaleString("en")} ns)`],
    ["Start", `+${duration(m.start[i])} · ${wallTime(m.data.start, m.start[i], app.utc)}`],
    ["Outcome", `${MARKS[m.outcome[i]]} ${OUTCOMES[m.outcome[i]]}`.trim()],
    ["Kind", KINDS[Number(m.data.kinds[i])]],
    ["Span", el("code", m.id(i))],
    ["Parent", missing ? el("span", el("code", missing[0]), missing[1] ? " in another process" : " not in this trace") : m.parent[i] < 0 ? "none" : jump(m.parent[i], m.nameOf(m.parent[i]))],
  ];
  const said = m.data.parent[i];
  if (said >= 0 && m.parent[i] !== said) told.push(["Circle", `its parents lead back to it; it names ${m.nameOf(said)}`]);
  if (place) told.push(["Code", el("code", shown(`${m.strings[place[0]]}:${place[1]}`))], ["Module", shown(m.strings[place[2]])]);
  const message = m.messages.get(i)?.[0];
  const content = [el("div.head", el("h2", el("bdi", m.nameOf(i))), button("✕", () => act("close"), { "aria-label": "Close the panel" }))];
  if (message !== undefined) content.push(el("p.error", `${MARKS[m.outcome[i]]} `, el("bdi", shown(m.strings[message]))));
  content.push(anatomyNode(i));
  const gone = m.givenUp.get(i);
  if (gone) content.push(el("p", ["Dropped", "Dropped in its parent's poll", "Dropped with its parent", "Dropped from outside"][gone[0]], ...(gone[1] < 0 ? [] : [", while it waited in ", jump(gone[1], m.nameOf(gone[1]))]), "."));
  const blocked = facts.blocked().get(i);
  if (blocked) content.push(el("p", `${blocked.exact ? "Waited" : "Up to"} ${duration(blocked.overlap)} behind a ${duration(blocked.poll)} poll of `, blocked.blocker < 0 ? blocked.name : jump(blocked.blocker, blocked.name), ` on the same thread.${blocked.exact ? "" : " A hint: it may have been ready later, or another thread free."}`));
  const victims = [...facts.blocked().values()].filter((b) => b.blocker === i);
  if (victims.length) content.push(el("p", `Held up ${victims.length} span${victims.length > 1 ? "s" : ""}, ${duration(victims.reduce((sum, b) => sum + b.overlap, 0))} in total.`));
  content.push(pairsNode(told));
  const polls = m.polls.get(i);
  if (polls) content.push(section("Polls", pairsNode([["Count", String(polls.count)], ["Busy", duration(polls.busy)], ...(polls.longest ? /** @type {[string, string][]} */ ([["Longest", `${duration(polls.longest[1])} on ${m.threadName(m.threadKey(i, polls.longest[2]))}`]]) : []), ...(polls.merged ? /** @type {[string, string][]} */ ([["Note", "neighbouring polls are drawn as one"]]) : [])])));
  if (app.other) {
    const b = app.other.toB[i];
    content.push(section("Compared", el("p", b < 0 ? "Only in this trace." : `${duration(app.other.b.dur[b])} in the other: ${deltaText(i)}`)));
  }
  if (m.data.attributes[i]) content.push(section("Attributes", list(m.data.attributes[i])));
  const events = m.events.get(i)?.[0] ?? [];
  if (events.length) content.push(section(`Events (${events.length})`, ...events.slice(0, 500).map((/** @type {any[]} */ e) => el("div.item", el("bdi", shown(m.strings[e[0]])), el("span.faint", ` +${duration(e[1] - m.start[i])}`), list(e[2])))));
  const links = m.links.get(i)?.[0] ?? [];
  if (links.length) content.push(section(`Links (${links.length})`, ...links.slice(0, 500).map((/** @type {any[]} */ l) => el("div.item", m.find(l[1]) >= 0 ? jump(m.find(l[1]), m.nameOf(m.find(l[1]))) : el("code", `${l[0]} / ${l[1]}`), list(l[4])))));
  const dropped = m.dropped.get(i);
  if (dropped) content.push(el("p.faint", `Left out when it was recorded: ${dropped[0]} attributes, ${dropped[1]} events, ${dropped[2]} links.`));
  content.push(el("details", el("summary", "Resource"), list(m.data.parts[m.part[i]][2])));
  content.push(el("p", button("Copy link", () => act("copyLink")), " ", button("Copy JSON", () => act("copyJson"))));
  ui.panel.replaceChildren(...content);
}

/** @param {number} i @returns {object} the span as a person would write it down */
function spanJson(i) {
  const all = (/** @type {any} */ of) => Object.fromEntries(m.attributes(of).map(([key, value]) => [key, plainValue(value)]));
  return {
    "trace_id": m.data.traces[m.traceOf(i)], "span_id": m.id(i), "parent_id": m.parents.get(i)?.[0] ?? (m.parent[i] < 0 ? null : m.id(m.parent[i])),
    "name": m.strings[m.name[i]], "service": m.services[m.service[i]], "kind": KINDS[Number(m.data.kinds[i])], "outcome": OUTCOMES[m.outcome[i]],
    "start_unix_nano": String(BigInt(m.data.start) + BigInt(m.start[i])), "duration_ns": m.data.duration_ns[i],
    "message": m.messages.has(i) ? m.strings[m.messages.get(i)?.[0]] : undefined, "attributes": all(m.data.attributes[i]),
    "events": (m.events.get(i)?.[0] ?? []).map((/** @type {any[]} */ e) => ({ "name": m.strings[e[0]], "at_ns": e[1], "attributes": all(e[2]) })),
  };
}

/** @param {number} i @returns {string} how much longer than the other trace's span it is */
function deltaText(i) {
  if (!app.other) return "";
  const b = app.other.toB[i];
  if (b < 0) return "A only";
  const delta = m.dur[i] - app.other.b.dur[b];
  return Number.isNaN(delta) ? "—" : `${delta > 0 ? "+" : ""}${duration(delta)}`;
}
