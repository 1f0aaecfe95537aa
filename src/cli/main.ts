/**
 * The command `piloted`.
 *
 * @module
 */
import { endWithReader, output } from "./output.ts";
import { runCommandLine } from "./run_command_line.ts";

/**
 * Runs the command on this process's own outputs.
 *
 * @param argv Arguments without program and script.
 * @returns The exit code.
 */
export function main(argv: readonly string[]): Promise<number> {
  endWithReader();
  return runCommandLine(argv, { stdout: output("stdout"), stderr: output("stderr") });
}
