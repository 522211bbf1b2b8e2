// The views beside the waterfall: flame, table, threads; and what only one of two traces has.

/** Sets the blocks of the flame or of the threads: [from, to, span] by lane, in order of start */
function layBlocks() {
  app.laneNames = [];
  app.laneOf = null;
  if (app.viewName === "flame") {
    const { lane, lanes } = flameLanes(m, app.fold.focus, app.fold.trace);
    app.laneOf = lane;
    app.blocks = lanes.map((spans) => spans.map((i) => [m.start[i], m.end[i], i]));
  } else {
    const threads = pollsByThread(m);
    // A row for the name above each thread's row.
    app.blocks = threads.flatMap(([, polls]) => [[], polls]);
    app.laneNames = threads.flatMap(([key]) => [m.threadName(key), ""]);
  }
}

/** Draws the table view */
function renderTable() {
  const table = app.table, keys = new Set();
  if (table.of !== table.by) table.rows = tableRows(m, table.of = table.by);
  const columns = COLUMNS.slice(0, m.polls.size ? 10 : 8), { rows, sort, sign } = table;
  const text = (/** @type {any} */ cell, /** @type {number} */ c) => (c < 3 ? String(cell) : c > 7 && !cell ? "—" : duration(cell));
  rows.sort(({ cells: a }, { cells: b }) => sign * (a[sort] < b[sort] ? -1 : Number(a[sort] > b[sort])));
  for (let i = 0; i < m.n && keys.size < 200; i++) m.attributes(m.data.attributes[i]).forEach(([key]) => keys.add(`attr.${key}`));
  const by = /** @type {HTMLSelectElement} */ (el("select", { id: "by" }, ["name", "service", ...[...keys].sort()].map((value) => el("option", { value, selected: value === table.by }, shown(value)))));
  on(by, "change", () => {
    table.by = by.value;
    renderTable();
  });
  refill(
    ui.table,
    el("p", el("label", "Group by ", by), " ", button("Copy as TSV (ns)", () => copy([columns, ...rows.map(({ cells }) => cells.slice(0, columns.length))].map((cells) => cells.join("\t")).join("\n"), "The table"))),
    el("table", el("thead", el("tr", columns.map((label, c) => el("th", { scope: "col", "aria-sort": c !== sort ? "none" : sign > 0 ? "ascending" : "descending" }, button(label + (c !== sort ? "" : sign > 0 ? " ▲" : " ▼"), () => {
      table.sign = c === sort ? -sign : c ? -1 : 1;
      table.sort = c;
      renderTable();
    }, { class: "link" }))))), el("tbody", rows.slice(0, 1000).map(({ spans, cells: [key, ...numbers] }) => el("tr",
      el("th", { scope: "row" }, button(key || "—", () => select(spans.reduce((a, b) => (m.end[b] - m.start[b] > m.end[a] - m.start[a] ? b : a)), true), { class: "link" })),
      numbers.slice(0, columns.length - 1).map((cell, c) => el("td", text(cell, c + 1))),
    )))),
    rows.length > 1000 && el("p.faint", `… ${rows.length - 1000} more; the copy has all.`),
  );
}

/** @param {string} file @param {string} text the other trace */
async function loadOther(file, text) {
  try {
    const { total } = m, b = makeModel(await dataOfFile(text)), { toB, onlyB } = app.other = matchTraces(m, b), both = toB.filter((i) => i >= 0).length;
    app.column = "delta";
    m.total = Math.max(total, b.total);
    banner(`Compared with ${shown(file)} (B): ${both} spans in both, ${m.n - both} only in A, which is this page, and ${onlyB.length} only in B.`, () => {
      app.other = null;
      app.column = "";
      m.total = total;
      refresh();
    });
    zoomAll();
    refresh();
  } catch (error) {
    banner(`${shown(file)} is no page of a trace: ${shown(String(error)).slice(0, 300)}`);
  }
}
