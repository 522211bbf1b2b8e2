// What the reader can do.

/** @param {number} i @param {boolean} [reveal] also in time */
function select(i, reveal) {
  app.sel = i;
  app.onGroup = false;
  const fold = app.fold;
  if (i >= 0 && ((fold.focus >= 0 && (i < fold.focus || i >= m.last[fold.focus])) || (fold.trace >= 0 && m.traceOf(i) !== fold.trace))) {
    [fold.focus, fold.trace] = [-1, -1];
    ui.traces.querySelector("select").value = "-1";
  }
  if (app.viewName === "table" && !applying) app.viewName = "waterfall";
  refresh();
  if (i >= 0) {
    const { t0, t1 } = app.view;
    if (reveal && (m.end[i] < t0 || m.start[i] > t1)) setView(m.start[i] - (t1 - t0) / 4, m.start[i] + (t1 - t0) * 3 / 4);
    showRow(isRows() ? rowOfSelection() : app.laneOf?.[i] ?? -1);
    say(describe(m, i));
  }
}

/** @param {number} r */
function showRow(r) {
  if (r < 0) return;
  const y = r * app.rowHeight, height = ui.scroll.clientHeight, top = scrolled();
  if (y < top) scrollRows(y);
  else if (y + app.rowHeight > top + height) scrollRows(y + app.rowHeight - height + 2);
}

/** @param {number} r @param {number} [step] where to look further if the row is not of this trace */
function selectRow(r, step = 1) {
  r = Math.max(0, Math.min(r, app.rows.length - 1));
  while (app.rows[r] >= m.n) r += step;
  const at = app.rows[r];
  if (at === undefined) return;
  select(at < 0 ? -1 - at : at);
  app.onGroup = at < 0;
  refresh();
  showRow(rowOfSelection());
}

/** @param {number} t0 @param {number} t1 */
function setView(t0, t1) {
  app.view = clampView({ t0, t1 }, m.total);
  schedule();
}

/** @param {number} factor of the window's width @param {number} [at] ns that stay where they are */
function zoom(factor, at) {
  const { t0, t1 } = app.view;
  const middle = app.sel < 0 ? NaN : (m.start[app.sel] + m.end[app.sel]) / 2;
  const anchor = at ?? (middle >= t0 && middle <= t1 ? middle : (t0 + t1) / 2);
  setView(anchor - (anchor - t0) * factor, anchor + (t1 - anchor) * factor);
}
const pan = (/** @type {number} */ share) => setView(app.view.t0 + (app.view.t1 - app.view.t0) * share, app.view.t1 + (app.view.t1 - app.view.t0) * share);

/** @param {(i: number) => boolean} wanted @param {1 | -1} step @param {string} what */
function jump(wanted, step, what) {
  for (let k = 1; k <= m.n; k++) {
    const i = (((app.sel < 0 && step < 0 ? 0 : app.sel) + step * k) % m.n + m.n) % m.n;
    if (wanted(i)) return select(i, true);
  }
  say(`There is no ${what}.`);
}

/** @param {1 | -1} step */
function nextMatch(step) {
  if (!app.matches.length) return say("No match.");
  let k = app.matches.findIndex((i) => i > app.sel);
  if (step < 0) k = (app.matches.findIndex((i) => i >= app.sel) + app.matches.length) % app.matches.length - 1;
  if (k < 0) k = step > 0 ? 0 : app.matches.length - 1;
  select(app.matches[k], true);
  ui.found.textContent = `${k + 1} / ${app.matches.length}`;
  say(`${k + 1} of ${app.matches.length} matches. ${describe(m, app.sel)}`);
}

/** @param {string} q */
function setSearch(q) {
  app.q = q.trim();
  if (ui.q.value.trim() !== app.q) ui.q.value = app.q;
  const { matches, error } = search(m, app.q, facts);
  app.matches = matches;
  app.isMatch.fill(0);
  for (const i of matches) app.isMatch[i] = 1;
  for (let i = 0; i < m.n; i++) app.inside[i + 1] = app.inside[i] + app.isMatch[i];
  ui.found.textContent = error ? "?" : app.q ? `${matches.length} found` : "";
  ui.q.title = error;
  say(error || (app.q ? `${matches.length} matches` : ""));
  refresh();
}

/** @param {number} i @param {boolean} folded */
function setFold(i, folded) {
  app.fold.folded[i] = Number(folded);
  refresh();
}

const closeSearch = () => { setSearch(""); ui.grid.focus(); };
/** @param {string} name */
const show = (name) => () => { app.viewName = name; ui.scroll.scrollTop = 0; refresh(); };
/** @type {Record<string, () => void>} */
const actions = {
  up: () => selectRow(rowOfSelection() - 1, -1),
  down: () => selectRow(rowOfSelection() + 1),
  first: () => selectRow(0),
  last: () => selectRow(app.rows.length - 1, -1),
  pageUp: () => selectRow(rowOfSelection() - Math.floor(ui.scroll.clientHeight / app.rowHeight) + 1, -1),
  pageDown: () => selectRow(rowOfSelection() + Math.floor(ui.scroll.clientHeight / app.rowHeight) - 1),
  unfold() {
    const i = app.sel, group = app.onGroup && app.fold.groups?.get(i);
    if (group) group.open ? selectRow(rowOfSelection() + 1) : (group.open = true, refresh());
    else if (i >= 0 && app.fold.folded[i] && m.kids[i]) setFold(i, false);
    else if (i >= 0 && m.kids[i]) selectRow(rowOfSelection() + 1);
  },
  fold() {
    const i = app.sel, group = app.onGroup && app.fold.groups?.get(i);
    if (group && group.open) { group.open = false; refresh(); }
    else if (!group && i >= 0 && m.kids[i] && !app.fold.folded[i]) setFold(i, true);
    else if (i >= 0 && m.parent[i] >= 0) select(m.parent[i]);
  },
  panel() { if (app.sel >= 0) { app.panelOpen = !app.panelOpen; refresh(); } },
  close() { app.panelOpen = false; refresh(); ui.grid.focus(); },
  escape: () => (app.panelOpen && app.sel >= 0 ? actions.close() : app.q ? closeSearch() : actions.zoomAll()),
  search() { ui.q.focus(); ui.q.select(); },
  nextMatch: () => nextMatch(1),
  previousMatch: () => nextMatch(-1),
  nextError: () => jump(m.isFailed, 1, "error"),
  previousError: () => jump(m.isFailed, -1, "error"),
  nextPoll: () => jump((i) => (m.polls.get(i)?.longest?.[1] ?? 0) >= app.threshold, 1, "long poll"),
  previousPoll: () => jump((i) => (m.polls.get(i)?.longest?.[1] ?? 0) >= app.threshold, -1, "long poll"),
  zoomIn: () => zoom(0.8), zoomOut: () => zoom(1.25), zoomIn5: () => zoom(0.8 ** 5), zoomOut5: () => zoom(1.25 ** 5),
  panLeft: () => pan(-0.1), panRight: () => pan(0.1), panLeft5: () => pan(-0.5), panRight5: () => pan(0.5),
  zoomAll: () => setView(0, m.total),
  zoomTo() {
    if (app.sel < 0) return;
    const margin = (m.end[app.sel] - m.start[app.sel]) * 0.05 + 1;
    setView(m.start[app.sel] - margin, m.end[app.sel] + margin);
  },
  focus() { if (app.sel >= 0) { app.fold.focus = app.sel; app.fold.folded[app.sel] = 0; refresh(); scrollRows(0); actions.zoomTo(); } },
  unfocus() { if (app.fold.focus >= 0) { app.fold.focus = -1; refresh(); actions.zoomAll(); showRow(rowOfSelection()); } },
  unfoldAll() { app.fold.folded.fill(0); refresh(); showRow(rowOfSelection()); },
  foldAll() { app.fold.folded.fill(1); refresh(); showRow(rowOfSelection()); },
  unfoldLevel() { foldLevel(false); },
  foldLevel() { foldLevel(true); },
  critical() { app.showCritical = !app.showCritical; say(app.showCritical ? `Critical path: ${facts.critical().path.size} spans` : "Critical path hidden"); refresh(); },
  blocker() {
    const blocked = facts.blocked().get(app.sel);
    blocked && blocked.blocker >= 0 ? select(blocked.blocker, true) : say("Nothing is known to have blocked this span.");
  },
  waterfall: show("waterfall"), flame: show("flame"), table: show("table"), threads: show("threads"),
  copyLink() { writeFragment(); copy(location.href, "The link"); },
  copyJson() { if (app.sel >= 0) copy(JSON.stringify(spanJson(app.sel), null, 2), "The span"); },
  savePerfetto() {
    const href = URL.createObjectURL(new Blob([perfettoText(m)], { type: "application/json" }));
    el("a", { href, download: "trace.perfetto.json" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 6e4);
    say("Saved: open it at ui.perfetto.dev");
  },
  help() { ui.keys.open ? ui.keys.close() : ui.keys.showModal(); },
};

/** Folds the deepest rows that show children, or unfolds the highest that hide them. @param {boolean} folded */
function foldLevel(folded) {
  let level = -1;
  const fits = (/** @type {number} */ i) => i >= 0 && m.kids[i] > 0 && Boolean(app.fold.folded[i]) !== folded;
  for (const i of app.plain) if (fits(i) && (level < 0 || (folded ? m.depth[i] > level : m.depth[i] < level))) level = m.depth[i];
  for (const i of app.plain) if (fits(i) && m.depth[i] === level) app.fold.folded[i] = Number(folded);
  refresh();
  showRow(rowOfSelection());
}

/** @param {string} name */
function act(name) { actions[name]?.(); }
