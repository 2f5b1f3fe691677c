// Trunk's first step: one file for each scenario, and their index, into target/packs for the page to fetch. The same
// files as `firedrill pack` writes, without having to build the native program first; the engine checks every hash.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = join("target", "packs");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const walk = (dir, below = "") =>
  readdirSync(join(dir, below), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(dir, `${below}${entry.name}/`) : [`${below}${entry.name}`],
  );
// The order of Rust's strings: by bytes.
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const minutes = (span) =>
  [...span.matchAll(/([\d.]+)([smhd])/g)].reduce((sum, [, n, unit]) => sum + n * { s: 1 / 60, m: 1, h: 60, d: 1440 }[unit], 0);

const index = [];
for (const entry of readdirSync("scenarios", { withFileTypes: true })) {
  const dir = join("scenarios", entry.name);
  if (!entry.isDirectory() || !readdirSync(dir).includes("scenario.json")) continue;
  const hash = createHash("sha256");
  const texts = {};
  for (const name of walk(dir).sort(byBytes)) {
    texts[name] = readFileSync(join(dir, name), "utf8");
    for (const part of [name, texts[name]]) {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(bytes.length));
      hash.update(length).update(bytes);
    }
  }
  const about = JSON.parse(texts["scenario.json"]);
  const content = hash.digest("hex");
  const file = `${about.number}.json`;
  writeFileSync(join(out, file), JSON.stringify({ firedrill_pack: 1, content, texts }));
  const { number, headline, difficulty, par } = about;
  // The alert's word, as the pager says it; how bad it really is, is for the player to find out.
  const { severity } = about.alerts[about.page.alert];
  index.push({ number, headline, difficulty, severity, minutes: Math.floor(minutes(par)), content, file });
}
index.sort((a, b) => a.difficulty - b.difficulty || byBytes(a.number, b.number));
writeFileSync(join(out, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
