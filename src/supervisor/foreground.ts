/**
 * One program in the foreground: it receives the signals that this process receives, and this
 * process lives exactly as long as the program.
 *
 * At a terminal the program stays in this process's group, because no runtime can hand a terminal to
 * another group. The terminal then sends Ctrl-C to both, so it is not passed on; Ctrl-Z stops both.
 * Elsewhere the program leads a group of its own, and signals are passed on.
 *
 * @module
 */
import { type ChildExit, type ChildProcess, startChildProcess } from "../runtime/child_process.ts";
import { onSignal, type SignalName } from "../runtime/signals.ts";

/** How a program is run in the foreground. */
export interface ForegroundOptions {
  /** Its environment, all of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard input is a terminal. */
  readonly terminal: boolean;
}

/** Signals that are passed on. SIGCHLD, SIGPIPE, SIGURG and the like belong to one process alone. */
const FORWARDED: readonly SignalName[] = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGCONT",
  "SIGTSTP",
];

// The terminal sends these to the whole group by itself. SIGTSTP has no listener there at all: its
// default action stops this process together with the program, as the shell expects.
const FROM_TERMINAL: readonly SignalName[] = ["SIGINT", "SIGQUIT", "SIGWINCH", "SIGCONT"];

/**
 * Runs a program in the foreground.
 *
 * @param command The program and its arguments.
 * @param options How.
 * @returns How it ended.
 * @throws {StartError} when it cannot be started.
 */
export async function runForeground(
  command: readonly [program: string, ...args: string[]],
  options: ForegroundOptions,
): Promise<ChildExit> {
  const { env, terminal } = options;
  const early: SignalName[] = [];
  let child: ChildProcess | undefined;
  // Before anything else: a signal that arrives while the program starts is passed on afterwards.
  const listeners = FORWARDED.filter((name) => !terminal || name !== "SIGTSTP").map((name) =>
    onSignal(name, () => {
      if (terminal && FROM_TERMINAL.includes(name)) return;
      if (child === undefined) early.push(name);
      else forward(child, name);
    })
  );
  try {
    child = await startChildProcess(command, { env, input: "inherit", group: !terminal });
    for (const name of early) forward(child, name);
    return await child.exited;
  } finally {
    for (const remove of listeners) remove();
  }
}

// A request to end reaches what the program started, too; every other signal is for it alone, since
// SIGHUP or SIGUSR1 end processes that do not expect them.
function forward(child: ChildProcess, name: SignalName): void {
  if (name === "SIGTERM") child.killGroup(name);
  else child.kill(name);
}
