/**
 * One endpoint of a pool and what was learned about it.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Candidate } from "./balancer.ts";
import { OutlierRecord } from "./outlier_record.ts";
import { PeakEwma } from "./peak_ewma.ts";

/** A {@linkcode Candidate} as its pool sees it: everything about one instance that outlives a refresh. */
export class Member implements Candidate {
  /** The endpoint as the registry describes it now. */
  endpoint: Endpoint;
  /** Leases that are out. */
  pending = 0;
  /** Whether the registry still lists it. One that left stays until its last lease is back. */
  listed = true;
  /** Whether a balancer that goes by latency has picked it before anything was measured. */
  probed = false;
  /** What its requests took. */
  readonly latency: PeakEwma = new PeakEwma();
  /** How its requests ended. */
  readonly outlier: OutlierRecord = new OutlierRecord();

  /**
   * Makes a member without history.
   *
   * @param endpoint The endpoint.
   */
  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** Expected latency; see {@linkcode Candidate.latencyMs}. */
  latencyMs(now: number): number | undefined {
    return this.latency.valueAt(now);
  }
}
