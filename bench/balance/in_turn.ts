/**
 * How even the rotations are.
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { seededRandom } from "./seeded_random.ts";
import { makeEndpoints } from "./world.ts";

/**
 * Round robin over 1 to 50 endpoints, with refreshes at random that change nothing.
 *
 * @param seed Equal seeds give equal results.
 * @returns How many windows of n picks do not hit each of the n endpoints exactly once.
 */
export function unevenWindows(seed: number): number {
  const random = seededRandom(seed);
  let uneven = 0;
  for (let count = 1; count <= 50; count++) {
    const pool = new EndpointPool();
    const endpoints = makeEndpoints(count);
    pool.update(endpoints);
    const picks: Endpoint[] = [];
    for (let i = 0; i < 20 * count; i++) {
      if (random() < 0.3) pool.update(endpoints.map((endpoint) => ({ ...endpoint })));
      picks.push(pool.pick()!);
    }
    const ids = picks.map(({ id }) => id);
    for (let i = 0; i + count <= ids.length; i++) {
      if (new Set(ids.slice(i, i + count)).size !== count) uneven++;
    }
  }
  return uneven;
}

/** What 1,000 cycles of smooth weighted round robin over weights 5:1:1 gave. */
export interface SmoothResult {
  /** How many cycles are not a a b a c a a. */
  readonly unevenCycles: number;
  /** Largest difference between picks and what the weights promise, at any moment, of any endpoint. */
  readonly deviation: number;
}

/** Picks 7,000 times from three endpoints of weights 5, 1 and 1. */
export function smooth(): SmoothResult {
  const weights = [5, 1, 1];
  const pool = new EndpointPool({ balancer: "weighted-round-robin" });
  const endpoints = makeEndpoints(3, (index) => weights[index]!);
  pool.update(endpoints);
  const counts = [0, 0, 0];
  let unevenCycles = 0;
  let deviation = 0;
  for (let cycle = 0; cycle < 1_000; cycle++) {
    let order = "";
    for (let i = 1; i <= 7; i++) {
      const index = endpoints.indexOf(pool.pick()!);
      counts[index]!++;
      order += "abc"[index];
      const picks = 7 * cycle + i;
      const off = counts.map((count, k) => Math.abs(count - picks * weights[k]! / 7));
      deviation = Math.max(deviation, ...off);
    }
    if (order !== "aabacaa") unevenCycles++;
  }
  return { unevenCycles, deviation };
}
