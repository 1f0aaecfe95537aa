/**
 * Durations as Go writes them.
 *
 * @module
 */

// The units of Go's time.ParseDuration, in milliseconds. Both signs for "micro" are in use.
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00B5s": 1e-3,
  "\u03BCs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|\u00B5s|\u03BCs|ms|s|m|h)/y;
// Go keeps nanoseconds in 64 bits.
const LONGEST_MS = 2 ** 63 / 1e6;

/**
 * Parses a duration such as `"1m30s"`, as `time.ParseDuration` of Go's standard library does.
 *
 * @param text The duration.
 * @returns Milliseconds, or `undefined` when Go would refuse the text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseGoDuration } from "./go_duration.ts";
 *
 * assertEquals(parseGoDuration("1m30s"), 90_000);
 * assertEquals(parseGoDuration("10"), undefined);
 * ```
 */
export function parseGoDuration(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = /^[+-]/.test(text) ? text.slice(1) : text;
  if (digits === "0") return 0;
  if (digits === "") return undefined;
  let sum = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < digits.length) {
    const part = PART.exec(digits);
    if (part === null) return undefined;
    sum += Number(part[1]) * UNITS[part[2]!]!;
  }
  return sum < LONGEST_MS ? sign * sum : undefined;
}
