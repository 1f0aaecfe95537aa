/**
 * Ending one attempt before it ends by itself.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { PilotedError } from "../errors.ts";

/** Ends one attempt when its time is up or another one was faster, beside the caller's own signal. */
export class AttemptControl {
  /** For the platform's fetch. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: Timer | undefined;
  #expired = false;

  /**
   * Starts the time of an attempt.
   *
   * @param clock Time.
   * @param timeoutMs Time that it has, in milliseconds; may be infinite.
   * @param signal The caller's own.
   */
  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) {
    const own = this.#controller.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([signal, own]);
    if (timeoutMs === Infinity) return;
    this.#timer = clock.start(() => {
      this.#expired = true;
      this.#controller.abort(
        new PilotedError("TIMEOUT", `Cannot wait for an answer: ${timeoutMs} ms are over`),
      );
    }, timeoutMs);
  }

  /** Whether its time was up. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Stops the time: an answer has begun, and its body may take longer. */
  stop(): void {
    this.#timer?.cancel();
  }

  /**
   * Ends the attempt, and the body of its answer.
   *
   * @param reason Why.
   */
  abort(reason: unknown): void {
    this.stop();
    this.#controller.abort(reason);
  }
}
