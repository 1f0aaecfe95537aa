/**
 * ContainerPilot's flags, as Go's package `flag` reads them: `-x`, `--x`, `-x=v` and `-x v`, up to the
 * first argument that is none.
 *
 * @module
 */
import { closest } from "../check_options.ts";
import { UsageError } from "./usage_error.ts";

/** What the flags say. */
export interface ContainerPilotFlags {
  /** `-config`. */
  readonly config: string | undefined;
  /** `-out`. */
  readonly out: string | undefined;
  /** `-maintenance`. */
  readonly maintenance: string | undefined;
  /** `-putenv`, by name. */
  readonly putenv: Readonly<Record<string, string>>;
  /** `-putmetric`, by name. */
  readonly putmetric: Readonly<Record<string, string>>;
  /** The flags without a value that are set. */
  readonly set: ReadonlySet<string>;
  /** What follows: the program of version 2. */
  readonly command: readonly string[];
}

const SWITCHES: readonly string[] = ["version", "template", "reload", "ping", "help", "h"];
const VALUES: readonly string[] = ["config", "out", "maintenance", "putenv", "putmetric"];
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  "1": true,
  t: true,
  false: false,
  "0": false,
  f: false,
};

/**
 * Reads the flags.
 *
 * @param args The arguments.
 * @returns What they say.
 * @throws {UsageError} for an unknown flag, one without its value, and a pair without `=`.
 */
export function parseContainerPilotFlags(args: readonly string[]): ContainerPilotFlags {
  const values: Record<string, string> = {};
  const pairs: Record<string, Record<string, string>> = { putenv: {}, putmetric: {} };
  const set = new Set<string>();
  let index = 0;
  for (; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--") {
      index++;
      break;
    }
    const [, name, , inline] = /^--?([^-=][^=]*)(=([^]*))?$/.exec(argument) ?? [];
    if (name === undefined) break;
    if (SWITCHES.includes(name)) {
      const on = inline === undefined ? true : BOOLEANS[inline.toLowerCase()];
      if (on === undefined) throw usage(`-${name} must be true or false, received ${inline}`);
      if (on) set.add(name);
      continue;
    }
    if (!VALUES.includes(name)) {
      const meant = closest(name, [...SWITCHES, ...VALUES]);
      throw usage(
        `there is no flag -${name}${meant === undefined ? "" : `, did you mean -${meant}`}`,
      );
    }
    const value = inline ?? args[++index];
    if (value === undefined) throw usage(`-${name} needs a value`);
    if (!Object.hasOwn(pairs, name)) {
      values[name] = value;
      continue;
    }
    const [, key, text] = /^([^=]*)=([^]*)$/.exec(value) ?? [];
    if (!key) throw usage(`-${name} must be NAME=VALUE, received ${value}`);
    pairs[name]![key] = text!;
  }
  return {
    config: values.config,
    out: values.out,
    maintenance: values.maintenance,
    putenv: pairs.putenv!,
    putmetric: pairs.putmetric!,
    set,
    command: args.slice(index),
  };
}

function usage(why: string): UsageError {
  return new UsageError(`Cannot read the command line: ${why}. See piloted containerpilot -help`);
}
