/**
 * Child processes.
 *
 * @module
 */
import { type ChildProcess as NodeChild, spawn } from "node:child_process";
import process from "node:process";

/** How a child process is started. */
export interface ChildProcessOptions {
  /** Its environment, all of it. @default {the environment of this process} */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether it reads this process's standard input, or an empty one. @default {"ignore"} */
  readonly input?: "inherit" | "ignore" | undefined;
  /** Receives its output; without it the child writes where this process writes. */
  readonly onOutput?: ((chunk: Uint8Array, stream: "stdout" | "stderr") => void) | undefined;
  /**
   * Whether it leads a group of its own, so that a signal can reach all its descendants. It then is
   * in a session without a terminal.
   *
   * @default {false}
   */
  readonly group?: boolean | undefined;
}

/** How a child process ended. */
export interface ChildExit {
  /** Its exit code; `undefined` when a signal ended it. */
  readonly code: number | undefined;
  /** The signal that ended it. */
  readonly signal: string | undefined;
}

/** A child process. */
export interface ChildProcess {
  /** Its process id. */
  readonly pid: number;
  /** Resolves when it has ended. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /**
   * Sends a signal to it.
   *
   * @param signal Name of the signal.
   * @returns Whether it was delivered: `false` when the process has ended.
   */
  kill(signal: string): boolean;
  /**
   * Sends a signal to its group, or to it alone when it has none.
   *
   * @param signal Name of the signal.
   * @returns Whether it was delivered: `false` when no process of the group is left.
   */
  killGroup(signal: string): boolean;
}

/** A program cannot be started. */
export class StartError extends Error {
  override readonly name: "StartError" = "StartError";
  /** Whether the program does not exist. */
  readonly missing: boolean;

  /**
   * @param program The program.
   * @param cause What the operating system says.
   */
  constructor(program: string, cause: unknown) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    const missing = code === "ENOENT";
    const why = missing ? "there is no such program" : REASONS[String(code)] ?? String(message);
    super(`Cannot start ${program}: ${why}`, { cause });
    this.missing = missing;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied, is it executable?",
  EPERM: "permission denied",
  ENOEXEC: "it is no program, does its first line name an interpreter?",
  E2BIG: "its arguments and environment are too long",
  EAGAIN: "the system has no room for another process",
  ENOMEM: "the system has no memory left",
};

// What a descendant still holds open of a child's output is not waited for.
const DRAIN_MS = 50;

/**
 * Starts a program without a shell.
 *
 * @param command The program, looked up in `PATH`, and its arguments.
 * @param options How.
 * @returns The process, once it runs.
 * @throws {StartError} when it cannot be started.
 */
export async function startChildProcess(
  command: readonly [program: string, ...args: string[]],
  options: ChildProcessOptions = {},
): Promise<ChildProcess> {
  const { env = process.env, input = "ignore", onOutput, group = false } = options;
  const [program, ...args] = command;
  const out = onOutput === undefined ? "inherit" : "pipe";
  let child: NodeChild;
  try {
    child = spawn(program, args, { env, stdio: [input, out, out], detached: group });
  } catch (cause) {
    throw new StartError(program, cause);
  }
  const exited = exitOf(child, onOutput);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => reject(new StartError(program, cause)));
  });
  const pid = child.pid!;
  let ended = false;
  void exited.then(() => ended = true);
  return {
    pid,
    exited,
    kill: (signal) => !ended && send(pid, signal),
    killGroup: (signal) => group ? send(-pid, signal) : !ended && send(pid, signal),
  };
}

function exitOf(
  child: NodeChild,
  onOutput: ChildProcessOptions["onOutput"],
): Promise<ChildExit> {
  if (onOutput !== undefined) {
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk: Uint8Array) => onOutput(chunk, name));
      child[name]?.on("error", () => {});
    }
  }
  return new Promise((resolve) => {
    const end = (code: number | null, signal: string | null) =>
      // A shell's 128+n for a signal of its own child is a code like any other.
      resolve({ code: signal === null ? code ?? 0 : undefined, signal: signal ?? undefined });
    child.once("exit", (code, signal) => {
      if (onOutput === undefined) return end(code, signal);
      const timer = setTimeout(() => end(code, signal), DRAIN_MS);
      child.once("close", () => {
        clearTimeout(timer);
        end(code, signal);
      });
    });
  });
}

function send(target: number, signal: string): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}
