/**
 * Listeners on sockets that cannot throw into the event loop.
 *
 * @module
 */
import type { Emitter } from "./node_builtins.ts";

/**
 * Makes a function that never throws. An exception in a callback of a socket belongs to no promise:
 * it would end the process, and what the other side sent must not be able to do that.
 *
 * @param run The function.
 * @param failed Receives what it throws; must not throw itself.
 * @returns The same function, without exceptions.
 */
export function guarded<Args extends unknown[]>(
  run: (...args: Args) => void,
  failed: (cause: unknown) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (cause) {
      failed(cause);
    }
  };
}

/**
 * Listens to several events of a socket, request or response.
 *
 * @param emitter Where the events come from.
 * @param listeners Listeners by event.
 * @param failed Receives what a listener throws; must not throw itself.
 */
export function listen<Listeners extends Readonly<Record<string, (...args: never[]) => void>>>(
  emitter: Emitter,
  listeners: Listeners,
  failed: (cause: unknown) => void,
): void {
  for (const [event, listener] of Object.entries(listeners)) {
    emitter.on(event, guarded(listener as (...args: unknown[]) => void, failed));
  }
}
