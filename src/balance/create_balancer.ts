/**
 * Balancers by name.
 *
 * @module
 */
import type { BalanceFunction, Balancer } from "./balancer.ts";
import { Custom } from "./custom.ts";
import { leastPending } from "./least_pending.ts";
import { p2cEwma } from "./p2c_ewma.ts";
import { Random } from "./random.ts";
import { Rendezvous } from "./rendezvous.ts";
import { RoundRobin } from "./round_robin.ts";
import { WeightedRoundRobin } from "./weighted_round_robin.ts";

/**
 * The balancers that are there:
 *
 * | name | picks |
 * |---|---|
 * | `round_robin` | one after the other |
 * | `weighted_round_robin` | one after the other, by the registry's weights, without bursts |
 * | `random` | by chance, by weight |
 * | `least_pending` | of two, the one with fewer requests under way |
 * | `p2c_ewma` | of two, the one with the smaller latency times requests under way |
 * | `hash` | the same endpoint for the same key |
 */
export type BalancerName =
  | "round_robin"
  | "weighted_round_robin"
  | "random"
  | "least_pending"
  | "p2c_ewma"
  | "hash";

const MAKERS: Readonly<Record<BalancerName, (random: () => number) => Balancer>> = {
  round_robin: () => new RoundRobin(),
  weighted_round_robin: () => new WeightedRoundRobin(),
  random: (random) => new Random(random),
  least_pending: leastPending,
  p2c_ewma: p2cEwma,
  hash: (random) => new Rendezvous(random),
};

/**
 * Makes a balancer for one service.
 *
 * @param choice Name of an algorithm, or a function of the user's own.
 * @param random Random numbers in [0, 1).
 * @returns The balancer, with an empty list.
 * @throws {TypeError} when the name is unknown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createBalancer } from "./create_balancer.ts";
 *
 * assertEquals(createBalancer("hash", Math.random).name, "hash");
 * assertEquals(createBalancer((candidates) => candidates[0], Math.random).name, "custom");
 * ```
 */
export function createBalancer(
  choice: BalancerName | BalanceFunction,
  random: () => number,
): Balancer {
  if (typeof choice === "function") return new Custom(choice);
  if (Object.hasOwn(MAKERS, choice)) return MAKERS[choice](random);
  throw new TypeError(
    `Cannot balance: balancer must be a function or one of ${Object.keys(MAKERS).join(", ")}, ` +
      `received ${JSON.stringify(choice)}`,
  );
}
