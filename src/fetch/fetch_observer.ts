/**
 * Observing the balanced fetch, for traces and metrics.
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
  /** URL as given, with the name of the service. */
  readonly url: string;
  /** When it started, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** How a call ended: with a response, or with an error. */
export interface FetchEnd {
  /** The response, whatever its status. */
  readonly response?: Response | undefined;
  /** What the caller's promise rejects with. */
  readonly error?: unknown | undefined;
  /** Time to the head of the response or to the failure, in milliseconds. */
  readonly durationMs: number;
  /** How many more retries the budget of the service allows now. */
  readonly availableRetryCount: number;
}

/** Called with the attempts and the end of one call. */
export interface FetchCallObserver {
  /** Called with every attempt when it has ended. */
  attempted(attempt: RequestAttempt): void;
  /** Called when the call has ended. */
  ended(end: FetchEnd): void;
}

/** Called with every call. What it throws is ignored. */
export interface FetchObserver {
  /**
   * Called when a call starts, synchronously within the caller's own context.
   *
   * @param call The call.
   * @returns An observer of its attempts and its end, or `undefined`.
   */
  started(call: FetchCall): FetchCallObserver | undefined;
}
