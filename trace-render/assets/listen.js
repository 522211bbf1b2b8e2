// Listening to the mouse, the keyboard and the tools.

/** @param {EventTarget} target @param {string} types @param {(event: any) => void} action @param {AddEventListenerOptions} [options] */
function on(target, types, action, options) {
  for (const type of types.split(" ")) target.addEventListener(type, action, options);
}

/** @param {number} x px of the canvas @param {number} y @returns {number} the span there, or -1 */
function spanAt(x, y) {
  const r = Math.floor((y + scrolled()) / app.rowHeight), t = timeAt(x), slack = timeAt(2) - app.view.t0;
  if (isRows()) return app.rows[r] < m.n ? spanOf(app.rows[r]) : -1;
  return app.blocks[r]?.find(([from, to]) => t >= from - slack && t <= to + slack)?.[2] ?? -1;
}

/** @param {HTMLElement} target where a drag begins @param {(e: PointerEvent) => void} move also when it begins and when it ends */
function onDrag(target, move) {
  on(target, "pointerdown", (e) => {
    if (e.button) return;
    target.setPointerCapture(e.pointerId);
    app.drag = { x0: e.offsetX, x1: e.offsetX };
  });
  on(target, "pointermove pointerup", (e) => {
    if (!app.drag) return;
    app.drag.x1 = e.offsetX;
    move(e);
    if (e.type === "pointerup") app.drag = null;
    schedule();
  });
}

/** @param {{x0: number, x1: number}} drag @returns {[number, number] | undefined} px, if it is more than a click */
const dragged = ({ x0, x1 }) => (Math.abs(x1 - x0) > 3 ? [Math.min(x0, x1), Math.max(x0, x1)] : undefined);

function listen() {
  on(ui.scroll, "scroll", schedule, { passive: true });
  on(ui.grid, "click", (e) => {
    const row = e.target.closest(".row"), r = Number(row?.id.slice(1)), at = app.rows[r];
    if (!row || String(getSelection()) || at >= m.n) return;
    if (e.target.matches(".fold")) return setOpen(r, !(groupOf(at)?.open ?? !app.fold.folded[at]));
    app.panelOpen = true;
    selectRow(r);
  });
  on(ui.window, "dblclick", zoomTo);
  onDrag(ui.bars, (e) => {
    const found = dragged(/** @type {{x0: number, x1: number}} */ (app.drag)), i = spanAt(e.offsetX, e.offsetY);
    if (e.type !== "pointerup") return;
    if (found && e.shiftKey) say(`${duration(timeAt(found[1]) - timeAt(found[0]))} measured`);
    else if (found) setView(timeAt(found[0]), timeAt(found[1]));
    else if (i >= 0) {
      app.panelOpen = true;
      isRows() ? selectRow(Math.floor((e.offsetY + scrolled()) / app.rowHeight)) : select(i);
    }
    ui.grid.focus({ preventScroll: true });
  });
  on(ui.bars, "pointermove", (e) => {
    const i = spanAt(e.offsetX, e.offsetY), found = app.drag && dragged(app.drag);
    app.pointer = e.offsetX;
    ui.tip.hidden = false;
    ui.tip.textContent = found ? duration(timeAt(found[1]) - timeAt(found[0])) : duration(timeAt(e.offsetX)) + (i < 0 ? "" : ` · ${describe(m, i)}`);
    ui.tip.style.left = `${Math.min(e.clientX + 14, innerWidth - ui.tip.offsetWidth - 4)}px`;
    ui.tip.style.top = `${Math.min(e.clientY + 14, innerHeight - ui.tip.offsetHeight - 4)}px`;
    schedule();
  });
  on(ui.bars, "pointerleave", () => {
    app.pointer = -1;
    ui.tip.hidden = true;
    schedule();
  });
  on(ui.window, "wheel", (e) => {
    const zooms = e.ctrlKey || e.metaKey;
    if (!zooms && !e.shiftKey && Math.abs(e.deltaX) <= Math.abs(e.deltaY)) return;
    e.preventDefault();
    zooms ? zoom(Math.exp(clamp(e.deltaY / 200, -0.5, 0.5)), e.target === ui.bars ? timeAt(e.offsetX) : undefined) : pan((e.deltaX || e.deltaY) / app.width);
  }, { passive: false });
  onDrag(ui.minimap, (e) => {
    const of = (/** @type {number} */ x) => x / ui.minimap.clientWidth * m.total, half = (app.view.t1 - app.view.t0) / 2, at = of(e.offsetX);
    const [from, to] = dragged(/** @type {{x0: number, x1: number}} */ (app.drag))?.map(of) ?? [at - half, at + half];
    setView(from, to);
  });
  on(ui.minimap, "dblclick", zoomAll);
  onDrag(ui.splitter, (e) => setLeft(e.clientX));
  on(ui.splitter, "keydown", (e) => {
    const way = ["ArrowLeft", "", "ArrowRight"].indexOf(e.key) - 1;
    if (Math.abs(way) !== 1) return;
    e.stopPropagation();
    setLeft(ui.grid.offsetWidth + 20 * way);
  });
  let timer = 0;
  on(ui.q, "input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => setSearch(ui.q.value), m.n / 500);
  });
  on(ui.q, "keydown", (e) => {
    if (e.key === "Enter") {
      if (ui.q.value.trim() !== app.q) setSearch(ui.q.value);
      nextMatch(e.shiftKey);
    } else if (e.key === "Escape") closeSearch();
  });
  on(document, "keydown", (e) => {
    const finds = (e.ctrlKey || e.metaKey) && e.key === "f" && e.target !== ui.q;
    if (!finds && (e.target.closest("input, select, dialog") || (/^(Enter| )$/.test(e.key) && e.target.closest("button, summary, a")))) return;
    const act = finds ? openSearch : keyOf(e)?.[2];
    if (act) e.preventDefault();
    act?.(e.shiftKey);
  });
  const change = (/** @type {any} */ made, /** @type {(value: any) => void} */ to) => on(made, "change", () => {
    to(made.type === "checkbox" ? made.checked : made.value);
    refresh();
  });
  change(ui.theme, setTheme);
  change(ui.group, (is) => { app.fold.groups = is ? equalSiblings(m) : null; });
  change(ui.comfortable, (is) => {
    app.rowHeight = is ? 28 : 22;
    root.style.setProperty("--row", `${app.rowHeight}px`);
  });
  change(ui.local, (is) => {
    app.local = is;
    showFacts();
  });
  change(ui.column, (value) => { app.column = value; });
  change(ui.threshold, (value) => {
    const wanted = parseDuration(value.trim().toLowerCase(), m.total);
    setAll(ui.threshold, { "aria-invalid": String(isNaN(wanted)) });
    if (isNaN(wanted)) return;
    app.threshold = wanted;
    app.blocked = null;
    setSearch(app.q);
  });
  change(ui.trace, (value) => {
    app.fold.trace = Number(value);
    app.fold.focus = app.sel = -1;
    const spans = Array.from(m.parent.keys()).filter((i) => value < 0 || m.traceOf(i) === app.fold.trace);
    setView(spans.reduce((t, i) => Math.min(t, m.start[i]), Infinity), mostOf(spans, (i) => m.end[i]));
  });
  const take = (/** @type {File | undefined} */ file) => file?.text().then((text) => loadOther(file.name, text));
  on(ui.file, "change", () => {
    take(ui.file.files[0]);
    // So that the same file can be chosen again.
    ui.file.value = "";
  });
  on(document, "dragover drop", (e) => {
    e.preventDefault();
    if (e.type === "drop") take(e.dataTransfer.files[0]);
  });
  on(ui.help, "click", toggleHelp);
  on(ui.perfetto, "click", savePerfetto);
  on(ui.keys, "click", (e) => { if (e.target === ui.keys) ui.keys.close(); });
  on(window, "hashchange", readFragment);
  new ResizeObserver(() => {
    app.density = [];
    schedule();
  }).observe(ui.app);
  for (const query of ["(prefers-color-scheme:dark)", "(forced-colors:active)"]) on(matchMedia(query), "change", () => setTheme(ui.theme.value));
}
