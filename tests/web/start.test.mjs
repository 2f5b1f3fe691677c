// The page starts, its engine starts in a worker, and the two talk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSite } from "./rig.mjs";

for (const underPath of [false, true]) {
  test(`the engine answers the page ${underPath ? "under a path" : "at the root"}`, async (t) => {
    const { page, assertNoTroubles } = await openSite(t, { underPath });
    await page.getByRole("status").getByText("the engine heard: hello").waitFor();
    assertNoTroubles();
  });
}

test("modules arrive as WebAssembly, from this site only", async (t) => {
  const { page, url, assertNoTroubles } = await openSite(t);
  const seen = [];
  page.on("response", (response) => seen.push([new URL(response.url()), response.headers()["content-type"]]));
  await page.reload();
  await page.getByRole("status").getByText("the engine heard: hello").waitFor();
  const modules = seen.filter(([address]) => address.pathname.endsWith(".wasm"));
  assert.deepEqual(modules.map(([, type]) => type), ["application/wasm", "application/wasm"]);
  assert.deepEqual(seen.filter(([address]) => address.origin !== new URL(url).origin), []);
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
