// Drawing the page: when, and what of it.

const MAX_SCROLL = 16e6;
let scheduled = false, hashTimer = 0, deepest = 1;

/** @param {string} text @param {() => void} [undo] */
function banner(text, undo) {
  ui.banner.hidden = false;
  ui.banner.replaceChildren(el("span", text), button("✕", () => {
    ui.banner.hidden = true;
    undo?.();
  }, { "aria-label": "Dismiss" }));
}

/** @param {string} text @param {string} what */
function copy(text, what) {
  // A page from disk may use the clipboard; one from a server without TLS has none.
  (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => say(`${what} is copied.`), () => banner(`The browser does not let this page copy: ${text}`));
}

function refresh() {
  version++;
  if (isRows()) {
    app.rows = app.plain = visibleRows(m, app.fold);
    shift = null;
    if (app.other && app.fold.focus < 0) ({ rows: app.rows, shift } = withOther(m, app.plain, app.other, app.fold));
  } else if (app.viewName !== "table") layBlocks();
  const count = isRows() ? app.rows.length : app.blocks.length;
  ui.space.style.height = `${Math.min(count * app.rowHeight, MAX_SCROLL)}px`;
  ui.grid.setAttribute("aria-rowcount", String(app.rows.length));
  ui.scroll.hidden = ui.axis.hidden = app.viewName === "table";
  ui.table.hidden = app.viewName !== "table";
  ui.grid.hidden = ui.heads.hidden = ui.splitter.hidden = !isRows();
  ui.nothing.hidden = app.viewName === "table" ? m.n > 0 : count > 0;
  ui.nothing.textContent = m.n && app.viewName === "threads" ? "There are no polls in this trace." : "There are no spans here.";
  for (const made of ui.views.children) made.setAttribute("aria-pressed", String(made.dataset.view === app.viewName));
  for (const made of ui.pills.children) made.setAttribute("aria-pressed", String(made.dataset.q === app.q));
  if (app.viewName === "table") renderTable();
  const columns = app.column ? [ui.column.querySelector(`[value=${app.column}]`).textContent] : [];
  ui.column.value = app.column;
  ui.heads.replaceChildren(el("span", "Span"), el("span.cell", "Duration"), ...columns.map((label) => el("span.cell", label)));
  renderPanel();
  schedule();
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw();
  });
  clearTimeout(hashTimer);
  hashTimer = window.setTimeout(writeFragment, 150);
}

const full = () => (isRows() ? app.rows.length : app.blocks.length) * app.rowHeight;
const scrolled = () => (full() <= MAX_SCROLL ? ui.scroll.scrollTop : ui.scroll.scrollTop / (MAX_SCROLL - ui.scroll.clientHeight) * (full() - ui.scroll.clientHeight));
const scrollRows = (/** @type {number} */ y) => { ui.scroll.scrollTop = full() <= MAX_SCROLL ? y : y / (full() - ui.scroll.clientHeight) * (MAX_SCROLL - ui.scroll.clientHeight); };

function draw() {
  app.width = Math.max(1, ui.bars.clientWidth);
  const step = Math.min(12, Math.round(ui.grid.clientWidth * 4 / Math.min(24, deepest)) / 10);
  if (step !== indent) [indent, version] = [step, version + 1];
  drawMinimap();
  if (app.viewName === "table") return;
  const height = ui.scroll.clientHeight, y0 = scrolled();
  drawGrid(contextOf(ui.ruler, app.width, ui.ruler.clientHeight), ui.ruler.clientHeight, true);
  const ctx = contextOf(ui.bars, app.width, height);
  drawGrid(ctx, height, false);
  if (isRows()) drawRows(ctx, y0, height);
  else {
    drawLanes(ctx, y0, height);
    ctx.fillStyle = app.colours.faint;
    app.laneNames.forEach((name, r) => ctx.fillText(name, 4, r * app.rowHeight - y0 + app.rowHeight / 2 + 2));
  }
  if (app.pointer) {
    ctx.fillStyle = app.colours.faint;
    ctx.fillRect(app.pointer.x, 0, 1, height);
  }
  if (app.drag) {
    ctx.globalAlpha = 0.2;
    ctx.fillStyle = app.colours.text;
    ctx.fillRect(Math.min(app.drag.x0, app.drag.x1), 0, Math.abs(app.drag.x1 - app.drag.x0), height);
    ctx.globalAlpha = 1;
  }
}
