/**
 * What became of one attempt at a request.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.ts";

/**
 * How an attempt ended:
 *
 * | outcome | meaning |
 * |---|---|
 * | `success` | with an answer that was taken |
 * | `rejected` | with 429, 502, 503 or 504 |
 * | `connect_failed` | no connection could be made: the request never left |
 * | `reset` | the connection broke before an answer came |
 * | `timeout` | no answer came in time |
 * | `aborted` | the caller gave up |
 * | `superseded` | its hedge, or the request that it hedged, was faster |
 */
export type AttemptOutcome =
  | "success"
  | "rejected"
  | "connect_failed"
  | "reset"
  | "timeout"
  | "aborted"
  | "superseded";

/** One attempt at a request. */
export interface RequestAttempt {
  /** Where it went. */
  readonly endpoint: Endpoint;
  /** How it ended. */
  readonly outcome: AttemptOutcome;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** How long it took to the head of the answer or to the failure, in milliseconds. */
  readonly durationMs: number;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number;
  /** What was thrown, where there was no answer. */
  readonly error?: unknown;
  /** Whether it was sent beside another attempt that took long. */
  readonly hedge: boolean;
}
