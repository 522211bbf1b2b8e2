// Pages for the tests, made by the `trace` command; and a browser that must not be online.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { block } from "../load.mjs";
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

/** Runs the command. @returns {string} the page's path */
export function pageOf(name, spans) {
  const [input, output] = [join(folder, `${name}.jsonl`), join(folder, `${name}.html`)];
  writeFileSync(input, spans.map((of) => JSON.stringify(of)).join("\n"));
  execFileSync(command, ["render", input, "--html", output]);
  return output;
}

export function svgOf(name, spans) {
  const output = join(folder, `${name}.svg`);
  pageOf(name, spans);
  execFileSync(command, ["render", join(folder, `${name}.jsonl`), "--svg", output]);
  return output;
}

/** A page with this data block in the place of its own: for what the core does not hand over yet. */
export function pageWith(name, spans, more) {
  const page = readFileSync(pageOf(`${name}-template`, [span(1, 0, "template", 0, 1)]), "utf8");
  const data = JSON.stringify(block(spans, more)).replaceAll("<", "\\u003c");
  const output = join(folder, `${name}.html`);
  writeFileSync(output, page.replace(/(id="trace-data">)[^<]*/, (_, tag) => tag + data));
  return output;
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
export async function open(path, { hash = "", ready = true, ...options } = {}) {
  const context = await (await open_()).newContext({ viewport: { width: 1200, height: 700 }, offline: true, ...options });
  const page = await context.newPage();
  const trouble = [], requests = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => (window.violations ??= []).push(e.violatedDirective)));
  await page.goto(pathToFileURL(path).href + hash);
  if (ready) await page.waitForFunction(() => window.__trace?.ready);
  return { page, trouble, requests, state: () => page.evaluate(() => window.__trace.state()), close: () => context.close() };
}
