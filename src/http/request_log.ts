/**
 * How many requests were answered, how, and how long it took.
 *
 * @module
 */

/** Upper bounds of the buckets of durations, in seconds; one more bucket has no bound. */
export const DURATION_BUCKETS: readonly number[] = [
  0.0001,
  0.001,
  0.01,
  0.1,
  1,
  10,
];

/** Requests for one operation that were answered with one status. */
export interface RequestCount {
  /** Name of the operation. */
  readonly operation: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** How many. */
  count: number;
  /** Sum of their durations in seconds. */
  seconds: number;
  /** How many took at most as long as each bound of {@linkcode DURATION_BUCKETS}, but not the one before. */
  readonly buckets: number[];
}

/** Counts the requests for one operation. */
export type RequestCounter = (status: number, durationMs: number) => void;

/** Counts of all operations. */
export class RequestLog {
  readonly #counts: RequestCount[] = [];

  /** What was counted. */
  get counts(): readonly RequestCount[] {
    return this.#counts;
  }

  /**
   * Begins to count an operation.
   *
   * @param operation Its name.
   * @returns Counts one request; cheap, as every lookup goes through it.
   */
  counter(operation: string): RequestCounter {
    const byStatus = new Map<number, RequestCount>();
    return (status, durationMs) => {
      let entry = byStatus.get(status);
      if (entry === undefined) {
        const buckets = DURATION_BUCKETS.map(() => 0);
        entry = { operation, status, count: 0, seconds: 0, buckets };
        byStatus.set(status, entry);
        this.#counts.push(entry);
      }
      const seconds = durationMs / 1_000;
      entry.count++;
      entry.seconds += seconds;
      for (let i = 0; i < DURATION_BUCKETS.length; i++) {
        if (seconds > DURATION_BUCKETS[i]!) continue;
        entry.buckets[i]!++;
        break;
      }
    };
  }
}
