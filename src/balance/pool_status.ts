/**
 * State of a pool.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

/** What a pool knows about one endpoint. */
export interface EndpointLoad {
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** Leases that are not released yet. */
  readonly pendingCount: number;
  /** Expected latency in milliseconds, `undefined` until a request was measured. */
  readonly latencyMs: number | undefined;
  /** Failures since the last success. */
  readonly consecutiveFailureCount: number;
  /** How often it was ejected, less one for each interval without an ejection. */
  readonly ejectionCount: number;
  /** When its probe is due, in milliseconds since the Unix epoch; `undefined` unless it is ejected. */
  readonly ejectedUntil: number | undefined;
  /** Whether the registry no longer lists it and it only finishes its requests in flight. */
  readonly draining: boolean;
}

/** State of a pool. */
export interface PoolStatus {
  /** Algorithm of `pick()`. */
  readonly picker: string;
  /** Algorithm of `acquire()`. */
  readonly leaser: string;
  /** Leases that are not released yet, including those of endpoints that were removed. */
  readonly pendingCount: number;
  /** How many endpoints are ejected. */
  readonly ejectedCount: number;
  /** Whether so few endpoints are usable that ejections are ignored. */
  readonly panic: boolean;
  /** Fraction of the picks that stay in the own zone, 0 to 1; `undefined` without the option `zone`. */
  readonly localShare: number | undefined;
  /** Every endpoint that is listed or has requests in flight. */
  readonly endpoints: readonly EndpointLoad[];
}
