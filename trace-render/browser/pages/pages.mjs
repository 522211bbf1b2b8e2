// Pages for the tests, made by the `trace` command; and a browser that must not be online.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "../chromium.mjs";

const command = process.env.TRACE_COMMAND ?? new URL("../../../target/debug/trace", import.meta.url).pathname;
export const MS = 1e6;
export const folder = mkdtempSync(join(tmpdir(), "trace-render-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const span = (id, parent, name, from, ms, more = {}) => ({
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: id.toString(16).padStart(16, "0"), parent_id: parent ? parent.toString(16).padStart(16, "0") : null, flags: 1, name, kind: "internal",
  start_unix_nano: String(1700000000000000000n + BigInt(Math.round(from * MS))), end_unix_nano: ms === null ? null : String(1700000000000000000n + BigInt(Math.round((from + ms) * MS))),
  status: { code: "unset" }, outcome: ms === null ? "open" : "ok", resource: { "service.name": "shop" }, ...more,
});
export { span };

/** The polls of a span that starts then, as a line of JSON has them. @param {number[][]} of start, duration and thread, and when it was woken, in ms */
export const polls = (from, of) => {
  const longest = of.reduce((a, b) => (b[1] > a[1] ? b : a)), busy = Math.round(of.reduce((sum, [, d]) => sum + d, 0) * MS);
  return { polls: {
    count: of.length, busy_ns: busy, self_busy_ns: busy, longest_ns: Math.round(longest[1] * MS), longest_start_ns: Math.round((longest[0] - from) * MS), longest_thread: longest[2],
    segments: of.map(([at, d, thread, woken]) => [Math.round((at - from) * MS), Math.round(d * MS), thread, ...(woken === undefined ? [] : [Math.round((woken - from) * MS)])]),
  } };
};

/** Runs the command. @returns {string} the page's path */
export function pageOf(name, spans, ...options) {
  const [input, output] = [join(folder, `${name}.jsonl`), join(folder, `${name}.html`)];
  writeFileSync(input, spans.map((of) => JSON.stringify(of)).join("\n"));
  execFileSync(command, ["render", input, "--html", output, ...options]);
  return output;
}

export function svgOf(name, spans) {
  const output = join(folder, `${name}.svg`);
  pageOf(name, spans);
  execFileSync(command, ["render", join(folder, `${name}.jsonl`), "--svg", output]);
  return output;
}

export function perfettoOf(name, spans) {
  const output = join(folder, `${name}.perfetto.json`);
  pageOf(name, spans);
  execFileSync(command, ["render", join(folder, `${name}.jsonl`), "--perfetto", output]);
  return JSON.parse(readFileSync(output, "utf8"));
}

export function copyOf(name, path, change) {
  const output = join(folder, `${name}.html`);
  writeFileSync(output, change(readFileSync(path, "utf8")));
  return output;
}

let browser;
export const open_ = async () => (browser ??= await launch());
export const close = async () => browser?.close();

/** Opens the page from disk, without a network, and notes everything that goes wrong. */
export async function open(path, { hash = "", ready = true, measured = false, ...options } = {}) {
  const context = await (await open_()).newContext({ viewport: { width: 1200, height: 700 }, offline: true, ...options });
  const page = await context.newPage();
  const devtools = measured ? await context.newCDPSession(page) : undefined;
  await devtools?.send("Performance.enable", { timeDomain: "threadTicks" });
  const trouble = [], requests = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => (window.violations ??= []).push(e.violatedDirective)));
  await page.goto(pathToFileURL(path).href + hash);
  if (ready) await page.waitForFunction(() => window.__trace?.ready);
  /** What the page's thread has spent on a processor so far, in milliseconds, by kind of work. */
  const cpu = async () => Object.fromEntries((await devtools.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value * 1e3]));
  /** The script's heap without garbage, in MB. */
  const heap = async () => {
    await devtools.send("HeapProfiler.collectGarbage");
    return (await cpu()).JSHeapUsedSize / 1e3 / 2 ** 20;
  };
  return { page, trouble, requests, cpu, heap, state: () => page.evaluate(() => {
    const { t0, t1, view, compared = null, ...more } = window.__trace.state(), of = (id) => document.getElementById(id);
    return { ...more, view: { t0, t1 }, viewName: view, compared, q: of("q").value.trim(), panel: !of("panel").hidden, width: of("bars").clientWidth, rowHeight: parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row")) };
  }), close: () => context.close() };
}
