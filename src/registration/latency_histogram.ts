/**
 * How long heartbeats take.
 *
 * @module
 */
import type { HeartbeatLatency } from "../registration_status.ts";

/** Upper limits of the buckets, in milliseconds. */
const LIMITS: readonly number[] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** Counts durations in buckets. */
export class LatencyHistogram {
  readonly #counts = LIMITS.map(() => 0);
  #count = 0;
  #sumMs = 0;
  #lastMs: number | undefined;

  /**
   * Adds a duration.
   *
   * @param milliseconds The duration.
   */
  add(milliseconds: number): void {
    const place = LIMITS.findIndex((limit) => milliseconds <= limit);
    if (place >= 0) this.#counts[place]!++;
    this.#count++;
    this.#sumMs += milliseconds;
    this.#lastMs = milliseconds;
  }

  /** What was counted. */
  snapshot(): HeartbeatLatency {
    return {
      count: this.#count,
      sumMs: this.#sumMs,
      buckets: LIMITS.map((maxMs, place) => ({ maxMs, count: this.#counts[place]! })),
      lastMs: this.#lastMs,
    };
  }
}
