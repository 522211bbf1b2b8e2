// The fragment of the address, the width of the names, the theme.

/** Whether a fragment is being read. */
let applying = false;

function writeFragment() {
  const { t0, t1 } = app.view, whole = t0 === 0 && t1 >= m.total;
  const left = document.documentElement.style.getPropertyValue("--left");
  const fields = { s: m.id(app.sel), z: whole ? "" : `${Math.round(t0)},${Math.round(t1)}`, q: app.q, f: m.id(app.fold.focus), v: isRows() ? "" : app.viewName, t: app.fold.trace < 0 ? "" : String(app.fold.trace), w: ui.leftIsSet ? left.replace("px", "") : "" };
  const hash = formatFragment(fields);
  if (`#${hash}` === (location.hash || "#") || applying) return;
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function readFragment() {
  const { s, z, q, f, v, t, w } = parseFragment(location.hash);
  applying = true;
  /** @type {string[]} */
  const unknown = [];
  const spanOf = (/** @type {string | undefined} */ id) => {
    if (!id) return -1;
    const i = m.find(id);
    if (i < 0) unknown.push(id);
    return i;
  };
  app.viewName = ["flame", "table", "threads"].includes(v) ? v : "waterfall";
  app.fold.trace = t && Number(t) < m.data.traces.length ? Number(t) : -1;
  app.fold.focus = spanOf(f);
  const at = (z ?? "").split(",").map(Number);
  if (at.length === 2 && at[1] > at[0]) app.view = clampView({ t0: at[0], t1: at[1] }, m.total);
  if (w && Number(w) > 0) setLeft(Number(w));
  const selected = spanOf(s);
  app.panelOpen ||= selected >= 0;
  setSearch(q ?? "");
  select(selected);
  if (unknown.length) banner(`There is no span ${unknown.map(shown).join(", ")} in this page.`);
  applying = false;
}

/** @param {number} px */
function setLeft(px) {
  ui.leftIsSet = true;
  const width = Math.round(clamp(px, 120, innerWidth - 160));
  document.documentElement.style.setProperty("--left", `${width}px`);
  ui.splitter.setAttribute("aria-valuenow", String(width));
  schedule();
}

/** @param {string} theme */
function setTheme(theme) {
  ui.theme.value = theme;
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  app.colours = readColours();
  version++;
  schedule();
}
