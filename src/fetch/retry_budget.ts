/**
 * How many retries a service may get.
 *
 * @module
 */
import type { ResolvedFetchOptions } from "./fetch_options.ts";

/** Number of slots in the window. */
const PARTS = 10;

/** The slot that has just begun counts in addition, so that the window is never too short. */
const SLOTS = PARTS + 1;

/**
 * Allows retries in proportion to the requests in a sliding window, and a few in any case, so that a
 * service that always fails does not get three times the load (Finagle's "RetryBudget").
 */
export class RetryBudget {
  readonly #percent: number;
  readonly #reserve: number;
  readonly #slotMs: number;
  readonly #balances = new Float64Array(SLOTS);
  #slot = 0;

  /**
   * @param options Size of the budget.
   */
  constructor(options: ResolvedFetchOptions["retryBudget"]) {
    const { percent, minimumPerSecond, windowMs } = options;
    this.#percent = percent;
    this.#reserve = minimumPerSecond * windowMs / 1_000;
    this.#slotMs = windowMs / PARTS;
  }

  /**
   * Counts a request.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  deposit(now: number): void {
    this.#balances[this.#enter(now)]! += this.#percent / 100;
  }

  /**
   * Takes a retry from the budget, if there is one.
   *
   * @param now Milliseconds since the Unix epoch.
   * @returns Whether it is allowed.
   */
  withdraw(now: number): boolean {
    const slot = this.#enter(now);
    // Sums of fifths are not exact in binary.
    if (this.#balance() + 1e-9 < 1) return false;
    this.#balances[slot]! -= 1;
    return true;
  }

  /**
   * How many retries would be allowed now. Takes none.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  available(now: number): number {
    this.#enter(now);
    return Math.max(0, Math.floor(this.#balance() + 1e-9));
  }

  #balance(): number {
    let sum = this.#reserve;
    for (const balance of this.#balances) sum += balance;
    return sum;
  }

  /** Clears the slots that have left the window. */
  #enter(now: number): number {
    const slot = Math.floor(now / this.#slotMs);
    const passed = Math.min(slot - this.#slot, SLOTS);
    for (let i = 1; i <= passed; i++) this.#balances[(this.#slot + i) % SLOTS] = 0;
    this.#slot = Math.max(slot, this.#slot);
    return this.#slot % SLOTS;
  }
}
