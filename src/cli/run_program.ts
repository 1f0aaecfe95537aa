/**
 * Runs the command after `--` and turns its end into an exit code.
 *
 * @module
 */
import process from "node:process";
import { type ChildExit, StartError } from "../runtime/child_process.ts";
import { Foreground } from "../supervisor/foreground.ts";
import { CommandError, EXIT, signalExitCode } from "./exit_codes.ts";

/**
 * Runs a program in the foreground.
 *
 * @param command The program and its arguments.
 * @param variables Environment variables besides those of this process.
 * @returns Its exit code; 128+n when signal n ended it.
 * @throws {CommandError} when it cannot be started.
 */
export async function runProgram(
  command: readonly [program: string, ...args: string[]],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const foreground = new Foreground(command, {
    env: () => ({ ...process.env, ...variables }),
    terminal: process.stdin.isTTY === true,
  });
  return await exitCode(foreground.run());
}

/**
 * The exit code of a program.
 *
 * @param end How it ends.
 * @returns Its own, or 128+n when signal n ended it.
 * @throws {CommandError} when it cannot be started.
 */
async function exitCode(end: Promise<ChildExit>): Promise<number> {
  try {
    const { code, signal } = await end;
    return signal === undefined ? code ?? 0 : signalExitCode(signal);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw new CommandError(error.missing ? EXIT.notFound : EXIT.notStarted, error.message);
  }
}
