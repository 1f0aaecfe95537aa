import type { Clock } from "../clock.ts";

/**
 * The time between the removal of a service from the registry and the end of its process, in which
 * peers hear of it and requests under way end. A second signal skips it.
 */
export class Drain {
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #waiting = new Set<() => void>();
  #isSkipped = false;

  /**
   * @param clock Time.
   * @param durationMs How long it is, in milliseconds.
   */
  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  /**
   * Waits for it.
   *
   * @param longestMs How long at most, in milliseconds.
   */
  async wait(longestMs: number): Promise<void> {
    const delayMs = Math.min(this.#durationMs, longestMs);
    if (this.#isSkipped || delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        timer.cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const timer = this.#clock.start(end, delayMs);
      this.#waiting.add(end);
    });
  }

  /** Ends every wait, now and later. */
  skip(): void {
    this.#isSkipped = true;
    for (const end of [...this.#waiting]) end();
  }
}
