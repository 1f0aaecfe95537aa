/**
 * Fewest requests under way.
 *
 * @module
 */
import { PowerOfTwo } from "./power_of_two.ts";

/**
 * Makes the balancer `least_pending`: of two, the one with fewer requests under way per weight.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function leastPending(random: () => number): PowerOfTwo {
  return new PowerOfTwo(
    "least_pending",
    (member) => member.pending / (member.endpoint.weight || 1),
    random,
  );
}
