// The page as it begins.

function showFacts() {
  const fact = (/** @type {string} */ text, /** @type {string} */ kind = "") => el("span", { class: kind }, text);
  const { traces } = m.data;
  ui.facts.replaceChildren(
    ...(traces.length === 1 ? [el("code", {}, traces[0])] : traces.length ? [fact(`${traces.length} traces`)] : []),
    ...(m.n ? [fact(wallTime(m.data.start, 0, app.utc)), el("strong", {}, duration(m.total))] : []),
    fact(m.n === 1 ? "1 span" : `${m.n} spans`),
    ...(m.failed ? [fact(`✖ ${m.failed} failed`, "bad")] : []), ...(m.cancelled ? [fact(`◇ ${m.cancelled} cancelled`)] : []),
    ...(m.data.redacted ? [fact(`${m.data.redacted} values redacted`)] : []),
  );
}

function longestRoot() {
  let best = m.n ? 0 : -1;
  for (let i = 0; i < m.n; i = m.last[i]) if (m.end[i] - m.start[i] > m.end[best] - m.start[best]) best = i;
  return best;
}

function start() {
  document.title = shown(m.data.title).slice(0, 200);
  ui.title.textContent = shown(m.data.title).slice(0, 500);
  showFacts();
  document.documentElement.style.setProperty("--row", "22px");
  document.documentElement.style.setProperty("--left", `${Math.round(clamp(innerWidth * 0.34, 170, 520))}px`);
  ui.views.append(...["waterfall", "flame", "table", "threads"].map((name, k) => button(name[0].toUpperCase() + name.slice(1), () => act(name), { "data-view": name, title: `Key ${k + 1}` })));
  const pills = [["Errors", "error", m.failed > 0], ["Slow", "self>5%", m.n > 0], ["Long polls", "poll>10ms", m.polls.size > 0], ["Blocked", "blocked", m.polls.size > 0], ["Critical", "critical", m.n > 1]];
  ui.pills.append(...pills.filter(([, , there]) => there).map(([label, q]) => button(String(label), () => { setSearch(app.q === q ? "" : String(q)); if (app.q) nextMatch(1); }, { "data-q": String(q) })));
  if (m.data.traces.length > 1) {
    ui.traces.hidden = false;
    const option = (/** @type {string} */ label, /** @type {number} */ value) => el("option", { value: String(value) }, label);
    /** @type {Map<number, string>} */
    const roots = new Map();
    for (let i = 0; i < m.n; i = m.last[i]) if (!roots.has(m.traceOf(i))) roots.set(m.traceOf(i), `${m.nameOf(i).slice(0, 60)} · ${m.data.traces[m.traceOf(i)].slice(0, 8)}`);
    ui.traces.querySelector("select").append(option("All traces", -1), ...[...roots].slice(0, 2000).map(([t, label]) => option(label, t)));
  }
  if (m.n) {
    const root = longestRoot();
    const worst = [...facts.blocked().values()].sort((a, b) => b.overlap - a.overlap)[0];
    ui.overview.append(anatomyNode(root), ...(worst ? [el("p", { class: "faint" }, `${m.nameOf(worst.victim)} ${worst.exact ? "waited" : "was up to"} ${duration(worst.overlap)} behind a ${duration(worst.poll)} poll of ${worst.name}.`)] : []));
  }
  const parts = new Set(m.data.parts.map((/** @type {any[]} */ part) => part[1]));
  const notes = [];
  if (m.data.total > m.n) notes.push(`Only ${m.n.toLocaleString("en")} of ${m.data.total.toLocaleString("en")} spans are here: what failed, the critical path, the longest, and those nearest to a root.`);
  if (parts.has("part")) notes.push("This is a part of the trace; the rest had not ended when it was written.");
  if (parts.has("late")) notes.push("Some of it came after the rest of the trace.");
  const orphans = Array.from(m.parents.values(), ([, remote]) => remote).filter((remote) => !remote).length;
  const skewed = Array.from(m.parent).filter((p, i) => p >= 0 && m.service[p] !== m.service[i] && (m.start[i] < m.start[p] || m.start[i] > m.end[p])).length;
  if (skewed) notes.push(`${skewed} span${skewed > 1 ? "s" : ""} of another service began outside of the time of the parent: clocks differ, or it was not waited for.`);
  if (orphans) notes.push(`The parent of ${orphans} span${orphans > 1 ? "s is" : " is"} not in the trace.`);
  if (notes.length) banner(notes.join(" "));
  ui.keys.append(el("h2", {}, "Keyboard"), keysNode(), el("h2", {}, "Search"), el("p", {}, "Words find names, services, keys, values and events. Also name:x service:x attr.key=value attr.key>5 dur>10ms self>5% busy> wait> poll> polls> error cancelled panicked open critical blocked. - negates, quotes keep spaces."),
    el("h2", {}, "Bars"), el("p", {}, m.polls.size ? "Solid: a poll. Pale: waiting on a child. Hatched: waiting with no span. Dots: woken, not polled. Framed: the longest poll, if it is long." : "Solid: no child was open. Pale: a child was open.", " Red line and ✖: failed. ⚡ panicked. ◇ cancelled. ◌ never polled. ▷ open. ◆ event. ↗ link. Thin line: reach of folded children. Drag: zoom; Shift and drag: measure; Ctrl and wheel: zoom; Shift and wheel: earlier, later."),
    button("Close", () => ui.keys.close()));
  ui.app.hidden = false;
  listen();
  setTheme(document.documentElement.dataset.theme ?? "auto");
  readFragment();
  draw();
  // What a test cannot see on a canvas.
  Object.defineProperty(window, "__trace", { value: Object.freeze({
    ready: true,
    rows: () => app.rows.length,
    row: (/** @type {number} */ r) => {
      const at = app.rows[r], [of, i] = app.other && at >= m.n ? [app.other.b, at - m.n] : [m, Math.max(at, -1 - at)];
      return { name: of.nameOf(i), depth: of.depth[i], group: at < 0, other: of !== m };
    },
    bar: (/** @type {string} */ id) => barOf(m.find(id)),
    state: () => ({
      sel: m.id(app.sel), view: app.view, q: app.q, matches: app.matches.length, viewName: app.viewName, focus: m.id(app.fold.focus), folded: app.fold.folded.reduce((sum, f, i) => sum + Number(f && m.kids[i] > 0), 0),
      panel: !ui.panel.hidden, critical: app.showCritical, compared: app.other ? app.other.onlyB.length : null, rowHeight: app.rowHeight, width: app.width,
    }),
    stats: () => ({ rows: pool.length, spans: m.n }),
    run: (/** @type {string} */ what, /** @type {string} */ q) => {
      what === "search" ? setSearch(q) : act(what);
      draw();
    },
  }) });
}

decoded(document.getElementById("trace-data")?.textContent ?? "").then((data) => {
  setModel(makeModel(data));
  start();
}).catch((error) => {
  ui.app.hidden = false;
  ui.title.textContent = "This trace cannot be shown";
  ui.banner.hidden = false;
  ui.banner.textContent = shown(String(error));
});
