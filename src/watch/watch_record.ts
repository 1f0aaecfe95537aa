/**
 * What one watch knows.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import type { PilotedError } from "../errors.ts";
import { type Change, diffEndpoints } from "../snapshot.ts";
import type { Freshness, Query, Reading } from "../source/source.ts";
import { isUsable, type ResolvedOptions } from "../client/options.ts";
import type { WatchStateName, WatchStatus } from "./status.ts";

/** Who wants to hear of one watch. */
export interface WatchObserver {
  /** The content of the list changed. */
  changed(change: Change): void;
  /** The registry's answer was believed, whether it changed the list or not. */
  believed(): void;
  /** The state changed. */
  stateChanged(status: WatchStatus): void;
  /** Something failed and was dealt with. */
  failed(error: PilotedError): void;
}

/** A list of a former run. */
export interface Restored {
  /** Endpoints as they were. */
  readonly endpoints: readonly Endpoint[];
  /** When the registry had confirmed them, in milliseconds since the Unix epoch. */
  readonly confirmedAt: number;
}

const NONE: readonly Endpoint[] = Object.freeze([]);

/** The list of one watch, how it stands, and whoever is to be told. */
export class WatchRecord {
  /** What is asked. */
  readonly query: Query;
  /** What may be handed out, in a stable order. */
  endpoints: readonly Endpoint[] = NONE;
  /** How many instances the registry listed, in whatever health. */
  listed = 0;
  /** Those instances, where zones need them; else only those that may be handed out. */
  known: readonly Endpoint[] = NONE;
  /** The registry's index of the list; `"0"` while there is none. */
  index = "0";
  /** Whether the registry has answered at least once. */
  answered = false;
  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  confirmedAt: number | undefined;
  /** When the content last changed, in milliseconds since the Unix epoch. */
  changedAt: number | undefined;
  /** Since when every question has failed, in milliseconds since the Unix epoch. */
  failingSince: number | undefined;
  /** Failures in a row. */
  failures = 0;
  /** The last failure since the last success. */
  error: PilotedError | undefined;
  /** When the registry is asked again, while backing off. */
  nextAttemptAt: number | undefined;

  readonly #clock: Clock;
  readonly #options: ResolvedOptions;
  readonly #observer: WatchObserver;
  #state: WatchStateName = "pending";
  #freshness: Freshness = {};
  #statuses: WatchStatus["instanceCounts"] = { listed: 0, passing: 0, warning: 0, critical: 0, maintenance: 0, skipped: 0 };
  #skipped = new Set<string>();

  /** Makes an empty record. */
  constructor(query: Query, options: ResolvedOptions, observer: WatchObserver) {
    this.query = query;
    this.#options = options;
    this.#clock = options.clock;
    this.#observer = observer;
  }

  /** The registry answered, whether its list is believed or not. */
  succeed(reading: Reading): void {
    this.answered = true;
    this.failures = 0;
    this.error = undefined;
    this.failingSince = undefined;
    this.nextAttemptAt = undefined;
    this.#freshness = reading.freshness;
  }

  /**
   * Takes over a list that is believed.
   *
   * @param reading The registry's answer.
   * @returns Whether the content changed.
   */
  believe(reading: Reading): boolean {
    this.confirmedAt = this.#clock.now();
    this.#count(reading.endpoints);
    const change = diffEndpoints(
      this.query.service,
      this.endpoints,
      this.#usable(reading.endpoints),
    );
    if (change !== undefined) this.#apply(change, this.confirmedAt);
    this.enter("live");
    if (change !== undefined) this.#observer.changed(change);
    this.#observer.believed();
    this.#reportSkipped(reading);
    return change !== undefined;
  }

  /** Takes over the list of a former run: the registry did not answer. */
  restore(restored: Restored): void {
    this.confirmedAt = restored.confirmedAt;
    this.#count(restored.endpoints);
    const change = diffEndpoints(
      this.query.service,
      this.endpoints,
      this.#usable(restored.endpoints),
    );
    if (change !== undefined) this.#apply(change, restored.confirmedAt);
    this.enter("restored");
    if (change !== undefined) this.#observer.changed(change);
  }

  /** A question failed; the list stays. */
  fail(error: PilotedError): void {
    this.failures++;
    this.error = error;
    this.failingSince ??= this.#clock.now();
    if (this.#state !== "restored") {
      const failed = this.answered ? "stale" : "pending";
      this.enter(error.code === "REGISTRY_DENIED" ? "denied" : failed);
    }
    this.#observer.failed(error);
  }

  /** Goes to another state, and tells of it when it is another. */
  enter(state: WatchStateName): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#observer.stateChanged(this.status());
  }

  /** What is known, how fresh it is, and why it is not fresher. */
  status(): WatchStatus {
    const { service, tag, datacenter } = this.query;
    return {
      service,
      tag,
      datacenter,
      state: this.#state,
      endpointCount: this.endpoints.length,
      instanceCounts: this.#statuses,
      skippedReasons: [],
      position: this.index === "0" ? undefined : this.index,
      confirmedAt: this.confirmedAt,
      ageMs: this.confirmedAt === undefined
        ? undefined
        : Math.max(0, this.#clock.now() - this.confirmedAt),
      changedAt: this.changedAt,
      reason: this.#reason(),
      error: this.error,
      failureCount: this.failures,
      nextAttemptAt: this.nextAttemptAt,
      freshness: this.#freshness,
    };
  }

  #count(endpoints: readonly Endpoint[]): void {
    const statuses = { listed: endpoints.length, passing: 0, warning: 0, critical: 0, maintenance: 0, skipped: 0 };
    for (const { status } of endpoints) statuses[status]++;
    this.listed = endpoints.length;
    // Kept only where it is of use: it is the list a second time.
    if (this.#options.zone !== undefined) this.known = endpoints;
    this.#statuses = Object.freeze(statuses);
  }

  #apply(change: Change, at: number): void {
    this.endpoints = change.endpoints;
    this.changedAt = at;
  }

  #usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const usable = (endpoint: Endpoint) => isUsable(endpoint.status, this.#options.health);
    return endpoints.every(usable) ? endpoints : endpoints.filter(usable);
  }

  /** Tells of an entry once, not with every answer that still has it. */
  #reportSkipped(reading: Reading): void {
    if (reading.skipped.length === 0 && this.#skipped.size === 0) return;
    const before = this.#skipped;
    this.#skipped = new Set(reading.skipped.map((error) => error.message));
    for (const error of reading.skipped) {
      if (!before.has(error.message)) this.#observer.failed(error);
    }
  }

  #reason(): string | undefined {
    switch (this.#state) {
      case "live":
        return undefined;
      case "unconfirmed":
        return "the registry lists suddenly no or few instances; the last list stays until that is confirmed";
      case "closed":
        return "the client was closed";
      default:
        return this.error?.message ?? "the registry has not answered yet";
    }
  }
}
