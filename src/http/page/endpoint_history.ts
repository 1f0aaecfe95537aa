/**
 * How many endpoints a service had, and when.
 *
 * @module
 */
import type { EventLog } from "../events/event_log.ts";
import type { LookupClient } from "../lookup_client.ts";

/** From a moment on a service had so many endpoints. */
export interface Count {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** How many. */
  readonly count: number;
}

/** How far back a history goes, in milliseconds. */
export const HISTORY_MS: number = 30 * 60_000;
const MOST_COUNTS = 200;

/** LabelledCounter of every service in the last half hour. */
export class History {
  readonly #counts = new Map<string, Count[]>();
  readonly #now: () => number;

  /**
   * Follows a client from now on.
   *
   * @param piloted The client.
   * @param log What happens.
   * @param now Time.
   */
  constructor(piloted: LookupClient, log: EventLog, now: () => number) {
    this.#now = now;
    for (const { service, endpointCount } of piloted.status().services) {
      this.#counts.set(service, [{ at: now(), count: endpointCount }]);
    }
    log.subscribe(({ type, service, at, data }) => {
      if (type === "change" && service !== undefined) {
        this.#add(service, at, Number(data.endpointCount));
      }
    });
  }

  /**
   * The counts of a service, oldest first.
   *
   * @param service Name of the service.
   * @param current What it has now.
   * @returns At least one count.
   */
  counts(service: string, current: number): readonly Count[] {
    const counts = this.#counts.get(service);
    return counts === undefined ? [{ at: this.#now(), count: current }] : counts;
  }

  #add(service: string, at: number, count: number): void {
    let counts = this.#counts.get(service);
    if (counts === undefined) this.#counts.set(service, counts = []);
    counts.push({ at, count });
    // One from before the window stays: it says how many there were when the window begins.
    while (counts.length > MOST_COUNTS || (counts[1]?.at ?? at) < at - HISTORY_MS) counts.shift();
  }
}
