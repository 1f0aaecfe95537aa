/**
 * What a balancer knows of one endpoint.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

/**
 * One endpoint and what this process has learned about it. The same object belongs to the same
 * instance for as long as the registry lists it, however often the list is refreshed.
 */
export interface Candidate {
  /** The endpoint as the registry describes it now. */
  readonly endpoint: Endpoint;
  /** Leases that are not released yet: requests in flight. */
  readonly pendingCount: number;
  /**
   * The expected latency, which rises at once with a slow response and falls slowly.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Milliseconds, `undefined` until a request was measured.
   */
  latencyMs(now: number): number | undefined;
}
