// Trunk's last step: gives the page its content security policy, and the worker's files a version.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dir = process.env.TRUNK_STAGING_DIR;
const read = (name) => readFileSync(join(dir, name));
const sha256 = (data, encoding) => createHash("sha256").update(data).digest(encoding);

// Trunk puts a hash into the names of the page's files and never into the worker's: without a version in their
// addresses a browser may start a new page with an old worker out of its cache.
const version = sha256(Buffer.concat([read("worker.js"), read("worker_bg.wasm")]), "hex").slice(0, 16);
writeFileSync(
  join(dir, "worker_loader.js"),
  `import init from "./worker.js?v=${version}";\n` +
    `await init({ module_or_path: new URL("./worker_bg.wasm?v=${version}", import.meta.url) });\n`,
);

let html = read("index.html").toString();
const put = (what, by) => {
  if (!html.includes(what)) throw new Error(`index.html has no ${what}`);
  html = html.replace(what, by);
};
put('content="./worker_loader.js"', `content="./worker_loader.js?v=${version}"`);

// The page's only inline script is trunk's own, and is named by its hash.
const scripts = [...html.matchAll(/<script type="module">([^]*?)<\/script>/g)].map((found) => `'sha256-${sha256(found[1], "base64")}'`);
const policy = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' ${scripts.join(" ")}`,
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
put("<!-- policy -->", `<meta http-equiv="Content-Security-Policy" content="${policy}">`);
writeFileSync(join(dir, "index.html"), html);
