/**
 * Durations in the syntax of Go.
 *
 * @module
 */

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Parses a duration such as `"1m30s"`, like `time.ParseDuration` of Go's standard library.
 *
 * @param text The duration.
 * @returns Milliseconds, or `undefined` if the text is not a duration.
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
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return undefined;
  let sum = 0;
  for (const [, number, unit] of match[2]!.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += Number(number) * MS_PER_UNIT[unit!]!;
  }
  return match[1] === "-" ? -sum : sum;
}
