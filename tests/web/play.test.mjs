// The thin incident, played in a browser from the pager to the score by typing, as a person with a keyboard does.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { firedrill } from "./native.mjs";
import { Player } from "./play.mjs";
import { openSite } from "./rig.mjs";

const SEED = 7;

/** The site with the first incident opened by its address. */
async function open(t, options) {
  const site = await openSite(t, options);
  const player = new Player(site.page);
  await site.page.goto(`${site.url}#/i/INC-4127?seed=${SEED}`);
  await player.ready();
  return { ...site, player };
}

test("a first visit acts within seconds, with the keyboard alone", async (t) => {
  const { page, assertNoTroubles } = await openSite(t);
  const player = new Player(page);
  await page.getByRole("heading", { name: "Your pager just went off." }).waitFor();
  const take = page.getByRole("button", { name: "Take the page INC-4127" });
  await take.waitFor();
  // Tab reaches the button; nothing has taken the focus before.
  assert.equal(await page.evaluate(() => document.activeElement === document.body), true);
  for (let n = 0; n < 10 && !(await take.evaluate((button) => button === document.activeElement)); n++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await player.ready();
  assert.match(page.url(), /#\/i\/INC-4127/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "heading", "a new view begins at its heading");
  await page.keyboard.press("a");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText(/Acknowledged at \+00:/).waitFor();
  await player.enter();
  assert.match(await player.run("df -h /"), /100% \//);
  assertNoTroubles();
});

test("the incident is played to its score; a reload and a killed engine in the middle change nothing", { timeout: 240_000 }, async (t) => {
  const { page, player, assertNoTroubles } = await open(t);
  await page.keyboard.press("a");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText(/Acknowledged at/).waitFor();
  await player.enter();
  assert.match(await player.run("df -h /"), /100% \//);
  const listing = await player.run("ls -l /var/log/myapp");
  assert.match(listing, /app\.log/);

  // A reload shows the same terminal and goes on at the same instant.
  await player.saved();
  const [before, at] = [await player.screen(), await player.now()];
  await page.reload();
  await player.incident('[data-resumed="equal"]').waitFor({ timeout: 60_000 });
  await player.prompt();
  assert.equal(await player.screen(), before);
  assert.ok((await player.now()) >= at - 3, "the clock goes on where it was");
  await player.enter();
  const level = await player.run("sudo grep LOG_LEVEL /etc/myapp/env");

  // The engine dies; another one plays the same log.
  const lived = await player.screen();
  const [engine] = page.workers();
  await engine.evaluate(() => self.close()).catch(() => {});
  await player.incident('[data-restarts="1"][data-resumed="equal"]').waitFor({ timeout: 60_000 });
  await player.prompt();
  assert.equal(await player.screen(), lived);

  // The fix that fits what was seen.
  await player.run("sudo truncate -s 0 /var/log/myapp/app.log");
  const debug = /debug/.test(level);
  if (debug) {
    await player.run("sudo sed -i s/LOG_LEVEL=debug/LOG_LEVEL=info/ /etc/myapp/env");
    await player.run("sudo systemctl restart myapp");
  } else {
    await player.run("sudo chmod 750 /var/log/myapp");
  }
  assert.doesNotMatch(await player.run("df -h /"), /100% \//);
  await player.leave();
  await player.wait(20 * 60);
  await page.locator('[data-alert="MyappHighErrorRate"][data-state="resolved"]').waitFor();

  // The diagnosis, by plain words and keys.
  await page.keyboard.press("d");
  await page.keyboard.press("Tab");
  await page.getByLabel("Where did it start?").focus();
  const origin = await page.getByLabel("Where did it start?").evaluate(
    (select, end) => [...select.options].find((option) => option.value.endsWith(end)).value,
    debug ? ":/etc/myapp/env" : ":/var/log/myapp",
  );
  await page.getByLabel("Where did it start?").selectOption(origin);
  await page.keyboard.press("Tab");
  await page.keyboard.type("log never rotated");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText(/^Chosen: /).first().waitFor();
  await page.getByRole("button", { name: "Submit the diagnosis" }).focus();
  await page.keyboard.press("Enter");
  const score = page.locator(".score");
  await score.waitFor({ timeout: 60_000 });
  assert.ok(Number(await score.getAttribute("data-score")) > 0);
  assert.ok((await score.locator(".block tbody tr").count()) > 1, "every point has its line");
  assertNoTroubles();

  // The native engine plays what the browser's has recorded: every state, every byte and the score are the same.
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the run" }).click();
  const run = await (await saving).path();
  const native = await firedrill("verify", run);
  assert.match(native, new RegExp(`score ${await score.getAttribute("data-score")}\\b`));
  const text = await readFile(run, "utf8");
  await writeFile(run, text.replace(/"state":"(.)/g, (_, digit) => `"state":"${digit === "0" ? "1" : "0"}`));
  await assert.rejects(firedrill("verify", run), /status 1/);
});

test("the terminal edits, recalls, pastes and lets go", async (t) => {
  const { page, player, assertNoTroubles } = await open(t);
  await player.enter();
  await page.keyboard.type("ecko two");
  for (let n = 0; n < 5; n++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("h");
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+E");
  assert.equal(await player.run(""), "two");
  const mirror = page.locator(".term-panel.shown textarea");
  await page.keyboard.press("ArrowUp");
  await page.waitForFunction(() => document.querySelector(".term-panel.shown textarea").value === "echo two");
  await page.keyboard.press("Control+U");
  await page.waitForFunction(() => document.querySelector(".term-panel.shown textarea").value === "");

  // Tab completes, and Ctrl+R finds what was typed before.
  await page.keyboard.type("cat /etc/hostn");
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => document.querySelector(".term-panel.shown textarea").value === "cat /etc/hostname ");
  await page.keyboard.press("Control+U");
  await page.keyboard.press("Control+R");
  await page.keyboard.type("tw");
  await page.waitForFunction(() => document.querySelector(".term-panel.shown textarea").value === "echo two");
  assert.match(await player.screen(), /\(reverse-i-search\)`tw': echo two$/);
  assert.equal(await player.run(""), "two");

  // An input method puts whole words into the textarea.
  await page.keyboard.insertText("echo größe 界");
  assert.equal(await player.run(""), "größe 界");

  // Several lines are asked about first; Escape keeps them out.
  const paste = (text) => mirror.evaluate((area, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
  await paste("echo one\necho two\n");
  await page.getByRole("dialog", { name: "Paste several lines" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await mirror.inputValue(), "");
  await paste("echo pasted");
  assert.equal(await player.run(""), "pasted");

  // Ctrl+C at a prompt gives the line up; Escape twice leaves, and Tab goes on from there.
  await page.keyboard.type("rm -rf /");
  await page.keyboard.press("Control+C");
  await page.waitForFunction(() => document.querySelector(".term-panel.shown textarea").value === "");
  assert.doesNotMatch(await player.run("echo safe"), /rm/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "group");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.closest(".term") === null), true, "Tab leaves the terminal");
  assertNoTroubles();
});

test("a command's result is announced, and only then", async (t) => {
  const { page, player } = await open(t);
  await player.enter();
  await player.run("echo heard");
  await page.locator("p[role=status]", { hasText: "heard" }).waitFor({ state: "attached" });
  await player.run("seq 100");
  await page.locator("p[role=status]", { hasText: "100 lines" }).waitFor({ state: "attached" });
});

test("a paused clock stands, and a command moves it by what it needs", async (t) => {
  const { page, player } = await open(t);
  await page.keyboard.press("p");
  await page.getByRole("button", { name: /Resume/ }).waitFor();
  const at = await player.now();
  await player.enter();
  await player.run("sleep 30");
  const after = await player.now();
  assert.ok(after - at >= 30 && after - at < 32, `the clock moved by ${after - at} s`);
  await page.waitForTimeout(600);
  assert.ok((await player.now()) - after < 0.5, "the clock stands");
});

test("lines that have left the screen stay, in order and once", async (t) => {
  const { page, player } = await open(t);
  await player.enter();
  await player.run("seq 300");
  const numbers = (await player.screen()).split("\n").filter((line) => /^\d+$/.test(line)).map(Number);
  assert.deepEqual(numbers, Array.from({ length: 300 }, (_, n) => n + 1));
  // Scrolled up, output does not pull the view along.
  await page.keyboard.press("Shift+PageUp");
  await page.getByRole("button", { name: /Jump to live/ }).waitFor();
});

test("terminals on two hosts go on after a reload", async (t) => {
  const { page, player, assertNoTroubles } = await open(t);
  await player.enter();
  const first = await player.run("cat /etc/hostname");
  await player.leave();
  await page.getByText("New terminal").focus();
  await page.keyboard.press("Enter");
  const hosts = page.locator(".open-host li button");
  const other = await hosts.locator("strong").evaluateAll((all, first) => all.map((e) => e.textContent).find((name) => name !== first), first);
  await hosts.filter({ hasText: other }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: other, selected: true }).waitFor();
  await player.prompt();
  await player.enter();
  assert.equal(await player.run("cat /etc/hostname"), other);
  await player.leave();
  await player.saved();
  await page.reload();
  await player.incident('[data-resumed="equal"]').waitFor({ timeout: 60_000 });
  assert.equal(await page.getByRole("tab").count(), 2);
  await page.getByRole("tab").first().focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Home");
  await player.prompt();
  await player.enter();
  assert.equal(await player.run("cat /etc/hostname"), first);
  assertNoTroubles();
});

test("an engine that fails is replaced at once, and the player is told", async (t) => {
  const { page, player } = await open(t);
  await player.enter();
  await player.run("echo before");
  const lived = await player.screen();
  const [engine] = page.workers();
  await engine.evaluate(() => void setTimeout(() => { throw new Error("a fault of the engine"); }));
  await player.incident('[data-restarts="1"][data-resumed="equal"]').waitFor({ timeout: 60_000 });
  await player.prompt();
  assert.equal(await player.screen(), lived);
  await page.locator(".notice", { hasText: "started again" }).waitFor();
  // Whoever was typing goes on typing: the terminal has kept the focus.
  assert.equal(await player.run("echo after"), "after");
});

test("older lines come back when they are asked for", async (t) => {
  const { page, player } = await open(t);
  await player.enter();
  await player.run("seq 6000");
  const numbers = async () => (await player.screen()).split("\n").filter((line) => /^\d+$/.test(line)).map(Number);
  assert.ok((await numbers()).length < 3000, "the page holds the last lines only");
  await page.keyboard.press("Shift+Home");
  const more = page.getByRole("button", { name: "Show older lines" });
  for (let n = 0; n < 20 && (await more.isVisible()); n++) {
    const held = (await numbers()).length;
    await more.click();
    await page.waitForFunction((held) => document.querySelectorAll(".term-panel.shown .row").length > held + 100, held);
  }
  assert.deepEqual(await numbers(), Array.from({ length: 6000 }, (_, n) => n + 1));
});

test("nesting ends with the shell's own messages, not with the engine", async (t) => {
  const { player, assertNoTroubles } = await open(t);
  await player.enter();
  assert.match(await player.run("f() { f; }; f"), /maximum function nesting level exceeded \(160\)/);
  assert.match(await player.run("g() { if :; then case x in x) g;; esac; fi; }; g"), /maximum function nesting level exceeded/);
  assert.match(await player.run("e='eval \"$e\"'; eval \"$e\""), /maximum eval nesting level exceeded/);
  assert.match(await player.run("x=x; echo $((x))"), /expression recursion level exceeded/);
  await player.run("eval \"$(printf '(%.0s' {1..300})\" 2>/dev/null");
  assert.equal(await player.run("echo $?"), "2");
  assertNoTroubles();
});

test("copied text has lines as they were written", async (t) => {
  const { page, player } = await open(t);
  await page.setViewportSize({ width: 800, height: 700 });
  await player.enter();
  const long = "word ".repeat(40).trim();
  await player.run(`echo ${long}`);
  const copied = await page.evaluate(() => {
    const rows = [...document.querySelectorAll(".term-panel.shown .row")];
    const from = rows.findLastIndex((row) => row.classList.contains("cmd"));
    let first = from;
    while (rows[first].hasAttribute("data-w")) first += 1;
    let last = first + 1;
    while (rows[last].hasAttribute("data-w")) last += 1;
    const range = document.createRange();
    range.setStart(rows[first + 1], 0);
    range.setEnd(rows[last], rows[last].childNodes.length);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const data = new DataTransfer();
    rows[last].dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
    return data.getData("text/plain");
  });
  assert.equal(copied, long);
});

for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
  for (const colorScheme of ["dark", "light"]) {
    test(`the page fits ${width} px, ${colorScheme}`, async (t) => {
      const { page, url } = await openSite(t);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await page.reload();
      await page.getByRole("button", { name: /Take the page/ }).waitFor();
      await fits(page);
      await page.goto(`${url}#/i/INC-4127?seed=${SEED}`);
      const playing = new Player(page);
      await playing.incident('[data-phase="playing"]').waitFor({ timeout: 60_000 });
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
      for (const key of ["a", "t", "m", "d"]) {
        await page.keyboard.press(key);
        await page.waitForTimeout(150);
        await fits(page);
        if (key === "t") await playing.leave();
      }
    });
  }
}

const fits = (page) => new Player(page).noSidewaysScroll();
