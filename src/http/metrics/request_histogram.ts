/**
 * How many requests were answered, how, and how long it took.
 *
 * @module
 */

/** Upper bounds of the buckets of durations, in seconds; one more bucket has no bound. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.01, 0.1, 1, 10, 60];

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
  /** How many took at most as long as each bound of {@linkcode DURATION_BUCKETS} but longer than the one before; at last those beyond. */
  readonly buckets: number[];
}

/** LabelledCounter the requests for one operation. */
export type RequestCounter = (status: number, durationMs: number) => void;

/** LabelledCounter of all operations. */
export class RequestHistogram {
  readonly #counts: RequestCount[] = [];
  readonly #counters = new Map<string, RequestCounter>();

  /** What was counted. */
  get counts(): readonly RequestCount[] {
    return this.#counts;
  }

  /**
   * What counts an operation.
   *
   * @param operation Its name.
   * @returns LabelledCounter one request; cheap, as every lookup goes through it.
   */
  counter(operation: string): RequestCounter {
    const known = this.#counters.get(operation);
    if (known !== undefined) return known;
    const byStatus = new Map<number, RequestCount>();
    const counter: RequestCounter = (status, durationMs) => {
      let entry = byStatus.get(status);
      if (entry === undefined) {
        entry = { operation, status, count: 0, seconds: 0, buckets: [...EMPTY] };
        byStatus.set(status, entry);
        this.#counts.push(entry);
      }
      entry.count++;
      entry.seconds += durationMs / 1_000;
      entry.buckets[bucketOf(durationMs)]!++;
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
