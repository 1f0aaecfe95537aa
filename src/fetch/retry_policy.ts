/**
 * Which requests are sent again, and when.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import type { RequestAttempt } from "../request_attempt.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import { isReplayable } from "./request_body.ts";
import { parseRetryAfter } from "../retry_after.ts";
import type { ServiceTraffic } from "./service_traffic.ts";

// "HTTP Semantics", RFC 9110, 9.2.1 and 9.2.2.
const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"];
const IDEMPOTENT = [...SAFE, "PUT", "DELETE"];

/**
 * Method of a request.
 *
 * @param init The request.
 * @returns In upper case.
 */
export function methodOf(init: RequestInit | undefined): string {
  return init?.method?.toUpperCase() ?? "GET";
}

/**
 * Whether a request may be sent twice at the same time.
 *
 * @param init The request.
 * @returns `true` for the safe methods.
 */
export function isSafe(init: RequestInit | undefined): boolean {
  return SAFE.includes(methodOf(init)) && isReplayable(init?.body);
}

/**
 * Decides whether a request is sent again, and takes the retry from the budget.
 *
 * @param attempts Failed attempts, at least one.
 * @param response The last response, if there was one.
 * @param init The request.
 * @param timeLeftMs Milliseconds until the deadline of the call.
 * @param traffic The service.
 * @param options Options.
 * @returns Milliseconds to wait before it is sent, `undefined` when it is not.
 */
export function retryDelay(
  attempts: readonly RequestAttempt[],
  response: Response | undefined,
  init: RequestInit | undefined,
  timeLeftMs: number,
  traffic: ServiceTraffic,
  options: ResolvedFetchOptions,
): number | undefined {
  const { retry, clock, random, backoffBaseMs, backoffMaxMs, maxRetryAfterMs } = options;
  const last = attempts.at(-1)!;
  if (retry === "never" || attempts.length >= options.maxAttempts || !isReplayable(init?.body)) {
    return;
  }
  const allowed = retry === "always" || IDEMPOTENT.includes(methodOf(init)) ||
    last.outcome === "connect_failed";
  if (!allowed) return;
  const now = clock.now();
  let waitMs = fullJitter(attempts.length - 1, {
    baseMs: backoffBaseMs,
    maxMs: backoffMaxMs,
    random,
  });
  if (last.status === 429) {
    const retryAfterMs = parseRetryAfter(response!.headers, now);
    if (retryAfterMs === undefined || retryAfterMs > maxRetryAfterMs) return;
    waitMs = Math.max(waitMs, retryAfterMs);
  }
  return waitMs < timeLeftMs && traffic.retries.withdraw(now) ? waitMs : undefined;
}
