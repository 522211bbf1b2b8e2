// What the page shows now: everything that more than one file knows of.

/**
 * @typedef {{
 *   colours: Colours, view: {t0: number, t1: number}, width: number, rowHeight: number,
 *   rows: Int32Array, plain: Int32Array, fold: Fold, sel: number, onGroup: boolean, matches: Int32Array, isMatch: Uint8Array, inside: Int32Array, q: string,
 *   viewName: string, covers: Map<number, number[]>, density: Float64Array, failures: Uint8Array, threshold: number, showCritical: boolean,
 *   other: Other | null, utc: boolean, panelOpen: boolean, column: string, leftIsSet: boolean,
 *   blocks: number[][][], laneOf: Int32Array | null, laneNames: string[],
 *   table: {by: string, of: string, model: Model | null, rows: TableRow[], sort: keyof TableRow, sign: number},
 *   pointer: {x: number, y: number} | null, drag: {x0: number, x1: number, measure: boolean} | null,
 *   path: ReturnType<typeof criticalPath> | null, blocked: Map<number, Blocked> | null,
 * }} App
 */

/** The trace. @type {Model} */
let m;

/** Elements by their ids. @type {Record<string, any>} */
const ui = { title: document.querySelector("h1") };
for (const made of document.querySelectorAll("#app, #app [id]")) ui[made.id] = made;

// Used by its members only: the build makes a variable of each.
const app = /** @type {App} */ ({});

/** @param {Model} model */
function setModel(model) {
  m = model;
  app.view = clampView({ t0: 0, t1: m.total }, m.total);
  app.width = 1;
  app.rowHeight = 22;
  app.rows = app.plain = app.matches = new Int32Array(0);
  app.fold = { folded: new Uint8Array(m.n), focus: -1, trace: -1, groups: null };
  app.sel = -1;
  app.isMatch = new Uint8Array(m.n);
  app.inside = new Int32Array(m.n + 1);
  app.q = app.column = "";
  app.viewName = "waterfall";
  app.covers = new Map();
  app.density = new Float64Array(0);
  app.threshold = 1e7;
  app.onGroup = app.showCritical = app.panelOpen = app.leftIsSet = false;
  app.utc = true;
  app.blocks = [];
  app.laneNames = [];
  app.other = app.laneOf = app.pointer = app.drag = app.path = app.blocked = null;
  app.table = { by: "name", of: "", model: null, rows: [], sort: "total", sign: -1 };
}

const facts = {
  critical: () => (app.path ??= criticalPath(m)),
  blocked: () => (app.blocked ??= blockedBehind(m, app.threshold)),
};

const isRows = () => app.viewName === "waterfall";
const xOf = (/** @type {number} */ t) => timeToX(t, app.view, app.width);
const say = (/** @type {string} */ text) => { ui.live.textContent = text; };
