// Drawing the page: when, and what of it.

const MAX_SCROLL = 16e6;
let scheduled = 0, hashTimer = 0, deepest = 1;

/** @param {string} text @param {() => void} [undo] */
function banner(text, undo) {
  ui.banner.hidden = false;
  refill(ui.banner, el("span", text), button("✕", () => {
    ui.banner.hidden = true;
    undo?.();
  }, { "aria-label": "Dismiss" }));
}

function refresh() {
  const isTable = app.viewName === "table";
  version++;
  shift = undefined;
  if (isRows()) {
    app.rows = app.plain = visibleRows(m, app.fold);
    if (app.other && app.fold.focus < 0) ({ rows: app.rows, shift } = withOther(m, app.plain, app.other, app.fold));
  } else isTable ? renderTable() : layBlocks();
  ui.space.style.height = `${Math.min(full(), MAX_SCROLL)}px`;
  setAll(ui.grid, { "aria-rowcount": app.rows.length });
  ui.scroll.hidden = ui.axis.hidden = isTable;
  ui.table.hidden = !isTable;
  ui.grid.hidden = ui.heads.hidden = ui.splitter.hidden = !isRows();
  ui.nothing.hidden = isTable ? m.n > 0 : full() > 0;
  ui.nothing.textContent = `There are no ${m.n ? "polls" : "spans"} here.`;
  for (const made of ui.tools.querySelectorAll("span button")) setAll(made, { "aria-pressed": String([app.viewName, app.q].includes(made.value)) });
  ui.column.value = app.column;
  refill(ui.heads, ["Span", "Duration", app.column && ui.column.selectedOptions[0].text].map((label) => label && el("span.cell", label)));
  renderPanel();
  schedule();
}

function schedule() {
  scheduled ||= requestAnimationFrame(draw);
  clearTimeout(hashTimer);
  hashTimer = window.setTimeout(writeFragment, 150);
}

// A browser has no room for the height of all rows of a very large trace: then a pixel of the scroll bar is several.
const full = () => (isRows() ? app.rows : app.blocks).length * app.rowHeight;
const scale = () => (full() <= MAX_SCROLL ? 1 : (full() - ui.scroll.clientHeight) / (MAX_SCROLL - ui.scroll.clientHeight));
const scrolled = () => ui.scroll.scrollTop * scale();
const scrollRows = (/** @type {number} */ y) => { ui.scroll.scrollTop = y / scale(); };

function draw() {
  scheduled = 0;
  app.width = Math.max(1, ui.bars.clientWidth);
  const height = ui.scroll.clientHeight, y0 = scrolled(), wanted = Math.min(12, Math.round(ui.grid.clientWidth * 4 / Math.min(24, deepest)) / 10);
  if (wanted !== indent) [indent, version] = [wanted, version + 1];
  drawMinimap();
  if (app.viewName === "table") return;
  drawOn(ui.ruler);
  drawGrid(ui.ruler.clientHeight, true);
  drawOn(ui.bars);
  drawGrid(height);
  isRows() ? drawRows(y0, height) : drawLanes(y0, height);
  if (app.pointer >= 0) fill(FAINT, app.pointer, 0, 1, height);
  if (app.drag) fill(TEXT, app.drag.x0, 0, app.drag.x1 - app.drag.x0, height, 0.2);
}
