/**
 * When to come back.
 *
 * @module
 */

/**
 * Reads a `Retry-After` header: seconds, or a date ("HTTP Semantics", RFC 9110, 10.2.3).
 *
 * @param value Value of the header, `null` where there is none.
 * @param now Milliseconds since the Unix epoch.
 * @returns Milliseconds from now, `undefined` where the header is missing or no such value.
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
