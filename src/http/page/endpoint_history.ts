/**
 * How many endpoints each service had over the last half hour.
 *
 * @module
 */
import type { EventLog } from "../events/event_log.ts";
import type { LookupClient } from "../lookup_client.ts";

/** The number of endpoints from a point in time on. */
export interface CountSince {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Number of endpoints. */
  readonly count: number;
}

/** Length of a history in milliseconds. */
export const HISTORY_MS: number = 30 * 60_000;
const MAX_COUNTS = 200;

/** Endpoint counts of every service. */
export class EndpointHistory {
  readonly #counts = new Map<string, CountSince[]>();
  readonly #now: () => number;

  /**
   * Records from now on.
   *
   * @param piloted The client.
   * @param events Its events.
   * @param now Returns the time in milliseconds since the Unix epoch.
   */
  constructor(piloted: LookupClient, events: EventLog, now: () => number) {
    this.#now = now;
    for (const { service, endpointCount } of piloted.status().services) {
      this.#counts.set(service, [{ at: now(), count: endpointCount }]);
    }
    events.subscribe(({ type, service, at, data }) => {
      if (type !== "change" || service === undefined) return;
      this.#add(service, at, Number(data.endpointCount));
    });
  }

  /**
   * The counts of a service, oldest first.
   *
   * @param service Name of the service.
   * @param current Its number of endpoints now.
   * @returns At least one count.
   */
  counts(service: string, current: number): readonly CountSince[] {
    return this.#counts.get(service) ?? [{ at: this.#now(), count: current }];
  }

  #add(service: string, at: number, count: number): void {
    let counts = this.#counts.get(service);
    if (counts === undefined) this.#counts.set(service, counts = []);
    counts.push({ at, count });
    // The last count before the half hour stays: it is the value at its start.
    while (counts.length > MAX_COUNTS || (counts[1]?.at ?? at) < at - HISTORY_MS) counts.shift();
  }
}
