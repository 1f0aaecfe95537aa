/**
 * What the balanced fetch costs beside the runtime's own, over a real server on loopback.
 *
 *     node --import tsx bench/fetch.ts [requests]
 *     bun bench/fetch.ts
 *     deno run -A bench/fetch.ts
 *
 * Three rows, sequential and 64 at a time, in one run and in turn, so that whatever else the machine
 * does falls on both sides; the ratio of the medians:
 *
 * | balanced | beside | at most |
 * |---|---|---|
 * | default options, deadline included | `fetch` with `AbortSignal.timeout(2_000)` | 1.00 |
 * | `timeoutMs: Infinity` | `fetch` | 1.05 |
 * | `hedge: true` | a race by hand: a timer, and an AbortController for each request | 1.10 |
 *
 * Exits with 1 when a ratio is above its bound.
 */
import type { Fetch } from "../src/platform_fetch.ts";
import { createServer } from "node:http";
import process from "node:process";
import { EndpointPool } from "../src/balance/endpoint_pool.ts";
import { createFetch } from "../src/client/create_fetch.ts";
import type { FetchSource } from "../src/fetch/fetch_source.ts";
import { makeEndpoints } from "./balance/world.ts";

const REQUESTS = Number(process.argv[2] ?? 10_000);
/** As many as it takes until the runtime has compiled everything that is called once per request. */
const WARMUP = Math.min(REQUESTS, 5_000);

const server = createServer((_, response) => response.end("ok"));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };

const closing = new AbortController();
const pool = new EndpointPool();
const [template] = makeEndpoints(1);
const host = `127.0.0.1:${port}`;
pool.update([{ ...template!, address: "127.0.0.1", port, host }]);
const source: FetchSource = {
  closeSignal: closing.signal,
  has: (name) => name === "customers",
  acquire: (_, options) => pool.acquire(options)!,
  waitForEndpoints: () => Promise.resolve(true),
};

const bareUrl = `http://${host}/orders`;
const balancedUrl = "http://customers/orders";

/** What people write: a second request when the first takes long, each with an end of its own. */
const hedgedByHand: Fetch = async (url) => {
  const first = new AbortController();
  const second = new AbortController();
  const deadline = setTimeout(() => {
    first.abort();
    second.abort();
  }, 15_000);
  let hedge: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Response>((resolve, reject) => {
    hedge = setTimeout(() => fetch(url, { signal: second.signal }).then(resolve, reject), 100);
  });
  try {
    return await Promise.race([fetch(url, { signal: first.signal }), late]);
  } finally {
    clearTimeout(hedge);
    clearTimeout(deadline);
  }
};

const ROWS: { name: string; most: number; balanced: Fetch; beside: Fetch }[] = [
  {
    name: "default options / fetch with AbortSignal.timeout(2000)",
    most: 1,
    balanced: createFetch(source),
    beside: (url) => fetch(url, { signal: AbortSignal.timeout(2_000) }),
  },
  {
    name: "timeoutMs: Infinity / fetch",
    most: 1.05,
    balanced: createFetch(source, { timeoutMs: Infinity }),
    beside: (url) => fetch(url),
  },
  {
    name: "hedge: true / hedged by hand",
    most: 1.1,
    balanced: createFetch(source, { hedge: true }),
    beside: hedgedByHand,
  },
];

async function latency(send: Fetch, url: string): Promise<number> {
  const from = performance.now();
  await (await send(url)).text();
  return performance.now() - from;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Medians of both sides, in microseconds: in batches of `atOnce`, in turn. */
async function measure(
  { balanced, beside }: typeof ROWS[number],
  atOnce: number,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  const batches = Math.ceil((WARMUP + REQUESTS) / atOnce);
  for (let i = 0; i < batches; i++) {
    for (const side of i % 2 === 0 ? [0, 1] : [1, 0]) {
      const run = () => side === 0 ? latency(balanced, balancedUrl) : latency(beside, bareUrl);
      const batch = await Promise.all(Array.from({ length: atOnce }, run));
      if (i * atOnce >= WARMUP) times[side]!.push(...batch);
    }
  }
  return [1e3 * median(times[0]), 1e3 * median(times[1])];
}

let failed = false;
for (const row of ROWS) {
  for (const atOnce of [1, 64]) {
    const [balancedUs, besideUs] = await measure(row, atOnce);
    const ratio = balancedUs / besideUs;
    if (ratio > row.most) failed = true;
    console.log(
      `${row.name}, ${atOnce} at a time: p50 ${balancedUs.toFixed(1)} / ${
        besideUs.toFixed(1)
      } us = ` +
        `${ratio.toFixed(3)} (at most ${row.most.toFixed(2)})`,
    );
  }
}
closing.abort(new Error("closed"));
server.close();
server.closeAllConnections();
process.exitCode = failed ? 1 : 0;
