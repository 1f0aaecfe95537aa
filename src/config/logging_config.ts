/**
 * How a supervisor logs.
 *
 * @module
 */
import { ConfigFault, type DecodeContext } from "./config_fault.ts";
import { unknownKeyProblem } from "./unknown_key.ts";
import { decodeString, type Entry, readFields } from "./weak_decode.ts";

/** How a supervisor logs. */
export interface LoggingConfig {
  /** What is logged at least. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** How a line looks. */
  readonly format: "default" | "text" | "json";
  /** Where lines go: `stdout`, `stderr`, or a file. */
  readonly output: string;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
// ContainerPilot's other levels.
const SAME_LEVELS: Readonly<Record<string, string>> = {
  warning: "warn",
  fatal: "error",
  panic: "error",
};
const FORMATS = ["default", "text", "json"] as const;

const FIELDS = ["level", "format", "output"] as const;

/**
 * Reads `logging`.
 *
 * @param entry The section, or nothing.
 * @param context Where warnings go.
 * @returns How to log.
 * @throws {ConfigFault} when ContainerPilot would refuse it.
 */
export function decodeLogging(entry: Entry, context: DecodeContext): LoggingConfig {
  const at = { path: entry.path, value: entry.value ?? {} };
  const { known, unknown } = readFields(at, FIELDS);
  for (const path of unknown) {
    const problem = unknownKeyProblem(String(path.at(-1)), FIELDS);
    context.warn({ path, key: true }, `${problem}; ContainerPilot refuses the file`);
  }
  const level = lower(known.level);
  return {
    level: oneOf({ ...known.level, value: SAME_LEVELS[level] ?? level }, LEVELS, "info"),
    format: oneOf({ ...known.format, value: lower(known.format) }, FORMATS, "default"),
    output: decodeOutput(known.output),
  };
}

function decodeOutput(entry: Entry): string {
  const text = decodeString(entry);
  return /^(stdout|stderr)?$/i.test(text) ? text.toLowerCase() || "stdout" : text;
}

function lower(entry: Entry): string {
  return decodeString(entry).toLowerCase();
}

function oneOf<Word extends string>(
  entry: Entry,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const text = decodeString(entry);
  if (text === "") return otherwise;
  const word = words.find((each) => each === text);
  if (word !== undefined) return word;
  throw new ConfigFault(entry, `must be one of ${words.join(", ")}`, text);
}
