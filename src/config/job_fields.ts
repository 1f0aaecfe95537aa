/**
 * Fields that jobs of ContainerPilot 3 and 2 have in common.
 *
 * @module
 */
import { parseGoDuration } from "../go_duration.ts";
import { ConfigFault, type DecodeContext, formatPath } from "./config_fault.ts";
import { decodeBoolean, decodeString, type Entry, isObject, readFields } from "./weak_decode.ts";

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/**
 * Reads how often something is started again.
 *
 * @param entry A number, `"unlimited"`, `"never"`, or nothing.
 * @param otherwise What nothing means.
 * @returns The number, `Infinity` for `"unlimited"`.
 * @throws {ConfigFault} when it is anything else.
 */
export function decodeRestarts(entry: Entry, otherwise: number): number {
  const { value } = entry;
  if (value === undefined || value === null) return otherwise;
  if (value === "never") return 0;
  if (value === "unlimited") return Infinity;
  const problem = 'must be a whole number from 0, "unlimited" or "never"';
  if (typeof value !== "number" && typeof value !== "string") {
    throw new ConfigFault(entry, problem, value);
  }
  const count = typeof value === "string" && !/^\d+$/.test(value) ? NaN : Math.trunc(Number(value));
  if (!(count >= 0)) throw new ConfigFault(entry, problem, value);
  return count;
}

/**
 * Reads `logging.raw`.
 *
 * @param entry `logging` of a job or of its health check.
 * @returns Whether the output is passed on as it is.
 */
export function decodeRaw(entry: Entry): boolean {
  if (!isObject(entry.value)) return false;
  return decodeBoolean(readFields(entry, ["raw"]).known.raw) ?? false;
}

/**
 * Reads a command: a list as it is, a text split at single spaces. There is no shell, as in
 * ContainerPilot.
 *
 * @param entry The command, or nothing.
 * @param context Where warnings go.
 * @returns The command.
 * @throws {ConfigFault} when it is empty or anything else.
 */
export function decodeExec(entry: Entry, context: DecodeContext): CommandLine | undefined {
  const { value, path } = entry;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) {
    const [program, ...args] = value.map((item, index) =>
      decodeString({ value: item, path: [...path, index] })
    );
    if (!program) throw new ConfigFault(entry, "must name a program");
    return [program, ...args];
  }
  const text = decodeString(entry).trim();
  const [program, ...args] = text.split(" ");
  if (!program) throw new ConfigFault(entry, "must name a program", value);
  const special = /[|$<>;&"'`*]/.exec(text)?.[0];
  if (special !== undefined) {
    context.warn(
      entry,
      `has a ${special} that no shell sees: it is split at spaces. Write ["sh", "-c", "..."] for a shell`,
    );
  }
  if (args.includes("")) {
    context.warn(
      entry,
      `has two spaces in a row in ${formatPath(path)}, which give an empty argument`,
    );
  }
  return [program, ...args];
}

/**
 * Reads a duration.
 *
 * @param entry Seconds as a number or digits, a Go duration, or nothing.
 * @returns Milliseconds; `undefined` for nothing.
 * @throws {ConfigFault} when it is anything else.
 */
export function decodeTime(entry: Entry): number | undefined {
  const text = decodeString(entry);
  if (text === "") return undefined;
  const value = /^\d+$/.test(text) ? Number(text) * 1_000 : parseGoDuration(text);
  if (value !== undefined && value >= 0) return value;
  throw new ConfigFault(
    entry,
    'must be seconds such as 5 or a duration such as "1m30s"',
    entry.value,
  );
}
