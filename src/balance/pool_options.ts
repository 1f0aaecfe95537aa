/**
 * Options of a pool.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { ListSettings } from "./balanced_list.ts";
import type { BalanceFunction } from "./balancer.ts";
import { type BalancerName, createBalancer } from "./create_balancer.ts";
import type { OutlierOptions } from "./outlier_options.ts";
import type { PoolEvent } from "./pool_event.ts";
import type { TrafficSplit } from "./split.ts";
import type { SubsetOptions } from "./subset.ts";
import { ZonePreference } from "./zone_preference.ts";

/** Options of an {@linkcode EndpointPool}. */
export interface EndpointPoolOptions {
  /**
   * The algorithm, for both `pick()` and `acquire()`.
   *
   * @default {"round-robin" for pick(), "p2c-ewma" for acquire()}
   */
  balancer?: BalancerName | BalanceFunction | undefined;
  /** When endpoints are ejected for their failures; `false` for never. @default {{}} */
  outliers?: OutlierOptions | false | undefined;
  /** Where a rotation starts. @default {"first"} */
  rotationStart?: "first" | "random" | undefined;
  /** Zone whose endpoints are preferred. @default {undefined} */
  zone?: string | undefined;
  /** Shares of the picks by value of a key of the metadata. @default {none} */
  split?: TrafficSplit | undefined;
  /** Uses only a part of the endpoints. @default {all} */
  subset?: SubsetOptions | undefined;
  /** Whether ejected endpoints are probed from outside, and not by leases. @default {false} */
  isProbed?: boolean | undefined;
  /** Called with ejections, readmissions and panic. What it throws is ignored. @default {undefined} */
  onEvent?: ((event: PoolEvent) => void) | undefined;
  /** Source of the time. @default {the system clock} */
  clock?: Clock | undefined;
  /** Random numbers in [0, 1). @default {Math.random} */
  random?: (() => number) | undefined;
}

/**
 * What the lists of a pool have in common.
 *
 * @param options Options of the pool.
 * @param panicPercent Ejections are ignored while less than this percentage is usable.
 * @throws {TypeError} when the balancer is unknown, as soon as a list is created.
 */
export function listSettings(
  { balancer, zone, random = Math.random, rotationStart }: EndpointPoolOptions,
  panicPercent: number,
): ListSettings {
  const start = rotationStart === "random" ? random : undefined;
  const create = (choice: BalancerName | BalanceFunction) => () =>
    zone === undefined
      ? createBalancer(choice, random, start)
      : new ZonePreference(zone, () => createBalancer(choice, random, start), random);
  return {
    createPicker: create(balancer ?? "round-robin"),
    createLeaser: balancer === undefined ? create("p2c-ewma") : undefined,
    panicPercent,
  };
}
