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
 * Whether the failure of an attempt allows another one, as far as the request and its failures go.
 *
 * @param attempts Failed attempts, at least one.
 * @param init The request.
 * @param retry What is retried.
 * @param options Options.
 */
export function mayRetry(
  attempts: readonly RequestAttempt[],
  init: RequestInit | undefined,
  retry: ResolvedFetchOptions["retry"],
  options: ResolvedFetchOptions,
): boolean {
  if (retry === "never" || attempts.length >= options.maxAttempts || !isReplayable(init?.body)) {
    return false;
  }
  return retry === "always" || IDEMPOTENT.includes(methodOf(init)) ||
    attempts.at(-1)!.outcome === "connect_failed";
}

/**
 * Random wait before the next attempt.
 *
 * @param attempts Failed attempts, at least one.
 * @param options Options.
 * @returns Milliseconds.
 */
export function backoff(
  attempts: readonly RequestAttempt[],
  options: ResolvedFetchOptions,
): number {
  const { random, backoffBaseMs, backoffMaxMs } = options;
  return fullJitter(attempts.length - 1, { baseMs: backoffBaseMs, maxMs: backoffMaxMs, random });
}

/**
 * The pause that a response asks for.
 *
 * @param response A response.
 * @param now Milliseconds since the Unix epoch.
 * @returns Milliseconds; `undefined` unless it is a 429 or 503 with a valid `Retry-After`.
 */
export function askedPause(response: Response | undefined, now: number): number | undefined {
  if (response === undefined || (response.status !== 429 && response.status !== 503)) return;
  return parseRetryAfter(response.headers, now);
}
