import { assert, assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { test } from "../support/test.ts";
import { ROOT } from "./project.ts";

const run = promisify(execFile);
const FIXTURES = fileURLToPath(new URL("./fixtures/", import.meta.url));

async function doneByImporting(path: string): Promise<string[]> {
  const runtime = process.versions.deno
    ? ["run", "-A"]
    : process.versions.bun
    ? []
    : ["--import", "tsx"];
  const child = [...runtime, join(FIXTURES, "trap_import.ts"), pathToFileURL(path).href];
  const { stdout } = await run(process.execPath, child, { cwd: ROOT });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const { exports } = JSON.parse(await readFile(join(ROOT, "deno.json"), "utf8"));

const SIGNALS = "./signals";

for (const [name, path] of Object.entries<string>(exports)) {
  if (name === SIGNALS) continue;
  test(`importing ${join("@piloted/core", name)} does nothing`, async () => {
    assertEquals(await doneByImporting(join(ROOT, path)), []);
  });
}

test("importing @piloted/core/signals listens for SIGHUP and does nothing else", async () => {
  const listens = process.versions.deno ? "Deno.addSignalListener" : "process.on";
  assertEquals(await doneByImporting(join(ROOT, exports[SIGNALS])), [listens]);
});

test("the traps see what a module does at import", async () => {
  const done = await doneByImporting(join(FIXTURES, "busy_module.ts"));
  const common = [
    "console.error",
    "fetch",
    "process.env",
    "process.on",
    "setInterval",
    "setTimeout",
  ];
  const own = process.versions.deno
    ? ["Deno.addSignalListener", "Deno.env", "Deno.readTextFileSync"]
    : process.versions.bun
    ? [] // Bun's named imports of node:fs can't be replaced
    : ["fs.readFileSync"];
  for (const what of [...common, ...own]) assert(done.includes(what), `${what} is not in ${done}`);
});
