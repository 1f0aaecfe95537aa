/**
 * A moving average of latencies that believes bad news at once and good news slowly.
 *
 * @module
 */

/** Time in which an observation loses all but 1/e of its say: tower's and Finagle's default. */
const DECAY_MS = 10_000;

/** What a failure counts as, however fast it came: Linkerd's penalty ("Load Biaser"). */
const FAILURE_MS = 5_000;

/** No latency counts as less, so that its logarithm exists. */
const LEAST_MS = 0.001;

/**
 * "Peak EWMA" of Finagle: a latency above the average replaces it, one below it moves it, and
 * without observations the average falls towards 0, so that a slow endpoint is tried again.
 *
 * The average is kept as `level = ln(average) + time / decay`, which does not change while nothing
 * is observed. Two averages compare by their levels at any time, without asking what time it is.
 */
export class PeakEwma {
  /** `NaN` until the first observation. */
  level: number = NaN;
  /** How many observations there were. */
  samples = 0;
  #at = 0;

  /**
   * Takes one observation in.
   *
   * @param durationMs What was measured.
   * @param failed Whether it ended in a failure.
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
   * Tells the average.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Milliseconds, `undefined` before the first observation.
   */
  valueAt(now: number): number | undefined {
    return Number.isNaN(this.level) ? undefined : Math.exp(this.level - now / DECAY_MS);
  }
}
