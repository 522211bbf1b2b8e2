// What the page shows now: everything that more than one file knows of.

/**
 * @typedef {{
 *   colours: string[], view: View, width: number, rowHeight: number,
 *   rows: Int32Array, plain: Int32Array, fold: Fold, sel: number, onGroup: boolean, matches: number[], isMatch: Uint8Array, inside: Int32Array, q: string,
 *   viewName: string, covers: Map<number, number[]>, density: number[], failures: number[], threshold: number, showCritical: boolean,
 *   other: Other | null, local: boolean, panelOpen: boolean, column: string, left: string,
 *   blocks: number[][][], laneOf: Int32Array | null, laneNames: string[],
 *   table: {by: string, of: string, rows: TableRow[], sort: number, sign: number},
 *   pointer: number, drag: {x0: number, x1: number} | null,
 *   path: ReturnType<typeof criticalPath> | null, blocked: Map<number, Blocked> | null,
 * }} App
 */

/** The trace. @type {Model} */
let m;

/** Elements by their ids. @type {Record<string, any>} */
const ui = {}, root = document.documentElement;
for (const made of document.querySelectorAll("[id]")) ui[made.id] = made;

// Used by its members only: the build makes a variable of each.
const app = /** @type {App} */ ({});

/** @param {Model} model */
function setModel(model) {
  m = model;
  app.view = clampView({ t0: 0, t1: m.total }, m.total);
  app.rowHeight = 22;
  app.rows = new Int32Array(0);
  app.blocks = [];
  app.fold = { folded: new Uint8Array(m.n), focus: -1, trace: -1, groups: null };
  app.sel = app.pointer = -1;
  app.isMatch = new Uint8Array(m.n);
  app.inside = new Int32Array(m.n + 1);
  app.column = app.left = "";
  app.covers = new Map();
  app.density = [];
  app.threshold = 1e7;
  app.table = { by: "name", of: "", rows: [], sort: 3, sign: -1 };
}

const facts = {
  critical: () => (app.path ??= criticalPath(m)),
  blocked: () => (app.blocked ??= blockedBehind(m, app.threshold)),
};

const isRows = () => app.viewName === "waterfall";
const xOf = (/** @type {number} */ t) => timeToX(t, app.view, app.width);
const timeAt = (/** @type {number} */ x) => app.view.t0 + x / app.width * (app.view.t1 - app.view.t0);
const say = (/** @type {string} */ text) => { ui.live.textContent = text; };
const isLong = (/** @type {number} */ i) => (m.polls.get(i)?.longest[1] ?? 0) >= app.threshold;
/** @param {Model} m @param {number} i */
const timeText = (m, i) => (m.outcome[i] === OPEN ? "open" : duration(m.dur[i]));
