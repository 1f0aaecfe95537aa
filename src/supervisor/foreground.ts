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
import { type Clock, systemClock } from "../clock.ts";

/** How a program is run in the foreground. */
export interface ForegroundOptions {
  /** The environment of each start, all of it. */
  env(): Readonly<Record<string, string | undefined>>;
  /** Whether standard input is a terminal. */
  readonly terminal: boolean;
  /** Signals that were received before. @default {none} */
  readonly early?: readonly SignalName[] | undefined;
  /** How long the program has to end when it is restarted, in milliseconds. @default {5_000} */
  readonly graceMs?: number | undefined;
  /** Time. @default {systemClock} */
  readonly clock?: Clock | undefined;
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
  #isRestarting = false;

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

  /** The program's process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Runs the program, again after each {@linkcode Foreground.restart}.
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
      for (;;) {
        this.#isRestarting = false;
        const options = { env: env(), input: "inherit", group: !terminal } as const;
        this.#child = await startChildProcess(this.#command, options);
        for (const name of this.#waiting.splice(0)) this.send(name);
        const exit = await this.#child.exited;
        this.#child = undefined;
        if (!this.#isRestarting) return exit;
      }
    } finally {
      for (const remove of listeners) remove();
    }
  }

  /**
   * Sends a signal to the program. A request to end reaches what it started, too; every other signal
   * is for the program alone, since SIGHUP or SIGUSR1 end processes that do not expect them.
   *
   * @param name The signal.
   */
  send(name: SignalName): void {
    // From now on the end of the program is the end.
    if (name === "SIGTERM" || name === "SIGINT") this.#isRestarting = false;
    if (name === "SIGTERM") this.#child?.killGroup(name);
    else this.#child?.kill(name);
  }

  /** Ends the program and starts it again. */
  restart(): void {
    const child = this.#child;
    if (child === undefined || this.#isRestarting) return;
    this.#isRestarting = true;
    const { graceMs = 5_000, clock = systemClock } = this.#options;
    child.killGroup("SIGTERM");
    const timer = clock.start(() => child.killGroup("SIGKILL"), graceMs, true);
    void child.exited.then(() => timer.cancel());
  }

  #receive(name: SignalName): void {
    if (this.#options.terminal && FROM_TERMINAL.includes(name)) return;
    if (this.#child === undefined) this.#waiting.push(name);
    else this.send(name);
  }
}
