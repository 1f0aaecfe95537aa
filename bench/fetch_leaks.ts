/**
 * What calls leave behind, over a real server in a process of its own.
 *
 *     node --expose-gc --import tsx bench/fetch_leaks.ts
 *     bun bench/fetch_leaks.ts
 *     deno run -A --v8-flags=--expose-gc bench/fetch_leaks.ts
 *
 * Exits with 1 when 10,000 aborted calls leave more than 20 sockets, or when 100,000 calls with one
 * signal leave more than 1 MB of the heap. RSS is printed only: allocators keep what they have.
 */
import process from "node:process";
import { startScript } from "../tests/support/process.ts";
import { abortCalls, callWithSignal, clientAt, type Held, settledHeld } from "./fetch/leaks.ts";

const MB = 2 ** 20;
const [aborted = 10_000, signalled = 100_000] = process.argv.slice(2).map(Number);

const server = await startScript("node", "bench/fetch/silent_process.ts", []);
const [, port] = await server.waitFor(/listening on (\d+)/);

function print(what: string, before: Held, after: Held): void {
  const mb = (key: "heapBytes" | "rssBytes") => ((after[key] - before[key]) / MB).toFixed(2);
  console.log(
    `${what}: sockets ${before.sockets} -> ${after.sockets}, heap ${mb("heapBytes")} MB, ` +
      `RSS ${mb("rssBytes")} MB, in flight ${after.pendingCount}`,
  );
}

const client = clientAt(Number(port));
await abortCalls(client.fetch, aborted / 5);
let before = await settledHeld(client, { ...await client.held(), sockets: 0 });
await abortCalls(client.fetch, aborted);
let after = await settledHeld(client, before);
print(`${aborted} aborted calls`, before, after);
let failed = after.sockets - before.sockets > 20 || after.pendingCount > 0;

const { signal } = new AbortController();
await callWithSignal(client.fetch, signalled / 5, signal);
before = await client.held();
await callWithSignal(client.fetch, signalled, signal);
after = await settledHeld(client, before);
print(`${signalled} calls with one signal`, before, after);
failed ||= after.heapBytes - before.heapBytes > MB || after.pendingCount > 0;

client.close();
await server.stop();
process.exit(failed ? 1 : 0);
