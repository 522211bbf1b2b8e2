// The fragment of the address, the width of the names, the theme.

/** Whether a fragment is being read. */
let applying = false;

function writeFragment() {
  const { t0, t1 } = app.view, { focus, trace } = app.fold;
  const hash = formatFragment({ s: m.id(app.sel), z: t0 || t1 < m.total ? `${Math.round(t0)},${Math.round(t1)}` : "", q: app.q, f: m.id(focus), v: isRows() ? "" : app.viewName, t: trace < 0 ? "" : String(trace), w: app.left });
  if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function readFragment() {
  const { s, z = "", q = "", f, v, t = -1, w } = parseFragment(location.hash), [t0, t1] = z.split(",").map(Number);
  applying = true;
  const spanOf = (/** @type {string | undefined} */ id) => {
    const i = id ? m.find(id) : -1;
    if (id && i < 0) banner(`There is no span ${shown(id)} in this page.`);
    return i;
  };
  app.viewName = ["flame", "table", "threads"].includes(v) ? v : "waterfall";
  app.fold.trace = Number(t) < m.data.traces.length ? Number(t) : -1;
  app.fold.focus = spanOf(f);
  if (t1 > t0) app.view = clampView({ t0, t1 }, m.total);
  if (Number(w) > 0) setLeft(Number(w));
  const selected = spanOf(s);
  app.panelOpen ||= selected >= 0;
  setSearch(q);
  select(selected);
  applying = false;
}

/** @param {number} px */
function setLeft(px) {
  app.left = String(Math.round(clamp(px, 120, innerWidth - 160)));
  root.style.setProperty("--left", `${app.left}px`);
  setAll(ui.splitter, { "aria-valuenow": app.left });
  schedule();
}

/** @param {string} theme */
function setTheme(theme) {
  ui.theme.value = root.dataset.theme = theme;
  app.colours = readColours();
  schedule();
}
