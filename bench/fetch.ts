/**
 * What the balanced fetch costs beside the runtime's own, over a real server on loopback.
 *
 *     node --import tsx bench/fetch.ts [rounds]
 *     bun bench/fetch.ts
 *     deno run -A bench/fetch.ts
 *
 * Each row compares the medians of both sides, sequential and 64 at a time. They take turns in short
 * rounds of one run, so that whatever else the machine does falls on both; the figure is the median of
 * the ratios of all rounds.
 *
 * | balanced | beside | at most |
 * |---|---|---|
 * | default options, deadline included | `fetch` with `AbortSignal.timeout(2_000)` | 1.00 |
 * | `timeoutMs: Infinity` | `fetch` | 1.05 |
 * | the same, `closeGraceMs: Infinity` | `fetch` | 1.05 |
 * | `hedge: true` | a race by hand: a timer, and an AbortController for each request | 1.10 |
 *
 * The floor is a third side: the platform's fetch with nothing but what the balanced one cannot do
 * without, a signal that can abort the request, `redirect: "manual"` and one `then()`. Where it is above
 * the bound, no code of ours could keep the bound on that runtime. A row above its bound is marked.
 * Exits with 1 when one is also more than 12 % above its floor: our own part, the choice of the endpoint
 * and what is learned from it, has grown.
 */
import type { Fetch } from "../src/platform_fetch.ts";
import { createServer } from "node:http";
import process from "node:process";
import { EndpointPool } from "../src/balance/endpoint_pool.ts";
import { createFetch } from "../src/client/create_fetch.ts";
import type { FetchSource } from "../src/fetch/fetch_source.ts";
import { makeEndpoints } from "./balance/world.ts";

const ROUNDS = Number(process.argv[2] ?? 100);
/** As many as it takes until the runtime has compiled everything that is called once per request. */
const WARMUP = Math.ceil(ROUNDS / 3);
/** Requests of each side in one round. */
const SIZE = { 1: 100, 64: 512 };
/** What our own part may cost. */
const ABOVE_FLOOR = 0.12;

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

/** What a request costs that can be aborted and whose redirects are followed by us. */
const abortableFloor: Fetch = (url) =>
  fetch(url, { redirect: "manual", signal: new AbortController().signal }).then(pass, fail);
const bareFloor: Fetch = (url) => fetch(url, { redirect: "manual" }).then(pass, fail);

function pass(response: Response): Response {
  return response;
}

function fail(error: unknown): never {
  throw error;
}

interface Row {
  readonly name: string;
  readonly most: number;
  readonly balanced: Fetch;
  readonly beside: Fetch;
  readonly floor: Fetch;
}

const ROWS: Row[] = [
  {
    name: "default options / fetch with AbortSignal.timeout(2000)",
    most: 1,
    balanced: createFetch(source),
    beside: (url) => fetch(url, { signal: AbortSignal.timeout(2_000) }),
    floor: abortableFloor,
  },
  {
    name: "timeoutMs: Infinity / fetch",
    most: 1.05,
    balanced: createFetch(source, { timeoutMs: Infinity }),
    beside: (url) => fetch(url),
    floor: abortableFloor,
  },
  {
    name: "timeoutMs: Infinity, closeGraceMs: Infinity / fetch",
    most: 1.05,
    balanced: createFetch(source, { timeoutMs: Infinity, closeGraceMs: Infinity }),
    beside: (url) => fetch(url),
    floor: bareFloor,
  },
  {
    name: "hedge: true / hedged by hand",
    most: 1.1,
    balanced: createFetch(source, { hedge: true }),
    beside: hedgedByHand,
    floor: abortableFloor,
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

/** Median latency of one side in one round, in microseconds. */
async function round(send: Fetch, url: string, atOnce: 1 | 64): Promise<number> {
  const times: number[] = [];
  while (times.length < SIZE[atOnce]) {
    const batch = Array.from({ length: atOnce }, () => latency(send, url));
    times.push(...await Promise.all(batch));
  }
  return 1e3 * median(times);
}

/** Medians of the rounds: the balanced side in microseconds, and two ratios to the one beside it. */
async function measure(
  { balanced, beside, floor }: Row,
  atOnce: 1 | 64,
): Promise<{ us: number; ratio: number; floor: number }> {
  const sides: [Fetch, string][] = [[balanced, balancedUrl], [beside, bareUrl], [floor, bareUrl]];
  const us: number[] = [];
  const ratios: number[] = [];
  const floors: number[] = [];
  for (let i = 0; i < WARMUP + ROUNDS; i++) {
    const times = [0, 0, 0];
    for (let turn = 0; turn < 3; turn++) {
      const side = (i + turn) % 3;
      times[side] = await round(...sides[side]!, atOnce);
    }
    if (i < WARMUP) continue;
    us.push(times[0]!);
    ratios.push(times[0]! / times[1]!);
    floors.push(times[2]! / times[1]!);
  }
  return { us: median(us), ratio: median(ratios), floor: median(floors) };
}

let failed = false;
for (const row of ROWS) {
  for (const atOnce of [1, 64] as const) {
    const { us, ratio, floor } = await measure(row, atOnce);
    const isAbove = ratio > row.most;
    if (isAbove && ratio > floor + ABOVE_FLOOR) failed = true;
    console.log(
      `${row.name}, ${atOnce} at a time: p50 ${us.toFixed(1)} us, ratio ${ratio.toFixed(3)} ` +
        `(bound ${row.most.toFixed(2)}, floor ${floor.toFixed(3)})${isAbove ? " ABOVE" : ""}`,
    );
  }
}
closing.abort(new Error("closed"));
server.close();
server.closeAllConnections();
process.exitCode = failed ? 1 : 0;
