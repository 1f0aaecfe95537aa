/**
 * How one attempt ended, and what that says about its endpoint.
 *
 * @module
 */
import type { Lease, Outcome } from "../balance/lease.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { whenBodyEnds } from "./body_end.ts";
import type { ResponseVerdict } from "./classify.ts";
import type { Redirect } from "./redirects.ts";

/** One attempt that has ended, with a response or an error. */
export interface AttemptResult {
  /** Its endpoint; not yet released. */
  readonly lease: Lease;
  /** The response. */
  readonly response?: Response;
  /** What was thrown. */
  readonly error?: unknown;
  /** What it means, `undefined` when no endpoint caused it. */
  readonly failure?: "connect_failed" | "reset" | undefined;
  /** Whether its deadline has expired. */
  readonly expired: boolean;
  /** What a deadline that has expired says about the endpoint. */
  readonly timeout?: Outcome;
  /** Why the client ended it, if it did. */
  readonly closed?: unknown;
  /** Where a redirect leads that has left the endpoint. */
  readonly redirect?: Redirect;
  /** Whether it was sent in parallel to another one. */
  readonly hedge: boolean;
}

/**
 * Whether a response asks to go elsewhere.
 *
 * @param response The response.
 * @returns `true` for 429, 502, 503 and 504.
 */
function isRejection(response: Response): boolean {
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
  const { response, expired } = result;
  if (response !== undefined) return isRejection(response) ? "rejected" : "success";
  if (signal?.aborted || result.closed !== undefined) return "aborted";
  return expired ? "timeout" : result.failure;
}

/** What each outcome says about the endpoint; what a response says is up to the option `classify`. */
const VERDICTS: Readonly<Record<AttemptOutcome, Outcome>> = {
  success: "success",
  rejected: "success",
  connect_failed: "failure",
  reset: "failure",
  timeout: "failure",
  aborted: "unknown",
  superseded: "unknown",
};

/** What the end of an attempt is judged by. */
export interface Verdict {
  /** The option. */
  readonly classify: (response: Response) => ResponseVerdict;
  /** Until when the lease is held. */
  readonly leaseUntil: "headers" | "body" | undefined;
  /** Whether this process was paused meanwhile, so that nothing can be said. */
  readonly paused: boolean;
}

/**
 * Ends the lease of an attempt with what it says about the endpoint: now, or with the body of the
 * response, whose time is no latency.
 *
 * @param result The attempt.
 * @param outcome How it ended, `undefined` when no endpoint caused its error.
 * @param verdict How it is judged.
 * @throws What `classify` throws, after the lease was released.
 */
export function releaseLease(
  result: AttemptResult,
  outcome: AttemptOutcome | undefined,
  verdict: Verdict,
): void {
  const { lease, response } = result;
  let says: Outcome = "unknown";
  try {
    if (outcome === undefined || verdict.paused) says = "unknown";
    else if (outcome === "timeout") says = result.timeout ?? "unknown";
    else if (response === undefined) says = VERDICTS[outcome];
    else says = verdict.classify(response);
  } finally {
    const isHeld = (verdict.leaseUntil ?? lease.leaseUntil) === "body" &&
      lease.report !== undefined;
    if (isHeld && response !== undefined && result.redirect === undefined) {
      lease.report!(says);
      whenBodyEnds(response, () => lease.release());
    } else lease.release(says);
  }
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
  if (response?.bodyUsed === false) response.body?.cancel().catch(() => {});
}
