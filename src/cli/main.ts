/**
 * The command `piloted`.
 *
 * @module
 */
import type { EarlySignals } from "./early_signals.ts";
import { endWithReader, output } from "./output.ts";
import { runCommandLine } from "./run_command_line.ts";

/**
 * Runs the command on this process's own outputs.
 *
 * @param argv Arguments without program and script.
 * @param signals Signals since the start of the process, if it listens already.
 * @returns The exit code.
 */
export function main(argv: readonly string[], signals?: EarlySignals): Promise<number> {
  endWithReader();
  return runCommandLine(argv, { stdout: output("stdout"), stderr: output("stderr"), signals });
}
