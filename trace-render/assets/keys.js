// The keyboard: one table for what happens, for the help, and for the tests.

/** Keys, as `event.key` or, where the place counts, `event.code`; what the help says; what happens, told whether Shift is held.
 * @type {[keys: string, does: string, act: (shift: boolean) => void][]} */
const KEYS = [
  ["ArrowUp k", "row above", () => step(-1)],
  ["ArrowDown j", "row below", () => step(1)],
  ["ArrowRight l", "unfold, else first child", () => unfold()],
  ["ArrowLeft h", "fold, else parent", () => fold()],
  ["Home", "first row", () => selectRow(0)],
  ["End", "last row", () => selectRow(app.rows.length, -1)],
  ["PageUp", "a page up", () => step(1 - pageRows())],
  ["PageDown", "a page down", () => step(pageRows() - 1)],
  ["Space", "panel", () => togglePanel()],
  ["Enter", "panel; in a search, next match *", (shift) => (shift || (app.matches.length && !app.isMatch[app.sel]) ? nextMatch(shift) : togglePanel())],
  ["Escape", "close panel, then search, then zoom", () => (app.panelOpen && app.sel >= 0 ? closePanel() : app.q ? closeSearch() : zoomAll())],
  ["/", "search", () => openSearch()],
  ["n", "next match *", (shift) => nextMatch(shift)],
  ["e", "next error *", (shift) => jump(m.isFailed, shift, "error")],
  ["g", "next long poll *", (shift) => jump(isLong, shift, "long poll")],
  ["KeyW + =", "zoom in *", (shift) => zoom(shift ? 0.3 : 0.8)],
  ["KeyS - _", "zoom out *", (shift) => zoom(shift ? 3 : 1.25)],
  ["KeyA", "earlier *", (shift) => pan(shift ? -0.5 : -0.1)],
  ["KeyD", "later *", (shift) => pan(shift ? 0.5 : 0.1)],
  ["0", "the whole trace", () => zoomAll()],
  ["f", "zoom to the selection; with Shift, show only it", (shift) => (shift ? focus() : zoomTo())],
  ["Backspace", "back to all", () => unfocus()],
  ["[", "unfold all", () => foldRows(0)],
  ["]", "fold all", () => foldRows(1)],
  ["o", "unfold one level", () => foldLevel(0)],
  ["p", "fold one level; with Shift, save for Perfetto", (shift) => (shift ? savePerfetto() : foldLevel(1))],
  ["c", "critical path", () => toggleCritical()],
  ["x", "what blocked this span", () => selectBlocker()],
  ["1", "waterfall", () => show("waterfall")],
  ["2", "flame", () => show("flame")],
  ["3", "table", () => show("table")],
  ["4", "threads", () => show("threads")],
  ["y", "copy a link to the span; with Shift, the span as JSON", (shift) => (shift ? copyJson() : copyLink())],
  ["?", "this list", () => toggleHelp()],
];

/** @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey">} event */
function keyOf(event) {
  const key = event.key.length > 1 ? event.key : event.key.toLowerCase();
  return event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS.find(([keys]) => keys.split(" ").some((of) => of === event.code || of === key));
}
