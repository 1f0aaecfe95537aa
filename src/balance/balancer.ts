/**
 * The contract of everything that picks one endpoint out of a list.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

/** Picks one endpoint of the current list. One instance serves one service. */
export interface Balancer {
  /** Name of the algorithm, such as `"round_robin"`. */
  readonly name: string;
  /**
   * Takes the current list. State of endpoints that stay is kept, by identity.
   *
   * @param endpoints Healthy endpoints, frozen, in a stable order.
   */
  update(endpoints: readonly Endpoint[]): void;
  /** The next endpoint, or `undefined` when the list is empty. Allocates nothing. */
  pick(): Endpoint | undefined;
}
