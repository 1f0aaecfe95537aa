/**
 * Slows down those who guess tokens.
 *
 * The right token is accepted at once, always and from everywhere: an address may be that of a proxy
 * with many users behind it, and nobody may lock them out. A wrong one is answered late, one per
 * second and address, so that each guess holds a connection for as long.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { onAbort, sleep } from "../wait.ts";

// For typing errors.
const FREE_GUESSES = 5;
const INTERVAL_MS = 1_000;
// Balancers in front give up after a minute or so.
const MAX_DELAY_MS = 30_000;
const MAX_ADDRESSES = 10_000;

/** Wrong guesses by address. */
export class GuessDelay {
  readonly #clock: Clock;
  // When the next guess of an address is answered, the oldest entries first.
  readonly #next = new Map<string, number>();

  /**
   * Starts without guesses.
   *
   * @param clock Clock of the delays.
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts a wrong guess, and resolves when it may be answered.
   *
   * @param address Where it comes from.
   * @param signals End the wait: the client has left, or the server stops.
   */
  async wrong(address: string, ...signals: (AbortSignal | undefined)[]): Promise<void> {
    const now = this.#clock.now();
    const earliest = now - FREE_GUESSES * INTERVAL_MS;
    const next = Math.max(this.#next.get(address) ?? earliest, earliest) + INTERVAL_MS;
    this.#next.delete(address);
    this.#next.set(address, Math.min(next, now + MAX_DELAY_MS));
    this.#forget(now);
    if (next <= now) return;
    const waitMs = Math.min(next - now, MAX_DELAY_MS);
    // Not AbortSignal.any(), which Node 20 never releases from a signal that lives on.
    const end = new AbortController();
    const removals = signals.map((signal) => onAbort(signal, () => end.abort()));
    await sleep(this.#clock, waitMs, { signal: end.signal, background: true }).catch(() => {});
    for (const remove of removals) remove();
  }

  #forget(now: number): void {
    for (const [address, next] of this.#next) {
      const isOver = next <= now - FREE_GUESSES * INTERVAL_MS;
      if (!isOver && this.#next.size <= MAX_ADDRESSES) return;
      this.#next.delete(address);
    }
  }
}
