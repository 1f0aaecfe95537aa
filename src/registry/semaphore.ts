/**
 * Places that are taken and given back.
 *
 * @module
 */
import { onAbort } from "../wait.ts";

/** A number of places that are taken and given back, first come, first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<(release: () => void) => void>();

  /** Creates a semaphore with that many places free. */
  constructor(places: number) {
    this.#free = places;
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
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#release());
    }
    return new Promise((resolve, reject) => {
      const grant = (release: () => void) => {
        remove();
        resolve(release);
      };
      const remove = onAbort(signal, (reason) => {
        this.#waiting.delete(grant);
        reject(reason);
      });
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
