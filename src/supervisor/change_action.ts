/**
 * What happens to the program when services change.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { SignalName } from "../runtime/signals.ts";

/**
 * `auto` sends SIGHUP to a program that has a handler for it and does nothing to others.
 */
export type ChangeAction =
  | { readonly type: "auto" | "none" | "restart" }
  | { readonly type: "signal"; readonly signal: SignalName }
  | { readonly type: "run"; readonly command: string };

/** How changes are gathered. */
export interface QuietPeriodOptions {
  /** Milliseconds without another change. */
  readonly minMs: number;
  /** Milliseconds after the first change, whatever follows. */
  readonly maxMs: number;
  /** Maximum random delay in milliseconds, so that not all hosts act at once. */
  readonly splayMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** Calls back once for many changes: when they have stopped for a while, or have lasted too long. */
export class QuietPeriod {
  readonly #options: QuietPeriodOptions;
  readonly #act: () => void;
  #timer: Timer | undefined;
  #deadline = 0;

  /**
   * @param options How changes are gathered.
   * @param act Called once for all of them.
   */
  constructor(options: QuietPeriodOptions, act: () => void) {
    this.#options = options;
    this.#act = act;
  }

  /** Something changed. */
  change(): void {
    const { clock, minMs, maxMs, random, splayMs } = this.#options;
    const now = clock.now();
    if (this.#timer === undefined) this.#deadline = now + maxMs + random() * splayMs;
    const splay = this.#timer === undefined ? this.#deadline - now - maxMs : 0;
    this.#timer?.cancel();
    const delayMs = Math.max(0, Math.min(minMs + splay, this.#deadline - now));
    this.#timer = clock.start(() => {
      this.#timer = undefined;
      this.#act();
    }, delayMs);
  }

  /** Forgets what has changed. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
