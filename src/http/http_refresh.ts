/**
 * Refreshes by request: joined, and not more often than the registry can take.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { sleep } from "../wait.ts";
import type { LookupClient } from "./lookup_client.ts";

// A script that refreshes in a loop reads every service once per second at most.
const MIN_INTERVAL_MS = 1_000;

/** Refreshes of one client. */
export class HttpRefresh {
  readonly #piloted: LookupClient;
  readonly #clock: Clock;
  readonly #stop: AbortSignal | undefined;
  #startedAt = -Infinity;
  #next: Promise<void> | undefined;

  /**
   * Starts without a refresh.
   *
   * @param piloted The client.
   * @param clock Clock of the interval between two refreshes.
   * @param stop Ends the wait for the next refresh.
   */
  constructor(piloted: LookupClient, clock: Clock, stop: AbortSignal | undefined) {
    this.#piloted = piloted;
    this.#clock = clock;
    this.#stop = stop;
  }

  /**
   * Reads every service again: at once, or a second after the last time. Requests that wait for that
   * share one refresh.
   *
   * @throws {PilotedError} as `refresh()` of the client.
   */
  request(): Promise<void> {
    return this.#next ??= this.#run();
  }

  async #run(): Promise<void> {
    // Not before the caller has kept this promise.
    await undefined;
    const waitMs = this.#startedAt + MIN_INTERVAL_MS - this.#clock.now();
    try {
      if (waitMs > 0) await sleep(this.#clock, waitMs, { signal: this.#stop, background: true });
    } finally {
      // Requests from here on need a refresh that starts after them.
      this.#next = undefined;
    }
    this.#startedAt = this.#clock.now();
    await this.#piloted.refresh();
  }
}
