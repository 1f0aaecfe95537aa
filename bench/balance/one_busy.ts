/**
 * Three endpoints, one of them busy.
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import { seededRandom } from "./seeded_random.ts";
import { VirtualTime } from "./virtual_time.ts";
import { makeEndpoints } from "./world.ts";

const PICKS = 100_000;

/**
 * 100,000 picks with `least-pending` while one of three endpoints has a request in flight.
 *
 * @param weights Of the three; the last one is busy.
 * @param seed Equal seeds give equal results.
 * @returns Picks of each in per cent.
 */
export function oneBusy(weights: readonly [number, number, number], seed: number): number[] {
  const random = seededRandom(seed);
  const clock = new VirtualTime();
  const pool = new EndpointPool({ balancer: "least-pending", random, clock });
  const endpoints = makeEndpoints(3, (index) => weights[index]!);
  pool.update(endpoints);
  pool.acquire({ exclude: (endpoint) => endpoint !== endpoints[2] });
  const counts = [0, 0, 0];
  for (let i = 0; i < PICKS; i++) counts[endpoints.indexOf(pool.pick()!)]!++;
  return counts.map((count) => 100 * count / PICKS);
}
