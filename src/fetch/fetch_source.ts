/**
 * What the balanced fetch needs to know of the world.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease } from "../balance/lease.ts";

/** Gives endpoints: a `Piloted`, or whatever behaves like one. */
export interface FetchSource {
  /** Whether a service of that name is watched. */
  has(name: string): boolean;
  /**
   * Gives an endpoint for the time of one request.
   *
   * @throws {PilotedError} `NO_ENDPOINTS` when there is none, or all are excluded.
   */
  acquire(name: string, options?: PickOptions): Lease;
  /**
   * Waits until a service has an endpoint, or until the time is up.
   *
   * @returns Whether there is one.
   * @throws The signal's own reason when it aborts.
   */
  waitForEndpoints(
    name: string,
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<boolean>;
}
