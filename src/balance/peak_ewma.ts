/**
 * A moving average of latencies that rises at once and falls slowly.
 *
 * @module
 */

/** Time in which the weight of an observation falls to 1/e: the default of tower and Finagle. */
const DECAY_MS = 10_000;

/** A failure counts as this latency, however fast it was: Linkerd's penalty ("Load Biaser"). */
const FAILURE_MS = 5_000;

/** The minimum of a latency, so that its logarithm exists. */
const LEAST_MS = 0.001;

/**
 * "Peak EWMA" of Finagle: a latency above the average replaces it, and one below moves it. Without
 * observations the average falls towards 0, so that a slow endpoint is tried again.
 *
 * The average is stored as `level = ln(average) + time / decay`, which does not change while nothing
 * is observed. Two averages can therefore be compared by their levels without reading the clock.
 */
export class PeakEwma {
  /** `NaN` until the first observation. */
  level: number = NaN;
  /** Number of observations. */
  samples = 0;
  #at = 0;

  /**
   * Adds one observation.
   *
   * @param durationMs Latency of the request.
   * @param failed Whether the request failed.
   * @param now Milliseconds since the Unix epoch.
   */
  observe(durationMs: number, failed: boolean, now: number): void {
    const sample = Math.max(durationMs, failed ? FAILURE_MS : LEAST_MS);
    const average = this.valueAt(now) ?? 0;
    const next = sample >= average
      ? sample
      : average + sample * (1 - Math.exp((this.#at - now) / DECAY_MS));
    this.level = Math.log(next) + now / DECAY_MS;
    this.#at = now;
    this.samples++;
  }

  /**
   * The average.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Milliseconds, `undefined` before the first observation.
   */
  valueAt(now: number): number | undefined {
    return Number.isNaN(this.level) ? undefined : Math.exp(this.level - now / DECAY_MS);
  }
}
