import { assert, assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { currentRuntime, runtimeBinary, startProcess } from "../support/process.ts";
import { test } from "../support/test.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CHILD = fileURLToPath(new URL("./fixtures/descriptors_child.ts", import.meta.url));
const FLAGS = { deno: ["run", "-A", "--no-check"], bun: [], node: ["--import", "tsx"] };

test("createPiloted() without file descriptors says what to do, and works when there are some", {
  skip: process.platform === "win32" && "no ulimit",
}, async () => {
  const binary = await runtimeBinary(currentRuntime);
  const command = [binary, ...FLAGS[currentRuntime], CHILD];
  const limited = ["-c", 'ulimit -n 100; exec "$@"', "bash", ...command];
  const child = startProcess("bash", limited, { cwd: ROOT });
  assertEquals(await child.exited, { code: 0, signal: null }, child.stderr());
  const { held, first, second } = JSON.parse(child.stdout());
  assert(held > 10, child.stdout());
  // Deno reads the whole module graph before it runs.
  const failed = /^Cannot load a part of Piloted: .*; raise the limit of open files/;
  assertMatch(first, currentRuntime === "deno" ? /^10\.0\.0\.1:80$/ : failed);
  // Node 20 keeps a failed import for the life of the process.
  const isNode20 = currentRuntime === "node" && process.versions.node.startsWith("20.");
  assertMatch(second, isNode20 ? failed : /^10\.0\.0\.1:80$/);
});
