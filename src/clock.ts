/**
 * Time as an option, so that tests can hold it still.
 *
 * @module
 */

/** A timer that was started. */
export interface Timer {
  /** Stops it; calling it again, or after it has run, does nothing. */
  cancel(): void;
}

/** Where Piloted gets the time from and what it waits with. */
export interface Clock {
  /** Milliseconds since the Unix epoch. Never goes backwards. */
  now(): number;
  /**
   * Runs `callback` once after `delayMs`.
   *
   * @param callback What to run.
   * @param delayMs Milliseconds, 0 or more.
   * @param background `true` where this timer alone must not keep the process alive.
   */
  start(callback: () => void, delayMs: number, background?: boolean): Timer;
}

// A delay that does not fit 31 bits runs at once on every runtime.
const LONGEST_DELAY_MS = 2 ** 31 - 1;

// Never changes, and takes longer to read than the time itself: half a microsecond on Deno.
let timeOrigin: number | undefined;

/** The runtime's own time: `performance.now()` counted from the epoch, and `setTimeout`. */
export const systemClock: Clock = Object.freeze({
  now(): number {
    return (timeOrigin ??= performance.timeOrigin) + performance.now();
  },
  start(callback: () => void, delayMs: number, background = false): Timer {
    const handle: unknown = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS));
    if (background) release(handle);
    return { cancel: () => clearTimeout(handle as number) };
  },
});

// Node, Bun and Deno 2 give an object with unref(); a browser or an edge runtime gives a number.
function release(handle: unknown): void {
  if (typeof handle === "object" && handle !== null) (handle as { unref?(): void }).unref?.();
}
