/**
 * The contract of everything that picks one endpoint out of a list.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

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
   * Tells the expected latency: the peak-sensitive moving average of what was measured.
   *
   * @param now Milliseconds since the epoch; the average falls while nothing is measured.
   * @returns Milliseconds, `undefined` while nothing was measured yet.
   */
  latencyMs(now: number): number | undefined;
}

/** What one pick asks for. */
export interface PickOptions {
  /** Equal keys go to the same endpoint, with the balancer `hash`; others ignore it. */
  key?: string;
  /** Endpoints that this pick must not give, such as those that were already tried. */
  exclude?: (endpoint: Endpoint) => boolean;
}

/** Picks one endpoint of the current list. One instance serves one service. */
export interface Balancer {
  /** Name of the algorithm, such as `"round_robin"`. */
  readonly name: string;
  /**
   * Takes the current list. What a balancer remembers of candidates that stay, it keeps.
   *
   * @param eligible Those that may be picked, in a stable order.
   * @param all Those and the ones that may not be picked at present. @default {eligible}
   */
  update(eligible: readonly Candidate[], all?: readonly Candidate[]): void;
  /**
   * Picks the next one. A pick without options allocates nothing.
   *
   * @param options What this pick asks for.
   * @param now Milliseconds since the epoch, from a caller that has just read the clock.
   * @returns The candidate, or `undefined` when there is none or all are excluded.
   */
  pick(options?: PickOptions, now?: number): Candidate | undefined;
}

/**
 * A balancer of the user's own: picks one of the candidates, which are never empty and never
 * contain an excluded one.
 */
export type BalanceFunction = (
  candidates: readonly Candidate[],
  options: PickOptions,
) => Candidate | undefined;
