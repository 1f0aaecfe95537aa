/**
 * What the balanced fetch adds to the runtime's own, over a real server on loopback, and what it
 * allocates.
 *
 *     node --expose-gc --import tsx bench/fetch.ts
 *     bun bench/fetch.ts
 *     deno run -A bench/fetch.ts
 *
 * Latencies: requests one after the other, the two kinds in turn, so that whatever else the machine
 * does falls on both; the ratio of the medians. Allocations, on Node: V8's sampling heap profiler
 * with an interval of one byte, which sees every allocation, over calls whose platform fetch is a
 * constant.
 *
 * Exits with 1 when the median is more than 5 % above the bare one, or when a request allocates
 * more than 3 objects of note beside those of an async function that does nothing but await.
 */
import type { Fetch } from "../src/platform_fetch.ts";
import { createServer } from "node:http";
import process from "node:process";
import { EndpointPool } from "../src/balance/endpoint_pool.ts";
import { createFetch } from "../src/client/create_fetch.ts";
import type { FetchSource } from "../src/fetch/fetch_source.ts";
import { countAllocations } from "./fetch/count_allocations.ts";
import { makeEndpoints } from "./balance/world.ts";

const REQUESTS = Number(process.argv[2] ?? 10_000);
/** As many as it takes until the runtime has compiled everything that is called once per request. */
const WARMUP = 10_000;
const MOST_RATIO = 1.05;
const MOST_OBJECTS = 3;

const server = createServer((_, response) => response.end("ok"));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };

const pool = new EndpointPool();
const [template] = makeEndpoints(1);
const host = `127.0.0.1:${port}`;
pool.update([{ ...template!, address: "127.0.0.1", port, host }]);
const source: FetchSource = {
  has: (name) => name === "customers",
  acquire: (_, options) => pool.acquire(options)!,
  waitForEndpoints: () => Promise.resolve(true),
};

async function latency(send: Fetch, url: string): Promise<number> {
  const from = performance.now();
  await (await send(url)).text();
  return performance.now() - from;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

const balanced = createFetch(source);
const bareUrl = `http://${host}/orders`;
const balancedUrl = "http://customers/orders";
const times: { bare: number[]; balanced: number[] } = { bare: [], balanced: [] };
for (let i = 0; i < WARMUP + REQUESTS; i++) {
  const balancedFirst = i % 2 === 0;
  let balancedMs = balancedFirst ? await latency(balanced, balancedUrl) : 0;
  const bareMs = await latency(fetch, bareUrl);
  if (!balancedFirst) balancedMs = await latency(balanced, balancedUrl);
  if (i < WARMUP) continue;
  times.bare.push(bareMs);
  times.balanced.push(balancedMs);
}
const [bareMs, balancedMs] = [median(times.bare), median(times.balanced)];
const ratio = balancedMs / bareMs;
console.log(
  `p50 bare ${(1e3 * bareMs).toFixed(1)} us, balanced ${(1e3 * balancedMs).toFixed(1)} us`,
);
console.log(`p50 balanced / bare: ${ratio.toFixed(3)} (at most ${MOST_RATIO})`);
let failed = ratio > MOST_RATIO;

// The work of the balanced fetch alone: the platform's is a constant. What any wrapper costs that
// awaits the platform's fetch is not the balanced fetch's own.
const answer = Promise.resolve(new Response(null));
const constant: Fetch = () => answer;
const wrapper: Fetch = async (input, init) => await constant(input, init);
const alone = createFetch(source, { fetch: constant });
for (let i = 0; i < 20_000; i++) {
  await alone(balancedUrl);
  await wrapper(balancedUrl);
}
const own = await countAllocations(5_000, () => alone(balancedUrl));
const wrapped = await countAllocations(5_000, () => wrapper(balancedUrl));
if (own === undefined || wrapped === undefined) {
  console.log("allocations: told on Node with --expose-gc");
} else {
  const objects = own.objects - wrapped.objects;
  console.log(
    `allocations per request beside those of an async wrapper: ${
      objects.toFixed(2)
    } objects above 32 bytes ` +
      `(at most ${MOST_OBJECTS}), ${(own.bytes - wrapped.bytes).toFixed(0)} bytes in all`,
  );
  if (objects > MOST_OBJECTS) failed = true;
}
server.close();
server.closeAllConnections();
process.exitCode = failed ? 1 : 0;
