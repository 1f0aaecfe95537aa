/**
 * Quantiles of recent latencies.
 *
 * @module
 */

/** Ratio of the limits of neighbouring buckets: the error is at most half of it. */
const GROWTH = 1.1;
const LEAST_MS = 0.1;
const BUCKETS = 160;
const LOG_GROWTH = Math.log(GROWTH);

/** Latencies are kept for this time to twice as long. */
const WINDOW_MS = 10_000;

/** Fewer latencies say nothing about a high quantile. */
const ENOUGH = 50;

/** After this part of further latencies a quantile is searched anew. */
const REFRESH = 1 / 64;

/** A quantile of the latencies of the last 10 to 20 seconds, within 5 %. */
export class LatencyQuantile {
  #recent = new Uint32Array(BUCKETS);
  #older = new Uint32Array(BUCKETS);
  #startedAt = -Infinity;
  #count = 0;
  #olderCount = 0;
  /** What `at()` returned for a percentage, and for how many more latencies it is close enough. */
  #known: number | undefined;
  #knownPercent = NaN;
  #knownFor = 0;

  /**
   * Adds a latency.
   *
   * @param durationMs Milliseconds.
   * @param now Milliseconds since the Unix epoch.
   */
  record(durationMs: number, now: number): void {
    this.#turn(now);
    const bucket = Math.floor(Math.log(Math.max(LEAST_MS, durationMs) / LEAST_MS) / LOG_GROWTH);
    this.#recent[Math.min(bucket, BUCKETS - 1)]!++;
    this.#count++;
    this.#knownFor--;
  }

  /**
   * A quantile.
   *
   * @param percent Percentage of the latencies that lie below it.
   * @param now Milliseconds since the Unix epoch.
   * @returns Milliseconds, `undefined` when there are too few latencies.
   */
  at(percent: number, now: number): number | undefined {
    this.#turn(now);
    if (this.#knownFor <= 0 || percent !== this.#knownPercent) {
      const count = this.#count + this.#olderCount;
      this.#known = this.#find(percent, count);
      this.#knownPercent = percent;
      // A search costs more than the rest of a request.
      this.#knownFor = count * REFRESH;
    }
    return this.#known;
  }

  #find(percent: number, count: number): number | undefined {
    if (count < ENOUGH) return undefined;
    let left = count * percent / 100;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#recent[i]! + this.#older[i]!;
      if (left <= 0) return LEAST_MS * GROWTH ** (i + 0.5);
    }
    return LEAST_MS * GROWTH ** BUCKETS;
  }

  #turn(now: number): void {
    const passed = now - this.#startedAt;
    if (passed < WINDOW_MS) return;
    [this.#older, this.#recent] = [this.#recent, this.#older];
    this.#recent.fill(0);
    this.#olderCount = this.#count;
    this.#count = 0;
    if (passed >= 2 * WINDOW_MS) {
      this.#older.fill(0);
      this.#olderCount = 0;
    }
    this.#knownFor = 0;
    this.#startedAt = now;
  }
}
