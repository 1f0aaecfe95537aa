/**
 * How long a blocking query may wait where something between client and registry ends it.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Options of {@linkcode WaitCeiling}. */
export interface WaitCeilingOptions {
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Maximum wait of a blocking query, in milliseconds. */
  readonly waitMs: number;
}

// Consul adds up to a sixteenth to a wait; the rest is for the way there and back.
const BELOW = 0.8;
const SHORTEST_MS = 2_000;
// One query that ends this early may be a restart; a second one at the same age is a limit.
const EARLY_MS = 10_000;
const SAME = 0.1;
// A trial waits this much longer than the ceiling; a query that waited as long as this was one.
const LONGER = 1.5;
const TRIAL = 1.2;
// A longer wait is tried again after this time, and more rarely each time it was in vain.
const RETRY_MS = 900_000;
const LONGEST_RETRY_MS = 14_400_000;

/**
 * Proxies and load balancers end a response that takes too long: after 25 s, 60 s or 5 minutes, by
 * 504 or by closing the connection. The age at which that happened is remembered for all watches of a
 * client, and blocking queries end before it. A longer wait is tried again rarely, because the limit
 * may have been a restart.
 */
export class WaitCeiling {
  readonly #options: WaitCeilingOptions;
  #ceilingMs: number;
  #earlyMs: number | undefined;
  #retryAt = Infinity;
  #retryMs = RETRY_MS;

  /** Creates a ceiling at the option `waitMs`. */
  constructor(options: WaitCeilingOptions) {
    this.#options = options;
    this.#ceilingMs = options.waitMs;
  }

  /**
   * Wait of the next blocking query, in milliseconds: a random 50 to 100 % of the ceiling, spread so
   * that watches that started together do not poll together for ever; now and then a longer one.
   */
  next(): number {
    const { clock, random, waitMs } = this.#options;
    if (clock.now() < this.#retryAt) return this.#ceilingMs * (0.5 + 0.5 * random());
    this.#planRetry();
    return Math.min(waitMs, this.#ceilingMs * LONGER);
  }

  /** Maximum wait, in milliseconds, without a trial. */
  get ms(): number {
    return this.#ceilingMs;
  }

  /**
   * A blocking query was ended on its way, and a plain read has shown that the registry is there.
   *
   * @param heldMs Its age in milliseconds.
   */
  cut(heldMs: number): void {
    const isEarly = heldMs < EARLY_MS;
    const before = this.#earlyMs;
    this.#earlyMs = isEarly ? heldMs : undefined;
    if (isEarly && (before === undefined || Math.abs(before - heldMs) > SAME * heldMs)) return;
    const ceilingMs = Math.max(SHORTEST_MS, heldMs * BELOW);
    if (ceilingMs < this.#ceilingMs) {
      this.#ceilingMs = ceilingMs;
      this.#retryMs = RETRY_MS;
    } else {
      // A trial in vain.
      this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
    }
    this.#planRetry();
  }

  /**
   * A blocking query was answered.
   *
   * @param heldMs Its age in milliseconds.
   */
  survived(heldMs: number): void {
    if (this.#ceilingMs === this.#options.waitMs) return;
    const waitMs = heldMs * 16 / 17;
    // Less is the jitter of usual queries, which must not raise the ceiling bit by bit.
    if (waitMs <= this.#ceilingMs * TRIAL) return;
    const most = this.#options.waitMs;
    this.#ceilingMs = waitMs * TRIAL < most ? waitMs : most;
    this.#retryMs = RETRY_MS;
    if (this.#ceilingMs === most) this.#retryAt = Infinity;
  }

  #planRetry(): void {
    const { clock, random } = this.#options;
    this.#retryAt = clock.now() + this.#retryMs * (1 + random() / 2);
  }
}
