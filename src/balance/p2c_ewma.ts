/**
 * Least expected latency.
 *
 * @module
 */
import { hasFewerPending } from "./least_pending.ts";
import type { Member } from "./member.ts";
import { PowerOfTwo } from "./power_of_two.ts";

/** After so many answers an endpoint's average is trusted. */
const SETTLED = 8;

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
  return new PowerOfTwo("p2c_ewma", isExpectedFaster, random);
}

function isExpectedFaster(a: Member, b: Member): boolean {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference < 0;
  // Both averages fall at the same pace, so their ratio is that of their levels at any time.
  const ratio = Math.exp(a.latency.level - b.latency.level);
  if (Number.isNaN(ratio)) return hasFewerPending(a, b);
  return ratio * (a.pending + 1) * (b.endpoint.weight || 1) <
    (b.pending + 1) * (a.endpoint.weight || 1);
}

// Untried ones come first, those that have enough to do for a beginner last.
function rank(member: Member): number {
  const { samples } = member.latency;
  if (samples >= SETTLED) return 1;
  if (!member.probed) return 0;
  return member.pending > samples ? 2 : 1;
}
