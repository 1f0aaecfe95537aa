/**
 * When heartbeats are due.
 *
 * @module
 */

const JITTER = 0.1;

/**
 * Times of heartbeats: a fixed interval counted from due time to due time, so that slow requests do
 * not make it longer, each 10 % earlier or later, and the first after a random part of it, so that
 * the services of a process, and processes that started together, do not beat together.
 */
export class HeartbeatSchedule {
  readonly #intervalMs: number;
  readonly #jitterMs: number;
  readonly #random: () => number;
  #base = 0;
  #dueAt = 0;

  /**
   * Creates a schedule.
   *
   * @param intervalMs Milliseconds between two heartbeats.
   * @param ttlMs Time to live in milliseconds, which bounds the jitter of a long interval.
   * @param random Random numbers in [0, 1).
   */
  constructor(intervalMs: number, ttlMs: number, random: () => number) {
    this.#intervalMs = intervalMs;
    this.#jitterMs = Math.min(JITTER * intervalMs, (ttlMs - intervalMs) / 4);
    this.#random = random;
  }

  /** When the next heartbeat is due, in milliseconds since the Unix epoch. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /**
   * Starts anew: the first heartbeat is due after a random part of the interval.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  start(now: number): void {
    this.#base = now + this.#random() * this.#intervalMs;
    this.#dueAt = this.#base;
  }

  /**
   * Moves on to the next heartbeat. Those that were missed are left out, they are not made up for.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  advance(now: number): void {
    const missed = Math.max(0, Math.floor((now - this.#base) / this.#intervalMs));
    this.#base += (missed + 1) * this.#intervalMs;
    const jitterMs = (2 * this.#random() - 1) * this.#jitterMs;
    this.#dueAt = Math.max(now, this.#base + jitterMs);
  }
}
