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
