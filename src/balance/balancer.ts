/**
 * The contract of everything that picks one endpoint from a list.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { EndpointFilter } from "../endpoint_filter.ts";
import type { Candidate } from "./candidate.ts";
import type { Member } from "./member.ts";
import type { TrafficSplit } from "./split.ts";

/** Options of one pick: which endpoints may be picked, and what it depends on. */
export interface PickOptions extends EndpointFilter {
  /**
   * With the balancers `hash` and `bounded-hash`, equal keys go to the same endpoint; with a `split`, to
   * the same value. All else ignores it.
   */
  key?: string | undefined;
  /** Returns `true` for endpoints that this pick must not return, such as those tried already. */
  exclude?: ((endpoint: Endpoint) => boolean) | undefined;
  /**
   * Shares of the picks by value of one key of the metadata, as in `{ version: { stable: 95, canary: 5 } }`.
   * The share of a value without usable endpoints goes to the others; endpoints with other values get
   * none. @default {the client's option `split`}
   */
  split?: TrafficSplit | undefined;
}

/** Picks one member of the current list. One instance serves one service. */
export interface Balancer {
  /** Name of the algorithm, such as `"round-robin"`. */
  readonly name: string;
  /** Fraction of the picks that stay in the own zone, 0 to 1, for a balancer that prefers one. */
  readonly localShare?: number | undefined;
  /** Until when a request should hold its lease, for a balancer that counts leases. @default {"headers"} */
  readonly leaseUntil?: "headers" | "body" | undefined;
  /**
   * Receives every instance that the registry lists, whatever its health, before `update()`. Only
   * balancers that need to know how many are lost have this method.
   *
   * @param instances All instances.
   */
  know?(instances: readonly Endpoint[]): void;
  /**
   * Replaces the list. What was learned about members that stay is kept.
   *
   * @param eligible Members that may be picked, in a stable order.
   */
  update(eligible: readonly Member[]): void;
  /**
   * Called when the requests in flight or the latency of a member have changed.
   *
   * @param member Any member, in the list or not.
   */
  touch?(member: Member): void;
  /**
   * Picks the next member. A pick without options allocates nothing and takes a time that does not
   * grow with the list.
   *
   * @param options Options of this pick.
   * @returns The member, or `undefined` when the list is empty or all are excluded.
   */
  pick(options?: PickOptions): Member | undefined;
}

/**
 * A balancer of your own: returns one of the candidates. The list is never empty and contains no
 * excluded candidate.
 */
export type BalanceFunction = (
  candidates: readonly Candidate[],
  options: PickOptions,
) => Candidate | undefined;
