/**
 * Counts and durations of HTTP requests.
 *
 * @module
 */

/** Upper bounds of the buckets of durations, in seconds; one more bucket has no bound. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.01, 0.1, 1, 10, 60];

/** Requests of one operation with one status. */
export interface RequestSeries {
  /** Name of the operation. */
  readonly operation: string;
  /** HTTP status of the response. */
  readonly status: number;
  /** Number of requests. */
  count: number;
  /** Sum of their durations in seconds. */
  seconds: number;
  /**
   * Requests by duration: one bucket for each bound of {@linkcode DURATION_BUCKETS}, without those
   * of the bucket before, and one for longer requests.
   */
  readonly buckets: number[];
}

/** Counts one request of an operation. */
export type RequestCounter = (status: number, durationMs: number) => void;

/** Counts requests by operation and status. */
export class RequestHistogram {
  readonly #series: RequestSeries[] = [];
  readonly #counters = new Map<string, RequestCounter>();

  /** What was counted so far. */
  get series(): readonly RequestSeries[] {
    return this.#series;
  }

  /**
   * The counter of an operation.
   *
   * @param operation Name of the operation.
   * @returns Counts one request. It is cheap, since every lookup calls it.
   */
  counter(operation: string): RequestCounter {
    const known = this.#counters.get(operation);
    if (known !== undefined) return known;
    const byStatus = new Map<number, RequestSeries>();
    const counter: RequestCounter = (status, durationMs) => {
      let series = byStatus.get(status);
      if (series === undefined) {
        series = { operation, status, count: 0, seconds: 0, buckets: [...EMPTY] };
        byStatus.set(status, series);
        this.#series.push(series);
      }
      series.count++;
      series.seconds += durationMs / 1_000;
      series.buckets[bucketOf(durationMs)]!++;
    };
    this.#counters.set(operation, counter);
    return counter;
  }
}

const EMPTY: readonly number[] = [...DURATION_BUCKETS.map(() => 0), 0];

function bucketOf(durationMs: number): number {
  const seconds = durationMs / 1_000;
  let bucket = 0;
  while (bucket < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[bucket]!) bucket++;
  return bucket;
}
