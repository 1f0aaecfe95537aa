/**
 * Fewest requests under way.
 *
 * @module
 */
import type { Member } from "./member.ts";
import { PowerOfTwo } from "./power_of_two.ts";

/**
 * Makes the balancer `least_pending`: of two, the one with fewer requests under way per weight.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function leastPending(random: () => number): PowerOfTwo {
  return new PowerOfTwo("least_pending", hasFewerPending, random);
}

/**
 * Compares requests under way, divided by weight.
 *
 * @param a One.
 * @param b The other.
 * @returns `true` when `a` has strictly fewer.
 */
export function hasFewerPending(a: Member, b: Member): boolean {
  return a.pending * (b.endpoint.weight || 1) < b.pending * (a.endpoint.weight || 1);
}
