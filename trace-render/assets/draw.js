// Bars on one canvas of the size of the window.

/** What is drawn on. @type {CanvasRenderingContext2D} */
let ctx;

/** Colours of the theme: those of the first eight services, then these. */
const BG = 8, TEXT = 9, FAINT = 10, LINE = 11, RED = 12, SELECTED = 13, MATCH = 14;

/** @returns {string[]} what the theme says now, as a canvas takes it: system colours are names that it does not know */
function readColours() {
  const probe = el("i");
  ui.app.append(probe);
  const found = "s0 s1 s2 s3 s4 s5 s6 s7 bg text faint line error sel match".split(" ").map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}

/** Draws on this canvas from now on, cleared and fitted to its box, in CSS pixels. @param {HTMLCanvasElement} canvas */
function drawOn(canvas) {
  const { clientWidth, clientHeight } = canvas, ratio = Math.min(devicePixelRatio, 32767 / Math.max(clientWidth, clientHeight, 1));
  const w = Math.round(clientWidth * ratio), h = Math.round(clientHeight * ratio);
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, clientWidth, clientHeight);
  ctx.font = "11px system-ui, sans-serif";
  ctx.textBaseline = "middle";
}

/** @param {number} colour @param {number} x @param {number} y @param {number} w @param {number} h @param {number} [alpha] */
function fill(colour, x, y, w, h, alpha = 1) {
  ctx.fillStyle = app.colours[colour];
  ctx.globalAlpha = alpha;
  ctx.fillRect(x, y, w, h);
  ctx.globalAlpha = 1;
}

/** @param {number} colour @param {number} x @param {number} y @param {number} w @param {number} h @param {number[]} [dash] */
function frame(colour, x, y, w, h, dash = []) {
  ctx.strokeStyle = app.colours[colour];
  ctx.setLineDash(dash);
  ctx.strokeRect(x + 0.5, y + 0.5, Math.max(w - 1, 0.5), h - 1);
  ctx.setLineDash([]);
}

/** @param {number} colour @param {string} text @param {number} x @param {number} y */
function write(colour, text, x, y) {
  ctx.fillStyle = app.colours[colour];
  ctx.fillText(text, x, y);
}

/** @param {number} from ns @param {number} to ns @returns {[x: number, w: number]} as far as it is in view; of what is not, the width is below zero */
function extent(from, to) {
  const x = Math.max(xOf(from), -3), right = Math.min(Math.max(xOf(to), xOf(from) + 1.5), app.width + 3);
  return [x, right - x];
}

/** @param {number} colour @param {number} from ns @param {number} to ns @param {number} y @param {number} h */
function fillTime(colour, from, to, y, h) {
  const [x, w] = extent(from, to);
  if (w > 0) fill(colour, x, y, w, h);
}

/** Times as solid blocks; several in one pixel become one block, the paler the less they fill, never nothing.
 * @param {number} colour @param {(k: number) => number[]} block ns @param {number} count @param {number} y @param {number} h */
function drawBlocks(colour, block, count, y, h) {
  let column = -1, sum = 0;
  const flush = () => {
    if (sum) fill(colour, column, y, 1, h, Math.min(1, 0.45 + 0.55 * sum));
    sum = 0;
  };
  for (let k = 0; k < count; k++) {
    const [from, to] = block(k).map(xOf);
    if (to < 0) continue;
    if (from > app.width) break;
    if (to - from >= 1) {
      flush();
      fill(colour, Math.max(from, -1), y, Math.min(to, app.width + 1) - Math.max(from, -1), h);
    } else {
      if (Math.floor(from) !== column) flush();
      column = Math.floor(from);
      sum += Math.max(to - from, 0.01);
    }
  }
  flush();
}

/** @param {number} i @returns {number[]} cached */
function coverOf(i) {
  const found = app.covers.get(i) ?? covered(m, i);
  if (app.covers.size > 4000) app.covers.clear();
  app.covers.set(i, found);
  return found;
}

const hueOf = (/** @type {number} */ i) => m.service[i] % 8;

/** @param {number} i @param {number} y @param {number} h */
function drawBar(i, y, h) {
  const [x, w] = extent(m.start[i], m.end[i]), hue = hueOf(i), polls = m.polls.get(i), open = m.outcome[i] === OPEN;
  if (w > 0) {
    fill(hue, x, y, w, h, 0.25);
    if (polls) drawBlocks(hue, (k) => [polls.segments[4 * k], polls.segments[4 * k] + polls.segments[4 * k + 1]], polls.segments.length / 4, y, h);
    else if (w < 3) fill(hue, x, y, w, h);
    else if (!open) {
      const edges = [m.start[i], ...coverOf(i), m.end[i]];
      drawBlocks(hue, (k) => [edges[2 * k], edges[2 * k + 1]], edges.length / 2, y, h);
    }
    if (polls && w > 6) drawGaps(i, y, h);
    if (w > 3) frame(hue, x, y, w, h, open ? [3, 2] : []);
    if (polls && isLong(i)) {
      const [from, lasted] = polls.longest, [left, width] = extent(from, from + lasted);
      frame(TEXT, left, y - 2, Math.max(width, 3), h + 4);
    }
    if (m.service[i] >= 8) for (let k = 0; k <= (m.service[i] >> 3) % 4; k++) fill(BG, x + 2 + 4 * k, y, 2, h);
    if (m.isFailed(i)) fill(RED, x, y + h, w, 2.5);
  }
  const critical = (app.showCritical && facts.critical().path.get(i)) || [];
  for (let k = 0; k < critical.length; k += 2) fillTime(TEXT, critical[k], critical[k + 1], y - 2.5, 2.5);
  for (const [, t] of m.eventsOf(i).slice(0, 200)) mark(TEXT, "◆", xOf(t), y + h / 2);
  mark(m.isFailed(i) ? RED : TEXT, MARKS[m.outcome[i]] + (m.linksOf(i).length ? "↗" : ""), Math.min(xOf(m.end[i]) + 9, Math.max(app.width - 8, xOf(m.start[i]))), y + h / 2);
  const { b, toB } = app.other ?? {};
  if (b && toB && toB[i] >= 0) fillTime(TEXT, b.start[toB[i]], b.end[toB[i]], y + h + 2.5, 2);
}

/** Waiting with no span is hatched, woken and not polled is dotted. @param {number} i @param {number} y @param {number} h */
function drawGaps(i, y, h) {
  ctx.strokeStyle = app.colours[hueOf(i)];
  ctx.beginPath();
  eachPiece(m, i, coverOf(i), (what, a, b) => {
    const from = Math.max(xOf(a), 0), to = Math.min(xOf(b), app.width);
    if (what === "none") for (let x = Math.ceil(from / 5) * 5; x + 3 < to; x += 5) ctx.moveTo(x, y + h), ctx.lineTo(x + 3, y);
    if (what === "queued") for (let x = from + 2; x < to; x += 4) ctx.rect(x, y + h / 2, 1, 1);
  });
  ctx.stroke();
}

/** @param {number} colour @param {string} text in the middle, with an edge @param {number} x @param {number} y */
function mark(colour, text, x, y) {
  if (!text) return;
  ctx.textAlign = "center";
  ctx.strokeStyle = app.colours[BG];
  ctx.lineWidth = 3;
  ctx.strokeText(text, x, y);
  ctx.lineWidth = 1;
  write(colour, text, x, y);
  ctx.textAlign = "left";
}

/** @param {(i: number) => number} middle px of a span's row @param {number} a @param {number} from ns @param {number} b @param {number} to ns @param {boolean} sure else dashed */
function drawArrow(middle, a, from, b, to, sure) {
  const x = xOf(from), right = xOf(to), y0 = middle(a), y = middle(b);
  if (Math.max(x, right) < 0 || Math.min(x, right) > app.width || y0 === y || isNaN(x + y + y0 + right)) return;
  ctx.strokeStyle = app.colours[TEXT];
  ctx.lineWidth = 1.5;
  ctx.setLineDash(sure ? [] : [4, 3]);
  ctx.beginPath();
  ctx.moveTo(x, y0);
  ctx.lineTo(x, y);
  ctx.lineTo(right, y);
  ctx.stroke();
  ctx.setLineDash([]);
  mark(TEXT, Math.abs(right - x) < 5 ? (y < y0 ? "▲" : "▼") : right < x ? "◀" : "▶", right, y);
}

/** The hops of the critical path between rows in view, and what the selected span waited behind or held up. @param {(i: number) => number} middle px of a span's row @param {Set<number>} spans in view */
function drawArrows(middle, spans) {
  if (app.showCritical) for (const [a, b, sure] of facts.critical().hops) if (spans.has(a) || spans.has(b)) drawArrow(middle, a, m.end[a], b, m.start[b], sure === 1);
  const behind = [...facts.blocked().values()].filter((of) => of.victim === app.sel || of.blocker === app.sel);
  for (const { victim, blocker, at, exact } of behind.slice(0, 100)) drawArrow(middle, victim, at, blocker, at, exact);
}

/** @param {number} height @param {boolean} [labels] */
function drawGrid(height, labels) {
  const { t0, t1 } = app.view, [unit, name] = t1 < 2e3 ? [1, "ns"] : t1 < 2e6 ? [1e3, "µs"] : t1 < 2e9 ? [1e6, "ms"] : [1e9, "s"];
  // As many digits as tell neighbours apart.
  const digits = clamp(Math.ceil(-Math.log10((t1 - t0) / unit / 20)), 0, 6);
  for (const t of ticks(t0, t1, app.width)) {
    const x = Math.round(xOf(t)) + 0.5;
    fill(LINE, x, 0, 1, height);
    if (labels && x < app.width - 40) write(FAINT, t ? `${(t / unit).toFixed(digits)} ${name}` : "0", x + 4, height / 2);
  }
}

/** The time of the whole trace: how much is busy, errors as ticks, the window as a frame */
function drawMinimap() {
  drawOn(ui.minimap);
  const { clientWidth: width, clientHeight: height } = ui.minimap, x = (/** @type {number} */ t) => timeToX(t, { t0: 0, t1: Math.max(m.total, 10) }, width);
  if (app.density.length !== width) {
    const steps = new Array(width + 2).fill(0), column = (/** @type {number} */ t) => Math.min(Math.floor(x(t)), width - 1);
    app.failures = [];
    for (let i = 0; i < m.n; i++) {
      const segments = m.polls.get(i)?.segments ?? (m.kids[i] ? [] : [m.start[i], m.end[i] - m.start[i]]);
      for (let s = 0; s < segments.length; s += 4) {
        steps[column(segments[s])]++;
        steps[column(segments[s] + segments[s + 1]) + 1]--;
      }
      if (m.isFailed(i)) app.failures[column(m.start[i])] = 1;
    }
    let sum = 0;
    app.density = steps.slice(0, width).map((step) => (sum += step));
  }
  const most = mostOf(app.density, (d) => d);
  ctx.fillStyle = app.colours[FAINT];
  app.density.forEach((d, x) => {
    const h = d && Math.max(2, Math.sqrt(d / most) * (height - 8));
    ctx.fillRect(x, height - h, 1, h);
  });
  app.failures.forEach((_, x) => fill(RED, x - 1, 0, 2, 7));
  const from = x(app.view.t0), to = x(app.view.t1);
  fill(BG, 0, 0, from, height, 0.65);
  fill(BG, to, 0, width - to, height, 0.65);
  frame(TEXT, from, 0, to - from, height);
}

/** The flame and thread views: blocks with their names @param {number} y0 of the first lane @param {number} height */
function drawLanes(y0, height) {
  const h = app.rowHeight - 2;
  app.blocks.forEach((lane, r) => {
    const y = r * app.rowHeight - y0;
    if (y < -h || y > height) return;
    let edge = -Infinity;
    for (const [from, to, i] of lane) {
      if (to < app.view.t0) continue;
      if (from > app.view.t1) break;
      const [x, w] = extent(from, to);
      if (x + w < edge) continue;
      edge = x + w - 0.5;
      fill(hueOf(i), x, y, w - 0.5, h, i === app.sel ? 0.8 : app.isMatch[i] ? 0.6 : 0.2 + m.name[i] % 3 * 0.1);
      fill(hueOf(i), x, y, 1.5, h);
      if (m.isFailed(i)) fill(RED, x, y + h - 2.5, w, 2.5);
      const text = MARKS[m.outcome[i]] + m.nameOf(i), room = Math.floor((w - 8) / 6);
      if (room > 2) write(TEXT, text.length > room ? `${text.slice(0, room - 1)}…` : text, x + 5, y + h / 2 + 1);
    }
    write(FAINT, app.laneNames[r] ?? "", 4, y + h / 2 + 3);
  });
}
