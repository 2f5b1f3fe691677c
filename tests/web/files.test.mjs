// What is published besides the page: the JSON Schema of scenario files, read by a validator that others use, and the packs.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import Ajv from "ajv/dist/2020.js";
import { firedrill } from "./native.mjs";
import { DIST } from "./rig.mjs";

const read = async (path) => JSON.parse(await readFile(path, "utf8"));

test("the schema accepts every scenario and refuses what is not one", async () => {
  // Formats such as uint32 are only notes for people.
  const valid = new Ajv({ allErrors: true, strict: true, strictTypes: false, validateFormats: false }).compile(
    await read("scenarios/scenario.schema.json"),
  );
  const folders = (await readdir("scenarios", { withFileTypes: true })).filter((entry) => entry.isDirectory());
  assert.ok(folders.length > 0);
  for (const { name } of folders) {
    const scenario = await read(`scenarios/${name}/scenario.json`);
    assert.ok(valid(scenario), `${name}: ${JSON.stringify(valid.errors, null, 2)}`);
    const [, host] = Object.entries(scenario.hosts)[0];
    host.coers = 4;
    assert.ok(!valid(scenario), "an unknown setting");
    delete host.coers;
    scenario.number = 4127;
    assert.ok(!valid(scenario), "a number where a text belongs");
  }
});

test("the page's packs are those that the program writes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "firedrill-"));
  await firedrill("pack", "-o", folder);
  const names = (await readdir(folder)).sort();
  assert.deepEqual(names, (await readdir(join(DIST, "packs"))).sort());
  for (const name of names) {
    assert.equal(await readFile(join(DIST, "packs", name), "utf8"), await readFile(join(folder, name), "utf8"), name);
  }
});
