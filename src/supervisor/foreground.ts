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
  /** The environment of each start, all of it. */
  env(): Readonly<Record<string, string | undefined>>;
  /** Whether standard input is a terminal. */
  readonly terminal: boolean;
  /** Signals that were received before. @default {none} */
  readonly early?: readonly SignalName[] | undefined;
}

/** Signals that are passed on. SIGCHLD, SIGPIPE, SIGURG and the like belong to one process alone. */
export const FORWARDED: readonly SignalName[] = [
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

/** A program in the foreground. */
export class Foreground {
  readonly #command: readonly [program: string, ...args: string[]];
  readonly #options: ForegroundOptions;
  readonly #waiting: SignalName[];
  #child: ChildProcess | undefined;

  /**
   * @param command The program and its arguments.
   * @param options How it is run.
   */
  constructor(
    command: readonly [program: string, ...args: string[]],
    options: ForegroundOptions,
  ) {
    this.#command = command;
    this.#options = options;
    this.#waiting = [...options.early ?? []];
  }

  /**
   * Runs the program.
   *
   * @returns How it ended.
   * @throws {StartError} when it cannot be started.
   */
  async run(): Promise<ChildExit> {
    const { terminal, env } = this.#options;
    // Before anything else: a signal that arrives while the program starts is passed on afterwards.
    const listeners = FORWARDED.filter((name) => !terminal || name !== "SIGTSTP").map((name) =>
      onSignal(name, () => this.#receive(name))
    );
    try {
      const options = { env: env(), input: "inherit", group: !terminal } as const;
      this.#child = await startChildProcess(this.#command, options);
      for (const name of this.#waiting.splice(0)) this.#send(name);
      return await this.#child.exited;
    } finally {
      for (const remove of listeners) remove();
    }
  }

  // A request to end reaches what it started, too; every other signal is for the program alone, since
  // SIGHUP or SIGUSR1 end processes that do not expect them.
  #send(name: SignalName): void {
    if (name === "SIGTERM") this.#child?.killGroup(name);
    else this.#child?.kill(name);
  }

  #receive(name: SignalName): void {
    if (this.#options.terminal && FROM_TERMINAL.includes(name)) return;
    if (this.#child === undefined) this.#waiting.push(name);
    else this.#send(name);
  }
}
