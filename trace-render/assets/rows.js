// The rows: elements for those in view only, and what is drawn beside them.

/** By row without those of the other trace, how much further down it is with them. @type {Int32Array | null} */
let shift = null;
/** Counts what changes how a row reads. */
let version = 0;
let indent = 12;
/** @type {(HTMLElement & {key?: string})[]} */
const pool = [];

const rowOfSpan = (/** @type {number} */ i) => {
  const r = rowOf(app.plain, i, m);
  return r + (shift?.[r] ?? 0);
};
const rowOfSelection = () => (app.onGroup ? app.rows.indexOf(-1 - app.sel) : app.sel < 0 ? -1 : rowOfSpan(app.sel));

/** @param {CanvasRenderingContext2D} ctx @param {number} y0 @param {number} height */
function drawRows(ctx, y0, height) {
  const first = Math.floor(y0 / app.rowHeight), count = Math.max(0, Math.min(Math.ceil(height / app.rowHeight) + 1, app.rows.length - first));
  const selected = rowOfSelection(), h = app.rowHeight - 10;
  /** @type {number[]} */
  const spans = [];
  while (pool.length > count) pool.pop()?.remove();
  while (pool.length < count) {
    const made = el("div", { role: "row", class: "row" });
    ui.grid.append(made);
    pool.push(made);
  }
  for (let r = first; r < first + count; r++) {
    const y = r * app.rowHeight - y0, at = app.rows[r];
    fillRow(pool[r % count], r, selected === r);
    pool[r % count].style.transform = `translateY(${y}px)`;
    if (at >= m.n) {
      drawOther(ctx, at - m.n, y + 5, h);
      continue;
    }
    const i = at < 0 ? -1 - at : at;
    spans.push(i);
    if (selected === r || app.isMatch[i]) {
      ctx.fillStyle = selected === r ? app.colours.sel : app.colours.match;
      ctx.fillRect(0, y, app.width, app.rowHeight);
    }
    const group = at < 0 ? app.fold.groups?.get(i) : undefined;
    if (group || (app.fold.folded[i] && m.kids[i])) {
      const from = xOf(m.start[i]), to = xOf(group ? group.end : reach(i));
      ctx.fillStyle = app.colours.faint;
      ctx.fillRect(Math.max(from, 0), y + app.rowHeight / 2 - 1, Math.max(1.5, Math.min(to, app.width) - Math.max(from, 0)), 2);
    }
    if (group) {
      ctx.fillStyle = app.colours.services[m.service[i] % 8];
      drawBlocks(ctx, (k) => [xOf(m.start[group.spans[k]]), xOf(m.end[group.spans[k]])], group.spans.length, app.width, y + 5, h);
    } else drawBar(ctx, i, y + 5, h);
  }
  drawArrows(ctx, (i) => (rowOfSpan(i) + 0.5) * app.rowHeight - y0, spans);
  if (selected >= first && selected < first + count) ui.grid.setAttribute("aria-activedescendant", `r${selected}`);
  else ui.grid.removeAttribute("aria-activedescendant");
}

/** @param {number} i @returns {number} the latest end of what is below it */
function reach(i) {
  let end = m.end[i];
  for (let c = i + 1; c < m.last[i] && c < i + 5000; c++) end = Math.max(end, m.end[c]);
  return end;
}

/** @param {number} i @returns {string} */
function columnText(i) {
  const polls = m.polls.get(i);
  if (app.column === "self") return duration(selfTime(m, i));
  if (app.column === "delta") return deltaText(i);
  if (!polls) return "—";
  return app.column === "busy" ? duration(polls.busy) : app.column === "polls" ? String(polls.count) : duration(polls.longest?.[1] ?? 0);
}

/** @param {HTMLElement & {key?: string}} row @param {number} r @param {boolean} selected */
function fillRow(row, r, selected) {
  const at = app.rows[r], i = at < 0 ? -1 - at : at;
  const key = `${r} ${at} ${version} ${selected}`;
  if (row.key === key) return;
  row.key = key;
  if (app.other && at >= m.n) return fillOther(row, r, app.other.b, at - m.n);
  const group = at < 0 ? app.fold.groups?.get(i) : undefined;
  const parent = group !== undefined || m.kids[i] > 0, openNow = group ? group.open : !app.fold.folded[i];
  const level = m.depth[i] - (app.fold.focus < 0 ? 0 : m.depth[app.fold.focus]);
  row.className = `row${app.isMatch[i] && !group ? " match" : ""}${m.isFailed(i) && !group ? " failed" : ""}`;
  const inside = group ? 0 : !openNow ? app.inside[m.last[i]] - app.inside[i + 1] : 0;
  setAll(row, {
    id: `r${r}`, "aria-level": level + 1, "aria-rowindex": r + 1, "aria-selected": String(selected), "aria-expanded": parent ? String(openNow) : undefined,
    "aria-label": (group ? `${group.spans.length} times ${m.nameOf(i)}, ${duration(group.total)} in total` : describe(m, i)) + (inside ? `, ${inside} matches inside` : ""),
  });
  const fold = el("span.fold", { "aria-hidden": "true" }, parent ? (openNow ? "▾" : "▸") : "");
  fold.style.marginLeft = `${Math.min(level, 24) * indent}px`;
  const dot = el("span.dot", { "aria-hidden": "true" });
  dot.style.background = `var(--s${m.service[i] % 8})`;
  const name = el("div", { role: "gridcell", class: "name" }, fold, dot);
  const mark = group ? "" : MARKS[m.outcome[i]];
  if (mark) name.append(el("span.mark", mark));
  name.append(el("bdi", m.nameOf(i).slice(0, 500)));
  if (group) name.append(el("span.service", `×${group.spans.length}`));
  else if (level > 24) name.append(el("span.service", `depth ${level}`));
  if (m.services.length > 1) name.append(el("bdi.service", m.serviceOf(i).slice(0, 100)));
  if (app.other && app.other.toB[i] < 0 && !group) name.append(el("span.service", "A only"));
  if (inside) name.append(el("span.inside", String(inside)));
  const cells = [el("div", { role: "gridcell", class: "cell" }, group ? duration(group.total) : m.outcome[i] === OPEN ? "open" : duration(m.dur[i]))];
  if (app.column) cells.push(el("div", { role: "gridcell", class: "cell" }, columnText(i)));
  row.replaceChildren(name, ...cells);
}

/** @param {HTMLElement} row @param {number} r @param {Model} b @param {number} i what only the other trace has */
function fillOther(row, r, b, i) {
  row.className = "row other";
  const time = b.outcome[i] === OPEN ? "open" : duration(b.dur[i]);
  setAll(row, { id: `r${r}`, "aria-level": b.depth[i] + 1, "aria-rowindex": r + 1, "aria-selected": "false", "aria-expanded": undefined, "aria-label": `only in B: ${describe(b, i)}` });
  const sign = el("span.mark", "+");
  sign.style.marginLeft = `${Math.min(b.depth[i], 24) * indent + 24}px`;
  row.replaceChildren(el("div", { role: "gridcell", class: "name" }, sign, el("bdi", b.nameOf(i).slice(0, 500)), el("span.service", "B only")), el("div", { role: "gridcell", class: "cell" }, time), ...(app.column ? [el("div", { role: "gridcell", class: "cell" }, `+${time}`)] : []));
}
