/**
 * Least expected latency.
 *
 * @module
 */
import type { Member } from "./member.ts";
import { PowerOfTwo, UNTRIED } from "./power_of_two.ts";

/** After so many answers an endpoint's average is trusted. */
const SETTLED = 8;

/** More than any level. */
const ENOUGH_TO_DO = 1e15;

/**
 * Makes the balancer `p2c_ewma`: of two, the one with the smaller product of expected latency and
 * requests under way, per weight.
 *
 * A new endpoint is tried before all others, and gets at most one request more at a time than it has
 * answered, until it has answered eight: one lucky first answer must not send the crowd to it.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function p2cEwma(random: () => number): PowerOfTwo {
  return new PowerOfTwo("p2c_ewma", expectedWait, random);
}

/** The logarithm of the expected wait, of which all fall at the same pace: see {@linkcode PeakEwma}. */
function expectedWait({ latency, pending, endpoint }: Member): number {
  if (latency.samples < SETTLED && pending > latency.samples) return ENOUGH_TO_DO + pending;
  if (latency.samples === 0) return UNTRIED;
  return latency.level + Math.log((pending + 1) / (endpoint.weight || 1));
}
