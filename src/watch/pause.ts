/**
 * A wait that can be cut short.
 *
 * @module
 */
import { type Clock, sleep } from "../clock.ts";

/** At most one wait at a time, which {@linkcode Pause.end} ends early. */
export class Pause {
  readonly #clock: Clock;
  readonly #background: boolean;
  #end: (() => void) | undefined;

  /** Makes a pause that nobody waits for yet. */
  constructor(clock: Clock, background: boolean) {
    this.#clock = clock;
    this.#background = background;
  }

  /**
   * Waits.
   *
   * @param delayMs Milliseconds.
   * @param signal Ends the wait early too; it never rejects.
   */
  async wait(delayMs: number, signal: AbortSignal): Promise<void> {
    const cut = new AbortController();
    this.#end = () => cut.abort();
    const abort = () => cut.abort();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) cut.abort();
    try {
      await sleep(this.#clock, delayMs, cut.signal, this.#background);
    } catch {
      // Cut short.
    } finally {
      signal.removeEventListener("abort", abort);
      this.#end = undefined;
    }
  }

  /** Ends the wait under way, if there is one. */
  end(): void {
    this.#end?.();
  }
}
