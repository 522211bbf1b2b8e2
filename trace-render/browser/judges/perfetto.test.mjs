// What the engine of Chrome's DevTools makes of a file for Perfetto.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

Object.assign(globalThis, { window: globalThis, DOMRect: class {} });
const { Processor } = await import("@paulirish/trace_engine/models/trace/trace.js");
const cases = JSON.parse(readFileSync(new URL("../../tests/golden/perfetto.json", import.meta.url), "utf8"));

test("the engine of DevTools finds both ends of every arrow", async () => {
  let most = 0;
  for (const { perfetto: { traceEvents } } of cases) {
    const engine = Processor.TraceProcessor.createWithAllHandlers();
    await engine.parse(structuredClone(traceEvents), {});
    const found = engine.data.Flows.flows.map((ends) => ends.map(({ ph, ts, pid, tid }) => [ph, ts, pid, tid]));
    const ends = (phase) => traceEvents.filter(({ ph }) => ph === phase);
    const end = ({ ts, pid, tid }) => ["X", ts, pid, tid];
    // It keeps the ends of an arrow by their times, and so leaves out an arrow between polls that begin in the same nanosecond.
    const arrows = ends("s").map((from) => [from, ends("f").find((to) => to.id === from.id)]).filter(([from, to]) => from.ts !== to.ts);
    const sorted = (all) => all.map((ends) => JSON.stringify(ends)).sort();
    assert.deepEqual(sorted(found), sorted(arrows.map((both) => both.map(end))));
    most = Math.max(most, found.length);
  }
  assert.ok(most > 10, `${most} arrows at most`);
});
