/**
 * Runs a command, shows its output as it comes, and keeps the end of it.
 *
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";

/** How a command is run. */
export interface RunOptions {
  /** Its environment. @default the environment of this process */
  env?: Record<string, string | undefined>;
  /** Its folder. @default the folder of this process */
  cwd?: string;
  /** Milliseconds after which it is killed. @default no limit */
  limitMs?: number;
  /** Whether its output is kept only, and not shown. @default false */
  quiet?: boolean;
}

/** How a command ended. */
export interface RunResult {
  /** Whether it exited with 0. */
  ok: boolean;
  /** `exit 1`, `killed by SIGKILL`, or why it never started. */
  ending: string;
  /** The last part of what it printed. */
  output: string;
}

const KEPT_CHARACTERS = 100_000;

/**
 * Runs a command without standard input.
 *
 * @param command Program and arguments.
 * @param options How it is run.
 * @returns How it ended. A program that can't be started is an ending, not an error.
 */
export function runCommand(
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = options.limitMs === undefined
    ? undefined
    : setTimeout(() => child.kill("SIGKILL"), options.limitMs);
  let output = "";
  const show = (stream: NodeJS.WriteStream) => (chunk: string) => {
    if (options.quiet !== true) stream.write(chunk);
    output = (output + chunk).slice(-KEPT_CHARACTERS);
  };
  child.stdout.setEncoding("utf8").on("data", show(process.stdout));
  child.stderr.setEncoding("utf8").on("data", show(process.stderr));
  return new Promise((resolve) => {
    const end = (ok: boolean, ending: string) => {
      clearTimeout(timer);
      resolve({ ok, ending, output });
    };
    child.on("error", (error) => end(false, error.message));
    child.on("close", (code, signal) => {
      end(code === 0, signal === null ? `exit ${code}` : `killed by ${signal}`);
    });
  });
}
