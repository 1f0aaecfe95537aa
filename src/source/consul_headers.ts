/**
 * Headers of Consul's answers, decoded.
 *
 * @module
 */
import type { Freshness } from "./source.ts";

// "Blocking Queries" of Consul's HTTP API documentation: an index below 1 must be taken as 1.
const FIRST_INDEX = "1";
// Consul keeps its index in 64 bits and answers 400 to a larger one.
const LARGEST_INDEX = 2n ** 64n - 1n;

/**
 * The index to wait from.
 *
 * @param headers Headers of a response.
 * @returns A decimal string without leading zeros, at least `"1"`; `undefined` when there is none
 * that Consul would accept.
 */
export function decodeIndex(headers: Headers): string | undefined {
  const value = headers.get("X-Consul-Index");
  if (value === null || !/^\d{1,20}$/.test(value)) return undefined;
  const index = BigInt(value);
  if (index > LARGEST_INDEX) return undefined;
  return index === 0n ? FIRST_INDEX : String(index);
}

/**
 * What Consul says about the age of an answer.
 *
 * @param headers Headers of an answer.
 * @returns What they say; absent what they do not say, or not in Consul's words.
 */
export function decodeFreshness(headers: Headers): Freshness {
  const lastContactMs = decodeCount(headers.get("X-Consul-LastContact"));
  const ageS = decodeCount(headers.get("Age"));
  const knownLeader = headers.get("X-Consul-KnownLeader");
  const cache = headers.get("X-Cache")?.toLowerCase();
  return {
    ...(lastContactMs !== undefined && { lastContactMs }),
    ...((knownLeader === "true" || knownLeader === "false") && {
      knownLeader: knownLeader === "true",
    }),
    ...((cache === "hit" || cache === "miss") && { cache }),
    ...(ageS !== undefined && { ageMs: ageS * 1000 }),
  };
}

/**
 * How long the other side asks to be left alone ("HTTP Semantics", RFC 9110, Retry-After).
 *
 * @param headers Headers of an answer.
 * @returns Milliseconds; `undefined` when it does not say, or neither in seconds nor as a date.
 */
export function decodeRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After");
  if (value === null) return undefined;
  const seconds = decodeCount(value);
  if (seconds !== undefined) return seconds * 1000;
  // An HTTP date says GMT; Date.parse alone would take almost anything, "-1" among it.
  const at = value.endsWith(" GMT") ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) return undefined;
  // The date is in the other side's time, which its own Date header tells.
  const now = Date.parse(headers.get("Date") ?? "");
  return Math.max(0, at - (Number.isNaN(now) ? Date.now() : now));
}

function decodeCount(value: string | null): number | undefined {
  return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}
