/**
 * How one attempt ended, and what that says about its endpoint.
 *
 * @module
 */
import type { Lease, Outcome } from "../balance/lease.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { networkFailure } from "./network_error.ts";

/** One attempt that has ended, with a response or an error. */
export interface AttemptResult {
  /** Its endpoint; not yet released. */
  readonly lease: Lease;
  /** The response. */
  readonly response?: Response;
  /** What was thrown. */
  readonly error?: unknown;
  /** Whether its deadline has expired. */
  readonly expired: boolean;
  /** Whether it was sent in parallel to another one. */
  readonly hedge: boolean;
}

/**
 * Whether a response asks to go elsewhere.
 *
 * @param response The response.
 * @returns `true` for 429, 502, 503 and 504.
 */
export function isRejection(response: Response): boolean {
  const { status } = response;
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/**
 * How an attempt ended.
 *
 * @param result The attempt.
 * @param signal The caller's own signal.
 * @returns Its outcome, `undefined` when the arguments of the call were wrong.
 */
export function outcomeOf(
  result: AttemptResult,
  signal: AbortSignal | undefined,
): AttemptOutcome | undefined {
  const { response, error, expired } = result;
  if (response !== undefined) return isRejection(response) ? "rejected" : "success";
  if (signal?.aborted) return "aborted";
  return expired ? "timeout" : networkFailure(error);
}

/** What each outcome says about the endpoint. */
const VERDICTS: Readonly<Record<AttemptOutcome, Outcome>> = {
  success: "success",
  rejected: "failure",
  connect_failed: "failure",
  reset: "failure",
  timeout: "failure",
  aborted: "unknown",
  superseded: "unknown",
};

/**
 * Releases the lease of an attempt with what it says about the endpoint.
 *
 * @param result The attempt.
 * @param outcome How it ended, `undefined` when the arguments of the call were wrong.
 * @param paused Whether this process was paused meanwhile, so that nothing can be said.
 */
export function releaseLease(
  result: AttemptResult,
  outcome: AttemptOutcome | undefined,
  paused: boolean,
): void {
  // A 429 says that the endpoint works, and nothing about its latency.
  const known = outcome !== undefined && result.response?.status !== 429 && !paused;
  result.lease.release(known ? VERDICTS[outcome] : "unknown");
}

/**
 * The public record of an attempt that has ended.
 *
 * @param result The attempt.
 * @param outcome How it ended.
 * @param now Milliseconds since the Unix epoch.
 * @returns The record.
 */
export function recordAttempt(
  result: AttemptResult,
  outcome: AttemptOutcome,
  now: number,
): RequestAttempt {
  const { lease, response, error, hedge } = result;
  const { endpoint, startedAt } = lease;
  return {
    endpoint,
    outcome,
    startedAt,
    durationMs: now - startedAt,
    ...(response === undefined ? {} : { status: response.status }),
    ...(error === undefined ? {} : { error }),
    hedge,
  };
}

/**
 * Frees the connection of a response whose body is not read.
 *
 * @param response The response, if there was one.
 */
export function discard(response: Response | undefined): void {
  response?.body?.cancel().catch(() => {});
}
