/**
 * The simulations of the balancers as rows of a table: what is measured, and what it must be.
 *
 * @module
 */
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { alwaysFailing } from "./always_failing.ts";
import { type FastFailure, fastFailures } from "./fast_failures.ts";
import { smooth, unevenWindows } from "./in_turn.ts";
import { keyDistribution } from "./key_distribution.ts";
import { linkerd2016 } from "./linkerd_2016.ts";
import { oneBusy } from "./one_busy.ts";
import { supermarket, supermarketClosedForm } from "./supermarket.ts";
import { towerDemo } from "./tower_demo.ts";

/** One figure. */
export interface Row {
  /** What was simulated. */
  readonly what: string;
  /** With which balancer. */
  readonly balancer: BalancerName;
  /** Unit of the figures. */
  readonly unit: string;
  /** How many digits after the point are worth printing. */
  readonly digits: number;
  /** Least that is right. */
  readonly least: number;
  /** Most that is right. */
  readonly most: number;
  /** Measures. */
  measure(seed: number): number | Promise<number>;
}

const tower = (balancer: BalancerName, least: number, most: number): Row => ({
  what: "tower's demo, p99.9",
  balancer,
  unit: "ms",
  digits: 1,
  least,
  most,
  measure: (seed) => towerDemo(balancer, seed).p999,
});

const linkerd = (balancer: BalancerName, least: number, most: number): Row => ({
  what: "Linkerd 2016, success",
  balancer,
  unit: "%",
  digits: 2,
  least,
  most,
  measure: (seed) => 100 * linkerd2016(balancer, seed).success,
});

const queues = (load: number, customers: number, percent: number): Row => ({
  what: `supermarket model, load ${load}, mean time (closed form ${
    supermarketClosedForm(load).toFixed(4)
  })`,
  balancer: "least-pending",
  unit: "service times",
  digits: 3,
  least: supermarketClosedForm(load) * (1 - percent / 100),
  most: supermarketClosedForm(load) * (1 + percent / 100),
  measure: (seed) =>
    supermarket({ load, customers, servers: 1_000, warmup: 0.15 * customers, seed }),
});

const FAST: Readonly<Record<FastFailure, string>> = {
  "500": "500 after 1 ms",
  "404": "404 after 1 ms",
  "429": "429 after 1 ms",
  page: "an error page with 200 after 1 ms, known to classify",
  hang: "nothing within the caller's 500 ms",
};

/** The part of the one that fails of three: at most its fair share at first, and little later. */
const failing = (balancer: BalancerName): Row[] =>
  (Object.keys(FAST) as FastFailure[]).flatMap((how) =>
    (["first", "later"] as const).map((when) => ({
      what: `one of 3 with ${FAST[how]}, its part ${
        when === "first" ? "in the first second" : "after ten seconds"
      }`,
      balancer,
      unit: "%",
      digits: 1,
      least: 0,
      most: when === "first" ? 100 / 3 : 5,
      measure: async (seed: number) => 100 * (await fastFailures(balancer, how, seed))[when],
    }))
  );

/** Every figure that issue 5 asks for and that is measured in virtual time. */
export const ROWS: readonly Row[] = [
  {
    what: "1 to 50 endpoints with refreshes that change nothing, uneven windows",
    balancer: "round-robin",
    unit: "",
    digits: 0,
    least: 0,
    most: 0,
    measure: unevenWindows,
  },
  {
    what: "weights 5:1:1, cycles of 1,000 that are not a a b a c a a",
    balancer: "weighted-round-robin",
    unit: "",
    digits: 0,
    least: 0,
    most: 0,
    measure: () => smooth().unevenCycles,
  },
  {
    what: "weights 5:1:1, deviation at any moment",
    balancer: "weighted-round-robin",
    unit: "picks",
    digits: 3,
    least: 0,
    most: 0.999,
    measure: () => smooth().deviation,
  },
  {
    what: "one of 3 busy, picks of the busy one",
    balancer: "least-pending",
    unit: "%",
    digits: 0,
    least: 0,
    most: 0,
    measure: (seed) => oneBusy([1, 1, 1], seed)[2]!,
  },
  {
    what: "one of 3 busy, picks of the idle one with weight 2 of 3",
    balancer: "least-pending",
    unit: "%",
    digits: 1,
    least: 65.7,
    most: 67.7,
    measure: (seed) => oneBusy([2, 1, 1], seed)[0]!,
  },
  tower("p2c-ewma", 0, 110),
  tower("least-pending", 780, 930),
  tower("round-robin", 970, 1_000),
  linkerd("p2c-ewma", 99.9, 100),
  linkerd("least-pending", 99.3, 100),
  linkerd("round-robin", 95.4, 95.5),
  queues(0.9, 400_000, 2),
  queues(0.99, 2_000_000, 4),
  {
    what: "50,000 keys over 10, fullest / mean",
    balancer: "hash",
    unit: "",
    digits: 3,
    least: 1,
    most: 1.07,
    measure: () => keyDistribution().peak,
  },
  {
    what: "50,000 keys over 10, one removed, unnecessary moves",
    balancer: "hash",
    unit: "",
    digits: 0,
    least: 0,
    most: 0,
    measure: () => keyDistribution().unnecessaryMoves,
  },
  {
    what: "a service that fails always, 1,000 requests/s for 60 s, attempts per request",
    balancer: "p2c-ewma",
    unit: "",
    digits: 4,
    // A fifth more, and three per second.
    least: 1.19,
    most: (1.2 * 60_000 + 3 * 60) / 60_000,
    measure: alwaysFailing,
  },
  ...failing("p2c-ewma"),
  ...failing("least-pending"),
];
