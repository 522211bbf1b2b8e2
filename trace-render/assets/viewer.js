// The page as it begins.

function showFacts() {
  const { traces, redacted, start } = m.data;
  refill(ui.facts, [
    traces.length === 1 ? el("code", traces[0]) : traces.length && `${traces.length} traces`, m.n && wallTime(start, 0, !app.local), m.n && el("strong", duration(m.total)), countOf(m.n, "span"),
    m.failed && el("span.bad", `✖ ${m.failed} failed`), m.cancelled && `◇ ${m.cancelled} cancelled`, redacted && `${redacted} values redacted`,
  ].map((fact) => fact && el("span", fact)));
}

function start() {
  document.title = ui.title.textContent = shown(m.data.title).slice(0, 500);
  showFacts();
  root.style.setProperty("--left", `${Math.round(clamp(innerWidth * 0.34, 170, 520))}px`);
  add(ui.views, ["waterfall", "flame", "table", "threads"].map((name) => button(name, () => show(name), { value: name })));
  for (const [label, q, there] of /** @type {[string, string, any][]} */ ([["Errors", "error", m.failed], ["Slow", "self>5%", m.n], ["Long polls", "poll>10ms", m.polls.size], ["Blocked", "blocked", m.polls.size], ["Critical", "critical", m.n > 1]])) {
    if (there) ui.pills.append(button(label, () => {
      setSearch(app.q === q ? "" : q);
      if (app.q) nextMatch(false);
    }, { value: q }));
  }
  const roots = childrenOf(m, -1);
  ui.traces.hidden = m.data.traces.length < 2;
  add(ui.trace, [...groupBy(roots, m.traceOf)].slice(0, 2000).map(([value, [i]]) => el("option", { value }, `${m.nameOf(i).slice(0, 60)} · ${m.data.traces[value].slice(0, 8)}`)));
  if (m.n) add(ui.overview, anatomyNode(roots.reduce((a, b) => (m.end[b] - m.start[b] > m.end[a] - m.start[a] ? b : a))), el("p.faint", shown(m.data.worst ?? "")));
  if (m.data.notes.length) banner(m.data.notes.join(" "));
  add(ui.list, KEYS.map(([keys, does]) => [el("dt", keys.replace(/Key|Arrow/g, "").split(" ").map((key) => el("kbd", key))), el("dd", does)]));
  ui.app.hidden = false;
  deepest = mostOf(m.depth, (depth) => depth);
  listen();
  setTheme(root.dataset.theme ?? "auto");
  readFragment();
  draw();
  // What a test cannot see on a canvas.
  Object.defineProperty(window, "__trace", { value: Object.freeze({
    "ready": true,
    "rows": () => app.rows.length,
    "row": (/** @type {number} */ r) => {
      const at = app.rows[r], [of, i] = app.other && at >= m.n ? [app.other.b, at - m.n] : [m, spanOf(at)];
      return { "name": of.nameOf(i), "depth": of.depth[i], "group": at < 0, "other": of !== m };
    },
    "bar": (/** @type {string} */ id) => {
      const i = m.find(id), x = xOf(m.start[i]);
      return { "x": x, "w": Math.max(xOf(m.end[i]) - x, 1.5) };
    },
    "state": () => ({
      "sel": m.id(app.sel), "t0": app.view.t0, "t1": app.view.t1, "matches": app.matches.length, "view": app.viewName, "focus": m.id(app.fold.focus), "folded": app.fold.folded.filter((f, i) => f && m.kids[i]).length,
      "critical": app.showCritical, "compared": app.other?.onlyB.length,
    }),
    "stats": () => ({ "rows": pool.length, "spans": m.n }),
  }) });
}

decoded(ui["trace-data"].textContent).then((data) => {
  setModel(makeModel(data));
  start();
}).catch((error) => {
  ui.app.hidden = false;
  ui.title.textContent = "This trace cannot be shown";
  ui.banner.hidden = false;
  ui.banner.textContent = shown(String(error));
});
