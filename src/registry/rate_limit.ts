/**
 * How often one service may be read.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { sleep } from "../wait.ts";

/** Options of {@linkcode RateLimit}. */
export interface RateLimitOptions {
  /** Time. */
  readonly clock: Clock;
  /** Milliseconds for one token while things are quiet. */
  readonly intervalMs: number;
  /** Whether waiting alone must not keep the process alive. @default {false} */
  readonly background?: boolean;
}

// Consul's own advice is a token bucket ("Blocking Queries", implementation details). The burst of
// two lets a change and the one right behind it through at once.
const BURST = 2;
// How far reads slow down that bring nothing new: an index that spins, a service that does not exist.
const MAX_IDLE_MS = 15_000;
// How far real churn slows down: a change stays visible within two seconds.
const MAX_CHURN_MS = 1_000;

/**
 * A token bucket whose refill slows down, by doubling, as long as it is drained: up to 15 s when
 * the responses bring nothing new, up to 1 s when they do. Once it has been full again it refills
 * at its first speed.
 */
export class RateLimit {
  readonly #clock: Clock;
  readonly #firstIntervalMs: number;
  readonly #background: boolean;
  #intervalMs: number;
  #tokens = BURST;
  #at: number;

  /** Creates a full bucket. */
  constructor(options: RateLimitOptions) {
    this.#clock = options.clock;
    this.#firstIntervalMs = options.intervalMs;
    this.#intervalMs = options.intervalMs;
    this.#background = options.background ?? false;
    this.#at = options.clock.now();
  }

  /**
   * Takes a token, waiting for one if there is none.
   *
   * @param productive Whether the last response brought something new.
   * @param signal Ends the wait.
   * @throws The signal's own reason when it aborts.
   */
  async take(productive: boolean, signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#at) / this.#intervalMs);
    this.#at = now;
    if (this.#tokens === BURST) this.#intervalMs = this.#firstIntervalMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return;
    }
    const waitMs = (1 - this.#tokens) * this.#intervalMs;
    await sleep(this.#clock, waitMs, { signal, background: this.#background });
    this.#tokens = 0;
    this.#at = this.#clock.now();
    const most = Math.max(this.#firstIntervalMs, productive ? MAX_CHURN_MS : MAX_IDLE_MS);
    this.#intervalMs = Math.min(most, this.#intervalMs * 2);
  }
}
