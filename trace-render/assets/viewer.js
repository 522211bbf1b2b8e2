// The page as it begins.

function showFacts() {
  const fact = (/** @type {string} */ text, /** @type {string} */ kind = "") => el("span", { class: kind }, text);
  const { traces } = m.data;
  ui.facts.replaceChildren(
    ...(traces.length === 1 ? [el("code", traces[0])] : traces.length ? [fact(`${traces.length} traces`)] : []),
    ...(m.n ? [fact(wallTime(m.data.start, 0, app.utc)), el("strong", duration(m.total))] : []),
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
    ui.overview.append(anatomyNode(root), el("p.faint", shown(m.data.worst ?? "")));
  }
  if (m.data.notes.length) banner(m.data.notes.join(" "));
  ui.keys.append(button("Close", () => ui.keys.close()), el("h2", "Keyboard"), keysNode(), el("h2", "Search"), el("p", "Words find names, services, keys, values and events. Also name:x service:x attr.key=value attr.key>5 dur>10ms self>5% busy> wait> poll> polls> error cancelled panicked open critical blocked. - negates, quotes keep spaces."),
    el("h2", "Bars"), el("p", m.polls.size ? "Solid: a poll. Pale: waiting on a child. Hatched: waiting with no span. Dots: woken, not polled. Framed: the longest poll, if it is long." : "Solid: no child was open. Pale: a child was open.", " Red line and ✖: failed. ⚡ panicked. ◇ cancelled. ◌ never polled. ▷ open. ◆ event. ↗ link. Thin line: reach of folded children. Drag: zoom; Shift and drag: measure; Ctrl and wheel: zoom; Shift and wheel: earlier, later."));
  ui.app.hidden = false;
  listen();
  setTheme(document.documentElement.dataset.theme ?? "auto");
  readFragment();
  draw();
  // What a test cannot see on a canvas.
  Object.defineProperty(window, "__trace", { value: Object.freeze({
    "ready": true,
    "rows": () => app.rows.length,
    "row": (/** @type {number} */ r) => {
      const at = app.rows[r], [of, i] = app.other && at >= m.n ? [app.other.b, at - m.n] : [m, Math.max(at, -1 - at)];
      return { "name": of.nameOf(i), "depth": of.depth[i], "group": at < 0, "other": of !== m };
    },
    "bar": (/** @type {string} */ id) => { const { x, w } = barOf(m.find(id)); return { "x": x, "w": w }; },
    "state": () => ({
      "sel": m.id(app.sel), "view": { "t0": app.view.t0, "t1": app.view.t1 }, "q": app.q, "matches": app.matches.length, "viewName": app.viewName, "focus": m.id(app.fold.focus), "folded": app.fold.folded.reduce((sum, f, i) => sum + Number(f && m.kids[i] > 0), 0),
      "panel": !ui.panel.hidden, "critical": app.showCritical, "compared": app.other ? app.other.onlyB.length : null, "rowHeight": app.rowHeight, "width": app.width,
    }),
    "stats": () => ({ "rows": pool.length, "spans": m.n }),
    "run": (/** @type {string} */ what, /** @type {string} */ q) => {
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
