// The keyboard: one table for what happens, for the help, and for the tests.

/** @typedef {{keys: string[], does: string, act: string, shift: boolean}} Key `keys` are values of `event.key`, or of `event.code` where the place counts */

/** Keys, with ^ those with Shift; what the help says; what happens. @type {Key[]} */
const KEYS = `ArrowUp k|previous row|up
ArrowDown j|next row|down
ArrowRight l|unfold, else first child|unfold
ArrowLeft h|fold, else parent|fold
Home|first row|first
End|last row|last
PageUp|a page up|pageUp
PageDown|a page down|pageDown
Enter Space|panel; while there are matches, Enter is the next|panel
^Enter|previous match|previousMatch
Escape|close the panel, then the search, then the zoom|escape
/|search|search
n|next match|nextMatch
^N|previous match|previousMatch
e|next error|nextError
^E|previous error|previousError
g|next long poll|nextPoll
^G|previous long poll|previousPoll
KeyW + =|zoom in|zoomIn
KeyS -|zoom out|zoomOut
KeyA|earlier|panLeft
KeyD|later|panRight
^KeyW +|zoom in, five times as far|zoomIn5
^KeyS _|zoom out, five times as far|zoomOut5
^KeyA|earlier, five times as far|panLeft5
^KeyD|later, five times as far|panRight5
0|the whole trace|zoomAll
f|zoom to the selection|zoomTo
^F|only the selection and what is below it|focus
Backspace|back to all|unfocus
[|unfold all|unfoldAll
]|fold all|foldAll
o|unfold one level|unfoldLevel
p|fold one level|foldLevel
c|critical path|critical
x|what blocked this span|blocker
1|waterfall|waterfall
2|flame|flame
3|table|table
4|threads|threads
y|copy a link to the span|copyLink
^Y|copy the span as JSON|copyJson
^P|save for Perfetto|savePerfetto
?|this list|help`.split("\n").map((line) => {
  const [keys, does, act] = line.split("|");
  return { keys: keys.replace("^", "").split(" "), does, act, shift: keys[0] === "^" };
});

/** @param {Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">} event @returns {string | undefined} */
function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const fits = (/** @type {Key} */ k) => k.keys.includes(event.code) || k.keys.some((key) => key === event.key || (key.length === 1 && event.key.length === 1 && key.toLowerCase() === event.key.toLowerCase() && /[a-z]/i.test(key)));
  const withShift = KEYS.find((k) => k.shift && event.shiftKey && fits(k));
  // A sign such as ? or _ may need Shift to be typed at all.
  return (withShift ?? KEYS.find((k) => !k.shift && (!event.shiftKey || (event.key.length === 1 && !/[a-z ]/i.test(event.key))) && fits(k)))?.act;
}

/** @returns {HTMLElement} */
function keysNode() {
  const names = (/** @type {Key} */ k) => k.keys.map((key) => (k.shift ? "Shift " : "") + key.replace("Key", "").replace("Arrow", "").replace(/^[a-z]$/, (c) => c.toUpperCase()));
  return el("dl", ...KEYS.flatMap((k) => [el("dt", ...names(k).map((name) => el("kbd", name))), el("dd", k.does)]));
}
