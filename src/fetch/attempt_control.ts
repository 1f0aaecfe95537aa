/**
 * Aborting one attempt.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import { startDeadline } from "../wait.ts";
import type { Pauses } from "./pauses.ts";

/** Aborts one attempt at its deadline, or when another one was faster, besides the caller's own signal. */
export class AttemptControl {
  /** For the platform's fetch. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: Timer | undefined;
  #expired = false;

  /**
   * Starts the deadline of an attempt.
   *
   * @param clock Source of the time.
   * @param timeoutMs Milliseconds until the deadline; may be infinite.
   * @param signal The caller's own signal.
   * @param pauses Records a deadline that fires late, which is then extended once.
   */
  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined, pauses: Pauses) {
    const own = this.#controller.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([signal, own]);
    if (timeoutMs === Infinity) return;
    const expire = () => {
      this.#expired = true;
      this.#controller.abort(
        new PilotedError("TIMEOUT", `No response within ${Math.max(0, Math.round(timeoutMs))} ms`),
      );
    };
    this.#timer = startDeadline(clock, timeoutMs, expire, {
      late: () => pauses.noticed(clock.now()),
    });
  }

  /** Whether the deadline has expired. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Stops the deadline: the head of the response was received, and its body may take longer. */
  stop(): void {
    this.#timer?.cancel();
  }

  /**
   * Aborts the attempt, and the body of its response.
   *
   * @param reason Reason of the abort.
   */
  abort(reason: unknown): void {
    this.stop();
    this.#controller.abort(reason);
  }
}
