// The views beside the waterfall: flame, table, threads; and what only one of two traces has.

/** Sets the blocks of the flame or of the threads: [from, to, span] by lane, in order of start */
function layBlocks() {
  const fold = app.fold;
  if (app.viewName === "flame") {
    const { lane, lanes } = flameLanes(m, fold.focus, fold.trace);
    app.laneOf = lane;
    app.blocks = lanes.map((spans) => spans.map((i) => [m.start[i], m.end[i], i]));
    app.laneNames = [];
    return;
  }
  const threads = pollsByThread(m);
  // A row for the name above each thread's row.
  app.blocks = threads.flatMap(([, polls]) => [[], polls]);
  app.laneNames = threads.flatMap(([key]) => [m.threadName(key), ""]);
}

const COLUMNS = /** @type {[keyof TableRow, string][]} */ ([["key", "Group"], ["count", "Spans"], ["errors", "Failed"], ["total", "Total"], ["self", "Self"], ["busy", "Busy"], ["p50", "p50"], ["p95", "p95"], ["max", "Max"], ["poll", "Longest poll"]]);

/** Draws the table view */
function renderTable() {
  const table = app.table;
  if (table.model !== m || table.of !== table.by) Object.assign(table, { model: m, of: table.by, rows: tableRows(m, table.by) });
  const columns = m.polls.size ? COLUMNS : COLUMNS.filter(([name]) => name !== "busy" && name !== "poll");
  const text = (/** @type {keyof TableRow} */ name, /** @type {TableRow} */ row) => (name === "key" ? row.key : name === "count" || name === "errors" ? String(row[name]) : !row[name] && (name === "busy" || name === "poll") ? "—" : duration(Number(row[name])));
  table.rows.sort((a, b) => table.sign * (a[table.sort] < b[table.sort] ? -1 : a[table.sort] > b[table.sort] ? 1 : 0));
  const keys = new Set();
  for (let i = 0; i < m.n && keys.size < 200; i++) m.attributes(m.data.attributes[i]).forEach(([key]) => keys.add(key));
  const by = el("select", { id: "by" }, ...["name", "service", ...[...keys].sort().map((key) => `attr.${key}`)].map((value) => el("option", { value, selected: value === table.by }, shown(value))));
  by.addEventListener("change", () => {
    table.by = /** @type {HTMLSelectElement} */ (by).value;
    renderTable();
  });
  const head = columns.map(([name, label]) => el("th", { scope: "col", "aria-sort": table.sort !== name ? "none" : table.sign > 0 ? "ascending" : "descending" }, button(label + (table.sort !== name ? "" : table.sign > 0 ? " ▲" : " ▼"), () => {
    table.sign = table.sort === name ? -table.sign : name === "key" ? 1 : -1;
    table.sort = name;
    renderTable();
  }, { class: "link" })));
  const body = table.rows.slice(0, 1000).map((row) => el("tr", ...columns.map(([name], c) => (c
    ? el("td", text(name, row))
    : el("th", { scope: "row" }, button(row.key || "—", () => select(row.spans.reduce((a, b) => (m.end[b] - m.start[b] > m.end[a] - m.start[a] ? b : a)), true), { class: "link", title: "Select the longest" }))))));
  const tsv = () => [columns.map(([, label]) => label), ...table.rows.map((row) => columns.map(([name]) => String(row[name])))].map((cells) => cells.join("\t")).join("\n");
  ui.table.replaceChildren(
    el("p", el("label", "Group by ", by), " ", button("Copy as TSV (ns)", () => copy(tsv(), "The table"))),
    el("table", el("thead", el("tr", ...head)), el("tbody", ...body)),
    ...(table.rows.length > 1000 ? [el("p.faint", `… ${table.rows.length - 1000} more groups; all of them are in the copy.`)] : []),
  );
}

/** @param {string} file @param {string} text the other trace */
async function loadOther(file, text) {
  try {
    const { total } = m;
    const b = makeModel(await dataOfFile(text));
    const { toB, onlyB } = app.other = matchTraces(m, b);
    app.column = "delta";
    m.total = Math.max(total, b.total);
    const onlyA = toB.reduce((sum, to) => sum + Number(to < 0), 0);
    banner(`Compared with ${shown(file)} (B), drawn below the bars: ${m.n - onlyA} spans in both, ${onlyA} only in A, which is this page, and ${onlyB.length} only in B, in rows of their own.`, () => {
      app.other = null;
      app.column = "";
      m.total = total;
      refresh();
    });
    act("zoomAll");
    refresh();
  } catch (error) {
    banner(`${shown(file)} is no page of a trace: ${shown(String(error)).slice(0, 300)}`);
  }
}
