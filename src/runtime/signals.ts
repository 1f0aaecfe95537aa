/**
 * Signals of the operating system, on runtimes that have any.
 *
 * @module
 */

/**
 * Signals that Piloted listens to: "read again", those that ask a process to end, and those that it
 * passes on to a program that it runs. All others belong to the runtime or to the process alone.
 */
export type SignalName =
  | "SIGHUP"
  | "SIGINT"
  | "SIGQUIT"
  | "SIGTERM"
  | "SIGUSR1"
  | "SIGUSR2"
  | "SIGWINCH"
  | "SIGCONT"
  | "SIGTSTP";

// The little of each runtime that is used here: the core is type-checked without any runtime's types.
interface Runtime {
  Deno?: {
    addSignalListener?(name: SignalName, listener: () => void): void;
    removeSignalListener?(name: SignalName, listener: () => void): void;
  };
  process?: {
    on?(name: SignalName, listener: () => void): unknown;
    off?(name: SignalName, listener: () => void): unknown;
  };
}

/**
 * Calls `listener` on every `name` that reaches this process. Where there are no signals (at the
 * edge, in a browser, or a signal that the operating system does not have) nothing happens. A
 * listener never keeps the process alive by itself, on any runtime.
 *
 * While at least one listener is there, the signal's default action (ending the process) is off.
 *
 * @param name The signal.
 * @param listener Runs on every arrival; the system joins arrivals that it has not delivered yet.
 * @returns Takes the listener away again. Calling it twice does nothing more.
 *
 * @example
 * ```ts
 * import { onSignal } from "./signals.ts";
 *
 * const remove = onSignal("SIGHUP", () => console.log("reading again"));
 * remove();
 * ```
 */
export function onSignal(name: SignalName, listener: () => void): () => void {
  const { Deno: deno, process } = globalThis as unknown as Runtime;
  // A function of our own for each call: adding one listener twice then means two on every runtime.
  const own = () => listener();
  let remove: (() => void) | undefined;
  try {
    if (deno?.addSignalListener) {
      deno.addSignalListener(name, own);
      remove = () => deno.removeSignalListener?.(name, own);
    } else if (process?.on) {
      process.on(name, own);
      remove = () => process.off?.(name, own);
    }
  } catch {
    // Deno throws a TypeError for a signal that the operating system does not have (Windows).
  }
  return () => {
    remove?.();
    remove = undefined;
  };
}

/**
 * Ends this process by a signal, as if nobody had listened to it: its parent sees the signal, or the
 * exit code 128 and its number.
 *
 * @param name The signal. Listeners must have been removed.
 */
export function endBySignal(name: "SIGINT" | "SIGTERM"): void {
  const { Deno: deno, process } = globalThis as unknown as KillRuntime;
  const code = name === "SIGINT" ? 130 : 143;
  if (deno !== undefined) {
    try {
      deno.kill(deno.pid, name);
    } catch {
      // Deno.kill() needs --allow-run.
      deno.exit(code);
    }
  } else if (process?.kill !== undefined) {
    process.kill(process.pid, name);
  }
}

interface KillRuntime {
  Deno?: { pid: number; kill(pid: number, name: string): void; exit(code: number): void };
  process?: { pid: number; kill?(pid: number, name: string): void };
}
