/**
 * What came of one attempt, and what it says of its endpoint.
 *
 * @module
 */
import type { Lease, Outcome } from "../balance/lease.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { networkFailure } from "./network_error.ts";

/** One attempt that has ended, with an answer or an error. */
export interface AttemptResult {
  /** Where it went; not yet released. */
  readonly lease: Lease;
  /** The answer. */
  readonly response?: Response;
  /** What was thrown. */
  readonly error?: unknown;
  /** Whether its time was up. */
  readonly expired: boolean;
  /** Whether it was sent beside another one. */
  readonly hedge: boolean;
}

/**
 * Whether an answer is one that another endpoint might give better.
 *
 * @param response The answer.
 * @returns `true` for 429, 502, 503 and 504.
 */
export function isRefusal(response: Response): boolean {
  const { status } = response;
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/**
 * How an attempt ended.
 *
 * @param result The attempt.
 * @param signal The caller's own.
 * @returns Its outcome, `undefined` when the call itself was wrong.
 */
export function outcomeOf(
  result: AttemptResult,
  signal: AbortSignal | undefined,
): AttemptOutcome | undefined {
  const { response, error, expired } = result;
  if (response !== undefined) return isRefusal(response) ? "rejected" : "success";
  if (signal?.aborted) return "aborted";
  return expired ? "timeout" : networkFailure(error);
}

/** What each outcome says of the endpoint. A 429 says that it works, and nothing of how fast. */
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
 * Tells the balancer what an attempt says of its endpoint.
 *
 * @param result The attempt.
 * @param outcome How it ended, `undefined` when the call itself was wrong.
 */
export function releaseLease(result: AttemptResult, outcome: AttemptOutcome | undefined): void {
  const knows = outcome !== undefined && result.response?.status !== 429;
  result.lease.release(knows ? VERDICTS[outcome] : "unknown");
}

/**
 * What is told of an attempt that has ended.
 *
 * @param result The attempt.
 * @param outcome How it ended.
 * @param now Milliseconds since the Unix epoch.
 * @returns A record of it.
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
 * Frees the connection of an answer that nobody reads.
 *
 * @param response The answer, if there was one.
 */
export function discard(response: Response | undefined): void {
  response?.body?.cancel().catch(() => {});
}
