/**
 * Balancers by name.
 *
 * @module
 */
import { closest } from "../check_options.ts";
import type { BalanceFunction, Balancer } from "./balancer.ts";
import { BoundedRendezvous } from "./bounded_rendezvous.ts";
import { Custom } from "./custom.ts";
import { leastPending } from "./least_pending.ts";
import { p2cEwma } from "./p2c_ewma.ts";
import { Random } from "./random.ts";
import { Rendezvous } from "./rendezvous.ts";
import { RoundRobin } from "./round_robin.ts";
import { WeightedRoundRobin } from "./weighted_round_robin.ts";

/**
 * The balancers:
 *
 * | name | picks |
 * |---|---|
 * | `round-robin` | one after the other |
 * | `weighted-round-robin` | one after the other, by the registry's weights, without bursts |
 * | `random` | at random, by weight |
 * | `least-pending` | of two, the one with fewer requests in flight |
 * | `p2c-ewma` | of two, the one with the smaller product of latency and requests in flight |
 * | `hash` | the same endpoint for the same key |
 * | `bounded-hash` | the same endpoint for the same key, unless it has more than 1.25 times its share |
 */
export type BalancerName =
  | "round-robin"
  | "weighted-round-robin"
  | "random"
  | "least-pending"
  | "p2c-ewma"
  | "hash"
  | "bounded-hash";

type Factory = (random: () => number, start?: () => number) => Balancer;

const FACTORIES: Readonly<Record<BalancerName, Factory>> = {
  "round-robin": (_random, start) => new RoundRobin(start),
  "weighted-round-robin": (_random, start) => new WeightedRoundRobin(start),
  random: (random) => new Random(random),
  "least-pending": leastPending,
  "p2c-ewma": p2cEwma,
  hash: (random) => new Rendezvous(random),
  "bounded-hash": (random) => new BoundedRendezvous(random),
};

/** Names of the balancers. */
export const BALANCER_NAMES: readonly BalancerName[] = Object.freeze(
  Object.keys(FACTORIES) as BalancerName[],
);

/**
 * Creates a balancer for one service.
 *
 * @param choice Name of an algorithm, or a function of your own.
 * @param random Random numbers in [0, 1).
 * @param start Where a rotation starts, as a number in [0, 1). @default {at the first endpoint}
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
  start?: () => number,
): Balancer {
  if (typeof choice === "function") return new Custom(choice);
  if (Object.hasOwn(FACTORIES, choice)) return FACTORIES[choice](random, start);
  const best = typeof choice === "string" ? closest(choice, BALANCER_NAMES) : undefined;
  throw new TypeError(
    `Cannot create a balancer: it must be a function or one of ${BALANCER_NAMES.join(", ")}, ` +
      `received ${JSON.stringify(choice)}${best === undefined ? "" : `. Did you mean ${best}?`}`,
  );
}
