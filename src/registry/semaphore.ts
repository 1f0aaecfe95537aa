/**
 * A fixed number of places.
 *
 * @module
 */

/** Places that are taken and given back, first come, first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<(release: () => void) => void>();

  /** Makes a semaphore with that many places free. */
  constructor(places: number) {
    this.#free = places;
  }

  /** A place if one is free, as the function that gives it back. */
  tryAcquire(): (() => void) | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    return this.#release();
  }

  /**
   * Waits for a place.
   *
   * @param signal Ends the wait.
   * @returns Gives the place back.
   * @throws The signal's own reason when it aborts.
   */
  acquire(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const release = this.tryAcquire();
    if (release !== undefined) return Promise.resolve(release);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(grant);
        reject(signal!.reason);
      };
      const grant = (release: () => void) => {
        signal?.removeEventListener("abort", abort);
        resolve(release);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.add(grant);
    });
  }

  #release(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = this.#waiting;
      if (next === undefined) {
        this.#free++;
      } else {
        this.#waiting.delete(next);
        next(this.#release());
      }
    };
  }
}
