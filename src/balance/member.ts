/**
 * One endpoint of a pool and what was learned about it.
 *
 * @module
 */
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import type { Candidate } from "./candidate.ts";
import { OutlierRecord } from "./outlier_record.ts";
import { PeakEwma } from "./peak_ewma.ts";

/** What has to know when the load of a member changes. */
interface LoadListener {
  touch(member: Member): void;
}

/** Part of the weight of former outcomes that each new one takes. */
const SHARE_OF_ONE = 1 / 16;

/** How often success shares rise, in milliseconds. */
export const RECOVERY_MS = 1_000;

/** Part of the failures that is forgiven then: after 10 s 1/e of them are left. */
const FORGIVEN = 1 - Math.exp(-RECOVERY_MS / 10_000);

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
  /** Moving average of the share of its requests that succeeded; 1 at first, and again with time. */
  successShare = 1;
  /** Filtered lists in use that it is part of. */
  lists: LoadListener[] | undefined = undefined;
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

  /**
   * Counts an outcome for `successShare`.
   *
   * @param success Whether it was one.
   */
  count(success: boolean): void {
    this.successShare += ((success ? 1 : 0) - this.successShare) * SHARE_OF_ONE;
  }

  /** Called after each {@linkcode RECOVERY_MS} while `successShare` is below 1. */
  recover(): void {
    this.successShare += (1 - this.successShare) * FORGIVEN;
    if (this.successShare > 0.99) this.successShare = 1;
  }

  /** Expected latency; see {@linkcode Candidate.latencyMs}. */
  latencyMs(now: number): number | undefined {
    return this.latency.valueAt(now);
  }
}

/**
 * Ids of the registrations that an endpoint stands for.
 *
 * @param endpoint The endpoint.
 */
export function idsOf({ id, ids }: Endpoint): readonly string[] {
  return ids ?? [id];
}

/**
 * Key of a member in its pool. An instance at another address is another process, and starts without
 * history.
 *
 * @param endpoint Its endpoint.
 */
export function memberKey(endpoint: Endpoint): string {
  return `${endpointIdentity(endpoint)}\u0000${endpoint.host}`;
}
