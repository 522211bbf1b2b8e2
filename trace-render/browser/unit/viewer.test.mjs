// The files of the viewer that need no browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { block, load } from "../load.mjs";

const v = load(["keys"]);
const MS = 1e6;
const facts = (m) => ({ threshold: 1e7, critical: () => v.criticalPath(m), blocked: () => v.blockedBehind(m, 1e7) });
const found = (m, q) => Array.from(v.search(m, q, facts(m)).matches);

const shop = () => v.makeModel(block([
  ["checkout", 0, 0, 100 * MS, { attributes: { "user.id": 42 } }],
  ["auth", 1, 5 * MS, 10 * MS, { service: "auth", attributes: { "http.url": "https://example.org/Login" } }],
  ["charge", 1, 20 * MS, 60 * MS, { outcome: 1, status: 2, message: "card declined", attributes: { "http.status": 500, ratio: { double: "NaN" } } }],
  ["POST /charges", 2, 30 * MS, 40 * MS, { outcome: 3, events: [["retry", 35 * MS]] }],
  ["log", 1, 90 * MS, null],
]));

const golden = (name) => JSON.parse(readFileSync(new URL(`../../tests/golden/${name}`, import.meta.url), "utf8"));

test("a duration reads as it does in Rust", () => {
  // The Rust tests read the same file.
  for (const [ns, text] of golden("durations.json")) assert.equal(v.duration(ns), text);
  assert.equal(v.duration(-1500), "−1.5 µs");
});

test("what is hidden is shown as its escape", () => {
  assert.equal(v.shown("a\u202eevil\u0000\n\x1b[31m\ud800"), "a\\u{202e}evil\\u{0}\\n\\u{1b}[31m\\u{d800}");
  assert.equal(v.shown("👨‍👩 結果"), "👨‍👩 結果");
});

test("wall time keeps its nanoseconds", () => {
  assert.equal(v.wallTime("1700000000000000001", 5, true), "2023-11-14 22:13:20.000000006 UTC");
});

test("the tree comes from the depths, and damage is told", () => {
  const m = shop();
  assert.deepEqual(Array.from(m.parent), [-1, 0, 0, 2, 0]);
  assert.deepEqual(Array.from(m.last), [5, 2, 4, 4, 5]);
  assert.deepEqual(Array.from(m.kids), [3, 0, 1, 0, 0]);
  assert.deepEqual([m.failed, m.cancelled, m.total], [1, 1, 100 * MS]);
  assert.equal(m.end[4], 100 * MS);
  assert.throws(() => v.makeModel(block([["a", 1, 0, 1]])), /no place in the tree/);
  assert.throws(() => v.makeModel({ v: 2 }), /version 2/);
  assert.equal(v.makeModel(block([])).n, 0);
});

test("a chain of eighty thousand spans is no problem", () => {
  const m = v.makeModel(block(Array.from({ length: 80_000 }, (_, i) => ["link", i, i, 160_000 - i])));
  const fold = { folded: new Uint8Array(m.n), focus: -1, trace: -1, groups: null };
  assert.equal(v.visibleRows(m, fold).length, 80_000);
  assert.equal(v.flameLanes(m, -1, -1).lanes.length, 80_000);
  fold.folded[10] = 1;
  assert.equal(v.rowOf(v.visibleRows(m, fold), 79_999, m), 10);
});

test("a search finds what its words say", () => {
  const m = shop();
  for (const [q, spans] of [
    ["charge", [2, 3]], ["name:post", [3]], ["service:auth", [1]], ["auth", [1]], ["attr.http.status=500", [2]], ["attr.http.status>499", [2]], ["attr.ratio", [2]],
    ["login", [1]], ["dur>10ms", [0, 2, 3]], ["dur>=10ms", [0, 1, 2, 3]], ["dur>50%", [0, 2]], ["self>20ms", [3]], ["error", [2]], ["cancelled", [3]], ["open", [4]],
    ["-error dur>50%", [0]], ["\"card declined\"", [2]], ["retry", [3]], ["busy", [3]], ["42", [0]], ["panicked", []], ["0000000000000003", [2]], ["", []],
  ]) assert.deepEqual(found(m, q), spans, q);
  assert.match(v.search(m, "dur>soon", facts(m)).error, /a duration such as 10ms/);
});

test("rows follow folding, focus and groups, and what is hidden is found in what hides it", () => {
  const m = v.makeModel(block([["root", 0, 0, 100], ...Array.from({ length: 6 }, (_, i) => ["query", 1, i * 10, 5]), ["other", 1, 70, 20], ["inner", 2, 75, 5]]));
  const fold = { folded: new Uint8Array(m.n), focus: -1, trace: -1, groups: null };
  const rows = () => Array.from(v.visibleRows(m, fold));
  assert.equal(rows().length, 9);
  fold.folded[7] = 1;
  assert.deepEqual(rows(), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(v.rowOf(v.visibleRows(m, fold), 8, m), 7);
  fold.groups = v.equalSiblings(m);
  assert.deepEqual(rows(), [0, -2, 7]);
  assert.equal(v.rowOf(v.visibleRows(m, fold), 7, m), 2);
  fold.groups.get(1).open = true;
  assert.deepEqual(rows(), [0, -2, 1, 2, 3, 4, 5, 6, 7]);
  fold.focus = 7;
  fold.folded[7] = 0;
  assert.deepEqual(rows(), [7, 8]);
});

test("the time window stays within the trace, and ticks are round", () => {
  assert.deepEqual(v.clampView({ t0: -50, t1: 50 }, 1000), { t0: 0, t1: 100 });
  assert.deepEqual(v.clampView({ t0: 990, t1: 1090 }, 1000), { t0: 900, t1: 1000 });
  assert.deepEqual(v.clampView({ t0: 5, t1: 6 }, 1000), { t0: 5, t1: 15 });
  assert.deepEqual(v.ticks(0, 1000, 500), [0, 200, 400, 600, 800, 1000]);
});

test("in a flame nothing overlaps and children are below their parents", () => {
  const m = v.makeModel(block([["a", 0, 0, 100], ["b", 1, 10, 50], ["c", 2, 20, 100], ["d", 1, 30, 40], ["e", 1, 90, 5]]));
  const { lane, lanes } = v.flameLanes(m, -1, -1);
  for (const spans of lanes) for (let k = 1; k < spans.length; k++) assert.ok(m.start[spans[k]] >= m.end[spans[k - 1]]);
  for (let i = 1; i < m.n; i++) assert.ok(lane[i] > lane[m.parent[i]]);
});

test("the parts of a span's time sum to its duration", () => {
  const m = v.makeModel(block([
    ["handler", 0, 0, 100, { polls: [0, 10, 1, 0, 40, 5, 1, 38, 90, 10, 1, 80] }], ["db", 1, 5, 30, { polls: [6, 2, 1, 0, 33, 2, 2, 0] }], ["late", 1, 60, 200, {}],
  ]));
  assert.deepEqual(v.anatomyOf(m, 0), { busy: 25, children: 25 + 20, none: 3 + 15, queued: 2 + 10 });
  assert.deepEqual(v.anatomyOf(m, 1), { busy: 4, children: 0, none: 25, queued: 1 });
  let seed = 7;
  const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 500; round++) {
    const segments = [];
    for (let at = random(30); at < 400; at += random(60) + 1) { const d = random(20); segments.push(at, d, 0, random(3) ? random(400) : 0); at += d; }
    const any = v.makeModel(block([["a", 0, 10, 300, { polls: segments }], ...Array.from({ length: random(6) }, () => ["c", 1, random(300), random(200)]).sort((a, b) => a[2] - b[2])]));
    const parts = v.anatomyOf(any, 0);
    assert.equal(parts.busy + parts.children + parts.none + parts.queued, 300, JSON.stringify(parts));
    assert.ok(Object.values(parts).every((part) => part >= 0));
  }
});

test("the parts of a span's time are those that the core tells", () => {
  for (const { data, anatomy } of golden("anatomy.json")) {
    const m = v.makeModel(data);
    anatomy.forEach((expected, i) => {
      const { busy, children, none, queued } = v.anatomyOf(m, i);
      assert.deepEqual([busy, children, none, queued], expected, `${m.nameOf(i)} of ${data.title}`);
    });
  }
});

test("who waited behind whom comes from the core, with the moment at which the poll ended", () => {
  const m = v.makeModel(block([
    ["root", 0, 0, 100 * MS], ["noisy", 1, 0, 60 * MS, { polls: [1 * MS, 2 * MS, 1, 0, 5 * MS, 46 * MS, 1, 0] }], ["db", 1, 2 * MS, 60 * MS, { polls: [2 * MS, 1 * MS, 1, 0, 51.2 * MS, 1 * MS, 1, 0] }],
  ], { blocked: [[2, "4bf92f3577b34da6a3ce929d0e0e4736", "0000000000000002", 1, 41 * MS, 46 * MS, 0]] }));
  assert.deepEqual(v.blockedBehind(m, 10 * MS).get(2), { victim: 2, blocker: 1, name: "noisy", overlap: 41 * MS, poll: 46 * MS, exact: false, at: 51 * MS });
  assert.equal(v.blockedBehind(m, 50 * MS).size, 0);
});

test("the file for Perfetto is the one that Rust writes", () => {
  for (const { data, perfetto } of golden("perfetto.json")) assert.deepEqual(JSON.parse(v.perfettoText(v.makeModel(data))), perfetto);
});

test("the critical path and its hops come from the core, by span", () => {
  const m = v.makeModel(block([["root", 0, 0, 100], ["a", 1, 0, 40], ["b", 1, 40, 60]], { critical: [[1, 0, 40, 1], [2, 40, 20, 1], [2, 60, 40, 0]], hops: [[1, 2, 1]] }));
  const { path, hops } = v.criticalPath(m);
  assert.deepEqual([...path], [[1, [0, 40]], [2, [40, 60, 60, 100]]]);
  assert.deepEqual(hops, [[1, 2, 1]]);
});

test("two traces are matched by path and place among equals", () => {
  const a = v.makeModel(block([["r", 0, 0, 9], ["q", 1, 0, 1], ["q", 1, 1, 1], ["x", 1, 2, 1]]));
  const b = v.makeModel(block([["r", 0, 0, 9], ["y", 1, 0, 1], ["q", 1, 1, 1], ["q", 1, 2, 1], ["q", 1, 3, 1]]));
  const { toB, onlyB } = v.matchTraces(a, b);
  assert.deepEqual([Array.from(toB), onlyB], [[0, 2, 3, -1], [1, 4]]);
});

test("what only the other trace has gets rows below what stands above it in both", () => {
  const a = v.makeModel(block([["r", 0, 0, 9], ["x", 1, 0, 2], ["x1", 2, 0, 1], ["y", 1, 3, 1]]));
  const b = v.makeModel(block([["r", 0, 0, 9], ["x", 1, 0, 2], ["x1", 2, 0, 1], ["new", 2, 1, 1], ["newer", 3, 1, 1], ["y", 1, 3, 1], ["z", 1, 4, 1], ["other root", 0, 5, 1]]));
  const other = v.matchTraces(a, b);
  const fold = { folded: new Uint8Array(a.n), focus: -1, trace: -1, groups: null };
  const rows = () => {
    const plain = v.visibleRows(a, fold), { rows, shift } = v.withOther(a, plain, other, fold);
    plain.forEach((at, r) => assert.equal(rows[r + shift[r]], at, "a row is found where it is now"));
    return Array.from(rows, (at) => (at >= a.n ? `+${b.nameOf(at - a.n)}` : a.nameOf(at)));
  };
  assert.deepEqual(rows(), ["r", "x", "x1", "+new", "+newer", "y", "+z", "+other root"]);
  fold.folded[1] = 1;
  assert.deepEqual(rows(), ["r", "x", "y", "+z", "+other root"]);
  fold.folded[0] = 1;
  assert.deepEqual(rows(), ["r", "+other root"]);
});

test("a compressed data block is read like a plain one", async () => {
  const data = block([["a", 0, 0, 1]]);
  assert.deepEqual(await v.decoded(JSON.stringify(data)), data);
  assert.deepEqual(await v.decoded(gzipSync(JSON.stringify(data)).toString("base64")), data);
  const page = `<p><script type="application/json" id="trace-data">${JSON.stringify(data)}</script>`;
  assert.deepEqual(await v.dataOfFile(page), data);
  await assert.rejects(v.decoded("neither"));
});

test("a table sums its groups", () => {
  const rows = v.tableRows(shop(), "name");
  assert.deepEqual(rows.map((row) => row.cells).sort()[0], ["POST /charges", 1, 0, 40 * MS, 40 * MS, 40 * MS, 40 * MS, 40 * MS, 0, 0]);
  assert.equal(v.tableRows(shop(), "attr.http.status").find((row) => row.cells[0] === "500").cells[2], 1);
});

test("a fragment comes back as it was", () => {
  const fields = { s: "00f067aa0ba902b7", z: "1,200", q: "a&b=\"c d\" ünï", v: "flame" };
  assert.deepEqual(v.parseFragment(`#${v.formatFragment({ ...fields, f: "" })}`), fields);
});

test("every key has one action, on every keyboard layout", () => {
  const press = (key, code, more = {}) => v.keyOf({ key, code, ctrlKey: false, metaKey: false, altKey: false, ...more })?.[1];
  assert.equal(press("z", "KeyW"), "zoom in *", "AZERTY: by the place");
  assert.equal(press("+", "Equal"), "zoom in *");
  assert.equal(press("?", "Slash"), "this list");
  assert.equal(press("N", "KeyN"), "next match *", "with Shift, and with Caps Lock");
  assert.equal(press("f", "KeyF", { ctrlKey: true }), undefined);
  assert.equal(press(" ", "Space"), "panel");
  assert.equal(press("Tab", "Tab"), undefined);
  const keys = v.KEYS.flatMap(([keys]) => keys.split(" "));
  assert.equal(new Set(keys).size, keys.length);
});
