/**
 * One attempt of a request.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.ts";

/**
 * How an attempt ended:
 *
 * | outcome | meaning |
 * |---|---|
 * | `success` | a response was received |
 * | `rejected` | the response was 429, 502, 503 or 504 |
 * | `connect_failed` | no connection could be made: the request was never sent |
 * | `reset` | the connection was closed before a response was received |
 * | `timeout` | its deadline expired |
 * | `aborted` | the caller aborted it |
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

/** One attempt of a request. */
export interface RequestAttempt {
  /** Where it was sent. */
  readonly endpoint: Endpoint;
  /** How it ended. */
  readonly outcome: AttemptOutcome;
  /** When it started, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Time to the head of the response or to the failure, in milliseconds. */
  readonly durationMs: number;
  /** HTTP status, if a response was received. */
  readonly status?: number | undefined;
  /** What was thrown, if no response was received. */
  readonly error?: unknown | undefined;
  /** Whether it was sent in parallel to an attempt that took long. */
  readonly hedge: boolean;
}
