/**
 * A clock that moves only when a test advances it.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/**
 * A {@linkcode Clock} for tests: time passes only in {@linkcode ManualClock.advance}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ManualClock } from "@piloted/core/testing";
 *
 * const clock = new ManualClock();
 * let rang = false;
 * clock.start(() => rang = true, 1_000);
 * await clock.advance(999);
 * assertEquals(rang, false);
 * await clock.advance(1);
 * assertEquals(rang, true);
 * ```
 */
export class ManualClock implements Clock {
  #now: number;
  #sequence = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  /**
   * Creates a clock.
   *
   * @param now Initial time, in milliseconds since the Unix epoch. @default {1_700_000_000_000}
   */
  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  /** Returns the current time in milliseconds since the Unix epoch. */
  now(): number {
    return this.#now;
  }

  /** Number of timers that have not run: 0 if everything was cleaned up. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Starts a timer that runs inside a later {@linkcode ManualClock.advance}. */
  start(callback: () => void, delayMs: number): Timer {
    const key = this.#sequence++;
    this.#timers.set(key, { at: this.#now + Math.max(0, delayMs), callback });
    return { cancel: () => void this.#timers.delete(key) };
  }

  /**
   * Advances the time without running timers, as while a process is stopped. Timers that became due
   * run late, in the next {@linkcode ManualClock.advance}.
   *
   * @param ms Milliseconds, 0 or more.
   */
  pause(ms: number): void {
    this.#now += ms;
  }

  /**
   * Advances the time. Runs due timers in order and lets promises settle between them.
   *
   * @param ms Milliseconds, 0 or more.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      let due: { key: number; at: number; callback: () => void } | undefined;
      for (const [key, timer] of this.#timers) {
        if (timer.at <= end && (due === undefined || timer.at < due.at)) due = { key, ...timer };
      }
      if (due === undefined) break;
      this.#timers.delete(due.key);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

// One turn of the event loop runs every pending microtask. On Deno a message channel does not take
// a whole turn, and setTimeout takes a millisecond or more.
function settle(): Promise<void> {
  const { setImmediate } = globalThis as unknown as {
    setImmediate?: (callback: () => void) => void;
  };
  return new Promise((resolve) => (setImmediate ?? setTimeout)(resolve));
}
