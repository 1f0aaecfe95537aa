/**
 * Least expected latency.
 *
 * @module
 */
import { hasFewerPending } from "./least_pending.ts";
import type { Member } from "./member.ts";
import { PowerOfTwo } from "./power_of_two.ts";

/**
 * Makes the balancer `p2c_ewma`: of two, the one with the smaller product of expected latency and
 * requests under way, per weight. One without history gets a single request before all others, and
 * no second one until the first has told something.
 *
 * @param random Random numbers in [0, 1).
 * @returns The balancer.
 */
export function p2cEwma(random: () => number): PowerOfTwo {
  return new PowerOfTwo("p2c_ewma", isExpectedFaster, random);
}

function isExpectedFaster(a: Member, b: Member): boolean {
  // Both averages fall at the same pace, so their ratio is that of their levels at any time.
  const ratio = Math.exp(a.latency.level - b.latency.level);
  if (Number.isNaN(ratio)) return isMorePromising(a, b);
  return ratio * (a.pending + 1) * (b.endpoint.weight || 1) <
    (b.pending + 1) * (a.endpoint.weight || 1);
}

// At least one has no history.
function isMorePromising(a: Member, b: Member): boolean {
  const difference = rank(a) - rank(b);
  return difference === 0 ? hasFewerPending(a, b) : difference < 0;
}

// Untried ones come first, those whose first request is still under way last.
function rank(member: Member): number {
  if (!Number.isNaN(member.latency.level)) return 1;
  if (!member.probed) return 0;
  return member.pending > 0 ? 2 : 1;
}
