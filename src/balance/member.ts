/**
 * One endpoint of a pool and what was learned about it.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Candidate } from "./candidate.ts";
import { OutlierRecord } from "./outlier_record.ts";
import { PeakEwma } from "./peak_ewma.ts";

/** A {@linkcode Candidate} as its pool sees it: everything about one instance that outlives a refresh. */
export class Member implements Candidate {
  #endpoint: Endpoint;
  #resolved: Promise<Endpoint> | undefined;
  /** Leases that are not released yet. */
  pendingCount = 0;
  /** When the oldest attempt since the last outcome started, in milliseconds since the epoch; 0 for none. */
  waitingSince = 0;
  /** Whether the registry still lists it. One that was removed stays until its last lease is released. */
  listed = true;
  /** Moving average of its latencies. */
  readonly latency: PeakEwma = new PeakEwma();
  /** How its requests ended. */
  readonly outlier: OutlierRecord = new OutlierRecord();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** The endpoint as the registry describes it now. */
  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  set endpoint(endpoint: Endpoint) {
    if (endpoint === this.#endpoint) return;
    this.#endpoint = endpoint;
    this.#resolved = undefined;
  }

  /** The endpoint as a promise, always the same object, so that awaiting it allocates nothing. */
  get resolved(): Promise<Endpoint> {
    return this.#resolved ??= Promise.resolve(this.#endpoint);
  }

  /** Expected latency; see {@linkcode Candidate.latencyMs}. */
  latencyMs(now: number): number | undefined {
    return this.latency.valueAt(now);
  }
}
