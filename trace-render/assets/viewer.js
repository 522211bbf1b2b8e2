// The page: its state, what changes it, and when it is drawn.

/**
 * @typedef {{
 *   m: Model, ui: Record<string, any>, colours: Colours, view: {t0: number, t1: number}, width: number, rowHeight: number,
 *   rows: Int32Array, plain: Int32Array, fold: Fold, sel: number, onGroup: boolean, matches: Int32Array, isMatch: Uint8Array, inside: Int32Array, q: string,
 *   viewName: string, covers: Map<number, number[]>, density: Float64Array, failures: Uint8Array, threshold: number, showCritical: boolean, facts: Facts & {arrows: () => Blocked[]},
 *   other: Other | null, utc: boolean, panelOpen: boolean, column: string,
 *   blocks: [number, number, number][][], laneOf: Int32Array | null, laneNames: string[],
 *   table: {by: string, of: string, model: Model | null, rows: TableRow[], sort: keyof TableRow, sign: number},
 *   pointer: {x: number, y: number} | null, drag: {x0: number, x1: number, measure: boolean} | null,
 *   select: (i: number, reveal?: boolean) => void, act: (name: string) => void, refresh: () => void,
 *   banner: (text: string, undo?: () => void) => void, copy: (text: string, what: string) => void
 * }} App
 */

const MAX_SCROLL = 16e6;
const began = performance.now();

/** @param {Model} m @param {Record<string, any>} ui */
function start(m, ui) {
  /** @type {{path: ReturnType<typeof criticalPath> | null, blocked: Map<number, Blocked> | null}} */
  const cache = { path: null, blocked: null };
  /** @type {number[]} */
  const frames = [];
  /** By row without those of the other trace, how much further down it is with them. @type {Int32Array | null} */
  let shift = null;
  let version = 0, scheduled = false, applying = false, hashTimer = 0, indent = 12;
  const deepest = m.depth.reduce((most, depth) => Math.max(most, depth), 1);
  /** @type {(HTMLElement & {key?: string})[]} */
  let pool = [];
  /** @type {App} */
  const app = {
    m, ui, colours: readColours(), view: clampView({ t0: 0, t1: m.total }, m.total), width: 1, rowHeight: 22, rows: new Int32Array(0), plain: new Int32Array(0),
    fold: { folded: new Uint8Array(m.n), focus: -1, trace: -1, groups: null }, sel: -1, onGroup: false, matches: new Int32Array(0), isMatch: new Uint8Array(m.n),
    inside: new Int32Array(m.n + 1), q: "", viewName: "waterfall", covers: new Map(), density: new Float64Array(0), failures: new Uint8Array(0), threshold: 1e7, showCritical: false,
    facts: {
      threshold: 1e7,
      critical: () => (cache.path ??= criticalPath(m)),
      blocked: () => (cache.blocked ??= blockedBehind(m, app.threshold)),
      arrows: () => (app.sel < 0 ? [] : [...app.facts.blocked().values()].filter((b) => b.blocker >= 0 && (b.victim === app.sel || b.blocker === app.sel)).slice(0, 100)),
    },
    other: null, utc: true, panelOpen: false, column: "", blocks: [], laneOf: null, laneNames: [],
    table: { by: "name", of: "", model: null, rows: [], sort: "total", sign: -1 }, pointer: null, drag: null, select, act, refresh, banner, copy,
  };
  const longestRoot = () => {
    let best = m.n ? 0 : -1;
    for (let i = 0; i < m.n; i = m.last[i]) if (m.end[i] - m.start[i] > m.end[best] - m.start[best]) best = i;
    return best;
  };
  const isRows = () => app.viewName === "waterfall";
  const say = (/** @type {string} */ text) => { ui.live.textContent = text; };
  const rowOfSpan = (/** @type {number} */ i) => {
    const r = rowOf(app.plain, i, m);
    return r + (shift?.[r] ?? 0);
  };
  const rowOfSelection = () => (app.onGroup ? app.rows.indexOf(-1 - app.sel) : app.sel < 0 ? -1 : rowOfSpan(app.sel));

  /** @param {string} text @param {() => void} [undo] */
  function banner(text, undo) {
    ui.banner.hidden = false;
    ui.banner.replaceChildren(el("span", {}, text), button("✕", () => {
      ui.banner.hidden = true;
      undo?.();
    }, { "aria-label": "Dismiss" }));
  }

  /** @param {string} text @param {string} what */
  function copy(text, what) {
    // From a file, the clipboard may be closed to the newer way.
    const old = () => {
      const area = el("textarea", { class: "sr" });
      /** @type {HTMLTextAreaElement} */ (area).value = text;
      ui.app.append(area);
      /** @type {HTMLTextAreaElement} */ (area).select();
      document.execCommand("copy");
      area.remove();
    };
    (navigator.clipboard?.writeText(text) ?? Promise.reject()).catch(old).then(() => say(`${what} is copied.`));
  }

  function refresh() {
    version++;
    if (isRows()) {
      app.rows = app.plain = visibleRows(m, app.fold);
      shift = null;
      if (app.other && app.fold.focus < 0) ({ rows: app.rows, shift } = withOther(m, app.plain, app.other, app.fold));
    } else if (app.viewName !== "table") layBlocks(app);
    const count = isRows() ? app.rows.length : app.blocks.length;
    ui.space.style.height = `${Math.min(count * app.rowHeight, MAX_SCROLL)}px`;
    ui.grid.setAttribute("aria-rowcount", String(app.rows.length));
    ui.scroll.hidden = ui.axis.hidden = app.viewName === "table";
    ui.table.hidden = app.viewName !== "table";
    ui.grid.hidden = ui.heads.hidden = ui.splitter.hidden = !isRows();
    ui.nothing.hidden = app.viewName === "table" ? m.n > 0 : count > 0;
    ui.nothing.textContent = m.n && app.viewName === "threads" ? "This trace does not say which thread polled what: there are no polls in it." : "There are no spans here.";
    for (const made of ui.views.children) made.setAttribute("aria-pressed", String(made.dataset.view === app.viewName));
    for (const made of ui.pills.children) made.setAttribute("aria-pressed", String(made.dataset.q === app.q));
    if (app.viewName === "table") renderTable(app);
    const columns = app.column ? [ui.column.querySelector(`[value=${app.column}]`).textContent] : [];
    ui.column.value = app.column;
    ui.heads.replaceChildren(el("span", {}, "Span"), el("span", { class: "cell" }, "Duration"), ...columns.map((label) => el("span", { class: "cell" }, label)));
    renderPanel(app);
    schedule();
  }

  function schedule() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      const from = performance.now();
      draw();
      frames.push(performance.now() - from);
      if (frames.length > 500) frames.shift();
    });
    clearTimeout(hashTimer);
    hashTimer = window.setTimeout(writeFragment, 150);
  }

  const full = () => (isRows() ? app.rows.length : app.blocks.length) * app.rowHeight;
  const scrolled = () => (full() <= MAX_SCROLL ? ui.scroll.scrollTop : ui.scroll.scrollTop / (MAX_SCROLL - ui.scroll.clientHeight) * (full() - ui.scroll.clientHeight));
  const scrollTo = (/** @type {number} */ y) => { ui.scroll.scrollTop = full() <= MAX_SCROLL ? y : y / (full() - ui.scroll.clientHeight) * (MAX_SCROLL - ui.scroll.clientHeight); };

  function draw() {
    app.width = Math.max(1, ui.bars.clientWidth);
    const step = Math.min(12, Math.round(ui.grid.clientWidth * 4 / Math.min(24, deepest)) / 10);
    if (step !== indent) [indent, version] = [step, version + 1];
    drawMinimap(app);
    if (app.viewName === "table") return;
    const height = ui.scroll.clientHeight, y0 = scrolled();
    drawGrid(contextOf(ui.ruler, app.width, ui.ruler.clientHeight), app, ui.ruler.clientHeight, true);
    const ctx = contextOf(ui.bars, app.width, height);
    drawGrid(ctx, app, height, false);
    if (isRows()) drawRows(ctx, y0, height);
    else {
      drawLanes(app, ctx, y0, height);
      ctx.fillStyle = app.colours.faint;
      app.laneNames.forEach((name, r) => ctx.fillText(name, 4, r * app.rowHeight - y0 + app.rowHeight / 2 + 2));
    }
    if (app.pointer) {
      ctx.fillStyle = app.colours.faint;
      ctx.fillRect(app.pointer.x, 0, 1, height);
    }
    if (app.drag) {
      ctx.globalAlpha = 0.2;
      ctx.fillStyle = app.colours.text;
      ctx.fillRect(Math.min(app.drag.x0, app.drag.x1), 0, Math.abs(app.drag.x1 - app.drag.x0), height);
      ctx.globalAlpha = 1;
    }
  }

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
        drawOther(ctx, app, at - m.n, y + 5, h);
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
        const from = timeToX(m.start[i], app.view, app.width), to = timeToX(group ? group.end : reach(i), app.view, app.width);
        ctx.fillStyle = app.colours.faint;
        ctx.fillRect(Math.max(from, 0), y + app.rowHeight / 2 - 1, Math.max(1.5, Math.min(to, app.width) - Math.max(from, 0)), 2);
      }
      if (group) {
        ctx.fillStyle = app.colours.services[m.service[i] % 8];
        drawBlocks(ctx, (k) => [timeToX(m.start[group.spans[k]], app.view, app.width), timeToX(m.end[group.spans[k]], app.view, app.width)], group.spans.length, app.width, y + 5, h);
      } else drawBar(ctx, app, i, y + 5, h);
    }
    drawArrows(ctx, app, (i) => (rowOfSpan(i) + 0.5) * app.rowHeight - y0, spans);
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
    if (app.column === "delta") return deltaText(app, i);
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
    /** @type {Record<string, string | undefined>} */
    const attributes = {
      id: `r${r}`, "aria-level": String(level + 1), "aria-rowindex": String(r + 1), "aria-selected": String(selected), "aria-expanded": parent ? String(openNow) : undefined,
      "aria-label": (group ? `${group.spans.length} times ${m.nameOf(i)}, ${duration(group.total)} in total` : describe(m, i)) + (inside ? `, ${inside} matches inside` : ""),
    };
    for (const [name, value] of Object.entries(attributes)) value === undefined ? row.removeAttribute(name) : row.setAttribute(name, value);
    const fold = el("span", { class: "fold", "aria-hidden": "true" }, parent ? (openNow ? "▾" : "▸") : "");
    fold.style.marginLeft = `${Math.min(level, 24) * indent}px`;
    const dot = el("span", { class: "dot", "aria-hidden": "true" });
    dot.style.background = `var(--s${m.service[i] % 8})`;
    const name = el("div", { role: "gridcell", class: "name" }, fold, dot);
    const mark = group ? "" : MARKS[m.outcome[i]];
    if (mark) name.append(el("span", { class: "mark" }, mark));
    name.append(el("bdi", {}, m.nameOf(i).slice(0, 500)));
    if (group) name.append(el("span", { class: "service" }, `×${group.spans.length}`));
    else if (level > 24) name.append(el("span", { class: "service" }, `depth ${level}`));
    if (m.services.length > 1) name.append(el("bdi", { class: "service" }, m.serviceOf(i).slice(0, 100)));
    if (app.other && app.other.toB[i] < 0 && !group) name.append(el("span", { class: "service" }, "A only"));
    if (inside) name.append(el("span", { class: "inside" }, String(inside)));
    const cells = [el("div", { role: "gridcell", class: "cell" }, group ? duration(group.total) : m.outcome[i] === OPEN ? "open" : duration(m.dur[i]))];
    if (app.column) cells.push(el("div", { role: "gridcell", class: "cell" }, columnText(i)));
    row.replaceChildren(name, ...cells);
  }

  /** @param {HTMLElement} row @param {number} r @param {Model} b @param {number} i what only the other trace has */
  function fillOther(row, r, b, i) {
    row.className = "row other";
    row.removeAttribute("aria-expanded");
    const time = b.outcome[i] === OPEN ? "open" : duration(b.dur[i]);
    for (const [name, value] of Object.entries({ id: `r${r}`, "aria-level": b.depth[i] + 1, "aria-rowindex": r + 1, "aria-selected": false, "aria-label": `only in B: ${describe(b, i)}` })) row.setAttribute(name, String(value));
    const sign = el("span", { class: "mark" }, "+");
    sign.style.marginLeft = `${Math.min(b.depth[i], 24) * indent + 24}px`;
    row.replaceChildren(el("div", { role: "gridcell", class: "name" }, sign, el("bdi", {}, b.nameOf(i).slice(0, 500)), el("span", { class: "service" }, "B only")), el("div", { role: "gridcell", class: "cell" }, time), ...(app.column ? [el("div", { role: "gridcell", class: "cell" }, `+${time}`)] : []));
  }

  /** @param {number} i @param {boolean} [reveal] also in time */
  function select(i, reveal) {
    app.sel = i;
    app.onGroup = false;
    const { fold } = app;
    if (i >= 0 && ((fold.focus >= 0 && (i < fold.focus || i >= m.last[fold.focus])) || (fold.trace >= 0 && m.traceOf(i) !== fold.trace))) {
      [fold.focus, fold.trace] = [-1, -1];
      ui.traces.querySelector("select").value = "-1";
    }
    if (app.viewName === "table" && !applying) app.viewName = "waterfall";
    refresh();
    if (i >= 0) {
      const { t0, t1 } = app.view;
      if (reveal && (m.end[i] < t0 || m.start[i] > t1)) setView(m.start[i] - (t1 - t0) / 4, m.start[i] + (t1 - t0) * 3 / 4);
      showRow(isRows() ? rowOfSelection() : app.laneOf?.[i] ?? -1);
      say(describe(m, i));
    }
  }

  /** @param {number} r */
  function showRow(r) {
    if (r < 0) return;
    const y = r * app.rowHeight, height = ui.scroll.clientHeight, top = scrolled();
    if (y < top) scrollTo(y);
    else if (y + app.rowHeight > top + height) scrollTo(y + app.rowHeight - height + 2);
  }

  /** @param {number} r @param {number} [step] where to look further if the row is not of this trace */
  function selectRow(r, step = 1) {
    r = Math.max(0, Math.min(r, app.rows.length - 1));
    while (app.rows[r] >= m.n) r += step;
    const at = app.rows[r];
    if (at === undefined) return;
    select(at < 0 ? -1 - at : at);
    app.onGroup = at < 0;
    refresh();
    showRow(rowOfSelection());
  }

  /** @param {number} t0 @param {number} t1 */
  function setView(t0, t1) {
    app.view = clampView({ t0, t1 }, m.total);
    schedule();
  }

  /** @param {number} factor of the window's width @param {number} [at] ns that stay where they are */
  function zoom(factor, at) {
    const { t0, t1 } = app.view;
    const middle = app.sel < 0 ? NaN : (m.start[app.sel] + m.end[app.sel]) / 2;
    const anchor = at ?? (middle >= t0 && middle <= t1 ? middle : (t0 + t1) / 2);
    setView(anchor - (anchor - t0) * factor, anchor + (t1 - anchor) * factor);
  }
  const pan = (/** @type {number} */ share) => setView(app.view.t0 + (app.view.t1 - app.view.t0) * share, app.view.t1 + (app.view.t1 - app.view.t0) * share);

  /** @param {(i: number) => boolean} wanted @param {1 | -1} step @param {string} what */
  function jump(wanted, step, what) {
    for (let k = 1; k <= m.n; k++) {
      const i = (((app.sel < 0 && step < 0 ? 0 : app.sel) + step * k) % m.n + m.n) % m.n;
      if (wanted(i)) return select(i, true);
    }
    say(`There is no ${what}.`);
  }

  /** @param {1 | -1} step */
  function nextMatch(step) {
    if (!app.matches.length) return say("No match.");
    let k = app.matches.findIndex((i) => i > app.sel);
    if (step < 0) k = (app.matches.findIndex((i) => i >= app.sel) + app.matches.length) % app.matches.length - 1;
    if (k < 0) k = step > 0 ? 0 : app.matches.length - 1;
    select(app.matches[k], true);
    ui.found.textContent = `${k + 1} / ${app.matches.length}`;
    say(`${k + 1} of ${app.matches.length} matches. ${describe(m, app.sel)}`);
  }

  /** @param {string} q */
  function setSearch(q) {
    app.q = q.trim();
    if (ui.q.value.trim() !== app.q) ui.q.value = app.q;
    app.facts.threshold = app.threshold;
    const { matches, error } = search(m, app.q, app.facts);
    app.matches = matches;
    app.isMatch.fill(0);
    for (const i of matches) app.isMatch[i] = 1;
    for (let i = 0; i < m.n; i++) app.inside[i + 1] = app.inside[i] + app.isMatch[i];
    ui.found.textContent = error ? "?" : app.q ? `${matches.length} found` : "";
    ui.q.title = error;
    say(error || (app.q ? `${matches.length} matches` : ""));
    refresh();
  }

  /** @param {number} i @param {boolean} folded */
  function setFold(i, folded) {
    app.fold.folded[i] = Number(folded);
    refresh();
  }

  const closeSearch = () => { setSearch(""); ui.grid.focus(); };
  /** @param {string} name */
  const show = (name) => () => { app.viewName = name; ui.scroll.scrollTop = 0; refresh(); };
  /** @type {Record<string, () => void>} */
  const actions = {
    up: () => selectRow(rowOfSelection() - 1, -1),
    down: () => selectRow(rowOfSelection() + 1),
    first: () => selectRow(0),
    last: () => selectRow(app.rows.length - 1, -1),
    pageUp: () => selectRow(rowOfSelection() - Math.floor(ui.scroll.clientHeight / app.rowHeight) + 1, -1),
    pageDown: () => selectRow(rowOfSelection() + Math.floor(ui.scroll.clientHeight / app.rowHeight) - 1),
    unfold() {
      const i = app.sel, group = app.onGroup && app.fold.groups?.get(i);
      if (group) group.open ? selectRow(rowOfSelection() + 1) : (group.open = true, refresh());
      else if (i >= 0 && app.fold.folded[i] && m.kids[i]) setFold(i, false);
      else if (i >= 0 && m.kids[i]) selectRow(rowOfSelection() + 1);
    },
    fold() {
      const i = app.sel, group = app.onGroup && app.fold.groups?.get(i);
      if (group && group.open) { group.open = false; refresh(); }
      else if (!group && i >= 0 && m.kids[i] && !app.fold.folded[i]) setFold(i, true);
      else if (i >= 0 && m.parent[i] >= 0) select(m.parent[i]);
    },
    panel() { if (app.sel >= 0) { app.panelOpen = !app.panelOpen; refresh(); } },
    close() { app.panelOpen = false; refresh(); ui.grid.focus(); },
    escape: () => (app.panelOpen && app.sel >= 0 ? actions.close() : app.q ? closeSearch() : actions.zoomAll()),
    search() { ui.q.focus(); ui.q.select(); },
    nextMatch: () => nextMatch(1),
    previousMatch: () => nextMatch(-1),
    nextError: () => jump(m.isFailed, 1, "error"),
    previousError: () => jump(m.isFailed, -1, "error"),
    nextPoll: () => jump((i) => (m.polls.get(i)?.longest?.[1] ?? 0) >= app.threshold, 1, "long poll"),
    previousPoll: () => jump((i) => (m.polls.get(i)?.longest?.[1] ?? 0) >= app.threshold, -1, "long poll"),
    zoomIn: () => zoom(0.8), zoomOut: () => zoom(1.25), zoomIn5: () => zoom(0.8 ** 5), zoomOut5: () => zoom(1.25 ** 5),
    panLeft: () => pan(-0.1), panRight: () => pan(0.1), panLeft5: () => pan(-0.5), panRight5: () => pan(0.5),
    zoomAll: () => setView(0, m.total),
    zoomTo() {
      if (app.sel < 0) return;
      const margin = (m.end[app.sel] - m.start[app.sel]) * 0.05 + 1;
      setView(m.start[app.sel] - margin, m.end[app.sel] + margin);
    },
    focus() { if (app.sel >= 0) { app.fold.focus = app.sel; app.fold.folded[app.sel] = 0; refresh(); scrollTo(0); actions.zoomTo(); } },
    unfocus() { if (app.fold.focus >= 0) { app.fold.focus = -1; refresh(); actions.zoomAll(); showRow(rowOfSelection()); } },
    unfoldAll() { app.fold.folded.fill(0); refresh(); showRow(rowOfSelection()); },
    foldAll() { app.fold.folded.fill(1); refresh(); showRow(rowOfSelection()); },
    unfoldLevel() { foldLevel(false); },
    foldLevel() { foldLevel(true); },
    critical() { app.showCritical = !app.showCritical; say(app.showCritical ? `Critical path: ${app.facts.critical().path.size} spans` : "Critical path hidden"); refresh(); },
    blocker() {
      const blocked = app.facts.blocked().get(app.sel);
      blocked && blocked.blocker >= 0 ? select(blocked.blocker, true) : say("Nothing is known to have blocked this span.");
    },
    waterfall: show("waterfall"), flame: show("flame"), table: show("table"), threads: show("threads"),
    copyLink() { writeFragment(); copy(location.href, "The link"); },
    copyJson() { if (app.sel >= 0) copy(JSON.stringify(spanJson(app, app.sel), null, 2), "The span"); },
    help() { ui.keys.open ? ui.keys.close() : ui.keys.showModal(); },
  };

  /** Folds the deepest rows that show children, or unfolds the highest that hide them. @param {boolean} folded */
  function foldLevel(folded) {
    let level = -1;
    const fits = (/** @type {number} */ i) => i >= 0 && m.kids[i] > 0 && Boolean(app.fold.folded[i]) !== folded;
    for (const i of app.plain) if (fits(i) && (level < 0 || (folded ? m.depth[i] > level : m.depth[i] < level))) level = m.depth[i];
    for (const i of app.plain) if (fits(i) && m.depth[i] === level) app.fold.folded[i] = Number(folded);
    refresh();
    showRow(rowOfSelection());
  }

  /** @param {string} name */
  function act(name) { actions[name]?.(); }

  function writeFragment() {
    const { t0, t1 } = app.view, whole = t0 === 0 && t1 >= m.total;
    const left = document.documentElement.style.getPropertyValue("--left");
    const fields = { s: app.sel < 0 ? "" : m.id(app.sel), z: whole ? "" : `${Math.round(t0)},${Math.round(t1)}`, q: app.q, f: app.fold.focus < 0 ? "" : m.id(app.fold.focus), v: isRows() ? "" : app.viewName, t: app.fold.trace < 0 ? "" : String(app.fold.trace), w: ui.leftIsSet ? left.replace("px", "") : "" };
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
    const width = Math.round(Math.min(Math.max(px, 120), innerWidth - 160));
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
    // System colours are names that a canvas resolves only where they are computed.
    if (matchMedia("(forced-colors: active)").matches) {
      const probe = document.createElement("i");
      ui.app.append(probe);
      const computed = (/** @type {string} */ c) => { probe.style.color = c; return getComputedStyle(probe).color; };
      app.colours = /** @type {Colours} */ (Object.fromEntries(Object.entries(app.colours).map(([name, c]) => [name, Array.isArray(c) ? c.map(computed) : computed(c)])));
      probe.remove();
    }
    version++;
    schedule();
  }

  /** @param {{x: number, y: number}} at px of the canvas @returns {number} the span there, or -1 */
  function spanAt({ x, y }) {
    const r = Math.floor((y + scrolled()) / app.rowHeight), t = app.view.t0 + x / app.width * (app.view.t1 - app.view.t0);
    if (isRows()) return r < app.rows.length && app.rows[r] < m.n ? Math.max(app.rows[r], -1 - app.rows[r]) : -1;
    const slack = (app.view.t1 - app.view.t0) / app.width * 2;
    const found = app.blocks[r]?.find(([from, to]) => t >= from - slack && t <= to + slack);
    return found ? found[2] : -1;
  }

  function listen() {
    const at = (/** @type {MouseEvent} */ e) => ({ x: e.offsetX, y: e.offsetY });
    const timeAt = (/** @type {number} */ x) => app.view.t0 + x / app.width * (app.view.t1 - app.view.t0);
    ui.scroll.addEventListener("scroll", schedule, { passive: true });
    ui.grid.addEventListener("click", (/** @type {MouseEvent} */ e) => {
      const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (e.target).closest(".row"));
      if (!row || String(getSelection())) return;
      const r = Number(row.id.slice(1)), i = app.rows[r];
      if (i >= m.n) return;
      const fold = /** @type {Element} */ (e.target).classList.contains("fold");
      const group = i < 0 ? app.fold.groups?.get(-1 - i) : undefined;
      if (fold && group) group.open = !group.open;
      else if (fold && m.kids[i]) app.fold.folded[i] ^= 1;
      else app.panelOpen = true;
      if (fold) refresh();
      else selectRow(r);
    });
    ui.grid.addEventListener("dblclick", () => act("zoomTo"));
    ui.bars.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => {
      if (e.button) return;
      ui.bars.setPointerCapture(e.pointerId);
      app.drag = { x0: e.offsetX, x1: e.offsetX, measure: e.shiftKey };
    });
    ui.bars.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => {
      app.pointer = at(e);
      if (app.drag) app.drag.x1 = e.offsetX;
      const i = spanAt(app.pointer), t = timeAt(e.offsetX);
      const moved = app.drag && Math.abs(app.drag.x1 - app.drag.x0) > 3;
      ui.tip.hidden = false;
      ui.tip.textContent = moved && app.drag ? duration(Math.abs(timeAt(app.drag.x1) - timeAt(app.drag.x0))) : `${duration(t)}${i < 0 ? "" : ` · ${describe(m, i)}`}`;
      const left = e.clientX + 14, width = ui.tip.offsetWidth;
      ui.tip.style.left = `${left + width > innerWidth ? Math.max(0, e.clientX - width - 10) : left}px`;
      ui.tip.style.top = `${Math.min(e.clientY + 14, innerHeight - ui.tip.offsetHeight - 4)}px`;
      schedule();
    });
    ui.bars.addEventListener("pointerleave", () => { app.pointer = null; ui.tip.hidden = true; schedule(); });
    ui.bars.addEventListener("pointerup", (/** @type {PointerEvent} */ e) => {
      const drag = app.drag;
      app.drag = null;
      if (!drag) return;
      const [from, to] = [timeAt(Math.min(drag.x0, drag.x1)), timeAt(Math.max(drag.x0, drag.x1))];
      if (Math.abs(drag.x1 - drag.x0) <= 3) {
        const i = spanAt(at(e));
        if (i >= 0) { app.panelOpen = true; isRows() ? selectRow(Math.floor((e.offsetY + scrolled()) / app.rowHeight)) : select(i); }
      } else if (drag.measure) say(`${duration(to - from)} measured`);
      else setView(from, to);
      ui.grid.focus({ preventScroll: true });
      schedule();
    });
    ui.bars.addEventListener("dblclick", () => act("zoomTo"));
    ui.window.addEventListener("wheel", (/** @type {WheelEvent} */ e) => {
      if (e.ctrlKey || e.metaKey) {
        e.preventDefault();
        zoom(Math.exp(Math.max(-0.5, Math.min(0.5, e.deltaY * 0.005))), e.target === ui.bars ? timeAt(e.offsetX) : undefined);
      } else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
        e.preventDefault();
        pan((e.deltaX || e.deltaY) / app.width);
      }
    }, { passive: false });
    const brush = (/** @type {PointerEvent} */ e) => {
      if (!app.drag) return;
      app.drag.x1 = e.offsetX;
      const of = (/** @type {number} */ x) => x / ui.minimap.clientWidth * m.total;
      const [a, b] = [app.drag.x0, app.drag.x1].sort((p, q) => p - q), half = (app.view.t1 - app.view.t0) / 2;
      b - a > 3 ? setView(of(a), of(b)) : setView(of(b) - half, of(b) + half);
    };
    ui.minimap.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => {
      ui.minimap.setPointerCapture(e.pointerId);
      app.drag = { x0: e.offsetX, x1: e.offsetX, measure: false };
    });
    ui.minimap.addEventListener("pointermove", brush);
    ui.minimap.addEventListener("pointerup", (/** @type {PointerEvent} */ e) => { brush(e); app.drag = null; schedule(); });
    ui.minimap.addEventListener("dblclick", () => act("zoomAll"));
    ui.splitter.addEventListener("pointerdown", (/** @type {PointerEvent} */ e) => ui.splitter.setPointerCapture(e.pointerId));
    ui.splitter.addEventListener("pointermove", (/** @type {PointerEvent} */ e) => { if (e.buttons & 1) setLeft(e.clientX); });
    ui.splitter.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => {
      if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
      e.stopPropagation();
      setLeft(ui.grid.offsetWidth + (e.key === "ArrowLeft" ? -20 : 20));
    });
    let timer = 0;
    ui.q.addEventListener("input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => setSearch(ui.q.value), m.n > 20_000 ? 120 : 0);
    });
    ui.q.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => {
      if (e.key === "Enter") { if (ui.q.value.trim() !== app.q) setSearch(ui.q.value); nextMatch(e.shiftKey ? -1 : 1); }
      else if (e.key === "Escape") closeSearch();
    });
    document.addEventListener("keydown", (e) => {
      const target = /** @type {HTMLElement} */ (e.target);
      if ((e.ctrlKey || e.metaKey) && e.key === "f" && target !== ui.q) {
        e.preventDefault();
        return act("search");
      }
      if (target.closest("input, select, textarea, dialog")) return;
      if ((e.key === "Enter" || e.key === " ") && target.closest("button, summary, a")) return;
      if (e.key === "Enter" && !e.shiftKey && app.q && app.matches.length && !app.isMatch[app.sel]) return act("nextMatch");
      const action = actionOf(e);
      if (!action) return;
      e.preventDefault();
      act(action);
    });
    const change = (/** @type {string} */ id, /** @type {(made: any) => void} */ to) => ui[id].addEventListener("change", () => { to(ui[id]); refresh(); });
    change("theme", (made) => setTheme(made.value));
    change("group", (made) => { app.fold.groups = made.checked ? equalSiblings(m) : null; });
    change("comfortable", (made) => { app.rowHeight = made.checked ? 28 : 22; document.documentElement.style.setProperty("--row", `${app.rowHeight}px`); });
    change("local", (made) => { app.utc = !made.checked; facts(); });
    change("column", (made) => { app.column = made.value; });
    change("threshold", (made) => {
      const wanted = parseDuration(made.value.trim().toLowerCase(), m.total);
      made.setAttribute("aria-invalid", String(Number.isNaN(wanted)));
      if (!Number.isNaN(wanted)) { app.threshold = wanted; cache.blocked = null; setSearch(app.q); }
    });
    const take = (/** @type {File | undefined} */ file) => {
      if (!file) return;
      const reader = new FileReader();
      reader.addEventListener("load", () => loadOther(app, file.name, String(reader.result)));
      reader.readAsText(file);
    };
    ui.file.addEventListener("change", () => take(ui.file.files[0]));
    document.addEventListener("dragover", (e) => e.preventDefault());
    document.addEventListener("drop", (e) => { e.preventDefault(); take(e.dataTransfer?.files[0]); });
    ui.help.addEventListener("click", () => act("help"));
    ui.keys.addEventListener("click", (/** @type {MouseEvent} */ e) => { if (e.target === ui.keys) ui.keys.close(); });
    ui.traces.addEventListener("change", () => {
      app.fold.trace = Number(ui.traces.querySelector("select").value);
      app.fold.focus = app.sel = -1;
      let t0 = Infinity, t1 = 0;
      for (let i = 0; i < m.n; i++) if (app.fold.trace < 0 || m.traceOf(i) === app.fold.trace) [t0, t1] = [Math.min(t0, m.start[i]), Math.max(t1, m.end[i])];
      setView(t0, t1);
      refresh();
    });
    addEventListener("hashchange", readFragment);
    new ResizeObserver(() => { app.density = new Float64Array(0); schedule(); }).observe(ui.app);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => setTheme(ui.theme.value));
  }

  function facts() {
    const fact = (/** @type {string} */ text, /** @type {string} */ kind = "") => el("span", { class: kind }, text);
    const { traces } = m.data;
    ui.facts.replaceChildren(
      ...(traces.length === 1 ? [el("code", {}, traces[0])] : traces.length ? [fact(`${traces.length} traces`)] : []),
      ...(m.n ? [fact(wallTime(m.data.start, 0, app.utc)), el("strong", {}, duration(m.total))] : []),
      fact(m.n === 1 ? "1 span" : `${m.n} spans`),
      ...(m.failed ? [fact(`✖ ${m.failed} failed`, "bad")] : []), ...(m.cancelled ? [fact(`◇ ${m.cancelled} cancelled`)] : []),
      ...(m.data.redacted ? [fact(`${m.data.redacted} values redacted`)] : []),
    );
  }

  document.title = shown(m.data.title).slice(0, 200);
  ui.title.textContent = shown(m.data.title).slice(0, 500);
  facts();
  document.documentElement.style.setProperty("--row", "22px");
  document.documentElement.style.setProperty("--left", `${Math.round(Math.min(Math.max(innerWidth * 0.34, 170), 520))}px`);
  ui.views.append(...["waterfall", "flame", "table", "threads"].map((name, k) => button(name[0].toUpperCase() + name.slice(1), () => act(name), { "data-view": name, title: `Key ${k + 1}` })));
  const pills = [["Errors", "error", m.failed > 0], ["Slow", "self>5%", m.n > 0], ["Long polls", "poll>10ms", m.polls.size > 0], ["Blocked", "blocked", m.polls.size > 0], ["Critical", "critical", m.n > 1]];
  ui.pills.append(...pills.filter(([, , there]) => there).map(([label, q]) => button(String(label), () => { setSearch(app.q === q ? "" : String(q)); if (app.q) nextMatch(1); }, { "data-q": String(q) })));
  if (m.data.traces.length > 1) {
    ui.traces.hidden = false;
    const option = (/** @type {string} */ label, /** @type {number} */ value) => el("option", { value: String(value) }, label);
    /** @type {Map<number, string>} */
    const roots = new Map();
    for (let i = 0; i < m.n; i = m.last[i]) if (!roots.has(m.traceOf(i))) roots.set(m.traceOf(i), `${m.nameOf(i).slice(0, 60)} · ${m.data.traces[m.traceOf(i)].slice(0, 8)}`);
    ui.traces.querySelector("select").append(option("All traces", -1), ...[...roots].slice(0, 2000).map(([t, label]) => option(label, t)));
  }
  if (m.n) {
    const root = longestRoot();
    const worst = [...app.facts.blocked().values()].sort((a, b) => b.overlap - a.overlap)[0];
    ui.overview.append(anatomyNode(app, root), ...(worst ? [el("p", { class: "faint" }, `${m.nameOf(worst.victim)} ${worst.exact ? "waited" : "was up to"} ${duration(worst.overlap)} behind a ${duration(worst.poll)} poll of ${worst.name}.`)] : []));
  }
  const parts = new Set(m.data.parts.map((/** @type {any[]} */ part) => part[1]));
  const notes = [];
  if (m.data.total > m.n) notes.push(`Only ${m.n.toLocaleString("en")} of ${m.data.total.toLocaleString("en")} spans are here: what failed, the longest, and those nearest to a root.`);
  if (parts.has("part")) notes.push("This is a part of the trace; the rest had not ended when it was written.");
  if (parts.has("late")) notes.push("Some of it came after the rest of the trace.");
  const orphans = Array.from(m.parents.values(), ([, remote]) => remote).filter((remote) => !remote).length;
  const skewed = Array.from(m.parent).filter((p, i) => p >= 0 && m.service[p] !== m.service[i] && (m.start[i] < m.start[p] || m.start[i] > m.end[p])).length;
  if (skewed) notes.push(`${skewed} span${skewed > 1 ? "s" : ""} of another service began outside of the time of the parent: clocks differ, or it was not waited for.`);
  if (orphans) notes.push(`The parent of ${orphans} span${orphans > 1 ? "s is" : " is"} not in the trace.`);
  if (notes.length) banner(notes.join(" "));
  ui.keys.append(el("h2", {}, "Keyboard"), keysNode(), el("h2", {}, "Search"), el("p", {}, "Words find names, services, keys, values and events. Also name:x service:x attr.key=value attr.key>5 dur>10ms self>5% busy> wait> poll> polls> error cancelled panicked open critical blocked. A minus negates, quotes keep spaces."),
    el("h2", {}, "Bars"), el("p", {}, m.polls.size ? "Solid: a poll. Pale: waiting on a child. Hatched: waiting with no span. Dots: woken, not polled. Framed: the longest poll, if it is long." : "Solid: no child was open. Pale: a child was open.", " Red line and ✖: failed. ⚡ panicked. ◇ cancelled. ◌ never polled. ▷ open. ◆ event. ↗ link. Thin line: how far folded children reach. Drag: zoom; Shift and drag: measure; Ctrl and wheel: zoom; Shift and wheel: earlier, later."),
    button("Close", () => ui.keys.close()));
  ui.app.hidden = false;
  listen();
  setTheme(document.documentElement.dataset.theme ?? "auto");
  readFragment();
  draw();
  const ready = performance.now() - began;
  const state = () => ({ sel: app.sel < 0 ? null : m.id(app.sel), "onGroup": app.onGroup, view: { ...app.view }, q: app.q, "matches": app.matches.length, "viewName": app.viewName, focus: app.fold.focus < 0 ? null : m.id(app.fold.focus), "folded": app.fold.folded.reduce((sum, f, i) => sum + Number(f && m.kids[i] > 0), 0), panel: !ui.panel.hidden, critical: app.showCritical, compared: app.other ? app.other.onlyB.length : null, "rowHeight": app.rowHeight, scroll: scrolled(), width: app.width });
  Object.defineProperty(window, "__trace", { value: Object.freeze({
    ready: true,
    rows: () => app.rows.length,
    row: (/** @type {number} */ r) => {
      const at = app.rows[r], [of, i] = app.other && at >= m.n ? [app.other.b, at - m.n] : [m, Math.max(at, -1 - at)];
      return { name: of.nameOf(i), depth: of.depth[i], group: at < 0, other: of !== m };
    },
    bar: (/** @type {string} */ id) => barOf(app, m.find(id)),
    state,
    stats: () => ({ ready, frames: [...frames], rows: pool.length, spans: m.n }),
    time: (/** @type {string} */ what, /** @type {string} */ q) => { const from = performance.now(); what === "search" ? setSearch(q) : act(what); draw(); return performance.now() - from; },
  }) });
}

const ui = /** @type {Record<string, any>} */ ({ title: document.querySelector("h1") });
for (const made of document.querySelectorAll("#app, #app [id]")) ui[made.id] = made;
decoded(document.getElementById("trace-data")?.textContent ?? "").then((data) => start(makeModel(data), ui)).catch((error) => {
  ui.app.hidden = false;
  ui.title.textContent = "This trace cannot be shown";
  ui.banner.hidden = false;
  ui.banner.textContent = shown(String(error));
});
