import { assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onSignal } from "../../src/runtime/signals.ts";
import { test } from "../support/test.ts";

const child = fileURLToPath(new URL("./fixtures/signal_child.ts", import.meta.url));

// The same runtime as the one that runs this test.
function runtimeArguments(script: string, ...rest: string[]): string[] {
  if ("Deno" in globalThis) return ["run", "-A", "--no-check", script, ...rest];
  if ("Bun" in globalThis) return ["run", script, ...rest];
  return ["--import", "tsx", script, ...rest];
}

test("onSignal() does not keep a process alive", async () => {
  const running = spawn(process.execPath, runtimeArguments(child, "alone"), {
    stdio: ["ignore", "ignore", "inherit"],
  });
  assertEquals(await once(running, "exit"), [0, null]);
});

test("onSignal() calls the listener on every SIGHUP until it is removed", async () => {
  const running = spawn(process.execPath, runtimeArguments(child, "serve"), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(running, "exit");
  // Not running.kill(): Deno's closes the child's pipes and calls it dead, whatever the signal.
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  assertEquals(await line(), "ready");
  process.kill(running.pid!, "SIGHUP");
  assertEquals(await line(), "hup 1");
  process.kill(running.pid!, "SIGHUP");
  assertEquals(await line(), "hup 2");
  running.stdin.write("remove\n");
  assertEquals(await line(), "removed");
  assertEquals(await exit, [0, null]);
});

test("onSignal() returns a function that may be called twice, also with one listener added twice", () => {
  const listener = () => {};
  const first = onSignal("SIGTERM", listener);
  const second = onSignal("SIGTERM", listener);
  first();
  first();
  second();
});

test("onSignal() does nothing for a signal that the system does not have", () => {
  const name = "SIGNOTHERE" as "SIGHUP";
  const remove = onSignal(name, () => {});
  remove();
  remove();
});
