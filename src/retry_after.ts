/**
 * When the other side asks for the next request.
 *
 * @module
 */

// The three forms of a date in HTTP (RFC 9110, section 5.6.7). Date.parse() alone accepts almost
// anything, "-1" and "1.5" among it.
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, .* GMT$/;
const ASCTIME_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/**
 * Reads the `Retry-After` header: seconds, or a date (RFC 9110, section 10.2.3).
 *
 * @param headers Headers of a response. A date is compared with their `Date` header, since both are
 * of the other side's clock.
 * @param now Milliseconds since the Unix epoch, for a response without a `Date` header.
 * @returns Milliseconds from now, at least 0; `undefined` when the header is missing or invalid.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseRetryAfter } from "./retry_after.ts";
 *
 * assertEquals(parseRetryAfter(new Headers({ "Retry-After": "2" }), Date.now()), 2_000);
 * assertEquals(parseRetryAfter(new Headers({ "Retry-After": "-1" }), Date.now()), undefined);
 * ```
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get("Retry-After");
  if (value === null) return undefined;
  if (/^\d{1,12}$/.test(value)) return Number(value) * 1_000;
  const at = parseHttpDate(value);
  if (Number.isNaN(at)) return undefined;
  const theirs = parseHttpDate(headers.get("Date") ?? "");
  return Math.max(0, at - (Number.isNaN(theirs) ? now : theirs));
}

function parseHttpDate(text: string): number {
  if (HTTP_DATE.test(text)) return Date.parse(text);
  return ASCTIME_DATE.test(text) ? Date.parse(`${text} GMT`) : NaN;
}
