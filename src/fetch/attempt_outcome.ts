/**
 * How one attempt ended, and what that says about its endpoint.
 *
 * @module
 */
import type { Outcome } from "../balance/lease.ts";
import { PilotedError } from "../errors.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import type { Attempt } from "./attempt.ts";
import { whenBodyEnds } from "./body_end.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";

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
 * @param attempt The attempt.
 * @param signal The caller's own signal.
 * @returns Its outcome, `undefined` when the arguments of the call were wrong.
 */
export function outcomeOf(
  { response, expired, closed, failure }: Attempt,
  signal: AbortSignal | undefined,
): AttemptOutcome | undefined {
  if (response !== undefined) return isRejection(response) ? "rejected" : "success";
  if (signal?.aborted || closed !== undefined) return "aborted";
  return expired ? "timeout" : failure;
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

/**
 * Ends the lease of an attempt with what it says about the endpoint: now, or with the body of the
 * response, whose time is no latency.
 *
 * @param attempt The attempt.
 * @param outcome How it ended, `undefined` when no endpoint caused its error.
 * @param now Milliseconds since the Unix epoch.
 * @param isPaused Whether this process was paused meanwhile, so that nothing can be said.
 * @param options Options of the fetch.
 * @throws What `classify` throws, after the lease was released.
 */
export function releaseLease(
  attempt: Attempt,
  outcome: AttemptOutcome | undefined,
  now: number,
  isPaused: boolean,
  options: ResolvedFetchOptions,
): void {
  const { lease } = attempt;
  const response = outcome === "superseded" ? undefined : attempt.response;
  let says: Outcome = "unknown";
  try {
    if (outcome === undefined || isPaused) says = "unknown";
    else if (outcome === "timeout") says = attempt.timeout;
    else if (response === undefined) says = VERDICTS[outcome];
    else says = options.classify(response);
  } finally {
    if (
      response !== undefined && attempt.redirect === undefined && lease.report !== undefined &&
      (options.leaseUntil ?? lease.leaseUntil) === "body"
    ) {
      lease.report(says, now);
      whenBodyEnds(response, () => lease.release());
    } else lease.release(says, now);
  }
}

/**
 * The public record of an attempt that has ended.
 *
 * @param attempt The attempt.
 * @param outcome How it ended.
 * @param now Milliseconds since the Unix epoch.
 * @returns The record.
 */
export function recordAttempt(
  attempt: Attempt,
  outcome: AttemptOutcome,
  now: number,
): RequestAttempt {
  const { lease: { endpoint, startedAt }, response, error, hedge } = attempt;
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
 * The error of a call all of whose attempts have failed.
 *
 * @param service Name of the service.
 * @param attempts Failed attempts, at least one.
 * @param cause What the last one has thrown.
 * @returns `TIMEOUT` or `REQUEST_FAILED`.
 */
export function callFailure(
  service: string,
  attempts: readonly RequestAttempt[],
  cause: unknown,
): PilotedError {
  const { outcome, endpoint } = attempts.at(-1)!;
  const tries = attempts.length === 1 ? "the attempt" : `${attempts.length} attempts`;
  return new PilotedError(
    outcome === "timeout" ? "TIMEOUT" : "REQUEST_FAILED",
    `Cannot fetch from ${service}: ${tries} failed, received ${outcome} from ${endpoint.host}`,
    { cause, service, attempts: Object.freeze(attempts) },
  );
}
