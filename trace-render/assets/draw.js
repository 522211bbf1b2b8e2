// Bars on one canvas of the size of the window.

/** @typedef {{bg: string, text: string, faint: string, line: string, error: string, sel: string, match: string, services: string[]}} Colours */

/** @returns {Colours} what the theme says now, as a canvas takes it: system colours are names that it does not know */
function readColours() {
  const probe = el("i"), of = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  ui.app.append(probe);
  const found = { bg: of("bg"), text: of("text"), faint: of("faint"), line: of("line"), error: of("error"), sel: of("sel"), match: of("match"), services: Array.from({ length: 8 }, (_, k) => of(`s${k}`)) };
  probe.remove();
  return found;
}

/** Fits the canvas to its box. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @returns {CanvasRenderingContext2D} cleared, in CSS pixels */
function contextOf(canvas, width, height) {
  const ratio = Math.min(devicePixelRatio || 1, 32767 / Math.max(width, height, 1));
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.font = "11px system-ui, sans-serif";
  return ctx;
}

/** Times as solid blocks; several in one pixel become one block, the paler the less they fill, never nothing.
 * @param {CanvasRenderingContext2D} ctx @param {(k: number) => [number, number]} block px @param {number} count @param {number} width @param {number} y @param {number} h */
function drawBlocks(ctx, block, count, width, y, h) {
  let column = -1, sum = 0;
  const flush = () => {
    if (sum > 0) {
      ctx.globalAlpha = Math.min(1, 0.45 + 0.55 * sum);
      ctx.fillRect(column, y, 1, h);
      ctx.globalAlpha = 1;
    }
    sum = 0;
  };
  for (let k = 0; k < count; k++) {
    const [from, to] = block(k);
    if (to < 0) continue;
    if (from > width) break;
    if (to - from >= 1) {
      flush();
      ctx.fillRect(Math.max(from, -1), y, Math.min(to, width + 1) - Math.max(from, -1), h);
    } else {
      if (Math.floor(from) !== column) flush();
      column = Math.floor(from);
      sum += Math.max(to - from, 0.01);
    }
  }
  flush();
}

/** @param {number} i @returns {{x: number, w: number}} its bar in px of the canvas; the formula that tests compare with */
function barOf(i) {
  const x = xOf(m.start[i]), to = xOf(m.end[i]);
  return { x, w: Math.max(to - x, 1.5) };
}

/** @param {number} i @returns {number[]} cached */
function coverOf(i) {
  let found = app.covers.get(i);
  if (!found) {
    if (app.covers.size > 4000) app.covers.clear();
    app.covers.set(i, found = covered(m, i));
  }
  return found;
}

/** @param {CanvasRenderingContext2D} ctx @param {number} i @param {number} y @param {number} h */
function drawBar(ctx, i, y, h) {
  const colours = app.colours, width = app.width, at = xOf;
  const { x, w } = barOf(i);
  const left = Math.max(x, -3), right = Math.min(x + w, width + 3);
  const colour = colours.services[m.service[i] % 8];
  ctx.fillStyle = ctx.strokeStyle = colour;
  if (right > left) {
    ctx.globalAlpha = 0.25;
    ctx.fillRect(left, y, right - left, h);
    ctx.globalAlpha = 1;
    const polls = m.polls.get(i), open = m.outcome[i] === OPEN;
    if (polls) drawBlocks(ctx, (k) => [at(polls.segments[4 * k]), at(polls.segments[4 * k] + polls.segments[4 * k + 1])], polls.segments.length / 4, width, y, h);
    else if (w < 3) ctx.fillRect(left, y, right - left, h);
    else if (!open) {
      const cover = coverOf(i);
      drawBlocks(ctx, (k) => [at(k ? cover[2 * k - 1] : m.start[i]), at(2 * k < cover.length ? cover[2 * k] : m.end[i])], cover.length / 2 + 1, width, y, h);
    }
    if (polls && w > 6) drawGaps(ctx, i, y, h);
    if (w > 3) {
      ctx.setLineDash(open ? [3, 2] : []);
      ctx.strokeRect(left + 0.5, y + 0.5, right - left - 1, h - 1);
      ctx.setLineDash([]);
    }
    if (polls?.longest && polls.longest[1] >= app.threshold) {
      const [from, to] = [at(polls.longest[0]), at(polls.longest[0] + polls.longest[1])];
      ctx.strokeStyle = colours.text;
      ctx.strokeRect(from + 0.5, y - 1.5, Math.max(to - from - 1, 2), h + 3);
    }
    if (m.service[i] >= 8) {
      ctx.fillStyle = colours.bg;
      for (let k = 0; k <= (m.service[i] >> 3) % 4; k++) ctx.fillRect(x + 2 + 4 * k, y, 2, h);
    }
    if (m.isFailed(i)) {
      ctx.fillStyle = colours.error;
      ctx.fillRect(left, y + h, right - left, 2.5);
    }
  }
  const critical = app.showCritical && facts.critical().path.get(i);
  if (critical) {
    ctx.fillStyle = colours.text;
    for (let k = 0; k < critical.length; k += 2) ctx.fillRect(at(critical[k]), y - 2.5, Math.max(1.5, at(critical[k + 1]) - at(critical[k])), 2.5);
  }
  for (const [, t] of (m.events.get(i)?.[0] ?? []).slice(0, 200)) mark(ctx, "◆", at(t), y + h / 2, colours.text, colours.bg);
  const note = [MARKS[m.outcome[i]], m.links.has(i) ? "↗" : ""].join("");
  if (note) mark(ctx, note, Math.min(x + w + 8, Math.max(width - 8, x)), y + h / 2, m.isFailed(i) ? colours.error : colours.text, colours.bg);
  const other = app.other ? app.other.toB[i] : -1;
  if (app.other && other >= 0) {
    const b = app.other.b;
    ctx.fillStyle = colours.text;
    ctx.fillRect(at(b.start[other]), y + h + 2.5, Math.max(1.5, at(b.end[other]) - at(b.start[other])), 2);
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {number} i a span of the other trace @param {number} y @param {number} h */
function drawOther(ctx, i, y, h) {
  const b = app.other?.b;
  if (!b) return;
  const x = xOf(b.start[i]);
  ctx.strokeStyle = app.colours.text;
  ctx.setLineDash([2, 2]);
  ctx.strokeRect(x + 0.5, y + 0.5, Math.max(1.5, xOf(b.end[i]) - x - 1), h - 1);
  ctx.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} ctx @param {(i: number) => number} middle px of a span's row @param {number} a @param {number} from ns @param {number} b @param {number} to ns @param {boolean} sure else dashed */
function drawArrow(ctx, middle, a, from, b, to, sure) {
  const [x, right] = [from, to].map((t) => xOf(t)), y = middle(b), y0 = middle(a);
  if (Math.max(x, right) < 0 || Math.min(x, right) > app.width || y0 === y || !(x + y + y0 + right)) return;
  ctx.strokeStyle = ctx.fillStyle = app.colours.text;
  ctx.lineWidth = 1.5;
  ctx.setLineDash(sure ? [] : [4, 3]);
  ctx.beginPath();
  ctx.moveTo(x, y0);
  ctx.lineTo(x, y);
  ctx.lineTo(right, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.lineWidth = 1;
  const way = Math.abs(right - x) > 5 ? [right, y, Math.sign(x - right), 0] : [x, y, 0, Math.sign(y0 - y)];
  ctx.beginPath();
  ctx.moveTo(way[0], way[1]);
  for (const side of [-4, 4]) ctx.lineTo(way[0] + way[2] * 6 + way[3] * side, way[1] + way[3] * 6 + way[2] * side);
  ctx.fill();
}

/** @returns {Blocked[]} what the selected span waited behind, or held up */
function arrowsOfSelection() {
  const found = app.sel < 0 ? [] : [...facts.blocked().values()].filter((b) => b.blocker >= 0 && (b.victim === app.sel || b.blocker === app.sel));
  return found.slice(0, 100);
}

/** @param {CanvasRenderingContext2D} ctx @param {(i: number) => number} middle @param {number[]} spans in view: the hops of the critical path between their rows, and what the selected span waited behind or held up */
function drawArrows(ctx, middle, spans) {
  if (app.showCritical) {
    const { from, to } = facts.critical();
    for (const [a, b, sure] of new Set(spans.flatMap((i) => [from.get(i) ?? [], to.get(i) ?? []]))) if (b) drawArrow(ctx, middle, a, m.end[a], b, m.start[b], sure === 1);
  }
  for (const { victim, blocker, at, exact } of arrowsOfSelection()) drawArrow(ctx, middle, victim, at, blocker, at, exact);
}

/** Waiting with no span is hatched, woken and not polled is dotted. @param {CanvasRenderingContext2D} ctx @param {number} i @param {number} y @param {number} h */
function drawGaps(ctx, i, y, h) {
  ctx.beginPath();
  eachPiece(m, i, coverOf(i), (what, a, b) => {
    const from = Math.max(xOf(a), 0), to = Math.min(xOf(b), app.width);
    if (what === "none") for (let x = Math.ceil(from / 5) * 5; x + 3 < to; x += 5) ctx.moveTo(x, y + h), ctx.lineTo(x + 3, y);
    if (what === "queued") for (let x = from + 2; x < to; x += 4) ctx.rect(x, y + h / 2, 1, 1);
  });
  ctx.stroke();
}

/** @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} x @param {number} y @param {string} colour @param {string} edge */
function mark(ctx, text, x, y, colour, edge) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.strokeStyle = edge;
  ctx.lineWidth = 3;
  ctx.strokeText(text, x, y);
  ctx.lineWidth = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

/** @param {CanvasRenderingContext2D} ctx @param {number} height @param {boolean} labels */
function drawGrid(ctx, height, labels) {
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const t of ticks(app.view.t0, app.view.t1, app.width)) {
    const x = Math.round(xOf(t)) + 0.5;
    ctx.fillStyle = app.colours.line;
    ctx.fillRect(x, 0, 1, height);
    ctx.fillStyle = app.colours.faint;
    if (labels && x < app.width - 40) ctx.fillText(tickText(t, app.view), x + 4, height / 2);
  }
}

/** @param {number} t @param {{t0: number, t1: number}} view @returns {string} with as many digits as tell neighbours apart */
function tickText(t, view) {
  if (t === 0) return "0";
  const [unit, name] = view.t1 < 2e3 ? [1, "ns"] : view.t1 < 2e6 ? [1e3, "µs"] : view.t1 < 2e9 ? [1e6, "ms"] : [1e9, "s"];
  const digits = Math.max(0, Math.ceil(-Math.log10((view.t1 - view.t0) / unit / 20)));
  return `${(t / unit).toFixed(Math.min(digits, 6))} ${name}`;
}

/** The time of the whole trace: how much is busy, errors as ticks, the window as a frame */
function drawMinimap() {
  const colours = app.colours;
  const width = ui.minimap.clientWidth, height = ui.minimap.clientHeight;
  const ctx = contextOf(ui.minimap, width, height);
  const all = { t0: 0, t1: Math.max(m.total, 10) };
  if (app.density.length !== width) {
    const steps = new Float64Array(width + 2);
    const column = (/** @type {number} */ t) => Math.min(Math.floor(timeToX(t, all, width)), width - 1);
    for (let i = 0; i < m.n; i++) {
      const segments = m.polls.get(i)?.segments ?? (m.kids[i] ? [] : [m.start[i], m.end[i] - m.start[i]]);
      for (let s = 0; s < segments.length; s += 4) {
        steps[column(segments[s])]++;
        steps[column(segments[s] + segments[s + 1]) + 1]--;
      }
    }
    for (let x = 1; x < width; x++) steps[x] += steps[x - 1];
    app.density = steps.subarray(0, width);
    app.failures = new Uint8Array(width);
    for (let i = 0; i < m.n && m.failed; i++) if (m.isFailed(i)) app.failures[column(m.start[i])] = 1;
  }
  let most = 1;
  for (const d of app.density) most = Math.max(most, d);
  ctx.fillStyle = colours.faint;
  for (let x = 0; x < width; x++) {
    const h = app.density[x] ? Math.max(2, Math.sqrt(app.density[x] / most) * (height - 8)) : 0;
    ctx.fillRect(x, height - h, 1, h);
  }
  ctx.fillStyle = colours.error;
  for (let x = 0; x < width; x++) if (app.failures[x]) ctx.fillRect(x - 1, 0, 2, 7);
  const [x0, x1] = [timeToX(app.view.t0, all, width), timeToX(app.view.t1, all, width)];
  ctx.globalAlpha = 0.65;
  ctx.fillStyle = colours.bg;
  ctx.fillRect(0, 0, x0, height);
  ctx.fillRect(x1, 0, width - x1, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colours.text;
  ctx.strokeRect(x0 + 0.5, 0.5, Math.max(x1 - x0 - 1, 1), height - 1);
}

/** The flame and thread views: blocks with their names @param {CanvasRenderingContext2D} ctx @param {number} y0 of the first lane @param {number} height */
function drawLanes(ctx, y0, height) {
  const width = app.width, view = app.view, colours = app.colours;
  const h = app.rowHeight - 2;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  app.blocks.forEach((lane, r) => {
    const y = r * app.rowHeight - y0;
    if (y < -h || y > height) return;
    let edge = -Infinity;
    for (const [from, to, i] of lane) {
      if (to < view.t0) continue;
      if (from > view.t1) break;
      const x = Math.max(xOf(from), -2), right = Math.min(xOf(to), width + 2);
      if (right < edge) continue;
      const w = Math.max(right - x, 1);
      edge = x + w - 0.5;
      ctx.fillStyle = colours.services[m.service[i] % 8];
      ctx.globalAlpha = i === app.sel ? 0.8 : app.isMatch[i] ? 0.6 : 0.2 + m.name[i] % 3 * 0.1;
      ctx.fillRect(x, y, w - 0.5, h);
      ctx.globalAlpha = 1;
      ctx.fillRect(x, y, 1.5, h);
      if (m.isFailed(i)) {
        ctx.fillStyle = colours.error;
        ctx.fillRect(x, y + h - 2.5, w, 2.5);
      }
      if (w < 28) continue;
      ctx.fillStyle = colours.text;
      const text = MARKS[m.outcome[i]] + m.nameOf(i), room = Math.floor((w - 8) / 6);
      ctx.fillText(text.length > room ? `${text.slice(0, room - 1)}…` : text, x + 5, y + h / 2 + 1);
    }
  });
}
