/**
 * A moving average of latencies that rises at once and falls slowly.
 *
 * @module
 */

/** Time in which the weight of an observation falls to 1/e: the default of tower and Finagle. */
const DECAY_MS = 10_000;

/** A failure counts as this latency, however fast or slow it was: Linkerd's penalty ("Load Biaser"). */
const FAILURE_MS = 5_000;

/** The minimum of a latency, so that its logarithm exists. */
const LEAST_MS = 0.001;

/**
 * "Peak EWMA" of Finagle: a latency above the average replaces it, and one below moves it. Without
 * observations the average falls towards 0, so that a slow endpoint is tried again.
 *
 * A latency is learned from successes only. What is known otherwise are lower bounds of the expected
 * latency, which fall in the same way: a failure counts as 5 s, and an endpoint that was tried without
 * an outcome counts as slow as the time since then.
 *
 * The average is stored as `level = ln(average) + time / decay`, which does not change while nothing
 * is observed. Two averages can therefore be compared by their levels without reading the clock.
 */
export class PeakEwma {
  /** Greatest of the three levels below; `-Infinity` until anything is known. */
  level: number = -Infinity;
  /** Number of successes and failures. */
  samples = 0;
  #learned = -Infinity;
  #penalty = -Infinity;
  #assumed = -Infinity;
  #at = 0;

  /**
   * Adds one success or failure.
   *
   * @param durationMs Latency of the request; that of a failure is not used.
   * @param failed Whether the request failed.
   * @param now Milliseconds since the Unix epoch.
   */
  observe(durationMs: number, failed: boolean, now: number): void {
    this.samples++;
    this.#assumed = -Infinity;
    if (failed) this.#penalty = levelOf(FAILURE_MS, now);
    else this.#learn(Math.max(durationMs, LEAST_MS), now);
    this.#decide();
  }

  /**
   * Called when an attempt ended without an outcome: the endpoint counts as slow as this, until there is
   * one.
   *
   * @param waitedMs Milliseconds since the first attempt without an outcome.
   * @param now Milliseconds since the Unix epoch.
   */
  assume(waitedMs: number, now: number): void {
    this.#assumed = levelOf(Math.max(waitedMs, LEAST_MS), now);
    this.#decide();
  }

  /** The average when the last success was observed; `undefined` before the first one. */
  get measuredMs(): number | undefined {
    return this.#learned === -Infinity ? undefined : Math.exp(this.#learned - this.#at / DECAY_MS);
  }

  /**
   * The average, or the penalty of a failure if that is more.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Milliseconds, `undefined` before the first observation.
   */
  valueAt(now: number): number | undefined {
    const level = Math.max(this.#learned, this.#penalty);
    return level === -Infinity ? undefined : Math.exp(level - now / DECAY_MS);
  }

  #learn(sample: number, now: number): void {
    const average = Math.exp(this.#learned - now / DECAY_MS);
    const next = sample >= average
      ? sample
      : average + sample * (1 - Math.exp((this.#at - now) / DECAY_MS));
    this.#learned = levelOf(next, now);
    this.#at = now;
  }

  #decide(): void {
    this.level = Math.max(this.#learned, this.#penalty, this.#assumed);
  }
}

function levelOf(durationMs: number, now: number): number {
  return Math.log(durationMs) + now / DECAY_MS;
}
