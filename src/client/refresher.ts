/**
 * Refreshes that never pile up.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/**
 * Runs one refresh at a time. Those that are requested while one is under way join into one more,
 * so that however many signals arrive, at most two are under way or waiting.
 */
export class Refresher {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #background: boolean;
  readonly #refresh: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #gate: Promise<void> | undefined;

  /**
   * Creates a refresher at rest.
   *
   * @param refresh Does the work.
   * @param clock Time.
   * @param timeoutMs How long {@linkcode Refresher.gate} stays closed at most.
   * @param background Whether that wait alone must not keep the process alive.
   */
  constructor(refresh: () => Promise<void>, clock: Clock, timeoutMs: number, background: boolean) {
    this.#refresh = refresh;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#background = background;
  }

  /** Whether a refresh is under way. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Opens when the refresh under way has ended, or has taken too long; `undefined` when there is
   * nothing to wait for.
   */
  get gate(): Promise<void> | undefined {
    return this.#gate;
  }

  /** Refreshes, or joins the refresh that comes after the one under way. */
  request(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    return this.#next ??= this.#running.then(() => this.#after(), () => this.#after());
  }

  #after(): Promise<void> {
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<void> {
    const running = this.#refresh().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    this.#closeGate(running);
    return running;
  }

  #closeGate(running: Promise<void>): void {
    const gate = new Promise<void>((resolve) => {
      const open = () => {
        timer.cancel();
        if (this.#gate === gate) this.#gate = undefined;
        resolve();
      };
      const timer = this.#clock.start(open, this.#timeoutMs, this.#background);
      running.then(open, open);
    });
    this.#gate = gate;
  }
}
