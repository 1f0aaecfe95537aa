/**
 * One controller for all attempts of a request.
 *
 * @module
 */
import type { Dispatcher } from "undici";

/** What a handler holds on to while attempts, and their controllers, come and go. */
export class StableController implements Dispatcher.DispatchController {
  readonly #onAbort: ((reason: Error) => void) | undefined;
  #attempt: Dispatcher.DispatchController | undefined;
  #reason: Error | null = null;

  /**
   * @param onAbort Called when the handler aborts.
   */
  constructor(onAbort?: (reason: Error) => void) {
    this.#onAbort = onAbort;
  }

  /** Controller of the attempt under way. */
  set attempt(attempt: Dispatcher.DispatchController | undefined) {
    this.#attempt = attempt;
  }

  /** Whether the handler has aborted. */
  get aborted(): boolean {
    return this.#reason !== null || (this.#attempt?.aborted ?? false);
  }

  /** Why. */
  get reason(): Error | null {
    return this.#reason ?? this.#attempt?.reason ?? null;
  }

  /** Whether the handler has paused the response. */
  get paused(): boolean {
    return this.#attempt?.paused ?? false;
  }

  /** Headers as they were received. */
  get rawHeaders(): NonNullable<Dispatcher.DispatchController["rawHeaders"]> | null {
    return this.#attempt?.rawHeaders ?? null;
  }

  /** Trailers as they were received. */
  get rawTrailers(): NonNullable<Dispatcher.DispatchController["rawTrailers"]> | null {
    return this.#attempt?.rawTrailers ?? null;
  }

  /** Aborts the request. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#attempt?.abort(reason);
    this.#onAbort?.(reason);
  }

  /** Pauses the response. */
  pause(): void {
    this.#attempt?.pause();
  }

  /** Resumes the response. */
  resume(): void {
    this.#attempt?.resume();
  }
}
