/**
 * What `pick(name)` costs with every balancer, by the number of endpoints and by the state of the pool.
 *
 *     node --expose-gc --import tsx bench/balance_pick.ts
 *     bun bench/balance_pick.ts
 *     deno run -A bench/balance_pick.ts
 *
 * Bytes per pick are printed on Node with --expose-gc. Exits with 1 when a bound is exceeded: 1.5
 * times the time from 1 to 10,000 endpoints (2 for `random`, which reads one of 10,000 objects that
 * are not in the cache); for `p2c-ewma` 10 times round robin at any size; in no state more than 4
 * times the same balancer's pick of 20 used endpoints; no allocation in any state (the smallest object is
 * 12 bytes; up to 2 bytes per pick are what the runtime allocates meanwhile).
 */
import process from "node:process";
import { BALANCER_NAMES, type BalancerName } from "../src/balance/create_balancer.ts";
import { EndpointPool } from "../src/balance/endpoint_pool.ts";
import { bytesPerPick, nanosecondsPerPick } from "./balance/measure_pick.ts";
import { PICK_STATES } from "./balance/pick_states.ts";
import { makeEndpoints } from "./balance/world.ts";

const SIZES = [1, 5, 20, 1_000, 10_000];
const ORDINARY = "20, used";

const gc = (globalThis as { gc?: () => void }).gc;
const pools = new Map<string, EndpointPool>();
let failed = false;

function addPool(balancer: BalancerName, count: number, weight: (index: number) => number): string {
  let now = 0;
  const clock = { now: () => now += 0.01, start: () => ({ cancel() {} }) };
  const pool = new EndpointPool({ balancer, clock });
  pool.update(makeEndpoints(count, weight));
  // Everything has been measured, and some requests are in flight.
  for (let i = 0; i < count * 20; i++) {
    const lease = pool.acquire({ key: String(i) })!;
    if (i % 7 !== 0) lease.release();
  }
  const name = `${balancer}-${pools.size}`;
  pools.set(name, pool);
  return name;
}

function bound(value: number, most: number): string {
  if (value > most) failed = true;
  return `${value.toFixed(2)} (at most ${most})`;
}

const columns = [...SIZES.map(String), "mixed"];
console.log("ns per pick".padEnd(22) + columns.map((column) => column.padStart(9)).join(""));
let robin: number[] = [];
for (const balancer of BALANCER_NAMES) {
  const names = SIZES.map((size) => addPool(balancer, size, () => 1));
  // "mixed": 10,000 endpoints with weights 10 and 1.
  names.push(addPool(balancer, 10_000, (i) => i % 10 === 9 ? 1 : 10));
  for (const name of names) nanosecondsPerPick(pools, name, 1);
  const times = names.map((name) => nanosecondsPerPick(pools, name));
  if (balancer === "round-robin") robin = times;
  console.log(balancer.padEnd(22) + times.map((time) => time.toFixed(1).padStart(9)).join(""));
  // Up to four endpoints the power of two choices has nothing to choose: a different, cheaper pick.
  const choosing = balancer === "least-pending" || balancer === "p2c-ewma";
  const growth = times[4]! / times[choosing ? 1 : 0]!;
  console.log(`  10,000 to ${choosing ? 5 : 1}: ${bound(growth, balancer === "random" ? 2 : 1.5)}`);
  if (balancer === "p2c-ewma") {
    const slowest = Math.max(...SIZES.map((_, i) => times[i]! / robin[i]!));
    console.log(`  to round-robin: ${bound(slowest, 10)}`);
  }
  if (gc !== undefined) console.log(`  bytes: ${bound(bytesPerPick(pools, names[4]!, gc), 2)}`);
}

const heading = BALANCER_NAMES.map((name) => name.slice(0, 15).padStart(17)).join("");
console.log(`\n${"ns (bytes) per pick".padEnd(26)}${heading}`);
const ordinary = new Map<BalancerName, number>();
const slowest = { ratio: 0, bytes: 0 };
const states = [...PICK_STATES].sort((a, b) =>
  Number(b.name === ORDINARY) - Number(a.name === ORDINARY)
);
for (const state of states) {
  const cells = BALANCER_NAMES.map((balancer) => {
    const name = `${balancer}-${state.name}`;
    pools.set(name, state.create(balancer));
    const time = nanosecondsPerPick(pools, name, 60);
    if (state.name === ORDINARY) ordinary.set(balancer, time);
    slowest.ratio = Math.max(slowest.ratio, time / ordinary.get(balancer)!);
    if (gc === undefined) return time.toFixed(1).padStart(17);
    const bytes = bytesPerPick(pools, name, gc);
    slowest.bytes = Math.max(slowest.bytes, bytes);
    return `${time.toFixed(1)} (${bytes.toFixed(2)})`.padStart(17);
  });
  console.log(state.name.padEnd(26) + cells.join(""));
}
console.log(`slowest state to "${ORDINARY}": ${bound(slowest.ratio, 4)}`);
if (gc !== undefined) console.log(`bytes in any state: ${bound(slowest.bytes, 2)}`);
if (failed) process.exitCode = 1;
