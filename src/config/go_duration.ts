/**
 * Durations as ContainerPilot takes them.
 *
 * @module
 */
import { parseGoDuration } from "../go_duration.ts";
import { ConfigFault } from "./config_fault.ts";
import type { Entry } from "./weak_decode.ts";

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
  return /^[+-]?[0-9]+$/.test(text) ? Number(text) * 1000 : parseGoDuration(text);
}
