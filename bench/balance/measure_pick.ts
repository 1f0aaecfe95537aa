/**
 * Time and memory of one pick.
 *
 * @module
 */
import process from "node:process";
import type { EndpointPool } from "../../src/balance/endpoint_pool.ts";

const PICKS = 10_000;
const KEYS = Array.from({ length: 256 }, (_, i) => ({ key: `customer-${i}` }));
let sink = 0;

function pickMany(pools: ReadonlyMap<string, EndpointPool>, name: string): void {
  let ports = 0;
  if (name.startsWith("hash")) {
    for (let i = 0; i < PICKS; i++) ports += pools.get(name)!.pick(KEYS[i & 255])!.port;
  } else {
    for (let i = 0; i < PICKS; i++) ports += pools.get(name)!.pick()!.port;
  }
  sink ^= ports;
}

/**
 * Measures the time of one pick: the minimum of many short rounds, so that a busy machine disturbs
 * little. A pick is what a client does: find the pool of the service by name, pick, use the endpoint.
 *
 * @param pools Pools by name. Those whose name begins with `hash` get a key.
 * @param name Name of the pool.
 * @param rounds Number of rounds of 10,000 picks.
 * @returns Nanoseconds.
 */
export function nanosecondsPerPick(
  pools: ReadonlyMap<string, EndpointPool>,
  name: string,
  rounds = 300,
): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    pickMany(pools, name);
    best = Math.min(best, (performance.now() - from) * 1e6 / PICKS);
  }
  return Number.isNaN(sink) ? NaN : best;
}

/**
 * Measures what one pick allocates: the minimum of several rounds, because the runtime allocates, too.
 *
 * @param pools Pools by name.
 * @param name Name of the pool.
 * @param collectGarbage Runs the garbage collector.
 * @returns Bytes.
 */
export function bytesPerPick(
  pools: ReadonlyMap<string, EndpointPool>,
  name: string,
  collectGarbage: () => void,
): number {
  // What is called for the first time is compiled, which allocates.
  for (let i = 0; i < 20; i++) pickMany(pools, name);
  let least = Infinity;
  for (let round = 0; round < 10; round++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20; i++) pickMany(pools, name);
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / (20 * PICKS));
  }
  return least;
}
