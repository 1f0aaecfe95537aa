import { onSignal, type SignalName } from "../runtime/signals.ts";

/** Signals that were received before anybody could act on them. */
export interface EarlySignals {
  /**
   * Hands over what was received so far, in order, and what is received from now on.
   *
   * @param listener Called with each signal.
   */
  handOver(listener: (name: SignalName) => void): void;
}

/**
 * Listens from now on: without a listener a signal ends the process, or is lost where the process is
 * the first one of a container.
 *
 * @param names The signals.
 * @returns What was received.
 */
export function holdSignals(names: readonly SignalName[]): EarlySignals {
  let receive: ((name: SignalName) => void) | undefined;
  const early: SignalName[] = [];
  for (const name of names) {
    onSignal(name, () => {
      if (receive === undefined) early.push(name);
      else receive(name);
    });
  }
  return {
    handOver(listener) {
      receive = listener;
      for (const name of early.splice(0)) listener(name);
    },
  };
}

/**
 * The signals that `piloted exec` listens to.
 *
 * @param args Arguments of the process.
 * @param terminal Whether standard input is a terminal.
 * @returns With a program after `--` all that are passed on to it. At a terminal SIGTSTP has no
 * listener: its default action stops this process together with the program, as the shell expects.
 */
export function execSignals(args: readonly string[], terminal: boolean): readonly SignalName[] {
  const always: readonly SignalName[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"];
  // ContainerPilot 2 has no -- in front of its program.
  if (!args.includes("--") && args[0] !== "containerpilot") return always;
  const more: readonly SignalName[] = ["SIGQUIT", "SIGWINCH", "SIGCONT"];
  return [...always, ...more, ...terminal ? [] : ["SIGTSTP" as const]];
}
