/**
 * Watching what the balanced fetch does, for traces and metrics.
 *
 * @module
 */
import type { RequestAttempt } from "../request_attempt.ts";

/** One call of the balanced fetch. */
export interface FetchCall {
  /** Name of the service. */
  readonly service: string;
  /** Method in upper case. */
  readonly method: string;
  /** URL as it was asked for, with the name of the service. */
  readonly url: string;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** How a call ended: with an answer, or with an error. */
export interface FetchEnd {
  /** The answer, whatever its status. */
  readonly response?: Response;
  /** What the caller's promise rejects with. */
  readonly error?: unknown;
  /** How long it took to the head of the answer or to the failure, in milliseconds. */
  readonly durationMs: number;
  /** How many more retries the budget of the service would allow now. */
  readonly availableRetryCount: number;
}

/** Told what becomes of one call. */
export interface FetchCallObserver {
  /** Every attempt, when it has ended. */
  attempted(attempt: RequestAttempt): void;
  /** The end of the call. */
  ended(end: FetchEnd): void;
}

/** Told of every call. What it throws is lost, and disturbs no request. */
export interface FetchObserver {
  /**
   * A call begins, in the caller's own context.
   *
   * @returns Who is told of its attempts and its end, `undefined` for nobody.
   */
  started(call: FetchCall): FetchCallObserver | undefined;
}
