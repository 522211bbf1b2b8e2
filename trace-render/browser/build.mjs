// Makes assets/built/viewer.js, the script that every page carries, from the files beside it: they are joined in the order of
// tsconfig.json and minified. The script is committed, so that cargo builds without node.
//
// node build.mjs           writes it
// node build.mjs --check   fails if what is committed is not what these sources give

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { minify } from "terser";

const assets = new URL("../assets/", import.meta.url);
const read = (name) => readFileSync(new URL(name, assets), "utf8");

const { files } = JSON.parse(readFileSync(new URL("tsconfig.json", import.meta.url), "utf8"));
const joined = files.map((name) => read(name.replace("../assets/", ""))).join("\n");

// `app` is used by its members only, so each of them can be a variable, whose name is then made short.
const members = new Set();
const source = joined.replace(/^const app = .*$/m, "").replace(/(?<![\w.#"])app\.(\w+)/g, (_, member) => {
  members.add(member);
  return `app_${member}`;
});

const { code = "" } = await minify(`(() => {"use strict";\nlet ${[...members].map((member) => `app_${member}`).join(", ")};\n${source}\n})();`, {
  ecma: 2020,
  compress: { passes: 3, ecma: 2020, unsafe_arrows: true, unsafe_methods: true, pure_getters: true, keep_fargs: false },
  format: { comments: false },
});

// What the Rust tests compare, which run without node.
const hash = createHash("sha256");
for (const name of readdirSync(assets).filter((name) => name.endsWith(".js")).sort()) hash.update(`${name}\n${read(name)}`);
const built = { "built/viewer.js": `${code}\n`, "built/sources.sha256": `${hash.digest("hex")}\n` };

if (process.argv.includes("--check")) {
  for (const [name, text] of Object.entries(built)) {
    if (read(name) !== text) {
      console.error(`${fileURLToPath(new URL(name, assets))} is not what its sources give: node trace-render/browser/build.mjs`);
      process.exit(1);
    }
  }
} else {
  mkdirSync(new URL("built/", assets), { recursive: true });
  for (const [name, text] of Object.entries(built)) writeFileSync(new URL(name, assets), text);
}
