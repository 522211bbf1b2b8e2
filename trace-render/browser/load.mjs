// The viewer's files are scripts without exports; this makes their functions known to a test.

import { readFileSync } from "node:fs";
import vm from "node:vm";

const PURE = ["text", "model", "anatomy", "search", "layout", "compare", "perfetto"];

export function load(extra = []) {
  const source = [...PURE, ...extra].map((name) => readFileSync(new URL(`../assets/${name}.js`, import.meta.url), "utf8")).join("\n");
  const names = [...source.matchAll(/^(?:(?:async )?function|const) (\w+)/gm)].map((found) => found[1]);
  return vm.runInThisContext(`(() => { "use strict"; ${source}\nreturn { ${names.join(", ")} }; })()`);
}

/** A data block of spans as [name, depth, start, duration, more]; durations `null` are open. */
export function block(spans, more = {}) {
  const strings = [];
  const string = (text) => (strings.includes(text) ? strings.indexOf(text) : strings.push(text) - 1);
  const values = [];
  const value = (v) => (typeof v === "string" ? string(v) : -values.push(v));
  const list = (of) => (of ? Object.entries(of).flatMap(([key, v]) => [string(key), value(v)]) : 0);
  const column = (of) => spans.map(of);
  const open = [];
  const parent = spans.map(([, depth], i) => {
    open.length = depth;
    open.push(i);
    return depth ? open[depth - 1] : -1;
  });
  const services = [...new Set(["shop", ...spans.map(([, , , , extra = {}]) => extra.service ?? "shop")])];
  const data = {
    v: 1, title: "test", start: "1700000000000000000", total: spans.length, redacted: 0, traces: ["4bf92f3577b34da6a3ce929d0e0e4736"],
    ids: spans.map((_, i) => (i + 1).toString(16).padStart(16, "0")).join(""),
    flags: "01".repeat(spans.length), kinds: "0".repeat(spans.length),
    outcomes: spans.map(([, , , d, extra = {}]) => (d === null ? 5 : extra.outcome ?? 0)).join(""),
    statuses: spans.map(([, , , , extra = {}]) => extra.status ?? 0).join(""),
    depth: column(([, depth]) => depth), parent, part: column(([, , , , extra = {}]) => services.indexOf(extra.service ?? "shop")),
    start_ns: column(([, , start]) => start), duration_ns: column(([, , , d]) => d), name: column(([name]) => string(name)), place: column(() => -1),
    attributes: column(([, , , , extra = {}]) => list(extra.attributes)),
    messages: spans.flatMap(([, , , , extra = {}], i) => (extra.message ? [[i, string(extra.message)]] : [])),
    parents: [], remote: [], events: spans.flatMap(([, , , , extra = {}], i) => (extra.events ? [[i, extra.events.map(([name, at]) => [string(name), at, list({ why: "busy" }), 0])]] : [])),
    links: [], dropped: [], places: [], values, strings,
    polls: spans.flatMap(([, , , , extra = {}], i) => (extra.polls ? [[i, packed(spans[i][2], extra.polls)]] : [])),
    threads: [[0, 1, "main"], [0, 2, "worker 1"]], ...more,
  };
  data.parts = services.map((name) => [0, "whole", [string("service.name"), string(name)], services.indexOf(name)]);
  Object.assign(data, { services, notes: [], lanes: [] });
  return data;
}

/** @param {number} at the span's start @param {number[]} segments start, duration, thread, wake-up or 0, .. @returns {number[]} as a data block has them */
function packed(at, segments) {
  const found = [];
  for (let s = 0; s < segments.length; s += 4) {
    const [from, duration, thread, wake] = segments.slice(s, s + 4);
    found.push(from - at, duration, thread, wake ? Math.max(0, from - wake) : -1);
    at = from + duration;
  }
  return found;
}
