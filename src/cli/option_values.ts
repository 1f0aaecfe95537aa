/**
 * Values of options.
 *
 * @module
 */
import { parseGoDuration } from "../go_duration.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a duration.
 *
 * @param text Seconds such as `30`, or a duration such as `1m30s`.
 * @returns Milliseconds.
 * @throws {UsageError} when it is anything else, or below 0.
 */
export function parseTimeout(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseGoDuration(text);
  if (value !== undefined && value >= 0) return value;
  throw new UsageError(
    `Cannot use --timeout: it must be seconds such as 30 or a duration such as 1m30s, received ${text}`,
  );
}

/**
 * Reads a count.
 *
 * @param text A whole number from 1.
 * @returns The number.
 * @throws {UsageError} when it is anything else.
 */
export function parseCount(text: string): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value > 0) return value;
  throw new UsageError(`Cannot use --count: it must be a whole number from 1, received ${text}`);
}
