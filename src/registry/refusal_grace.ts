/**
 * How long a read waits for another token after the registry has refused the one that it sent.
 *
 * An operator who replaces a token writes the file, sends SIGHUP and destroys the old token. The signal
 * may be delivered after the registry has refused the old token, so a refusal of what was read before
 * waits for a moment for a reload to begin, and then for its end.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { abortable, onAbort } from "../wait.ts";

/** Milliseconds that a refused read waits for a new token to be announced. */
export const REFUSAL_GRACE_MS = 2_000;

/** Waits for reloads after refusals. */
export class RefusalGrace {
  readonly #clock: Clock;
  readonly #background: boolean;
  readonly #waiting = new Set<() => void>();
  // What the registry has let this client read; a refusal of anything else is no surprise.
  readonly #readable = new Set<string>();
  #reloading: Promise<unknown> | undefined;

  /**
   * Creates it.
   *
   * @param clock Time.
   * @param background Whether its timers alone must not keep the process alive.
   */
  constructor(clock: Clock, background: boolean) {
    this.#clock = clock;
    this.#background = background;
  }

  /** Something was read. */
  succeeded(name: string): void {
    this.#readable.add(name);
  }

  /**
   * A reload begins, which may bring another token.
   *
   * @param work Ends with the reload.
   */
  async reloading(work: Promise<unknown>): Promise<void> {
    this.#reloading = work;
    for (const resume of this.#waiting) resume();
    await Promise.allSettled([work]);
    if (this.#reloading === work) this.#reloading = undefined;
  }

  /**
   * The registry refused a read. Resolves when it makes sense to look for another registry: at the end
   * of the reload under way, or of one that begins soon, or at once when nothing can change.
   *
   * @param name What was refused.
   * @param mayReload Whether a reload may begin.
   * @param signal Ends the wait.
   * @throws The signal's own reason when it aborts.
   */
  async refused(name: string, mayReload: boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const isSurprise = this.#readable.delete(name);
    if (mayReload && isSurprise && this.#reloading === undefined) {
      await abortable(this.#announcement(signal), signal);
    }
    await abortable(Promise.allSettled([this.#reloading]), signal);
  }

  #announcement(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        removeAbort();
        this.#waiting.delete(end);
        resolve();
      };
      const timer = this.#clock.start(end, REFUSAL_GRACE_MS, this.#background);
      const removeAbort = onAbort(signal, end);
      this.#waiting.add(end);
    });
  }
}
