/** A command line in two parts. */
export interface CommandLine {
  /** Arguments of piloted itself. */
  readonly args: readonly string[];
  /** The command after the first `--`; `undefined` without a `--`. */
  readonly command: readonly string[] | undefined;
}

/**
 * Splits a command line at the first `--`, before a parser sees it: what follows belongs to another
 * program, whatever it looks like.
 *
 * @param argv Arguments without program and script.
 * @returns The parts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitCommandLine } from "./split_command_line.ts";
 *
 * const { args, command } = splitCommandLine(["wait", "db", "--", "psql", "--", "-c"]);
 * assertEquals(args, ["wait", "db"]);
 * assertEquals(command, ["psql", "--", "-c"]);
 * ```
 */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const index = argv.indexOf("--");
  if (index < 0) return { args: argv, command: undefined };
  return { args: argv.slice(0, index), command: argv.slice(index + 1) };
}
