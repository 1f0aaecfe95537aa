/**
 * Durations as ContainerPilot takes them.
 *
 * @module
 */
import { ConfigFault } from "./config_fault.ts";
import type { Entry } from "./weak_decode.ts";

// The units of Go's time.ParseDuration, in milliseconds. Both signs for "micro" are in use.
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00B5s": 1e-3,
  "\u03BCs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|\u00B5s|\u03BCs|ms|s|m|h)/y;

/**
 * Reads a duration above zero.
 *
 * @param entry Seconds as a number or a string of digits, a Go duration such as `"1m30s"`, or
 * nothing.
 * @returns Milliseconds; `undefined` for nothing and for `""`.
 * @throws {ConfigFault} when it is anything else, or not above zero.
 */
export function decodeDuration(entry: Entry): number | undefined {
  const { value } = entry;
  if (value === undefined || value === null || value === "") return undefined;
  const milliseconds = typeof value === "number"
    ? Math.trunc(value) * 1000
    : typeof value === "string"
    ? parseDuration(value)
    : undefined;
  if (milliseconds === undefined || !(milliseconds > 0 && milliseconds < Infinity)) {
    throw new ConfigFault(
      entry,
      'must be a time above zero: seconds such as 5 or "5", or a duration such as "1m30s"',
      value,
    );
  }
  return milliseconds;
}

function parseDuration(text: string): number | undefined {
  if (/^[+-]?[0-9]+$/.test(text)) return Number(text) * 1000;
  const negative = text.startsWith("-");
  let sum = 0;
  PART.lastIndex = /^[+-]/.test(text) ? 1 : 0;
  while (PART.lastIndex < text.length) {
    const part = PART.exec(text);
    if (part === null) return undefined;
    sum += Number(part[1]) * UNITS[part[2]!]!;
  }
  return negative ? -sum : sum;
}
