/**
 * Fewest requests in flight.
 *
 * @module
 */
import { PowerOfTwo } from "./power_of_two.ts";

/**
 * Creates the balancer `least-pending`: of two members, the one with fewer requests in flight per
 * weight.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function leastPending(random: () => number): PowerOfTwo {
  return new PowerOfTwo(
    "least-pending",
    (member) => member.pendingCount / (member.endpoint.weight || 1),
    random,
  );
}
