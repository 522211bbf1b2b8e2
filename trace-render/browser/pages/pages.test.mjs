// The viewer in a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { block, load } from "../load.mjs";
import { missing } from "../chromium.mjs";
import { MS, close, copyOf, open, pageOf, perfettoOf, polls, span, svgOf } from "./pages.mjs";

const v = load();
const check = (name, run) => test(name, { skip: missing }, run);
after(close);

const error = { status: { code: "error", description: "card declined" }, outcome: "error" };
const shop = () => pageOf("shop", [
  span(1, 0, "checkout", 0, 152, { attributes: { "user.id": 42, "http.url": "https://example.org/a?b=c" } }),
  span(2, 1, "reserve stock", 0, 101, { events: [{ name: "retry", unix_nano: String(1700000000050000000n), attributes: { attempt: 2 } }] }),
  span(3, 1, "charge", 101, 40, error), span(4, 3, "POST /charges", 103, 35, { resource: { "service.name": "payments" } }),
  span(5, 1, "log", 141, 5, { outcome: "cancelled" }), span(6, 5, "sync", 141, 0, { outcome: "never_polled" }), span(7, 1, "report", 128, null),
]);
const POLLED = [
  span(1, 0, "root", 0, 100, polls(0, [[0, 1, 1], [99, 1, 1]])),
  span(2, 1, "noisy", 0, 60, polls(0, [[5, 46, 1]])),
  span(3, 1, "db", 2, 60, polls(2, [[2, 1, 1], [51.2, 1, 1, 10]])),
];
const polled = () => pageOf("polled", POLLED);
const wide = (count) => Array.from({ length: count }, (_, i) => span(i + 2, i % 10 === 0 ? 1 : i - (i % 10) + 2, `step ${i % 7}`, i % 90, 1 + i % 9)).concat(span(1, 0, "root", 0, 100));

check("a page opens from disk, asks for nothing and complains of nothing", async () => {
  const { page, trouble, requests, close } = await open(shop());
  assert.deepEqual(trouble, []);
  assert.equal(requests.length, 1, requests.join());
  assert.equal(await page.evaluate(() => window.violations), undefined);
  assert.equal(await page.title(), "checkout · shop");
  assert.match(await page.locator("#facts").innerText(), /4bf92f3577b34da6a3ce929d0e0e4736.*152.0 ms.*7 spans.*1 failed.*1 cancelled/s);
  await close();
});

check("with scripts off the page has a picture", async () => {
  const { page, close } = await open(shop(), { javaScriptEnabled: false, ready: false });
  assert.match(await page.locator("svg").first().textContent(), /reserve stock/);
  await close();
});

check("the page saves the file for Perfetto that the command writes, by key and by button", async () => {
  const traces = { saved: POLLED, services: wide(300).map((of, i) => ({ ...of, resource: { "service.name": `service ${i % 3}` } })), evil: hostileSpans() };
  for (const [name, spans] of Object.entries(traces)) {
    const { page, trouble, requests, close } = await open(pageOf(name, spans));
    const save = async (how) => {
      const [download] = await Promise.all([page.waitForEvent("download"), how()]);
      assert.match(download.suggestedFilename(), /\.json$/);
      return JSON.parse(readFileSync(await download.path(), "utf8"));
    };
    const expected = perfettoOf(name, spans);
    assert.ok(expected.traceEvents.length > 10);
    assert.deepEqual(await save(() => page.keyboard.press("Shift+P")), expected, name);
    await page.locator("summary").click();
    assert.deepEqual(await save(() => page.getByRole("button", { name: "Save for Perfetto" }).click()), expected, name);
    assert.deepEqual(trouble, []);
    assert.deepEqual(requests.filter((url) => !/^(file|blob):/.test(url)), []);
    await close();
  }
});

const HOSTILE = ["</script><script>window.pwned=1</script>", "<script>window.pwned=1</script>", "<!--<script>window.pwned=1//-->", "--></script><img src=x onerror=window.pwned=1>", "]]></style></title></noscript><svg onload=window.pwned=1>",
  "\"><img src=x onerror=window.pwned=1>", "' onmouseover='window.pwned=1", "javascript:window.pwned=1", "data:text/html,<script>window.pwned=1</script>", "&lt;script&gt;window.pwned=1&lt;/script&gt;", "\u202eevil\u202c\u2028\u0000\u0001", "__proto__", "x".repeat(1_000_000)];
const hostileSpans = () => HOSTILE.map((text, i) => span(i + 1, Math.floor((i + 1) / 2), text, i, 20, {
  attributes: { [text]: text, list: [text] }, status: { code: "error", description: text }, outcome: "error", events: [{ name: text, unix_nano: String(1700000000000000000n), attributes: { [text]: text } }], resource: { "service.name": text, [text]: text },
}));
const hostile = () => pageOf("hostile", hostileSpans());

check("no text of a trace becomes markup or code", async () => {
  const path = hostile();
  for (const scripts of [true, false]) {
    const { page, close } = await open(path, { javaScriptEnabled: scripts, ready: scripts });
    if (scripts) {
      for (let r = 0; r < HOSTILE.length; r++) {
        await page.keyboard.press(r ? "ArrowDown" : "Home");
        if (!r) await page.keyboard.press("Enter");
        for (const handle of await page.locator("#panel summary").all()) await handle.click();
        await page.evaluate(() => document.activeElement?.blur());
      }
      for (const key of ["2", "3", "4", "1"]) await page.keyboard.press(key);
      await page.fill("#q", HOSTILE[0]);
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.deepEqual(await page.evaluate(() => [document.scripts.length, document.images.length, document.querySelectorAll("svg, iframe, object").length]), [2, 0, 0]);
      assert.equal(await page.locator("a[href^='javascript'], a[href^='data']").count(), 0);
      const text = await page.locator("#grid").innerText();
      assert.ok(text.includes("<script>window.pwned=1</script>"), "shown verbatim");
      assert.ok(text.includes("\\u{202e}evil\\u{202c}\\u{2028}\\u{0}\\u{1}"), "or as an escape");
      assert.ok(!text.includes("\u202e"));
    } else assert.equal(await page.locator("script").count(), 2);
    await close();
  }
});

check("the test above can fail: without the escapes the payload runs, and the policy stops it", async () => {
  const raw = (text) => text.replaceAll("\\u003c", "<");
  const bare = (text) => raw(text).replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
  for (const [name, change, expected] of [["raw-bare", bare, 1], ["raw-policy", raw, undefined]]) {
    const { page, close } = await open(copyOf(name, hostile(), change), { ready: false });
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate(() => window.pwned), expected, name);
    await close();
  }
});

check("ugly traces are drawn: nothing, orphans, a circle, two roots, skew, no time, a long chain", async () => {
  for (const [name, spans, rows] of [
    ["two-roots", [span(1, 0, "a", 0, 9), span(2, 1, "below", 1, 2), span(3, 0, "b", 5, 9)], 3],
    ["outside", [span(1, 0, "a", 10, 9), span(2, 1, "before", 0, 5), span(3, 1, "after", 30, 5), span(4, 1, "around", 0, 90)], 4],
    ["orphans", [span(1, 99, "orphan", 0, 5), span(2, 98, "other", 5, 0)], 2],
    ["circle", [span(1, 3, "a", 0, 9), span(2, 1, "b", 1, 8), span(3, 2, "c", 2, 7)], 3],
    ["skew", [span(1, 0, "root", 50, 10), span(2, 1, "early", 0, 5), span(3, 1, "late", 90, 5)], 3],
    ["open", [span(1, 0, "open", 0, null)], 1],
    ["no-time", [span(1, 0, "a", 0, 0), span(2, 1, "b", 0, 0)], 2],
    ["chain", Array.from({ length: 80_000 }, (_, i) => span(i + 1, i, "link", i / 1e3, 1)), 80_000],
  ]) {
    const { page, trouble, close } = await open(pageOf(name, spans));
    assert.equal(await page.evaluate(() => window.__trace.rows()), rows, name);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    for (const key of ["2", "3", "4", "1"]) await page.keyboard.press(key);
    assert.deepEqual(trouble, [], name);
    await close();
  }
  const empty = copyOf("empty", shop(), (text) => text.replace(/(id="trace-data">)[^<]*/, (_, tag) => tag + JSON.stringify(block([]))));
  const { page, trouble, close } = await open(empty);
  assert.match(await page.locator("#nothing").innerText(), /no spans/);
  assert.deepEqual(trouble, []);
  await close();
});

check("damaged data says so", async () => {
  const { page, close } = await open(copyOf("damaged", shop(), (text) => text.replace('"depth":[0,', '"depth":[3,')), { ready: false });
  assert.match(await page.locator("#banner").innerText(), /Damaged/);
  await close();
});

check("a bar is where the formula says, full in a poll and pale in a gap", async () => {
  const { page, state, close } = await open(polled());
  const pixel = (x, y) => page.evaluate(([x, y]) => {
    const canvas = document.getElementById("bars"), ratio = canvas.width / canvas.clientWidth;
    return [...canvas.getContext("2d").getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data];
  }, [x, y]);
  for (const keys of [[], ["KeyW"], ["Shift+KeyW"]]) {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForTimeout(60);
    const { view, width } = await state();
    const expected = (from, to) => ({ x: v.timeToX(from, view, width), w: Math.max(1.5, v.timeToX(to, view, width) - v.timeToX(from, view, width)) });
    assert.deepEqual(await page.evaluate(() => window.__trace.bar("0000000000000002")), expected(0, 60 * MS));
  }
  await page.keyboard.press("0");
  await page.waitForTimeout(60);
  const { view, width, rowHeight } = await state();
  const at = (t) => v.timeToX(t, view, width);
  assert.deepEqual((await pixel(at(28 * MS), rowHeight * 1.5)), [37, 106, 98, 255], "the middle of a poll has the full colour");
  const gap = await pixel(at(56 * MS), rowHeight * 1.5 - 4);
  assert.ok(gap[3] < 255 || gap[0] !== 37, `a gap has not: ${gap}`);
  await close();
});

check("every line of the key table does what it says", async () => {
  const { page, state, close } = await open(shop());
  const press = async (key) => { await page.keyboard.press(key); await page.waitForTimeout(30); return state(); };
  const select = (n) => n.toString(16).padStart(16, "0");
  const width = async () => { const { view } = await state(); return view.t1 - view.t0; };
  assert.equal((await press("Home")).sel, select(1));
  assert.equal((await press("ArrowDown")).sel, select(2));
  assert.equal((await press("j")).sel, select(3));
  assert.equal((await press("k")).sel, select(2));
  assert.equal((await press("ArrowUp")).sel, select(1));
  assert.equal((await press("ArrowLeft")).folded, 1);
  assert.equal((await press("ArrowRight")).folded, 0);
  assert.equal((await press("l")).sel, select(2));
  assert.equal((await press("h")).sel, select(1));
  assert.equal((await press("End")).sel, select(6));
  assert.equal((await press("PageUp")).sel, select(1));
  assert.equal((await press("PageDown")).sel, select(6));
  assert.equal((await press("Enter")).panel, true);
  assert.equal((await press(" ")).panel, false);
  assert.equal((await press("e")).sel, select(3));
  assert.equal((await press("Shift+E")).sel, select(3));
  let before = await width();
  await press("w"); assert.ok(await width() < before);
  await press("s"); assert.ok(Math.abs(await width() - before) < 1);
  await press("Shift+W"); assert.ok(await width() < before / 2);
  let { view } = await state();
  assert.ok((await press("d")).view.t0 > view.t0);
  assert.ok((await press("Shift+A")).view.t0 < view.t0);
  await press("+"); await press("-");
  assert.equal((await press("0")).view.t0, 0);
  assert.ok((await press("f")).view.t0 > 90 * MS);
  assert.equal((await press("Shift+F")).focus, select(3));
  assert.equal((await press("Backspace")).focus, "");
  assert.equal((await press("]")).folded, 3);
  assert.equal((await press("o")).folded, 2);
  assert.equal((await press("[")).folded, 0);
  assert.equal((await press("p")).folded, 2);
  await press("[");
  assert.equal((await press("c")).critical, true);
  for (const [key, name] of [["2", "flame"], ["3", "table"], ["4", "threads"], ["1", "waterfall"]]) assert.equal((await press(key)).viewName, name);
  await press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.type("dur>30ms w");
  assert.equal((await state()).viewName, "waterfall", "while typing, keys are letters");
  await page.fill("#q", "dur>30ms");
  assert.equal((await state()).matches, 4);
  await page.keyboard.press("Enter");
  await page.evaluate(() => document.getElementById("grid").focus());
  await press("Home");
  assert.equal((await press("n")).sel, select(2));
  assert.equal((await press("n")).sel, select(3));
  assert.equal((await press("Shift+N")).sel, select(2));
  assert.equal((await press("Shift+Enter")).sel, select(1));
  assert.equal(await page.locator("#live").innerText().then((text) => /1 of 4 matches/.test(text)), true);
  await press("Enter");
  assert.equal((await state()).panel, true);
  assert.equal((await press("Escape")).panel, false);
  assert.equal((await press("Escape")).q, "");
  await press("f");
  assert.equal((await press("Escape")).view.t0, 0);
  await press("Control+f");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.press("Escape");
  await press("?");
  assert.equal(await page.locator("dialog").isVisible(), true);
  await page.keyboard.press("Escape");
  await press("y"); await press("Shift+Y");
  assert.equal((await press("Alt+2")).viewName, "waterfall", "keys with Alt are the browser's");
  for (const [q, matches] of [["dur>39999us", 3], ["dur<0.1m", 6], ["dur>0.5h", 0], ["dur>0.03s", 4], ["dur>=40000000ns", 3]]) {
    await page.fill("#q", q);
    await page.waitForTimeout(30);
    assert.equal((await state()).matches, matches, q);
  }
  await close();
});

check("the mouse selects, zooms, measures, pans and tells", async () => {
  const { page, state, close } = await open(shop());
  const box = await page.locator("#bars").boundingBox(), { rowHeight } = await state();
  const at = (x, row) => [box.x + x, box.y + (row + 0.5) * rowHeight];
  const view = async () => { await page.waitForTimeout(40); return (await state()).view; };
  const drag = async (from, to) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move((from[0] + to[0]) / 2, from[1]);
    await page.mouse.move(...to);
    await page.mouse.up();
  };
  const [whole, ns] = [await view(), (x) => (x - 1) / (box.width - 1) * 152 * MS];

  await page.mouse.move(...at(50, 1));
  await page.waitForTimeout(40);
  assert.match(await page.locator("#tip").innerText(), /^[\d.]+ ms · reserve stock, shop, 101\.0 ms, 1 event$/);
  await page.mouse.click(...at(50, 1));
  assert.deepEqual([(await state()).sel, (await state()).panel], ["0000000000000002", true]);
  await page.keyboard.press("Escape");

  await drag(at(100, 3), at(300, 3));
  const zoomed = await view(), now = await page.locator("#bars").boundingBox();
  assert.equal(now.width, box.width);
  assert.ok(Math.abs(zoomed.t0 - ns(100)) < 1e4 && Math.abs(zoomed.t1 - ns(300)) < 1e4, JSON.stringify(zoomed));
  await page.keyboard.press("0");
  await page.keyboard.down("Shift");
  await drag(at(100, 3), at(300, 3));
  await page.keyboard.up("Shift");
  assert.deepEqual(await view(), whole, "to measure is not to zoom");
  assert.match(await page.locator("#live").innerText(), /^38\.4 ms measured$/);

  await page.mouse.move(...at(200, 2));
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -200);
  await page.keyboard.up("Control");
  const near = await view();
  assert.ok(near.t1 - near.t0 < 152 * MS && Math.abs((ns(200) - near.t0) / (near.t1 - near.t0) - 200 / box.width) < 0.01, "the time under the pointer stays there");
  await page.keyboard.down("Shift");
  await page.mouse.wheel(0, 300);
  await page.keyboard.up("Shift");
  assert.ok((await view()).t0 > near.t0);

  await page.mouse.dblclick(...at(box.width - 20, 4));
  await page.keyboard.press("0");
  const row = page.locator(".row", { hasText: "charge" }).first();
  await row.locator("bdi").first().dblclick();
  const on = await view();
  assert.ok(Math.abs(on.t0 - 99 * MS) < 1.5 * MS && Math.abs(on.t1 - 143 * MS) < 1.5 * MS, JSON.stringify(on));

  const map = await page.locator("#minimap").boundingBox();
  await drag([map.x + map.width / 2, map.y + 20], [map.x + map.width * 3 / 4, map.y + 20]);
  const brushed = await view();
  assert.ok(Math.abs(brushed.t0 - 76 * MS) < MS && Math.abs(brushed.t1 - 114 * MS) < MS, JSON.stringify(brushed));
  await page.mouse.dblclick(map.x + 20, map.y + 20);
  assert.deepEqual(await view(), whole);

  await page.keyboard.press("Escape");
  const bar = await page.locator("#splitter").boundingBox();
  await drag([bar.x + 3, bar.y + 5], [bar.x + 103, bar.y + 5]);
  await page.waitForTimeout(250);
  const left = await page.locator("#grid").boundingBox();
  assert.ok(Math.abs(left.width - (box.x + 100)) < 6, `${left.width}`);
  assert.match(await page.evaluate(() => location.hash), /w=\d+/);
  await close();
});

check("folding is the reader's: it survives search, resize, theme and views", async () => {
  const { page, state, close } = await open(shop());
  await page.locator(".row", { hasText: "charge" }).first().locator(".fold").click();
  assert.equal((await state()).folded, 1);
  await page.fill("#q", "POST");
  assert.equal((await state()).folded, 1);
  assert.equal(await page.locator(".inside").innerText(), "1", "the folded row tells how many matches it hides");
  await page.setViewportSize({ width: 700, height: 500 });
  await page.selectOption("#theme", "dark");
  await page.evaluate(() => document.getElementById("grid").focus());
  await page.keyboard.press("2"); await page.keyboard.press("1");
  assert.equal((await state()).folded, 1);
  await close();
});

check("the fragment brings a reader to the same place", async () => {
  const path = shop();
  const first = await open(path);
  await first.page.keyboard.press("End");
  await first.page.keyboard.press("f");
  await first.page.fill("#q", "dur>1ms");
  await first.page.keyboard.press("Escape");
  await first.page.fill("#q", "log");
  await first.page.waitForTimeout(300);
  const hash = await first.page.evaluate(() => location.hash);
  const expected = await first.state();
  await first.close();
  const second = await open(path, { hash });
  const found = await second.state();
  assert.deepEqual([found.sel, found.q, found.matches], [expected.sel, expected.q, expected.matches]);
  assert.ok(Math.abs(found.view.t0 - expected.view.t0) < 2);
  await second.close();
  for (const name of ["flame", "table", "threads"]) {
    const view = await open(path, { hash: `#v=${name}` });
    assert.equal((await view.state()).viewName, name);
    await view.close();
  }
  const unknown = await open(path, { hash: "#s=00000000000000ff" });
  assert.match(await unknown.page.locator("#banner").innerText(), /no span 00000000000000ff/);
  await unknown.close();
});

check("the panel tells all of a span, and only web addresses are links", async () => {
  const { page, close } = await open(shop(), { hash: "#s=0000000000000001" });
  const text = await page.locator("#panel").innerText();
  for (const part of ["checkout", "user.id", "42", "a child open 152.0 ms (100 %)", "152.0 ms (152,000,000 ns)", "2023-11-14 22:13:20.000000000 UTC"]) assert.ok(text.includes(part), part);
  assert.deepEqual(await page.locator("#panel a").evaluateAll((links) => links.map((a) => [a.href, a.rel])), [["https://example.org/a?b=c", "noreferrer noopener"]]);
  await close();
});

check("polls tell what waited for what", async () => {
  const { page, state, close } = await open(polled(), { hash: "#s=0000000000000003" });
  const text = await page.locator("#panel").innerText();
  assert.match(text, /Waited 41\.0 ms behind a 46\.0 ms poll of\s+noisy on the same thread\./);
  assert.match(text, /ready, not polled 41\.2 ms/);
  await page.evaluate(() => document.getElementById("grid").focus());
  await page.keyboard.press("x");
  assert.equal((await state()).sel, "0000000000000002");
  assert.match(await page.locator("#panel").innerText(), /Held up 1 span, 41\.0 ms in total/);
  await page.keyboard.press("g");
  assert.equal((await state()).sel, "0000000000000002");
  await close();
});

check("a second file is compared, without a network: lines below, rows of its own, differences", async () => {
  const { page, state, requests, close } = await open(shop());
  const rows = await page.evaluate(() => window.__trace.rows());
  for (const options of [[], ["--compress"]]) {
    const other = pageOf("other", [span(1, 0, "checkout", 0, 100), span(2, 1, "reserve stock", 0, 51), span(8, 2, "ask the warehouse", 5, 9), span(9, 1, "new step", 60, 400)], ...options);
    await page.setInputFiles("#file", other);
    await page.waitForFunction(() => window.__trace.state().compared !== undefined);
    assert.match(await page.locator("#banner").innerText(), /2 spans in both, 5 only in A, which is this page, and 2 only in B/);
    await page.waitForTimeout(60);
    const row = (r) => page.evaluate((r) => window.__trace.row(r), r);
    assert.equal(await page.evaluate(() => window.__trace.rows()), rows + 2);
    assert.deepEqual(await row(2), { name: "ask the warehouse", depth: 2, group: false, other: true }, "below what is above it in both");
    assert.deepEqual(await row(rows + 1), { name: "new step", depth: 1, group: false, other: true });
    const text = await page.locator("#grid").innerText();
    assert.match(text, /checkout.*\+52\.0 ms/s);
    assert.match(text, /\+\s*ask the warehouse\s*B only\s*9\.0 ms/);
    assert.match(text, /log.*A only/s);
    assert.equal(await page.locator(".other").first().getAttribute("aria-label"), "only in B: ask the warehouse, shop, 9.0 ms");
    assert.equal((await state()).view.t1, 460 * MS, "all of both is in view");
    // The keyboard passes over what is not of this page.
    await page.evaluate(() => document.getElementById("grid").focus());
    await page.keyboard.press("Home");
    for (let k = 0; k < 2; k++) await page.keyboard.press("ArrowDown");
    assert.equal((await state()).sel, "0000000000000003");
    await page.keyboard.press("ArrowUp");
    assert.equal((await state()).sel, "0000000000000002");
    await page.keyboard.press("End");
    assert.equal((await state()).sel, "0000000000000006");
    await page.locator("#banner button").click();
    assert.equal(await page.evaluate(() => window.__trace.rows()), rows);
    assert.equal((await state()).compared, null);
  }
  assert.equal(requests.length, 1);
  await page.setInputFiles("#file", svgOf("no-page", [span(1, 0, "checkout", 0, 152)]));
  await page.locator("#banner", { hasText: "no-page.svg is no page of a trace" }).waitFor();
  await close();
});

check("a compressed page is a third as large and shows the same", async () => {
  const spans = wide(5_000), [plain, small] = [pageOf("plain", spans), pageOf("small", spans, "--compress")];
  assert.ok(readFileSync(small).length < readFileSync(plain).length / 2);
  const seen = [];
  for (const path of [plain, small]) {
    const { page, trouble, close } = await open(path);
    seen.push([await page.locator("#facts").innerText(), await page.locator("#grid").innerText()]);
    assert.deepEqual(trouble, []);
    await close();
  }
  assert.deepEqual(seen[0], seen[1]);
});

const chained = () => pageOf("chained", [
  span(1, 0, "root", 0, 100, polls(0, [[0, 5, 1], [40, 5, 1], [60, 3, 1], [95, 5, 1]])),
  span(2, 1, "first", 1, 41, polls(1, [[1, 1, 1], [40, 2, 1]])), span(3, 1, "beside", 2, 3, polls(2, [[2, 1, 1]])),
  span(4, 1, "second", 43, 15, polls(43, [[43, 1, 1], [50, 1, 2]])), span(5, 1, "gone", 44, 18, { outcome: "cancelled", ...polls(44, [[44, 1, 2]]) }), span(6, 5, "connect", 45, 17, { outcome: "cancelled", ...polls(45, [[45, 1, 2]]) }),
  span(7, 1, "third", 62, 30, polls(62, [[62, 30, 2]])),
]);

check("hops of the critical path are drawn: solid where proven, dashed where possible", async () => {
  const { page, state, close } = await open(chained());
  /** How much of a vertical line is drawn in the text's colour, from the middle of one row to that of another. */
  const inked = (t, from, to) => page.evaluate(([x, from, to]) => {
    const canvas = document.getElementById("bars"), ratio = canvas.width / canvas.clientWidth, height = Math.round((to - from) * ratio);
    const { data } = canvas.getContext("2d").getImageData(Math.round(x * ratio) - 1, Math.round(from * ratio), 3, height);
    let dark = 0;
    for (let y = 0; y < height; y++) if ([0, 1, 2].some((column) => data[4 * (3 * y + column)] < 90 && data[4 * (3 * y + column) + 3] > 120)) dark++;
    return dark / height;
  }, [t, from, to]);
  const { view, width, rowHeight } = await state(), x = (ms) => v.timeToX(ms * MS, view, width);
  // From the end of `first` down to `gone`, through the row of `beside`; and from the end of `gone` to `third`.
  const [proven, possible] = [[x(42), 2 * rowHeight, 3 * rowHeight], [x(62), 4.5 * rowHeight, 6 * rowHeight]];
  assert.equal(await inked(...proven), 0, "not before it is asked for");
  await page.keyboard.press("c");
  await page.waitForTimeout(80);
  assert.ok(await inked(...proven) > 0.9, `solid: ${await inked(...proven)}`);
  const dashed = await inked(...possible);
  assert.ok(dashed > 0.3 && dashed < 0.9, `dashed: ${dashed}`);
  await close();
});

check("an arrow leads from what waited to the poll that it waited behind", async () => {
  const { page, state, close } = await open(polled());
  const { view, width, rowHeight } = await state();
  const dark = () => page.evaluate(([x, y]) => {
    const canvas = document.getElementById("bars"), ratio = canvas.width / canvas.clientWidth;
    const { data } = canvas.getContext("2d").getImageData(Math.round(x * ratio) - 1, Math.round(y * ratio), 3, 1);
    return [0, 4, 8].some((at) => data[at] < 90 && data[at + 3] > 120);
  }, [v.timeToX(51 * MS, view, width), 2 * rowHeight]);
  assert.equal(await dark(), false);
  await page.keyboard.press("End");
  await page.waitForTimeout(80);
  assert.equal(await dark(), true);
  await close();
});

check("the panel tells how a span came to be given up", async () => {
  const { page, state, close } = await open(chained(), { hash: "#s=0000000000000005" });
  const panel = page.locator("#panel");
  assert.match(await panel.innerText(), /Dropped in its parent's poll, while it waited in connect\./);
  await panel.getByRole("button", { name: "connect" }).click();
  assert.equal((await state()).sel, "0000000000000006");
  assert.match(await panel.innerText(), /Dropped with its parent\./);
  await close();
});

check("services whose clocks differ are shown as they say, and the page tells", async () => {
  const of = (name) => ({ resource: { "service.name": name } });
  const { page, trouble, close } = await open(pageOf("clocks", [span(1, 0, "call", 50, 20, of("front")), span(2, 1, "serve", 45, 10, of("back")), span(3, 2, "query", 46, 5, of("back"))]));
  assert.match(await page.locator("#banner").innerText(), /^1 span of another service began outside of the time of the parent: clocks differ/);
  assert.equal(await page.evaluate(() => window.__trace.rows()), 3);
  const bars = await page.evaluate(() => [1, 2].map((n) => window.__trace.bar(n.toString(16).padStart(16, "0")).x));
  assert.ok(bars[1] < bars[0], "the child begins before its parent");
  assert.deepEqual(trouble, []);
  await close();
});

check("axe finds nothing, light or dark, with the panel and every view", async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    // The policy forbids other scripts, axe's too.
    const { page, close } = await open(copyOf(`axe-${colorScheme}`, polled(), (text) => text.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "")), { colorScheme, hash: "#s=0000000000000002" });
    await page.addScriptTag({ content: axe });
    for (const key of ["1", "2", "3", "4"]) {
      await page.evaluate(() => document.activeElement?.blur());
      await page.keyboard.press(key);
      await page.waitForTimeout(80);
      const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 200))]), [], `${colorScheme}, view ${key}`);
    }
    await close();
  }
});

check("a screen reader gets the rows as a tree", async () => {
  const { page, close } = await open(shop());
  const rows = await page.locator("[role=row]").evaluateAll((all) => all.map((row) => [row.ariaLabel, row.ariaLevel, row.ariaExpanded, row.getAttribute("aria-rowindex")]).sort((a, b) => a[3] - b[3]));
  assert.deepEqual(rows.slice(0, 4), [
    ["checkout, shop, 152.0 ms", "1", "true", "1"], ["reserve stock, shop, 101.0 ms, 1 event", "2", null, "2"],
    ["charge, shop, 40.0 ms, error, card declined", "2", "true", "3"], ["POST /charges, payments, 35.0 ms", "3", null, "4"],
  ]);
  const snapshot = await page.locator("#grid").ariaSnapshot();
  assert.match(snapshot, /treegrid "Spans"/);
  assert.match(snapshot, /row "log, shop, 5\.0 ms, cancelled"/);
  await page.focus("#grid");
  await page.keyboard.press("End");
  await page.waitForTimeout(60);
  assert.equal(await page.evaluate(() => document.getElementById(document.getElementById("grid").getAttribute("aria-activedescendant"))?.ariaSelected), "true");
  await close();
});

check("forced colours and dark are followed by the canvas", async () => {
  for (const options of [{ colorScheme: "dark" }, { forcedColors: "active" }, { reducedMotion: "reduce" }]) {
    const { page, trouble, close } = await open(polled(), options);
    assert.deepEqual(trouble, []);
    const some = await page.evaluate(() => { const c = document.getElementById("bars"); return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((n) => n > 0); });
    assert.ok(some, JSON.stringify(options));
    await close();
  }
});

check("a hundred thousand spans with five polls each stay within the budgets", async () => {
  const many = Array.from({ length: 100_000 }, (_, i) => {
    const [parent, from, ms] = i === 0 ? [0, 0, 120] : [i % 10 === 1 ? 1 : i - ((i - 1) % 10) + 1, (i * 37) % 97, 1 + (i % 9)];
    const of = Array.from({ length: 5 }, (_, k) => [from + k * ms / 5, ms / 9, 1 + (i + k) % 8, from + (k - 0.3) * ms / 5]);
    of[0].pop();
    return span(i + 1, parent, `step ${i % 7}`, from, ms, { ...polls(from, of), attributes: { "http.status": 200 + i % 5, "user.id": i, statement: "SELECT * FROM orders", shard: i % 16 } });
  });
  // Time of the page's thread on a processor, not on the clock on the wall: others may use the machine.
  const { page, cpu, heap, close } = await open(pageOf("large", many), { measured: true });
  const ready = (await cpu()).TaskDuration;
  const { spans } = await page.evaluate(() => window.__trace.stats());
  assert.equal(spans, 100_000);
  assert.ok(ready <= 1500, `ready after ${ready} ms`);
  assert.ok(await heap() <= 150, `${await heap()} MB of heap`);

  const frame = (change, k) => page.evaluate(([change, k]) => new Promise((resolve) => {
    if (change === "scroll") document.getElementById("scroll").scrollTop = k * 30_011;
    else document.dispatchEvent(new KeyboardEvent("keydown", { key: change, code: `Key${change.toUpperCase()}`, bubbles: true }));
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  }), [change, k]);
  await page.evaluate(() => document.getElementById("grid").focus());
  for (const [what, change] of [["scrolling", () => "scroll"], ["zooming and panning", (k) => "wwdsda"[k % 6]]]) {
    const frames = [];
    for (let k = 0; k < 100; k++) {
      const before = (await cpu()).ScriptDuration;
      await frame(change(k), k);
      frames.push((await cpu()).ScriptDuration - before);
    }
    const p95 = frames.sort((a, b) => a - b)[94];
    assert.ok(p95 <= 4, `${what}: the script of a frame takes ${p95} ms`);
  }
  const { rows } = await page.evaluate(() => window.__trace.stats());
  assert.ok(rows <= 700 / 22 + 3, `${rows} rows in the document`);

  const find = (q) => page.evaluate((q) => {
    const box = document.getElementById("q");
    box.value = q;
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }, q);
  const took = async (before, action) => {
    const times = [];
    for (let k = 0; k < 5; k++) {
      await before();
      const start = (await cpu()).TaskDuration;
      await action();
      times.push((await cpu()).TaskDuration - start);
    }
    return times.sort((a, b) => a - b)[2];
  };
  const folding = await took(() => frame("["), () => frame("]"));
  assert.ok(folding <= 50, `to fold all takes ${folding} ms`);
  for (const q of ["step 3 dur>4ms", "poll>0.5ms orders -attr.shard=3"]) {
    const searching = await took(() => find(""), () => find(q));
    assert.ok(searching <= 100, `to search for ${q} takes ${searching} ms`);
  }
  await close();
});

check("eight hundred thousand rows are reached, beyond the height that a browser scrolls", async () => {
  const spans = Array.from({ length: 800_000 }, (_, i) => [`step ${i % 5}`, 0, i, 5]);
  const path = copyOf("tall", shop(), (text) => text.replace(/(id="trace-data">)[^<]*/, (_, tag) => tag + JSON.stringify(block(spans))));
  const { page, trouble, state, close } = await open(path);
  assert.ok(await page.evaluate(() => document.getElementById("scroll").scrollHeight) <= 16_000_000);
  const last = () => page.evaluate(() => Math.max(...[...document.querySelectorAll("[role=row]")].map((row) => Number(row.ariaRowIndex ?? row.getAttribute("aria-rowindex")))));
  await page.keyboard.press("End");
  await page.waitForTimeout(100);
  assert.deepEqual([(await state()).sel, await last()], [(800_000).toString(16).padStart(16, "0"), 800_000]);
  await page.evaluate(() => { const of = document.getElementById("scroll"); of.scrollTop = of.scrollHeight / 2; });
  await page.waitForTimeout(100);
  assert.ok(Math.abs(await last() - 400_000) < 100, `${await last()}`);
  assert.deepEqual(trouble, []);
  await close();
});

check("an SVG is drawn, light or dark as the reader's system is", async () => {
  const path = svgOf("picture", [span(1, 0, "checkout", 0, 152, polls(0, [[0, 10, 1], [90, 20, 1, 80]])), span(2, 1, "charge", 101, 40, error)]);
  for (const [colorScheme, background, bar] of [["light", "255,255,255", "37,106,98"], ["dark", "20,23,28", "64,172,159"]]) {
    const { page, trouble, requests, close } = await open(path, { ready: false, colorScheme });
    assert.match(await page.locator("svg").first().textContent(), /charge/);
    const picture = (await page.screenshot()).toString("base64");
    assert.deepEqual([trouble, requests.length], [[], 1]);
    await close();
    // Where its first bar begins there is a poll, in the colour of its service.
    const judge = await open(shop());
    const pixels = await judge.page.evaluate(async ([png, points]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext("2d").drawImage(image, 0, 0);
      return points.map(([x, y]) => canvas.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3).join());
    }, [picture, [[200, 10], [425, 63]]]);
    await judge.close();
    assert.deepEqual(pixels, [background, bar], colorScheme);
  }
});
