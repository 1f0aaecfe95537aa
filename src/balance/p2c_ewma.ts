/**
 * Lowest expected latency.
 *
 * @module
 */
import type { Member } from "./member.ts";
import { PowerOfTwo, UNTRIED } from "./power_of_two.ts";

/** After this many responses the average of an endpoint is trusted. */
const SETTLED = 8;

/** More than any level. */
const ENOUGH_TO_DO = 1e15;

/**
 * Creates the balancer `p2c-ewma`: of two members, the one with the smaller product of expected
 * latency and requests in flight, per weight.
 *
 * A new endpoint is tried before all others. Until it has responded eight times it gets at most one
 * concurrent request more than it has responded to, because one fast first response must not send
 * all traffic to it. One that was tried without an outcome counts as slow as the time since then: one
 * that only responds with 429, or never, is not new for ever.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function p2cEwma(random: () => number): PowerOfTwo {
  return new PowerOfTwo("p2c-ewma", expectedWait, random);
}

/** The logarithm of the expected wait. All of them fall at the same rate: see {@linkcode PeakEwma}. */
function expectedWait({ latency, pendingCount, endpoint }: Member): number {
  if (latency.samples < SETTLED && pendingCount > latency.samples) {
    return ENOUGH_TO_DO + pendingCount;
  }
  if (latency.level === -Infinity) return UNTRIED;
  return latency.level + Math.log((pendingCount + 1) / (endpoint.weight || 1));
}
