/**
 * Pauses of this process.
 *
 * @module
 */

/**
 * Remembers when this process last noticed that it had been stopped, or its event loop busy: a timer
 * fired late. The durations and failures of requests that were in flight then are those of the pause,
 * and must not be counted against an endpoint.
 */
export class Pauses {
  #endedAt = -Infinity;

  /**
   * Called when a timer has fired late.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  noticed(now: number): void {
    this.#endedAt = now;
  }

  /**
   * Whether a request was in flight during a pause.
   *
   * @param startedAt When it was sent, in milliseconds since the Unix epoch.
   */
  cover(startedAt: number): boolean {
    return startedAt < this.#endedAt;
  }
}
