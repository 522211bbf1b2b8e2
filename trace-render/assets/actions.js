// What the reader can do.

/** @param {number} i @param {boolean} [reveal] also in time */
function select(i, reveal) {
  app.sel = i;
  app.onGroup = false;
  const fold = app.fold, { t0, t1 } = app.view;
  if (i >= 0 && (i < fold.focus || i >= m.below(fold.focus) || (fold.trace >= 0 && m.traceOf(i) !== fold.trace))) fold.focus = fold.trace = ui.trace.value = -1;
  if (app.viewName === "table" && !applying) app.viewName = "waterfall";
  refresh();
  if (i < 0) return;
  if (reveal && (m.end[i] < t0 || m.start[i] > t1)) setView(m.start[i] - (t1 - t0) / 4, m.start[i] + (t1 - t0) * 3 / 4);
  showRow(isRows() ? rowOfSelection() : app.laneOf?.[i] ?? -1);
  say(describe(m, i));
}

/** @param {number} r */
function showRow(r) {
  const y = r * app.rowHeight, room = ui.scroll.clientHeight - app.rowHeight - 2;
  if (r >= 0) scrollRows(clamp(scrolled(), y - room, y));
}

/** @param {number} r @param {number} [way] where to look further if the row is not of this trace */
function selectRow(r, way = 1) {
  r = clamp(r, 0, app.rows.length - 1);
  while (app.rows[r] >= m.n) r += way;
  const at = app.rows[r];
  if (at === undefined) return;
  select(spanOf(at));
  app.onGroup = at < 0;
  refresh();
  showRow(rowOfSelection());
}
const step = (/** @type {number} */ rows) => selectRow(rowOfSelection() + rows, Math.sign(rows));
const pageRows = () => Math.floor(ui.scroll.clientHeight / app.rowHeight);

/** @param {number} t0 @param {number} t1 */
function setView(t0, t1) {
  app.view = clampView({ t0, t1 }, m.total);
  schedule();
}

/** @param {number} factor of the window's width @param {number} [at] ns that stay where they are */
function zoom(factor, at) {
  const { t0, t1 } = app.view, middle = (m.start[app.sel] + m.end[app.sel]) / 2;
  const anchor = at ?? (middle >= t0 && middle <= t1 ? middle : (t0 + t1) / 2);
  setView(anchor - (anchor - t0) * factor, anchor + (t1 - anchor) * factor);
}
const pan = (/** @type {number} */ share) => setView(timeAt(app.width * share), timeAt(app.width * (1 + share)));
const zoomAll = () => setView(0, m.total);
function zoomTo() {
  const margin = (m.end[app.sel] - m.start[app.sel]) * 0.05 + 1;
  if (app.sel >= 0) setView(m.start[app.sel] - margin, m.end[app.sel] + margin);
}

/** @param {(i: number) => boolean} wanted @param {boolean} back @param {string} what */
function jump(wanted, back, what) {
  for (let k = 1; k <= m.n; k++) {
    const i = back ? (Math.max(app.sel, 0) - k + m.n) % m.n : (app.sel + k) % m.n;
    if (wanted(i)) return select(i, true);
  }
  say(`There is no ${what}.`);
}

/** @param {boolean} back */
function nextMatch(back) {
  const matches = app.matches, count = matches.length;
  const k = countBelow(count, (k) => matches[k] < app.sel + (back ? 0 : 1)) - (back ? 1 : 0);
  if (!count) return say("No match.");
  const at = (k + count) % count;
  select(matches[at], true);
  ui.found.textContent = `${at + 1} / ${count}`;
  say(`${at + 1} of ${count} matches. ${describe(m, app.sel)}`);
}

/** @param {string} q */
function setSearch(q) {
  app.q = q.trim();
  if (ui.q.value.trim() !== app.q) ui.q.value = app.q;
  const { matches, error } = search(m, app.q, facts);
  app.matches = matches;
  app.isMatch.fill(0);
  for (const i of matches) app.isMatch[i] = 1;
  app.isMatch.forEach((is, i) => { app.inside[i + 1] = app.inside[i] + is; });
  ui.found.textContent = error ? "?" : app.q && `${matches.length} found`;
  ui.q.title = error;
  say(error || (app.q && `${matches.length} matches`));
  refresh();
}
function openSearch() {
  ui.q.focus();
  ui.q.select();
}
function closeSearch() {
  setSearch("");
  ui.grid.focus();
}

/** @param {number} r @param {boolean} open @returns {boolean} whether that is new */
function setOpen(r, open) {
  const at = app.rows[r], group = groupOf(at);
  if (group ? group.open === open : !m.kids[at] || !app.fold.folded[at] === open) return false;
  group ? group.open = open : app.fold.folded[at] = Number(!open);
  refresh();
  return true;
}
function unfold() {
  const r = rowOfSelection();
  if (r >= 0 && !setOpen(r, true) && (app.onGroup || m.kids[app.sel])) step(1);
}
function fold() {
  if (!setOpen(rowOfSelection(), false) && m.parent[app.sel] >= 0) select(m.parent[app.sel]);
}

/** @param {0 | 1} folded @param {(i: number) => boolean} [which] */
function foldRows(folded, which = () => true) {
  app.fold.folded.forEach((_, i, all) => { if (which(i)) all[i] = folded; });
  refresh();
  showRow(rowOfSelection());
}

/** Folds the deepest rows that show children, or unfolds the highest that hide them. @param {0 | 1} folded */
function foldLevel(folded) {
  const fitting = new Set(app.plain.filter((i) => i >= 0 && m.kids[i] && app.fold.folded[i] !== folded));
  let level = folded ? 0 : Infinity;
  for (const i of fitting) level = folded ? Math.max(level, m.depth[i]) : Math.min(level, m.depth[i]);
  foldRows(folded, (i) => fitting.has(i) && m.depth[i] === level);
}

function focus() {
  if (app.sel < 0) return;
  app.fold.focus = app.sel;
  app.fold.folded[app.sel] = 0;
  refresh();
  scrollRows(0);
  zoomTo();
}
function unfocus() {
  if (app.fold.focus < 0) return;
  app.fold.focus = -1;
  refresh();
  zoomAll();
  showRow(rowOfSelection());
}

function togglePanel() {
  app.panelOpen = !app.panelOpen && app.sel >= 0;
  refresh();
}
function closePanel() {
  togglePanel();
  ui.grid.focus();
}
function toggleCritical() {
  app.showCritical = !app.showCritical;
  say(app.showCritical ? `Critical path: ${facts.critical().path.size} spans` : "Critical path hidden");
  schedule();
}
function selectBlocker() {
  const { blocker = -1 } = facts.blocked().get(app.sel) ?? {};
  blocker < 0 ? say("Nothing known blocked this span.") : select(blocker, true);
}
const toggleHelp = () => (ui.keys.open ? ui.keys.close() : ui.keys.showModal());

/** @param {string} name of a view */
function show(name) {
  app.viewName = name;
  ui.scroll.scrollTop = 0;
  refresh();
}

/** @param {string} text @param {string} what */
function copy(text, what) {
  // A page from disk may use the clipboard; one from a server without TLS has none.
  (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => say(`${what} is copied.`), () => banner(`This page may not copy: ${text}`));
}
function copyLink() {
  writeFragment();
  copy(location.href, "The link");
}
function copyJson() {
  if (app.sel >= 0) copy(JSON.stringify(spanJson(app.sel), null, 2), "The span");
}
function savePerfetto() {
  const href = URL.createObjectURL(new Blob([perfettoText(m)]));
  el("a", { href, download: "trace.perfetto.json" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 6e4);
  say("Saved: open it at ui.perfetto.dev");
}
