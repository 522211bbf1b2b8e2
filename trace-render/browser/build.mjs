// Makes what every page carries of the files in assets: built/viewer.js, the scripts joined in the order of tsconfig.json and
// minified, built/viewer.css and built/viewer.html. It is committed, so that cargo builds without node.
//
// node build.mjs           writes it
// node build.mjs --check   fails if what is committed is not what these sources give

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "lightningcss";
import { minify } from "terser";
import { ownNames } from "./names.mjs";

const assets = new URL("../assets/", import.meta.url);
const read = (name) => readFileSync(new URL(name, assets), "utf8");
const config = fileURLToPath(new URL("tsconfig.json", import.meta.url));

// Any order would do; in this one they compress well.
const { files } = JSON.parse(readFileSync(config, "utf8"));
let source = files.map((name) => read(name.replace("../assets/", ""))).join("\n");

/** Makes a variable of each member of an object, so that its name can be made short. @returns {string[]} the members */
function variables(object) {
  const members = new Set();
  source = source.replace(new RegExp(`(?<![\\w.#"])${object}\\.(\\w+)`, "g"), (_, member) => {
    members.add(member);
    return `${object}_${member}`;
  });
  return [...members];
}

// `app` is used by its members only.
source = source.replace(/^const app = .*$/m, "");
const state = variables("app").map((member) => `app_${member}`);
if (/(?<![\w.#"-])app\b(?![_"])/.test(source.replace(/\/\/.*|\/\*[^]*?\*\//g, "").replaceAll("ui.app", ""))) throw new Error("the state of the page is used otherwise than by its members");
const math = variables("Math").map((member) => `${member}: Math_${member}`);
// Shorter, and the same where nothing is assigned twice: arrows for functions, `let` for `const`.
source = source.replace(/^(async )?function (\w+)\((.*)\) \{\n([\s\S]*?)^\}$/gm, (_, async = "", name, parameters, body) => `const ${name} = ${async}(${parameters}) => {\n${body}};`);
source = `(() => {"use strict";\nlet ${state.join(", ")};\nconst {${math.join(", ")}} = Math;\n${source}\n})();`.replace(/\bconst /g, "let ");

const { code = "" } = await minify(source, {
  ecma: 2020,
  compress: { passes: 6, ecma: 2020, inline: 1, unsafe: true, unsafe_arrows: true, unsafe_math: true, unsafe_methods: true, pure_getters: true, keep_fargs: false },
  mangle: { properties: { builtins: true, keep_quoted: "strict", regex: new RegExp(`^(${ownNames(config).join("|")})$`) } },
  format: { comments: false },
});
const style = transform({ filename: "viewer.css", code: Buffer.from(read("viewer.css")), minify: true }).code.toString();
// Line breaks between elements say nothing here, nor do quotes around one word.
const body = read("viewer.html").replace(/\n/g, "").replace(/="([\w.,-]+)"/g, "=$1");

// What the Rust tests compare, which run without node.
const hash = createHash("sha256");
for (const name of readdirSync(assets).filter((name) => /\.(js|css|html)$/.test(name)).sort()) hash.update(`${name}\n${read(name)}`);
const built = { "built/viewer.js": `${code}\n`, "built/viewer.css": `${style}\n`, "built/viewer.html": `${body}\n`, "built/sources.sha256": `${hash.digest("hex")}\n` };

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
