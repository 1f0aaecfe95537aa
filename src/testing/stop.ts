/**
 * Ends many requests at once.
 *
 * @module
 */

/**
 * What an `AbortController` does, for any number of listeners: Node warns of a leak when an
 * `AbortSignal` has more than ten, and an embedded Consul parks hundreds of blocking queries.
 */
export class Stop {
  readonly #listeners = new Set<(reason: unknown) => void>();
  #stopped: { readonly reason: unknown } | undefined;

  /** Calls `listener` when it stops, at once when it has. Returns a function that removes it. */
  onStop(listener: (reason: unknown) => void): () => void {
    if (this.#stopped !== undefined) {
      listener(this.#stopped.reason);
      return () => {};
    }
    const entry = (reason: unknown) => listener(reason);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Calls every listener, the first time only. */
  stop(reason: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { reason };
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(reason);
  }
}
