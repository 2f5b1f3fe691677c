// How a test plays: what it types is what a player types.
import assert from "node:assert/strict";

/** An incident in the browser, driven by the keyboard. */
export class Player {
  constructor(page) {
    this.page = page;
  }

  incident(state) {
    return this.page.locator(`.incident${state}`);
  }

  /** Waits until the simulated fleet has reached the alert and a prompt stands in the terminal. */
  async ready() {
    await this.incident('[data-phase="playing"]').waitFor({ timeout: 60_000 });
    await this.prompt();
  }

  prompt(timeout = 30_000) {
    return this.page.locator('.term-panel.shown .term[data-prompt="true"]').waitFor({ timeout });
  }

  /** Types a line and waits for its end; resolves to what it printed. */
  async run(line, { timeout = 60_000 } = {}) {
    const done = () => Number(document.querySelector(".term-panel.shown .term")?.dataset.done ?? 0);
    const before = await this.page.evaluate(done);
    await this.page.keyboard.type(line);
    await this.page.keyboard.press("Enter");
    const more = (before) => Number(document.querySelector(".term-panel.shown .term")?.dataset.done ?? 0) > before;
    await this.page.waitForFunction(more, before, { timeout });
    await this.prompt(timeout);
    return this.output();
  }

  /** The lines between the last command and the prompt. */
  output() {
    return this.page.evaluate(() => {
      const rows = [...document.querySelectorAll(".term-panel.shown .row")];
      const from = rows.findLastIndex((row) => row.classList.contains("cmd"));
      // A command that needs more than one row goes on where it wraps.
      let first = from;
      while (rows[first]?.hasAttribute("data-w")) first += 1;
      const text = rows.slice(first + 1).map((row) => row.textContent + (row.hasAttribute("data-w") ? "" : "\n")).join("");
      return text.trimEnd().split("\n").slice(0, -1).join("\n");
    });
  }

  /** All of the terminal's text, as one reads it. */
  screen() {
    return this.page.evaluate(() => {
      const rows = [...document.querySelectorAll(".term-panel.shown .row")];
      return rows.map((row) => row.textContent + (row.hasAttribute("data-w") ? "" : "\n")).join("").trimEnd();
    });
  }

  /** Into the terminal and out of it, with the keys that the page names. */
  async enter() {
    await this.page.keyboard.press("t");
    await this.page.locator('.term-panel.shown .term[data-inside="true"]').waitFor();
  }

  async leave() {
    await this.page.keyboard.press("Control+Shift+L");
    await this.page.locator('.term-panel.shown .term[data-inside="false"]').waitFor();
  }

  now() {
    return this.page.evaluate(() => Number(document.querySelector(".incident").dataset.now) / 1e6);
  }

  /** Lets simulated seconds pass at a speed of the player's choice. */
  async wait(seconds, speed = "60") {
    const until = (await this.now()) + seconds;
    await this.page.getByRole("combobox", { name: /Speed/ }).selectOption(speed);
    await this.page.waitForFunction((t) => Number(document.querySelector(".incident").dataset.now) / 1e6 >= t, until, {
      timeout: 120_000,
    });
    await this.page.getByRole("combobox", { name: /Speed/ }).selectOption("1");
  }

  /** What the page has saved, once it has written all of it. */
  async saved() {
    await this.page.locator('.incident[data-saved="true"]').waitFor();
  }

  async noSidewaysScroll() {
    const widths = await this.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(widths[0] <= widths[1], `the page is ${widths[0]} px wide in a window of ${widths[1]} px`);
  }
}
