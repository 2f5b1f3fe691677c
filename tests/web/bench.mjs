// What the engine costs in a browser, beside `firedrill bench`'s figures:  node tests/web/bench.mjs  after `make dist`
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Player } from "./play.mjs";
import { DIST, openSite } from "./rig.mjs";

const told = (what, value, unit) => console.log(`${what.padEnd(40)} ${value.toFixed(1).padStart(10)} ${unit}`);

for (const name of (await readdir(DIST)).filter((name) => name.endsWith(".wasm"))) {
  const bytes = await readFile(join(DIST, name));
  told(`${name.replace(/-[0-9a-f]{16}/, "")}`, (await stat(join(DIST, name))).size / 1024, "KiB");
  told("  compressed: gzip", gzipSync(bytes, { level: 9 }).length / 1024, "KiB");
  told("  compressed: brotli", brotliCompressSync(bytes).length / 1024, "KiB");
}

const ends = [];
const { page, url } = await openSite({ after: (end) => ends.unshift(end) });
try {
  const player = new Player(page);
  const seconds = async (work) => {
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1000;
  };
  told("an incident opened, to its first prompt", 1000 * (await seconds(async () => {
    await page.goto(`${url}#/i/INC-4127?seed=7`);
    await player.ready();
  })), "ms");
  await player.enter();
  // A paused clock moves by what a command needs, at once: what remains is the engine's own time.
  await player.leave();
  await page.keyboard.press("p");
  await player.enter();
  const empty = await seconds(() => player.run("true"));
  const pipeline = "yes 'GET /api/orders 200 17ms the quick brown fox' | head -c 64M | grep -v zebra | wc -l";
  told("text through yes | head | grep | wc", 64 / ((await seconds(() => player.run(pipeline))) - empty), "MB/s");
  const spawns = await seconds(() => player.run("for ((i = 0; i < 3000; i++)); do /bin/true; done"));
  told("a process: fork, exec, wait", ((spawns - empty) / 3000) * 1e6, "\u00b5s");
  told("a line typed, to its prompt on the page", empty * 1000, "ms");
} finally {
  for (const end of ends) await end();
}
