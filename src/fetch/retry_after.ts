/**
 * The `Retry-After` header.
 *
 * @module
 */

// The three forms of "HTTP Semantics", RFC 9110, 5.6.7: all of them begin with the name of a day.
const DATE = /^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? /;

/**
 * Parses a `Retry-After` header: seconds, or a date ("HTTP Semantics", RFC 9110, 10.2.3).
 *
 * @param value Value of the header, `null` without one.
 * @param now Milliseconds since the Unix epoch.
 * @returns Milliseconds from now, 0 for a date in the past; `undefined` for a missing header and
 * for everything that the RFC does not allow, such as `-1` or `1.5`.
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const date = DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
