/**
 * What a pool knows of its endpoints.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

/** One endpoint as its pool sees it. */
export interface EndpointLoad {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** Leases that are out. */
  readonly pending: number;
  /** Expected latency in milliseconds, `undefined` while nothing was measured yet. */
  readonly latencyMs: number | undefined;
  /** Failures since the last success. */
  readonly failuresInARow: number;
  /** How often it was ejected, less what it has earned back. */
  readonly ejections: number;
  /** When its probe is due, in milliseconds since the Unix epoch; `undefined` while it is not ejected. */
  readonly ejectedUntil: number | undefined;
  /** Whether it has left the registry's list and only finishes what is under way. */
  readonly draining: boolean;
}

/** What a pool knows. */
export interface PoolStatus {
  /** Algorithm of `pick()`. */
  readonly picker: string;
  /** Algorithm of `acquire()`. */
  readonly leaser: string;
  /** Leases that are out, also those of endpoints that have left. */
  readonly pending: number;
  /** How many endpoints are ejected. */
  readonly ejected: number;
  /** Whether so few are usable that ejections are ignored. */
  readonly panic: boolean;
  /** Part of the picks that stay in the own zone, 0 to 1; `undefined` without a preference. */
  readonly localShare: number | undefined;
  /** Every endpoint that is listed or still in use. */
  readonly endpoints: readonly EndpointLoad[];
}
