/**
 * What `pick(name)` costs with every balancer, by the number of endpoints, and what it allocates.
 *
 *     node --expose-gc --import tsx bench/balance_pick.ts
 *     bun bench/balance_pick.ts
 *     deno run -A bench/balance_pick.ts
 *
 * A pick is what a client does: find the service's pool by name, pick, use the endpoint. Nanoseconds
 * are the best of 300 short rounds, so that a busy machine disturbs little. Bytes per pick are told
 * on Node with --expose-gc. Exits with 1 when a bound is broken: 1.5 times the time from 1 to 10,000
 * endpoints (2 for `random`, which looks at one of 10,000 objects that are not in the cache), for
 * `p2c_ewma` 10 times round robin at any size, no allocation.
 */
import process from "node:process";
import type { BalancerName } from "../src/balance/create_balancer.ts";
import { EndpointPool } from "../src/balance/endpoint_pool.ts";
import { makeEndpoints } from "./balance/world.ts";

const SIZES = [1, 5, 20, 1_000, 10_000];
const PICKS = 10_000;
const ROUNDS = 300;
const NAMES: BalancerName[] = [
  "round_robin",
  "weighted_round_robin",
  "random",
  "least_pending",
  "p2c_ewma",
  "hash",
];

const gc = (globalThis as { gc?: () => void }).gc;
const KEYS = Array.from({ length: 256 }, (_, i) => ({ key: `customer-${i}` }));
const pools = new Map<string, EndpointPool>();
let sink = 0;
let failed = false;

function addPool(balancer: BalancerName, count: number, weight: (index: number) => number): string {
  let now = 0;
  const clock = { now: () => now += 0.01, start: () => ({ cancel() {} }) };
  const pool = new EndpointPool({ balancer, clock });
  pool.update(makeEndpoints(count, weight));
  // Everything has been measured, and something is under way.
  for (let i = 0; i < count * 20; i++) {
    const lease = pool.acquire({ key: String(i) })!;
    if (i % 7 !== 0) lease.release();
  }
  const name = `${balancer}-${pools.size}`;
  pools.set(name, pool);
  return name;
}

function pick(name: string): void {
  let ports = 0;
  if (name.startsWith("hash")) {
    for (let i = 0; i < PICKS; i++) ports += pools.get(name)!.pick(KEYS[i & 255])!.port;
  } else {
    for (let i = 0; i < PICKS; i++) ports += pools.get(name)!.pick()!.port;
  }
  sink ^= ports;
}

function nanoseconds(name: string): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    pick(name);
    best = Math.min(best, (performance.now() - from) * 1e6 / PICKS);
  }
  return best;
}

// The least of several rounds: whatever else the runtime does is not the pick's.
function bytes(name: string): number {
  let least = Infinity;
  for (let round = 0; round < 10; round++) {
    gc!();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20; i++) pick(name);
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / (20 * PICKS));
  }
  return least;
}

function bound(value: number, most: number): string {
  if (value > most) failed = true;
  return `${value.toFixed(2)} (at most ${most})`;
}

const columns = [...SIZES.map(String), "mixed"];
console.log("ns per pick".padEnd(22) + columns.map((column) => column.padStart(9)).join(""));
let robin: number[] = [];
for (const balancer of NAMES) {
  const names = SIZES.map((size) => addPool(balancer, size, () => 1));
  // "mixed": 10,000 endpoints with weights 10 and 1.
  names.push(addPool(balancer, 10_000, (i) => i % 10 === 9 ? 1 : 10));
  for (const name of names) pick(name);
  const times = names.map(nanoseconds);
  if (balancer === "round_robin") robin = times;
  console.log(balancer.padEnd(22) + times.map((time) => time.toFixed(1).padStart(9)).join(""));
  // Up to four endpoints the power of two choices has nothing to choose: it is a different, cheaper pick.
  const choosing = balancer === "least_pending" || balancer === "p2c_ewma";
  const growth = times[4]! / times[choosing ? 1 : 0]!;
  console.log(`  10,000 to ${choosing ? 5 : 1}: ${bound(growth, balancer === "random" ? 2 : 1.5)}`);
  if (balancer === "p2c_ewma") {
    const dearest = Math.max(...SIZES.map((_, i) => times[i]! / robin[i]!));
    console.log(`  to round_robin: ${bound(dearest, 10)}`);
  }
  if (gc !== undefined) console.log(`  bytes: ${bound(bytes(names[4]!), 1)}`);
}
if (failed || Number.isNaN(sink)) process.exitCode = 1;
