/** SIGHUP, whose default action ends a process, from the first call on. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { currentRuntime, startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

const script = fileURLToPath(new URL("../support/sighup_child.ts", import.meta.url));

/** Starts the child, sends SIGHUP as soon as its first call was made, and lets it end by itself. */
async function hangUp(way: string, env: Record<string, string> = {}): Promise<string> {
  const child = await startScript(currentRuntime, script, [way, "127.0.0.1:1"], { env });
  await child.waitFor(/called/);
  process.kill(child.pid, "SIGHUP");
  assertEquals(await child.exited, { code: 0, signal: null }, child.stderr());
  return child.stdout();
}

for (const way of ["createPiloted", "config"]) {
  test(`SIGHUP right after ${way}() is remembered: a refresh follows when it is ready`, async () => {
    const output = await hangUp(way);
    assertStringIncludes(output, "ready\nrefreshed");
    assertStringIncludes(output, "alive");
  });
}

test("SIGHUP during the first service(), while the configuration is read, ends nothing", () =>
  withTemporaryFolder(async (folder) => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const path = join(folder, "containerpilot.json5");
    const file = { consul: `127.0.0.1:${port}`, watches: [{ name: "app", interval: 1 }] };
    await writeFile(path, JSON.stringify(file));
    const sockets = new Set<{ destroy(): void }>();
    server.on("connection", (socket) => sockets.add(socket));
    try {
      assertStringIncludes(await hangUp("service", { CONTAINERPILOT: path }), "alive");
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  }));

test('import "@piloted/core/signals" keeps SIGHUP from ending a process that never looked up', async () => {
  assertStringIncludes(await hangUp("signals"), "alive");
});
