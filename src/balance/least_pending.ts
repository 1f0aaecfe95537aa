/**
 * Fewest requests in flight.
 *
 * @module
 */
import type { Member } from "./member.ts";
import { PowerOfTwo } from "./power_of_two.ts";

/** Endpoints with fewer failures than a quarter are equal. */
const ENOUGH_SUCCESS = 0.75;
const LEAST_SHARE = 0.02;

/**
 * Creates the balancer `least-pending`: of two members, the one with fewer requests in flight per
 * weight.
 *
 * An endpoint that answers everything with an error at once never has requests in flight, and would get
 * nearly all of them. Where a quarter or more of the recent requests did not succeed, one request more
 * counts than there is, divided by the share of those that did.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function leastPending(random: () => number): PowerOfTwo {
  return new PowerOfTwo("least-pending", pendingPerWeight, random);
}

function pendingPerWeight({ pendingCount, successShare, endpoint }: Member): number {
  const pending = successShare >= ENOUGH_SUCCESS
    ? pendingCount
    : (pendingCount + 1) / Math.max(LEAST_SHARE, successShare);
  return pending / (endpoint.weight || 1);
}
