/**
 * Values of options.
 *
 * @module
 */
import { parseGoDuration } from "../go_duration.ts";
import type { ChangeAction } from "../supervisor/change_action.ts";
import { FORWARDED } from "../supervisor/foreground.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes the reader of a duration: seconds such as `30`, or a duration such as `1m30s`.
 *
 * @param option The option, for the error.
 * @returns The reader. It returns milliseconds, and throws a `UsageError` for anything else.
 */
export function parseTime(option: string): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseGoDuration(text);
    if (value !== undefined && value >= 0) return value;
    throw new UsageError(
      `Cannot use ${option}: it must be seconds such as 30 or a duration such as 1m30s, ` +
        `received ${text}`,
    );
  };
}

/**
 * Reads a port.
 *
 * @param text A whole number from 1 to 65535.
 * @returns The number.
 * @throws {UsageError} when it is anything else.
 */
export function parsePort(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value > 0 && value < 65_536) return value;
  throw new UsageError(`Cannot use --port: it must be from 1 to 65535, received ${text}`);
}

/**
 * Gathers the values of an option that may be repeated.
 *
 * @param text The value.
 * @param before The values before it.
 * @returns All of them.
 */
export function appended(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
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

/**
 * Reads a quiet period.
 *
 * @param text `MIN:MAX`, or `MIN` alone for a maximum of eight times as much.
 * @returns Both in milliseconds.
 * @throws {UsageError} when it is anything else, or the maximum is below the minimum.
 */
export function parseQuiet(text: string): readonly [minMs: number, maxMs: number] {
  const [first = "", second] = text.split(":");
  const parse = parseTime("--quiet");
  const minMs = parse(first);
  const maxMs = second === undefined ? minMs * 8 : parse(second);
  if (maxMs >= minMs) return [minMs, maxMs];
  throw new UsageError(`Cannot use --quiet: the maximum is below the minimum, received ${text}`);
}

/**
 * Reads what happens to the program when a service changes.
 *
 * @param text `auto`, `none`, `restart`, the name of a signal, or `run:COMMAND`.
 * @returns The action.
 * @throws {UsageError} when it is anything else.
 */
export function parseOnChange(text: string): ChangeAction {
  if (text === "auto" || text === "none" || text === "restart") return { type: text };
  if (text.startsWith("run:") && text.length > 4) return { type: "run", command: text.slice(4) };
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const signal = FORWARDED.find((each) => each === name);
  if (signal !== undefined) return { type: "signal", signal };
  throw new UsageError(
    `Cannot use --on-change: it must be auto, none, restart, run:COMMAND or a signal such as ` +
      `SIGHUP, received ${text}`,
  );
}
