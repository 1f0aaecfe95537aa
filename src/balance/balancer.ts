/**
 * The contract of everything that picks one endpoint out of a list.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Member } from "./member.ts";

/**
 * One endpoint and what this process has learned about it. The same object stays with the same
 * instance for as long as the registry lists it, however often the list is refreshed.
 */
export interface Candidate {
  /** The endpoint as the registry describes it now. */
  readonly endpoint: Endpoint;
  /** Leases that are out: requests under way. */
  readonly pending: number;
  /**
   * Tells the expected latency, which rises with a peak at once and falls slowly.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Milliseconds, `undefined` while nothing was measured yet.
   */
  latencyMs(now: number): number | undefined;
}

/** What one pick asks for. */
export interface PickOptions {
  /** Equal keys go to the same endpoint with the balancer `hash`; the others ignore it. */
  key?: string;
  /** Endpoints that this pick must not give, such as those that were already tried. */
  exclude?: (endpoint: Endpoint) => boolean;
}

/** Picks one member of the current list. One instance serves one service. */
export interface Balancer {
  /** Name of the algorithm, such as `"round_robin"`. */
  readonly name: string;
  /**
   * Takes the current list. What is remembered of members that stay is kept.
   *
   * @param eligible Those that may be picked, in a stable order.
   */
  update(eligible: readonly Member[]): void;
  /**
   * Takes note of a member whose requests under way or latency changed.
   *
   * @param member Any member, in the list or not.
   */
  touch?(member: Member): void;
  /**
   * Picks the next one. A pick without options allocates nothing.
   *
   * @param options What this pick asks for.
   * @returns The member, or `undefined` when there is none or all are excluded.
   */
  pick(options?: PickOptions): Member | undefined;
}

/**
 * A balancer of the user's own: picks one of the candidates, which are never empty and never
 * contain an excluded one.
 */
export type BalanceFunction = (
  candidates: readonly Candidate[],
  options: PickOptions,
) => Candidate | undefined;
