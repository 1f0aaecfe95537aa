import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { seed } from "../../balance/support.ts";
import { type Child, currentRuntime, startScript } from "../../support/process.ts";
import { test } from "../../support/test.ts";
import { pemPath } from "../fixtures/http2_server.ts";
import { type OddKind, startOddServer } from "../fixtures/odd_server.ts";

const CHILD = fileURLToPath(new URL("../fixtures/fuzz_child.ts", import.meta.url));
const COUNT = 60;

const kinds: readonly [kind: OddKind, what: string][] = [
  ["http", "plain HTTP/1.1"],
  ["https", "HTTP/1.1 over TLS"],
  ["http2", "HTTP/2"],
  ["tls", "TLS that never begins"],
];
for (const [kind, what] of kinds) {
  test(`Transport settles every request over ${what}, with PILOTED_SEED=${seed}`, async () => {
    let child = await fuzz(kind, seed);
    for (let i = 1; i <= 3 && failedInNode20(child); i++) child = await fuzz(kind, seed + 2 * i);
    assertEquals(await child.exited, { code: 0, signal: null }, child.stderr());
    const { resolved, rejected, aborted, late } = JSON.parse(child.stdout());
    assertEquals(resolved + rejected + aborted + late, 2 * COUNT);
    assert(late <= lateLimit(kind), child.stdout());
    // Only a mixture tests anything.
    assert(rejected >= COUNT / 4, child.stdout());
    if (kind !== "tls") assert(resolved >= COUNT / 20, child.stdout());
  });
}

// HTTP/2 of Node and Bun stops reading after some faults in the framing and says nothing, not even
// when the connection ends; nor does a connection with TLS of Deno, now and then. The request's
// deadline, and the ping after it in HTTP/2, recover from that.
function lateLimit(kind: OddKind): number {
  if (kind === "http2") return COUNT / 2;
  return kind === "https" && currentRuntime === "deno" ? COUNT / 6 : 0;
}

async function fuzz(kind: OddKind, seed: number): Promise<Child> {
  await using first = await startOddServer(kind, seed);
  await using second = await startOddServer(kind, seed + 1);
  const deadlineMs = kind === "http2" ? 250 : 2_000;
  const args = [COUNT, deadlineMs, pemPath("ca"), first.url, second.url].map(String);
  const child = await startScript(currentRuntime, CHILD, args, {
    env: { NODE_OPTIONS: "--unhandled-rejections=strict" },
  });
  await child.exited;
  return child;
}

// Native code of Node 20 sometimes fails this assertion when it collects a session that ended in the
// middle of a frame. It was not seen on Node 24. Any other end of the process fails the test.
function failedInNode20(child: Child): boolean {
  return process.versions.node.startsWith("20.") &&
    child.stderr().includes("(current_nghttp2_memory_) == (0)");
}
