// The keyboard: one table for what happens, for the help, and for the tests.

/** @typedef {{keys: string[], does: string, act: string, shift?: boolean}} Key `keys` are values of `event.key`, or of `event.code` where the place counts */

/** @type {Key[]} */
const KEYS = [
  { keys: ["ArrowUp", "k"], does: "previous row", act: "up" },
  { keys: ["ArrowDown", "j"], does: "next row", act: "down" },
  { keys: ["ArrowRight", "l"], does: "unfold, else first child", act: "unfold" },
  { keys: ["ArrowLeft", "h"], does: "fold, else parent", act: "fold" },
  { keys: ["Home"], does: "first row", act: "first" },
  { keys: ["End"], does: "last row", act: "last" },
  { keys: ["PageUp"], does: "a page up", act: "pageUp" },
  { keys: ["PageDown"], does: "a page down", act: "pageDown" },
  { keys: ["Enter", " "], does: "panel; while there are matches, Enter is the next", act: "panel" },
  { keys: ["Enter"], shift: true, does: "previous match", act: "previousMatch" },
  { keys: ["Escape"], does: "close the panel, then the search, then the zoom", act: "escape" },
  { keys: ["/"], does: "search", act: "search" },
  { keys: ["n"], does: "next match", act: "nextMatch" },
  { keys: ["N"], shift: true, does: "previous match", act: "previousMatch" },
  { keys: ["e"], does: "next error", act: "nextError" },
  { keys: ["E"], shift: true, does: "previous error", act: "previousError" },
  { keys: ["g"], does: "next long poll", act: "nextPoll" },
  { keys: ["G"], shift: true, does: "previous long poll", act: "previousPoll" },
  { keys: ["KeyW", "+", "="], does: "zoom in", act: "zoomIn" },
  { keys: ["KeyS", "-"], does: "zoom out", act: "zoomOut" },
  { keys: ["KeyA"], does: "earlier", act: "panLeft" },
  { keys: ["KeyD"], does: "later", act: "panRight" },
  { keys: ["KeyW", "+"], shift: true, does: "zoom in, five times as far", act: "zoomIn5" },
  { keys: ["KeyS", "_"], shift: true, does: "zoom out, five times as far", act: "zoomOut5" },
  { keys: ["KeyA"], shift: true, does: "earlier, five times as far", act: "panLeft5" },
  { keys: ["KeyD"], shift: true, does: "later, five times as far", act: "panRight5" },
  { keys: ["0"], does: "the whole trace", act: "zoomAll" },
  { keys: ["f"], does: "zoom to the selection", act: "zoomTo" },
  { keys: ["F"], shift: true, does: "only the selection and what is below it", act: "focus" },
  { keys: ["Backspace"], does: "back to all", act: "unfocus" },
  { keys: ["["], does: "unfold all", act: "unfoldAll" },
  { keys: ["]"], does: "fold all", act: "foldAll" },
  { keys: ["o"], does: "unfold one level", act: "unfoldLevel" },
  { keys: ["p"], does: "fold one level", act: "foldLevel" },
  { keys: ["c"], does: "critical path", act: "critical" },
  { keys: ["x"], does: "what blocked this span", act: "blocker" },
  { keys: ["1"], does: "waterfall", act: "waterfall" },
  { keys: ["2"], does: "flame", act: "flame" },
  { keys: ["3"], does: "table", act: "table" },
  { keys: ["4"], does: "threads", act: "threads" },
  { keys: ["y"], does: "copy a link to the span", act: "copyLink" },
  { keys: ["Y"], shift: true, does: "copy the span as JSON", act: "copyJson" },
  { keys: ["?"], does: "this list", act: "help" },
];

/** @param {{key: string, code: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} event @returns {string | undefined} */
function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const fits = (/** @type {Key} */ k) => k.keys.includes(event.code) || k.keys.some((key) => key === event.key || (key.length === 1 && event.key.length === 1 && key.toLowerCase() === event.key.toLowerCase() && /[a-z]/i.test(key)));
  const withShift = KEYS.find((k) => k.shift && event.shiftKey && fits(k));
  // A sign such as ? or _ may need Shift to be typed at all.
  return (withShift ?? KEYS.find((k) => !k.shift && (!event.shiftKey || (event.key.length === 1 && !/[a-z ]/i.test(event.key))) && fits(k)))?.act;
}

/** @returns {HTMLElement} */
function keysNode() {
  const names = (/** @type {Key} */ k) => k.keys.map((key) => (k.shift ? "Shift " : "") + key.replace("Key", "").replace("Arrow", "").replace(/^ $/, "Space").replace(/^[a-z]$/, (c) => c.toUpperCase()));
  return el("dl", {}, ...KEYS.flatMap((k) => [el("dt", {}, ...names(k).map((name) => el("kbd", {}, name))), el("dd", {}, k.does)]));
}
