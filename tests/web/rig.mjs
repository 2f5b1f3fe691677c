// What every browser test starts with: the built page, served, in a browser, with an ear for whatever goes wrong.
import assert from "node:assert/strict";
import { basename, dirname, resolve } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

/** The build under test: `make dist`'s, or another one named in DIST. */
export const DIST = resolve(process.env.DIST ?? "dist");

/** Opens the site, at its root or under a path; `troubles` collects console errors, exceptions and failed requests. */
export async function openSite(t, { underPath = false } = {}) {
  const server = await serve(underPath ? dirname(DIST) : DIST);
  t.after(() => server.close());
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium refuses to run as root with its sandbox.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  t.after(() => browser.close());
  const page = await (await browser.newContext()).newPage();
  const troubles = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`exception: ${error}`));
  page.on("requestfailed", (request) => troubles.push(`request: ${request.url()} ${request.failure()?.errorText}`));
  const responses = [];
  page.on("response", (response) => {
    responses.push(response);
    if (response.status() >= 400) troubles.push(`response: ${response.url()} ${response.status()}`);
  });
  await page.goto(underPath ? `${server.url}${basename(DIST)}/` : server.url);
  return { page, url: server.url, responses, troubles, assertNoTroubles: () => assert.deepEqual(troubles, []) };
}
