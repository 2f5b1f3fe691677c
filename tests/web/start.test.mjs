// The page starts, its engine starts in a worker, and the two talk.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { DIST, openSite } from "./rig.mjs";

for (const underPath of [false, true]) {
  test(`the engine answers the page ${underPath ? "under a path" : "at the root"}`, async (t) => {
    const { page, assertNoTroubles } = await openSite(t, { underPath });
    await page.locator('body[data-engine="ready"]').waitFor();
    await page.getByRole("heading", { name: "Your pager just went off." }).waitFor();
    assertNoTroubles();
  });
}

test("modules arrive as WebAssembly, from this site only", async (t) => {
  const { page, url, responses, assertNoTroubles } = await openSite(t);
  await page.locator('body[data-engine="ready"]').waitFor();
  const modules = responses.filter((response) => new URL(response.url()).pathname.endsWith(".wasm"));
  assert.deepEqual(modules.map((response) => response.headers()["content-type"]), ["application/wasm", "application/wasm"]);
  assert.deepEqual(responses.map((response) => response.url()).filter((address) => !address.startsWith(url)), []);
  assertNoTroubles();
});

test("the page refuses scripts that its build did not put there", async (t) => {
  const { page, troubles } = await openSite(t);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.intruder = true";
    document.head.append(script);
  });
  assert.equal(await page.evaluate(() => window.intruder), undefined);
  assert.match(troubles.join("\n"), /Content Security Policy/);
});

test("what is published names no folder of the machine that built it", { skip: process.env.DIST && "not a release" }, async () => {
  // Not the home alone: root's is /root, and the simulated hosts have that too.
  const home = (variable, folder) => process.env[variable] ?? join(homedir(), folder);
  const folders = [process.cwd(), home("CARGO_HOME", ".cargo"), home("RUSTUP_HOME", ".rustup"), join(homedir(), ".cache", "firedrill")];
  const entries = await readdir(DIST, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(relative(DIST, entry.parentPath), entry.name));
  assert.ok(files.includes("worker_bg.wasm"), files.join(" "));
  for (const name of files) {
    const bytes = await readFile(join(DIST, name));
    for (const folder of folders) assert.ok(!bytes.includes(folder), `${name} names ${folder}`);
  }
});
