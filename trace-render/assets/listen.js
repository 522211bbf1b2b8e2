// Listening to the mouse, the keyboard and the tools.

/** @param {{x: number, y: number}} at px of the canvas @returns {number} the span there, or -1 */
function spanAt({ x, y }) {
  const r = Math.floor((y + scrolled()) / app.rowHeight), t = app.view.t0 + x / app.width * (app.view.t1 - app.view.t0);
  if (isRows()) return r < app.rows.length && app.rows[r] < m.n ? Math.max(app.rows[r], -1 - app.rows[r]) : -1;
  const slack = (app.view.t1 - app.view.t0) / app.width * 2;
  const found = app.blocks[r]?.find(([from, to]) => t >= from - slack && t <= to + slack);
  return found ? found[2] : -1;
}

/** @param {EventTarget} target @param {string} type @param {(event: any) => void} action @param {AddEventListenerOptions} [options] */
function on(target, type, action, options) {
  target.addEventListener(type, action, options);
}

function listen() {
  const at = (/** @type {any} */ e) => ({ x: e.offsetX, y: e.offsetY });
  const timeAt = (/** @type {number} */ x) => app.view.t0 + x / app.width * (app.view.t1 - app.view.t0);
  on(ui.scroll, "scroll", schedule, { passive: true });
  on(ui.grid, "click", (e) => {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (e.target).closest(".row"));
    if (!row || String(getSelection())) return;
    const r = Number(row.id.slice(1)), i = app.rows[r];
    if (i >= m.n) return;
    const fold = /** @type {Element} */ (e.target).classList.contains("fold");
    const group = i < 0 ? app.fold.groups?.get(-1 - i) : undefined;
    if (fold && group) group.open = !group.open;
    else if (fold && m.kids[i]) app.fold.folded[i] ^= 1;
    else app.panelOpen = true;
    if (fold) refresh();
    else selectRow(r);
  });
  on(ui.grid, "dblclick", () => act("zoomTo"));
  on(ui.bars, "pointerdown", (e) => {
    if (e.button) return;
    ui.bars.setPointerCapture(e.pointerId);
    app.drag = { x0: e.offsetX, x1: e.offsetX, measure: e.shiftKey };
  });
  on(ui.bars, "pointermove", (e) => {
    app.pointer = at(e);
    if (app.drag) app.drag.x1 = e.offsetX;
    const i = spanAt(app.pointer), t = timeAt(e.offsetX);
    const moved = app.drag && Math.abs(app.drag.x1 - app.drag.x0) > 3;
    ui.tip.hidden = false;
    ui.tip.textContent = moved && app.drag ? duration(Math.abs(timeAt(app.drag.x1) - timeAt(app.drag.x0))) : `${duration(t)}${i < 0 ? "" : ` · ${describe(m, i)}`}`;
    const left = e.clientX + 14, width = ui.tip.offsetWidth;
    ui.tip.style.left = `${left + width > innerWidth ? Math.max(0, e.clientX - width - 10) : left}px`;
    ui.tip.style.top = `${Math.min(e.clientY + 14, innerHeight - ui.tip.offsetHeight - 4)}px`;
    schedule();
  });
  on(ui.bars, "pointerleave", () => { app.pointer = null; ui.tip.hidden = true; schedule(); });
  on(ui.bars, "pointerup", (e) => {
    const drag = app.drag;
    app.drag = null;
    if (!drag) return;
    const [from, to] = [timeAt(Math.min(drag.x0, drag.x1)), timeAt(Math.max(drag.x0, drag.x1))];
    if (Math.abs(drag.x1 - drag.x0) <= 3) {
      const i = spanAt(at(e));
      if (i >= 0) { app.panelOpen = true; isRows() ? selectRow(Math.floor((e.offsetY + scrolled()) / app.rowHeight)) : select(i); }
    } else if (drag.measure) say(`${duration(to - from)} measured`);
    else setView(from, to);
    ui.grid.focus({ preventScroll: true });
    schedule();
  });
  on(ui.bars, "dblclick", () => act("zoomTo"));
  on(ui.window, "wheel", (e) => {
    if (e.ctrlKey || e.metaKey) {
      e.preventDefault();
      zoom(Math.exp(Math.max(-0.5, Math.min(0.5, e.deltaY * 0.005))), e.target === ui.bars ? timeAt(e.offsetX) : undefined);
    } else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
      e.preventDefault();
      pan((e.deltaX || e.deltaY) / app.width);
    }
  }, { passive: false });
  const brush = (/** @type {any} */ e) => {
    if (!app.drag) return;
    app.drag.x1 = e.offsetX;
    const of = (/** @type {number} */ x) => x / ui.minimap.clientWidth * m.total;
    const [a, b] = [app.drag.x0, app.drag.x1].sort((p, q) => p - q), half = (app.view.t1 - app.view.t0) / 2;
    b - a > 3 ? setView(of(a), of(b)) : setView(of(b) - half, of(b) + half);
  };
  on(ui.minimap, "pointerdown", (e) => {
    ui.minimap.setPointerCapture(e.pointerId);
    app.drag = { x0: e.offsetX, x1: e.offsetX, measure: false };
  });
  on(ui.minimap, "pointermove", brush);
  on(ui.minimap, "pointerup", (e) => { brush(e); app.drag = null; schedule(); });
  on(ui.minimap, "dblclick", () => act("zoomAll"));
  on(ui.splitter, "pointerdown", (e) => ui.splitter.setPointerCapture(e.pointerId));
  on(ui.splitter, "pointermove", (e) => { if (e.buttons & 1) setLeft(e.clientX); });
  on(ui.splitter, "keydown", (e) => {
    if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
    e.stopPropagation();
    setLeft(ui.grid.offsetWidth + (e.key === "ArrowLeft" ? -20 : 20));
  });
  let timer = 0;
  on(ui.q, "input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => setSearch(ui.q.value), m.n > 20_000 ? 120 : 0);
  });
  on(ui.q, "keydown", (e) => {
    if (e.key === "Enter") { if (ui.q.value.trim() !== app.q) setSearch(ui.q.value); nextMatch(e.shiftKey ? -1 : 1); }
    else if (e.key === "Escape") closeSearch();
  });
  on(document, "keydown", (e) => {
    const target = /** @type {HTMLElement} */ (e.target);
    if ((e.ctrlKey || e.metaKey) && e.key === "f" && target !== ui.q) {
      e.preventDefault();
      return act("search");
    }
    if (target.closest("input, select, textarea, dialog")) return;
    if ((e.key === "Enter" || e.key === " ") && target.closest("button, summary, a")) return;
    if (e.key === "Enter" && !e.shiftKey && app.q && app.matches.length && !app.isMatch[app.sel]) return act("nextMatch");
    const action = actionOf(e);
    if (!action) return;
    e.preventDefault();
    act(action);
  });
  const change = (/** @type {string} */ id, /** @type {(made: any) => void} */ to) => on(ui[id], "change", () => { to(ui[id]); refresh(); });
  change("theme", (made) => setTheme(made.value));
  change("group", (made) => { app.fold.groups = made.checked ? equalSiblings(m) : null; });
  change("comfortable", (made) => { app.rowHeight = made.checked ? 28 : 22; document.documentElement.style.setProperty("--row", `${app.rowHeight}px`); });
  change("local", (made) => { app.utc = !made.checked; showFacts(); });
  change("column", (made) => { app.column = made.value; });
  change("threshold", (made) => {
    const wanted = parseDuration(made.value.trim().toLowerCase(), m.total);
    made.setAttribute("aria-invalid", String(Number.isNaN(wanted)));
    if (!Number.isNaN(wanted)) { app.threshold = wanted; app.blocked = null; setSearch(app.q); }
  });
  const take = (/** @type {File | undefined} */ file) => {
    if (!file) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => loadOther(file.name, String(reader.result)));
    reader.readAsText(file);
  };
  on(ui.file, "change", () => {
    take(ui.file.files[0]);
    // So that the same file can be chosen again.
    ui.file.value = "";
  });
  on(document, "dragover", (e) => e.preventDefault());
  on(document, "drop", (e) => { e.preventDefault(); take(e.dataTransfer?.files[0]); });
  on(ui.help, "click", () => act("help"));
  on(ui.perfetto, "click", () => act("savePerfetto"));
  on(ui.keys, "click", (e) => { if (e.target === ui.keys) ui.keys.close(); });
  on(ui.traces, "change", () => {
    app.fold.trace = Number(ui.traces.querySelector("select").value);
    app.fold.focus = app.sel = -1;
    let t0 = Infinity, t1 = 0;
    for (let i = 0; i < m.n; i++) if (app.fold.trace < 0 || m.traceOf(i) === app.fold.trace) [t0, t1] = [Math.min(t0, m.start[i]), Math.max(t1, m.end[i])];
    setView(t0, t1);
    refresh();
  });
  addEventListener("hashchange", readFragment);
  new ResizeObserver(() => { app.density = new Float64Array(0); schedule(); }).observe(ui.app);
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => setTheme(ui.theme.value));
}
