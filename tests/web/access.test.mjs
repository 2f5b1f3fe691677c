// Accessibility as axe-core measures it (WCAG 2.2 AA and its best practices), on every view, in both themes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { Player } from "./play.mjs";
import { openSite } from "./rig.mjs";

for (const colorScheme of ["dark", "light"]) {
  test(`no view has a barrier that axe finds, ${colorScheme}`, { timeout: 120_000 }, async (t) => {
    const { page, url } = await openSite(t);
    await page.emulateMedia({ colorScheme });
    await page.reload();
    await page.getByRole("button", { name: /Take the page/ }).waitFor();
    await free(page, "inbox");
    await page.goto(`${url}#/i/INC-4127?seed=7`);
    const player = new Player(page);
    await player.ready();
    await player.enter();
    await player.run("df -h / && ls --color=always /");
    await free(page, "terminal");
    await player.leave();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await free(page, "help");
    await page.keyboard.press("Escape");
    await page.keyboard.press("d");
    await page.getByLabel("Where did it start?").focus();
    await page.getByLabel("Where did it start?").selectOption({ index: 1 });
    await page.keyboard.press("Tab");
    await page.keyboard.type("log never rotated");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText(/^Chosen: /).first().waitFor();
    await free(page, "diagnosis");
    await page.getByRole("button", { name: "Submit the diagnosis" }).click();
    await page.locator(".score").waitFor({ timeout: 60_000 });
    await free(page, "score");
  });
}

async function free(page, view) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join("\n  ")}`);
  assert.deepEqual(told, [], view);
}
