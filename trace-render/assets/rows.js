// The rows: elements for those in view only, and what is drawn beside them.

/** By row without those of the other trace, how much further down it is with them. @type {Int32Array | undefined} */
let shift;
/** Counts what changes how a row reads. */
let version = 0;
let indent = 12;
/** @type {(HTMLElement & {key?: string})[]} */
const pool = [];

const rowOfSpan = (/** @type {number} */ i) => {
  const r = rowOf(app.plain, i, m);
  return r + (shift?.[r] ?? 0);
};
const rowOfSelection = () => (app.onGroup ? app.rows.indexOf(-1 - app.sel) : rowOfSpan(app.sel));
/** @param {number} at of a row @returns {Group | undefined} */
const groupOf = (at) => (at < 0 ? app.fold.groups?.get(-1 - at) : undefined);

/** @param {number} y0 @param {number} height */
function drawRows(y0, height) {
  const first = Math.floor(y0 / app.rowHeight), count = clamp(Math.ceil(height / app.rowHeight) + 1, 0, app.rows.length - first), selected = rowOfSelection(), h = app.rowHeight - 10;
  /** @type {Set<number>} */
  const spans = new Set();
  while (pool.length > count) pool.pop()?.remove();
  while (pool.length < count) {
    const made = el("div", { role: "row" });
    ui.grid.append(made);
    pool.push(made);
  }
  for (let r = first; r < first + count; r++) {
    const y = r * app.rowHeight - y0, at = app.rows[r], row = pool[r % count], { b } = app.other ?? {}, key = `${r} ${at} ${version} ${selected === r}`;
    if (row.key !== key) b && at >= m.n ? fillOther(row, r, b, at - m.n) : fillRow(row, r, selected === r);
    row.key = key;
    row.style.transform = `translateY(${y}px)`;
    if (b && at >= m.n) {
      frame(TEXT, xOf(b.start[at - m.n]), y + 5, xOf(b.end[at - m.n]) - xOf(b.start[at - m.n]), h, [2, 2]);
      continue;
    }
    const i = spanOf(at), group = groupOf(at);
    spans.add(i);
    if (selected === r || app.isMatch[i]) fill(selected === r ? SELECTED : MATCH, 0, y, app.width, app.rowHeight);
    if (group || (app.fold.folded[i] && m.kids[i])) {
      fillTime(FAINT, m.start[i], group?.end ?? reach(i), y + app.rowHeight / 2 - 1, 2);
    }
    group ? drawBlocks(hueOf(i), (k) => [m.start[group.spans[k]], m.end[group.spans[k]]], group.spans.length, y + 5, h) : drawBar(i, y + 5, h);
  }
  drawArrows((i) => (rowOfSpan(i) + 0.5) * app.rowHeight - y0, spans);
  setAll(ui.grid, { "aria-activedescendant": selected >= first && selected < first + count && `r${selected}` });
}

/** @param {number} i @returns {number} the latest end of what is below it */
function reach(i) {
  let end = m.end[i];
  for (let c = i + 1; c < m.last[i] && c < i + 5000; c++) end = Math.max(end, m.end[c]);
  return end;
}

/** @param {number} i @returns {string} */
function columnText(i) {
  const polls = m.polls.get(i), column = app.column;
  if (column === "self") return duration(selfTime(m, i));
  if (column === "delta") return deltaText(i);
  return !polls ? "—" : column === "polls" ? String(polls.count) : duration(column === "busy" ? polls.busy : polls.longest[1]);
}

/** What all rows have. @param {HTMLElement} row @param {number} r @param {number} level @param {string} label @param {string} kind @param {boolean | undefined} openNow @param {Part[]} name @param {string[]} cells */
function setRow(row, r, level, label, kind, openNow, name, cells) {
  const fold = el("span.fold", openNow === undefined ? "" : openNow ? "▾" : "▸");
  fold.style.marginLeft = `${Math.min(level, 24) * indent}px`;
  setAll(row, { id: `r${r}`, class: `row ${kind}`, "aria-level": level + 1, "aria-rowindex": r + 1, "aria-label": label, "aria-expanded": openNow === undefined ? undefined : String(openNow) });
  refill(row, el("div.name", { role: "gridcell" }, fold, name), cells.map((cell, c) => (!c || app.column) && el("div.cell", { role: "gridcell" }, cell)));
}

/** @param {HTMLElement} row @param {number} r @param {boolean} selected */
function fillRow(row, r, selected) {
  const at = app.rows[r], i = spanOf(at), group = groupOf(at), level = m.depth[i] - (m.depth[app.fold.focus] ?? 0);
  const openNow = group ? group.open : m.kids[i] ? !app.fold.folded[i] : undefined, inside = group || openNow ? 0 : app.inside[m.last[i]] - app.inside[i + 1];
  const dot = el("i.dot"), mark = !group && MARKS[m.outcome[i]];
  dot.style.background = `var(--s${hueOf(i)})`;
  setRow(row, r, level, (group ? `${group.spans.length} times ${m.nameOf(i)}, ${duration(group.total)} in total` : describe(m, i)) + (inside ? `, ${inside} matches inside` : ""),
    group ? "" : `${app.isMatch[i] ? "match " : ""}${m.isFailed(i) ? "failed" : ""}`, openNow, [
      dot, mark && el("span.mark", mark), el("bdi", m.nameOf(i).slice(0, 500)), group ? el("bdi.service", `×${group.spans.length}`) : level > 24 && el("bdi.service", `depth ${level}`),
      m.services.length > 1 && el("bdi.service", m.serviceOf(i).slice(0, 100)), !group && app.other && app.other.toB[i] < 0 && el("bdi.service", "A only"), inside && el("span.inside", inside),
    ], [group ? duration(group.total) : timeText(m, i), columnText(i)]);
  setAll(row, { "aria-selected": String(selected) });
}

/** @param {HTMLElement} row @param {number} r @param {Model} b @param {number} i what only the other trace has */
function fillOther(row, r, b, i) {
  const time = timeText(b, i);
  setRow(row, r, b.depth[i], `only in B: ${describe(b, i)}`, "other", undefined, [el("span.mark", "+"), el("bdi", b.nameOf(i).slice(0, 500)), el("bdi.service", "B only")], [time, `+${time}`]);
}
