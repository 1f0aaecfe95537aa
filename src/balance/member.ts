/**
 * One endpoint of a pool and what was learned about it.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Candidate } from "./balancer.ts";

/** A {@linkcode Candidate} as its pool sees it: everything about one instance that outlives a refresh. */
export class Member implements Candidate {
  /** The endpoint as the registry describes it now. */
  endpoint: Endpoint;
  /** Leases that are out. */
  pending = 0;
  /** Whether the registry still lists it. One that left stays until its last lease is back. */
  listed = true;

  /**
   * Makes a member without history.
   *
   * @param endpoint The endpoint.
   */
  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** Expected latency; see {@linkcode Candidate.latencyMs}. */
  latencyMs(_now: number): number | undefined {
    return undefined;
  }
}
